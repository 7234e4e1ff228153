#!/usr/bin/python3
"""Runs fuzzers, one after the other: run.py PROGRAM... -- WORDS-FOR-EACH. One line for each."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from tests import results  # noqa: E402


def main():
    split = sys.argv.index("--")
    total = results.Counts()
    for program in sys.argv[1:split]:
        begun = time.monotonic()
        done = subprocess.run([os.path.abspath(program), *sys.argv[split + 1:],
                               "-artifact_prefix=build/fuzz/", "-verbosity=0"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        well = done.returncode == 0
        total.add(int(well), int(not well))
        print(f"  {os.path.basename(program):<24} {'ok' if well else 'FAILED':<8} "
              f"{time.monotonic() - begun:6.1f} s", flush=True)
        if not well:
            print(done.stdout.decode(errors="replace"))
    return total.finish("fuzz")


if __name__ == "__main__":
    sys.exit(main())
