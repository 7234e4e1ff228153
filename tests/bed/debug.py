#!/usr/bin/python3
"""Boots the image held at its first instruction, and gdb attached to the machine's own stub.

QEMU holds it: on KVM where that has VT-x, else by emulation (then Lintel can be followed up to its
refusal). Where this is no terminal, or gdb is not there, the line to type is printed instead.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from tests.bed.choose import NO_LIMIT_S  # noqa: E402
from tests.bed.machine import BedError  # noqa: E402
from tests.bed.probe import probe_kvm  # noqa: E402
from tests.bed.qemu import Qemu, QemuKvm  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iso", default="build/lintel.iso")
    parser.add_argument("--elf", default="build/lintel.elf")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    usable, why = probe_kvm()
    with tempfile.TemporaryDirectory(prefix="lintel-gdb-") as work:
        stub = os.path.join(work, "gdb")
        words = ["-S", "-chardev", f"socket,path={stub},server=on,wait=off,id=gdb",
                 "-gdb", "chardev:gdb"]
        gdb = ["gdb", args.elf, "-ex", f"target remote {stub}", "-ex", "hbreak kernel_main",
               "-ex", "continue"]
        bed = QemuKvm if usable else Qemu
        try:
            with bed(args.iso, extra=words, memory_mib=512, time_limit_s=NO_LIMIT_S) as machine:
                print(f"Held at its first instruction in {machine.name} ({why}).", flush=True)
                if shutil.which("gdb") and sys.stdin.isatty():
                    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is gdb's
                    subprocess.run(gdb, check=False)
                    return 0
                quoted = " ".join(f"'{word}'" if " " in word else word for word in gdb)
                print(f"Type this in another terminal:\n  {quoted}\nCtrl-C ends it.", flush=True)
                machine.run_to_end()
        except BedError as problem:
            print(problem, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
