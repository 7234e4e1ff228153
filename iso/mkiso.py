#!/usr/bin/python3
"""Makes a bootable image from lintel.elf, a grub.cfg and the files that it names as modules.

The image boots from CD and from a USB stick (copied to it with dd), on BIOS and on UEFI. FILE lands
in the image as /guest/NAME; FILE=/path says otherwise. Equal input gives an equal image, byte for
byte: all dates are SOURCE_DATE_EPOCH.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT_GRUB = os.path.join(HERE, "..", "build", "grub")
BOOT_HYBRID = os.path.join(os.environ.get("GRUB_DIR", "/usr/lib/grub"), "i386-pc/boot_hybrid.img")


def make_iso(output, kernel, config, files=(), grub=DEFAULT_GRUB):
    """Writes the image. config is a path; files are "path" or "path=/name/in/image".

    Raises FileNotFoundError for a missing input, RuntimeError with xorriso's words if that fails.
    """
    tree = {"/boot/lintel.elf": kernel, "/boot/grub/grub.cfg": config,
            "/boot/grub/bios.img": os.path.join(grub, "bios.img"),
            "/boot/grub/efi.img": os.path.join(grub, "efi.img")}
    for entry in files:
        path, _, inside = entry.partition("=")
        tree[inside or "/guest/" + os.path.basename(path)] = path
    for path in tree.values():
        if not os.path.isfile(path):
            raise FileNotFoundError(f"{path}: not there, but the image needs it")

    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "946684800"))
    env = dict(os.environ, SOURCE_DATE_EPOCH=str(epoch), TZ="UTC")
    date = time.strftime("%Y%m%d%H%M%S00", time.gmtime(epoch))
    with tempfile.TemporaryDirectory() as work:
        stripped = os.path.join(work, "lintel.elf")
        strip_debug(kernel, stripped)
        tree["/boot/lintel.elf"] = stripped
        command = ["xorriso", "-report_about", "WARNING", "-as", "mkisofs", "-quiet",
                   "-graft-points", "-R", "-J", "-V", "LINTEL", "--modification-date=" + date,
                   "--set_all_file_dates", date, "-uid", "0", "-gid", "0",
                   "-file-mode", "0444", "-dir-mode", "0555",
                   "-b", "/boot/grub/bios.img", "-no-emul-boot", "-boot-load-size", "4",
                   "-boot-info-table", "--grub2-boot-info", "--grub2-mbr", BOOT_HYBRID,
                   "--protective-msdos-label", "-c", "/boot/grub/boot.cat",
                   "--efi-boot", "/boot/grub/efi.img", "-efi-boot-part", "--efi-boot-image",
                   "-o", output, *(f"{inside}={path}" for inside, path in sorted(tree.items()))]
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
    if done.returncode != 0:
        raise RuntimeError("xorriso: " + done.stdout.decode(errors="replace").strip())


def strip_debug(elf, output):
    """The image needs no DWARF; GRUB loads a small file sooner. Not an ELF file: taken as it is."""
    objcopy = os.environ.get("OBJCOPY", "objcopy")
    done = subprocess.run([objcopy, "--strip-debug", elf, output], capture_output=True, check=False)
    if done.returncode != 0:
        with open(elf, "rb") as source, open(output, "wb") as copy:
            copy.write(source.read())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--kernel", default="build/lintel.elf")
    parser.add_argument("--config", default=os.path.join(HERE, "grub.cfg"), help="your grub.cfg")
    parser.add_argument("--grub", default=DEFAULT_GRUB, help="folder made by mkgrub.py")
    parser.add_argument("files", nargs="*", metavar="FILE[=/path]")
    args = parser.parse_args()
    try:
        make_iso(args.output, args.kernel, args.config, args.files, args.grub)
    except (FileNotFoundError, RuntimeError) as problem:
        sys.exit(f"mkiso: {problem}")


if __name__ == "__main__":
    main()
