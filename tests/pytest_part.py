#!/usr/bin/python3
"""Runs one part of the tests that are pytest's and keeps how many passed.

    tests/pytest_part.py system tests/system tests/guests -n 2 [more words for pytest]
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tests import results  # noqa: E402


def main():
    part, words = sys.argv[1], sys.argv[2:]
    report = os.path.join(results.RESULTS_DIR, f"{part}.xml")
    results.forget(part)
    os.makedirs(results.RESULTS_DIR, exist_ok=True)
    if os.path.exists(report):
        os.remove(report)
    subprocess.run([sys.executable, "-m", "pytest", "-q", "--tb=short", "--no-header",
                    "-p", "no:cacheprovider", "--rootdir=tests", "--junitxml", report,
                    *words], check=False)
    total = results.Counts()
    try:
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            failed = int(suite.get("failures")) + int(suite.get("errors"))
            skipped = int(suite.get("skipped"))
            total.add(int(suite.get("tests")) - failed - skipped, failed)
    except (OSError, ElementTree.ParseError):
        total.add(0, 1)
    return total.finish(part)


if __name__ == "__main__":
    sys.exit(main())
