"""The real guests by name: what `make run GUEST=name` and the system tests boot.

Each is a text in the words of iso/guests.py, with the files' paths put in when it is asked for, so
that nothing is fetched or made for a guest that nobody wants.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests.real import images, initramfs, multiboot, packages

ROOT = packages.ROOT
MADE = ROOT / "build" / "real"
SEABIOS = "/usr/share/seabios/"


@dataclass
class Guest:
    """text: words of iso/guests.py in which {name} is a file of FILES or of the machine."""
    what: str
    text: str


LINUX = "linux={vmlinuz} initrd={initrd} disk={empty} mem=128M args='{args}'"

GUESTS = {
    "seabios": Guest("SeaBIOS and a boot sector on a disk", "bios={bios} disk={raw} mem=16M"),
    "seabios256": Guest("the 256 KiB SeaBIOS and a boot sector on a disk",
                        "bios={bios256} disk={raw} mem=16M"),
    "bochsbios": Guest("Bochs' own BIOS (its text goes to the screen)",
                       "bios={bochsbios} disk={raw} mem=16M display=text"),
    "grub": Guest("SeaBIOS, GRUB on a disk with its menu on this terminal, Linux and more",
                  "bios={bios} disk={grub} mem=128M"),
    "floppy": Guest("SeaBIOS and a FAT12 floppy", "bios={bios} floppy={floppy} mem=16M"),
    "cdrom": Guest("SeaBIOS and a CD by El Torito", "bios={bios} cdrom={cd} mem=16M"),
    "disk": Guest("Lintel's own firmware and a boot sector on a disk", "disk={raw} mem=16M"),
    "resets": Guest("Lintel's own firmware and a boot sector that resets the machine for ever",
                    "disk={resets} mem=2M"),
    "owngrub": Guest("Lintel's own firmware and GRUB on a disk", "disk={grub} mem=128M"),
    "linux": Guest("Debian's Linux by its 16-bit entry, to a shell (ata: load the disk's modules)",
                   LINUX),
    "linux32": Guest("the same by its 32-bit entry", LINUX + " entry=32"),
    "linux64": Guest("the same by its 64-bit entry", LINUX + " entry=64"),
    "memtest": Guest("memtest86+ by its 16-bit entry", "linux={memtest} mem=8M args='{margs}'"),
    "memtest32": Guest("memtest86+ by its 32-bit entry",
                       "linux={memtest} mem=8M entry=32 args='{margs}'"),
    "memtest64": Guest("the 64-bit memtest86+", "linux={memtest64} mem=32M args='{margs}'"),
    "ipxe": Guest("iPXE, to its prompt by Ctrl-B", "linux={ipxe} mem=32M"),
    "multiboot": Guest("a small Multiboot kernel (version 1) with two modules",
                       "multiboot={multiboot1} module='{hello} first word' module='{hello} second' "
                       "mem=16M args='one two'"),
    "multiboot1raw": Guest("the same for version 1, without ELF",
                           "multiboot={kludge} module='{hello} first word' "
                           "module='{hello} second' mem=16M args='one two'"),
    "multiboot2": Guest("the same for Multiboot 2",
                        "multiboot={multiboot2} module='{hello} first word' "
                        "module='{hello} second' mem=16M args='one two'"),
}

# Files by the names of the texts above: how each is found, or made in the folder MADE.
FOUND = {
    "bios": lambda: SEABIOS + "bios.bin",
    "bios256": lambda: SEABIOS + "bios-256k.bin",
    "vmlinuz": lambda: packages.file_of(packages.LINUX, "boot/vmlinuz-*"),
    "memtest": lambda: packages.file_of("memtest86+", "boot/memtest86+ia32.bin"),
    "memtest64": lambda: packages.file_of("memtest86+", "boot/memtest86+x64.bin"),
    "ipxe": lambda: packages.file_of("ipxe", "boot/ipxe.lkrn"),
    "args": lambda: images.LINUX_ARGS,
    "margs": lambda: images.MEMTEST_ARGS,
}
MAKERS = {
    "initrd": ("initrd.img", initramfs.make),
    "bochsbios": ("bochsbios.bin", images.bochs_bios),
    "raw": ("raw.img", images.raw_disk),
    "resets": ("resets.img", lambda path: images.raw_disk(path, source="reset_boot.asm")),
    "empty": ("empty.img", images.empty_disk),
    "floppy": ("floppy.img", images.floppy),
    "cd": ("cd.iso", images.cdrom),
    "grub": ("grub.img", images.full_grub_disk),
    "smallgrub": ("smallgrub.img", images.small_grub_disk),
    "hello": ("hello.txt", lambda path: path.write_text(images.MODULE_TEXT, encoding="ascii")),
    "multiboot1": ("multiboot1.elf", lambda path: multiboot.make(path, 1)),
    "multiboot2": ("multiboot2.elf", lambda path: multiboot.make(path, 2)),
    "kludge": ("multiboot1.bin", lambda path: multiboot.make(path, 1, kludge=True)),
}


def file(name):
    """The file (or the text) that {name} stands for; made if it is not there.

    Raises PackageError if a package cannot be had.
    """
    if name in FOUND:
        return FOUND[name]()
    return made(*MAKERS[name])


def made(name, make):
    """The file of that name in MADE. It is made anew where one of our sources is newer."""
    MADE.mkdir(parents=True, exist_ok=True)
    path = MADE / name
    sources = Path(__file__).resolve().parent
    newest = max(source.stat().st_mtime for source in sources.iterdir() if source.is_file())
    if not path.exists() or path.stat().st_mtime < newest:
        part = path.with_name(f"{os.getpid()}-{path.name}")  # others may make it too
        make(part)
        part.rename(path)
    return path


def text(name, more=""):
    """The guest in the words of iso/guests.py, with more words behind."""
    template = GUESTS[name].text
    paths = {word: file(word) for word in re.findall(r"{(\w+)}", template)}
    return f"{template.format(**paths)} name={name} {more}".strip()
