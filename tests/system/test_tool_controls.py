"""watch= for control and debug registers, MSRs, exceptions and descriptor tables: what the page
docs/vtx-by-example.md does not show."""

import functools
import re

import console
from conftest import guest
from monitor_line import open_monitor, run as run_command

# All at once, and how often the guest "controls" does each. Exceptions that come of what exits are
# not the CPU's: with cr, dr and msr some of them are not seen.
HITS = {
    "cr0": 13, "cr3": 14, "cr4": 9, "cr8": 4, "dr": 10, "desc": 19, "msr:0-ffffffff": 14,
    "exc:0": 1, "exc:1": 0, "exc:3": 1, "exc:4": 1, "exc:6": 1, "exc:8": 0, "exc:11": 1,
    "exc:13": 3, "exc:14": 3,
}
SOME = {"desc": 19, "exc:1": 1, "exc:6": 2, "exc:13": 8, "exc:14:2:2": 2}
# The guest has TF set: a #DB behind each. IN AX, 80h and IN EAX, 3FFh come to these ports.
STEPS = {"desc": 3, "cr3": 2, "msr:10": 1, "msr:277": 2, "io:81": 1, "io:402": 1}

# Words, what is wrong, and the part that the caret lines stand under; None: no line is quoted.
WRONG = [
    ("watch=exc:2", "NMI and #MC are the host's", "2"),
    ("watch=desc,exc:18", "NMI and #MC are the host's", "18"),
    ("watch=cr3 cr3target=1000,xyz", "not a hexadecimal number of 64 bits", "xyz"),
    ("cr3target=1,2,3,4,5", "a CPU has four CR3-target values at most", "5"),
    ("watchlog=1000001", "watchlog= goes from 0 to 1000000", "1000001"),
    ("watch=io:80,hlt,io:80", "this is there twice", "io:80"),
    ("watch=exc:14:2:2,exc:14",
     "this CPU has no second mask and match for exc:14 (the VMCS holds one pair)", None),
]


def test_all_at_once_are_exact_and_the_guest_does_not_notice(lintel):
    """Among them the #DB of a step for desc, which is not the guest's."""
    machine = lintel.boot([
        guest("controls", vm="all", watch=",".join(HITS), watchlog=0, repeat=2),
        guest("controls", vm="some", watch=",".join(SOME), watchlog=0),
        guest("tf", watch=",".join(STEPS), watchlog=0),
        guest("controls", vm="none"),
        *(f"/guest/hello.bin vm=wrong{i} {words}" for i, (words, _, _) in enumerate(WRONG)),
    ], time_limit_s=200)
    out = machine.run_to_end()
    assert f"lintel: done: {len(WRONG)} of {len(WRONG) + 4} guests failed" in out
    assert "PASS tf" in console.guest(out, "tf")
    for vm in ("all", "some", "none"):
        assert "PASS controls" in console.guest(out, vm)
    texts = [line.text for line in console.log(out)]
    for word, hits in HITS.items():
        assert texts.count(f"all: watch {word}: {hits} hits") == 1, word  # of the second run
    for vm, words in (("some", SOME), ("tf", STEPS)):
        for word, hits in words.items():
            assert texts.count(f"{vm}: watch {word}: {hits} hits") == 1, word
    assert not any(text.startswith("none: watch") for text in texts)
    for i, (words, what, piece) in enumerate(WRONG):
        if piece is None:
            assert f"wrong{i}: {what}" in texts
            continue
        assert console.refusal(out, f"vm=wrong{i} {words}") == (what, piece)
    free = console.logged(out, r"(\d+) KiB free, \1 KiB before the first guest")
    assert free, "memory was lost"


def test_no_guest_notices(lintel):
    """Faults with the right IP and error code, task switches, every paging mode."""
    guests = ["excivt", "modes", "user", "tsswitch", "selfmod", "cr"]
    words = ",".join([word for word in HITS if word != "exc:14"]
                     + ["exc:5", "exc:7", "exc:10", "exc:12", "exc:14:2:2", "exc:16", "exc:17"])
    machine = lintel.boot([guest(name, watch=words, watchlog=0) for name in guests],
                          time_limit_s=200)
    out = lintel.end_well(machine)
    for name in guests:
        assert f"PASS {name}" in out


def test_the_monitor_turns_them_on_and_off(lintel):
    machine = lintel.boot([guest("spin", vm="a")], time_limit_s=150)
    machine.expect("forever")
    open_monitor(machine)
    run = functools.partial(run_command, machine)

    def free():
        return re.search(r"(\d+) KiB free", run("pages"))[1]

    bitmap, pages = run("vmcs a MSR_BITMAP"), free()
    masks = re.search(r"CR0 mask \w+  shadow \w+  really \w+\nCR4 mask .*", run("vcpu a"))[0]
    for word in ("msr:10", "cr0", "cr4", "cr3", "dr", "exc:14:1:1", "desc"):
        assert run(f"watch a {word}") == ""
    assert run("watch a exc:14") == \
        "a: this CPU has no second mask and match for exc:14 (the VMCS holds one pair)\n"
    assert run("watch a exc:18") == "a: \"18\": NMI and #MC are the host's\n"
    assert run("vmcs a MSR_BITMAP") != bitmap
    assert free() != pages
    assert "CR0 mask ffffffffe005002f  shadow 10  really 30\n" \
        "CR4 mask ffffffffffffffff  shadow 0  " in run("vcpu a")
    assert run("vmcs a PF_ERROR") == \
        "PF_ERROR_MASK             00000001\nPF_ERROR_MATCH            00000001\n"
    controls = run("vmcs a controls")
    for name in ("CR3-load exiting", "CR3-store exiting", "MOV-DR exiting",
                 "descriptor-table exiting"):
        assert f"1 {name}\n" in controls
    run("watch a off exc:14:1:1")
    assert run("watch a exc:14") == ""
    assert "MATCH            00000000\n" in run("vmcs a PF_ERROR")
    run("watch a off")
    assert (run("vmcs a MSR_BITMAP"), free()) == (bitmap, pages)
    assert masks in run("vcpu a")
    assert "1 MOV-DR exiting\n" not in run("vmcs a controls")
    run("vm stop a")
