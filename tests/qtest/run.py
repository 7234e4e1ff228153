#!/usr/bin/python3
"""Runs the comparisons with QEMU's chips and prints how many passed. Words are handed to pytest."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from tests import results  # noqa: E402

REPORT = os.path.join(results.RESULTS_DIR, "qtest.xml")


def main():
    results.forget("qtest")
    os.makedirs(results.RESULTS_DIR, exist_ok=True)
    if os.path.exists(REPORT):
        os.remove(REPORT)
    subprocess.run([sys.executable, "-m", "pytest", "-q", "--tb=short", "--no-header",
                    "-p", "no:cacheprovider", "--rootdir=tests/qtest", "--junitxml", REPORT,
                    "tests/qtest", *sys.argv[1:]], check=False)
    total = results.Counts()
    try:
        for suite in ElementTree.parse(REPORT).getroot().iter("testsuite"):
            failed = int(suite.get("failures")) + int(suite.get("errors"))
            skipped = int(suite.get("skipped"))
            total.add(int(suite.get("tests")) - failed - skipped, failed)
    except (OSError, ElementTree.ParseError):
        total.add(0, 1)
    return total.finish("qtest")


if __name__ == "__main__":
    sys.exit(main())
