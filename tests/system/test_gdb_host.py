"""The real gdb and the hypervisor: the exit path, break-in, and the console's line shared."""

import re

import pytest

from conftest import guest
from gdb_boot import attach, boot, goes_on
from monitor_line import KEY


def endless(vm):
    """A guest that ticks for ever."""
    return guest("clock", vm=vm)


def backtrace_goes_through_the_run_loop(gdb):
    """From an exit's handler to main(), with the lines of the source."""
    said = gdb.run("backtrace")
    assert re.search(r"vcpu_run \(.*\) at \./?vmx/run\.c:\d+|vcpu_run \(.*\) at vmx/run\.c:\d+",
                     said), said
    assert re.search(r"kernel_main \(.*\) at .*main\.c:\d+|application_processor", said), said
    return said


@pytest.mark.parametrize("cores", [1, 4])
def test_the_exit_path_is_stopped_stepped_and_left(lintel, cores):
    machine = boot(lintel, [endless("tick"), endless("tock")], cores=cores, time_limit_s=300)
    machine.expect("second 1", 60)
    with attach(machine, lintel.elf(), helper=True) as gdb:
        threads = gdb.run("info threads")
        assert len(re.findall(r"\(core \d", threads)) == cores, threads
        # An exit of the short way, called from assembly while RBP is the guest's.
        gdb.run("break exit_fast_io")
        said = gdb.run("continue", 60)
        assert "exit_fast_io (v=" in said and "vmx/exit_fast.c" in said, said
        backtrace_goes_through_the_run_loop(gdb)
        assert re.search(r'"(tick|tock)"', gdb.run("print v->vm->config.name"))
        gdb.run("delete")
        # The long way, step by step and line by line.
        gdb.run("break vcpu_run")
        gdb.run("continue", 60)
        gdb.run("delete")
        before = gdb.value("$rip")
        for _ in range(10):
            gdb.run("stepi")
        assert gdb.value("$rip") != before
        for _ in range(2):
            assert re.search(r"^\d+\t", gdb.run("next", 60), re.M)
        # Anywhere: break-in.
        gdb.let_go()
        gdb.interrupt()
        assert "rip " in gdb.run("info registers rip")
        # Registers that are there, and the helper's commands.
        assert gdb.value("$cr0") & 0x80000001 == 0x80000001
        assert "running" in gdb.run("lintel vms")
        assert f"{cores - 1}  " in gdb.run("lintel cores")
        assert "free" in gdb.run("lintel frames")
        assert "IRR" in gdb.run("lintel pic tick")
        assert "mode 2" in gdb.run("lintel pit tick")
        ept = gdb.run("lintel ept tick 0x7c00")
        assert "rwx WB" in ept
        gdb.run("detach")
    for line in ("\nsecond", "\ntock| second"):
        goes_on(machine, line)


def test_the_console_s_line_carries_gdb_too(lintel):
    machine = boot(lintel, [endless("tick")], "gdb=com1", shares_com1=True, time_limit_s=120)
    machine.expect("second 1", 60)
    with attach(machine, lintel.elf()) as gdb:
        gdb.run("break exit_fast_io")
        gdb.run("continue", 60)
        assert "vcpu_run" in gdb.run("backtrace")
        gdb.run("delete")
        gdb.start("continue")
        gdb.expect("second [2-9]", 60)  # what the console says is seen in gdb meanwhile
        gdb.interrupt()
        gdb.quit()
    goes_on(machine, "second")  # the line is the console's again


def test_a_key_takes_the_line_back_from_a_gdb_that_says_nothing_more(lintel):
    machine = boot(lintel, [endless("tick")], "gdb=com1", shares_com1=True)
    machine.expect("second 1", 60)
    with attach(machine) as gdb:
        gdb.let_go()
        gdb.kill()
    machine.send(KEY)
    goes_on(machine, "second")
