#!/usr/bin/python3
"""Runs the lints (or those named) and prints one line for each, and what they found."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from tests import results  # noqa: E402
from tests.lint import layers, selftest, tools, words  # noqa: E402
from tests.lint.common import load_sources  # noqa: E402

CHECKS = {
    "selftest": selftest.check_the_lints,
    "layers": layers.check_arrows,
    "pure": layers.check_pure_includes,
    "circles": layers.check_circles,
    "assembly": words.check_assembly,
    "paths": words.check_paths,
    "bit-fields": words.check_bit_fields,
    "sizes": words.check_sizes,
    "white-space": words.check_white_space,
    "clang-format": tools.check_format,
    "cppcheck": tools.check_cppcheck,
    "clang-tidy": tools.check_tidy,
}
SHOWN = 40


def main():
    unknown = [name for name in sys.argv[1:] if name not in CHECKS]
    if unknown:
        sys.exit(f"lint: no check {unknown[0]!r}; there are: {', '.join(CHECKS)}")
    sources = load_sources()
    total = results.Counts()
    for name in sys.argv[1:] or CHECKS:
        begun = time.monotonic()
        problems = list(dict.fromkeys(CHECKS[name](sources)))
        total.add(*((0, 1) if problems else (1, 0)))
        verdict = f"{len(problems)} found" if problems else "ok"
        print(f"  {name:<14} {verdict:<10} {time.monotonic() - begun:5.1f} s", flush=True)
        for problem in problems[:SHOWN]:
            print(f"    {problem}")
    return total.finish("lint")


if __name__ == "__main__":
    sys.exit(main())
