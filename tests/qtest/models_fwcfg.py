"""fw_cfg and the DMA controllers of ours, compiled as a shared library from models_fwcfg.c."""

import ctypes
import os
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SOURCES = ["tests/qtest/models_fwcfg.c", "guest/fw_cfg.c", "guest/io_bus.c", "guest/memory.c",
           "guest/vdma.c", "guest/written.c", "mm/ept.c", "mm/frame_list.c", "mm/frames.c",
           "mm/radix.c", "mm/regions.c"]
LIBRARY = "build/qtest/libmodels_fwcfg.so"


def build():
    """Compiles the library and returns it."""
    path = os.path.join(ROOT, LIBRARY)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-g", "-shared", "-fPIC", "-Wall", "-Wextra",
                    "-Werror", "-I.", "-o", path, *SOURCES], cwd=ROOT, check=True)
    library = ctypes.CDLL(path)
    board, data, name = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p
    u8, u16, u32, u64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64
    for function, result, *arguments in (
            ("new", board, u64),
            ("free", None, board),
            ("out", None, board, u16, u8, u32),
            ("in", u32, board, u16, u8),
            ("write", ctypes.c_bool, board, u64, data, u64),
            ("read", ctypes.c_bool, board, u64, data, u64),
            ("add_file", ctypes.c_bool, board, name, data, u32),
            ("set_item", ctypes.c_bool, board, u16, data, u32)):
        entry = getattr(library, "fwboard_" + function)
        entry.restype, entry.argtypes = result, arguments
    return library


class Board:
    """A board of ours with fw_cfg at 510h and the DMA controllers; one at a time."""

    def __init__(self, library, ram_bytes):
        self.library = library
        self.handle = library.fwboard_new(ram_bytes)
        self.kept = []      # what the model points to

    def close(self):
        self.library.fwboard_free(self.handle)

    def out(self, port, size, value):
        self.library.fwboard_out(self.handle, port, size, value)

    def inp(self, port, size):
        return self.library.fwboard_in(self.handle, port, size)

    def write(self, at, data):
        assert self.library.fwboard_write(self.handle, at, data, len(data))

    def read(self, at, length):
        buffer = ctypes.create_string_buffer(length)
        assert self.library.fwboard_read(self.handle, at, buffer, length)
        return buffer.raw

    def _keep(self, data):
        self.kept.append(ctypes.create_string_buffer(data, max(len(data), 1)))
        return self.kept[-1]

    def add_file(self, name, data):
        assert self.library.fwboard_add_file(self.handle, name.encode(), self._keep(data),
                                             len(data))

    def set_item(self, key, data):
        assert self.library.fwboard_set_item(self.handle, key, self._keep(data), len(data))


class Both:
    """Steps, given to a board of ours and to a QEMU: ("out", port, size, value),
    ("in", port, size), ("write", address, bytes), ("read", address, length)."""

    WIDTHS = {1: "b", 2: "w", 4: "l"}

    def __init__(self, board, machine):
        self.board, self.machine = board, machine

    def ours(self, steps):
        """The answers of ours: a number, bytes, or None."""
        answers = []
        for kind, *rest in steps:
            function = {"out": self.board.out, "in": self.board.inp, "write": self.board.write,
                        "read": self.board.read}[kind]
            answers.append(function(*rest))
        return answers

    def qemu(self, steps):
        """The same of QEMU."""
        for kind, at, *rest in steps:
            if kind == "out":
                self.machine.do(f"out{self.WIDTHS[rest[0]]} {at:#x} {rest[1]:#x}")
            elif kind == "in":
                self.machine.do(f"in{self.WIDTHS[rest[0]]} {at:#x}")
            elif kind == "write":
                self.machine.do(f"write {at:#x} {len(rest[0])} 0x{rest[0].hex()}")
            else:
                self.machine.do(f"read {at:#x} {rest[0]}")
        answers = []
        for (kind, *_), (value, _) in zip(steps, self.machine.answers()):
            answers.append(bytes.fromhex(value) if kind == "read"
                           else value if kind == "in" else None)
        return answers

    def compare(self, steps):
        """Both do the steps, and their answers must be the same; returns those answers."""
        ours, theirs = self.ours(steps), self.qemu(steps)
        for at, (want, got) in enumerate(zip(ours, theirs)):
            assert want == got, f"ours {want!r}, QEMU {got!r}:\n" + describe(steps[:at + 1])
        return [answer for answer in ours if answer is not None]


def describe(steps):
    """The last ones, one a line."""
    return "\n".join(" ".join(f"{part:#x}" if isinstance(part, int) else str(part)[:200]
                              for part in step) for step in steps[-40:])
