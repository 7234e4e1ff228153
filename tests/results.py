"""How many checks passed and failed, summed over programs and kept for `make test` to add up; and
the list of pure sources, which several of them need."""

import os

RESULTS_DIR = os.path.join("build", "results")


class Counts:
    """Passed and failed checks of one part of the tests."""

    def __init__(self, passed=0, failed=0):
        self.passed = passed
        self.failed = failed

    def add(self, passed, failed):
        self.passed += passed
        self.failed += failed

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed"

    def finish(self, part):
        """Prints and keeps the sum; returns the exit status. No check at all is a failure too."""
        os.makedirs(RESULTS_DIR, exist_ok=True)
        with open(os.path.join(RESULTS_DIR, part), "w", encoding="ascii") as out:
            out.write(f"{self.passed} {self.failed}\n")
        print(f"{part}: {self}")
        return 0 if self.passed and not self.failed else 1


def forget(part):
    """Removes what an earlier run kept."""
    try:
        os.remove(os.path.join(RESULTS_DIR, part))
    except FileNotFoundError:
        pass


def load(part):
    """What finish() kept, or None if that part did not come to its end."""
    try:
        with open(os.path.join(RESULTS_DIR, part), encoding="ascii") as kept:
            return Counts(*map(int, kept.read().split()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def pure_patterns():
    """The patterns of tests/pure.list, such as "mm/*.c"."""
    with open(os.path.join("tests", "pure.list"), encoding="ascii") as source:
        words = (line.partition("#")[0].strip() for line in source)
        return [word for word in words if word]
