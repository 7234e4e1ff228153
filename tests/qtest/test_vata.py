"""guest/vata.c beside QEMU's IDE: random commands to a disk and to a CD-ROM drive; every register,
the line of IRQ 14, and all data compared.

What the programs leave out is where QEMU differs from the standard; see test_vata_differences.py.
Look at ata_pair.py for the rules that hold everywhere.
"""

import pytest

from tests.qtest import ata_pair
from tests.qtest.ata_pair import (CDROM, CONTROL, COUNT, DEVICE, DISC_SECTORS, DISK, DISK_SECTORS,
                                  DRQ, ERR, HEADS, HIGH, LOW, MID, NIEN, NONE, SRST, STATUS, TRACK)

STEPS = 400
EXT, MANY = {0x24, 0x29, 0x34, 0x39, 0x42, 0x27}, {0xc4, 0xc5, 0x29, 0x39}
READS, WRITES = (0x20, 0x21, 0x24, 0xc4, 0x29), (0x30, 0x31, 0x34, 0xc5, 0x39)
UNKNOWN = (0x00, 0x01, 0x08, 0x22, 0x50, 0x60, 0xa0, 0xa1, 0xe4, 0xe8, 0xf1, 0xf6, 0xf9)


@pytest.fixture(scope="module")
def ata_library():
    return ata_pair.build()


def nothing(words):
    return None


def toc_words(words):
    """The lead-out has the control bits of the track before it; QEMU lets it be copied."""
    return [0x1400 if word == 0x1600 else word for word in words]


# GET EVENT STATUS NOTIFICATION: MMC-3 counts what follows the length; QEMU leaves out the header.
COMPARABLE = {0x43: toc_words, 0x4a: lambda words: words[1:]}


def make(ata_library, folder, *kinds):
    """After a software reset: at power-on QEMU's error register has no diagnostic code."""
    qemu = ata_pair.Qemu(folder, kinds)
    pair = ata_pair.Pair(ata_pair.Ours(ata_library, kinds), qemu)
    reset(pair)
    return pair


@pytest.fixture(params=[(DISK, NONE), (DISK, CDROM)], ids=["alone", "with-cdrom"])
def disk(ata_library, tmp_path, request):
    pair = make(ata_library, tmp_path, *request.param)
    yield pair
    pair.qemu.close()


@pytest.fixture(params=[(CDROM, NONE), (DISK, CDROM)], ids=["master", "slave"])
def cdrom(ata_library, tmp_path, request):
    pair = make(ata_library, tmp_path, *request.param)
    pair.select = 0x10 if request.param[0] == DISK else 0
    pair.out(DEVICE, pair.select)
    packet(pair, [3, 0, 0, 0, 18], nothing)    # ours has the unit attention of power-on
    yield pair
    pair.qemu.close()


# ---- the disk ---------------------------------------------------------------------------------

def address(pair, rng, code, sector, count):
    """Puts sector and count into the registers, in the way that the command wants or may have."""
    if code in EXT:
        for number, value in ((COUNT, count >> 8), (LOW, sector >> 24), (MID, 0), (HIGH, 0)):
            pair.out(number, value)
    low, device = sector, 0x40 | sector >> 24
    if code not in EXT and rng.random() < 0.4:
        track = sector // TRACK
        low, device = track // HEADS << 8 | sector % TRACK + 1, track % HEADS
    for number, value in ((COUNT, count), (LOW, low), (MID, low >> 8), (HIGH, low >> 16)):
        pair.out(number, value & 0xff)
    pair.out(DEVICE, device)


def move(pair, rng, code):
    count = rng.choice((1, 1, 2, 3, 5, 8))
    sector = rng.choice((0, rng.randrange(DISK_SECTORS), DISK_SECTORS - count))
    sector = min(sector, DISK_SECTORS - count)
    address(pair, rng, code, sector, count)
    pair.command(code)
    multiple = pair.multiple if code in MANY else 1
    while True:
        status = pair.look()
        if rng.random() < 0.8:
            pair.status()
        if not status & DRQ:
            break
        words = min(count, multiple) * 256
        count -= min(count, multiple)
        if code in READS:
            pair.take(words)
        else:
            pair.give([rng.randrange(65536) for _ in range(words)])
    assert status & ERR or count == 0


def beyond(pair, rng):
    """Reads of the last sectors and behind them; QEMU finds nothing wrong in VERIFY and SEEK."""
    pair.command(rng.choice((0x20, 0x21)), count=3, low=(DISK_SECTORS - 2) & 0xff,
                 mid=DISK_SECTORS - 2 >> 8, high=0, device=0xe0)
    for _ in range(2):
        pair.look()
        pair.take(256)
    assert pair.look() & ERR


def set_multiple(pair, rng):
    count = rng.choice((0, 1, 2, 4, 8, 16, 3, 32, 255))
    pair.command(0xc6, count=count)
    if not pair.look() & ERR:
        pair.multiple = count


def set_features(pair, rng):
    feature, count = rng.choice(((3, 0), (3, 1), (3, 8), (3, 12), (3, 0x18), (3, 0x80), (2, 0),
                                 (0x82, 0), (0xaa, 0), (0x55, 0), (0xcc, 0), (0x44, 0)))
    pair.command(0xef, error=feature, count=count)


def identify(pair, rng):
    pair.command(0xec)
    pair.look()
    words = pair.take(256, nothing)
    assert words[60] == words[100] == DISK_SECTORS


def reset(pair, rng=None):
    for side in (pair.ours, pair.qemu):
        side.out(CONTROL, SRST)
        side.out(CONTROL, 0)
        side.read(STATUS)       # QEMU asks for an interrupt
    pair.log.append("reset")
    pair.multiple = 16


def registers(pair, rng):
    for _ in range(rng.randrange(1, 6)):
        number = rng.choice((COUNT, LOW, MID, HIGH))
        pair.out(number, rng.randrange(256))
        pair.out(number, rng.randrange(256))
    pair.out(DEVICE, 0x40 | rng.randrange(16))
    if rng.random() < 0.5:
        pair.out(CONTROL, 0x80)
        numbers = (COUNT, LOW, MID, HIGH)
        # Only what was written just now: after a command QEMU's upper half of the count stays.
        pair.same("hob", pair.ours.read(*numbers)[1:], pair.qemu.read(*numbers)[1:])
        pair.out(LOW, 1)


def interrupts_off_and_on(pair, rng):
    """QEMU loses what happens while nIEN is set; a driver that polls reads the status too."""
    pair.status()
    pair.out(CONTROL, NIEN)
    pair.command(0xe7)
    pair.look()
    pair.status()
    pair.out(CONTROL, 0)


def simple(pair, rng):
    pair.command(rng.choice((0x10, 0xe0, 0xe1, 0xe2, 0xe3, 0xe6, 0xe7, 0xea, 0xf8, 0x27)),
                 device=0x40)


def seek_or_verify(pair, rng):
    address(pair, rng, 0x40, rng.randrange(DISK_SECTORS - 8), rng.randrange(1, 8))
    pair.command(rng.choice((0x40, 0x41, 0x70)))
    pair.look()
    pair.command(0xe5)      # after an access, since QEMU knows no standby


def disk_step(pair, rng):
    what = rng.random()
    if what < 0.45:
        code = rng.choice(READS + WRITES)
        move(pair, rng, code)
    elif what < 0.5:
        pair.command(rng.choice(UNKNOWN))
    else:
        rng.choice((beyond, set_multiple, set_features, identify, reset, registers, simple,
                    interrupts_off_and_on, seek_or_verify))(pair, rng)
    pair.look()
    if rng.random() < 0.7:
        pair.status()


def test_a_disk_answers_as_qemus(disk, rng):
    disk.look()
    for _ in range(STEPS):
        disk_step(disk, rng)


# ---- the CD-ROM drive -------------------------------------------------------------------------

def packet(pair, bytes_, comparable=list, limit=0xfffe):
    """Returns (error?, data)."""
    cdb = bytes(bytes_) + bytes(12 - len(bytes_))
    pair.log.append(f"packet {cdb.hex()} limit {limit}")
    pair.command(0xa0, error=0, mid=limit & 0xff, high=limit >> 8)
    pair.look()
    pair.give([cdb[i] | cdb[i + 1] << 8 for i in range(0, 12, 2)])
    data = []
    while pair.look(error_mask=0xfb) & DRQ:
        mid, high = pair.ours.read(MID, HIGH)
        pair.status()
        data += pair.take(((mid | high << 8) + 1) // 2, comparable)
    return bool(pair.status() & ERR), data


def read_disc(pair, rng):
    count = rng.choice((0, 1, 1, 2, 4))
    sector = rng.choice((0, rng.randrange(DISC_SECTORS), DISC_SECTORS - count, DISC_SECTORS - 1,
                         DISC_SECTORS, 0xffffffff, 16))
    where = list(sector.to_bytes(4, "big"))
    return rng.choice(([0x28, 0, *where, 0, 0, count], [0xa8, 0, *where, 0, 0, 0, count],
                       [0xbe, rng.choice((0, 8)), *where, 0, 0, count, rng.choice((0, 0x10))]))


def toc(pair, rng):
    shape = rng.choice(((0, 0, 0), (0, 0, 1), (2, 0, 0xaa), (0, 0, 2), (2, 0x80, 0), (0, 0xc0, 0)))
    return [0x43, shape[0], 0, 0, 0, 0, shape[2], 0, rng.choice((4, 12, 20, 48, 200)), shape[1]]


def others(pair, rng):
    return rng.choice(([0x00], [0x25], [0x1b, 0, 0, 0, 1], [0x1b, 0, 0, 0, 0x10], [0x1e],
                       [0x2b, 0, 0, 0, 0, 5], [0xbb], [0x51, 0, 0, 0, 0, 0, 0, 0, 34],
                       [0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8], [0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8],
                       [0x2a], [0x55], [0x5a, 0, 0xc1, 0, 0, 0, 0, 0, 8],
                       [0x12, 0, 0, 0, 8]))


def cdrom_ata(pair, rng):
    what = rng.choice((0xe7, 0xec, 0x20, 0x24, 0xc4, 0xa1, 0xf0, "reset"))
    if what == "reset":
        reset(pair, rng)
        pair.out(DEVICE, pair.select)
        return
    pair.status()
    pair.command(what)
    pair.out(DEVICE, pair.select)       # with the signature QEMU shows the other device's number
    pair.look()
    if what == 0xa1:
        pair.take(256, lambda words: words[0])


def test_a_cdrom_drive_answers_as_qemus(cdrom, rng):
    for _ in range(STEPS):
        if rng.random() < 0.15:
            cdrom_ata(cdrom, rng)
            continue
        cdb = rng.choice((read_disc, read_disc, toc, others))(cdrom, rng)
        limit = rng.choice((2048, 2048, 0xfffe, 0xffff, 512, 513, 4095, 4096, 100))
        failed, _ = packet(cdrom, cdb, COMPARABLE.get(cdb[0], list), limit)
        if failed:
            failed, sense = packet(cdrom, [3, 0, 0, 0, 18],
                                   lambda words: (words[1], words[6] & 0xff))
            assert not failed and sense[0] & 0x7f == 0x70
