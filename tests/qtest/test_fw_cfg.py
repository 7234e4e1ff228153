"""guest/fw_cfg.c beside QEMU's: the same items and files, random accesses and DMA transfers.

Ours is given the items and the files that QEMU has; then both must give the same bytes.
"""

import struct

import pytest

from tests.qtest import models_fwcfg, qtest

SELECTOR, DATA, DMA_HIGH, DMA_LOW = 0x510, 0x511, 0x514, 0x518
LAST = 0x51b
ERROR, READ, SKIP, SELECT, WRITE = 1, 2, 4, 8, 16
FILE_DIRECTORY, FIRST_FILE, FILES = 0x19, 0x20, 32
OWN_KEYS = [0x00, 0x01, 0x03, 0x05, 0x0f]   # what ours has by itself
KEYS = [*range(0x02, 0x19), *range(0x8000, 0x8008)]

RAM = 8 << 20
DESCRIPTORS, BUFFER, BUFFER_SIZE = 0x1000, 0x200000, 0x3000
NOTHING = 0x1f

PROGRAMS = 1500


@pytest.fixture(scope="module")
def library():
    return models_fwcfg.build()


@pytest.fixture(scope="module")
def qemu(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fw_cfg")
    big = folder / "big"
    big.write_bytes(bytes(range(256)) * 37 + b"end")
    long_name = "opt/" + "n" * 51
    with qtest.Machine("-m", "8", "-fw_cfg", "name=opt/b.example,string=hello",
                       "-fw_cfg", f"name=opt/a.example,file={big}",
                       "-fw_cfg", f"name={long_name},string=x",
                       "-fw_cfg", "name=opt/c.example/port,string=port") as running:
        yield running


def item_of(machine, key, length):
    machine.do(f"outw {SELECTOR:#x} {key:#x}")
    for _ in range(length):
        machine.do(f"inb {DATA:#x}")
    return bytes(value for value, _ in machine.answers()[1:])


def files_of(machine):
    """(name, content), by the directory."""
    count = struct.unpack(">I", item_of(machine, FILE_DIRECTORY, 4))[0]
    entries = item_of(machine, FILE_DIRECTORY, 4 + 64 * count)[4:]
    files = []
    for number, (size, key, _, name) in enumerate(struct.iter_unpack(">IHH56s", entries)):
        assert key == FIRST_FILE + number
        files.append((name.rstrip(b"\0").decode(), item_of(machine, key, size)))
    return files


@pytest.fixture
def both(library, qemu):
    board = models_fwcfg.Board(library, RAM)
    for key in KEYS:
        if key not in OWN_KEYS:
            board.set_item(key, item_of(qemu, key, 512))
    for name, content in files_of(qemu):
        board.add_file(name, content)
    pair = models_fwcfg.Both(board, qemu)
    pair.compare([out(SELECTOR, 0, 2), ("write", BUFFER, bytes(BUFFER_SIZE)), out(DMA_HIGH, 0)])
    yield pair
    board.close()


def out(port, value, size=4):
    return ("out", port, size, value)


def swap(value):
    return int.from_bytes(value.to_bytes(4, "big"), "little")


def transfer(control, length, address, at=DESCRIPTORS, high=None):
    """Steps: a descriptor, its start, the answer, and the buffer."""
    steps = [("write", at, struct.pack(">IIQ", control, length, address))]
    if high is not None:
        steps.append(out(DMA_HIGH, swap(high)))
    return steps + [out(DMA_LOW, swap(at)), ("read", at, 16)]


def test_it_says_who_it_is(both):
    answers = both.compare([out(SELECTOR, 0, 2)] + [("in", DATA, 1)] * 6)
    assert bytes(answers) == b"QEMU\0\0"
    assert both.compare([out(SELECTOR, 1, 2)] + [("in", DATA, 1)] * 5) == [3, 0, 0, 0, 0]
    both.compare([("in", port, size) for port in range(0x512, LAST + 1) for size in (1, 2, 4)])


def test_each_item_and_each_file_by_the_data_port_and_by_dma(both):
    names = [name for name, _ in files_of(both.machine)]
    assert {"opt/b.example", "opt/a.example", "opt/c.example/port"} < set(names)
    assert max(map(len, names)) == 55
    compared = 0
    for key in [*range(0x48), *range(0x8000, 0x8010), 0x4000, 0x4019, 0x7fff, 0xc002, 0xffff]:
        length = 2100 if key in (FILE_DIRECTORY, 0x4019) else 80
        steps = [out(SELECTOR, key, 2)] + [("in", DATA, 1)] * length
        steps += transfer(key << 16 | SELECT | READ, 0x2800, BUFFER + 5)
        compared += len(both.compare(steps + [("read", BUFFER, BUFFER_SIZE)]))
    print(f"{compared} answers compared")


# ---- random programs --------------------------------------------------------------------------

def random_transfer(rng):
    key = rng.choice([0, 1, 3, FILE_DIRECTORY, NOTHING, 0x8003, 0x4000, 0xffff, 0x3f,
                      *range(FIRST_FILE, FIRST_FILE + 10)])
    control = rng.choice([READ, READ, READ | SELECT, READ | SELECT, SKIP, SKIP | SELECT, SELECT,
                          WRITE, WRITE | SELECT, 0, rng.getrandbits(5)]) | key << 16
    length = rng.choice([0, 1, 3, 8, rng.randint(0, 100), rng.randint(0, 0x2800)])
    address = BUFFER + rng.randint(0, BUFFER_SIZE - 0x2800)
    if control & (READ | WRITE) and rng.random() < 0.1:
        address = rng.choice([RAM, RAM + 5, 1 << 40, (1 << 63) + 5])    # all of it is not RAM
    high = rng.choice([None, None, 0, 0, 1])
    at = DESCRIPTORS + rng.randint(0, 64)
    begin = max(0, address - BUFFER) if address < RAM else 0
    return transfer(control, length, address, at, high) + [("read", BUFFER + begin, 256)]


def random_steps(rng):
    dice = rng.random()
    if dice < 0.25:
        key = rng.choice([rng.randint(0, 0x48), FIRST_FILE + rng.randint(0, 10), FILE_DIRECTORY,
                          rng.getrandbits(16)])
        return [out(SELECTOR, key, 2)]
    if dice < 0.60:
        return [("in", rng.choice([DATA, DATA, DATA, SELECTOR]), 1)] * rng.randint(1, 20)
    if dice < 0.65:
        return [("in", DATA, rng.choice([2, 4])), ("in", SELECTOR, 2)]
    if dice < 0.70:
        return [("in", rng.randint(0x512, LAST), rng.choice([1, 2, 4]))]
    if dice < 0.75:     # nobody takes these
        return [rng.choice([out(SELECTOR, rng.getrandbits(8), 1), out(DATA, rng.getrandbits(8), 1),
                            out(DATA, rng.getrandbits(16), 2), out(SELECTOR, rng.getrandbits(32)),
                            out(rng.randint(DMA_HIGH, LAST - 1), rng.getrandbits(16), 2),
                            out(rng.randint(DMA_HIGH, LAST), rng.getrandbits(8), 1),
                            out(rng.choice([0x515, 0x516, 0x517]), rng.getrandbits(32))])]
    return random_transfer(rng)


def test_random_programs_give_the_same_answers_and_the_same_ram(both, rng):
    compared, errors, transfers = 0, 0, 0
    for _ in range(PROGRAMS):
        steps = [out(DMA_HIGH, 0)]
        for _ in range(rng.randint(5, 40)):
            steps += random_steps(rng)
        steps.append(("read", BUFFER, BUFFER_SIZE))
        answers = both.compare(steps)
        compared += len(answers)
        controls = [answer[:4] for answer in answers
                    if isinstance(answer, bytes) and len(answer) == 16]
        transfers += len(controls)
        errors += controls.count(struct.pack(">I", ERROR))
    print(f"{PROGRAMS} programs, {compared} answers compared, {transfers} transfers, "
          f"{errors} with the error bit")
    assert transfers > errors > PROGRAMS // 2


# ---- where QEMU differs -----------------------------------------------------------------------

def control_after(answers):
    return struct.unpack(">I", answers[2][:4])[0]


def test_difference_zeros_of_one_transfer_are_limited(both):
    """Ours writes 1 MiB of zeros at most, so that one access has its limit. QEMU has none."""
    for zeros, expected in ((1 << 20, 0), ((1 << 20) + 1, ERROR)):
        steps = transfer(NOTHING << 16 | SELECT | READ, zeros, BUFFER)
        assert control_after(both.ours(steps)) == expected
        assert control_after(both.qemu(steps)) in (0, expected)


def test_difference_a_target_that_leaves_ram_stays_as_it_is(both):
    """The documentation says that the contents are undefined. QEMU copies what fits."""
    steps = [("write", RAM - 8, b"unspoilt")] + transfer(SELECT | READ, 16, RAM - 8)
    steps.append(("read", RAM - 8, 8))
    ours, theirs = both.ours(steps), both.qemu(steps)
    assert control_after(ours[1:]) == control_after(theirs[1:]) == ERROR
    assert ours[-1] == b"unspoilt"
    assert theirs[-1] in (b"unspoilt", b"QEMU" + bytes(4))


def test_difference_a_dword_read_of_the_selector(both):
    """Nothing is said of it. Ours gives the selector's zeros and all ones where nobody is."""
    steps = [out(SELECTOR, 0, 2), ("in", SELECTOR, 4), ("in", DATA, 1)]
    assert both.ours(steps) == [None, 0xffff0000, ord("Q")]
    assert both.qemu(steps) in ([None, 0, ord("Q")], [None, 0xffff0000, ord("Q")])
