#!/usr/bin/python3
"""Runs the comparison of our decoder with Zydis: run.py PROGRAM [TEST]. One line for each test."""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from tests import results  # noqa: E402


def main():
    total = results.Counts()
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    if len(sys.argv) > 2:
        env["DECODE_TESTS"] = f"*{sys.argv[2]}*"
    begun = time.monotonic()
    with subprocess.Popen([os.path.abspath(sys.argv[1])], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as program:
        for line in program.stdout:
            verdict = re.match(r"(not )?ok \d+ - (\w+)", line)
            if verdict:
                well = not verdict.group(1)
                total.add(int(well), int(not well))
                print(f"  {verdict.group(2):<56} {'ok' if well else 'FAILED':<8} "
                      f"{time.monotonic() - begun:6.1f} s", flush=True)
                begun = time.monotonic()
            elif line.startswith("# ") and not line.endswith("ok - tests\n"):
                print("    " + line[1:].strip(), flush=True)
    if program.returncode != 0 and not total.failed:
        print(f"  ended with status {program.returncode}")
        total.add(0, 1)
    return total.finish("decode")


if __name__ == "__main__":
    sys.exit(main())
