"""guest/programs/debuggee.asm as NASM's listing tells it: labels, instructions, a walk's order.

Nothing of a debugger is in here: what gdb says is compared with it.
"""

import os
import re
import subprocess
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = "guest/programs/debuggee.asm"
ORIGIN = 0x7C00

# "   102 0000118A FF05[D8160000]          <1>  inc dword [counter]"
LINE = re.compile(r" *\d+ ([0-9A-F]{8}) ([0-9A-F()\[\]<>rel:]+)-? *(?:<\d+>)? *(.*)")
LABEL_ONLY = re.compile(r" *\d+ +(?:<\d+>)? *([a-z_0-9.]+):")
# "                   8F3A                  8F3A  spin", the map's "Value" and "Name"
SYMBOL = re.compile(r" *([0-9A-F]+) +[0-9A-F]+  (\S+)")

Instruction = namedtuple("Instruction", "at text")


class Program:
    """The program: symbols by name, its code by listing, its bytes."""

    def __init__(self, folder):
        base = os.path.join(folder, "debuggee")
        with open(os.path.join(ROOT, SOURCE), encoding="utf-8") as source:
            text = source.read()
        with open(base + ".asm", "w", encoding="utf-8") as copy:
            copy.write(f"[map symbols {base}.map]\n{text}")
        subprocess.run(["nasm", "-f", "bin", "-I", os.path.join(ROOT, "guest/programs/"),
                        "-l", base + ".lst", "-o", base + ".bin", base + ".asm"], check=True)
        with open(base + ".bin", "rb") as binary:
            self.bytes = binary.read()
        with open(base + ".map", encoding="ascii") as symbols:
            self.symbols = {m[2]: int(m[1], 16) for m in map(SYMBOL.match, symbols) if m}
        with open(base + ".lst", encoding="utf-8") as listing:
            self.code = self._instructions(listing)

    def __getitem__(self, label):
        return self.symbols[label]

    @staticmethod
    def _instructions(listing):
        found, goes_on = [], False
        for line in listing:
            m = LINE.match(line)
            if m and not goes_on and m[3]:
                found.append(Instruction(ORIGIN + int(m[1], 16), m[3].split(";")[0].strip()))
            goes_on = bool(m) and re.match(r" *\d+ [0-9A-F]{8} [^ ]+- ", line) is not None
        return found

    def between(self, first, end):
        """The instructions from the label first up to the label end."""
        return [i for i in self.code if self[first] <= i.at < self[end]]

    def walk(self, bits):
        """Where RIP is before each step through walk_BITS, from its first instruction on, without
        an end: an INT goes to its handler, each round of a REP counts. Without a monitor trap flag
        (so in Bochs) a step over MOV SS takes the instruction behind it along."""
        body = self.between(f"walk_{bits}", f"called_{bits}")
        handler = self.between(f"called_{bits}", self._after(f"called_{bits}"))
        handler = handler[:2]
        at = 0
        while True:
            yield body[at].at
            if body[at].text.startswith("int"):
                yield from (i.at for i in handler)
            if body[at].text.startswith("rep"):
                yield from [body[at].at] * 2
            at += 2 if re.match(r"mov\s+ss", body[at].text) else 1
            if body[at].text.startswith("ret"):
                at = 1

    def _after(self, label):
        behind = (name for name in self.symbols if self[name] > self[label])
        return min(behind, key=self.__getitem__)

    def sum(self):
        """What the program itself makes of its code."""
        code = self.bytes[self["main"] - ORIGIN:self["code_end"] - ORIGIN]
        words = (int.from_bytes(code[i:i + 4], "little") for i in range(0, len(code) & ~3, 4))
        return sum(words) & 0xFFFFFFFF
