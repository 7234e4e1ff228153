#!/usr/bin/python3
"""Runs fuzzers, as many at a time as there are cores: run.py PROGRAM... -- WORDS-FOR-EACH."""

import concurrent.futures
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from tests import results  # noqa: E402


def fuzz(program, words):
    begun = time.monotonic()
    done = subprocess.run([os.path.abspath(program), *words, "-artifact_prefix=build/fuzz/",
                           "-verbosity=0"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done, time.monotonic() - begun


def main():
    split = sys.argv.index("--")
    programs, words = sys.argv[1:split], sys.argv[split + 1:]
    total = results.Counts()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        runs = workers.map(lambda program: fuzz(program, words), programs)
        for program, (done, seconds) in zip(programs, runs):
            well = done.returncode == 0
            total.add(int(well), int(not well))
            print(f"  {os.path.basename(program):<24} {'ok' if well else 'FAILED':<8} "
                  f"{seconds:6.1f} s", flush=True)
            if not well:
                print(done.stdout.decode(errors="replace"))
    return total.finish("fuzz")


if __name__ == "__main__":
    sys.exit(main())
