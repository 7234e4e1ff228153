"""The monitor at the console: each command, wrong input for each, and who gets what is typed."""

import os
import re

import pytest

from conftest import PACED, ROOT, guest
from gdb_boot import goes_on
from monitor_line import KEY, open_monitor, run
from tests.bed import Wire
from tests.bed.gdb_session import GdbSession

SPIN = "spin: jmp $ with interrupts off, forever"

# Command, and what it prints, as a regular expression of all of it. Two guests, a and b, that jump
# to themselves with interrupts off.
COMMANDS = [
    ("", ""),
    ("version", r"Lintel \S+\n"),
    ("version now", r'"now" is too much\nusage: version \n'),
    ("versoin", r'unknown command "versoin"; near: version; help lists all\n'),
    ("xyzzy", r'unknown command "xyzzy"; help lists all\n'),
    ("help mem", r"mem dump PLACE .*\nmemory of a VM, physical or linear, or of the host\n"),
    ("help xyzzy", r'no command "xyzzy"\nusage: help \[COMMAND\]\n'),
    ("1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7", "more than 16 words\n"),

    ("vm list", r"  name .*\n\* a +flat +running +0 +1024 +\d+ +0 +0\n"
                r"  b +flat +running +\d +1024 +\d+ +0 +0\n"),
    ("vm pause a", ""),
    ("vm list", r"  name .*\n\* a +flat +paused [^\n]*\n  b +flat +running [^\n]*\n"),
    ("vm resume a", ""),
    ("vm resume a", "a is running: cannot resume\n"),
    ("vm start a", "a is running: cannot start\n"),
    ("vm frob a", r'do not know "frob"\nusage: vm list \| start.*\n'),
    ("vm kill", r"something is missing\nusage: vm .*\n"),
    ("vm kill c", 'no VM "c"; there is: a b\n'),

    ("vcpu b", r"b: core \d, real mode, active, CPL 0\n"
               r"RAX [0-9a-f]{16}  RCX .*\nCR0 10  CR2 0  CR3 0  CR4 0  CR8 0\nES   0000 .*"
               r"blocked by nothing\npin-based controls [0-9a-f]{8}:\n  external-interrupt exiting;"
               r".*secondary .*unrestricted guest;.*\d+ exits, the last ones:\n(  .*\n){8}"),
    ("vcpu", r"something is missing\nusage: vcpu NAME\n"),
    ("vmcs a guest_rfl", r"GUEST_RFLAGS              [0-9a-f]{16}\n"),
    ("vmcs a proc_", r"PROC_CONTROLS             [0-9a-f]{8}\n     2 0 interrupt-window exiting\n"
                     r".*    25 1 use I/O bitmaps\n.*    31 1 activate secondary controls\n"),
    ("vmcs b _cs_", r"GUEST_CS_SELECTOR         0000\nHOST_CS_SELECTOR          0008\n"
                   r"GUEST_CS_LIMIT            0000ffff\nGUEST_CS_ACCESS           \w{8}\n"
                   r"GUEST_CS_BASE             0{16}\n"),
    ("vmcs a xyzzy", 'no field has "xyzzy" in its name\n'),
    ("vmcs a", r"VPID +\w{4}\n.*HOST_RIP +ffffffff\w{8}\n.*"),
    ("caps", r"controls +bit +name +wanted +allowed +granted\n.*"
             r"secondary processor-based +14 +VMCS shadowing +available +0 or 1 +0\n.*"
             r"capabilities +bits +name +wanted +value\n.*"
             r"IA32_VMX_CR0_FIXED0 +0x80000021 +always 1: PE NE PG\n"
             r"IA32_VMX_CR0_FIXED1 +0xffffffff +always 0: none\n"
             r"IA32_VMX_CR4_FIXED0 +0x2000 +always 1: VMXE\n.*SMXE PKE.*\n"),
    ("inject a 256", r"256 is not from 0 to 0xff\nusage: inject NAME VECTOR \[ERRORCODE\]\n"),
    ("inject a 13 0x10000", r"0x10000 is not from 0 to 0xffff\nusage: inject .*\n"),
    ("inject a 13", "#GP goes with an error code\n"),
    ("inject a 6 0", "#UD goes without an error code\n"),
    ("inject a 32 0", "an interrupt goes without an error code\n"),

    ("mem dump a gpa:0x7c00 16", r"0{12}7c00 ( [0-9a-f]{2}){16}  .{16}\n"),
    ("mem w a gpa:0x501 0x1234 2", ""),
    ("mem r a gva:0x500", "00123400\n"),
    ("mem r a gva:0x500 8", "0000000000123400\n"),
    ("mem dump a gpa:0x4fe 4", "00000000000004fe  00 00 {44}\\.\\.\n"
                               "0{13}500  00 34 {44}\\.4\n"),
    ("mem r a gpa:0x100000", "gpa:0x100000: no memory there\n"),
    ("mem w a gpa:0xffffe 0", "gpa:0xffffe: no memory there\n"),
    ("mem r hpa:0x100000", r"[0-9a-f]{8}\n"),
    ("mem r hpa:0xfee00000", "hpa:0xfee00000: no memory there\n"),
    ("mem r hva:0x1000", "hva:0x1000: no memory there\n"),
    ("mem r hva:0xffff000000000000", "hva:0xffff000000000000: no memory there\n"),
    ("mem w hva:0xffffffff80100000 0", "hva:0xffffffff80100000: no memory there\n"),
    ("mem r a 0x500", r'"0x500" is no address\nusage: mem .*\n'),
    ("mem r gpa:0x500", r"whose memory\?\nusage: mem .*\n"),
    ("mem r a hpa:0x500", r"the host's memory is no VM's\nusage: mem .*\n"),
    ("mem r hpa:0x500 3", r"a value has 1, 2, 4 or 8 bytes\nusage: mem .*\n"),
    ("mem r hpa:5x", r'"5x" is no number\nusage: mem .*\n'),
    ("mem w a gpa:0 256 1", r"256 is not from 0 to 0xff\nusage: mem .*\n"),
    ("mem x a gpa:0", r'do not know "x"\nusage: mem .*\n'),
    ("vcpu a", r".* CR2 0 .*"),  # the faults above were the host's
    ("disasm a 0x7c00", r"0{12}7c00  .*\nbytes only; gdb shows instructions: x/i 0x7c00\n"),
    ("disasm a", r"something is missing\nusage: disasm NAME ADDR\n"),
    ("ept map a", r"0{12}-0000000fffff     1024 KiB rwx WB  256 x 4K, 0 x 2M, 0 x 1G\n"
                  r"root 0x\w+, \d+ tables, A20 on\n"),
    ("ept walk a 0x7c00", r"(PML4E|PDPTE|PDE  ) at .* table\n.*"
                          r"PTE   at 0x\w+: \w{16} rwx WB.*: 0x7c00 is host-physical 0x\w+c00\n"),
    ("ept walk a 0x8000000000", r"PML4E at 0x\w+: 0{16} --- not present\n"),
    ("ept walk a", r"something is missing\nusage: ept map NAME \| walk NAME ADDR\n"),
    ("ept frob a", r'do not know "frob"\nusage: ept .*\n'),
    ("pages", r"\d+ KiB of RAM, \d+ KiB free; .*\n( +\d+ KiB: \d+ free\n)+(  RAM .*\n)+"),
    ("modules", r"\w{12} +\d+ bytes  vm +vm=a .*\n\w{12} +\d+ bytes  vm +vm=b .*\n"),

    ("pic a", r"master: vectors .*\n  line  [-0-7]{8}\n.*slave: .*INT is low\n"),
    ("pic", r"something is missing\nusage: pic NAME\n"),
    ("pit a", r"channel 0: mode 2 \(rate generator\), count 0x\w+, OUT high, 18\.206 Hz\n"
              r".*channel 2: .*port 61h .*\n"),
    ("pit c", 'no VM "c"; there is: a b\n'),
    ("uart a", r"COM1: 115200 baud, 8N1, FIFOs (on|off), interrupt low\n  ier .*\n"),
    ("uart a b", r'"b" is too much\nusage: uart NAME\n'),
    ("rtc a", r"index .*\n00 ( \w\w){16}\n.*\n70 ( \w\w){16}\n"),
    ("rtc", r"something is missing\nusage: rtc NAME\n"),
    ("kbd a", r"  ram\[0\] 0x\w+  status .*\nA20 is on\n"),
    ("kbd", r"something is missing\nusage: kbd NAME\n"),
    ("io a", r"port 0020-0021  pic\n.*port 0040-0043  pit\n.*"
             r"port 03f8-03ff  com1, exits: [1-9]\d* in, [1-9]\d* out\n.*"
             r"port 8900-8900  end\n.*nobody's in all: .*\n"),
    ("io", r"something is missing\nusage: io NAME\n"),
    ("irq", r"vector 40 kick .*\nNMI .*\nI/O APIC input 4: vector 42, APIC id 0, edge, "
            r"active high\nI/O APIC inputs masked: 23\na: INT low\n  line  [-0-9]{16}\n.*b: .*"),
    ("irq a", r'"a" is too much\nusage: irq \n'),
    ("cpu", r"core .*\n   0     0  VMX .*"),
    ("cpu 0", r'"0" is too much\nusage: cpu \n'),
    ("log", r"boot:info  mm:info  .*guest:info  watch:info\n"),
    ("log vmx:debug,pit:error", ""),
    ("log", r".*  vmx:debug .*pit:error .*"),
    ("log vmx:info,pit:info", ""),
    ("log vmx:loud", r'do not know "loud"\nusage: log .*\n'),
    ("log show", r".*\[ +0\.\d+ c0 boot   \] Lintel .*"),

    ("vm stop a", ""),
    ("vm list", r"  name .*\n. a +flat +ended .*\n    stopped from the monitor\n.*"),
    ("vcpu a", "a has ended: stopped from the monitor\n"),
    ("mem r a gpa:0x500", "gpa:0x500: no memory there\n"),
    ("ept map a", "a has ended: stopped from the monitor\n"),
    ("pit a", "a has ended: stopped from the monitor\n"),
    ("vm pause a", "a is ended: cannot pause\n"),
    ("vm focus a", "a is ended: cannot focus\n"),
    ("vm focus b", ""),
    ("vm start a", ""),
    ("vm list", r"  name .*\n  a +flat +(ready|running) .*\n\* b +flat +running [^\n]*\n"),
]


@pytest.mark.parametrize("cores", [1, 4])
def test_every_command_says_what_it_shall(lintel, cores):
    machine = lintel.boot([guest("spin", vm="a", core=0), guest("spin", vm="b", core=cores - 1)],
                          cores=cores, time_limit_s=180)
    for _ in "ab":
        machine.expect(re.escape(SPIN))
    open_monitor(machine)
    for command, printed in COMMANDS:
        got = run(machine, command)
        assert re.fullmatch(printed, got, re.S), f"{command}: {got!r} is not {printed!r}"
    for name in "ab":
        assert run(machine, f"vm stop {name}") == ""
    machine.send("exit\r")
    lintel.end_well(machine)


def events_that_wait_together(machine):
    """Handlers from 620h on: MOV SI, [710h]; MOV BYTE [SI], vector; INC WORD [710h]; IRET."""
    pokes = []
    for at, vector in zip(range(0x620, 0x660, 16), (2, 6, 8, 13)):
        code = bytes([0x8b, 0x36, 0x10, 7, 0xc6, 4, vector, 0xff, 6, 0x10, 7, 0xcf])
        pokes += [(4 * vector, at)]
        pokes += [(at + i, int.from_bytes(code[i:i + 4], "little")) for i in (0, 4, 8)]
    for at, value in [*pokes, (0x710, 0x712)]:
        assert run(machine, f"mem w a gpa:{at} {value}") == ""
    assert run(machine, "vm pause a") == ""
    for event in ("13 0", "13 0", "6", "2"):
        assert run(machine, f"inject a {event}") == ""
    assert run(machine, "inject a 2") == "a: no room: 1 NMI waits already\n"
    assert run(machine, "mem r a gpa:0x710 2") == "0712\n"
    assert run(machine, "vm resume a") == ""
    # #GP twice is #DF; #UD goes in before its handler has begun, and the NMI before that of #UD.
    assert run(machine, "mem r a gpa:0x710") == "06020715\n"
    assert run(machine, "mem r a gpa:0x714 1") == "08\n"


def test_events_by_hand_a_reset_and_a_kill(lintel):
    """The guest counts at 700h: INC BYTE [700h]; IRET at 600h for the NMI, #UD, and vector 21h."""
    machine = lintel.boot([guest("spin", vm="a")])
    machine.expect(re.escape(SPIN))
    open_monitor(machine)
    for command in ("mem w a gpa:0x600 0x070006fe", "mem w a gpa:0x604 0xcf 1",
                    *(f"mem w a gpa:{4 * vector} 0x600" for vector in (2, 6, 0x21)),
                    "mem w a gpa:0x700 0 1", "inject a 2"):
        assert run(machine, command) == ""
    assert run(machine, "mem r a gpa:0x700 1") == "01\n"
    assert run(machine, "inject a 6") == ""
    assert run(machine, "mem r a gpa:0x700 1") == "02\n"
    assert run(machine, "inject a 0x21") == ""  # IF is clear: it waits
    assert run(machine, "mem r a gpa:0x700 1") == "02\n"
    for _ in range(15):
        assert run(machine, "inject a 0x22") == ""
    assert run(machine, "inject a 0x22") == "a: no room: 16 interrupts wait already\n"
    events_that_wait_together(machine)
    machine.send("vm reset a\r")
    machine.expect(r"a: reset by the monitor")
    machine.expect(rf"a\| {re.escape(SPIN)}\r\n")
    assert re.search(r"\n. a +flat +running +0 +1024 +\d+ +1 +0\n", run(machine, "vm list"))
    assert run(machine, "mem r a gpa:0x600") != "070006fe\n"
    assert run(machine, "vm kill a") == ""
    ended = run(machine, "vm list")
    assert re.search(r"\n. a +flat +failed .*\n    killed from the monitor\n", ended)
    machine.send("exit\r")
    lintel.end_badly(machine)


def typed_line(machine, text):
    """Types a line to the demo, which shows it again."""
    machine.send(text + "\r")
    machine.expect(rf"you typed: {re.escape(text)}\r\n")


def test_the_console_is_the_monitors_between_two_keys(lintel):
    machine = lintel.boot(["demo", guest("tick", vm="other", core=1)], cores=2, **PACED)
    machine.expect("five quiet seconds")
    machine.send("ab")
    open_monitor(machine)
    machine.send("helo\x1b[D\x1b[Dl\x1b[Fx\x08\x01\x0b")  # edits, and takes all of it away
    with open(os.path.join(ROOT, "docs", "monitor.md"), encoding="utf-8") as page:
        assert "lintel> help\n" + run(machine, "help") in page.read()
    machine.send("\x1b[A\x1b[A\x1b[B\x03v\t")  # history, Ctrl-C, completion: a list
    machine.expect(r"\r\nversion  vm  vcpu  vmcs  \r\n")
    machine.send("er\t\r")
    machine.expect(r"ersion \r\nLintel ")
    machine.send("stats o\tr\t\x15")  # a VM's name, then a word: both in their order
    machine.expect(r"stats other reset ")
    # What is typed behind exit is the guest's, and what was typed before Ctrl-].
    machine.send("exit\rcd\r")
    machine.expect(r"you typed: abcd\r\n")
    machine.send(KEY + KEY)  # sent through; the demo takes no control characters
    typed_line(machine, "ef")
    open_monitor(machine)
    machine.send("vm" + KEY)
    typed_line(machine, "gh")
    open_monitor(machine)
    machine.send(KEY)  # now it has been seen open, but nothing was typed: the same as both at once
    typed_line(machine, "ij")
    open_monitor(machine)
    machine.send("\x04q\r")  # Ctrl-D on an empty line
    assert "Lintel's monitor" in lintel.end_well(machine)


def let_it_run(machine):
    """Until nothing has been written for a while."""
    while machine.pump(0.5):
        pass


def test_the_key_twice_gives_one_to_the_guest(lintel):
    machine = lintel.boot([guest("spin", vm="a")])  # it reads nothing
    machine.expect(re.escape(SPIN))
    open_monitor(machine)
    assert "rx_count 0 " in run(machine, "uart a")
    machine.send(KEY)  # something was typed since it opened: this one only closes it
    machine.send(KEY + KEY)
    let_it_run(machine)
    open_monitor(machine)
    assert "rx_count 0x1 " in run(machine, "uart a")
    machine.send(KEY)
    let_it_run(machine)
    open_monitor(machine)
    assert "rx_count 0x1 " in run(machine, "uart a")
    assert run(machine, "vm stop a") == ""
    machine.send("exit\r")
    lintel.end_well(machine)


def test_a_guest_writes_above_the_prompt_and_the_machine_waits(lintel):
    machine = lintel.boot(["clock"])
    machine.expect("second 1\r\n")
    open_monitor(machine)
    machine.send("cp")
    # The prompt is erased, the guest's lines come, and it goes on with what was typed.
    machine.expect(r"clock\| second \d+\r\n\rlintel> cp\x1b\[K")
    machine.send("\x15")
    assert run(machine, "vm stop clock") == ""
    machine.expect("clock: stopped from the monitor")
    assert re.search(r"\n. clock +flat +ended", run(machine, "vm list"))
    assert run(machine, "log pit:trace") == ""
    assert run(machine, "vm focus clock") == "clock is ended: cannot focus\n"
    assert run(machine, "vm start clock") == ""
    machine.expect(r"clock: OUT 43h <- 34h")  # the level counts from now on
    machine.expect(r"clock\| second 1\r\n")
    assert run(machine, "vm stop clock") == ""
    machine.send("exit\r")
    lintel.end_well(machine)


def test_monitor_off_leaves_the_key_to_the_guest(lintel):
    machine = lintel.boot(["demo"], "monitor=off", **PACED)
    machine.expect("five quiet seconds")
    machine.send(KEY)
    typed_line(machine, "help")
    machine.send("q\r")
    assert "Lintel's monitor" not in lintel.end_well(machine)


def test_no_command_waits_for_a_core_that_gdb_holds(lintel):
    """The core that stopped has the console's lock, and keeps it."""
    machine = lintel.boot([*(guest("clock", vm=vm) for vm in "ab"), "hello"], "gdb=com2", cores=2,
                          wire=Wire(), ips=4_000_000, time_limit_s=200)
    machine.expect(r"\] gdb: ", 60)
    machine.expect("second 1", 60)
    with GdbSession(machine, lintel.elf(), settings=["osabi none"]) as gdb:
        assert "Remote debugging using" in gdb.connect()
        gdb.run("break console_mux_pump")
        assert "console_mux_pump (m=" in gdb.run("continue", 60)
        for command in ("vm focus b", "vm start hello", "shape hello tpr=5", "trace on",
                        "trace stop-when port=40", "trace stream on"):
            said = gdb.run(f"monitor {command}", 30)
            assert "not while the hypervisor is stopped" in said, f"{command}: {said}"
        gdb.run("delete")
        gdb.run("detach")
    goes_on(machine, "second")
