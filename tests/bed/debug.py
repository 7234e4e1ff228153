#!/usr/bin/python3
"""`make debug`: a guest that waits before its first instruction, and gdb on COM2 of the machine.

GUEST=name is the guest, as for `make run`; the demo without it. gdb is started in this terminal,
and the console goes to build/console.txt. With GDB=no, or where this is no terminal or gdb is not
there, the line to type elsewhere is printed, and this terminal is the console. BED and CORES are as
for `make run`. EARLY=1: QEMU holds the machine at its first instruction, by a stub of its own, to
follow what comes before Lintel's stub is there.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "iso")]

import guests  # noqa: E402
from tests.bed import run as bed_run  # noqa: E402
from tests.bed.choose import NO_LIMIT_S, bed_from_environment  # noqa: E402
from tests.bed.machine import BedError  # noqa: E402
from tests.bed.probe import probe_kvm  # noqa: E402
from tests.bed.qemu import Qemu, QemuKvm  # noqa: E402
from tests.bed.wire import Wire  # noqa: E402
from tests.real import start  # noqa: E402

HELPER = "tests/gdb/lintel_gdb.py"
START_S = 300  # some emulators on some machines are slow
CONSOLE = ROOT / "build" / "console.txt"


def gdb_may_start():
    return os.environ.get("GDB") != "no" and shutil.which("gdb") and sys.stdin.isatty()


def make_image(name, elf):
    """The image of a guest that waits for gdb; None for a name that is not known."""
    words = start.words_of(name)
    if words is None:
        return None
    iso = str(ROOT / "build" / "debug.iso")
    guests.make(f"{words} set:gdb=com2 debug=wait", iso, elf, grub=str(ROOT / "build" / "grub"))
    return iso


def wait_for_guest(machine):
    """Until somebody listens to gdb and its guest has begun; False if the machine ends instead."""
    for sign in (r"\] gdb: ", r": started: "):
        try:
            machine.expect(sign, START_S)
        except BedError:
            print(machine.console, file=sys.stderr)
            return False
    return True


def read_console(machine):
    """Until the machine has ended: what its console says, into a file."""
    with open(CONSOLE, "wb") as out:
        out.write(machine.console_bytes)
        while True:
            data = machine.pump(0.2)
            if data is None:
                return
            out.write(data)
            out.flush()


def debug(name, elf):
    """Boots, and has gdb attached or says how. Returns the exit status."""
    iso = make_image(name, elf)
    if iso is None:
        print(f"GUEST={name} is not known: see make run GUEST=help", file=sys.stderr)
        return 2
    machine, why = bed_from_environment(iso)
    machine.wire = Wire()
    words = ["gdb", "-q", elf, "-x", HELPER, "-ex", f"lintel connect localhost:{machine.wire.port}"]
    print(f"{name} waits in {machine.name} with {machine.cores} cores ({why}).")
    if not gdb_may_start():
        print("Once the guest has started, type this in another terminal:\n\n"
              f"  {shlex.join(words)}\n\nHere is the console; Ctrl-C ends it.\n", flush=True)
        return bed_run.run(machine)
    print(f"The console is in {CONSOLE.relative_to(ROOT)}; the end of gdb ends it.", flush=True)
    with machine:
        if not wait_for_guest(machine):
            return 1
        reader = threading.Thread(target=read_console, args=[machine], daemon=True)
        reader.start()
        run_gdb(words)
    return 0


def run_gdb(words):
    """In this terminal, where Ctrl-C is its own."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    subprocess.run(words, check=False, cwd=ROOT)
    signal.signal(signal.SIGINT, before)


def debug_early(iso, elf):
    """The machine held at its first instruction, and QEMU's stub."""
    usable, why = probe_kvm()
    with tempfile.TemporaryDirectory(prefix="lintel-gdb-") as work:
        stub = os.path.join(work, "gdb")
        words = ["-S", "-chardev", f"socket,path={stub},server=on,wait=off,id=gdb",
                 "-gdb", "chardev:gdb"]
        gdb = ["gdb", elf, "-ex", f"target remote {stub}", "-ex", "hbreak kernel_main",
               "-ex", "continue"]
        bed = QemuKvm if usable else Qemu
        with bed(iso, extra=words, memory_mib=512, time_limit_s=NO_LIMIT_S) as machine:
            print(f"Held at its first instruction in {machine.name} ({why}).", flush=True)
            if gdb_may_start():
                run_gdb(gdb)
                return 0
            print(f"Type this in another terminal:\n\n  {shlex.join(gdb)}\n\nCtrl-C ends it.",
                  flush=True)
            machine.run_to_end()
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iso", default="build/lintel.iso")
    parser.add_argument("--elf", default="build/lintel.elf")
    parser.add_argument("guest", nargs="?", default="demo")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        if os.environ.get("EARLY"):
            return debug_early(args.iso, args.elf)
        return debug(args.guest, args.elf)
    except (BedError, guests.GuestsError, FileNotFoundError, RuntimeError) as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
