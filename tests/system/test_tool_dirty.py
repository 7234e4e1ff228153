"""watch=dirty and pool=: exactly the pages that a guest has written, by the CPU's log and without;
what is refused, and the monitor's command."""

import re

import pytest

import console
from conftest import guest
from monitor_line import open_monitor, run

# What each writes stands in its source. All but the first are watched, with what the host writes
# for them: INS, task switches, other instructions that it carries out, the A20 line's other view.
WRITTEN = {
    "dirty": "654 pages written, 654 accessed: 00000000-00002fff 00007000-00008fff "
             "00010000-00010fff 00018000-0001afff 00020000-00020fff 00030000-00031fff "
             "00050000-00050fff 00060000-00060fff 00100000-0037ffff",
    "selfmod": "3 pages written, 3 accessed: 00000000-00000fff 00007000-00008fff",
    "a20": "7 pages written, 7 accessed: 00000000-00001fff 00007000-00008fff "
           "00100000-00100fff 00200000-00200fff 00300000-00300fff",
    "insouts": "11 pages written, 11 accessed: 00000000-00001fff 00007000-00009fff "
               "00010000-00011fff 00030000-00030fff 0003f000-00041fff",
    "modes": "15 pages written, 15 accessed: 00000000-00002fff 00007000-00009fff "
             "00010000-00017fff 00020000-00020fff",
    "tsswitch": "10 pages written, 11 accessed: 00000000-00001fff 00005000-00005fff "
                "00007000-00008fff 0000a000-0000afff 00020000-00021fff 00023000-00023fff "
                "00027000-00027fff",
}

REFUSED = {
    "watch=io:80,dirty:1": ("this word stands alone", "dirty:1"),
    "pool=513": ("pool= goes from 0 to 512", "513"),
    "pool=few": ("pool= goes from 0 to 512", "few"),
}

COMMANDS = [
    ("dirty", r"something is missing\nusage: dirty NAME \[reset\]\n"),
    ("dirty loop again", r'"again" is too much\nusage: dirty NAME \[reset\]\n'),
    ("dirty none", 'no VM "none"; .*\n'),
    ("dirty loop", "loop has no watch for it: watch loop dirty\n"),
    ("watch loop dirty", ""),
    ("mem w loop gpa:0x3fffff 0 1", ""),
    ("mem r loop gva:0x50000", ".*\n"),
    ("mem w loop gpa:0x40ffff 0 1", ".*no memory there\n"),
    ("dirty loop reset", r"00018000-0001afff 3 pages written\n00020000-00020fff 1 page written\n"
                         r"00300000-00300fff 1 page written\n003ff000-003fffff 1 page written\n"
                         r"6 pages written, 6 accessed; by {how}\n"),
    ("dirty loop", r"00018000-0001afff 3 pages written\n00020000-00020fff 1 page written\n"
                   r"00300000-00300fff 1 page written\n5 pages written, 6 accessed; by {how}\n"),
    ("ept map loop", r".* 1024 x 4K, 0 x 2M, 0 x 1G\nroot \S+, 5 tables, reserve 4 of 4, A20 on\n"),
    ("watch loop off dirty", ""),
    ("ept map loop", r".* 0 x 4K, 2 x 2M, 0 x 1G\nroot \S+, 3 tables, reserve 4 of 4, A20 on\n"),
    ("vm reset loop", ""),
    ("vm kill loop", ""),
]


@pytest.mark.parametrize("options, how", [
    ("", r"page-modification logging, full 0 times"),
    ("without=pml", r"a scan of the tables"),
], ids=["log", "scan"])
def test_exactly_the_pages_that_were_written(lintel, options, how):
    guests = [guest("dirtyloop", vm="loop", mem="4M", pool=4)]
    guests += [guest(name, mem="4M", watch="dirty") for name in WRITTEN]
    guests += [guest("dirty", vm="shaped", mem="4M", hook="8fff:90", redirect="30000:zeros",
                     watch="dirty,ept:20000+1000:rwx,ept:100000+2000:rw", watchlog=0)]
    guests += [guest("hello", vm=f"bad{n}") + f" {words}" for n, words in enumerate(REFUSED)]
    machine = lintel.boot(guests, options, cores=2, time_limit_s=120)
    for _ in [*WRITTEN, "shaped"]:
        machine.expect(r"\] \w+: \d+ pages written[^\n]*\n", 60)
    before = machine.console
    open_monitor(machine)
    for typed, printed in COMMANDS:
        seen = run(machine, typed)
        assert re.fullmatch(printed.replace("{how}", how), seen, re.S), typed
    machine.send("exit\r")
    lintel.end_badly(machine)  # loop was killed, and three were refused
    for name, pages in WRITTEN.items():
        assert console.logged(before, f"{name}: ended by"), name
        assert console.logged(before, rf"{name}: \d+ pages written").text == f"{name}: {pages}"
    shaped = console.logged(before, r"shaped: \d+ pages written").text
    assert shaped.split(": ")[-1] == WRITTEN["dirty"].split(": ")[-1]
    full = console.logged(before, "dirty: the page-modification log was full 1 times")
    assert bool(full) == (how != "a scan of the tables")
    for words, refusal in REFUSED.items():
        assert console.refusal(before, words) == refusal


def test_a_cpu_without_the_flags_refuses_it(lintel):
    machine = lintel.boot([guest("hello", watch="msr:10,dirty,cr0"), guest("hello", vm="other")],
                          "without=ept-flags", cores=1)
    assert "1 of 2 guests failed" in lintel.end_badly(machine)
    assert console.refusal(machine.console, " watch=msr:10,dirty,cr0") == (
        "this CPU has no accessed and dirty flags for EPT (IA32_VMX_EPT_VPID_CAP, bit 21)", "dirty")
