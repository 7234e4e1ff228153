"""The real gdb and all cores held: what a step ends at, who waits for whom, and the VMs' time."""

import re
import time

import pytest

from conftest import guest
from gdb_boot import attach, boot, goes_on
from monitor_line import KEY


def endless(vm, **words):
    return guest("clock", vm=vm, **words)


def step_to(gdb, instruction, most):
    """Steps until that is next."""
    for _ in range(most):
        if re.search(rf"\b{instruction}\b", gdb.run("x/i $pc")):
            return
        gdb.run("stepi")
    raise AssertionError(f"no {instruction} within {most} steps")


def test_a_step_out_of_an_interrupt_s_handler_ends(lintel):
    machine = boot(lintel, [endless("tick")], time_limit_s=200)
    machine.expect("second 1", 60)
    with attach(machine, lintel.elf()) as gdb:
        gdb.run("break lapic_eoi")
        assert "lapic_eoi" in gdb.run("continue", 60)
        gdb.run("finish", 60)
        gdb.run("delete")
        step_to(gdb, "iretq", 80)
        to = gdb.value("*(unsigned long*)$rsp")
        gdb.run("stepi")
        assert gdb.value("$rip") == to
        gdb.run("detach")
    goes_on(machine, "second")
    assert "PANIC" not in machine.console


@pytest.mark.parametrize("way, options", [("vmx_exit", ""),
                                          ("vmx_exit_long", " without=fast-path")])
def test_a_step_into_the_guest_ends_at_its_exit(lintel, way, options):
    machine = boot(lintel, [endless("tick")], "gdb=com2" + options, time_limit_s=200)
    machine.expect("second 1", 60)
    with attach(machine, lintel.elf()) as gdb:
        gdb.run("break vmx_enter")
        gdb.run("continue", 60)
        gdb.run("delete")
        step_to(gdb, "vmresume", 80)
        gdb.run("stepi", 60)
        if "vmx_not_resumed" in gdb.run("info symbol $rip"):  # the first entry of a run
            step_to(gdb, "vmlaunch", 8)
            gdb.run("stepi", 60)
        assert gdb.value("$rip") == gdb.value(f"(unsigned long)&{way}")
        gdb.run("detach")
    goes_on(machine, "second")


def test_a_breakpoint_in_what_a_core_does_for_the_monitor_is_passed(lintel):
    machine = boot(lintel, [endless("tick"), endless("tock")], cores=4, time_limit_s=200)
    machine.expect("second 1", 60)
    with attach(machine, lintel.elf()) as gdb:
        gdb.run("break vm_debug_read")
        gdb.run("break copy_job")
        gdb.start("continue")
        machine.send(KEY)
        machine.expect("lintel> ", 60)
        for name in ("tick", "tock"):
            machine.send(f"mem dump {name} gva:0x7c00 16\r")
            machine.expect(r"(?i)7c00  ([0-9a-f]{2} ){8}", 60)
        gdb.interrupt()
        gdb.run("detach")


def test_a_vm_that_stopped_before_the_hypervisor_keeps_its_clock(lintel):
    machine = boot(lintel, [guest("tick", vm="tick", debug="wait", limit=5)], cores=2,
                   time_limit_s=200)
    with attach(machine) as gdb:
        threads = gdb.run("info threads")
        assert len(re.findall(r"\(core \d, .*\)  *0x0*[1-9a-f]", threads)) == 2, threads
        until = time.monotonic() + 8
        while time.monotonic() < until:
            gdb.run("flushregs")
            gdb.run("info registers rip")
        gdb.run("detach inferiors 1 2", 60)
        machine.expect(r"PASS tick|time limit", 90)
    assert "time limit" not in machine.console


def test_a_detach_in_the_middle_of_an_exit_leaves_no_breakpoint(lintel):
    machine = boot(lintel, [endless("tick")], time_limit_s=200)
    machine.expect("second 1", 60)
    with attach(machine, lintel.elf()) as gdb:
        gdb.run("inferior 2")
        at = gdb.value("$pc")
        gdb.run(f"hbreak *{at:#x}")
        gdb.run("continue", 60)
        assert gdb.value("$pc") == at  # it comes there again and again
        gdb.run("stepi")
        gdb.run("inferior 1")
        gdb.run("break platform_sync")
        gdb.run("set schedule-multiple on")
        said = gdb.run("continue", 60)
        assert "platform_sync" in said, said
        gdb.run("detach inferiors 2 1", 60)
    goes_on(machine, "second")


def test_a_core_that_waits_at_a_breakpoint_can_be_stepped(lintel):
    machine = boot(lintel, [endless(f"tick{n}") for n in range(4)], cores=4, time_limit_s=200)
    machine.expect("second 1", 60)
    with attach(machine, lintel.elf()) as gdb:
        gdb.run("break time_at_tsc")
        for _ in range(50):
            said = gdb.run("continue", 60)
            current = re.search(r"Thread 1\.(\d)", said)[1]
            at = gdb.value("$rip")
            others = [n for n in "1234" if n != current
                      and re.search(rf"\b{at:#x}\b", gdb.run(f"thread apply 1.{n} output/x $rip"))]
            if others:
                break
        assert others, "no other core came there meanwhile"
        gdb.run(f"thread 1.{others[0]}")
        gdb.run("delete")
        gdb.run("stepi", 30)
        assert gdb.value("$rip") != at
        gdb.run("detach")
    goes_on(machine, "second")


def test_a_panic_stops_for_gdb(lintel):
    machine = boot(lintel, [endless("tick")], "gdb=com2 crash=pf crashafter=90 panic=poweroff",
                   time_limit_s=240)
    with attach(machine, lintel.elf()) as gdb:
        said = gdb.run("continue", 200)
        assert '"lintel" received signal SIGSEGV' in said, said
        assert "crash_page_fault" in gdb.run("backtrace")
        machine.expect("PANIC on core 0", 10)  # its report came before
        machine.expect(r"vmx_core_loop\+", 10)
        gdb.start("continue")
        while machine.pump(0.2) is not None:
            pass
    assert machine.wait() != 0
