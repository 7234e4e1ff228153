"""What the tests of real guests share: an image with guests of tests/real/catalogue.py, booted."""

import re

from conftest import ROOT  # noqa: F401  (it also sets the path)
import guests
from tests.real import catalogue

MEMORY_MIB = 512
LIMIT_S = 240
IPS = 50_000_000

CONTROL = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()].|[=>c78])")


def image(lintel, words, options="", **iso):
    """An image that boots at once what the words (of iso/guests.py) describe."""
    entry, files = guests.parse(words)[0], guests.Files()
    entry.options += options.split()
    config = "\n".join([*guests.boot_lines(entry, files), "boot", ""])
    return lintel.iso(config=config, files=files.listed(), **iso)


def boot(lintel, name, more="", options="", **machine):
    """Boots one guest of the catalogue. more: words for its line; machine: for the bed."""
    return boot_words(lintel, catalogue.text(name, more), options, **machine)


def boot_words(lintel, words, options="", **machine):
    described = {"memory_mib": MEMORY_MIB, "time_limit_s": LIMIT_S, "ips": IPS, **machine}
    return lintel.start(image(lintel, words, options), **described)


def plain(console):
    """A console without what moves the cursor or colours the text, and without CR and NUL."""
    return CONTROL.sub("", console).replace("\r", "").replace("\0", "")


def in_order(text, *wanted):
    """The first of these texts that does not stand behind the one before it; None if all do."""
    at = 0
    for what in wanted:
        found = text.find(what, at)
        if found < 0:
            return what
        at = found + len(what)
    return None
