"""Our models, compiled as a shared library from guest/ and models.c, for the tests to drive."""

import ctypes
import os
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SOURCES = ["tests/qtest/models.c", "guest/io_bus.c", "guest/vpic.c"]
LIBRARY = "build/qtest/libmodels.so"


class PicChip(ctypes.Structure):
    """One 8259A from inside: struct pic_chip_view of models.c."""
    _fields_ = [(name, ctypes.c_uint8) for name in (
        "requests", "latched", "lines", "isr", "imr", "elcr",
        "icw1", "icw3", "icw4",
        "special_mask", "poll", "poll_request", "ready", "int_output")]


def build():
    """Compiles the library (a second's work) and returns it."""
    path = os.path.join(ROOT, LIBRARY)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-g", "-shared", "-fPIC", "-Wall", "-Wextra",
                    "-Werror", "-I.", "-o", path, *SOURCES], cwd=ROOT, check=True)
    library = ctypes.CDLL(path)
    board, u8, u16, u64 = ctypes.c_void_p, ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint64
    for name, result, *arguments in (
            ("board_new", board),
            ("board_copy", board, board),
            ("board_free", None, board),
            ("board_out", None, board, u16, u8, u64),
            ("board_in", u8, board, u16, u64),
            ("board_set_line", None, board, ctypes.c_uint, ctypes.c_bool),
            ("board_intr", ctypes.c_bool, board),
            ("board_view", None, board, ctypes.POINTER(PicChip))):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Board:
    """A board of ours, with every chip at its PC address."""

    def __init__(self, library, handle=None):
        self.library = library
        self.handle = handle or library.board_new()

    def __del__(self):
        self.library.board_free(self.handle)

    def copy(self):
        return Board(self.library, self.library.board_copy(self.handle))

    def outb(self, port, value, now_ns=0):
        self.library.board_out(self.handle, port, value, now_ns)

    def inb(self, port, now_ns=0):
        return self.library.board_in(self.handle, port, now_ns)

    def set_line(self, irq, level):
        self.library.board_set_line(self.handle, irq, level)

    def intr(self):
        return self.library.board_intr(self.handle)

    def pic(self):
        """(master, slave) as PicChip."""
        chips = (PicChip * 2)()
        self.library.board_view(self.handle, chips)
        return chips[0], chips[1]
