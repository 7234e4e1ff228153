"""Disk images for the tests of the own firmware, made without any tool but NASM."""

import os
import struct
import subprocess

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
SECTOR = 512
CD_SECTOR = 2048
FLOPPY_SECTORS = 2880
FAT_SECTORS = 9
ROOT_ENTRIES = 224
FIRMWARE_SIZE = 16384
FIRMWARE_AT = 0x10000 - FIRMWARE_SIZE
BLOCK_BOOT = 10  # offsets in the parameter block
BLOCK_FLAGS = 22
BLOCK_MAP_COUNT = 24
BLOCK_MAP = 28


def assemble(source, to, *defines):
    subprocess.run(["nasm", "-f", "bin", "-Werror", "-I", ROOT + "/", "-o", to,
                    *(f"-D{name}" for name in defines), os.path.join(FOLDER, source)], check=True)
    with open(to, "rb") as binary:
        return binary.read()


def fat12(boot_sector, files):
    """A 1440 KiB diskette; files: {"PROGRAM BIN": bytes}."""
    fat = [0xFF0, 0xFFF]
    data = b""
    root = b""
    for name, content in files.items():
        clusters = max(1, -(-len(content) // SECTOR))
        first = len(fat)
        fat += [first + n + 1 for n in range(clusters - 1)] + [0xFFF]
        data += content.ljust(clusters * SECTOR, b"\0")
        root += struct.pack("<11sB14xHI", name.encode(), 0x20, first, len(content))
    packed = bytearray()
    for low, high in zip(fat[::2], (fat + [0])[1::2]):
        packed += bytes((low & 0xFF, low >> 8 | (high & 15) << 4, high >> 4))
    packed = bytes(packed).ljust(FAT_SECTORS * SECTOR, b"\0")
    image = boot_sector + packed * 2 + root.ljust(ROOT_ENTRIES * 32, b"\0") + data
    return image.ljust(FLOPPY_SECTORS * SECTOR, b"\0")


def cdrom(boot_image):
    """A CD-ROM with nothing but a boot record, a boot catalog and a boot image."""
    record = b"\0CD001\1EL TORITO SPECIFICATION".ljust(0x47, b"\0") + struct.pack("<I", 18)
    validation = bytearray(struct.pack("<BBH24sHBB", 1, 0, 0, b"Lintel", 0, 0x55, 0xAA))
    words = sum(struct.unpack("<16H", validation))
    struct.pack_into("<H", validation, 0x1C, -words & 0xFFFF)
    entry = struct.pack("<BBHBBHI", 0x88, 0, 0, 0, 0, -(-len(boot_image) // SECTOR), 19)
    sectors = [b""] * 17 + [record, validation + entry, boot_image]
    return b"".join(sector.ljust(CD_SECTOR, b"\0") for sector in sectors).ljust(64 * CD_SECTOR)


def rom(to, size, entry=None, flags=0, memory_map=()):
    """The firmware as the emulators want it: at the end of size bytes, with its parameter block.
    entry: (CS, IP, SS, SP, DS) to jump there instead of booting a disk; memory_map: (base, length,
    type), each."""
    with open(os.path.join(ROOT, "build", "firmware.bin"), "rb") as binary:
        firmware = bytearray(binary.read())
    if entry:
        cs, ip, ss, sp, ds = entry
        struct.pack_into("<HHHHHH", firmware, BLOCK_BOOT, 1, ip, cs, ss, sp, ds)
    struct.pack_into("<HH", firmware, BLOCK_FLAGS, flags, len(memory_map))
    for number, area in enumerate(memory_map):
        struct.pack_into("<QQI", firmware, BLOCK_MAP + 20 * number, *area)
    with open(to, "wb") as image:
        image.write(b"\xff" * (size - len(firmware)) + firmware)
