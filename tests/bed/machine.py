"""What every bed has in common: a process of its own group, COM1 as a socket, limits, and the end.

The emulated machine connects to a socket that we listen on, so there is no port to guess and no
chatter of the emulator between the bytes of the guest. Whatever happens, close() kills the process
and everything that it started, and the kernel does so if we are killed ourselves.
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

GRACE_AFTER_FINAL_LINE_S = 5
TAIL_LINES = 30

PANIC = re.compile(r"^PANIC on core \d+", re.M)
PANIC_BYTES = 3000  # a report is shorter

FINAL_LINE = re.compile(r"^lintel: (?:(?P<well>done: all \d+ guests? ended well)"
                        r"|(?P<failed>done: \d+ of \d+ guests? failed)"
                        r"|(?P<stopped>stopped: .*?))\r?$", re.M)


class BedError(Exception):
    """The machine did not do what was waited for. The text holds the end of its console."""


class Ending:
    """How Lintel said that it ended: its last line, and whether all guests ended well."""

    def __init__(self, text, well):
        self.text = text
        self.well = well


def final_line(console):
    """Finds Lintel's last words in the text of a console; None if it did not say them."""
    found = None
    for found in FINAL_LINE.finditer(console):
        pass
    return Ending(found.group(0).strip(), bool(found.group("well"))) if found else None


class Machine:
    """One emulated machine. Subclasses give its name and its command line."""

    name = "machine"
    START_TRIES = 3

    def __init__(self, iso, *, cores=1, memory_mib=256, time_limit_s=150, wire=None):
        self.iso = os.path.abspath(iso)
        self.cores = cores
        self.memory_mib = memory_mib
        self.time_limit_s = time_limit_s
        self.wire = wire  # gdb's line, or None (wire.py); closed with the machine
        self.console_bytes = bytearray()
        self.status = None  # the emulator's exit status, once it has ended
        self.process = None
        self.work = None
        self._serial = None
        self._deadline = None
        self._seen = 0  # how much of the console expect() has passed

    # -- for subclasses

    def command(self, work, serial_path, serial_port):
        """The command line. COM1 shall connect to the UNIX socket or to the TCP port."""
        raise NotImplementedError

    def com2_port(self):
        """The TCP port that COM2 shall connect to; None: there is no COM2."""
        return self.wire.machine_port if self.wire and not self.wire.shares_com1 else None

    def may_start_again(self, chatter):
        """Whether the emulator failed to start for a passing reason."""
        return False

    def chatter(self):
        """What the emulator itself said."""
        return self._read_work_file("emulator.log")

    # -- life

    def __enter__(self):
        return self.start()

    def __exit__(self, *ignored):
        self.close()

    def start(self):
        """Starts the machine and waits until its serial port is connected."""
        for attempt in range(self.START_TRIES):
            try:
                self._start_once()
                return self
            except BedError:
                again = self.may_start_again(self.chatter())
                self._end()
                if not again or attempt == self.START_TRIES - 1:
                    self.close()
                    raise
            except BaseException:
                self.close()
                raise
        return self

    def _start_once(self):
        self.work = tempfile.mkdtemp(prefix="lintel-bed-")
        path = os.path.join(self.work, "com1")
        with socket.socket(socket.AF_UNIX) as unix, socket.socket(socket.AF_INET) as inet:
            unix.bind(path)
            unix.listen(1)
            inet.bind(("127.0.0.1", 0))
            inet.listen(1)
            command = self.command(self.work, path, inet.getsockname()[1])
            with open(os.path.join(self.work, "emulator.log"), "wb") as log:
                self.process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", "--", *command], cwd=self.work,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    start_new_session=True)
            self._deadline = time.monotonic() + self.time_limit_s
            while self._serial is None:
                ready, _, _ = select.select([unix, inet], [], [], 0.05)
                if ready:
                    self._serial, _ = ready[0].accept()
                    if self.wire is not None:
                        self._serial = self.wire.take_com1(self._serial)
                    self._serial.setblocking(False)
                elif self.process.poll() is not None or time.monotonic() > self._deadline:
                    raise BedError(f"{self.name} did not start (status {self.process.poll()}):\n"
                                   + last_lines(self.chatter()))

    def close(self):
        """Ends the machine, whatever it does, and its wire. May be called more than once."""
        self._end()
        if self.wire is not None:
            self.wire.close()

    def _end(self):
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            status = self.process.wait()
            self.status = status if self.status is None else self.status
            self.process = None
        if self._serial is not None:
            self._serial.close()
            self._serial = None
        if self.work is not None:
            shutil.rmtree(self.work, ignore_errors=True)
            self.work = None

    # -- the console

    @property
    def console(self):
        """All that came out of COM1 so far, as text."""
        return self.console_bytes.decode("utf-8", errors="replace")

    def tail(self, count):
        """The last count bytes of the console, as text."""
        return self.console_bytes[-count:].decode("utf-8", errors="replace")

    def fileno(self):
        """The serial socket, for select()."""
        return self._serial.fileno()

    def pump(self, timeout_s):
        """Waits at most timeout_s for bytes; returns them, b"" for none, None once COM1 is closed.

        Raises BedError when the machine's time is over.
        """
        if time.monotonic() > self._deadline:
            self.fail("panicked" if PANIC.search(self.tail(PANIC_BYTES))
                      else f"did not end within {self.time_limit_s} s")
        if not select.select([self._serial], [], [], timeout_s)[0]:
            return b""
        try:
            data = self._serial.recv(65536)
        except ConnectionError:
            data = b""
        self.console_bytes += data
        return data or None

    def send_some(self, data):
        """Types as many of the bytes as COM1 takes now; returns how many that were."""
        try:
            return self._serial.send(data[:4096])
        except BlockingIOError:
            return 0
        except ConnectionError:
            return len(data)  # it has ended: nobody reads this any more

    def send(self, data):
        """Types bytes (or text) into COM1; reads meanwhile, so that neither blocks the other."""
        rest = memoryview(data.encode() if isinstance(data, str) else data)
        while rest:
            if select.select([], [self._serial], [], 0.02)[1]:
                rest = rest[self.send_some(rest):]
            if self.pump(0) is None:
                self.fail("ended while it was being typed to")

    def expect(self, pattern, timeout_s=60):
        """Waits for a regular expression after what the last expect() found; returns the match.

        Raises BedError if it does not come in time, or the machine ends before.
        """
        pattern = re.compile(pattern if isinstance(pattern, bytes) else pattern.encode(), re.M)
        until = time.monotonic() + timeout_s
        while True:
            found = pattern.search(self.console_bytes, self._seen)
            if found:
                self._seen = found.end()
                return found
            if time.monotonic() > until:
                self.fail(f"{pattern.pattern!r} did not come within {timeout_s} s")
            if self.pump(0.1) is None:
                self.fail(f"ended before {pattern.pattern!r} came")

    def run_to_end(self):
        """Reads until the machine ends, or Lintel has said its last; returns the console."""
        while self.pump(0.2) is not None:
            if final_line(self.tail(300)) or PANIC.search(self.tail(PANIC_BYTES)):
                self._deadline = min(self._deadline, time.monotonic() + GRACE_AFTER_FINAL_LINE_S)
        self.wait()
        return self.console

    def wait(self):
        """Waits until the emulator's process has ended by itself; returns its status."""
        while self.process.poll() is None:
            if time.monotonic() > self._deadline:
                self.fail("closed its serial port but did not end")
            time.sleep(0.01)
        self.status = self.process.returncode
        return self.status

    def ending(self):
        """Lintel's final line; BedError if the console has none."""
        found = final_line(self.console)
        if not found:
            self.fail("ended without Lintel's final line")
        return found

    def fail(self, what):
        """Raises BedError: what went wrong, and the end of what the machine said."""
        text = f"{self.name}: {what}\n--- the console's last lines:\n{last_lines(self.console)}"
        if final_line(self.tail(300)) is None:
            text += f"\n--- what {self.name} itself says:\n{last_lines(self.chatter(), 12)}"
        raise BedError(text)

    def _read_work_file(self, name):
        try:
            with open(os.path.join(self.work, name), encoding="utf-8", errors="replace") as log:
                return log.read()
        except (OSError, TypeError):
            return ""


def last_lines(text, count=TAIL_LINES):
    """The end of a console, without the escape sequences that would move the reader's cursor."""
    plain = re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[()].|[=>])", "", text.replace("\r", ""))
    return "\n".join(plain.splitlines()[-count:])
