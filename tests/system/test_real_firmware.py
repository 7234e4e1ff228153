"""Firmware as Debian ships it, byte for byte, boots from a disk, a floppy, a CD and GRUB; and so
does Lintel's own. The texts are those that the same files print without Lintel, see
tests/real/native.py."""

from pathlib import Path

import pytest

from real import CONTROL, boot, boot_words, in_order, plain
from tests.firmware import calls
from tests.firmware.beds import TIME
from tests.guests import expect, native
from tests.real import catalogue, images
from tests.real.shell import Shell

SEABIOS = "SeaBIOS (version 1.16.2-debian-1.16.2-1)\n"
DISK = ("boot sector: drive 80\nsector 1 of the disk\nby LBA: sector 1 of the disk\n"
        "boot sector: done\n")
FLOPPY = "Booting from Floppy...\nfloppy: drive 00\na file on the floppy\nfloppy: done\n"
CD = "Booting from DVD/CD...\nCD: drive E0\nCD: volume LINTEL\nCD: done\n"

# By the version of Multiboot; a map's addresses and the sizes of memory depend on the loader.
MULTIBOOT = ["command line: one two\n", "module: 00000009 first word holds: a module\n",
             "module: 00000009 second holds: a module\n", "multiboot: done\n"]
MAP = "map: 0000000000000000 000000000009FC00 1\n"

CALLS_TIME = TIME - 12  # the machine loads its image and boots that long

GRUB_LIMIT_S = 200
LINUX_16 = 2  # of the GRUB disk's menu


@pytest.mark.parametrize("rom", [
    "seabios", pytest.param("seabios256", marks=pytest.mark.long)])
def test_seabios_boots_a_boot_sector(lintel, rom):
    text = plain(lintel.end_well(boot(lintel, rom)))
    assert in_order(text, SEABIOS, "Booting from Hard Disk...\n", DISK) is None


def test_bochs_bios_boots_a_boot_sector_and_shows_its_text_screen(lintel):
    console = lintel.end_well(boot(lintel, "bochsbios"))
    words = " ".join(CONTROL.sub(" ", console).split())  # the cursor jumps over blanks
    wanted = ["Bochs VGABios", "Booting from Hard Disk...", "boot sector: drive 80",
              "sector 1 of the disk", "by LBA: sector 1 of the disk", "boot sector: done"]
    assert in_order(words, *wanted) is None


def test_seabios_boots_a_floppy(lintel):
    text = plain(lintel.end_well(boot(lintel, "floppy")))
    assert in_order(text, SEABIOS, FLOPPY) is None


def test_seabios_boots_a_cd_by_el_torito(lintel):
    text = plain(lintel.end_well(boot(lintel, "cdrom")))
    assert in_order(text, SEABIOS, CD) is None


def test_own_firmware_boots_a_boot_sector(lintel):
    assert DISK in plain(lintel.end_well(boot(lintel, "disk")))


def test_own_firmware_answers_every_call_of_a_program_on_a_diskette(lintel, tmp_path):
    floppy = calls.make_floppy(tmp_path, "RESUMES")
    fixed = calls.make_disk(tmp_path / "fixed.img", sectors=calls.FIXED_SECTORS)
    clock = f"clock: sync=none, time0={CALLS_TIME}"
    words = f"disk={floppy} disk={fixed} mem=64M limit=120"
    machine = boot_words(lintel, words, extra=clock)
    machine.expect("calls: start\r\n", 60)
    begin = machine._seen
    calls.converse(machine, 60)
    said = machine.console_bytes[begin:machine._seen].decode("ascii")
    calls.check_lines("calls: start\n" + said, "lintel")


def test_a_disk_with_a_bios_module_boots_by_that(lintel):
    words = f"disk={catalogue.file('raw')} bios={catalogue.file('bios')} mem=16M"
    text = plain(lintel.end_well(boot_words(lintel, words)))
    assert in_order(text, SEABIOS, "Booting from Hard Disk...\n", DISK) is None


def choose(machine, entry):
    """Picks an entry of the GRUB disk by its digit, on the serial console."""
    machine.expect("will be executed automatically", GRUB_LIMIT_S)
    machine.send(str(entry))


def linux_by_grub(lintel, machine):
    shell = Shell(machine, GRUB_LIMIT_S)
    assert shell.run("cat /proc/cmdline").startswith("BOOT_IMAGE=/vmlinuz console=ttyS0")
    machine.send("machine off\r")
    lintel.end_well(machine)


@pytest.mark.parametrize("firmware", ["grub", pytest.param("owngrub", marks=pytest.mark.long)])
def test_grub_on_a_disk_shows_its_menu_and_a_key_chooses_linux(lintel, firmware):
    machine = boot(lintel, firmware)
    choose(machine, LINUX_16)
    linux_by_grub(lintel, machine)


@pytest.mark.long
def test_grub_without_a_key_boots_linux_by_the_32_bit_entry_after_five_seconds(lintel):
    machine = boot(lintel, "grub")
    machine.expect("will be executed automatically in 5s", GRUB_LIMIT_S)
    linux_by_grub(lintel, machine)


@pytest.mark.parametrize("firmware", ["bios", None])
@pytest.mark.parametrize("entry,version", [
    (6, 1), (7, 2), pytest.param(8, 1, marks=pytest.mark.long)])
def test_grub_on_a_disk_boots_a_multiboot_kernel(lintel, firmware, entry, version):
    rom = f"bios={catalogue.file(firmware)}" if firmware else ""
    words = f"disk={catalogue.file('smallgrub')} {rom} mem=32M"
    machine = boot_words(lintel, words)
    choose(machine, entry)
    text = plain(lintel.end_well(machine))
    magic = {1: "2BADB002", 2: "36D76289"}[version]
    assert in_order(text, f"multiboot {version}: magic {magic} is right\n", *MULTIBOOT) is None


@pytest.mark.parametrize("name", ["multiboot", "multiboot1raw", "multiboot2"])
def test_a_multiboot_kernel_gets_its_command_line_its_modules_and_the_memory_map(lintel, name):
    version = 2 if name == "multiboot2" else 1
    text = plain(lintel.end_well(boot(lintel, name)))
    magic = {1: "2BADB002", 2: "36D76289"}[version]
    greeting = f"multiboot {version}: magic {magic} is right\n"
    assert in_order(text, greeting, "multiboot: done") is None
    for line in (*MULTIBOOT, MAP):
        assert line in text


@pytest.mark.parametrize("program", ["modes", "tsswitch"])
@pytest.mark.parametrize("firmware", ["own", "seabios"])
def test_a_disk_with_a_hard_guest_prints_what_is_expected(lintel, tmp_path, firmware, program):
    binary, disk = tmp_path / f"{program}.bin", Path(tmp_path / "disk.img")
    native.assemble(program, binary)
    native.make_disk(binary, disk)
    rom = f"bios={catalogue.file('bios')} " if firmware == "seabios" else ""
    machine = boot_words(lintel, f"{rom}disk={disk} mem=16M")
    text = plain(lintel.end_well(machine))
    if firmware == "seabios":
        # Its last characters wait for a timer tick, and the program takes the timer before.
        text = text.partition("Booting from Hard Disk")[2].lstrip(".\n")
    assert expect.load(program).mismatch(text, others_between=True) is None


def test_a_disk_is_as_it_was_when_the_machine_starts_again(lintel, tmp_path):
    disk = tmp_path / "count.img"
    images.raw_disk(disk, source="write_boot.asm")
    machine = boot_words(lintel, f"disk={disk} mem=2M repeat=3")
    text = plain(lintel.end_well(machine))
    assert text.count("count: 00 and now 01\n") == 3
