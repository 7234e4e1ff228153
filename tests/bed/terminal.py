"""The reader's terminal as the console of a machine: raw while it runs, restored in any case."""

import os
import re
import sys
import termios

# "[    1.234567 c0 vmx   ] text", as kernel/log.h says.
LOG_PREFIX = re.compile(rb"\[ *[0-9]+\.[0-9]+ c[0-9]+ [a-z0-9]+ *\] ?")
LOG_PREFIX_MAX = 48
DIM, BOLD_GREEN, BOLD_RED, PLAIN = b"\x1b[2m", b"\x1b[1;32m", b"\x1b[1;31m", b"\x1b[0m"


class RawTerminal:
    """While it is entered, each key is handed on at once, and only Ctrl-C keeps its meaning."""

    def __init__(self, stream=None):
        self.fd = (stream or sys.stdin).fileno()
        self.saved = None

    def __enter__(self):
        if os.isatty(self.fd):
            self.saved = termios.tcgetattr(self.fd)
            mode = termios.tcgetattr(self.fd)
            mode[0] &= ~(termios.ICRNL | termios.IXON | termios.INLCR | termios.IGNCR)
            mode[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
            disabled = b"\0"
            for key in (termios.VSUSP, termios.VQUIT):
                mode[6][key] = disabled
            termios.tcsetattr(self.fd, termios.TCSADRAIN, mode)
        return self

    def __exit__(self, *ignored):
        if self.saved is not None:
            termios.tcsetattr(self.fd, termios.TCSADRAIN, self.saved)
            self.saved = None


def want_colour(stream):
    """Colour is for terminals, and only where nobody has asked for none (NO_COLOR)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") \
        and os.environ.get("TERM", "dumb") != "dumb"


class LogColours:
    """Dims the prefix of Lintel's log lines and colours its last line; the rest passes untouched.

    Only the beginning of a line is ever held back, and only as long as it may become one of the
    two.
    """

    def __init__(self):
        self.held = b""
        self.at_line_start = True
        self.colour_open = False

    def feed(self, data):
        """Returns what to print now."""
        out = bytearray()
        self.held += data
        while self.held:
            if not self.at_line_start:
                line, newline, self.held = self.held.partition(b"\n")
                out += self._close_colour(line, newline)
                self.at_line_start = bool(newline)
                continue
            styled = self._line_start()
            if styled is None:
                break
            out += styled
            self.at_line_start = False
        return bytes(out)

    def flush(self):
        """What was held back, at the end."""
        rest, self.held = self.held, b""
        return rest + (PLAIN if self.colour_open else b"")

    def _line_start(self):
        """The styled beginning of a line, taken off self.held; None if more must come first."""
        prefix = LOG_PREFIX.match(self.held)
        if prefix:
            self.held = self.held[prefix.end():]
            return DIM + prefix.group(0) + PLAIN
        may_be_log = self.held[:1] == b"[" and b"\n" not in self.held \
            and len(self.held) < LOG_PREFIX_MAX
        may_be_last = self.held.startswith(b"lintel: ") or b"lintel: ".startswith(self.held)
        if may_be_log or (may_be_last and b"\n" not in self.held and len(self.held) < 200):
            return None
        if self.held.startswith(b"lintel: "):
            self.colour_open = True
            return BOLD_GREEN if b"ended well" in self.held.split(b"\n")[0] else BOLD_RED
        return b""

    def _close_colour(self, line, newline):
        if self.colour_open and newline:
            self.colour_open = False
            return line.rstrip(b"\r") + PLAIN + b"\r" + newline
        return line + newline
