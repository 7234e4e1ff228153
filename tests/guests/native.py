#!/usr/bin/python3
"""Runs guest programs on the machine itself (here: Bochs, without Lintel), as a boot disk.

So each program, and what it is expected to print, is proved before Lintel runs the same file.

    tests/guests/native.py [-v] [NAME ...]      all that have an expectation, else those named
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bed.bochs import Bochs  # noqa: E402
from tests.bed.machine import BedError  # noqa: E402
from tests.guests import expect  # noqa: E402

PROGRAMS = ROOT / "guest" / "programs"
BOOT_SECTOR = Path(__file__).with_name("boot.asm")
CYLINDERS, HEADS, SECTORS = 4, 16, 63

# These lines come last, so they replace those of the bed. An MSR that does not exist raises #GP, as
# on real machines; Bochs alone would let it pass.
DISK_AND_CPU = f"""\
ata0-master: type=disk, path="{{disk}}", mode=flat
ata0-master: cylinders={CYLINDERS}, heads={HEADS}, spt={SECTORS}
boot: disk
cpu: ignore_bad_msrs=0
"""


def assemble(name, out):
    """Builds guest/programs/NAME.asm."""
    nasm(PROGRAMS / f"{name}.asm", out, "-I", f"{PROGRAMS}/")


def nasm(source, out, *options):
    subprocess.run(["nasm", "-f", "bin", "-Wall", "-Werror", *options, source, "-o", out],
                   check=True)


def make_disk(program, disk):
    """A disk image: the boot sector, and the program behind it."""
    boot = disk.with_suffix(".boot")
    nasm(BOOT_SECTOR, boot, f"-DSECTORS={(program.stat().st_size + 511) // 512}")
    with disk.open("wb") as image:
        image.write(boot.read_bytes())
        image.write(program.read_bytes())
        image.truncate(CYLINDERS * HEADS * SECTORS * 512)


def converse(machine, typist, verbose):
    """Reads until the guest has ended the machine; types what is due meanwhile."""
    while True:
        data = machine.pump(0.2)
        if data is None:
            break
        if verbose:
            sys.stdout.write(data.decode("ascii", "replace"))
            sys.stdout.flush()
        typed = typist.ready(machine.console) if typist.todo else b""
        if typed:
            machine.send(typed)
    machine.wait()


def run(name, verbose=False):
    """Runs one guest program. Returns (text, complaint); complaint is None if all is well."""
    e = expect.load(name)
    with tempfile.TemporaryDirectory(prefix="guest-") as folder:
        program, disk = Path(folder) / f"{name}.bin", Path(folder) / "disk.img"
        assemble(name, program)
        make_disk(program, disk)
        machine = Bochs(disk, ips=int(e.settings["ips"]), memory_mib=32,
                        time_limit_s=e.timeout_s, extra=DISK_AND_CPU.format(disk=disk))
        try:
            with machine:
                converse(machine, expect.Typist(e), verbose)
        except BedError as error:
            return machine.console, str(error)
    return machine.console, e.mismatch(machine.console)


def main(arguments):
    verbose = "-v" in arguments
    wanted = [a for a in arguments if not a.startswith("-")]
    failed = 0
    for name in wanted or expect.names():
        if not expect.load(name).native and not wanted:
            print(f"{name}: not for the machine itself")
            continue
        started = time.monotonic()
        text, complaint = run(name, verbose)
        took = time.monotonic() - started
        if complaint:
            failed += 1
            if not verbose:
                print(text)
        print(f"{name}: {complaint or 'as expected'} ({took:.1f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
