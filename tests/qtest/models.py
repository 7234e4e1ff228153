"""Our models, compiled as a shared library from guest/ and models.c, for the tests to drive."""

import ctypes
import os
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SOURCES = ["tests/qtest/models.c", "guest/io_bus.c", "guest/vpic.c", "guest/vpit.c",
           "guest/vpit_channel.c", "guest/vuart.c"]
LIBRARY = "build/qtest/libmodels.so"


class PicChip(ctypes.Structure):
    """One 8259A from inside: struct pic_chip_view of models.c."""
    _fields_ = [(name, ctypes.c_uint8) for name in (
        "requests", "latched", "lines", "isr", "imr", "elcr",
        "icw1", "icw2", "icw3", "icw4",
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
            ("board_acknowledge", u8, board),
            ("board_view", None, board, ctypes.POINTER(PicChip)),
            ("board_pit_reset", None, board, u64),
            ("board_pit_out", ctypes.c_bool, board, ctypes.c_uint, u64),
            ("board_pit_edges", u64, board, u64),
            ("board_uart_receive", ctypes.c_bool, board, u8, u64),
            ("board_uart_take_tx", ctypes.c_int, board),
            ("board_uart_irq", ctypes.c_bool, board, u64)):
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

    def acknowledge(self):
        """The INTA cycles; returns the vector."""
        return self.library.board_acknowledge(self.handle)

    def pic(self):
        """(master, slave) as PicChip."""
        chips = (PicChip * 2)()
        self.library.board_view(self.handle, chips)
        return chips[0], chips[1]

    def pit_reset(self, now_ns):
        self.library.board_pit_reset(self.handle, now_ns)

    def pit_out(self, channel, now_ns):
        return self.library.board_pit_out(self.handle, channel, now_ns)

    def pit_edges(self, until_ns):
        """Rising edges of OUT 0 since the last call."""
        return self.library.board_pit_edges(self.handle, until_ns)

    def uart_receive(self, byte, now_ns=0):
        """Did the port take it?"""
        return self.library.board_uart_receive(self.handle, byte, now_ns)

    def uart_take_tx(self):
        """All that the port has sent."""
        sent = bytearray()
        while (byte := self.library.board_uart_take_tx(self.handle)) >= 0:
            sent.append(byte)
        return bytes(sent)

    def uart_irq(self, now_ns=0):
        return self.library.board_uart_irq(self.handle, now_ns)
