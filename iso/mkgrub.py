#!/usr/bin/python3
"""Makes the two boot images that every Lintel ISO shares: GRUB for a BIOS and GRUB for UEFI.

bios.img is a core image for El Torito; efi.img is a FAT file system that holds
EFI/BOOT/BOOTX64.EFI. Both carry the modules below inside, and no other: the ISO has no module
files. The same GRUB gives the same bytes, at whichever commit of ours: they are made only once.
"""

import argparse
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GRUB = os.environ.get("GRUB_DIR", "/usr/lib/grub")

MODULES = ["normal", "iso9660", "search", "search_fs_file", "multiboot2", "serial", "terminal",
           "test", "echo", "configfile", "ls", "cat", "minicmd", "reboot", "halt"]
BIOS_MODULES = MODULES + ["biosdisk"]
EFI_MODULES = MODULES + ["part_gpt", "part_msdos", "efi_gop"]

FAT_SERIAL = "4c4e544c"
EPOCH = 946684800  # the first second of 2000


def grub_image(platform, modules, output):
    subprocess.run(["grub-mkimage", "-O", platform, "-p", "/boot/grub",
                    "-d", os.path.join(GRUB, platform.replace("-eltorito", "")),
                    "-c", os.path.join(HERE, "embedded.cfg"), "-o", output, *modules], check=True)


def fat_image(efi_program, output):
    """A FAT12 image just large enough for one file in two directories."""
    kib = (os.path.getsize(efi_program) + 1023) // 1024 + 64
    kib += -kib % 32  # whole tracks of the geometry below
    fixed = dict(os.environ, MTOOLS_SKIP_CHECK="1", TZ="UTC", SOURCE_DATE_EPOCH=str(EPOCH))
    os.utime(efi_program, (EPOCH, EPOCH))
    for command in (["mformat", "-C", "-i", output, "-T", str(kib * 2), "-h", "2", "-s", "32",
                     "-N", FAT_SERIAL, "-v", "LINTEL", "::"],
                    ["mmd", "-i", output, "::/EFI", "::/EFI/BOOT"],
                    ["mcopy", "-m", "-i", output, efi_program, "::/EFI/BOOT/BOOTX64.EFI"]):
        subprocess.run(command, env=fixed, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", required=True, help="folder for bios.img and efi.img")
    folder = parser.parse_args().output
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        bios, efi, fat = (os.path.join(work, name) for name in ("bios.img", "x64.efi", "efi.img"))
        grub_image("i386-pc-eltorito", BIOS_MODULES, bios)
        grub_image("x86_64-efi", EFI_MODULES, efi)
        fat_image(efi, fat)
        for made in (bios, fat):
            shutil.copyfile(made, os.path.join(folder, os.path.basename(made)))


if __name__ == "__main__":
    main()
