"""Programs for the interval timers, in ticks, and how QEMU's and ours play them.

QEMU's counters start at the very nanosecond of a write, ours with the next CLK pulse, as the data
sheet says ("Operation Common to All Modes"). So that both agree to the tick, counts and gates are
written just before a tick begins, and everything is read in the middle of one. (QEMU counts at
1193182 Hz instead of 1193181.666...; that is a tick in three seconds, and no program here takes so
long.)
"""

from tests.qtest import qtest

COUNTER, CONTROL, PORT61 = 0x40, 0x43, 0x61
LOW, HIGH, BOTH = 1, 2, 3
CYCLE_NS, CYCLE_TICKS = 600_000_000, 715_909
MIDDLE_NS = 419
FIRST_NS = 10 * CYCLE_NS + MIDDLE_NS        # our clock at the first access


class Timeline:
    """Accesses at given ticks; the first is in the middle of tick 0."""

    def __init__(self):
        self.steps, self.times, self.tick, self.at_ns = [], [], 0, 0

    def add(self, kind, port, value, wait, edge, later_ns=0):
        """After wait ticks, in the middle of a tick and later_ns, or at its end with edge."""
        if self.steps:
            self.tick += wait
        target_ns = MIDDLE_NS
        if self.steps or edge:
            end_ns = -(-(self.tick + edge) * CYCLE_NS // CYCLE_TICKS)
            target_ns = end_ns - 1 if edge else end_ns + MIDDLE_NS
        target_ns += later_ns - MIDDLE_NS
        fixed = qtest.STEP_INSTRUCTIONS
        rounds = ((target_ns - self.at_ns) // qtest.NS_PER_INSTRUCTION - fixed) // 2
        delay_ns = (fixed + 2 * rounds) * qtest.NS_PER_INSTRUCTION
        if self.steps:
            assert rounds >= 1
            self.at_ns += delay_ns
        else:
            delay_ns = 1000
        self.steps.append((kind, port, value, delay_ns))
        self.times.append(FIRST_NS + self.at_ns)

    def out(self, port, value, wait=1, edge=False):
        self.add("out", port, value, wait, edge)

    def read(self, port, wait=1):
        self.add("in", port, 0, wait, False)

    def program(self, channel, mode, count, access=BOTH, bcd=0):
        self.out(CONTROL, channel << 6 | access << 4 | mode << 1 | bcd)
        self.count(channel, count, access)

    def quiet(self):
        """IRQ 0 is low, and stays so for 65536 ticks. Quick, since QEMU goes on with the old count
        in the new mode until a count comes."""
        self.out(CONTROL, LOW << 4)
        self.add("out", COUNTER, 0, 0, False, 200)

    def count(self, channel, count, access=BOTH):
        if access == BOTH:
            self.out(COUNTER + channel, count & 0xff)
        self.out(COUNTER + channel, count & 0xff if access == LOW else count >> 8, edge=True)

    def gate_pulse(self, others=0):
        self.out(PORT61, others)
        self.out(PORT61, others | 1, edge=True)


class Levels(dict):
    """Interrupt lines, which count how often they rose."""

    rises = 0

    def __setitem__(self, line, level):
        self.rises += level and not self.get(line, False)
        super().__setitem__(line, level)


def prepare(machine):
    """Makes IRQ 0 of QEMU's timer visible, and quiet."""
    machine.intercept_out(machine.devices("isa-pit")[0])
    line = Timeline()
    line.quiet()
    machine.run(line.steps)


def play_on_qemu(qemu, timeline):
    """What was read, and how often IRQ 0 rose."""
    qemu.levels = Levels(qemu.levels)
    results = qemu.run(timeline.steps)
    assert [FIRST_NS + at_ns for _, at_ns in results] == timeline.times
    return ([value for (kind, *_), (value, _) in zip(timeline.steps, results) if kind == "in"],
            qemu.levels.rises)


def play_on_ours(board, timeline):
    board.pit_reset(FIRST_NS - CYCLE_NS)
    board.outb(CONTROL, LOW << 4, FIRST_NS - CYCLE_NS)
    board.outb(COUNTER, 0, FIRST_NS - 1000)
    board.pit_edges(FIRST_NS)
    values, rises = [], 0
    for (kind, port, value, _), now_ns in zip(timeline.steps, timeline.times):
        if kind == "in":
            values.append(board.inb(port, now_ns))
            continue
        before = board.pit_out(0, now_ns)
        rises += board.pit_edges(now_ns)
        board.outb(port, value, now_ns)
        # OUT is high from a control word for mode 2 on; QEMU's is low but for the first tick of a
        # period, so that only the later edges are the same.
        if port == CONTROL and value >> 6 == 0 and value & 0x30 and value & 0x0e == 0x04:
            assert board.pit_edges(now_ns) == (not before)
    return values, rises + board.pit_edges(timeline.times[-1])
