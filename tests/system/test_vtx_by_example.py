"""docs/vtx-by-example.md is true: each command in it prints what stands below it.

An example is a line "    make run GUEST=..." and the next block between ``` marks. The log's lines
come in this order and directly one after the other, and so do those of a guest in the background
("NAME| ...") and all others; how these mix is not looked at, nor are the log's times. "..." alone
stands for any lines, in a line for any text. "lintel> COMMAND" is typed at the monitor.
"""

import re
import shlex
import time
from pathlib import Path

import pytest

from conftest import ROOT
from monitor_line import echo_of, open_monitor
from tests.real import start

PAGE = Path(ROOT) / "docs" / "vtx-by-example.md"
COMMAND = re.compile(r'    make run GUEST="?([^"\n]+)"?$')
REDRAWN = re.compile(r"\r(?:lintel> [^\r\n]*)?\x1b\[K|\r")  # the prompt, and what is typed
TIME = re.compile(r"\[ *\d+\.\d+ c\d+ \w+ *\] ")
BEHIND = re.compile(r"[\w.-]+\| ")
PATIENCE_S = 60


def examples():
    """(heading, words of GUEST=, lines of the block) of each example; a block without a command, or
    a command without a block, is a fault of the page."""
    found, heading, command, block = [], "", None, None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if block is not None:
            if line == "```":
                found.append((heading, command, block))
                command, block = None, None
            else:
                block.append(line)
        elif line.startswith("```"):
            assert command, f"{heading}: a block without a command"
            block = []
        elif line.startswith("#"):
            heading = line.strip("# ")
        elif COMMAND.match(line):
            assert command is None, f"{heading}: {command} has no block"
            command = COMMAND.match(line)[1]
    assert command is None and block is None
    return found


def text_of(line):
    """A regular expression for a line of the page."""
    return "[^\n]*?".join(map(re.escape, line.split("...")))


class Stream:
    """Lines of one source."""

    def __init__(self, lines):
        self.lines, self.at, self.may_skip = lines, 0, True

    def take(self, line):
        """The next line is this; after "..." one of the next."""
        last = len(self.lines) if self.may_skip else self.at + 1
        for i in range(self.at, min(last, len(self.lines))):
            if re.fullmatch(text_of(line), self.lines[i]):
                self.at, self.may_skip = i + 1, False
                return True
        return False


def source_of(line):
    return "log" if TIME.match(line) else "guest" if BEHIND.match(line) else "rest"


def first_missing(lines, console):
    """The first line of the page that the console does not have in its place; None."""
    whole = REDRAWN.sub("", console[:console.rfind("\n") + 1]).split("\n")
    streams = [Stream([TIME.sub("", line) for line in whole if source_of(line) == source])
               for source in ("log", "guest", "rest")]
    for line in lines:
        if line == "...":
            for stream in streams:
                stream.may_skip = True
        elif not any(stream.take(line) for stream in streams):
            return line
    return None


def wait_for(machine, lines, since=0):
    """Until the console has these lines, from so many characters on."""
    until = time.monotonic() + PATIENCE_S
    while (missing := first_missing(lines, machine.console[since:])) is not None:
        if time.monotonic() > until or machine.pump(0.1) is None:
            missing = first_missing(lines, machine.console[since:])
            assert missing is None, f"not in its place: {missing}"
            return


def split_at_commands(block):
    """[lines before the first command, (command, its lines), ...]"""
    pieces = [("", [])]
    for line in block:
        if line.startswith("lintel> "):
            pieces.append((line.removeprefix("lintel> "), []))
        else:
            pieces[-1][1].append(line)
    return pieces


EXAMPLES = examples()


def test_the_page_has_examples():
    assert len(EXAMPLES) > 50


@pytest.mark.parametrize("heading, command, block", EXAMPLES,
                         ids=[re.sub(r"\W+", "-", f"{h} {c}") for h, c, _ in EXAMPLES])
def test_the_page_is_true(lintel, tmp_path, heading, command, block):
    name, *more = shlex.split(command)
    image = tmp_path / "example.iso"
    start.make_image(" ".join([start.words_of(name), *more]), image)
    machine = lintel.start(str(image), time_limit_s=120)
    (_, before), *commands = split_at_commands(block)
    wait_for(machine, before)
    if commands:
        open_monitor(machine)
    for typed, lines in commands:
        machine.send(typed + "\r")
        echo = echo_of(typed)
        machine.expect(echo, PATIENCE_S)
        since = [found.end() for found in re.finditer(echo, machine.console)][-1]
        wait_for(machine, lines, since)
