"""Reading a console: which lines are the log's, and which are whose guest's."""

import re
from collections import namedtuple

# "[    1.234567 c0 vmx    ] text", as kernel/log.h says; an error or a warning says so.
LOG_LINE = re.compile(r"\[ *(\d+\.\d{6}) c(\d+) ([a-z0-9]+) *\] "
                      r"(?:(error|warning): )?(.*)")
BACKGROUND_LINE = re.compile(r"([A-Za-z0-9._-]+)\| ?(.*)")

LogLine = namedtuple("LogLine", "time_s core category level text")


def lines(console):
    return console.replace("\r", "").split("\n")


def log(console):
    """The log's lines, in the order in which they stand."""
    found = (LOG_LINE.fullmatch(line) for line in lines(console))
    return [LogLine(float(m[1]), int(m[2]), m[3], m[4], m[5]) for m in found if m]


def logged(console, pattern):
    """The first log line whose text the pattern matches from its beginning; or None."""
    return next((line for line in log(console) if re.match(pattern, line.text)), None)


def errors(console):
    return [line.text for line in log(console) if line.level == "error"]


def refusal(console, end):
    """(what is wrong, the part that is marked) of the module line that ends so and was refused."""
    texts = errors(console)
    at = next(i for i, text in enumerate(texts) if text.startswith("  ") and text.endswith(end))
    mark = re.fullmatch(r" *(\^~*)", texts[at + 1])
    return texts[at - 1], texts[at][mark.start(1):mark.end(1)]


def guest(console, name):
    """What this guest wrote, as text: its lines behind "name| ", and all lines that are nobody's (a
    guest in the foreground writes without a name)."""
    out = []
    for line in lines(console):
        behind = BACKGROUND_LINE.fullmatch(line)
        if behind and behind[1] == name:
            out.append(behind[2])
        elif not behind and not LOG_LINE.fullmatch(line):
            out.append(line)
    return "\n".join(out)
