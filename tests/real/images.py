"""Disks, a floppy and a CD for the real guests, made by script: equal input gives equal files.

Every image holds what Debian ships plus boot sectors of our own. serial=True makes the boot sectors
write to COM1 too: for a machine whose BIOS shows its text only on a screen.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from tests.real import initramfs, multiboot, packages

HERE = Path(__file__).resolve().parent
GRUB = Path(os.environ.get("GRUB_DIR", "/usr/lib/grub")) / "i386-pc"
GRUB_MODULES = ["biosdisk", "part_msdos", "fat", "serial", "terminal", "linux", "linux16",
                "multiboot", "multiboot2", "normal", "configfile", "echo", "ls", "test", "minicmd",
                "halt", "reboot"]
EMBEDDED = "set root=(hd0,msdos1)\nset prefix=(hd0,msdos1)/grub\nconfigfile /grub/grub.cfg\n"

SECTOR = 512
HEADS, TRACK_SECTORS = 16, 63
FIRST_SECTOR = 2048  # of the partition: one MiB, as is usual
PARTITION_FAT16_LBA = 0x0E
SERIAL_NUMBER = "4c4e544c"

# The line that was measured to be the fastest, and memtest86+'s.
LINUX_ARGS = ("console=ttyS0 panic=-1 nokaslr acpi=off pci=off noapic nolapic quiet nopti "
              "mitigations=off cryptomgr.notests random.trust_cpu=on 8250.nr_uarts=1 i8042.noaux "
              "i8042.nokbd no_timer_check io_delay=none nohz=off highres=off edd=off")
MEMTEST_ARGS = "console=ttyS0,115200 nosmp nobench"

BOCHS_BIOS = Path("/usr/share/bochs/BIOS-bochs-legacy")
VGA_BIOS = Path("/usr/share/vgabios/vgabios.bin")
ROM_BYTES = 256 << 10  # from C0000h to FFFFFh

DISK_TEXT = "sector 1 of the disk\r\n\0"
FLOPPY_TEXT = "a file on the floppy\r\n\0"
CD_NAME = "LINTEL"
MODULE_TEXT = "a module\n"
EMPTY_BYTES = 1 << 20


def assemble(source, output, serial=False):
    subprocess.run(["nasm", "-f", "bin", "-Wall", "-Werror", "-I", f"{HERE}/",
                    *(["-DSERIAL"] if serial else []), "-o", output, HERE / source], check=True)


def fixed_dates():
    """The environment in which mtools and xorriso write no date of today."""
    fixed = dict(os.environ, MTOOLS_SKIP_CHECK="1", TZ="UTC")
    fixed.setdefault("SOURCE_DATE_EPOCH", "946684800")
    return fixed


def mtools(*commands):
    for command in commands:
        subprocess.run([str(word) for word in command], env=fixed_dates(), check=True)


def copy_to_fat(image, files):
    """files: {name on the disk: bytes}."""
    epoch = int(fixed_dates()["SOURCE_DATE_EPOCH"])
    with tempfile.TemporaryDirectory() as work:
        for name, content in files.items():
            path = Path(work) / Path(name).name
            path.write_bytes(content)
            os.utime(path, (epoch, epoch))
            mtools(["mcopy", "-m", "-i", image, path, f"::/{name}"])


def whole_cylinders(sectors):
    """Rounded up: what a BIOS takes for the disk's geometry then fits the image."""
    return sectors + -sectors % (HEADS * TRACK_SECTORS)


def geometry(path):
    """Cylinders, heads, sectors of a disk image made here."""
    return os.path.getsize(path) // SECTOR // HEADS // TRACK_SECTORS, HEADS, TRACK_SECTORS


def raw_disk(output, serial=False, source="disk_boot.asm"):
    """A disk with a boot sector and a text in the sector behind it."""
    with tempfile.TemporaryDirectory() as work:
        boot = Path(work) / "boot"
        assemble(source, boot, serial)
        content = boot.read_bytes() + DISK_TEXT.encode()
    size = whole_cylinders(len(content) // SECTOR + 1) * SECTOR
    Path(output).write_bytes(content + bytes(size - len(content)))


def bochs_bios(output):
    """Bochs' own BIOS, which writes to the screen by the VGA BIOS that it finds at C0000h."""
    vga, bios = (path.read_bytes() for path in (VGA_BIOS, BOCHS_BIOS))
    Path(output).write_bytes(vga + bytes(ROM_BYTES - len(vga) - len(bios)) + bios)


def empty_disk(output):
    """A disk of zeros."""
    Path(output).write_bytes(bytes(EMPTY_BYTES))


def floppy(output, serial=False):
    """A FAT12 floppy of 1.44 MB: the boot sector prints the file HELLO.TXT."""
    Path(output).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as work:
        boot = Path(work) / "boot"
        assemble("floppy_boot.asm", boot, serial)
        mtools(["mformat", "-C", "-f", "1440", "-N", SERIAL_NUMBER, "-B", boot, "-i", output, "::"])
    copy_to_fat(output, {"HELLO.TXT": FLOPPY_TEXT.encode()})


def cdrom(output, serial=False):
    """A CD with an El Torito boot image without emulation."""
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tree"
        tree.mkdir()
        assemble("cd_boot.asm", tree / "boot.img", serial)
        subprocess.run(["xorriso", "-report_about", "WARNING", "-as", "mkisofs", "-quiet", "-R",
                        "-V", CD_NAME, "--modification-date=2000010100000000",
                        "--set_all_file_dates", "2000010100000000", "-uid", "0", "-gid", "0",
                        "-b", "boot.img", "-no-emul-boot", "-boot-load-size", "4",
                        "-o", output, tree], env=fixed_dates(), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def grub_core(work):
    """GRUB's core image, as it lies behind the boot sector. It carries its modules itself."""
    early, core = Path(work) / "early.cfg", Path(work) / "core.img"
    early.write_text(EMBEDDED, encoding="ascii")
    subprocess.run(["grub-mkimage", "-O", "i386-pc", "-p", "(hd0,msdos1)/grub", "-d", GRUB,
                    "-c", early, "-o", core, *GRUB_MODULES], check=True)
    return core.read_bytes()


def boot_record(sectors):
    """Sector 0: GRUB's boot.img, which loads sector 1, and the one partition."""
    record = bytearray((GRUB / "boot.img").read_bytes())
    entry = bytes([0x80, 0xFE, 0xFF, 0xFF, PARTITION_FAT16_LBA, 0xFE, 0xFF, 0xFF])
    entry += FIRST_SECTOR.to_bytes(4, "little") + sectors.to_bytes(4, "little")
    record[440:510] = bytes.fromhex(SERIAL_NUMBER) + bytes(2) + entry + bytes(48)
    return bytes(record)


def grub_menu(linux_args=LINUX_ARGS):
    menu = (HERE / "disk.cfg").read_text(encoding="ascii")
    return menu.replace("@ARGS@", linux_args).replace("@MEMTEST@", MEMTEST_ARGS)


def grub_disk(output, files, linux_args=LINUX_ARGS):
    """A disk with GRUB, its menu on the serial port, and a FAT16 partition with the files."""
    content = {**files, "grub/grub.cfg": grub_menu(linux_args).encode()}
    payload = sum(len(c) + 4096 for c in content.values())
    total = whole_cylinders(FIRST_SECTOR + (payload + payload // 64 + (1 << 20)) // SECTOR)
    sectors = total - FIRST_SECTOR
    with tempfile.TemporaryDirectory() as work:
        core = grub_core(work)
    assert len(core) <= (FIRST_SECTOR - 1) * SECTOR
    with open(output, "wb") as image:
        image.truncate(total * SECTOR)
        image.write(boot_record(sectors))
        image.write(core)
    partition = f"{output}@@{FIRST_SECTOR * SECTOR}"
    mtools(["mformat", "-i", partition, "-T", str(sectors), "-h", str(HEADS), "-s",
            str(TRACK_SECTORS), "-H", str(FIRST_SECTOR), "-N", SERIAL_NUMBER, "-v", "GRUB", "::"],
           ["mmd", "-i", partition, "::/grub"])
    copy_to_fat(partition, content)


def multiboot_files(work):
    """The Multiboot kernels of the GRUB disk's menu, and their module."""
    for kernel, version, kludge in (("mb1.elf", 1, False), ("mb2.elf", 2, False),
                                    ("mb1.bin", 1, True)):
        multiboot.make(work / kernel, version, kludge)
    (work / "hello.txt").write_text(MODULE_TEXT, encoding="ascii")
    return {name: work / name for name in ("mb1.elf", "mb2.elf", "mb1.bin", "hello.txt")}


def small_grub_disk(output):
    """The GRUB disk without what takes long to load: of its menu only the last three work."""
    with tempfile.TemporaryDirectory() as name:
        files = multiboot_files(Path(name))
        grub_disk(output, {name: path.read_bytes() for name, path in files.items()})


def full_grub_disk(output, linux_args=LINUX_ARGS):
    """The GRUB disk with all that its menu names."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        initrd = work / "initrd.img"
        initramfs.make(initrd)
        found = {"vmlinuz": packages.file_of(packages.LINUX, "boot/vmlinuz-*"),
                 "initrd.img": initrd,
                 "memtest.bin": packages.file_of("memtest86+", "boot/memtest86+ia32.bin"),
                 "ipxe.lkrn": packages.file_of("ipxe", "boot/ipxe.lkrn"),
                 **multiboot_files(work)}
        grub_disk(output, {name: path.read_bytes() for name, path in found.items()}, linux_args)
