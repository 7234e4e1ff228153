"""A serial line of the machine with gdb at its other end: `target remote localhost:PORT`.

    wire = Wire()                    # COM2 is gdb's alone
    wire = Wire(shares_com1=True)    # COM1 carries the console and gdb's packets
    with Bochs(iso, wire=wire): ...

Nobody needs to be connected, as with a cable: what the machine says then is lost. A new connection
takes the place of the last one. The line can be made to lose and spoil bytes (Noise).
"""

import random
import select
import socket
import threading


class Noise:
    """What a bad cable does to bytes: each is lost or changed with a probability of its own."""

    def __init__(self, seed, lose=0.0, spoil=0.0):
        self.random = random.Random(seed)
        self.lose, self.spoil = lose, spoil
        self.lost = self.spoiled = 0

    def __call__(self, data):
        out = bytearray()
        for byte in data:
            chance = self.random.random()
            if chance < self.lose:
                self.lost += 1
            elif chance < self.lose + self.spoil:
                self.spoiled += 1
                out.append(byte ^ 1 << self.random.randrange(8))
            else:
                out.append(byte)
        return bytes(out)


def clean(data):
    """What a good cable does to bytes."""
    return data


class Wire:
    """Carries bytes between the machine and whoever is connected to port, in a thread."""

    def __init__(self, shares_com1=False):
        self.shares_com1 = shares_com1
        self.to_machine = self.to_gdb = clean  # may be changed at any time
        self.heard = bytearray()  # all that the machine has said, as it said it
        self._machines = listener()  # COM2 connects here
        self._gdbs = listener()
        self.machine_port = self._machines.getsockname()[1]
        self.port = self._gdbs.getsockname()[1]
        self._machine = self._gdb = self._console = None
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def take_com1(self, line):
        """COM1 of a machine that has just started; returns the console's end of it."""
        if not self.shares_com1:
            return line
        ours, console = socket.socketpair()
        line.setblocking(True)
        ours.setblocking(True)
        self._console, self._machine = ours, line
        self._wake.send(b"w")
        return console

    def close(self):
        """Ends the thread and every connection. May be called more than once."""
        if self._thread is not None:
            self._wake.send(b"q")
            self._thread.join()
            self._thread = None
            for end in (self._machines, self._gdbs, self._machine, self._gdb, self._console,
                        self._wake, self._woken):
                if end is not None:
                    end.close()

    def _carry(self):
        while True:
            ends = [self._machines, self._gdbs, self._woken, self._machine, self._gdb,
                    self._console]
            ready, _, _ = select.select([end for end in ends if end is not None], [], [])
            if self._woken in ready and b"q" in self._woken.recv(16):
                return
            if self._machines in ready:
                self._machine = replaced(self._machine, self._machines)
                continue
            if self._gdbs in ready:
                self._gdb = replaced(self._gdb, self._gdbs)
                continue
            if self._machine in ready:
                self._from_machine(received(self._machine))
            if self._gdb in ready:
                self._from_gdb(received(self._gdb))
            if self._console in ready:
                self._console = self._pass(self._console, received(self._console), self._machine)

    def _from_machine(self, data):
        self.heard += data
        if not data:
            self._machine = shut(self._machine)
            self._console = shut(self._console)
            return
        if self._console is not None:
            send(self._console, data)
        if self._gdb is not None:
            send(self._gdb, self.to_gdb(data))

    def _from_gdb(self, data):
        self._gdb = self._pass(self._gdb, self.to_machine(data) if data else data, self._machine,
                               over=not data)

    @staticmethod
    def _pass(end, data, to, over=None):
        """Hands data on; returns the end that it came from, or None if that has been closed."""
        if over if over is not None else not data:
            return shut(end)
        if to is not None:
            send(to, data)
        return end


def listener():
    """A socket that waits for connections on a free port."""
    new = socket.socket()
    new.bind(("127.0.0.1", 0))
    new.listen(2)
    return new


def replaced(old, waiting):
    """The connection that waits, in the place of an old one."""
    shut(old)
    new, _ = waiting.accept()
    new.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    acknowledge_at_once(new)
    return new


def acknowledge_at_once(end):
    """Bochs sends byte by byte, and its next one waits for the acknowledgement of the last: 40 ms,
    unless one asks for better, each time anew."""
    if end.family == socket.AF_INET:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def shut(end):
    """Closes an end, if there is one. Returns None."""
    if end is not None:
        end.close()


def received(end):
    """The bytes that wait there; b"" if the other side is gone."""
    try:
        data = end.recv(65536)
        acknowledge_at_once(end)
        return data
    except OSError:
        return b""


def send(end, data):
    """Sends all, unless the other side is gone (which the next received() tells)."""
    try:
        end.sendall(data)
    except OSError:
        pass
