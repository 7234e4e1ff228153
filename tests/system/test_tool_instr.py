"""watch=, tsc=, ple=, cpuid=, msrarea=, tpr=, vpid=, eptmax=: wrong words, and the controls that
they set."""

import json
import re

import console
from conftest import guest
from gdb_boot import attach, boot, waiting
from test_gdb_registers import Registers, change
from monitor_line import open_monitor, run
from test_monitor import SPIN

# The last word of a line, what is said of it, and the part under the caret.
WRONG = [
    ("watch=io:80,,hlt", "unknown word in watch=", ","),
    ("redirect=:zeros", "not the hexadecimal address of a page", ":"),
    ("watch=hlt,invlpg:1", "this word stands alone", "invlpg:1"),
    ("watch=cpuid:x", "not a number", "x"),
    ("tsc=offset:5,scale:1/0", "an offset has 64 bits; a ratio of 32-bit numbers is below 65536",
     "scale:1/0"),
    ("tsc=skew:1", "tsc= takes offset:N, scale:N or scale:N/M", "skew:1"),
    ("ple=128", "ple= takes GAP:WINDOW in TSC ticks, such as 128:4096", "128"),
    ("ple=1:4294967296", "GAP and WINDOW go up to 4294967295", "1:4294967296"),
    ("cpuid=1:ecx=0,7:esi=1", "cpuid= takes LEAF:eax=N:ebx=N..., numbers in hex, such as 1:ecx=0",
     "esi=1"),
    ("msrarea=c0000082,c0000080",
     "only STAR, LSTAR, CSTAR, FMASK, KERNEL_GS_BASE and TSC_AUX can be there", "c0000080"),
    ("msrarea=c0000082=800000000000", "this MSR does not take such a value",
     "c0000082=800000000000"),
    ("tpr=16", "tpr= goes from 0 to 15", "16"),
    ("vpid=on", "vpid= takes off, single or all", "on"),
    ("eptmax=4m", "eptmax= takes 4k, 2m or 1g", "4m"),
]

# Refused only when it is to run.
NO_LEAVES = [("cpuid=b:eax=1", "cpuid=b.0: this answer depends on the guest's state"),
             ("cpuid=1000:eax=1", "cpuid=1000.0: this guest has no such leaf")]

NO_INVVPID = "INVVPID of a single context (IA32_VMX_EPT_VPID_CAP, bit 41)"
NO_1G = "EPT pages of 1 GiB (IA32_VMX_EPT_VPID_CAP, bit 17)"
NO_FLAGS = "accessed and dirty flags for EPT (IA32_VMX_EPT_VPID_CAP, bit 21)"
LACKS = [("vpid=single", NO_INVVPID, "single"), ("eptmax=1g", NO_1G, "1g"),
         ("tpr=1 vpid=off eptmax=1g", NO_1G, "1g"), ("watch=hlt,dirty,io:80", NO_FLAGS, "dirty"),
         ("watch=hlt,dirty vpid=single", NO_FLAGS, "dirty")]


def test_a_wrong_word_is_quoted_and_marked(lintel):
    lines = [guest("hello", vm=f"vm{i}") + f" {word}" for i, (word, _, _) in enumerate(WRONG)]
    leaves = [guest("hello", vm=f"leaf{i}") + f" {word}" for i, (word, _) in enumerate(NO_LEAVES)]
    lacks = [guest("hello", vm=f"lack{i}") + f" {words}" for i, (words, *_) in enumerate(LACKS)]
    machine = lintel.boot(lines + leaves + lacks, "without=vpid,1g,ept-flags")
    lintel.end_badly(machine)
    for word, *refusal in WRONG:
        assert console.refusal(machine.console, f" {word}") == tuple(refusal)
    for i, (_, what) in enumerate(NO_LEAVES):
        assert f"leaf{i}: not started: {what}" in console.errors(machine.console)
    for words, what, word in LACKS:
        assert console.refusal(machine.console, " " + words) == (f"this CPU has no {what}", word)


# What a CPU without VMFUNC, TSC scaling and PML has not: the control, and the bit that allows it.
LACKING = [("watch=tsc tsc=scale:2", "use TSC scaling", 57),
           ("watch=io:3f8 views=20000:21000", "enable VM functions", 45)]


def test_a_control_that_the_cpu_lacks_is_named_with_its_capability_msr(lintel):
    machine = lintel.boot([guest("hello", vm=f"vm{i}") + f" {words}"
                           for i, (words, _, _) in enumerate(LACKING)]
                          + ["clock"], model="corei7_ivy_bridge_3770k")
    machine.expect("second 1")
    open_monitor(machine)
    assert run(machine, "watch clock dirty") == "clock: this CPU has no accessed and dirty flags " \
        "for EPT (IA32_VMX_EPT_VPID_CAP, bit 21)\n"
    assert run(machine, "watch clock") == "clock is not watched\n"
    assert run(machine, "vm kill clock") == ""
    machine.send("exit\r")
    lintel.end_badly(machine)
    for words, name, number in LACKING:
        assert console.refusal(machine.console, words) == (
            f'this CPU cannot have "{name}" on (IA32_VMX_PROCBASED_CTLS2, bit {number})',
            words.rpartition("=")[2])


def test_an_msr_of_the_area_can_be_watched_too(lintel):
    machine = lintel.boot([guest("shape", vm="a", mem="4M", msrarea="c0000082=1234",
                                 watch="msr:c0000082")])
    lintel.end_well(machine)
    log = [line.text for line in console.log(machine.console)]
    seen = [re.sub("a: watch msr:c0000082: (.*) at .*", r"\1", text) for text in log
            if "LSTAR" in text]
    assert seen == [
        "RDMSR LSTAR (c0000082h) -> 0000000000001234h",
        "WRMSR LSTAR (c0000082h) <- ffff800089abcdefh, was 0000000000001234h",
        "RDMSR LSTAR (c0000082h) -> ffff800089abcdefh",
        "WRMSR LSTAR (c0000082h) <- 0000800000000077h, was ffff800089abcdefh: "
        "#GP(0) into the guest",
    ]
    assert "a: msrarea c0000082: 0xffff800089abcdef in the guest, 0 in the host" in log


def test_an_answer_of_cpuid_that_a_word_names_is_so_with_a_scaled_tsc_too(lintel):
    machine = lintel.boot([guest("shape", vm="a", tsc="scale:5/2", cpuid="15:ecx=1234",
                                 watch="cpuid:15")])
    lintel.end_badly(machine)  # shape compares the frequency
    assert console.logged(machine.console, "a: watch cpuid:15: CPUID 15.0 -> eax 00000001, "
                          "ebx 00000001, ecx 00001234,")


CPUID = "cpuid=40000001:eax=1,16:eax=bb8"
LONG_ONE = "0" * 130 + "1"
LONG = [f"steps={LONG_ONE}", f"watchlog={LONG_ONE}", f"tpr={LONG_ONE}", f"pool={LONG_ONE}",
        f"tsc=offset:{LONG_ONE}", f"ple=1:{LONG_ONE}",
        *(word + ",".join(f"{page}000:{page + 20}000" for page in range(20, 32))
          for word in ("redirect=", "views="))]


def out_ticks(vm):
    """What an OUT to the serial port costs a VM, in ticks of the TSC."""
    row, = (row for row in vm["keys"] if row.get("key") == 0x3f8 and row.get("in") is False)
    return row["ticks"] / row["count"]


def free_kib(machine):
    return re.search(r"(\d+) KiB free", run(machine, "pages"))[1]


def stop(machine):
    assert run(machine, "vm stop a") == ""
    machine.expect("a: stopped from the monitor")


def start_and_stop(machine):
    """What watch a says, and the bits of the TPR shadow and of VPID, of a run of spin."""
    assert run(machine, "vm start a") == ""
    machine.expect(r"a\| " + re.escape(SPIN))
    seen = run(machine, "watch a"), bit(machine, "proc_", 21), bit(machine, "proc2", 5)
    stop(machine)
    return seen


def test_words_of_a_vm_that_has_ended_are_others_at_its_next_start(lintel):
    """Also what the CPU lacks, and a kind of run that fails: no memory is lost."""
    machine = lintel.boot([guest("spin", vm="a", watch="io:3f8", watchlog=0, vpid="off")],
                          "without=1g")
    machine.expect(re.escape(SPIN))
    open_monitor(machine)
    assert run(machine, "shape a") == "watch=io:3f8\nwatchlog=0\nvpid=off\n"
    assert run(machine, "watch a hlt") == ""
    for command, said in (("shape a x=1 y", r'"y" is too much\nusage: .*'),
                          ("shape b tpr=1", 'no VM "b"; there is: a\n'),
                          ("shape a tpr=1", "a has not ended: vm stop a\n")):
        assert re.fullmatch(said, run(machine, command), re.S), command
    stop(machine)
    before = free_kib(machine)
    for command, said in (
            ("shape a repeat=2", 'a: "repeat=2": no word of the toolkit with its value\n'),
            ("shape a tpr", 'a: "tpr": no word of the toolkit with its value\n'),
            ("shape a eptmax=1g", f"a: this CPU has no {NO_1G}\n"),
            ("shape a watch=io:80,io:81,io", "a: \"io\": something must follow, with a colon\n"),
            ("shape a vpid=", ""), ("shape a watchlog=1", ""), ("shape a watch=io:3f8-3fa", ""),
            *((f"shape a {CPUID}", ""),) * 30,  # only the last one takes room
            ("shape a tpr=5", ""), ("shape a hook=40000000:90", "")):
        assert run(machine, command) == said, command
    assert run(machine, "shape a") == \
        f"watch=io:3f8-3fa\nwatchlog=1\n{CPUID}\ntpr=5\nhook=40000000:90\n"
    assert run(machine, "vm start a") == ""
    machine.expect("a: not started: hook=: there is no memory at 0x40000000")
    machine.expect("  vm=a .* watch=io:3f8 watchlog=0 vpid=off")
    machine.expect("  but no vpid=")
    machine.expect("  but hook=40000000:90")
    assert run(machine, "shape a hook=") == ""
    assert free_kib(machine) == before
    hits, shadow, vpid = start_and_stop(machine)
    assert re.fullmatch(r"io:3f8-3fa +\d\d hits\n", hits)
    assert shadow == vpid == "1"
    machine.send("exit\r")
    lintel.end_well(machine)


def test_a_vm_that_has_lost_all_words_pays_no_more(lintel):
    machine = lintel.boot([guest("spin", vm="a", watch="io:3f8,hlt", watchlog=0, core=1),
                           guest("spin", vm="plain", core=0)], cores=2)
    for _ in range(2):
        machine.expect(re.escape(SPIN))
    open_monitor(machine)
    stop(machine)
    before = free_kib(machine)
    for word in LONG:
        machine.send(f"shape a {word}\r")  # it moves through the line
    machine.expect("a: there is no room for so many words")
    for line in run(machine, "shape a").splitlines():
        assert run(machine, f"shape a {line.partition('=')[0]}=") == ""
    assert run(machine, "shape a") == "a has no words of the toolkit\n"
    assert free_kib(machine) == before
    assert run(machine, "stats a reset") == "a, vCPU 0: counted from here on\n"
    hits, shadow, _ = start_and_stop(machine)
    assert (hits, shadow) == ("a is not watched\n", "0")
    plain, once = (json.loads(run(machine, f"stats {vm} json"))["vms"][0] for vm in ("plain", "a"))
    assert out_ticks(once) < 1.2 * out_ticks(plain)  # watched, it is five times as much
    assert run(machine, "vm stop plain") == ""
    machine.send("exit\r")
    lintel.end_well(machine)


def bit(machine, field, number):
    printed = run(machine, f"vmcs a {field}")
    return re.search(rf"^ +{number} ([01]) ", printed, re.M)[1]


def value(machine, field, vm="a"):
    printed = run(machine, f"vmcs {vm} {field.lower()}")
    return int(re.match(rf"{field} +([0-9a-f]+)\n", printed)[1], 16)


def test_the_words_are_in_the_vmcs_and_the_monitor_changes_them(lintel):
    machine = lintel.boot([
        guest("spin", vm="a", tsc="offset:0x1000000000000,scale:3/2", ple="128:4096", tpr=5,
              vpid="off", msrarea="c0000081,c0000082=1234", mem="4M", eptmax="2m")])
    machine.expect(re.escape(SPIN))
    open_monitor(machine)
    assert value(machine, "TSC_MULTIPLIER") == 3 << 47
    assert value(machine, "TSC_OFFSET") >> 44 == 0x10
    assert (value(machine, "PLE_GAP"), value(machine, "PLE_WINDOW")) == (128, 4096)
    assert value(machine, "TPR_THRESHOLD") == 0  # the TPR is below it
    for count in ("ENTRY_MSR_LOAD_COUNT", "EXIT_MSR_LOAD_COUNT", "EXIT_MSR_STORE_COUNT"):
        assert value(machine, count) == 2
    assert [bit(machine, "proc_", n) for n in (19, 20, 21)] == ["1", "0", "1"]
    assert [bit(machine, "proc2_", n) for n in (5, 10, 25)] == ["0", "1", "1"]
    for word, number in (("invlpg", 9), ("tsc", 12), ("cr8", 20)):
        assert bit(machine, "proc_", number) == "0"
        assert run(machine, f"watch a {word}") == ""
        assert bit(machine, "proc_", number) == "1"
        assert run(machine, f"watch a off {word}") == ""
        assert bit(machine, "proc_", number) == "0"
    assert value(machine, "EXCEPTION_BITMAP") & 1 << 6 == 0
    assert run(machine, "watch a syscall") == ""
    assert value(machine, "EXCEPTION_BITMAP") & 1 << 6
    assert run(machine, "watch a off") == ""
    assert value(machine, "EXCEPTION_BITMAP") & 1 << 6 == 0
    assert run(machine, "watch a hlt:5") == 'a: "hlt:5": this word stands alone\n'
    assert run(machine, "ept map a").startswith("000000000000-0000003fffff     4096 KiB rwx WB  "
                                                "0 x 4K, 2 x 2M, 0 x 1G\n")
    assert run(machine, "vm stop a") == ""
    machine.send("exit\r")
    lintel.end_well(machine)
    assert console.logged(machine.console, r"a: ple=128:4096: 0 PAUSE loops")


def test_a_scaled_tsc_stands_while_a_debugger_has_stopped_the_vm(lintel):
    machine = lintel.boot([guest("spin", vm="a"), guest("spin", vm="b", tsc="scale:3")])
    for _ in "ab":
        machine.expect(re.escape(SPIN))
    open_monitor(machine)
    for command in ("vm pause a", "vm pause b", *["version"] * 80, "vm resume a", "vm resume b"):
        run(machine, command)
    stood = {vm: 2**64 - value(machine, "TSC_OFFSET", vm) for vm in "ab"}
    assert 2 * stood["a"] < stood["b"] < 4.5 * stood["a"]
    for vm in "ab":
        assert run(machine, f"vm stop {vm}") == ""
    machine.send("exit\r")
    lintel.end_well(machine)


def test_a_debugger_sees_the_guests_own_efer_and_cr8(lintel):
    machine = boot(lintel, [waiting("spin", vm="a", tpr=3, watch="syscall")])
    with attach(machine) as gdb:
        registers = Registers(gdb)
        change(registers, "efer", 1)  # SCE, which is not in the VMCS
        change(registers, "cr8", 10)
        registers.write("efer", 1)
        assert re.search(r"GUEST_EFER +0{16}\n", gdb.run("monitor vmcs a guest_efer"))
        gdb.run("monitor watch a off")
        assert registers.read("efer") == 1
        assert re.search(r"GUEST_EFER +0{15}1\n", gdb.run("monitor vmcs a guest_efer"))
