"""guest/vpic.c beside QEMU's pair of 8259A: random programs, every answer and INT compared.

qtest has no INTA cycle, so most programs take interrupts by the poll command, which is one (8259A
data sheet, "Poll Command"); others have QEMU's CPU take them, and compare the vectors. Where QEMU
differs from the data sheet, a rule in vpic_rules.py excuses it: it sees our chips before and after
a step and says whether that one step is where QEMU is known to differ. Such a step is left out of
the random programs, and nothing else is. A test for each rule shows the difference itself: what
the data sheet says, and that QEMU does either that or the known other thing.
"""

import pytest

from tests.qtest.vpic_rules import (
    AEOI, CASCADE, ELCR, EOI, MASTER, POLL, READ_IRR, READ_ISR, RULES, SFNM, SINGLE, SLAVE, SMM_OFF,
    SMM_ON, edge_after_icw1_without_a_rise, edge_request_withdrawn, elcr_changed_under_a_high_line,
    non_specific_eoi_of_masked_level, request_before_the_last_icw, request_changed_under_poll,
    slave_int_pulses, special_fully_nested_lower_level, special_mask_mode_moves_int)

IRQS = [irq for irq in range(16) if irq != 2]

PROGRAMS = 3000
STEPS = 70
CPU_PROGRAMS = 200
NO_VECTOR = 0xff      # what an "inta" gives that took none; no program uses vectors F8h to FFh


class Qemu:
    """QEMU's pair: steps are queued, and their answers come together."""

    def __init__(self, machine):
        self.machine = machine
        self.paths = sorted(machine.devices("isa-i8259"),
                            key=lambda path: not machine.property(path, "master"))
        machine.intercept_out(self.paths[0])
        # IRQ 0 is ours: QEMU's timer has an input that takes it off the line, for the HPET's sake.
        machine.one(f"set_irq_in {machine.devices('isa-pit')[0]} unnamed-gpio-in 0 0")

    def do(self, step):
        kind, where, value = step
        if kind == "out":
            self.machine.do(f"outb {where:#x} {value:#x}")
        elif kind == "in":
            self.machine.do(f"inb {where:#x}")
        else:
            self.machine.do(f"set_irq_in {self.paths[where >> 3]} unnamed-gpio-in "
                            f"{where & 7} {int(value)}")

    def run(self, steps):
        """Returns (value read or None, INT) for each step."""
        for step in steps:
            self.do(step)
        return [(value if step[0] == "in" else None, levels.get(0, False))
                for step, (value, levels) in zip(steps, self.machine.answers())]

    def run_on_cpu(self, steps):
        """Returns the value read, or the vector taken, or None, for each step. All steps but those
        that move a line are done by the CPU."""
        out, part = [], []
        for step in steps + [("line", 0, None)]:
            if step[0] != "line":
                part.append(step)
                continue
            if part:
                answers = self.machine.run([(kind, where, value or 0, 0)
                                            for kind, where, value in part])
                out += [None if kind == "out" else answer
                        for (kind, _, _), (answer, _) in zip(part, answers)]
                part = []
            if step[2] is not None:
                self.do(step)
                out.append(None)
        self.machine.answers()
        return out


@pytest.fixture(scope="module")
def qemu(machine):
    return Qemu(machine)


def ours(board, step):
    kind, where, value = step
    answer = None
    if kind == "out":
        board.outb(where, value)
    elif kind == "in":
        answer = board.inb(where)
    elif kind == "inta":
        answer = board.acknowledge() if board.intr() else value
    else:
        board.set_line(where, value)
    return answer, board.intr()


# ---- random programs that make sense ----------------------------------------------------------

def init_steps(rng, base, plain=False):
    slave = base == SLAVE
    single = not slave and not plain and rng.random() < 0.1
    icw4 = 0x01 | rng.choice([0, 0, 0, AEOI, SFNM, AEOI | SFNM, 0x08, 0x0c])
    steps = [("out", base, 0x11 | (SINGLE if single else 0) | (rng.getrandbits(3) << 5)),
             ("out", base + 1, rng.randrange(31) << 3)]
    if not single:
        steps.append(("out", base + 1, 2 if slave else CASCADE))
    return steps + [("out", base + 1, icw4)]


def start_steps(rng, plain=False):
    steps = [("line", irq, False) for irq in IRQS]
    steps += [("out", ELCR, 0), ("out", ELCR + 1, 0)]
    # The slave first, so that nothing of the program before comes to the master afterwards.
    steps += init_steps(rng, SLAVE, plain) + init_steps(rng, MASTER, plain)
    if rng.random() < 0.4:
        steps += [("out", ELCR, rng.getrandbits(8)), ("out", ELCR + 1, rng.getrandbits(8))]
    for base in (MASTER, SLAVE):
        steps.append(("out", base + 1, rng.choice([0, 0, rng.getrandbits(8) & rng.getrandbits(8)])))
    return steps


def take_steps(rng, base):
    return [("out", base, POLL), ("in", base + rng.getrandbits(1), None)]


def random_steps(rng, board, plain=False):
    """A few steps that belong together. plain: nothing but what a sane guest does."""
    base = rng.choice([MASTER, SLAVE])
    level = rng.getrandbits(3)
    dice = rng.random()
    if dice < 0.38:
        irq = rng.choice(IRQS)
        chip = board.pic()[irq >> 3]
        return [("line", irq, not chip.lines >> (irq & 7) & 1)]
    if dice < 0.56:
        # As software does: first the master, then the slave if it was the slave's.
        if board.intr():
            trial = board.copy()
            trial.outb(MASTER, POLL)
            if trial.inb(MASTER) == 0x82:
                return take_steps(rng, MASTER) + take_steps(rng, SLAVE)
        return take_steps(rng, base)
    if dice < 0.72:
        command = rng.choice([EOI, EOI, EOI, 0x60 | level, 0x60 | level, 0xa0, 0xe0 | level,
                              0xc0 | level, 0x80, 0x00, 0x40 | level])
        return [("out", base, command)]
    if dice < 0.80:
        return [("out", base + 1, rng.getrandbits(8) & rng.getrandbits(8))]
    if dice < 0.88:
        return [("out", base, rng.choice([READ_IRR, READ_ISR])), ("in", base, None)]
    if dice < 0.91:
        return [("out", base, rng.choice([SMM_ON, SMM_OFF, 0x08, 0x28]))]
    if dice < 0.94:
        return [("in", base + rng.getrandbits(1), None), ("in", ELCR + rng.getrandbits(1), None)]
    if dice < 0.96:
        return init_steps(rng, base, plain)
    if dice < 0.98:
        return [("out", ELCR + rng.getrandbits(1), rng.getrandbits(8))]
    if plain:
        return [("in", base + 1, None)]
    # Whatever a lost guest writes, but for LTIM.
    port, value = base + rng.getrandbits(1), rng.getrandbits(8)
    return [("out", port, value & ~0x08 if value & 0x10 and not port & 1 else value)]


def add_steps(board, steps, skipped, program, answers):
    """Gives the steps to our board and appends them, or leaves them all out if a rule hits one."""
    trial, before, out = board.copy(), board.pic(), []
    for step in steps:
        out.append(ours(trial, step))
        after = trial.pic()
        seen = ("inta", out[-1][0], None) if step[0] == "inta" else step
        for rule in RULES:
            if rule(seen, before, after):
                skipped[rule.__name__] = skipped.get(rule.__name__, 0) + 1
                return board
        before = after
    program += steps
    answers += out
    return trial


def describe(program, at):
    lines = [f"{kind:4} {where:#x}" + (f" {int(value):#x}" if value is not None else "")
             for kind, where, value in program[:at + 1]]
    return "\n".join(lines)


def test_random_programs_give_the_same_answers_and_the_same_int(qemu, board, rng):
    skipped, compared, taken = {}, 0, 0
    for number in range(PROGRAMS):
        program, expected = [], []
        for step in start_steps(rng):       # no rule here: this is what makes both chips equal
            program.append(step)
            expected.append(ours(board, step))
        beginning = len(program)
        while len(program) < beginning + STEPS:
            board = add_steps(board, random_steps(rng, board), skipped, program, expected)
        for at, (want, got) in enumerate(zip(expected, qemu.run(program))):
            if at < beginning - 2:
                continue
            assert want == got, f"program {number}, ours {want}, QEMU {got}:\n" \
                                + describe(program, at)
            compared += 1
            taken += got[0] is not None and got[0] >= 0x80
    print(f"{PROGRAMS} programs, {compared} steps compared, left out: {skipped}")
    assert taken > PROGRAMS     # they did take interrupts
    for rule in RULES:
        assert skipped.get(rule.__name__), f"{rule.__name__} excuses nothing"


def test_random_programs_take_the_same_vectors(qemu, board, rng):
    """As above, but interrupts are taken by QEMU's CPU. It opens itself to one at each "inta"."""
    skipped, vectors = {}, set()
    for number in range(CPU_PROGRAMS):
        program, expected = [], []
        for step in start_steps(rng, plain=True):
            program.append(step)
            expected.append(ours(board, step))
        beginning = len(program)
        while len(program) < beginning + STEPS:
            steps = random_steps(rng, board, plain=True)
            if rng.random() < (0.5 if board.intr() else 0.05):
                steps = [("inta", 0, NO_VECTOR)] * rng.choice([1, 1, 2])
            board = add_steps(board, steps, skipped, program, expected)
        got = qemu.run_on_cpu(program)
        for at in range(beginning, len(program)):
            want = expected[at][0]
            assert want == got[at], f"program {number}, ours {want}, QEMU {got[at]}:\n" \
                                    + describe(program, at)
            if program[at][0] == "inta" and want != NO_VECTOR:
                vectors.add(want)
    print(f"{CPU_PROGRAMS} programs, {len(vectors)} different vectors, left out: {skipped}")
    assert len(vectors) > 200


# ---- each difference by itself ----------------------------------------------------------------

def init(base, icw1=0x11, icw4=0x01):
    return [("out", base, icw1), ("out", base + 1, 0x20 if base == MASTER else 0x28),
            ("out", base + 1, CASCADE if base == MASTER else 2), ("out", base + 1, icw4)]


def poll(base):
    return [("out", base, POLL), ("in", base, None)]


def read(base, register):
    return [("out", base, register), ("in", base, None)]


def up(irq):
    return [("line", irq, True)]


def down(irq):
    return [("line", irq, False)]


def write(port, value):
    return [("out", port, value)]


# (rule, program after the start, last answer and INT by the data sheet, and as QEMU is known to
# give).
DIFFERENCES = [
    (edge_request_withdrawn, up(4) + down(4) + read(MASTER, READ_IRR), (0x00, False), (0x10, True)),
    (slave_int_pulses, init(SLAVE, icw4=1 | AEOI) + up(9) + up(10) + poll(MASTER) + poll(SLAVE)
     + write(MASTER, EOI) + read(MASTER, READ_IRR), (0x04, True), (0x00, False)),
    (special_fully_nested_lower_level, init(MASTER, icw4=1 | SFNM) + up(12) + poll(MASTER)
     + poll(SLAVE) + up(3) + poll(MASTER), (0x00, False), (0x83, False)),
    (non_specific_eoi_of_masked_level, up(3) + poll(MASTER) + write(MASTER + 1, 0x08)
     + write(MASTER, SMM_ON) + write(MASTER, EOI) + read(MASTER, READ_ISR),
     (0x08, False), (0x00, False)),
    (special_mask_mode_moves_int, up(3) + poll(MASTER) + write(MASTER + 1, 0x08) + up(6)
     + write(MASTER, SMM_ON), (None, True), (None, False)),
    (edge_after_icw1_without_a_rise, up(9) + init(MASTER) + write(SLAVE + 1, 0x00)
     + read(MASTER, READ_IRR), (0x00, False), (0x04, True)),
    (request_before_the_last_icw, write(MASTER, 0x11) + up(4), (None, False), (None, True)),
    (elcr_changed_under_a_high_line, up(5) + poll(MASTER) + write(MASTER, EOI) + write(ELCR, 0x20)
     + read(MASTER, READ_IRR), (0x20, True), (0x00, False)),
    (request_changed_under_poll, up(5) + write(MASTER, POLL) + up(0) + [("in", MASTER, None)],
     (0x85, True), (0x80, False)),
    (None, init(MASTER, icw1=0x19) + up(4) + poll(MASTER) + write(MASTER, EOI)
     + read(MASTER, READ_IRR), (0x10, True), (0x00, False)),       # LTIM
]


@pytest.mark.parametrize("rule, program, by_data_sheet, by_qemu", DIFFERENCES,
                         ids=lambda value: getattr(value, "__name__", None))
def test_a_difference_is_where_its_rule_says(qemu, board, rule, program, by_data_sheet, by_qemu):
    start = [("line", irq, False) for irq in IRQS] + write(ELCR, 0) + write(ELCR + 1, 0)
    steps = start + init(SLAVE) + init(MASTER) + program
    expected, hit, before = [], None, board.pic()
    for at, step in enumerate(steps):
        expected.append(ours(board, step))
        after = board.pic()
        hits = [each for each in RULES if each(step, before, after)]
        assert hits in ([], [rule])
        if hits and hit is None:
            hit = at
        before = after
    got = qemu.run(steps)
    assert expected[-1] == by_data_sheet
    assert got[-1] in (by_data_sheet, by_qemu)
    if rule:
        begin = len(steps) - len(program)
        assert hit is not None and hit >= begin
        assert expected[begin:hit] == got[begin:hit]


def test_every_rule_has_its_difference():
    assert {rule for rule, *_ in DIFFERENCES if rule} == set(RULES)
