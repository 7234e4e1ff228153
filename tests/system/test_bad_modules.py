"""A VM whose modules or files are wrong is named with its line, and the others run on."""

import os
import struct

import pytest

import console
from conftest import guest
from tests.guests import expect

HELLO = "/guest/hello.bin"

# The line of a module as in the menu, and what the log says of the word at fault, which it marks.
BAD_WORDS = {
    "vm=ok role=spoon": ("unknown role; there are initrd, disk, cdrom, floppy, bios, module, "
                         "kernel, fwcfg and symbols", "spoon"),
    "vm=ok role=initrd ro": ("this word does not go with role=initrd", "ro"),
    "vm=ok role=disk ro=1": ("this word takes no value", "ro=1"),
    "vm=ok role=disk file=x": ("this word does not go with role=disk", "file"),
    "vm=ok role=fwcfg": ("role=fwcfg needs a name, as in file=etc/show-boot-menu", "role"),
    "vm=ok role=fwcfg file=": ("file= takes a name of 1 to 55 characters", ""),
    "vm=ok role=disk -- words": ("only role=module and role=kernel have words of the guest",
                                 "words"),
    "vm=ok role=disk role=disk": ("this word is there twice", "role"),
    "role=disk": ("vm=NAME is missing", "role=disk"),
}


@pytest.fixture
def files(tmp_path):
    """The files that the tests want, as entries for the image."""
    def entry(name, content):
        path = os.path.join(tmp_path, name)
        with open(path, "wb") as out:
            out.write(content)
        return f"{path}=/guest/{name}"

    return [
        entry("empty.img", b""),
        entry("disk.img", bytes(1024)),
        entry("odd.rom", bytes(5000)),
        entry("small.rom", bytes(512)),
        entry("initrd.gz", bytes(400000)),
        entry("text", b"This is no kernel. " * 100),
        entry("cut.bz", linux_kernel(kernel_bytes=4096)[:2048]),
        entry("linux.bz", linux_kernel(kernel_bytes=1024)),
        entry("lying.mb", multiboot_kernel(load_end=0x200000)),
    ]


def linux_kernel(kernel_bytes):
    """A bzImage of boot protocol 2.04 with one sector of setup."""
    image = bytearray(1024)
    struct.pack_into("<B", image, 0x1f1, 1)
    struct.pack_into("<I", image, 0x1f4, kernel_bytes // 16)
    struct.pack_into("<H", image, 0x1fe, 0xaa55)
    struct.pack_into("<BB4sH", image, 0x200, 0xeb, 0x2e, b"HdrS", 0x204)
    struct.pack_into("<B", image, 0x211, 1)
    struct.pack_into("<I", image, 0x214, 0x100000)
    struct.pack_into("<I", image, 0x22c, 0x37ffffff)
    return bytes(image) + bytes(kernel_bytes)


def multiboot_kernel(load_end):
    """A Multiboot 1 kernel whose header has addresses; the file has 4 KiB."""
    flags = 0x10000
    header = struct.pack("<8I", 0x1badb002, flags, -(0x1badb002 + flags) & 0xffffffff,
                         0x100000, 0x100000, load_end, 0, 0x100020)
    return header.ljust(4096, b"\xf4")


def test_a_bad_line_of_a_module_is_quoted_and_its_vm_is_not_started(lintel, files):
    # Each VM has a name of its own, so that each is refused for one reason.
    words = {line.replace("vm=ok", f"vm=m{i}"): said
             for i, (line, said) in enumerate(BAD_WORDS.items())}
    lines = []
    for i, line in enumerate(words):
        lines.append(f"/guest/disk.img {line}")
        if "vm=" in line:
            lines.append(guest("hello", vm=f"m{i}"))
    lines += ["/guest/disk.img vm=nobody role=disk", "tick"]
    machine = lintel.boot(lines, files=files, cores=2)
    count = len(words) + 1
    assert lintel.end_badly(machine) == f"lintel: done: {count} of {count + 1} guests failed"
    errors = console.errors(machine.console)
    for line, (what, word) in words.items():
        at = errors.index("  " + line)
        assert errors[at - 1] == what
        mark = errors[at + 1][2:]
        assert mark.strip() == "^" + "~" * (max(len(word), 1) - 1)
        assert line[mark.index("^"):].startswith(word)
    for i, line in enumerate(words):
        if "vm=" in line:
            assert "  " + guest("hello", vm=f"m{i}").partition(" ")[2] in errors
    at = errors.index("there is no VM of this name, or it has an error:")
    assert errors[at + 1] == "  vm=nobody role=disk"
    said = console.guest(machine.console, "tick")
    assert expect.load("tick").mismatch(said, others_between=True) is None


MACHINES = {  # VM: its own line, its modules, what the log says
    "roles": (HELLO + " vm=roles kind=flat", ["/guest/disk.img vm=roles role=initrd"],
              "roles: role=initrd is not for kind=flat"),
    "drives": (HELLO + " vm=drives", ["/guest/disk.img vm=drives role=disk"] * 5,
               "drives: not started: more than 4 drives"),
    "many": (HELLO + " vm=many", ["/guest/disk.img vm=many role=floppy"] * 17,
             "many: more than 16 modules"),
    "noimage": (HELLO + " vm=noimage", ["/guest/empty.img vm=noimage role=disk"],
                "noimage: not started: a drive of 0 bytes: invalid input"),
    "nodisk": ("/guest/empty.img vm=nodisk kind=disk mem=2M", [],
               "nodisk: not started: a drive of 0 bytes: invalid input"),
    "notlinux": ("/guest/text vm=notlinux kind=linux mem=2M", [],
                 "notlinux: not started: no Linux kernel: boot_flag is [0-9a-f]{4}, not aa55"),
    "cut": ("/guest/cut.bz vm=cut kind=linux mem=2M", [],
            "cut: not started: the file is cut: syssize says 4096 bytes of kernel, there are 1024"),
    "initrd": ("/guest/linux.bz vm=initrd kind=linux mem=1280K",
               ["/guest/initrd.gz vm=initrd role=initrd"],
               "initrd: not started: no room for the initrd: 400000 bytes below 0x[0-9a-f]+, "
               "1280 KiB of memory"),
    "lying": ("/guest/lying.mb vm=lying kind=multiboot mem=2M", [],
              "lying: not started: load_end_addr 0x200000: the file ends at 0x101000"),
    "nomb": ("/guest/text vm=nomb kind=multiboot mem=2M", [],
             "nomb: not started: no Multiboot header in the first 32 KiB"),
    "odd": ("/guest/odd.rom vm=odd kind=bios mem=2M", [],
            "odd: not started: a ROM has 4 KiB to 16 MiB in steps of 4 KiB, this one 5000 bytes"),
    "small": ("/guest/disk.img vm=small kind=disk mem=2M", ["/guest/small.rom vm=small role=bios"],
              "small: not started: a ROM has 4 KiB to 16 MiB in steps of 4 KiB, "
              "this one 512 bytes"),
    "port": (HELLO + " vm=port debugexit=20", [],
             "port: not started: debugexit= or debugcon=: another device's port"),
    "port2": (HELLO + " vm=port2 debugcon=3f8", [],
              "port2: not started: debugexit= or debugcon=: another device's port"),
}


@pytest.mark.parametrize("cores", [1])
def test_a_vm_that_cannot_be_made_is_named_with_its_line(lintel, files, cores):
    lines = ["tick"]
    for line, modules, _ in MACHINES.values():
        lines += [line, *modules]
    machine = lintel.boot(lines, files=files, cores=cores)
    count = len(MACHINES)
    assert lintel.end_badly(machine) == f"lintel: done: {count} of {count + 1} guests failed"
    errors = console.errors(machine.console)
    for line, _, what in MACHINES.values():
        assert console.logged(machine.console, f"(?:{what})$"), what
        assert "  " + line.partition(" ")[2] in errors
    said = console.guest(machine.console, "tick")
    assert expect.load("tick").mismatch(said, others_between=True) is None


def test_a_module_that_no_firmware_will_use_is_named(lintel, files):
    machine = lintel.boot([HELLO + " vm=own kind=flat firmware=own",
                           "/guest/disk.img vm=own role=floppy"], files=files)
    lintel.end_well(machine)
    assert console.logged(machine.console, "own: role=floppy: its firmware will not use it")
