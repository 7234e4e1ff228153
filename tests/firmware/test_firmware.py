"""The own firmware, alone on emulated machines: each call, and software that others wrote.

Lintel is not there, so what fails here is the firmware. Bochs and QEMU differ in their chips.
"""

import struct
import subprocess
from pathlib import Path

import pytest

from tests.firmware import calls, images
from tests.firmware.beds import FirmwareBochs, FirmwareQemu
from tests.firmware.calls import FIXED_GEOMETRY, FIXED_SECTORS, make_disk, make_floppy
from tests.real import packages

GRUB = Path("/usr/lib/grub/i386-pc")
FLOPPY_GEOMETRY = (80, 2, 18)
LARGE_SECTORS = (1 << 28) + 16  # the last 16 are out of reach of 28 bits
NO_MIRROR = 1  # in the parameter block
POST_NOTHING_TO_BOOT = b"\x0d"


@pytest.fixture(scope="session", autouse=True)
def firmware():
    subprocess.run(["make", "-s", "-C", images.ROOT, "-f", "guest/firmware/firmware.mk",
                    "build/firmware.bin", "NASM=nasm"], check=True)


@pytest.fixture
def rom(tmp_path):
    """Makes the ROM image that QEMU wants; what else there is, images.rom() says."""
    def make(entry=None, size=65536, **block):
        images.rom(tmp_path / "rom", size, entry, **block)
        return tmp_path / "rom"
    return make


def run_calls(machine, bed):
    with machine:
        calls.converse(machine)
    calls.check_lines(machine.console, bed)


def test_every_call_does_what_it_should_in_qemu(tmp_path, rom):
    disks = (make_floppy(tmp_path), make_disk(tmp_path / "fixed", sectors=FIXED_SECTORS),
             make_disk(tmp_path / "large", sectors=LARGE_SECTORS))
    run_calls(FirmwareQemu(rom(), disks, memory_mib=64), "tcg")


def test_every_call_does_what_it_should_in_bochs(tmp_path, rom):
    disks = ((make_floppy(tmp_path, "RESUMES"), *FLOPPY_GEOMETRY),
             (make_disk(tmp_path / "fixed", sectors=FIXED_SECTORS), *FIXED_GEOMETRY))
    run_calls(FirmwareBochs(rom(size=131072), disks, memory_mib=64), "bochs")


@pytest.mark.parametrize("disks", [0, 1])
def test_without_a_boot_sector_it_says_so_and_stops(tmp_path, rom, disks):
    paths = [make_disk(tmp_path / "empty", sectors=FIXED_SECTORS)] * disks
    with FirmwareQemu(rom(), paths, memory_mib=64) as machine:
        machine.expect("^Lintel: no bootable disk\r\nLintel: nothing to boot\r\n")


def test_it_needs_neither_keyboard_controller_nor_screen(tmp_path, rom):
    disks = [make_floppy(tmp_path)]
    with FirmwareQemu(rom(), disks, machine="pc,i8042=off", vga="none", memory_mib=64) as machine:
        machine.expect("^15h E820 8620")
        machine.expect("^16h 12 0000 0001 0002 0003\r\n")


def test_with_a_screen_it_leaves_com1_alone(tmp_path, rom):
    posts = tmp_path / "posts"
    extra = ["-chardev", f"file,id=posts,path={posts}", "-device",
             "isa-debugcon,iobase=0x80,chardev=posts"]
    with FirmwareQemu(rom(flags=NO_MIRROR), extra=extra, memory_mib=64) as machine:
        while not posts.exists() or not posts.read_bytes().endswith(POST_NOTHING_TO_BOOT):
            machine.pump(0.1)  # raises when the time is over
        machine.pump(0.2)
        assert machine.console == ""


def test_the_memory_map_is_the_loaders(tmp_path, rom):
    areas = ((0, 0x9FC00, 1), (0x100000, 0x700000, 1), (1 << 32, 3 << 32, 1), (7 << 33, 4096, 2))
    machine = FirmwareQemu(rom(memory_map=areas), [make_floppy(tmp_path)], memory_mib=64)
    with machine:
        machine.expect("^15h 88 1C00 .*\r\n15h E801 1C00 0000 1C00 0000\r\n")
        for base, length, kind in areas:
            words = (base & 0xFFFFFFFF, base >> 32, length & 0xFFFFFFFF, length >> 32, kind)
            machine.expect("^ 534D4150 00000014 " + " ".join(f"{word:08X}" for word in words))
        machine.expect("^15h E820 8620")


@pytest.mark.parametrize("bed", ["tcg", "bochs"])
def test_a_cdrom_boots_without_emulation(tmp_path, rom, bed):
    boot = images.assemble("cdboot.asm", tmp_path / "cdboot.bin")
    cdrom = make_disk(tmp_path / "cdrom.iso", images.cdrom(boot))
    machine = (FirmwareBochs(rom(size=131072), cdrom=cdrom, memory_mib=64) if bed == "bochs" else
               FirmwareQemu(rom(), extra=["-cdrom", cdrom], memory_mib=64))
    with machine:
        machine.expect("^00E0 CAFE 0000 0013 00E0 0013 0000 0000 0000 07C0 0004 0000 \r\n"
                       "0000 EL TORITO SPECIFICATION2000 0001 0101 cdboot: done\r\n")


def test_a_warm_boot_does_not_enter_an_image_that_has_run(tmp_path, rom):
    images.assemble("again.asm", tmp_path / "again.bin")
    extra = ["-no-reboot",
             "-device", f"loader,file={tmp_path / 'again.bin'},addr=0x20000,force-raw=on"]
    with FirmwareQemu(rom((0x2000, 0, 0, 0x7C00, 0)), extra=extra, memory_mib=16) as machine:
        assert machine.run_to_end() == "1"


def make_grub(tmp_path):
    """A disk with GRUB behind its boot sector. grub-bios-setup(8) writes the same two numbers."""
    config = tmp_path / "grub.cfg"
    config.write_text("serial --unit=0 --speed=115200\nlsmmap\nls\n", encoding="ascii")
    core_file = tmp_path / "core.img"
    subprocess.run(["grub-mkimage", "-O", "i386-pc", "-p", "(hd0,msdos1)/boot/grub", "-c", config,
                    "-o", core_file, "biosdisk", "part_msdos", "serial", "ls", "lsmmap", "terminal",
                    "normal", "echo", "minicmd"], check=True)
    boot = bytearray((GRUB / "boot.img").read_bytes()[:512])
    core = bytearray(core_file.read_bytes())
    sectors = -(-len(core) // images.SECTOR)
    struct.pack_into("<Q", boot, 0x5C, 1)  # where the first sector of core.img is
    struct.pack_into("<QHH", core, 500, 2, sectors - 1, 0x820)  # and all others
    struct.pack_into("<8BII", boot, 446, 0x80, 0, 2, 0, 0x0C, 0xFE, 0xFF, 0xFF, 2048, 20000)
    boot[510:] = b"\x55\xaa"
    return make_disk(tmp_path / "grub.img", boot + core, FIXED_SECTORS)


def test_grub_boots_to_its_prompt(tmp_path, rom):
    with FirmwareQemu(rom(), [make_grub(tmp_path)], memory_mib=64) as machine:
        machine.expect("base_addr = 0x100000, length = 0x3f00000, available RAM")
        machine.expect("grub> ")
        machine.send("ls (hd0)\r")
        machine.expect("Device hd0: .*Sector size 512B")


def debian_file(package, name):
    """A file of a Debian package that is not installed; it is fetched once."""
    return packages.file_of(package, name).read_bytes()


def start_linux(tmp_path, rom, image, command_line, memory_mib):
    """A kernel by its 16-bit entry, as a loader would leave it: setup at 9000:0, the rest at 1 MiB.

    Linux/x86 boot protocol: setup_sects, type_of_loader, loadflags, heap_end_ptr, cmd_line_ptr.
    """
    setup_size = ((image[0x1F1] or 4) + 1) * images.SECTOR
    setup = bytearray(image[:setup_size])
    assert setup[0x202:0x206] == b"HdrS"
    setup[0x210] = 0xFF
    setup[0x211] |= 0x80
    struct.pack_into("<H", setup, 0x224, 0xDE00)
    struct.pack_into("<I", setup, 0x228, 0x9E000)
    extra = []
    for number, (at, content) in enumerate(((0x90000, setup), (0x100000, image[setup_size:]),
                                            (0x9E000, command_line.encode() + b"\0"))):
        path = tmp_path / f"part{number}"
        path.write_bytes(content)
        extra += ["-device", f"loader,file={path},addr={at:#x},force-raw=on"]
    entry = (0x9020, 0, 0x9000, 0xE000, 0x9000)
    return FirmwareQemu(rom(entry), extra=extra, memory_mib=memory_mib)


def test_memtest_starts_at_its_16_bit_entry(tmp_path, rom):
    image = debian_file("memtest86+", "boot/memtest86+x64.bin")
    with start_linux(tmp_path, rom, image, "console=ttyS0,115200 nosmp nobench", 16) as machine:
        machine.expect(r"#\d  \[", 100)  # emulation is slow: the tests themselves are not for here
        machine.expect("Errors: 0 ")


def test_ipxe_reaches_its_prompt_and_returns_to_the_firmware(tmp_path, rom):
    image = debian_file("ipxe", "boot/ipxe.lkrn")
    with start_linux(tmp_path, rom, image, "", 16) as machine:
        machine.expect("Press Ctrl-B")
        machine.send("\x02")
        machine.expect(r"Lintel: nothing to boot|> ")
