"""docs/debugging.md is followed word by word: what it shows is what gdb says.

A comment "machine: ..." in the page says what is booted; the blocks behind it, ```gdb, are one
session with it. What differs from one build to the next (form() has it) is compared by its form
only; a line "..." stands for any lines.
"""

import os
import re
import shlex

import pytest

from conftest import ROOT, guest
from tests.bed import Wire
from tests.bed.gdb_session import GdbSession

IPS = 4_000_000  # a byte on the line then costs Bochs 350 instructions
PAGE = os.path.join(ROOT, "docs", "debugging.md")
MACHINE = re.compile(r"<!-- machine: (.*?) -->")
PORT = "localhost:1234"  # in the page


def sessions():
    """[(words of the machine, [(command, [lines that it prints])])], in the page's order."""
    found, steps = [], None
    with open(PAGE, encoding="utf-8") as page:
        text = page.read()
    for part in re.split(r"(<!-- machine: .*? -->|```gdb\n.*?```)", text, flags=re.S):
        machine = MACHINE.fullmatch(part)
        if machine:
            steps = []
            found.append((machine[1], steps))
        elif part.startswith("```gdb\n"):
            for line in part[7:-3].splitlines():
                if line.startswith(("(gdb) ", "$ ")):
                    steps.append((line, []))
                else:
                    steps[-1][1].append(line)
    return found


def form(line):
    """A line without what may differ: lines of the source, the hypervisor's addresses and where its
    cores are, times, the wire's port."""
    line = re.sub(r"localhost:\d+", "localhost:#", line)
    line = re.sub(r"0x(?!0000)[0-9a-f]{6,}", "0x#", line)
    line = re.sub(r"\.(c|asm|h)(:|, line )\d+", r".\1\2#", line)
    line = re.sub(r"^\d+\t", "#\t", line)
    line = re.sub(r"\b\d{6,}\b", "#", line)
    line = re.sub(r"\(core (\d+), .*", r"(core \1, #", line)
    return re.sub(r"[ \t]+", " ", line).strip()


def matches(shown, said):
    """Does the page show what gdb said? "..." stands for any lines."""
    shown = [form(line) for line in shown if line.strip()]
    said = [form(line) for line in said if line.strip()]

    def rest(i, j):
        if i == len(shown):
            return j == len(said)
        if shown[i] == "...":
            return any(rest(i + 1, k) for k in range(j, len(said) + 1))
        return j < len(said) and shown[i] == said[j] and rest(i + 1, j + 1)

    return rest(0, 0)


def say(machine, gdb, typed):
    """What gdb answers to a line of the page."""
    if not typed.endswith("^C"):
        return gdb.run(typed, 120)
    gdb.start(typed[:-2].strip())
    said = gdb.text_to("Continuing", 60)  # before, it would stop nothing
    machine.pump(1)
    return said + gdb.interrupt(60)


def follow(machine, steps):
    """Types each command; fails at the first whose answer is not as shown."""
    gdb = None
    try:
        for command, shown in steps:
            if command.startswith("$ "):
                if gdb is not None:
                    gdb.close()
                words = shlex.split(command[2:])
                assert words[0] == "gdb"
                gdb = GdbSession(machine, *words[1:])
                continue
            typed = command[6:].replace(PORT, f"localhost:{machine.wire.port}")
            shown, said = "\n".join(shown), say(machine, gdb, typed)
            if typed.endswith("^C"):  # it may be anywhere
                shown, said = (re.sub(r"^0x[0-9a-f]+ in", "0x# in", text, flags=re.M)
                               for text in (shown, said))
            assert matches(shown.splitlines(), said.splitlines()), \
                f"{command}\n--- shown:\n{shown}\n--- said:\n{said}"
    finally:
        if gdb is not None:
            gdb.close()


@pytest.mark.parametrize("number", range(len(sessions())))
def test_the_page_shows_what_gdb_says(lintel, number):
    words, steps = sessions()[number]
    settings = dict(word.split("=", 1) for word in shlex.split(words))
    lines = []
    for line in settings["guests"].split(","):
        name, _, more = line.partition(" ")
        lines.append(guest(name, **dict(word.split("=", 1) for word in more.split())))
    line = settings.get("line", "com2")
    machine = lintel.boot(lines, f"gdb={line}", cores=int(settings.get("cores", "1")), ips=IPS,
                          wire=Wire(shares_com1=line == "com1"), time_limit_s=240)
    machine.expect(r"\] gdb: ", 60)
    for _ in lines:
        machine.expect(r": started: ", 60)
    follow(machine, steps)
