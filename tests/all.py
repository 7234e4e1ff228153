#!/usr/bin/python3
"""`make test`: every part of the tests, one after the other, a line each, and their sum at the end.

What a part prints goes to build/results/PART.log; its end is shown if the part failed. A part that
does not come to its end (it does not compile, say) counts as one failure; the others run all the
same, so that one look at the output tells everything.
"""

import os
import subprocess
import sys
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, ROOT)
from tests import results  # noqa: E402

PARTS = {
    "unit": "the pure parts on this machine, with gcc and clang",
    "coverage": "at least 95 % of their lines",
    "fuzz": "random input for parsers and models",
    "decode": "the instruction decoder against Zydis",
    "gdb": "the gdb server with the real gdb",
    "lint": "style, layers, static analysis",
    "qtest": "our chips against QEMU's",
    "system": "Lintel and its guests in Bochs and QEMU",
}
SHOWN_LINES = 100  # of a part that failed


def run_part(part, log):
    """Runs `make PART` with its output in a file; returns what passed and failed."""
    results.forget(part)
    # Its own make, with all cores: the words of the one that runs us are not for it.
    env = {name: value for name, value in os.environ.items()
           if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    with open(log, "w", encoding="utf-8") as out:
        status = subprocess.run(["make", f"-j{os.cpu_count()}", part], check=False, env=env,
                                stdout=out, stderr=subprocess.STDOUT).returncode
    counts = results.load(part)
    if counts is None or (status != 0 and counts.failed == 0):
        return results.Counts(0, 1)
    return counts


def show_end(log):
    with open(log, encoding="utf-8", errors="replace") as text:
        lines = text.read().splitlines()
    print("\n".join("    " + line for line in lines[-SHOWN_LINES:]), flush=True)


def main():
    total = results.Counts()
    folder = os.path.join(ROOT, "build", "results")
    os.makedirs(folder, exist_ok=True)
    for part, what in PARTS.items():
        log = os.path.join(folder, part + ".log")
        begun = time.monotonic()
        print(f"  {part:<9} {what:<51}", end="", flush=True)
        counts = run_part(part, log)
        print(f"{counts.passed:5} passed {counts.failed:3} failed "
              f"{time.monotonic() - begun:4.0f} s", flush=True)
        if counts.failed:
            show_end(log)
        total.add(counts.passed, counts.failed)
    print(total)
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main())
