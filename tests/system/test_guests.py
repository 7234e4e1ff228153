"""Each guest program prints in Lintel what it prints on the machine itself, and ends as it should.

The expectations are those of tests/guests/*.expect; tests/guests/test_native.py proves them without
Lintel.
"""

import pytest

from conftest import guest
from tests.bed.machine import final_line
from tests.guests import expect

ENDLESS = [name for name in expect.names() if expect.load(name).settings["end"] == "none"]
ENDING = [name for name in expect.names() if name not in ENDLESS]


def converse(machine, typist):
    """Types what is due until the machine ends or Lintel has said its last."""
    while typist.todo and not final_line(machine.tail(300)):
        if machine.pump(0.2) is None:
            return
        typed = typist.ready(machine.console)
        if typed:
            machine.send(typed)


@pytest.mark.parametrize("name", ENDING)
def test_guest_prints_what_is_expected(lintel, name):
    e = expect.load(name)
    machine = lintel.boot([guest(name, mem=e.settings["mem"])], time_limit_s=3 * e.timeout_s)
    converse(machine, expect.Typist(e))
    if e.settings["end"] == "triple":
        lintel.end_badly(machine)
    else:
        lintel.end_well(machine)
    assert e.mismatch(machine.console, others_between=True) is None


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_guest_does_not_stop_another_on_the_same_core(lintel, name):
    machine = lintel.boot([name, "tick"], cores=1)
    machine.expect("PASS tick", timeout_s=40)
