"""QEMU's own chips, driven port by port: its qtest protocol, and a clock that only we move.

Debian's QEMU has the qtest protocol (as an object) but not the qtest accelerator, so it has no
clock_step. Its machine stands still under TCG instead: ports and interrupt lines are reached
through qtest while no time passes. Where time matters, run() has the CPU make the accesses, under
-icount, where one instruction takes exactly NS_PER_INSTRUCTION of virtual time. No firmware is ever
executed.
"""

import json
import os
import select
import socket
import struct
import subprocess
import tempfile
import time

ICOUNT_SHIFT = 3
NS_PER_INSTRUCTION = 1 << ICOUNT_SHIFT
TIME_LIMIT_S = 20

STEPPER = os.path.join(os.path.dirname(__file__), "stepper.asm")
STEP_INSTRUCTIONS = 12      # from one access to the next, besides the wait
KINDS = {"out": 0, "in": 1, "end": 2, "inta": 3}
STEPPER_AT, TABLE_AT, RESULTS_AT = 0x1000, 0x20000, 0x30000


class Line:
    """One of QEMU's sockets, with a time limit so that no test hangs."""

    def __init__(self):
        self.near, self.far = socket.socketpair()
        self.buffer = b""

    def send(self, data):
        self.near.sendall(data)

    def fill(self, *others):
        """Waits for more; takes what comes on other lines meanwhile, so that QEMU is never
        stuck."""
        waiting = True
        while waiting:
            ready = select.select([line.near for line in (self, *others)], [], [], TIME_LIMIT_S)[0]
            if not ready:
                raise TimeoutError("QEMU does not answer")
            for line in (self, *others):
                if line.near in ready:
                    data = line.near.recv(65536)
                    if not data:
                        raise ConnectionError("QEMU has ended")
                    line.buffer += data
            waiting = self.near not in ready

    def read_line(self):
        while b"\n" not in self.buffer:
            self.fill()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode().strip()

    def close(self):
        self.near.close()
        self.far.close()


class Machine:
    """A QEMU that stands still. Commands are queued by do() and sent together by answers()."""

    def __init__(self, *arguments, machine="isapc"):
        self.qtest, self.gdb, self.qmp_line = Line(), Line(), Line()
        lines = (self.qtest, self.gdb, self.qmp_line)
        command = ["qemu-system-x86_64", "-M", machine, "-accel", "tcg",
                   "-icount", f"shift={ICOUNT_SHIFT}", "-S", "-display", "none", "-nodefaults"]
        for line, name in zip(lines, ("q", "g", "m")):
            command += ["-chardev", f"socket,id={name},fd={line.far.fileno()}"]
        command += ["-object", "qtest,id=qtest,chardev=q,log=/dev/null",
                    "-gdb", "chardev:g", "-mon", "chardev=m,mode=control", *arguments]
        self.process = subprocess.Popen(command, pass_fds=[x.far.fileno() for x in lines],
                                        stdin=subprocess.DEVNULL)
        for line in lines:
            line.far.close()
        self.queue, self.levels, self.names = [], {}, {}
        self.qmp_line.read_line()
        self.qmp("qmp_capabilities")
        self.stepper_ready = False

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        for line in (self.qtest, self.gdb, self.qmp_line):
            line.close()

    # ---- QMP: only to find devices ----

    def qmp(self, command, **arguments):
        request = json.dumps({"execute": command, "arguments": arguments}) + "\n"
        self.qmp_line.send(request.encode())
        while True:
            answer = json.loads(self.qmp_line.read_line())
            if "event" not in answer:
                return answer["return"]

    def devices(self, kind):
        """The paths of all devices of this type that belong to the board, in their order."""
        folder = "/machine/unattached"
        found = [f"{folder}/{entry['name']}" for entry in self.qmp("qom-list", path=folder)
                 if entry["type"] == f"child<{kind}>"]
        return sorted(found, key=lambda path: (len(path), path))

    def property(self, path, name):
        return self.qmp("qom-get", path=path, property=name)

    # ---- qtest ----

    def do(self, command):
        self.queue.append(command)

    def answers(self):
        """Sends what is queued; returns for each command (value or None, levels of intercepted
        lines after it)."""
        queue, self.queue = self.queue, []
        out = []
        for first in range(0, len(queue), 256):    # what fits the sockets' buffers at any rate
            part = queue[first:first + 256]
            self.qtest.send(("\n".join(part) + "\n").encode())
            for command in part:
                out.append(self._answer(command))
        return out

    def _answer(self, command):
        while True:
            words = self.qtest.read_line().split()
            if words[0] == "IRQ":
                self.levels[int(words[2])] = words[1] == "raise"
            elif words[0] == "OK":
                value = words[1] if len(words) > 1 else None
                if command.startswith("read "):
                    value = value[2:]
                elif value is not None:
                    value = int(value, 0)
                return value, dict(self.levels)
            else:
                raise RuntimeError(f"{command}: {' '.join(words)}")

    def one(self, command):
        self.do(command)
        return self.answers()[-1][0]

    def outb(self, port, value):
        self.one(f"outb {port:#x} {value:#x}")

    def inb(self, port):
        return self.one(f"inb {port:#x}")

    def intercept_out(self, path):
        """From now on the outputs of this device (of one only) show up in levels."""
        self.one(f"irq_intercept_out {path}")

    # ---- the clock ----

    def _gdb(self, packet):
        data = packet.encode()
        self.gdb.send(b"$%s#%02x" % (data, sum(data) & 0xff))
        while True:
            end = self.gdb.buffer.find(b"#")
            if end >= 0 and len(self.gdb.buffer) >= end + 3:
                break
            self.gdb.fill(self.qtest)
        begin = self.gdb.buffer.find(b"$")
        answer, self.gdb.buffer = self.gdb.buffer[begin + 1:end], self.gdb.buffer[end + 3:]
        self.gdb.send(b"+")
        return answer.decode()

    def _set_registers(self, rip):
        """RAX to R15, RIP, RFLAGS and CS as gdb orders them: interrupts off, CS 0."""
        registers = struct.pack("<17QII", *[0] * 16, rip, 2, 0)
        assert self._gdb("G" + registers.hex()) == "OK"

    def _load_stepper(self):
        # Not to /dev/stdout: nasm removes its output when it finds an error.
        with tempfile.NamedTemporaryFile() as output:
            subprocess.run(["nasm", "-f", "bin", "-o", output.name, STEPPER], check=True)
            with open(output.name, "rb") as assembled:
                code = assembled.read()
        end_at = STEPPER_AT + len(code) - 3     # its last instructions: nop; jmp end
        handlers_at = end_at - 256 * 8
        vectors = b"".join(struct.pack("<HH", handlers_at + 8 * n, 0) for n in range(256))
        self.one(f"write {STEPPER_AT:#x} {len(code)} 0x{code.hex()}")
        self.one(f"write 0 {len(vectors)} 0x{vectors.hex()}")
        self._gdb("qSupported")
        assert self._gdb(f"Z0,{end_at:x},1") == "OK"
        self.stepper_ready = True

    def run(self, program):
        """Has QEMU's CPU make port accesses, each at an exact time. program: (kind, port, value,
        delay_ns) in order, at most 8000; kind "in", "out", or "inta": open to one interrupt. The
        delay comes before the access and is rounded. Returns (value, at_ns) for each: what was
        read, or the vector of the interrupt, or the value given; at_ns counts from the first access
        (an "inta" is not counted exactly)."""
        table, times, at_ns = b"", [], 0
        for kind, port, value, delay_ns in program:
            rounds = max(1, (delay_ns // NS_PER_INSTRUCTION - STEP_INSTRUCTIONS) // 2)
            table += struct.pack("<HBBI", port, KINDS[kind], value, rounds)
            at_ns += (STEP_INSTRUCTIONS + 2 * rounds) * NS_PER_INSTRUCTION
            times.append(at_ns)
        table += struct.pack("<HBBI", 0, KINDS["end"], 0, 1)
        assert len(table) <= 0x10000
        self.answers()
        if not self.stepper_ready:
            self._load_stepper()
        self.one(f"write {TABLE_AT:#x} {len(table)} 0x{table.hex()}")
        self._set_registers(STEPPER_AT)
        assert self._gdb("c").startswith("T05")
        self.do(f"read {RESULTS_AT:#x} {len(program)}")
        results = bytes.fromhex(self.answers()[-1][0])
        return [(value, at_ns - times[0]) for value, at_ns in zip(results, times)]


def wait_for(condition, what):
    """Polls for something that QEMU does outside its clock, such as a byte on a socket."""
    limit = time.monotonic() + TIME_LIMIT_S
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(what)
        time.sleep(0.001)
