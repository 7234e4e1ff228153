"""guest/vvga.h for the tests to drive, as a shared library of its own."""

import ctypes
import os
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SOURCES = ["tests/qtest/models_vga.c", "guest/vvga.c", "guest/vvga_text.c"]
LIBRARY = "build/qtest/libmodels_vga.so"


def build():
    """Compiles the library and returns it."""
    path = os.path.join(ROOT, LIBRARY)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-g", "-shared", "-fPIC", "-Wall", "-Wextra",
                    "-Werror", "-I.", "-o", path, *SOURCES], cwd=ROOT, check=True)
    library = ctypes.CDLL(path)
    vga, u8, u16, u64 = ctypes.c_void_p, ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint64
    for name, result, *arguments in (
            ("vga_new", vga),
            ("vga_copy", vga, vga),
            ("vga_free", None, vga),
            ("vga_out", None, vga, u16, u8, u64),
            ("vga_in", u8, vga, u16, u64)):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Vga:
    """A VGA of ours, by the PC's port numbers."""

    def __init__(self, library, handle=None):
        self.library = library
        self.handle = handle or library.vga_new()

    def __del__(self):
        self.library.vga_free(self.handle)

    def copy(self):
        return Vga(self.library, self.library.vga_copy(self.handle))

    def outb(self, port, value, now_ns=0):
        self.library.vga_out(self.handle, port, value, now_ns)

    def inb(self, port, now_ns=0):
        return self.library.vga_in(self.handle, port, now_ns)
