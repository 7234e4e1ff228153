"""guest/vi8042.c beside QEMU's i8042 and its keyboard: random programs; every answer and the line
of IRQ 1 compared.

QEMU's keyboard sends at once, so ours gets the time of a byte after each access. Where QEMU differs
from the books, a rule of its own excuses the step: steps that a rule names are left out of the
random programs, and nothing else is. A test for each rule shows the difference itself.
"""

import pytest

from tests.qtest import models_rtckbd, qtest

DATA, COMMAND = 0x60, 0x64
FULL, SYSTEM, LAST_COMMAND = 0x01, 0x04, 0x08
IRQ = 1
BYTE_NS = 1_000_000

PROGRAMS = 1200
STEPS = 60


class Qemu:
    """QEMU's controller: steps are queued, and their answers come together."""

    def __init__(self):
        self.machine = qtest.Machine()
        pics = self.machine.devices("isa-i8259")
        master = [path for path in pics if self.machine.property(path, "master")][0]
        self.machine.one(f"irq_intercept_in {master}")

    def run(self, steps):
        """Returns (value read or None, IRQ 1) for each step."""
        for kind, port, value in steps:
            self.machine.do(f"outb {port:#x} {value:#x}" if kind == "out" else f"inb {port:#x}")
        return [(value if step[0] == "in" else None, levels.get(IRQ, False))
                for step, (value, levels) in zip(steps, self.machine.answers())]


@pytest.fixture(scope="module")
def library():
    return models_rtckbd.build()


@pytest.fixture
def desk(library):
    return models_rtckbd.Desk(library, now_ns=BYTE_NS)


@pytest.fixture(scope="module")
def qemu():
    running = Qemu()
    yield running
    running.machine.__exit__()


class Ours:
    """Our controller, and what it waits for."""

    def __init__(self, desk, waiting=None, argument=None):
        self.desk, self.waiting, self.argument = desk, waiting, argument

    def copy(self):
        return Ours(self.desk.copy(), self.waiting, self.argument)

    def step(self, step):
        """(answer or None, IRQ 1), when the keyboard has had time to send."""
        kind, port, value = step
        answer = None
        if kind == "in":
            answer = self.desk.inb(port)
        else:
            if port == COMMAND:
                self.waiting = value if value in TAKE_DATA else None
            elif self.waiting is None:
                takes = value in TAKE_ARGUMENT and (self.argument is None or value >= 0xed)
                self.argument = value if takes else None
            else:
                self.waiting = None
            self.desk.outb(port, value)
        self.desk.now_ns += BYTE_NS
        return answer, self.desk.keyboard_irq()

    def run(self, steps):
        return [self.step(step) for step in steps]

    def is_full(self):
        return self.copy().desk.inb(COMMAND) & FULL

    def has_more(self):
        """Is there a byte to read, if the keyboard were enabled?"""
        trial = self.copy()
        trial.run(write(COMMAND, 0xae))
        return trial.is_full()

    def command_byte(self):
        trial = self.copy()
        trial.run(READ * 20 + write(COMMAND, 0x20))
        return trial.desk.inb(DATA)


@pytest.fixture
def ours(desk):
    return Ours(desk)


READ = [("in", DATA, None)]
STATUS = [("in", COMMAND, None)]
TAKE_DATA = {*range(0x60, 0x80), 0xd1, 0xd2, 0xd3, 0xd4}
TAKE_ARGUMENT = {0xed, 0xf0, 0xf3}
ANSWER = {0x20, 0xa9, 0xaa, 0xab, 0xc0, 0xd0}


def write(port, *values):
    return [("out", port, value) for value in values]


def set_mode(value):
    return write(COMMAND, 0x60) + write(DATA, value)


def to_keyboard(step, before):
    return step[:2] == ("out", DATA) and before.waiting is None


# ---- where QEMU differs -----------------------------------------------------------------------
# Each rule: (step, before, after) -> is this where QEMU differs? before and after are ours.
# Books: the two IBM references that guest/vi8042.h and guest/vkeyboard.h name.

def there_is_no_mouse(step, before, after):
    """A9h: the mouse port's test fails without a mouse. QEMU always has one."""
    return step == ("out", COMMAND, 0xa9)


def the_manufacturing_jumper_is_not_there(step, before, after):
    """C0h, bit 5. QEMU gives 80h."""
    return step == ("out", COMMAND, 0xc0)


def the_output_port_shows_the_buffers(step, before, after):
    """D0h, bits 4 and 5. QEMU keeps what is written there."""
    return step[:2] == ("out", DATA) and before.waiting == 0xd1 and step[2] & 0x30


def a_reply_waits_for_the_reader(step, before, after):
    """The output buffer is not written while it is full. QEMU drops the old or the new byte."""
    kind, port, value = step
    answers = (kind, port) == ("out", COMMAND) and value in ANSWER
    copies = (kind, port) == ("out", DATA) and before.waiting in (0xd2, 0xd3)
    return (answers or copies) and before.is_full()


def what_is_in_the_output_buffer_stays(step, before, after):
    """A command to the keyboard can only stop what has not left it yet. QEMU takes back the byte
    that the guest could have read."""
    return to_keyboard(step, before) and before.is_full()


def a_disabled_keyboard_leaves_the_interrupt_on(step, before, after):
    """Command byte, bits 0 and 4: one is for the interrupt, one for the clock line. In QEMU bit 4
    masks the interrupt as well."""
    return after.is_full() and after.command_byte() & 0x11 == 0x11


def resend_gives_the_last_byte(step, before, after):
    """FEh to the keyboard. QEMU does not know it."""
    return to_keyboard(step, before) and step[2] == 0xfe


def a_command_is_no_argument(step, before, after):
    """"Set/Reset Status Indicators": a command in place of the argument is done. QEMU takes it as
    the argument."""
    return to_keyboard(step, before) and before.argument and step[2] >= 0xed


def set_3_is_not_there(step, before, after):
    """QEMU has it; we refuse F0h 03h and the commands that are about its keys."""
    return to_keyboard(step, before) and (0xf7 <= step[2] <= 0xfd or
                                          before.argument == 0xf0 and step[2] == 3)


def zero_is_no_command(step, before, after):
    """"Invalid commands" get FEh. QEMU takes 00h."""
    return to_keyboard(step, before) and step[2] == 0 and not before.argument


def the_controller_translates_what_it_passes_on(step, before, after):
    """Command byte, bit 6. QEMU's keyboard translates its reply when it is made."""
    return (step[:2] == ("out", DATA) and before.waiting == 0x60 and before.has_more()
            and (before.command_byte() ^ step[2]) & 0x40)


RULES = [there_is_no_mouse, the_manufacturing_jumper_is_not_there,
         the_output_port_shows_the_buffers, a_reply_waits_for_the_reader,
         what_is_in_the_output_buffer_stays, a_disabled_keyboard_leaves_the_interrupt_on,
         resend_gives_the_last_byte, a_command_is_no_argument, set_3_is_not_there,
         zero_is_no_command, the_controller_translates_what_it_passes_on]

# Without a rule: bits 2 and 3 of the status. Ours are the system flag of the command byte and the
# port last written to; QEMU's first one only ever goes up, with AAh, and its second one is 1.


# ---- random programs that make sense ----------------------------------------------------------

# Quiet and as after power-on: nothing in the buffers, the keyboard in its defaults. The 00h may be
# an argument.
START = (write(COMMAND, 0xae) + READ * 20 + write(DATA, 0x00) + READ * 4 + write(COMMAND, 0xaa)
         + READ + set_mode(0x01) + write(DATA, 0xff) + READ * 4 + write(COMMAND, 0xd1)
         + write(DATA, 0xcf))


def random_steps(rng):
    """A few steps that belong together."""
    dice = rng.random()
    if dice < 0.35:
        return READ * rng.randint(1, 3)
    if dice < 0.45:
        return STATUS
    if dice < 0.53:
        return set_mode(rng.choice([0x01, 0x41, 0x61, 0x00, 0x45, 0x11, rng.getrandbits(8)]))
    if dice < 0.7:
        return write(COMMAND, rng.choice([0x20, 0xaa, 0xab, 0xad, 0xae, 0xd0, 0xdd, 0xdf, 0xc0,
                                          0xa7, 0xa8, 0xa9, 0xff]))
    if dice < 0.75:
        return write(COMMAND, rng.choice([0xd2, 0xd3])) + write(DATA, rng.getrandbits(8))
    if dice < 0.78:
        return write(COMMAND, 0xd1) + write(DATA, rng.choice([0xcf, 0xcd, rng.getrandbits(8) | 1]))
    if dice < 0.9:
        return write(DATA, rng.choice([0xee, 0xf2, 0xf4, 0xf5, 0xf6, 0xfe, 0xff, 0x00,
                                       rng.getrandbits(8)]))
    return write(DATA, rng.choice([0xed, 0xf0, 0xf3])) + READ + write(DATA, rng.randint(0, 3))


def add_steps(ours, steps, skipped, program, answers):
    """Gives the steps to ours and appends them, or leaves them all out if a rule hits one."""
    trial, out = ours, []
    for step in steps:
        before, trial = trial, trial.copy()
        out.append(trial.step(step))
        for rule in RULES:
            if rule(step, before, trial):
                skipped[rule.__name__] = skipped.get(rule.__name__, 0) + 1
                return ours
    program += steps
    answers += out
    return trial


def same(step, want, got):
    if step[:2] == ("in", COMMAND):
        mask = ~(SYSTEM | LAST_COMMAND)
        want, got = (want[0] & mask, want[1]), (got[0] & mask, got[1])
    return want == got


def describe(program, at):
    return "\n".join(f"{kind} {port:#x} {value or 0:#x}" for kind, port, value in
                     program[len(START):at + 1])


def test_random_programs_give_the_same_answers_and_line(qemu, ours, rng):
    skipped, compared, raised = {}, 0, 0
    for number in range(PROGRAMS):
        program, expected = list(START), ours.run(START)
        while len(program) < len(START) + STEPS:
            ours = add_steps(ours, random_steps(rng), skipped, program, expected)
        for at, (want, got) in enumerate(zip(expected, qemu.run(program))):
            if at < len(START):
                continue
            assert same(program[at], want, got), \
                f"program {number}, ours {want}, QEMU {got}:\n" + describe(program, at)
            compared += 1
            raised += want[1]
    print(f"{PROGRAMS} programs, {compared} steps compared, IRQ up after {raised}, "
          f"left out: {skipped}")
    assert raised > PROGRAMS
    for rule in RULES:
        assert skipped.get(rule.__name__), f"{rule.__name__} excuses nothing"


# ---- each difference by itself ----------------------------------------------------------------

START_READS = [step for step in START if step[0] == "in"]

DIFFERENCES = {
    there_is_no_mouse: (write(COMMAND, 0xa9) + READ, [0x02], [0x00]),
    the_manufacturing_jumper_is_not_there: (write(COMMAND, 0xc0) + READ, [0xa0], [0x80]),
    the_output_port_shows_the_buffers: (
        write(COMMAND, 0xd1) + write(DATA, 0xff) + write(COMMAND, 0xd0) + READ, [0xcf], [0xff]),
    a_reply_waits_for_the_reader: (write(COMMAND, 0xaa, 0x20) + READ * 2, [0x55, 0x01],
                                   [0x01, 0x01]),
    what_is_in_the_output_buffer_stays: (write(DATA, 0xee, 0xf4) + READ * 2, [0xee, 0xfa],
                                         [0xfa, 0xfa]),
    resend_gives_the_last_byte: (write(DATA, 0xee) + READ + write(DATA, 0xfe) + READ,
                                 [0xee, 0xee], [0xee, 0xfe]),
    a_command_is_no_argument: (write(DATA, 0xed) + READ + write(DATA, 0xee) + READ,
                               [0xfa, 0xee], [0xfa, 0xfa]),
    set_3_is_not_there: (write(DATA, 0xf0) + READ + write(DATA, 0x03) + READ, [0xfa, 0xfe],
                         [0xfa, 0xfa]),
    zero_is_no_command: (write(DATA, 0x00) + READ, [0xfe], [0xfa]),
    the_controller_translates_what_it_passes_on: (
        write(DATA, 0xf2) + set_mode(0x41) + READ * 3, [0xfa, 0xab, 0x41], [0xfa, 0xab, 0x83]),
}


def values(results):
    return [value for value, _ in results if value is not None][len(START_READS):]



@pytest.mark.parametrize("rule", DIFFERENCES, ids=lambda rule: rule.__name__)
def test_difference(qemu, ours, rule):
    steps, books, known = DIFFERENCES[rule]
    assert values(ours.run(START + steps)) == books
    assert values(qemu.run(START + steps)) in (books, known)


def test_difference_a_disabled_keyboard_leaves_the_interrupt_on(qemu, ours):
    steps = START + set_mode(0x11) + write(COMMAND, 0xaa)
    assert ours.run(steps)[-1] == (None, True)
    assert qemu.run(steps)[-1] == (None, False)


def test_difference_status_bits_2_and_3(qemu, ours):
    steps = (START + set_mode(0x01) + STATUS + write(COMMAND, 0xae) + STATUS
             + set_mode(0x05) + STATUS)
    assert [value & 0x0c for value in values(ours.run(steps))] == [0x00, 0x08, 0x04]
    assert [value & 0x0c for value in values(qemu.run(steps))] == [0x0c] * 3


def test_difference_commands_that_qemu_does_not_know(qemu, ours):
    """21h-3Fh and 61h-7Fh, the RAM; A4h, the password; E0h, the test inputs."""
    steps = START + write(COMMAND, 0x65) + write(DATA, 0x12) + write(COMMAND, 0x25) + READ
    assert values(ours.run(steps)) == [0x12]
    for command, books in ((0xa4, 0xf1), (0xe0, 0x03)):
        steps = START + write(COMMAND, command) + STATUS + READ
        assert values(ours.run(steps)) == [0x19, books]
        assert not values(qemu.run(steps))[0] & FULL
