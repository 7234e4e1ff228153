"""guest/vvga.c beside QEMU's -vga std: random programs, every answer compared.

QEMU differs from the books in the points below, each excused by a rule of its own: a step that a
rule names is left out of the random programs, and nothing else is. A test for each rule shows the
difference itself. Input status 1 moves with time here, and with each read in QEMU: its value is not
compared, but what the read does to the attribute controller is.
"""

import pytest

from tests.qtest import qtest, vvga_model

CRTC, CRTC_DATA, STATUS_1 = 0x3d4, 0x3d5, 0x3da
ATTRIBUTE, ATTRIBUTE_READ = 0x3c0, 0x3c1
STATUS_0, ENABLE, SEQUENCER, SEQUENCER_DATA = 0x3c2, 0x3c3, 0x3c4, 0x3c5
MASK, DAC_READ, DAC_WRITE, DAC_DATA = 0x3c6, 0x3c7, 0x3c8, 0x3c9
FEATURE_READ, MISC_READ, GRAPHICS, GRAPHICS_DATA = 0x3ca, 0x3cc, 0x3ce, 0x3cf
MISC_WRITE = STATUS_0
MONO = 0x20         # from 3Dxh down to 3Bxh

PROGRAMS = 3000
STEPS = 60


@pytest.fixture(scope="module")
def qemu():
    with qtest.Machine("-vga", "std") as running:
        yield running


@pytest.fixture(scope="module")
def vga_library():
    return vvga_model.build()


@pytest.fixture
def vga(vga_library):
    return vvga_model.Vga(vga_library)


def look(vga, port):
    """A register of ours, read without its side effects."""
    return vga.copy().inb(port)


def crtc_at(vga):
    """The CRT controller's index port now."""
    return CRTC if look(vga, MISC_READ) & 1 else CRTC - MONO


# ---- where QEMU differs -----------------------------------------------------------------------
# Each rule: (step, ours before it) -> is this where QEMU differs?

def crtc_past_the_last_register(step, vga):
    """The VGA has CRTC 00h to 18h. QEMU stores all 256."""
    kind, port, _ = step
    return port == crtc_at(vga) + 1 and look(vga, port - 1) > 0x18


def sequencer_07h(step, vga):
    """A write to sequencer 07h resets a counter and nothing is stored. QEMU stores it."""
    kind, port, _ = step
    return port == SEQUENCER_DATA and look(vga, SEQUENCER) == 7


def attribute_index_between_index_and_data(step, vga):
    """3C0h gives the index at any time ("Attribute Address Register": read and write). QEMU gives 0
    while it waits for data."""
    if step[:2] != ("in", ATTRIBUTE):
        return False
    trial = vga.copy()
    before = trial.inb(ATTRIBUTE)
    trial.outb(ATTRIBUTE, before ^ 1)
    return trial.inb(ATTRIBUTE) == before


def dac_has_six_bits(step, vga):
    """"Video Digital-to-Analog Converter": 6 bits for each colour. QEMU keeps 8."""
    kind, port, value = step
    return (kind, port) == ("out", DAC_DATA) and value & 0xc0


def feature_control_bits(step, vga):
    """"Feature Control Register": bits 0, 1 (EGA) and 3. QEMU keeps bit 4 alone."""
    kind, port, value = step
    return (kind, port) == ("out", crtc_at(vga) + 6) and value & 0x1b


def switch_sense(step, vga):
    """"Input Status Register 0", bit 4. QEMU's is always 0."""
    return step[:2] == ("in", STATUS_0)


def video_enable(step, vga):
    """"Video Subsystem Enable Register", bit 0. QEMU has none and reads 0."""
    return step[:2] == ("in", ENABLE)


def pel_mask(step, vga):
    """"PEL Mask Register", read and write. QEMU has none and reads 0."""
    return step[:2] == ("in", MASK)


def empty_places(step, vga):
    """3CBh and 3CDh: nothing there is all ones. QEMU reads 0."""
    return step[0] == "in" and step[1] in (0x3cb, 0x3cd)


RULES = [crtc_past_the_last_register, sequencer_07h, attribute_index_between_index_and_data,
         dac_has_six_bits, feature_control_bits, switch_sense, video_enable, pel_mask,
         empty_places]


# ---- random programs --------------------------------------------------------------------------

def start_steps():
    """Every register of both chips gets a value."""
    steps = [("out", MISC_WRITE, 0x67), ("out", STATUS_1, 0), ("in", STATUS_1, None),
             ("out", CRTC, 0x11), ("out", CRTC_DATA, 0)]
    for port, count in ((CRTC, 0x19), (SEQUENCER, 5), (GRAPHICS, 9)):
        for index in range(count):
            steps += [("out", port, index), ("out", port + 1, index)]
    for index in range(0x15):
        steps += [("out", ATTRIBUTE, index), ("out", ATTRIBUTE, index & 0x0f)]
    steps += [("out", MASK, 0xff), ("out", DAC_READ, 0), ("out", DAC_WRITE, 0)]
    steps += [("out", DAC_DATA, index & 0x3f) for index in range(3 * 256)]
    return steps


def random_steps(rng, vga):
    """A few steps that belong together, or anything at all."""
    dice, byte, crtc = rng.random(), rng.getrandbits(8), crtc_at(vga)
    if dice < 0.30:
        port, count = rng.choice([(crtc, 0x19), (crtc, 0x1b), (SEQUENCER, 8), (GRAPHICS, 16)])
        data = ("out", port + 1, byte) if rng.random() < 0.6 else ("in", port + 1, None)
        return [("out", port, rng.randrange(count)), data, ("in", port + 1, None)]
    if dice < 0.35:
        return [("out", crtc, 0x11), ("out", crtc + 1, rng.choice([0x0e, 0x8e]))]
    if dice < 0.50:
        return [("in", crtc + 6, None), ("out", ATTRIBUTE, rng.getrandbits(6)),
                ("out", ATTRIBUTE, byte), ("in", ATTRIBUTE_READ, None), ("in", ATTRIBUTE, None)]
    if dice < 0.60:
        return [("out", ATTRIBUTE, byte & 0x3f)]
    if dice < 0.75:
        return [("out", rng.choice([DAC_READ, DAC_WRITE]), byte)] \
            + [rng.choice([("in", DAC_DATA, None), ("out", DAC_DATA, byte & 0x3f)])
               for _ in range(rng.randint(0, 7))]
    if dice < 0.80:
        return [("out", MISC_WRITE, byte)]
    port = rng.randrange(0x3b0, 0x3e0)
    return [rng.choice([("in", port, None), ("out", port, byte)])]


def ours(vga, step):
    kind, port, value = step
    return vga.outb(port, value) if kind == "out" else vga.inb(port)


def add_steps(vga, steps, skipped, program, answers):
    """Gives the steps to ours and appends them, but for those that a rule names."""
    for step in steps:
        rule = next((rule for rule in RULES if rule(step, vga)), None)
        if rule:
            skipped[rule.__name__] = skipped.get(rule.__name__, 0) + 1
            continue
        status_1 = step[:2] == ("in", crtc_at(vga) + 6)
        answer = ours(vga, step)
        program.append(step)
        answers.append(None if status_1 else answer)


def run(qemu, program):
    for kind, port, value in program:
        qemu.do(f"outb {port:#x} {value:#x}" if kind == "out" else f"inb {port:#x}")
    return [value if kind == "in" else None
            for (kind, _, _), (value, _) in zip(program, qemu.answers())]


def describe(program, at):
    return "\n".join(f"{kind} {port:#x} {value or 0:#x}" for kind, port, value in program[:at + 1])


def test_random_programs_give_the_same_answers(qemu, vga, rng):
    skipped, compared = {}, 0
    for number in range(PROGRAMS):
        program, expected = [], []
        if number == 0:
            add_steps(vga, start_steps(), {}, program, expected)
            end = len(program)
        else:
            end = 0
        while len(program) < end + STEPS:
            add_steps(vga, random_steps(rng, vga), skipped, program, expected)
        for at, (want, got) in enumerate(zip(expected, run(qemu, program))):
            if want is not None:
                assert want == got, \
                    f"program {number}, ours {want:#x}, QEMU {got:#x}:\n" + describe(program, at)
                compared += 1
    print(f"{PROGRAMS} programs, {compared} answers compared, left out: {skipped}")
    assert compared > 10 * PROGRAMS
    for rule in RULES:
        assert skipped.get(rule.__name__), f"{rule.__name__} excuses nothing"


# ---- each difference by itself ----------------------------------------------------------------

def indexed(port, index, value):
    return [("out", port, index), ("out", port + 1, value), ("in", port + 1, None)]


DIFFERENCES = {
    crtc_past_the_last_register: (indexed(CRTC, 0x19, 0x55), 0x00, 0x55),
    sequencer_07h: (indexed(SEQUENCER, 7, 0x55), 0x00, 0x55),
    attribute_index_between_index_and_data: (
        [("in", STATUS_1, None), ("out", ATTRIBUTE, 0x13), ("in", ATTRIBUTE, None)], 0x13, 0x00),
    dac_has_six_bits: ([("out", DAC_WRITE, 1)] + [("out", DAC_DATA, 0xff)] * 3
                       + [("out", DAC_READ, 1), ("in", DAC_DATA, None)], 0x3f, 0xff),
    feature_control_bits: ([("out", STATUS_1, 0xff), ("in", FEATURE_READ, None)], 0x0b, 0x10),
    switch_sense: ([("out", DAC_WRITE, 0)] + [("out", DAC_DATA, 20)] * 3
                   + [("in", STATUS_0, None)], 0x10, 0x00),
    video_enable: ([("out", ENABLE, 1), ("in", ENABLE, None)], 0x01, 0x00),
    pel_mask: ([("out", MASK, 0x0f), ("in", MASK, None)], 0x0f, 0x00),
    empty_places: ([("in", 0x3cb, None)], 0xff, 0x00),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_difference(qemu, vga, rule):
    steps, by_the_book, known = DIFFERENCES[rule]
    steps = [("out", MISC_WRITE, 0x67)] + steps
    assert [ours(vga, step) for step in steps][-1] == by_the_book
    assert run(qemu, steps)[-1] in (by_the_book, known)


def test_both_have_display_and_retrace_bits_that_change(qemu, vga):
    qemu.outb(MISC_WRITE, 0x67)
    theirs = {qemu.inb(STATUS_1) for _ in range(10)}
    mine = {vga.inb(STATUS_1, now_ns) for now_ns in range(0, 20_000_000, 10_000)}
    assert theirs == {0x00, 0x09}
    assert mine == {0x00, 0x01, 0x09}
