"""Each guest program prints in Lintel what it prints on the machine itself, and ends as well.

The expectations are those of tests/guests/*.expect; tests/guests/test_native.py proves them without
Lintel. Each runs alone on one core with the debug build; the release build has them all at once, on
two, four and eight cores.
"""

import pytest

import console
from conftest import guest
from tests.bed.machine import final_line
from tests.guests import expect

# test_streams.py has those that take long, each with what it promises.
ELSEWHERE = {"uarttx", "uartrx", "pitminute"}
ENDLESS = {name for name in expect.names() if expect.load(name).settings["end"] == "none"}
ALONE = sorted(set(expect.names()) - ENDLESS - ELSEWHERE)

# 500 HLTs shall see 500 ticks of a fast timer, and uart wants to read IIR before four characters'
# time is over: a CPU of ten million instructions a second is late for some of that in the
# debug build.
IPS = {"hltwake": 50_000_000, "uart": 50_000_000}

# They compare the CPU's work with the clock, and so want a core for themselves.
TIMED = ["flood", "hltwake", "nmi", "pit", "uart"]

# The demo wants the keyboard, the benches a quiet machine, rtc some seconds of its own, debuggee
# its usual speed; wild takes long and gains nothing here, nor do those that are for the toolkit's
# words; hypercalls fills the log. Too many on a core, and lines wait so long that
# others break in.
QUIET = {"bench", "controls", "debuggee", "demo", "dirty", "fastpath", "haltstep", "hypercalls",
         "instr", "mirror", "mmio", "profile", "rtc", "scale", "screen", "selfcheck",
         "shape", "steps", "stop", "syscalls", "touch", "unpack", "vgatext", "views",
         "wild"}
CROWD = [name for name in ALONE if name not in {*TIMED, *QUIET}]


def converse(machine, typist):
    """Types what is due until the machine ends or Lintel has said its last."""
    while typist.todo and not final_line(machine.tail(300)):
        if machine.pump(0.2) is None:
            return
        typed = typist.ready(machine.console)
        if typed:
            machine.send(typed)


@pytest.mark.parametrize("name", ALONE)
def test_guest_prints_what_is_expected(lintel, name):
    e = expect.load(name)
    machine = lintel.boot([guest(name, mem=e.settings["mem"])], debug=True, cores=1,
                          ips=IPS.get(name, 10_000_000), time_limit_s=120)
    converse(machine, expect.Typist(e))
    if e.settings["end"] == "triple":
        lintel.end_badly(machine)
    else:
        lintel.end_well(machine)
    assert e.mismatch(machine.console, others_between=True) is None


# What the time is decides which way the guest's code takes, and so which accesses fall together.
@pytest.mark.parametrize("clock_s", [1830297570, 1835395170],
                         ids=["end of the year", "leap day"])
def test_the_clock_s_guest_at_another_time_of_day(lintel, clock_s):
    machine = lintel.boot(["rtc"], debug=True, cores=1, clock_s=clock_s)
    lintel.end_well(machine)
    assert mismatches(machine.console, ["rtc"]) == []


def mismatches(text, names):
    """What of several guests' output in one console is not as expected."""
    found = (expect.load(name).mismatch(console.guest(text, name), others_between=True)
             for name in names)
    return [complaint for complaint in found if complaint]


@pytest.mark.parametrize("cores", [2, 4, 8])
def test_all_guests_at_once(lintel, cores):
    lines = [guest(name, mem=expect.load(name).settings["mem"]) for name in CROWD]
    machine = lintel.boot(lines, cores=cores, time_limit_s=150)
    last = lintel.end_badly(machine)
    assert mismatches(machine.console, CROWD) == []
    assert last == f"lintel: done: 1 of {len(CROWD)} guests failed"  # the one is "triple"
    ended_on = {line.core for line in console.log(machine.console) if "exits, run 1" in line.text}
    assert ended_on == set(range(cores))  # they were spread over all cores


def test_guests_that_watch_the_clock_on_a_core_each(lintel):
    machine = lintel.boot(TIMED, cores=len(TIMED), ips=IPS["hltwake"], time_limit_s=150)
    lintel.end_well(machine)
    assert mismatches(machine.console, TIMED) == []


@pytest.mark.parametrize("model", ["corei7_haswell_4770", "broadwell_ult", "corei7_icelake_u"])
def test_other_processors_run_guests_too(lintel, model):
    names = ["modes", "tsswitch", "pic", "cr"]
    machine = lintel.boot(names, cores=2, model=model)
    lintel.end_well(machine)
    assert mismatches(machine.console, names) == []


@pytest.mark.parametrize("without", ["vpid", "preemption-timer", "1g", "2m",
                                     "fast-path"])
def test_guests_run_without_a_feature_that_is_not_needed(lintel, without):
    machine = lintel.boot([guest("modes", mem="4M"), "tick"], f"without={without}", cores=1)
    lintel.end_well(machine)
    assert mismatches(machine.console, ["modes", "tick"]) == []


def test_the_long_way_of_an_exit_does_the_same(lintel):
    names = ["fastpath", "tf", "pic", "uart", "cr", "insouts"]
    lines = [guest(name, mem=expect.load(name).settings["mem"]) for name in names]
    machine = lintel.boot(lines, "without=fast-path", cores=2)
    lintel.end_well(machine)
    assert mismatches(machine.console, names) == []
