"""The real gdb and guests: what stops one, what the guest and its neighbours see of it."""

import re

import pytest

import console
from conftest import guest
from debuggee import Program
from gdb_boot import attach, boot, go_to, memory, waiting
from tests.bed import Noise


SPIN, TRIPLE = 1, 2  # of [wish]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return Program(str(tmp_path_factory.mktemp("debuggee")))


def wish(gdb, program, what):
    gdb.run(f"set *(unsigned char*){program['wish']:#x} = {what}")


def in_front(gdb, name):
    """The VM of that name is what gdb's commands are about; it stands still then."""
    number = re.search(rf'^[* ] ([0-9.]+) +Thread \S+ "{name}"', gdb.run("info threads"), re.M)[1]
    gdb.run(f"thread {number}")
    gdb.run("lintel mode")


def go_on_until(gdb, address):
    """Lets it run for a moment, again and again, until it is stopped there."""
    for _ in range(10):
        gdb.run("lintel mode")
        if gdb.value("$pc") == address:
            return
        gdb.let_go()
        gdb.interrupt()
    gdb.fail(f"it does not come to {address:#x}")


def expect_unchanged(machine, program, name="debuggee"):
    """The guest printed what it prints without a debugger, its own code's sum and times too."""
    text = console.guest(machine.console, name)
    assert f"sum {program.sum():08X} dr7 00000400 tf 00000000" in text
    for line in ("ok: the clock and the TSC went on together", "PASS debuggee",
                 "ok: a thousand rounds took no longer than they take",
                 "ok: the counter counted each round", "ok: each INT was carried out"):
        assert line in text, line


@pytest.mark.parametrize("cores", [1, 4])
def test_breakpoints_and_watchpoints_stop_and_are_not_seen(lintel, program, cores):
    machine = boot(lintel, [waiting()], cores=cores, time_limit_s=300)
    with attach(machine, helper=True) as gdb:
        # More software breakpoints than there are debug registers, all of them met in turn.
        body = program.between("walk_16", "called_16")[1:9]
        for instruction in body:
            gdb.run(f"break *{instruction.at:#x}")
        for instruction in body:
            gdb.run("continue")
            assert gdb.value("$pc") == instruction.at
        # What is read there is the program's own code.
        for instruction in body:
            assert memory(gdb, instruction.at, 1) == program.bytes[instruction.at - 0x7C00]
        assert gdb.value(f"*(int*){program['counter']:#x}") == 1
        gdb.run("delete")
        gdb.run(f"hbreak *{program['called_16']:#x}")
        assert "Breakpoint" in gdb.run("continue")
        assert gdb.value("$pc") == program["called_16"]
        gdb.run("delete")
        # A variable: written, read, and a piece of five bytes that no debug register covers.
        gdb.run(f"watch *(int*){program['calls']:#x}")
        before = gdb.value(f"*(int*){program['calls']:#x}")
        for calls in (before + 1, before + 2):
            said = gdb.run("continue")
            assert f"New value = {calls}\n" in said, said
        gdb.run("delete")
        go_to(gdb, program["long_start"])
        gdb.run(f"watch *(char(*)[3]){program['calls']:#x}")
        said = gdb.run("continue")
        assert "New value = " in said, said
        gdb.run("delete")
        gdb.run(f"rwatch *(int*){program['watched']:#x}")
        assert "read watchpoint" in gdb.run("continue")
        gdb.run("delete")
        gdb.run("delete")
        gdb.run("detach")
    lintel.end_well(machine)
    expect_unchanged(machine, program)


def test_gdb_comes_and_goes(lintel, program):
    machine = boot(lintel, [waiting()], time_limit_s=200)
    with attach(machine, helper=True) as gdb:
        wish(gdb, program, SPIN)
        gdb.let_go(2)
        gdb.interrupt()
        go_on_until(gdb, program["spin"])  # JMP $ with interrupts off
        assert gdb.value("$eflags & 0x200") == 0
        gdb.run("detach inferiors 1 2")
    with attach(machine, helper=True) as gdb:  # it ran on after a detach
        in_front(gdb, "debuggee")
        assert gdb.value("$pc") == program["spin"]
        gdb.run(f"break *{program['spun']:#x}")
        gdb.let_go()
        gdb.kill()
    with attach(machine, helper=True) as gdb:  # it runs after kill -9, with a breakpoint set
        in_front(gdb, "debuggee")
        assert gdb.value("$pc") == program["spin"]
        assert memory(gdb, program["spun"], 1) == program.bytes[program["spun"] - 0x7C00]
        gdb.kill()
    with attach(machine, helper=True) as gdb:  # and it stands where that one stopped it
        in_front(gdb, "debuggee")
        assert gdb.value("$pc") == program["spin"]
        gdb.run(f"set $pc = {program['spun']:#x}")
        gdb.run("detach inferiors 1 2")
    lintel.end_well(machine)
    expect_unchanged(machine, program)


def wait_a_second(machine):
    """Until the other guest has said twice more that a second is over."""
    line = re.compile(r"second \d+\r")
    before = len(line.findall(machine.console))
    while len(line.findall(machine.console)) < before + 2:
        assert machine.pump(0.2) is not None


@pytest.mark.parametrize("cores", [1, 4])
def test_a_stopped_vm_s_clock_stands_still_while_others_go_on(lintel, program, cores):
    machine = boot(lintel, [waiting(), guest("clock", vm="other")], cores=cores,
                   time_limit_s=200)
    with attach(machine, helper=True) as gdb:
        gdb.run(f"break *{program['on_tick']:#x}")
        gdb.run("continue")
        for ticks in range(2):
            assert gdb.value("$pc") == program["on_tick"]
            assert gdb.value(f"*(int*){program['ticks']:#x}") == ticks
            wait_a_second(machine)
            gdb.run("continue")
        gdb.run("delete")
        gdb.run("detach inferiors 1 2")
    ended = machine.expect(r"debuggee: ended .*\((\d+) ms, \d+ exits", 60)
    assert int(ended[1]) < 1000
    expect_unchanged(machine, program)


def test_what_would_end_a_vm_stops_it(lintel, program):
    machine = boot(lintel, [waiting(vm="three"),
                            guest("hello", vm="entry", debug="wait", poke="GUEST_RFLAGS:0"),
                            guest("demo", vm="unknown", debug="wait",
                                  poke="PROC_CONTROLS:0xb6187dfa")], time_limit_s=200)
    with attach(machine, helper=True) as gdb:
        wish(gdb, program, TRIPLE)
        assert "SIGSEGV" in gdb.run("continue", 60)
        gdb.run("lintel mode")
        assert program["spun"] < gdb.value("$pc") <= program["finish"]
        for name, signal in (("entry", "SIGABRT"), ("unknown", "SIGSYS")):
            in_front(gdb, name)
            said = gdb.run("continue", 30)
            assert f'"{name}" received signal {signal}' in said, said
        gdb.run("detach inferiors 1 2 3 4")
    assert lintel.end_badly(machine) == "lintel: done: 3 of 3 guests failed"
    for line in ("three: .*triple fault", "entry: VM-entry failure",
                 "unknown: VM exit that nobody handles"):
        assert console.logged(machine.console, line), line


def test_without_all_stop_one_vm_runs_while_another_is_looked_at(lintel, program):
    machine = boot(lintel, [waiting(), waiting("spin", vm="other")], time_limit_s=120)
    with attach(machine, helper=True, how="extended-remote", settings=["non-stop on"]) as gdb:
        for command in ("add-inferior", "inferior 2", "attach 3", "continue &"):
            gdb.run(command)
        machine.expect(r"other\| spin: ", 60)
        gdb.run("thread 1.1")
        gdb.run(f"break *{program['walk_16']:#x}")
        gdb.start("continue &")
        gdb.expect(f"Breakpoint 1, {program['walk_16']:#010x}", 60)
        gdb.run("stepi")
        assert gdb.value("$pc") == program.between("walk_16", "called_16")[1].at
        assert re.search(r'^  2.1 .*"other".*\(running\)$', gdb.run("info threads"), re.M)
        gdb.run("thread 2.1")
        gdb.start("interrupt")
        gdb.expect(r"Thread 2\.1 \"other\" stopped", 60)
        assert "jmp" in gdb.run("x/i $pc")
        gdb.run("kill inferiors 2")
        gdb.run("detach inferiors 1")
    assert lintel.end_badly(machine) == "lintel: done: 1 of 2 guests failed"
    expect_unchanged(machine, program)


def patiently(gdb, command):
    """gdb 13 gives a command up if a checksum that it reads is no number: typed once more then."""
    for _ in range(10):
        said = gdb.run(command, 120)
        if "Invalid hex digit" not in said:
            return said
    gdb.fail(f"no answer to {command}")
    return ""


def test_a_bad_line_costs_time_and_nothing_else(lintel, program):
    machine = boot(lintel, [waiting()], time_limit_s=200)
    with attach(machine, helper=True) as gdb:
        noise = [Noise(7, 0.003, 0.002), Noise(11, 0.003, 0.002)]
        machine.wire.to_machine, machine.wire.to_gdb = noise
        patiently(gdb, f"tbreak *{program['walk_16']:#x}")
        patiently(gdb, "continue")
        for at in range(program["main"], program["main"] + 256, 16):
            said = patiently(gdb, f"x/16xb {at:#x}")
            read = bytes(int(word, 16) for word in re.findall(r"\t0x([0-9a-f]{2})", said))
            assert read == program.bytes[at - 0x7C00:][:16]
        for value in range(1, 10):
            patiently(gdb, f"set $ebx = {value * 0x01010101:#x}")
            assert f"{value * 0x01010101:#x}" in patiently(gdb, "print/x $ebx")
        assert sum(n.lost + n.spoiled for n in noise) > 0
        machine.wire.to_machine = machine.wire.to_gdb = bytes
        gdb.run("detach inferiors 1 2", 60)
    lintel.end_well(machine)
    expect_unchanged(machine, program)
