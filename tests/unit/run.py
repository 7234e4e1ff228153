#!/usr/bin/python3
"""Runs the unit-test programs given and prints one line for each, and all of it where one fails.

The programs are cmocka's: they are asked for TAP, of which "ok" and "not ok" are counted. A program
that ends by a signal or a sanitizer counts as one more failure, so that nothing is lost silently.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from tests import results  # noqa: E402

TIME_LIMIT_S = 120


def run_program(path):
    """Returns (passed, failed, output)."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP",
               ASAN_OPTIONS="detect_leaks=1:abort_on_error=0", UBSAN_OPTIONS="print_stacktrace=1")
    try:
        done = subprocess.run([path], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIME_LIMIT_S, check=False)
        output, status = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace")
        output += f"\nstopped after {TIME_LIMIT_S} s\n"
        status = -1
    passed = len(re.findall(r"^ok ", output, re.M))
    failed = len(re.findall(r"^not ok ", output, re.M))
    if status != 0 and failed == 0:
        failed = 1
        output += f"\nended with status {status}\n"
    return passed, failed, output


def timed(path):
    begun = time.monotonic()
    return path, *run_program(path), time.monotonic() - begun


def main():
    total = results.Counts()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        for path, passed, failed, output, seconds in workers.map(timed, sys.argv[1:]):
            total.add(passed, failed)
            name = os.path.relpath(path, "build/unit")
            print(f"  {name:<40} {passed:4} passed {failed:3} failed {seconds:6.1f} s", flush=True)
            if failed:
                print(output)
    return total.finish("unit")


if __name__ == "__main__":
    sys.exit(main())
