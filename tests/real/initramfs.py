"""The initramfs of the Linux guests: busybox, /init, the modules for an ATA disk, one own program.

A cpio archive in the "newc" format, made byte by byte so that equal input gives an equal file: no
dates, owner root, inode numbers in order. It is not compressed, since unpacking costs the guest
more than loading does. Spec: Linux, "initramfs buffer format".
"""

import re
import stat
import subprocess
import tempfile
from pathlib import Path

from tests.real import packages

HERE = Path(__file__).resolve().parent
KERNEL_MODULES = "lib/modules/*/kernel"

# A disk, a CD drive, and what can be on them. ext2 is built into the kernel.
WANTED_MODULES = ["pata_legacy", "sd_mod", "sr_mod", "isofs"]

# The commands; busybox has many more, to be had as `busybox NAME`.
APPLETS = """[ cat chmod cmp cp cttyhack date dd devmem df dmesg echo expr false find free grep halt
head hexdump hwclock insmod kill ls lsmod md5sum mkdir mke2fs mkfifo mknod mount mv od poweroff
printf ps pwd reboot rm seq setsid sh sha256sum sleep sort stty sync tail test time top touch tr
true umount uname uptime usleep vi wc xxd yes""".split()

FOLDERS = ["bin", "dev", "mnt", "modules", "proc", "sys", "tmp"]
CONSOLE = (5, 1)  # major and minor number of /dev/console


def record(name, mode, data=b"", inode=0, device=(0, 0)):
    """One file of the archive: the header of 13 numbers in hexadecimal, the name, the bytes."""
    path = name.encode() + b"\0"
    numbers = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0]
    out = b"070701" + b"".join(b"%08X" % n for n in numbers) + path
    out += bytes(-len(out) % 4) + data
    return out + bytes(-len(out) % 4)


def archive(files):
    """files: [(name, mode, data or device)] in the order of the archive; a folder comes first."""
    out = bytearray()
    for inode, (name, mode, content) in enumerate(files, 1):
        if stat.S_ISCHR(mode):
            out += record(name, mode, inode=inode, device=content)
        else:
            out += record(name, mode, content, inode)
    out += record("TRAILER!!!", 0)
    out += bytes(-len(out) % 512)
    return bytes(out)


def depends(module):
    """The names of the modules that this one (its bytes) says it needs."""
    found = re.search(rb"\0depends=([^\0]*)\0", module)
    return [name for name in found[1].decode().split(",") if name] if found else []


def modules(names, tree):
    """[(name, bytes)] of modules and all that they need, in an order in which they load."""
    files = {path.stem.replace("-", "_"): path for path in tree.rglob("*.ko")}
    order = {}

    def add(name):
        name = name.replace("-", "_")
        if name in order:
            return
        if name not in files:
            raise packages.PackageError(f"{packages.LINUX}: has no module {name}")
        content = files[name].read_bytes()
        for needed in depends(content):
            add(needed)
        order[name] = content

    for name in names:
        add(name)
    return list(order.items())


def assemble(source):
    """The bytes of a NASM file of this folder."""
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "out"
        subprocess.run(["nasm", "-f", "bin", "-Wall", "-Werror", "-o", out, HERE / source],
                       check=True)
        return out.read_bytes()


def make(output, with_modules=True):
    """Writes the initramfs for the kernel of packages.LINUX."""
    program, plain, folder = stat.S_IFREG | 0o755, stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755
    files = [(name, folder, b"") for name in FOLDERS]
    files.append(("dev/console", stat.S_IFCHR | 0o600, CONSOLE))
    busybox = packages.file_of("busybox-static", "bin/busybox").read_bytes()
    files += [("bin/busybox", program, busybox),
              *((f"bin/{name}", stat.S_IFLNK | 0o777, b"busybox") for name in APPLETS),
              ("bin/machine", program, assemble("machine.asm")),
              ("init", program, (HERE / "init.sh").read_bytes())]
    chosen = []
    if with_modules:
        chosen = modules(WANTED_MODULES, packages.file_of(packages.LINUX, KERNEL_MODULES))
    files += [(f"modules/{name}.ko", plain, content) for name, content in chosen]
    files.append(("modules/order", plain, "".join(f"{name}.ko\n" for name, _ in chosen).encode()))
    Path(output).write_bytes(archive(files))
