#!/usr/bin/python3
"""Shows on which instructions an operation of a guest is spent, function by function.

A guest of a few lines is run in Lintel, in Bochs; its XCHG BX, BX stop Bochs' debugger before and
behind the operation, and each instruction between them is traced.

    tests/bench/breakdown.py cpuid                      one of the operations below
    tests/bench/breakdown.py -a "mov dx, 21h" "in al, dx"     set-up, operation, in NASM's words
    tests/bench/breakdown.py -l out_21                  each instruction, too
"""

import argparse
import bisect
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "iso")]

from mkiso import make_iso  # noqa: E402
from tests.bed.bochs import Bochs  # noqa: E402

# Name: set-up, operation. The set-up runs once before, with the operation, to warm up.
OPERATIONS = {
    "cpuid": ("xor eax, eax", "cpuid"),
    "vmcall": ("mov eax, HYPERCALL_VERSION", "vmcall"),
    "wbinvd": ("", "wbinvd"),
    "in_21": ("mov dx, 21h", "in al, dx"),
    "out_21": ("mov dx, 21h | mov al, 0FFh", "out dx, al"),
    "out_20_eoi": ("mov dx, 20h | mov al, 20h", "out dx, al"),
    "in_40": ("mov dx, 40h", "in al, dx"),
    "in_3fd": ("mov dx, COM1_LSR", "in al, dx"),
    "out_3ff": ("mov dx, COM1_SCR | mov al, 55h", "out dx, al"),
    "out_3f8": ("mov dx, COM1 | mov al, '.'", "out dx, al"),
    "in_80": ("mov dx, 80h", "in al, dx"),
    "rep_outsb_16": ("mov dx, 2e0h | mov si, main | mov cx, 16", "rep outsb"),
    "mov_cr0_cd": ("mov eax, cr0 | xor eax, 40000000h", "mov cr0, eax"),
    "rdmsr": ("mov ecx, 17h", "rdmsr"),
    "unclaimed_write": ("mov ax, 0FFFFh | mov es, ax", "mov [es:10h], al"),
}

GUEST = """\
%define NAME "trace"
%include "lib.inc"
main:
        mov     cx, 2
.again:
        push    cx
{setup}
        cmp     byte [rounds], 1
        jne     .warm_up
        xchg    bx, bx
        {operation}
        xchg    bx, bx
        jmp     .end
.warm_up:
        {operation}
.end:
        pop     cx
        inc     byte [rounds]
        dec     cx
        jnz     .again
        pass
rounds  db 0
"""

GRUB = """\
multiboot2 /boot/lintel.elf
module2 /guest/trace.bin vm=trace kind=flat mem=1M
boot
"""

# "(0).[tick] [0xphysical] selector:offset (context): instruction ; bytes"
TRACED = re.compile(r"^\(0\)\.\[\d+\] \[0x[0-9a-f]+\] [0-9a-f]{4}:([0-9a-f]+) \(.*?\): "
                    r"(.*?)\s*;")


class TracingBochs(Bochs):
    """Bochs with its debugger stopping at XCHG BX, BX, and tracing between the first two."""

    def command(self, work, serial_path, serial_port):
        command = super().command(work, serial_path, serial_port)
        commands = Path(work) / "commands"
        commands.write_text("c\ntrace on\nc\ntrace off\nc\n", encoding="ascii")
        return command


def functions(elf):
    """The functions of the kernel: sorted addresses, and their names."""
    lines = subprocess.run(["nm", "-n", elf], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    symbols = [line.split() for line in lines]
    symbols = [(int(s[0], 16), s[2].split(".")[0]) for s in symbols
               if len(s) == 3 and s[1] in "tT"]  # f.part.0 and f.cold are f
    return [s[0] for s in symbols], [s[1] for s in symbols]


def parse(chatter, addresses, names):
    """The traced instructions as pairs: the function ("guest" for the guest's), the text."""
    tracing = False
    for line in chatter.splitlines():
        if line.startswith("Tracing "):
            tracing = line.startswith("Tracing enabled")
        found = TRACED.match(line)
        if not found or not tracing:
            continue
        at = int(found.group(1), 16)
        where = names[bisect.bisect(addresses, at) - 1] if at >> 63 else "guest"
        yield where, found.group(2)


def run(setup, operation, elf):
    """Traces one operation; returns the list that parse() makes."""
    with tempfile.TemporaryDirectory(prefix="lintel-trace-") as folder:
        source, program = Path(folder) / "trace.asm", Path(folder) / "trace.bin"
        config, iso = Path(folder) / "grub.cfg", Path(folder) / "trace.iso"
        setup = "\n".join(f"        {line.strip()}" for line in setup.split("|"))
        source.write_text(GUEST.format(setup=setup, operation=operation), encoding="ascii")
        subprocess.run(["nasm", "-f", "bin", "-I", f"{ROOT}/guest/programs/", source,
                        "-o", program], check=True)
        config.write_text(GRUB, encoding="ascii")
        make_iso(str(iso), elf, str(config), [str(program)], str(ROOT / "build" / "grub"))
        machine = TracingBochs(str(iso), time_limit_s=300, extra="magic_break: enabled=1")
        with machine:
            machine.run_to_end()
            return list(parse(machine.chatter(), *functions(elf)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("operation", help="a name, or with -a an instruction")
    parser.add_argument("-a", "--after", metavar="SETUP", help="instructions before, '|' between")
    parser.add_argument("-l", "--list", action="store_true", help="each instruction")
    parser.add_argument("--elf", default=os.path.join(ROOT, "build", "lintel.elf"))
    arguments = parser.parse_args()
    if arguments.after is None:
        setup, operation = OPERATIONS[arguments.operation]
    else:
        setup, operation = arguments.after, arguments.operation
    traced = run(setup, operation, arguments.elf)
    if arguments.list:
        for where, text in traced:
            print(f"{where:28} {text}")
    counts = Counter(where for where, _ in traced)
    for where, count in counts.most_common():
        print(f"{count:6}  {where}")
    print(f"{sum(counts.values()):6}  in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
