"""When Lintel comes past certain functions, and how much memory is free then: Bochs' debugger
stops at their first instructions and tells the tick, which is an instruction (with several cores:
the mean of theirs). Nothing in the kernel is made for it, so what is measured is what runs.
"""

import re
import struct
import subprocess
from collections import namedtuple
from pathlib import Path

from tests.bed.bochs import Bochs

KERNEL_VIRT = 0xffffffff80000000
MARKS_MOST = 16    # of each kind of breakpoint, as Bochs is built
STOPS_MOST = 1000  # after so many stops the machine runs on without any
SAME_TICKS = 64    # the second instruction of a function comes no later than that
PUSH_RBP = 0x55
GUEST = "guest"    # the first instruction of a flat guest; the JMP there goes to its second
GUEST_START, GUEST_NEXT = 0x7c00, 0x7c05

# value: what the watched quadword held; None where it was not mapped yet.
Mark = namedtuple("Mark", "name core tick value")

STOP = re.compile(r"^\((\d+)\) Breakpoint (\d+), ")
TICK = re.compile(r"^Next at t=(\d+)")
PROMPT = "[bochs]:"
WATCHED = re.compile(r"^0x[0-9a-f]+ <bogus\+ *0>:\s+0x([0-9a-f]+)")


def symbols(elf):
    """The addresses of the names in an ELF file."""
    lines = subprocess.run(["nm", elf], check=True, capture_output=True, text=True).stdout
    return {name: int(at, 16) for at, _, name in
            (line.split() for line in lines.splitlines() if len(line.split()) == 3)}


def address_of(elf, expression):
    """The address of a C expression ("host_frames.free_bytes"), by gdb; None without it."""
    try:
        text = subprocess.run(["gdb", "-batch", "-nx", "-ex", f"print/x (long)&{expression}", elf],
                              check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"= (0x[0-9a-f]+)", text)
    return int(found[1], 16) if found else None


def byte_at(image, address):
    """The byte that an ELF file's bytes have for an address; None if no segment has it."""
    start, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for number in range(count):
        kind, _, offset, virtual, _, length = struct.unpack_from("<IIQQQQ", image,
                                                                 start + number * size)
        if kind == 1 and virtual <= address < virtual + length:
            return image[offset + address - virtual]
    return None


def resolve(wanted, addresses, image):
    """The breakpoints for these names, of those that are there: [(name, kind, address)]. A name may
    say others that do as well: "loader_load loader_flat".

    With several cores Bochs overlooks a breakpoint where a core's share of time ends, so there are
    two: by physical address on the first instruction, by linear address on the second.
    """
    points = []
    for entry in wanted:
        names = entry.split()
        at = next((addresses[name] for name in names if name in addresses), None)
        if entry == GUEST:
            points += [(GUEST, "lb", GUEST_START), (GUEST, "lb", GUEST_NEXT)]
        elif at is not None:
            points.append((names[0], "pb", at - KERNEL_VIRT))
            if byte_at(image, at) == PUSH_RBP:
                points.append((names[0], "lb", at + 1))
    kinds = [kind for _, kind, _ in points]
    assert max(kinds.count("pb"), kinds.count("lb")) <= MARKS_MOST, "too many marks for Bochs"
    return points


def script(points, watch):
    """What Bochs' debugger is told."""
    lines = [f"{kind} {address:#x}" for _, kind, address in points]
    stop = ["c", f"x /1gx {watch or KERNEL_VIRT:#x}"]
    ends = [f"d {number + 1}" for number in range(len(points))]
    return "\n".join([*lines, *stop * STOPS_MOST, *ends, "c", ""])


def parse(chatter, names):
    """What Bochs wrote as a list of Mark. names: of the breakpoints, in their order.

    A stop is what stands before a "[bochs]:": which cores are at which breakpoints, and the tick,
    in any order; the watched value stands behind it.
    """
    marks, stops, tick = [], [], 0
    for line in chatter.splitlines():
        if found := STOP.match(line):
            stops.append((names[int(found[2]) - 1], int(found[1])))
        elif found := TICK.match(line):
            tick = int(found[1])
        elif found := WATCHED.match(line):
            value = int(found[1], 16)
            marks = [*marks[:-8], *(m._replace(value=value) if m.tick == tick else m
                                    for m in marks[-8:])]
        elif line.startswith(PROMPT):
            marks += [Mark(*stop, tick, None) for stop in stops if not again(marks, stop, tick)]
            stops = []
    return marks


def again(marks, stop, tick):
    """Is that the second instruction of the function that the core was stopped at just before?"""
    last = next((m for m in reversed(marks) if m.core == stop[1]), None)
    return last is not None and last.name == stop[0] and tick - last.tick <= SAME_TICKS


def first(marks, name, core=None, after=0):
    """The first mark of that name (on that core) at or after a tick; None."""
    return next((m for m in marks if m.name == name and m.tick >= after
                 and core in (None, m.core)), None)


class MarkedBochs(Bochs):
    """Bochs that stops at marks; elf: the kernel that boots, watched: a C expression in it."""

    def __init__(self, iso, *, elf, wanted, watched="host_frames.free_bytes", **common):
        super().__init__(iso, **common)
        self.points = resolve(wanted, symbols(elf), Path(elf).read_bytes())
        self.watch = address_of(elf, watched)

    def command(self, work, serial_path, serial_port):
        command = super().command(work, serial_path, serial_port)
        Path(work, "commands").write_text(script(self.points, self.watch), encoding="ascii")
        return command

    def marks(self):
        """The marks that were passed; to be asked for before close()."""
        return parse(self.chatter(), [name for name, _, _ in self.points])
