"""Where QEMU's IDE differs from the standard, one test for each point: ours does what ATA/ATAPI-6
(or MMC-3) says, and QEMU does either that or the known other thing.

A difference plays its program on one side and returns what is seen; its docstring says by which
section. DIFFERENCES has what ours and what QEMU's gives.
"""

import pytest

from tests.qtest import ata_pair
from tests.qtest.ata_pair import (CDROM, CONTROL, COUNT, DEVICE, DISK, DRQ, ERR, ERROR, LOW, NIEN,
                                  NONE, SRST, STATUS)


@pytest.fixture(scope="module", params=["ours", "qemu"])
def side(request, tmp_path_factory):
    """(name, a channel with a disk and a CD-ROM drive, one with a disk alone)"""
    name = request.param
    kinds = [(DISK, CDROM), (DISK, NONE)]
    if name == "ours":
        library = ata_pair.build()
        yield name, [ata_pair.Ours(library, pair) for pair in kinds]
        return
    channels = [ata_pair.Qemu(tmp_path_factory.mktemp("drives"), pair) for pair in kinds]
    yield name, channels
    for channel in channels:
        channel.close()


def command(c, code, **registers):
    for name, value in registers.items():
        c.out(getattr(ata_pair, name.upper()), value)
    c.out(STATUS, code)


def reset(c):
    c.out(CONTROL, SRST)
    c.out(CONTROL, 0)


def packet(c, *bytes_, limit=0xfffe):
    cdb = bytes_ + (0,) * (12 - len(bytes_))
    command(c, 0xa0, device=0x10, error=0, mid=limit & 0xff, high=limit >> 8)
    c.write_words([cdb[i] | cdb[i + 1] << 8 for i in range(0, 12, 2)])


def reset_asks_for_no_interrupt(both, alone):
    """"Software reset protocol": INTRQ is not asserted."""
    reset(both)
    return both.irq()


def busy_while_srst_is_set(both, alone):
    """"Software reset protocol": BSY from the write of SRST to after it is cleared."""
    both.set_control(SRST)
    for _ in range(4):
        status = both.read(CONTROL)[0] & 0x80
    both.out(CONTROL, 0)
    return status


def an_interrupt_waits_behind_nien(both, alone):
    """"Device Control register": nIEN only gates the signal."""
    both.read(STATUS)
    both.out(CONTROL, NIEN)
    command(both, 0xe7, device=0)
    both.out(CONTROL, 0)
    return both.irq()


def an_address_that_is_not_there(both, alone):
    """"Error register", IDNF."""
    command(both, 0x20, count=1, low=0, mid=0xff, high=0xff, device=0x40)
    return both.read(ERROR)[0]


def verify_looks_at_the_address(both, alone):
    """"READ VERIFY SECTOR(S)", error outputs."""
    command(both, 0x40, count=1, low=0, mid=0xff, high=0xff, device=0x40)
    return both.read(STATUS)[0] & ERR


def a_write_behind_the_end_takes_no_data(both, alone):
    """"WRITE SECTOR(S)", error outputs; QEMU takes the sector first."""
    command(both, 0x30, count=1, low=0, mid=0xff, high=0xff, device=0x40)
    status = both.read(STATUS)[0] & DRQ
    if status:
        both.write_words([0] * 256)
    return status


def a_sector_number_outside_of_the_track(both, alone):
    """ATA-3, "Addressing": sectors 1 to sectors per track. QEMU goes on to the next track."""
    command(both, 0x40, count=1, low=64, mid=0, high=0, device=0)
    first = both.read(STATUS)[0] & ERR
    command(both, 0x20, count=1, low=64, mid=0, high=0, device=0)
    status = both.read(STATUS)[0]
    if status & DRQ:
        both.read_words(256)
    return first, status & ERR


def all_of_recalibrate(both, alone):
    """ATA-3, "RECALIBRATE": 10h to 1Fh."""
    command(both, 0x15, device=0)
    return both.read(STATUS)[0] & ERR


def standby_shows(both, alone):
    """"CHECK POWER MODE": 00h in standby."""
    command(both, 0xe0, device=0)
    command(both, 0xe5, device=0)
    return both.read(COUNT)[0]


def dma_modes_of_a_drive_without_dma(both, alone):
    """"SET FEATURES", 03h: a mode that is not supported aborts."""
    command(both, 0xef, error=3, count=0x42, device=0)
    return both.read(STATUS)[0] & ERR


def diagnostics_reach_both(both, alone):
    """"EXECUTE DEVICE DIAGNOSTIC": both run it, and device 0 is selected."""
    command(both, 0x90, count=0x33, device=0x10)
    return both.read(DEVICE)[0]


def diagnostics_with_device_1_absent(both, alone):
    """"Device 0 only configurations"."""
    command(alone, 0x90, count=0x33, device=0x10)
    alone.out(DEVICE, 0)
    return alone.read(COUNT)[0]


def an_absent_slave_keeps_no_count(both, alone):
    """QEMU keeps what is written, as device 0 would; drivers then see no device by its status."""
    for number, value in ((DEVICE, 0x10), (COUNT, 0x55), (LOW, 0xaa)):
        alone.out(number, value)
    seen = alone.read(COUNT, LOW, STATUS)
    alone.out(DEVICE, 0)
    return seen


def device_reset_leaves_a_diagnostic_code(both, alone):
    """"DEVICE RESET", outputs: the error register has it, and DEV stays."""
    command(both, 0x08, device=0x10)
    seen = both.read(ERROR, DEVICE)
    both.out(DEVICE, 0)
    return seen


def a_packet_device_takes_idle_immediate(both, alone):
    """"Power Management feature set": mandatory for PACKET devices too."""
    command(both, 0xe1, device=0x10)
    return both.read(STATUS)[0] & ERR


def a_byte_count_of_0_asks_for_an_interrupt(both, alone):
    """"PACKET": the abort ends the command as any."""
    packet(both, 0x03, 0, 0, 0, 18)
    both.read_words(9)
    both.read(STATUS)
    packet(both, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, limit=0)
    return both.irq(), both.read(STATUS)[0] & ERR


def sense_is_told_once(both, alone):
    """SPC-2, "REQUEST SENSE": sense data are cleared by it; no information field is valid."""
    packet(both, 0x2a)
    seen = []
    for _ in range(2):
        packet(both, 0x03, 0, 0, 0, 18)
        words = both.read_words(9)
        seen += [words[0] & 0xff, words[1]]
    return seen


def the_error_register_of_a_refused_packet(both, alone):
    """"PACKET", error outputs: the sense key, and ABRT. QEMU has no ABRT."""
    packet(both, 0x2a)
    return both.read(ERROR)[0]


def an_odd_answer_comes_to_its_end(both, alone):
    """"PACKET PIO data-in": the last word of an odd block is padded. QEMU never gives it."""
    packet(both, 0x12, 0, 0, 0, 5)
    both.read_words(3)
    seen = both.read(STATUS)[0] & DRQ
    if seen:
        command(both, 0x08, device=0x10)
    return seen


DIFFERENCES = (
    (reset_asks_for_no_interrupt, False, True),
    (busy_while_srst_is_set, 0x80, 0),
    (an_interrupt_waits_behind_nien, True, False),
    (an_address_that_is_not_there, 0x10, 0x04),
    (verify_looks_at_the_address, ERR, 0),
    (a_write_behind_the_end_takes_no_data, 0, DRQ),
    (a_sector_number_outside_of_the_track, (ERR, ERR), (0, 0)),
    (all_of_recalibrate, 0, ERR),
    (standby_shows, 0, 0xff),
    (dma_modes_of_a_drive_without_dma, ERR, 0),
    (diagnostics_reach_both, 0xa0, 0xb0),
    (diagnostics_with_device_1_absent, 1, 0x33),
    (an_absent_slave_keeps_no_count, [0xff, 0xff, 0], [0x55, 0xaa, 0]),
    (device_reset_leaves_a_diagnostic_code, [1, 0xb0], [0, 0xa0]),
    (a_packet_device_takes_idle_immediate, 0, ERR),
    (a_byte_count_of_0_asks_for_an_interrupt, (True, ERR), (False, ERR)),
    (sense_is_told_once, [0x70, 5, 0x70, 0], [0xf0, 5, 0xf0, 5]),
    (the_error_register_of_a_refused_packet, 0x54, 0x50),
    (an_odd_answer_comes_to_its_end, 0, DRQ),
)


@pytest.mark.parametrize("program, standard, other", DIFFERENCES,
                         ids=[row[0].__name__ for row in DIFFERENCES])
def test_the_difference(side, program, standard, other):
    name, channels = side
    for channel in channels:
        reset(channel)
        channel.out(DEVICE, 0)
        channel.read(STATUS)
    seen = program(*channels)
    assert seen == standard if name == "ours" else seen in (standard, other)
