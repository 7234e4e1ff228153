"""A lint that cannot fail proves nothing: each of ours is shown a source that it must refuse, and
one like it that it must let pass."""

from tests.lint import layers, words

ALL = {"kernel/types.h": "", "kernel/cpu.h": "", "kernel/log.h": "", "drivers/uart16550.h": "",
       "guest/vpic.h": "", "mm/ept.h": "", "vmx/vm.h": "", "toolkit/tools.h": "",
       "debug/monitor.h": ""}


def include(path):
    return f'#include "{path}"\n'


# check, path, the source to refuse, the source to let pass
CASES = [
    (layers.check_arrows, "mm/x.c", include("guest/vpic.h"), include("kernel/types.h")),
    (layers.check_arrows, "guest/x.c", include("vmx/vm.h"), include("mm/ept.h")),
    (layers.check_arrows, "kernel/x.c", include("mm/ept.h"), include("kernel/cpu.h")),
    (layers.check_arrows, "drivers/x.c", include("debug/monitor.h"), include("guest/vpic.h")),
    (layers.check_arrows, "vmx/x.c", include("drivers/uart16550.h"), include("guest/vpic.h")),
    (layers.check_arrows, "kernel/x.c", include("vmx/vm.h"), include("kernel/log.h")),
    (layers.check_arrows, "vmx/x.c", include("toolkit/tools.h"), include("mm/ept.h")),
    (layers.check_arrows, "toolkit/x.c", include("debug/monitor.h"), include("vmx/vm.h")),
    (layers.check_pure_includes, "toolkit/x_words.c", include("vmx/vm.h"),
     include("kernel/text.h")),
    (words.check_assembly, "toolkit/x.c", '\t__asm__("cli");\n', "\t/* asm */\n"),
    (layers.check_arrows, "vmx/x.c", include("vm.h"), include("vmx/vm.h")),
    (layers.check_arrows, "vmx/x.c", "#include <stdio.h>\n", "#include <stdint.h>\n"),
    (layers.check_arrows, "vmx/x.asm", '%include "debug/monitor.h"\n', '%include "vmx/vm.h"\n'),
    (layers.check_pure_includes, "guest/x.c", include("kernel/log.h"), include("kernel/types.h")),
    (layers.check_pure_includes, "mm/x.c", include("kernel/cpu.h"), include("mm/ept.h")),
    (layers.check_pure_includes, "boot/acpi.c", include("kernel/cpu.h"),
     include("kernel/types.h")),
    (layers.check_circles, "mm/ept.h", include("mm/ept.h"), include("kernel/types.h")),
    (words.check_assembly, "guest/x.c", '\t__asm__("cli");\n', "\t/* asm */\n"),
    (words.check_assembly, "vmx/x.c", '\tasm volatile("cli");\n', '\tf("asm");\n'),
    (words.check_assembly, "mm/x.c", "\tvolatile int x;\n", "\tint x; // volatile\n"),
    (words.check_assembly, "mm/x.c", "\t__builtin_ia32_rdtsc();\n", "\t__builtin_ia32_pause();\n"),
    (words.check_paths, "mm/x.c", "/* see /" + "work/x */\n", "/* the network/x */\n"),
    (words.check_paths, "Makefile", "include .." + "/shared/x\n", "include shared/x\n"),
    (words.check_bit_fields, "mm/x.h", "\tuint32_t present : 1;\n", "\tuint32_t present;\n"),
    (words.check_sizes, "mm/x.c", "{\n" + "\tx();\n" * 61 + "}\n", "{\n" + "\tx();\n" * 60 + "}\n"),
    (words.check_sizes, "mm/x.c", "\n" * 401, "\n" * 400),
    (words.check_sizes, "mm/x.c", "\t" * 12 + "12345\n", "\t" * 12 + "1234\n"),
    (words.check_sizes, "tests/x.py", "def f():\n" + "    x()\n" * 61, "def f():\n    x()\n"),
    (words.check_white_space, "mm/x.c", "int x; \n", "int x;\n"),
    (words.check_white_space, "mm/x.c", "int x;", "int x;\n"),
]


def check_the_lints(_):
    """Every lint refuses what it is made for, and lets its neighbour pass."""
    for check, path, wrong, right in CASES:
        if not list(check({**ALL, path: wrong})):
            yield f"{check.__name__} does not refuse, as {path}: {wrong[:60]!r}"
        for problem in check({**ALL, path: right}):
            yield f"{check.__name__} refuses what is right: {problem}"
