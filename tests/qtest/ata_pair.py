"""An ATA channel of ours and QEMU's, with the same drives and the same interface: out(), read(),
block() and irq(), and pair() to do one thing on both and compare."""

import ctypes
import os
import subprocess
import time

from tests.qtest import models, qtest

SOURCES = ["tests/qtest/models_ata.c", "guest/disk.c", "guest/vata.c", "guest/vata_data.c",
           "guest/vata_device.c", "guest/vata_disk.c", "guest/vata_identify.c",
           "guest/vata_sectors.c", "guest/vatapi.c", "guest/vatapi_info.c",
           "guest/vatapi_packet.c", "mm/frames.c", "mm/regions.c"]
LIBRARY = "build/qtest/libmodels_ata.so"
NONE, DISK, CDROM = range(3)
DATA, ERROR, COUNT, LOW, MID, HIGH, DEVICE, STATUS, CONTROL = range(9)
BSY, DRQ, DSC, ERR = 0x80, 0x08, 0x10, 0x01
SRST, NIEN = 0x04, 0x02

CYLINDERS, HEADS, TRACK = 5, 16, 63
DISK_SECTORS = CYLINDERS * HEADS * TRACK
DISC_SECTORS = 301


def build():
    path = os.path.join(models.ROOT, LIBRARY)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-g", "-shared", "-fPIC", "-Wall", "-Wextra",
                    "-Werror", "-I.", "-o", path, *SOURCES], cwd=models.ROOT, check=True)
    library = ctypes.CDLL(path)
    handle, u8, u16, u32 = ctypes.c_void_p, ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32
    drive = [ctypes.c_int, ctypes.c_char_p, ctypes.c_uint64]
    for name, result, *arguments in (
            ("channel_new", handle, *drive, *drive),
            ("channel_out", None, handle, u16, u32, u8),
            ("channel_in", u32, handle, u16, u8),
            ("channel_irq", ctypes.c_bool, handle)):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def contents(kind):
    size = {NONE: 0, DISK: DISK_SECTORS * 512, CDROM: DISC_SECTORS * 2048}[kind]
    return b"".join((n * 40503 & 0xffffffff).to_bytes(4, "little") for n in range(size // 4))


class Ours:
    def __init__(self, library, kinds):
        drives = []
        for kind in kinds:
            image = contents(kind)
            drives += [kind, image, len(image)]
        self.library, self.handle = library, library.channel_new(*drives)

    def out(self, number, value, size=1):
        self.library.channel_out(self.handle, number, value, size)

    def set_control(self, value):
        self.out(CONTROL, value)

    def read(self, *numbers):
        return [self.library.channel_in(self.handle, number, 1) for number in numbers]

    def read_words(self, words):
        return [self.library.channel_in(self.handle, DATA, 2) for _ in range(words)]

    def write_words(self, words):
        for word in words:
            self.out(DATA, word, 2)

    def irq(self):
        return self.library.channel_irq(self.handle)


class Qemu:
    """The primary channel of QEMU's ISA machine. It does its work between two commands of the
    qtest protocol, so settle() waits for the end of BSY."""

    def __init__(self, folder, kinds):
        arguments = []
        for unit, kind in enumerate(kinds):
            if kind == NONE:
                continue
            path = os.path.join(folder, f"drive{unit}")
            with open(path, "wb") as file:
                file.write(contents(kind))
            device = f"ide-cd,drive=d{unit},bus=ide.0,unit={unit}" if kind == CDROM else \
                f"ide-hd,drive=d{unit},bus=ide.0,unit={unit}," \
                f"cyls={CYLINDERS},heads={HEADS},secs={TRACK}"
            readonly = "on" if kind == CDROM else "off"
            arguments += ["-drive", f"if=none,id=d{unit},file={path},format=raw,cache=unsafe,"
                          f"readonly={readonly}", "-device", device]
        self.machine = qtest.Machine(*arguments)
        pics = self.machine.devices("isa-i8259")
        slave = [path for path in pics if not self.machine.property(path, "master")][0]
        self.machine.one(f"irq_intercept_in {slave}")

    def close(self):
        self.machine.__exit__()

    @staticmethod
    def port(number):
        return 0x3f6 if number == CONTROL else 0x1f0 + number

    def settle(self):
        end = time.monotonic() + qtest.TIME_LIMIT_S
        while self.read(CONTROL, CONTROL)[1] & BSY:
            if time.monotonic() > end:
                raise TimeoutError("QEMU's drive stays busy")

    def out(self, number, value, size=1):
        self.machine.one(f"out{'bwl'[size // 2]} {self.port(number):#x} {value:#x}")
        if number in (STATUS, CONTROL):
            self.settle()

    def set_control(self, value):
        """Does not wait for the end of BSY."""
        self.machine.outb(self.port(CONTROL), value)

    def read(self, *numbers):
        for number in numbers:
            self.machine.do(f"inb {self.port(number):#x}")
        return [value for value, _ in self.machine.answers()]

    def read_words(self, words):
        for _ in range(words):
            self.machine.do("inw 0x1f0")
        values = [value for value, _ in self.machine.answers()]
        self.settle()
        return values

    def write_words(self, words):
        for word in words:
            self.machine.do(f"outw 0x1f0 {word:#x}")
        self.machine.answers()
        self.settle()

    def irq(self):
        return self.machine.levels.get(6, False)


class Pair:
    """Both. Each step gives what ours says; a difference that no rule excuses fails the test."""

    def __init__(self, ours, qemu):
        self.ours, self.qemu, self.log = ours, qemu, []

    def out(self, number, value):
        self.log.append(f"out {number} {value:#x}")
        self.ours.out(number, value)
        self.qemu.out(number, value)

    def command(self, code, **registers):
        """Writes the registers named in lower case, then the command."""
        for name in ("error", "count", "low", "mid", "high", "device"):
            if name in registers:
                self.out(globals()[name.upper()], registers[name])
        self.out(STATUS, code)

    def same(self, what, ours, qemu):
        assert ours == qemu, f"{what}: ours {ours}, QEMU's {qemu}, after {self.log[-40:]}"

    def look(self, error_mask=0xff):
        """All registers and the line; returns the status. The rules for all programs: bit 4 of the
        status is obsolete (QEMU clears it in errors), and where an address is not there
        ATA/ATAPI-6 has IDNF ("Error register"), where QEMU aborts."""
        numbers = (ERROR, COUNT, LOW, MID, HIGH, DEVICE, CONTROL)
        ours, qemu = self.ours.read(*numbers), self.qemu.read(*numbers)
        status = ours[6]
        ours[6], qemu[6] = ours[6] & ~DSC, qemu[6] & ~DSC
        if ours[0] == 0x10 and status & ERR:
            ours[0] = 0x04
        ours[0], qemu[0] = ours[0] & error_mask, qemu[0] & error_mask
        self.same("registers", [f"{x:02x}" for x in ours], [f"{x:02x}" for x in qemu])
        self.same("line", self.ours.irq(), self.qemu.irq())
        return status

    def status(self):
        """Reads the status register: the line goes down."""
        ours, qemu = self.ours.read(STATUS)[0], self.qemu.read(STATUS)[0]
        self.same("status", ours & ~DSC, qemu & ~DSC)
        self.same("line", self.ours.irq(), self.qemu.irq())
        return ours

    def take(self, words, comparable=list):
        """comparable: what of the data is the same, from a list of words."""
        self.log.append(f"take {words}")
        ours, qemu = self.ours.read_words(words), self.qemu.read_words(words)
        self.same("data", comparable(ours), comparable(qemu))
        return ours

    def give(self, words):
        self.log.append(f"give {len(words)}")
        self.ours.write_words(words)
        self.qemu.write_words(words)
