#!/usr/bin/python3
"""`make test`: every part of the tests, one after the other, and their sum as the last line.

A part that does not come to its end (it does not compile, say) counts as one failure; the others
run all the same, so that one look at the output tells everything.
"""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tests import results  # noqa: E402

PARTS = ["unit", "coverage", "fuzz", "lint", "qtest", "system"]


def main():
    total = results.Counts()
    for part in PARTS:
        begun = time.monotonic()
        print(f"== {part}", flush=True)
        results.forget(part)
        status = subprocess.run(["make", part], check=False).returncode
        counts = results.load(part)
        if counts is None or (status != 0 and counts.failed == 0):
            print(f"{part}: did not come to its end")
            counts = results.Counts(0, 1)
        total.add(counts.passed, counts.failed)
        print(f"   {time.monotonic() - begun:.0f} s\n", flush=True)
    print(total)
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main())
