#!/usr/bin/python3
"""How many lines of the pure folders the unit tests reach; fails below the limit.

The programs given are gcc's of the unit tests, which count lines. A header's inline functions count
with it.
"""

import concurrent.futures
import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from tests import results  # noqa: E402
from tests.unit import run  # noqa: E402

LIMIT_PERCENT = 95
BUILD = "build/unit/gcc"


def pure_filters():
    """The pure sources and the headers beside them, as gcovr's regular expressions."""
    for pattern in results.pure_patterns():
        yield pattern.removesuffix(".c").replace("*", "[^/]*") + r"\.[ch]$"


def main():
    for counter in glob.glob(f"{BUILD}/**/*.gcda", recursive=True):
        os.remove(counter)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        list(workers.map(run.run_program, sys.argv[1:]))
    words = ["gcovr", "-j", str(os.cpu_count()), "--root", ".", BUILD, "--exclude-throw-branches",
             "--fail-under-line", str(LIMIT_PERCENT), "--txt", "build/coverage.txt",
             "--print-summary"]
    for pure in pure_filters():
        words += ["--filter", pure]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("lines:")]
    print(f"  {lines[0] if lines else done.stdout.strip()}   (build/coverage.txt has each file)")
    total = results.Counts()
    # gcovr's second bit: under the limit of lines.
    total.add(*((1, 0) if done.returncode == 0 and lines else (0, 1)))
    if total.failed:
        print(f"  the limit is {LIMIT_PERCENT} %")
    return total.finish("coverage")


if __name__ == "__main__":
    sys.exit(main())
