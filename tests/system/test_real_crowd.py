"""Four machines of different kinds at once, one of them reset in a loop: nobody notices, and no
page is lost."""

import re

import pytest

import console
from real import boot_words, in_order, plain
from tests.guests import expect
from tests.real import catalogue
from conftest import ROOT

FREE = re.compile(r"(\d+) KiB free, (\d+) KiB before the first guest")
RESETS_AT_LEAST = 3


def words(limit_s):
    """A Linux that shuts itself down, SeaBIOS with a floppy, a flat program, and the reset loop."""
    linux = catalogue.text("linux").replace("console=ttyS0", "console=ttyS0 lintel=off")
    tick = f"flat={ROOT}/build/guests/tick.bin name=tick"
    return " & ".join([linux, catalogue.text("floppy"), tick,
                       catalogue.text("resets", f"limit={limit_s}")])


@pytest.mark.parametrize("cores", [pytest.param(4, marks=pytest.mark.long), 1])
def test_four_kinds_at_once_one_of_them_reset_in_a_loop(lintel, cores):
    machine = boot_words(lintel, words(limit_s=15), cores=cores, time_limit_s=400)
    machine.run_to_end()
    assert machine.ending().text == "lintel: done: 1 of 4 guests failed"  # the loop, by its limit
    text = plain(machine.console)
    assert text.count("and again") >= RESETS_AT_LEAST
    assert "lintel: userland" in text
    assert in_order(console.guest(text, "floppy"), "floppy: drive 00", "floppy: done") is None
    assert expect.load("tick").mismatch(console.guest(text, "tick"), others_between=True) is None
    now, before = FREE.search(text).groups()
    assert now == before
