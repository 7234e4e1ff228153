"""The demo, the first thing that anyone sees: greeting, ticks, echo, and a clean end."""

import pytest


@pytest.mark.parametrize("debug", [False, True], ids=["release", "debug"])
@pytest.mark.parametrize("cores", [1, 2, 4, 8])
def test_demo_greets_ticks_echoes_and_ends(lintel, cores, debug):
    machine = lintel.boot(["demo"], cores=cores, debug=debug)
    machine.expect("L I N T E L")
    machine.expect("tick 500")
    machine.expect("> ")
    machine.send("hello\r")
    machine.expect("hello")
    machine.expect("hello")  # the echo of each key, then the whole line again
    machine.send("q\r")
    assert "0 of 0" not in lintel.end_well(machine)


def test_two_demos_run_beside_each_other(lintel):
    lines = [f"/guest/demo.bin vm={name} kind=flat mem=1M" for name in ("left", "right")]
    console = lintel.end_well(lintel.boot(lines, cores=2))
    assert "all 2 guests ended well" in console
