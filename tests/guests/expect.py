"""What a guest program is expected to print: tests/guests/NAME.expect.

One line of the file describes one line of text. Its first character says how:

    # a comment                 (empty lines mean nothing as well)
    @key value                  a setting, see below
    > text                      this text exactly ("> " alone: an empty line)
    ~ regex                     a line that this regular expression matches in full
    ...                         any number of lines, also none
    % 1000 {n:04} text          this line 1000 times; {n}, in Python's way, counts from 0
    < text                      not a line: typed (with Enter) when the line above was seen
    <% 1000 {n:04} text         not a line: 1000 lines, each with CR LF, typed then

White space at the end of a line and carriage returns do not count. Settings:

    @native no                  does not run on the machine itself (the text says why)
    @timeout 60                 seconds of real time that it may take (default 30)
    @ips 10000000               Bochs: instructions in a second of the guest's time (default 20 M)
    @mem 2M                     guest memory in Lintel (default 1M)
    @end port|hypercall|halt|triple|none    how it ends (default port)
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

GUESTS = Path(__file__).resolve().parent
DEFAULTS = {"native": "yes", "timeout": "30", "ips": "20000000", "mem": "1M", "end": "port"}


@dataclass
class Expectation:
    name: str
    settings: dict = field(default_factory=lambda: dict(DEFAULTS))
    lines: list = field(default_factory=list)  # (mark, text), in the order of the file

    @property
    def native(self):
        return not self.settings["native"].startswith("no")

    @property
    def timeout_s(self):
        return float(self.settings["timeout"])

    def typed(self):
        """What is to be typed: [(number of output patterns that come before, bytes)]."""
        before, out = 0, []
        for mark, text in self.lines:
            if mark == "<":
                out.append((before, text.encode()))
            else:
                before += 1
        return out

    def patterns(self):
        return [(mark, text) for mark, text in self.lines if mark != "<"]

    def mismatch(self, output, others_between=False):
        """None if the output is as expected, else what is wrong, in words.

        others_between: lines that fit nothing may stand between (a log on the same port).
        """
        seen = split_lines(output)
        at, free = 0, others_between
        for mark, text in self.patterns():
            if mark == ".":
                free = True
                continue
            start = at
            while at < len(seen) and free and not line_fits(mark, text, seen[at]):
                at += 1
            if at == len(seen) or not line_fits(mark, text, seen[at]):
                got = repr(seen[start]) if start < len(seen) else "the end"
                return f"{self.name}: expected {mark} {text!r}, got {got} (line {start + 1})"
            at += 1
            free = others_between
        if at < len(seen) and not free:
            return f"{self.name}: more than expected: {seen[at]!r} (line {at + 1})"
        return None


def split_lines(output):
    lines = [line.rstrip() for line in output.replace("\r", "").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def line_fits(mark, text, line):
    if mark == ">":
        return line == text
    return re.fullmatch(text, line) is not None


class Typist:
    """Types the lines of an expectation when the lines above them were seen."""

    def __init__(self, expectation):
        self.patterns = expectation.patterns()
        self.todo = expectation.typed()

    def ready(self, output):
        """What is to be typed now, as bytes."""
        typed = b""
        while self.todo and self.seen(self.todo[0][0], output):
            typed += self.todo.pop(0)[1]
        return typed

    def seen(self, before, output):
        mark, text = self.patterns[before - 1] if before else (".", "")
        lines = split_lines(output)
        return mark == "." or any(line_fits(mark, text, line) for line in lines)


def repeated(text):
    count, _, form = text.partition(" ")
    return [form.format(n=n) for n in range(int(count))]


def load(name):
    path = GUESTS / f"{name}.expect"
    e = Expectation(name)
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        mark, text = raw[:1], raw[2:].rstrip()
        if not raw.strip() or mark == "#":
            continue
        if mark == "@":
            key, _, value = raw[1:].partition(" ")
            if key not in DEFAULTS:
                raise ValueError(f"{path}:{number}: no setting {key!r}")
            e.settings[key] = value.strip()
        elif raw.strip() == "...":
            e.lines.append((".", ""))
        elif raw.startswith(("% ", "<% ")):
            many = repeated(raw.partition("% ")[2])
            if mark == "<":
                e.lines.append(("<", "".join(line + "\r\n" for line in many)))
            else:
                e.lines += [(">", line) for line in many]
        elif mark in "<>~" and raw[1:2] in ("", " "):
            e.lines.append((mark, text + "\r" if mark == "<" else text))
        else:
            raise ValueError(f"{path}:{number}: what is {raw!r}?")
    return e


def names():
    return sorted(path.stem for path in GUESTS.glob("*.expect"))
