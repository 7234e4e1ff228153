"""The demo, the first thing that anyone sees: greeting, ticks, echo, and a clean end."""

import pytest

import console
from conftest import guest
from tests.guests import expect

# A second costs each idle core some work of Bochs: less with fewer instructions in it.
IPS = {8: 4_000_000}


@pytest.mark.parametrize("cores, debug", [(1, False), (1, True), (2, True), (4, False), (8, True)])
def test_demo_greets_ticks_echoes_and_ends(lintel, cores, debug):
    machine = lintel.boot(["demo"], cores=cores, debug=debug, ips=IPS.get(cores, 10_000_000))
    machine.expect("L I N T E L")
    machine.expect("tick 100   1 s")
    machine.send("Hello, Lintel\rq\r")  # early: five quiet seconds of Bochs' time are short
    for second in range(2, 6):
        machine.expect(f"tick {second}00   {second} s")
    machine.expect("> Hello, Lintel")  # the echo of each key, then the whole line again
    machine.expect("you typed: Hello, Lintel")
    text = lintel.end_well(machine)
    assert expect.load("demo").mismatch(text, others_between=True) is None
    assert "hypervisor  LintelLintel" in text
    assert console.logged(text, r'demo: ended by "Shutdown" at port 8900h')
    assert machine.ending().text == "lintel: done: all 1 guests ended well"


def test_the_demo_ends_by_itself_when_nobody_types(lintel):
    machine = lintel.boot(["demo"], cores=2)
    text = lintel.end_well(machine)
    assert "That was all" in text


def test_two_demos_run_beside_each_other(lintel):
    lines = [guest("demo", vm=name) for name in ("left", "right")]
    text = lintel.end_well(lintel.boot(lines, cores=2))
    assert "all 2 guests ended well" in text
    for name in ("left", "right"):
        own = console.guest(text, name)
        assert "tick 500   5 s" in own and "That was all" in own
