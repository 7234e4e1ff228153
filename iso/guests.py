#!/usr/bin/python3
"""Makes a bootable image with menu entries for guests of your own: make iso GUESTS="..."

GUESTS holds one entry of the menu after the other, with ";" between them. An entry is a virtual
machine, or several with "&" between them. The first word of a machine says its kind and its file,
the words behind it what it gets; words are quoted as in a shell.

    linux=FILE        a Linux kernel (bzImage), memtest86+, ipxe.lkrn
    bios=FILE         a ROM image, such as SeaBIOS' bios.bin
    disk=FILE         a disk image, booted by Lintel's own firmware
    multiboot=FILE    a Multiboot kernel, version 1 or 2
    flat=FILE         a flat real-mode program

    initrd=FILE  disk=FILE  cdrom=FILE  floppy=FILE  bios=FILE  module=FILE  symbols=FILE
                      one more file, for the machine before it; a disk with ",ro" behind its name
                      refuses writes; module='FILE WORDS' hands the words over
    fwcfg:NAME=FILE   a file that the guest finds as NAME by fw_cfg
    args='WORDS'      the guest's command line
    name=NAME         what Lintel calls it; without it, made from the file's name
    title='TEXT'      the line in the menu
    mem=128M core=1 entry=64 display=text on-reset=stop limit=60 ...
                      goes to Lintel as it is: see docs/guests.md
    set:loglevel=debug
                      the entry's words for Lintel itself

    make iso GUESTS="linux=/boot/vmlinuz initrd=/tmp/i.img args='console=ttyS0' mem=128M"
    make iso GUESTS="bios=/usr/share/seabios/bios.bin disk=/tmp/x.img,ro ; disk=/tmp/x.img mem=8M"

The first entry is the one that is booted if nobody chooses.
"""

import argparse
import os
import re
import shlex
import sys
from dataclasses import dataclass, field

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mkiso import DEFAULT_GRUB, make_iso  # noqa: E402

KINDS = ("linux", "bios", "disk", "multiboot", "flat")
ROLES = ("initrd", "disk", "cdrom", "floppy", "bios", "module", "symbols")
MEMORY = {"linux": "128M", "bios": "32M", "disk": "32M", "multiboot": "32M"}
NAME_MAX = 31  # as guest/vm_line.h has it
PLAIN_WORD = re.compile(r"[A-Za-z0-9_./=:,+%@-]+")


class GuestsError(Exception):
    """The text is not as described above. Says which word, and why."""


@dataclass
class Module:
    """A file that a VM gets besides its own."""
    path: str
    words: list
    args: str = ""


@dataclass
class Vm:
    """One virtual machine of an entry."""
    kind: str
    path: str
    name: str = ""
    words: list = field(default_factory=list)
    args: str = ""
    modules: list = field(default_factory=list)


@dataclass
class Entry:
    """A line of the menu."""
    vms: list
    title: str = ""
    options: list = field(default_factory=list)


def parse(text):
    """The entries that a text describes. Raises GuestsError."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    entries, begun = [], None
    try:
        words = list(lexer)
    except ValueError as problem:
        raise GuestsError(f"GUESTS: {problem}") from None
    for word in words:
        if word == ";":
            begun = None
        elif word == "&":
            if begun is None:
                raise GuestsError("GUESTS: '&' stands between two machines, not before the first")
            begun.vms.append(None)
        elif begun is None:
            begun = Entry([first_word(word)])
            entries.append(begun)
        elif begun.vms[-1] is None:
            begun.vms[-1] = first_word(word)
        else:
            add_word(begun, begun.vms[-1], word)
    if not entries:
        raise GuestsError("GUESTS: names no guest")
    for entry in entries:
        if None in entry.vms:
            raise GuestsError("GUESTS: nothing stands behind '&'")
        complete(entry)
    return entries


def first_word(word):
    kind, is_pair, path = word.partition("=")
    if kind not in KINDS or not is_pair:
        raise GuestsError(f"GUESTS: {word!r}: a machine begins with its kind and file: "
                          + ", ".join(f"{known}=FILE" for known in KINDS))
    return Vm(kind, existing(path, word))


def add_word(entry, vm, word):
    key, is_pair, value = word.partition("=")
    if not is_pair or not value:
        raise GuestsError(f"GUESTS: {word!r}: is not KEY=VALUE")
    if key in ROLES:
        path, _, args = value.partition(" ")
        path, only_read = (path[:-3], ["ro"]) if path.endswith(",ro") else (path, [])
        vm.modules.append(Module(existing(path, word), [f"role={key}", *only_read], args))
    elif key.startswith("fwcfg:"):
        vm.modules.append(Module(existing(value, word), ["role=fwcfg", "file=" + key[6:]]))
    elif key.startswith("set:"):
        entry.options.append(word[4:])
    elif key == "args":
        vm.args = value
    elif key == "name":
        vm.name = value
    elif key == "title":
        entry.title = value
    else:
        vm.words.append(word)


def existing(path, word):
    if not os.path.isfile(path):
        raise GuestsError(f"GUESTS: {word!r}: there is no file {path!r}")
    return path


def complete(entry):
    """Fills in what was not said: names, memory, the title."""
    taken = {vm.name for vm in entry.vms}
    for vm in entry.vms:
        if not vm.name:
            stem = re.split(r"[^A-Za-z0-9_]", os.path.basename(vm.path))[0] or vm.kind
            stem = stem[:NAME_MAX - 4]
            vm.name, number = stem, 2
            while vm.name in taken:
                vm.name, number = f"{stem}-{number}", number + 1
            taken.add(vm.name)
        if vm.kind in MEMORY and not any(word.startswith("mem=") for word in vm.words):
            vm.words.insert(0, "mem=" + MEMORY[vm.kind])
    entry.title = entry.title or " and ".join(f"{vm.kind} guest {vm.name}" for vm in entry.vms)


class Files:
    """Which file lies where in the image. A name is used once."""

    def __init__(self):
        self.inside = {}

    def place(self, path):
        path = os.path.abspath(path)
        if path not in self.inside:
            base = re.sub(r"[^A-Za-z0-9_.-]", "_", os.path.basename(path))
            name, number = "/guest/" + base, 2
            while name in self.inside.values():
                name, number = f"/guest/{number}-{base}", number + 1
            self.inside[path] = name
        return self.inside[path]

    def listed(self):
        return [f"{path}={name}" for path, name in self.inside.items()]


def quoted(word):
    """A word for grub.cfg."""
    return word if PLAIN_WORD.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"


def module_line(inside, words, args):
    line = ["module2", inside, *words, *(["--", *args.split()] if args else [])]
    return " ".join(quoted(word) for word in line)


def boot_lines(entry, files):
    """The commands of GRUB that load an entry."""
    yield " ".join(["multiboot2 /boot/lintel.elf", *map(quoted, entry.options)])
    for vm in entry.vms:
        words = [f"vm={vm.name}", f"kind={vm.kind}", *vm.words]
        yield module_line(files.place(vm.path), words, vm.args)
        for module in vm.modules:
            yield module_line(files.place(module.path), [f"vm={vm.name}", *module.words],
                              module.args)


def menu(entries, files):
    """The text for grub.cfg, behind what stands there."""
    out = ["", "set default=guest1", ""]
    for number, entry in enumerate(entries, 1):
        title = entry.title.replace("'", "")
        out += [f"menuentry '{title}' --id guest{number} {{",
                *("\t" + line for line in boot_lines(entry, files)), "}", ""]
    return "\n".join(out)


def make(text, output, kernel, config=None, programs=(), grub=DEFAULT_GRUB):
    """Writes the image. config: the menu that comes before; None boots the first entry at once."""
    entries, files = parse(text), Files()
    made = output + ".cfg"
    if config is None:
        written = "\n".join([*boot_lines(entries[0], files), "boot", ""])
    else:
        with open(config, encoding="utf-8") as base:
            written = base.read() + menu(entries, files)
    with open(made, "w", encoding="utf-8") as out:
        out.write(written)
    mine = [path for path in programs if os.path.abspath(path) not in files.inside]
    make_iso(output, kernel, made, mine + files.listed(), grub)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--kernel", default="build/lintel.elf")
    parser.add_argument("--config", help="a menu that comes before; without it the first entry "
                        "is booted at once")
    parser.add_argument("--grub", default=DEFAULT_GRUB, help="folder made by mkgrub.py")
    parser.add_argument("--guests", default=os.environ.get("GUESTS", ""), metavar="TEXT",
                        help="without it, the variable GUESTS")
    parser.add_argument("files", nargs="*", metavar="FILE", help="more files, into /guest")
    args = parser.parse_args()
    try:
        make(args.guests, args.output, args.kernel, args.config, args.files, args.grub)
    except (GuestsError, FileNotFoundError, RuntimeError) as problem:
        sys.exit(f"guests: {problem}")


if __name__ == "__main__":
    main()
