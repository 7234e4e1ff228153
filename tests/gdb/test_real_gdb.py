"""The gdb server with the real gdb, over the toy machine of tests/gdb/toy_machine.h.

The machine: process 1 (64 bit, two cores) loops at 2000h, VM 2 (real mode, CS base 7c00h) at 7c00h,
VM 3 (64 bit) at 1000h. Each loop: NOP, INC BYTE [500h], NOP, JMP.
"""

import contextlib
import os
import re
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, ROOT)
from tests.bed.gdb_session import GdbSession  # noqa: E402
SERVER = os.path.join(ROOT, "build", "gdb", "fake_server")
FIRST = ["set pagination off", "set confirm off", "set osabi none"]
SECOND_VM = ["add-inferior", "inferior 2"]
CTRL_C = ("python import threading, os, signal; "
          "threading.Timer({}, lambda: os.kill(os.getpid(), signal.SIGINT)).start()")


@contextlib.contextmanager
def server(*words):
    """A server on a port of its own; its end must be clean (it runs under ASan and UBSan)."""
    with subprocess.Popen([SERVER, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as running:
        try:
            yield int(running.stdout.readline())
        finally:
            running.terminate()
            errors = running.stderr.read().decode()
            assert not errors, errors


def gdb(port, *commands, how="extended-remote", before=(), limit_s=20):
    """What gdb prints for these commands, one after the other."""
    words = ["gdb", "-nx", "-batch"]
    for command in [*FIRST, *before, f"target {how} 127.0.0.1:{port}", *commands]:
        words += ["-ex", command]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=limit_s, stdin=subprocess.DEVNULL)
    return done.stdout.decode()


def session(*commands, words=(), **options):
    with server(*words) as port:
        output = gdb(port, *commands, **options)
    print(output)
    return output


def test_remote_shows_all_processes_and_threads():
    output = session("info inferiors", "info threads", how="remote")
    assert re.findall(r"process (\d)", output)[:3] == ["1", "2", "3"]
    assert re.search(r"\* 1\.1 .*Thread 1\.1 \"lintel\" \(core 0\) +0x0+2\w\w\w in", output)
    assert re.search(r"1\.2 .*Thread 1\.2 \"lintel\" \(core 1\)", output)
    assert 'Thread 2.1 "real" (<vCPU> 0 & "more")' in output


def test_extended_remote_begins_with_the_hypervisor():
    output = session("info inferiors", "show architecture", "p $rip")
    assert "process 1" in output and "process 2" not in output
    assert 'currently "i386:x86-64"' in output and "0x200" in output


def test_a_vm_that_waits_comes_first():
    output = session("show architecture", "info registers eip cs cs_base", "x/4i $pc",
                     words=["wait2"])
    assert 'currently "i8086"' in output
    assert re.search(r"eip +0x7c00", output) and re.search(r"cs +0x7c0 ", output)
    assert re.search(r"=> 0x7c00:\tnop\n +0x7c01:\tincb +0x500\n", output)


def test_each_process_has_its_own_architecture():
    output = session(*SECOND_VM, "attach 2", "show architecture", "add-inferior", "inferior 3",
                     "attach 3", "show architecture", "p/x $r15", "x/2i 0x1000", "inferior 2",
                     "show architecture", "p/x $ecx")
    assert re.findall(r'currently "([^"]*)"', output) == ["i8086", "i386:x86-64", "i8086"]
    assert "0x112233445566000f" in output and "0x1001" in output
    assert re.search(r"0x1001:\tincb +0x500", output)


def test_remote_reads_a_description_again_when_told():
    output = session("thread 2.1", "unset tdesc filename", "show architecture", "p/x $edi",
                     "thread 1.1", "show architecture", "p/x $r15", how="remote")
    assert re.findall(r'currently "([^"]*)"', output) == ["i8086", "i386:x86-64"]
    assert "0x1007" in output and "0x112233445566000f" in output


def test_a_process_whose_description_was_not_read_is_an_i386():
    output = session("thread 3.1", "p/x $ecx", "p/x $edi", "info registers eip", "stepi",
                     how="remote")
    assert "0x55660001" in output and "0x55660007" in output
    assert re.search(r"eip +0x10\w\w", output)


def test_a_change_of_mode_is_seen_when_the_description_is_read_again():
    output = session("set var *(char*)0x7c00=0xf1", "stepi", "p/x $eip", "p $cr0", "show arch",
                     "unset tdesc filename", "show arch", "set var *(char*)0x7c01=0xf1", "stepi",
                     "p/x $eip", "unset tdesc filename", "show arch", "p/x $rip", "stepi",
                     "p/x $rip", words=["wait2"])
    assert re.findall(r'currently "([^"]*)"', output) == ["i8086", "i386", "i386:x86-64"]
    assert re.findall(r"\$\d+ = (0x\w+)", output) == ["0x7c01", "0x7c02", "0x7c02", "0x7c03"]
    assert "[ PE ET ]" in output


def test_set_architecture_i8086_is_what_real_mode_has():
    output = session("set architecture i8086", "show architecture", "x/2i $pc", "p/x $eip",
                     words=["wait2"])
    assert 'is set to "i8086"' in output and "not compatible" not in output
    assert re.search(r"0x7c01:\tincb +0x500", output)


def test_registers_are_written_and_read():
    output = session("set var $eax=0x12345678", "p/x $eax", "set var $eip=0x7c05", "x/i $pc",
                     "p/x $eip", "set var $cr4=0x10", "p $cr4", "set var $eflags|=1", "p $eflags",
                     "set var $xmm3.v4_int32[1]=77", "p $xmm3.v4_int32", "set var $st0=1.5",
                     "p $st0", "p/x $dr3", "p $cr8", "set var $fs_base=0x4321",
                     "p/x $fs_base", "p $mxcsr", "p/x $fctrl", "stepi", "p/x $eip",
                     words=["wait2"])
    values = re.findall(r"\$\d+ = (.*)", output)
    assert values == ["0x12345678", "0x7c05", "[ PSE ]", "[ CF IF ]", "{0, 77, 0, 0}", "1.5",
                      "0xd3", "7", "0x4321", "[ IM DM ZM OM UM PM ]", "0x37f", "0x7c06"]


def test_every_register_of_64_bit_is_shown():
    output = session(*SECOND_VM, "attach 3", "info all-registers")
    for name in ["rax", "r15", "rip", "eflags", "gs", "st7", "fop", "xmm15", "mxcsr", "fs_base",
                 "gs_base", "cs_base", "tr_limit", "ss_access", "ldtr", "gdtr_base", "idtr_limit",
                 "cr0", "cr2", "cr3", "cr4", "cr8", "efer", "dr0", "dr7"]:
        assert re.search(rf"^{name} +\S", output, re.M), name
    assert "unavailable" not in output and "rror" not in output


def test_the_hypervisor_has_no_fpu_to_show():
    assert re.search(r"st0 +<unavailable>", session("info registers st0"))


def test_memory_is_written_and_what_is_not_there_is_an_error():
    output = session("set var *(int*)0x600=0x12345678", "x/xw 0x600", "x/b 0x20000",
                     "set var *(char*)0x20000=1", "set var *(char*)0xf800=1", "x/xb 0xf800",
                     "dump binary memory /dev/null 0 0x10000", words=["wait2"])
    assert re.search(r"0x600:\t0x12345678", output)
    assert output.count("Cannot access memory at address 0x20000") == 2
    assert output.count("0xf800") >= 2 and "0x01" not in output


def test_a_big_load_comes_back_the_same(tmp_path):
    data = bytes((i * 7 + (i >> 8)) & 0xff for i in range(0x4000)) + b"#$}*" * 64
    (tmp_path / "in").write_bytes(data)
    session(f"restore {tmp_path}/in binary 0x8000",
            f"dump binary memory {tmp_path}/out 0x8000 {0x8000 + len(data):#x}", words=["wait2"])
    assert (tmp_path / "out").read_bytes() == data


def test_breakpoints_stop_and_go_away():
    output = session("break *0x7c05", "continue", "hbreak *0x7c06", "continue", "delete 1",
                     "continue", "info registers eip", words=["wait2"])
    assert re.findall(r"^Breakpoint (\d), ", output, re.M) == ["1", "2", "2"]


def test_watchpoints_stop_behind_the_access():
    output = session("watch *(char*)0x500", "continue", "continue", "delete",
                     "awatch *(char*)0x500", "continue", "delete", "rwatch *(char*)0x500",
                     "continue", words=["wait2"])
    assert re.findall(r"New value = (\d)", output)[:2] == ["1", "2"]
    assert "acc" in output and "read" in output.lower()
    assert output.count("0x00007c05 in") == 4


def test_step_and_next_over_a_range():
    output = session("stepi", "stepi", "stepi", "stepi", "p/x $eip", "stepi 400", "p/x $eip",
                     words=["wait2"])
    assert re.findall(r"\$\d+ = (0x\w+)", output) == ["0x7c00", "0x7c00"]


def test_ctrl_c_stops_what_runs():
    output = session(*SECOND_VM, "attach 2", CTRL_C.format(1), "continue", "info threads",
                     "stepi")
    assert 'Thread 2.1 "real" received signal SIGINT' in output
    assert re.search(r"\* 2\.1 ", output)


def test_the_process_that_stood_still_is_inferior_1_of_target_remote():
    output = session("info threads", "p/x $r15", how="remote", words=["wait3"])
    assert re.search(r"\* 1\.1 +Thread 3\.1 \"long\"", output)
    assert re.search(r"2\.1 +Thread 1\.1 \"lintel\"", output)
    assert "= 0x112233445566000f" in output


def test_only_the_current_inferior_goes_on():
    output = session("thread 3.1", "unset tdesc filename", "break *0x7c05", "continue",
                     "thread 1.1", "p/x $rip", "stepi", "p/x $rip", "delete",
                     "set schedule-multiple on", CTRL_C.format(1), "continue",
                     how="remote", words=["wait3"])
    assert 'Thread 3.1 "real" hit Breakpoint 1' in output and "SIGINT" in output
    assert re.findall(r"\$\d+ = (0x\w+)", output) == ["0x1000", "0x1001"]


def test_monitor_commands():
    output = session("monitor hello there", "monitor lines 2000")
    assert "you said: hello there" in output
    assert re.findall(r"line (\d+)\n", output) == [str(i) for i in range(2000)]


def test_more_than_the_buffer_holds_is_said():
    output = session("monitor lines 5000", "p/x $cs")
    assert "(the rest had no room)" in output and "$1 = 0x8" in output


def test_detach_lets_run_and_attach_stops_again():
    output = session(*SECOND_VM, "attach 2", "p/x $eip", "break *0x7c05", "detach",
                     "attach 2", "p/x $cs_base", "stepi", "info breakpoints")
    assert "[Inferior 2 (process 2) detached]" in output
    assert "= 0x7c00" in output


def test_a_second_connection_finds_the_system():
    with server("wait2") as port:
        first = gdb(port, "stepi", "detach", "disconnect")
        second = gdb(port, "info threads", how="remote")
    assert "0x00007c01" in first
    assert 'Thread 3.1 "long"' in second


def test_kill_ends_a_vm_and_not_the_hypervisor():
    output = session(*SECOND_VM, "attach 2", "kill", "info inferiors", "inferior 1", "kill",
                     "p/x $cs")
    assert "[Inferior 2 (process 2) killed]" in output
    assert "Can't kill process" in output and "= 0x8" in output


def test_a_vm_that_ends_is_told():
    output = session("set var *(char*)0x7c00=0xf4", "continue", words=["wait2"])
    assert "[Inferior 1 (process 2) exited normally]" in output
    output = session("set var *(char*)0x7c00=0xf4", "set var $eax=3", "continue", words=["wait2"])
    assert "SIGABRT" in output


@pytest.mark.parametrize("code, signal", [("0x0f", "SIGSEGV"), ("0xcc", "SIGTRAP")])
def test_faults_are_signals(code, signal):
    output = session(f"set var *(char*)0x7c00={code}", "continue", "p/x $eip", words=["wait2"])
    assert f"received signal {signal}" in output and "= 0x7c00" in output


def test_a_fault_of_the_hypervisor_is_told_while_a_vm_is_awaited():
    output = session("set var *(char*)0x7c00=0xeb", "set var *(char*)0x7c01=0xfe", "thread 2.1",
                     "set var *(char*)0x2000=0xcc", "thread 1.1", "continue", "p $_thread",
                     how="remote", words=["wait2"])
    assert "received signal SIGTRAP" in output and '"lintel"' in output


def test_non_stop_runs_two_vms():
    """At a terminal: gdb stops the hypervisor's first core when it connects, and an attach that
    finds this stop on the line takes it for its own."""
    with server() as port, GdbSession(None, settings=["osabi none", "non-stop on"]) as gdb:
        gdb.run(f"target extended-remote 127.0.0.1:{port}")
        gdb.expect("determining executable")  # once more: that stop has come
        for command in (*SECOND_VM, "attach 2", "add-inferior", "inferior 3", "attach 3"):
            gdb.run(command)
        gdb.run("stepi")
        assert gdb.value("$rip") > 0x1000
        gdb.run("break *0x1008")
        assert "hit Breakpoint 1" in gdb.run("continue")
        gdb.run("thread 2.1")
        assert "nop" in gdb.run("x/i 0x7c00")
        gdb.run("stepi")
        gdb.run("continue&")
        threads = gdb.run("info threads")
        assert re.search(r"2\.1 .*\(running\)", threads)
        assert re.search(r"3\.1 .*0x0+1008 in", threads)
        gdb.start("interrupt")
        gdb.expect(r'Thread 2\.1 "real" stopped')
        gdb.run("detach")
        gdb.run("inferior 3")
        assert "[Inferior 3 (process 3) killed]" in gdb.run("kill")


def test_no_ack_mode_works_where_it_is_offered():
    output = session("stepi", "x/4i $pc", "monitor hello", words=["wait2", "noack"])
    assert "you said: hello" in output and "0x7c01" in output


@pytest.mark.parametrize("seed", [1, 2])
def test_a_line_that_loses_and_garbles_bytes_gives_the_same_answers(seed):
    """About one byte of 1000 is dropped, changed or doubled, each way."""
    output = session("set var $ecx=0x1001", *["stepi", "x/i $pc"] * 6, "p/x $ecx", "p/x $edi",
                     "x/8xb 0x7c00", words=["wait2", "noise=1000", f"seed={seed}"],
                     before=["set remotetimeout 1"])
    steps = ["7c01", "7c05", "7c06", "7c00", "7c01", "7c05"]
    assert re.findall(r"=> 0x(\w+):", output) == steps
    assert re.findall(r"\$\d+ = (0x\w+)", output) == ["0x1001", "0x1007"]
    assert "0x90\t0xfe\t0x06\t0x00\t0x05\t0x90\t0xeb\t0xf8" in output
