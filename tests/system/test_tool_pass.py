"""pass=: memory of the machine in a guest, and who may not have it; EPT entries that are wrong."""

import re

import console
from conftest import guest
from monitor_line import open_monitor, run

# pass=, what is wrong, and the part of it that the caret stands under.
REFUSED = [
    ("b8000", "pass= takes GPA:HPA+LEN[:rwx], in hexadecimal", "b8000"),
    ("b8001:b8000+8000", "pages are whole: a multiple of 1000", "b8001"),
    ("b8000:b8000+8000:w", "EPT has no w without r", "w"),
    ("b8000:b8000+8000,b9000:c0000+1000", "an earlier word of pass= has this memory of the guest",
     "c0000+1000"),
    ("b8000:9f000+1000", "this is the machine's RAM", "9f000+1000"),
    ("b8000:100000+1000", "this is the machine's RAM", "100000+1000"),
    ("10000000:a0000+61000", "this is the machine's RAM", "a0000+61000"),
    ("10000000:fec00000+1000", "Lintel uses a device there", "fec00000+1000"),
    ("10000000:fed00000+1000", "Lintel uses a device there", "fed00000+1000"),
    ("10000000:feeff000+1000", "this is where interrupts go", "feeff000+1000"),
    ("10000000:10000000000+1000", "this CPU has no such physical address", "10000000000+1000"),
    (",".join(f"{i}000:a0000+1000" for i in range(9)), "there is no room for so many words",
     "a0000+1000"),
]


def test_what_may_not_be_given_is_refused_with_a_caret(lintel):
    machine = lintel.boot([guest("hello", vm=f"vm{i}", **{"pass": word})
                           for i, (word, _, _) in enumerate(REFUSED)]
                          + [guest("hello", vm="ram", **{"pass": "8000:b8000+1000"}),
                             guest("hello", vm="text", display="text",
                                   **{"pass": "b8000:b8000+1000"})])
    lintel.end_badly(machine)
    log = console.log(machine.console)
    seen = []
    for i, (_, what, part) in enumerate(REFUSED):
        at = [n for n, line in enumerate(log) if line.text == what][seen.count(what)]
        seen.append(what)
        quote, mark = log[at + 1].text, log[at + 2].text
        assert f"vm=vm{i} " in quote or quote.startswith("  ...")
        assert quote[mark.index("^"):len(mark)] == part, quote
    assert console.logged(machine.console, "ram: not started: pass=8000:b8000.1000: "
                                           "the guest's own RAM or ROM is there")
    assert console.logged(machine.console, "text: not started: pass=b8000:b8000.1000: "
                                           "display=text shows this memory")


# By level: the bits to set and to clear in the entry, what is said of it, and how many lines.
WRONG = [
    ("PTE", 0, 5, "-w- misconfigured: write without read"),
    ("PTE", 1 << 51, 0, "rwx misconfigured: reserved bits are set: 0x8000000000000"),
    ("PTE", 0x38, 0, "rwx misconfigured: a memory type that does not exist"),
    ("PDE", 0, 1, "-wx misconfigured: write without read"),
    ("PDPTE", 0x10, 0, "rwx misconfigured: reserved bits are set: 0x10"),
    ("PML4E", 0x40, 0, "rwx misconfigured: reserved bits are set: 0x40"),
]
LEVELS = ["PML4E", "PDPTE", "PDE", "PTE"]


def test_a_misconfiguration_is_told_with_the_way_to_it(lintel):
    """The entries are spoilt by the monitor, before the guests have run an instruction."""
    names = [f"vm{i}" for i in range(len(WRONG))]
    machine = lintel.boot([guest("spin", vm="a", core=0,
                                 **{"pass": "b8000:b8000+8000:r,10000000:a0000+2000"})]
                          + [guest("hello", vm=name, core=0, debug="wait") for name in names])
    machine.expect(f"{names[-1]}: started")
    open_monitor(machine)
    for at, what in ((0xb8abc, "b8001 r-- UC: 0xb8abc is host-physical 0xb8abc"),
                     (0x10001000, "a1007 rwx UC: 0x10001000 is host-physical 0xa1000")):
        assert run(machine, f"ept walk a {at:#x}").endswith(f"{what}\n")
    for name, (level, on, off, _) in zip(names, WRONG):
        way = run(machine, f"ept walk {name} 0x7c00")
        slot, entry = re.search(rf"^{level} +at (0x\w+): (\w+) ", way, re.M).groups()
        spoilt = (int(entry, 16) | on) & ~off
        assert run(machine, f"mem w hpa:{slot} {spoilt:#x} 8") == ""
    for name in names:
        machine.send(f"vm resume {name}\r")
        machine.expect(rf"error: {name}: EPT misconfiguration", 30)
    machine.send("vm stop a\rexit\r")
    lintel.end_badly(machine)
    for name, (level, _, _, what) in zip(names, WRONG):
        above = "".join(rf".*error: {name}:   {table} +at 0x\w+: \w+ rwx table\r?\n"
                        for table in LEVELS[:LEVELS.index(level)])
        assert re.search(rf"error: {name}: EPT misconfiguration at 0x7c00:\r?\n{above}"
                         rf".*error: {name}:   {level} +at 0x\w+: \w+ {what}\r?\n"
                         rf".*error: {name}: VM exit that nobody handles: EPT misconfiguration",
                         machine.console), name


def test_rights_hold_beside_tools_that_shape_pages(lintel):
    """watch=fresh takes rights from all RAM, of which the guest has some below its screen."""
    screen = {"core": 0, "mem": "4M", "watch": "fresh", "watchlog": 1}
    machine = lintel.boot([guest("screen", vm="reads", **screen, **{"pass": "b8000:b8000+1000:r"}),
                           guest("screen", vm="both", repeat=2, **screen,
                                 **{"pass": "b8000:b8000+1000"})])
    lintel.end_badly(machine)
    assert console.logged(machine.console, "reads: pass= does not allow a write at 0xb8000")
    assert "my words are on the screen" in machine.console
    assert "1 of 2 guests failed" in machine.console
