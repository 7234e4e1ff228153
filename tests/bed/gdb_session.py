"""The real gdb at a terminal of its own: commands in, text out.

    with GdbSession(machine, elf) as gdb:
        gdb.connect()
        assert "hlt" in gdb.run("x/i $pc")

While gdb works the machine's console is read, so that neither waits for the other.
"""

import os
import pty
import re
import select
import signal
import subprocess
import time
import tty

from tests.bed.machine import BedError

PROMPT = "<gdb is ready>"
SETTINGS = ["confirm off", "pagination off", "width 0", "height 0", "editing off",
            "style enabled off", "remotetimeout 5", "tcp connect-timeout 10",
            "disassembly-flavor intel", f"prompt {PROMPT}\\n"]


class GdbSession:
    """One gdb. machine: whose wire it connects to; its console is kept read."""

    def __init__(self, machine, *files, settings=()):
        self.machine = machine
        self.text = ""  # all that gdb has said
        self._seen = 0
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        words = ["gdb", "-q", "-nx", *files]
        for setting in [*SETTINGS, *settings]:
            words += ["-iex", f"set {setting}"]
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *words], stdin=theirs, stdout=theirs,
            stderr=theirs, start_new_session=True, env=dict(os.environ, TERM="dumb"))
        os.close(theirs)
        self._terminal = ours
        self._prompt(30)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def connect(self, how="remote", timeout_s=30):
        """target remote (or extended-remote) to the machine's wire. Returns what gdb says."""
        return self.run(f"target {how} localhost:{self.machine.wire.port}", timeout_s)

    def start(self, command):
        """Types a command, and does not wait for its end."""
        self._seen = len(self.text)
        os.write(self._terminal, command.encode() + b"\n")

    def run(self, command, timeout_s=30):
        """Types a command and returns what it prints, once gdb is ready again."""
        self.start(command)
        return self._prompt(timeout_s)

    def finish(self, timeout_s=30):
        """What the command that was started prints, once gdb is ready again."""
        return self._prompt(timeout_s)

    def let_go(self, for_s=0.5):
        """continue, and does not wait for a stop; returns after so many seconds of running."""
        self.start("continue")
        self.expect("Continuing")
        until = time.monotonic() + for_s
        while self.machine and time.monotonic() < until:
            self.machine.pump(0.05)

    def interrupt(self, timeout_s=30):
        """Ctrl-C, and what gdb says then."""
        self.process.send_signal(signal.SIGINT)
        return self._prompt(timeout_s)

    def value(self, expression, timeout_s=30):
        """An expression as a number."""
        said = self.run(f"output/x {expression}", timeout_s)
        if not re.fullmatch(r"0x[0-9a-f]+", said.strip()):
            self.fail(f"{expression} is no number: {said!r}")
        return int(said, 16)

    def expect(self, pattern, timeout_s=30):
        """Waits for text behind what the last run() or expect() saw; returns the match."""
        until = time.monotonic() + timeout_s
        while True:
            found = re.compile(pattern, re.M).search(self.text, self._seen)
            if found:
                self._seen = found.end()
                return found
            self._read(until, repr(pattern))

    def quit(self, timeout_s=30):
        """quit: gdb lets go of all that it has, and ends."""
        self.start("quit")
        until = time.monotonic() + timeout_s
        while self.process.poll() is None:
            if time.monotonic() > until:
                self.fail("did not quit in time")
            if self.machine and self.machine.pump(0.05) is None:
                self.machine = None

    def text_to(self, pattern, timeout_s=30):
        """As expect(), but returns all that was said up to the end of the pattern."""
        before, end = self._seen, self.expect(pattern, timeout_s).end()
        return self.text[before:end]

    def kill(self):
        """kill -9: gdb goes without a word to the other side."""
        self.process.kill()
        self.process.wait()

    def close(self):
        if self._terminal is not None:
            self.kill()
            os.close(self._terminal)
            self._terminal = None

    def fail(self, what):
        raise BedError(f"gdb: {what}\n--- gdb's last words:\n{self.text[-3000:]}")

    def _prompt(self, timeout_s):
        until = time.monotonic() + timeout_s
        while True:
            at = self.text.find(PROMPT + "\n", self._seen)
            if at >= 0:
                said = self.text[self._seen:at]
                self._seen = at + len(PROMPT) + 1
                return said
            self._read(until, "its prompt")

    def _read(self, until, what):
        if time.monotonic() > until:
            self.fail(f"{what} did not come in time")
        ends = [self._terminal] + ([self.machine] if self.machine else [])
        ready, _, _ = select.select(ends, [], [], 0.1)
        if self.machine in ready and self.machine.pump(0) is None:
            self.machine = None  # it has ended: gdb may have more to say
        if self._terminal in ready:
            try:
                data = os.read(self._terminal, 65536)
            except OSError:
                data = b""
            if not data:
                self.fail(f"ended before {what} came")
            self.text += data.decode(errors="replace").replace("\r", "")
