"""Typing at Lintel's monitor.

What a guest or the log writes meanwhile comes above the prompt, which is then drawn anew with what
was typed so far: also in the middle of a command.
"""

import re

KEY = "\x1d"  # Ctrl-]
PROMPT = r"\rlintel> \x1b\[K"

ERASE = r"(?:\x1b\[K)?"  # behind what is drawn anew
LOG_LINE = re.compile(r"^\[ *\d+\.\d{6} c\d+ .*\n", re.M)


def open_monitor(machine):
    machine.send(KEY)
    machine.expect(r"Lintel's monitor: help lists its commands, Ctrl-\] leaves it\r\n"
                   r"(?=\rlintel> )")


def echo_of(command):
    """A regular expression for a command's line on the screen. Where another core's line comes just
    then, the prompt is gone before it."""
    return f"(?:lintel> )?{ERASE}{ERASE.join(map(re.escape, command))}{ERASE}\r\n"


def run(machine, command):
    """Types a command; returns what it printed, without carriage returns and others' log lines."""
    machine.send(command + "\r")
    found = machine.expect(rf"(?s){echo_of(command)}(.*?)(?={PROMPT})")
    printed = found[1].decode().replace("\r", "")
    return printed if command == "log show" else LOG_LINE.sub("", printed)
