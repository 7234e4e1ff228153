#!/usr/bin/python3
"""The real guests on the machine itself (here: Bochs, without Lintel), as they boot from a disk.

What the system tests expect of them in Lintel is seen here first.

    tests/real/native.py disk floppy cdrom linux16 linux32 memtest multiboot ...    or all
    tests/real/native.py record       writes native_warnings.txt: what the kernel complains of here
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.real import catalogue, images, shell  # noqa: E402
from tests.real.marked import MarkedBochs  # noqa: E402

WARNINGS = Path(__file__).with_name("native_warnings.txt")
IPS = 50_000_000
LINUX_SETUP = 0x90200  # where GRUB and Lintel put the 16-bit code of a Linux kernel

DISK = """\
ata0-master: type=disk, path="{path}", mode=flat
ata0-master: cylinders={cylinders}, heads={heads}, spt={sectors}
boot: disk
"""
SECOND_DISK = """\
ata0-slave: type=disk, path="{path}", mode=flat, cylinders=0
"""
FLOPPY = """\
ata0-master: type=none
floppya: 1_44="{path}", status=inserted
boot: floppy
"""
# The entries of the GRUB disk's menu, in their order.
MENU = ["linux32", "linux16", "memtest", "ipxe", "say", "multiboot", "multiboot2", "multiboot1raw"]


class Native(MarkedBochs):
    """A PC that boots a disk, a floppy or a CD; the image is copied first, for the guest writes."""

    def __init__(self, path, kind="disk", extra="", **common):
        self.folder = tempfile.TemporaryDirectory(prefix="lintel-native-")
        copy = os.path.join(self.folder.name, os.path.basename(path))
        shutil.copyfile(path, copy)
        if kind == "disk":
            cylinders, heads, sectors = images.geometry(copy)
            extra += DISK.format(path=copy, cylinders=cylinders, heads=heads, sectors=sectors)
        elif kind == "floppy":
            extra += FLOPPY.format(path=copy)
        super().__init__(copy, extra=extra, cores=1, **{"ips": IPS, "time_limit_s": 900, **common})

    def command(self, work, serial_path, serial_port):
        # A start that failed for a passing reason leaves the image locked.
        Path(self.iso + ".lock").unlink(missing_ok=True)
        return super().command(work, serial_path, serial_port)

    def read_to_end(self):
        while self.pump(0.2) is not None:
            pass
        return self.console

    def close(self):
        super().close()
        self.folder.cleanup()


@contextlib.contextmanager
def grub(entry, **machine):
    """A machine that boots the GRUB disk; the entry of its menu is chosen by its digit."""
    with Native(catalogue.file("grub"), **machine) as started:
        started.expect("will be executed automatically")
        started.send(str(MENU.index(entry) + 1))
        yield started


def boot_sector(name, kind, maker):
    """The console of a boot sector that writes to COM1 itself."""
    path = catalogue.made(f"{name}-serial.img", lambda at: maker(at, serial=True))
    with Native(path, kind, memory_mib=32) as machine:
        return machine.read_to_end()


def linux(entry="linux16"):
    """Boots to the shell; returns (instructions from the kernel's first to userland, warnings)."""
    with grub(entry, memory_mib=128, mark=LINUX_SETUP if entry == "linux16" else None) as machine:
        session = shell.Shell(machine)
        warned = session.warnings()
        machine.send("machine off\r")
        machine.read_to_end()
        begin = machine.mark_ticks()
    return (session.start_tsc - begin if begin else None), warned


def linux_disk():
    """A file on a second disk, as the system tests want it on the first."""
    with tempfile.TemporaryDirectory() as folder:
        empty = os.path.join(folder, "empty.img")
        images.empty_disk(empty)
        with grub("linux16", memory_mib=128, extra=SECOND_DISK.format(path=empty)) as machine:
            session = shell.Shell(machine)
            shell.shell_answers(session)
            session.run("ata")
            sectors = session.run("cat /sys/block/sdb/size")
            kept = shell.kept_on_disk(session, "sdb", "a text")
            machine.send("machine off\r")
            machine.read_to_end()
    return f"{sectors} sectors, the file holds: {kept}"


def memtest():
    with grub("memtest", memory_mib=8) as machine:
        machine.expect(r"#4  \[Moving inversions, 8 bit pattern\]", 120)
        return machine.console


def multiboot(entry):
    with grub(entry, memory_mib=32) as machine:
        console = machine.read_to_end()
    return console[console.index("command line"):]


def record():
    _, warned = linux()
    WARNINGS.write_text("".join(line + "\n" for line in warned), encoding="utf-8")
    return WARNINGS.read_text(encoding="utf-8")


REFERENCES = {
    "disk": lambda: boot_sector("raw", "disk", images.raw_disk),
    "floppy": lambda: boot_sector("floppy", "floppy", images.floppy),
    "cdrom": lambda: boot_sector("cd", "cd", images.cdrom),
    "linux16": lambda: "%s instructions to userland" % linux("linux16")[0],
    "linuxdisk": linux_disk,
    "linux32": lambda: "\n".join(linux("linux32")[1]),
    "memtest": lambda: memtest()[-600:].replace("\x1b", "^["),
    "multiboot": lambda: multiboot("multiboot"),
    "multiboot2": lambda: multiboot("multiboot2"),
    "multiboot1raw": lambda: multiboot("multiboot1raw"),
    "record": record,
}


def main(wanted):
    for name in wanted or REFERENCES:
        if name not in REFERENCES or (name == "record" and not wanted):
            print(f"{name}: not run; there are {' '.join(REFERENCES)}")
            continue
        begun = time.monotonic()
        print(f"== {name}\n{REFERENCES[name]()}\n== {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
