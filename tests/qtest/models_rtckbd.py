"""Our clock and keyboard controller as a shared library (models_rtckbd.c), and a QEMU whose seconds
pass quickly."""

import ctypes
import os
import subprocess

from tests.qtest import qtest
from tests.qtest.models import ROOT

SOURCES = ["tests/qtest/models_rtckbd.c", "guest/io_bus.c", "guest/vrtc.c", "guest/vrtc_time.c",
           "guest/vi8042.c", "guest/vi8042_translate.c", "guest/vkeyboard.c",
           "guest/vkeyboard_keys.c", "kernel/calendar.c"]
LIBRARY = "build/qtest/librtckbd.so"


def build():
    """Compiles the library and returns it."""
    path = os.path.join(ROOT, LIBRARY)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-g", "-shared", "-fPIC", "-Wall", "-Wextra",
                    "-Werror", "-I.", "-o", path, *SOURCES], cwd=ROOT, check=True)
    library = ctypes.CDLL(path)
    desk, u8, u16, u64 = ctypes.c_void_p, ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint64
    yes = ctypes.c_bool
    for name, result, *arguments in (
            ("desk_new", desk, u64, ctypes.c_int64),
            ("desk_copy", desk, desk),
            ("desk_free", None, desk),
            ("desk_out", None, desk, u16, u8, u64),
            ("desk_in", u8, desk, u16, u64),
            ("desk_rtc_irq", yes, desk, u64),
            ("desk_rtc_deadline", u64, desk, u64),
            ("desk_keyboard_irq", yes, desk, u64),
            ("desk_mouse_irq", yes, desk),
            ("desk_a20", yes, desk),
            ("desk_type", yes, desk, u8, u64)):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Desk:
    """Our two chips at their PC addresses. Time is a number in now_ns that the test moves on."""

    def __init__(self, library, handle=None, now_ns=0, unix_s=0):
        self.library = library
        self.handle = handle or library.desk_new(now_ns, unix_s)
        self.now_ns = now_ns

    def __del__(self):
        self.library.desk_free(self.handle)

    def copy(self):
        return Desk(self.library, self.library.desk_copy(self.handle), self.now_ns)

    def outb(self, port, value):
        self.library.desk_out(self.handle, port, value, self.now_ns)

    def inb(self, port):
        return self.library.desk_in(self.handle, port, self.now_ns)

    def rtc_irq(self):
        return self.library.desk_rtc_irq(self.handle, self.now_ns)

    def rtc_deadline(self):
        return self.library.desk_rtc_deadline(self.handle, self.now_ns)

    def keyboard_irq(self):
        return self.library.desk_keyboard_irq(self.handle, self.now_ns)

    def mouse_irq(self):
        return self.library.desk_mouse_irq(self.handle)

    def a20(self):
        return self.library.desk_a20(self.handle)

    def type(self, byte):
        return self.library.desk_type(self.handle, byte, self.now_ns)


class SlowMachine(qtest.Machine):
    """A QEMU whose instructions take 1024 ns each, so that seconds of its time pass soon."""

    SLOWER = 128
    NS_PER_INSTRUCTION = SLOWER * qtest.NS_PER_INSTRUCTION

    def __init__(self, *arguments):
        super().__init__("-icount", "shift=10", *arguments)

    def run(self, program):
        """As of Machine, with all times in multiples of 2048 ns."""
        results = super().run([(kind, port, value, delay_ns // self.SLOWER)
                               for kind, port, value, delay_ns in program])
        return [(value, at_ns * self.SLOWER) for value, at_ns in results]
