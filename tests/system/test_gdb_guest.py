"""The real gdb and a guest: from its first instruction through 16, 32 and 64 bits."""

import itertools
import re

import pytest

import console
from debuggee import Program
from gdb_boot import attach, boot, go_to, memory, step_pcs, waiting

STEPS = {1: {16: 1000, 32: 100, 64: 100}, 4: {16: 100, 32: 30, 64: 30}}
ARCHITECTURES = {16: "i8086", 32: "i386", 64: "i386:x86-64"}
STARTS = {16: "walk_16", 32: "walk_32", 64: "walk_64"}
WORDS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return Program(str(tmp_path_factory.mktemp("debuggee")))


def expect_the_program_s_own_words(machine, program):
    """What it prints is what it prints without a debugger."""
    text = console.guest(machine.console, "debuggee")
    assert f"sum {program.sum():08X} dr7 00000400 tf 00000000" in text
    assert "ok: the clock and the TSC went on together" in text
    assert "ok: a thousand rounds took no longer than they take" in text
    assert "ok: the counter counted each round" in text
    assert "PASS debuggee" in text


def write(gdb, name, value):
    """Into a register, and back out of it. A new frame pointer makes gdb look at another frame."""
    gdb.run(f"set ${name} = {value:#x}")
    gdb.run("frame 0")
    assert gdb.value(f"${name}") == value, name


def check_16(gdb, program):
    go_to(gdb, program["store_16"])
    for name, value in (("eax", 0x11223344), ("ecx", 0x55667788), ("ebp", 0xBEEF),
                        ("esi", 0x1001), ("fs", 0x2000), ("fs_base", 0x20000),
                        ("eflags", 0x8D7)):
        write(gdb, name, value)
    gdb.run("set *(unsigned short*)0x20008 = 0x4711")
    go_to(gdb, program["stored_16"])
    saved = program["saved"]
    assert [memory(gdb, saved + at, 4) for at in (0, 4, 20, 24)] == \
        [0x11223344, 0x55667788, 0xBEEF, 0x1001]
    assert memory(gdb, saved + 34, 2) == 0x2000
    assert memory(gdb, saved + 40, 4) & 0xFD5 == 0x8D5
    assert memory(gdb, saved + 44, 2) == 0x4711
    write(gdb, "fs", 0)
    write(gdb, "fs_base", 0)


def check_32(gdb, program):
    go_to(gdb, program["store_32"])
    for name, value in (("eax", 0x80000001), ("edx", 0x12345678), ("edi", 0xFFFFFFFF),
                        ("cr2", 0xABCDE000), ("dr1", 0x12340)):
        write(gdb, name, value)
    write(gdb, "xmm3.v2_int64[0]", 0x090A0B0C0D0E0F10)
    write(gdb, "xmm3.v2_int64[1]", 0x0102030405060708)
    go_to(gdb, program["stored_32"])
    saved = program["saved"]
    assert [memory(gdb, saved + at, 4) for at in (0, 8, 28, 64, 68)] == \
        [0x80000001, 0x12345678, 0xFFFFFFFF, 0xABCDE000, 0x12340]
    assert memory(gdb, saved + 48, 8) == 0x090A0B0C0D0E0F10
    gdb.run("set $dr1 = 0")


def check_64(gdb, program):
    go_to(gdb, program["store_64"])
    values = {name: 0x0123456789ABCDEF * (n + 1) & (1 << 64) - 1 for n, name in enumerate(WORDS)
              if name != "rsp"}
    values.update(cr2=0xFFFF800012345678, dr1=0x7FFFFFFF1230, cr8=5, fs_base=0xFFFF812345678900)
    for name, value in values.items():
        write(gdb, name, value)
    write(gdb, "xmm9.v2_int64[0]", 0x191A1B1C1D1E1F20)
    write(gdb, "fctrl", 0x27F)
    go_to(gdb, program["stored_64"])
    saved = program["saved"]
    for n, name in enumerate(WORDS):
        if name != "rsp":
            assert memory(gdb, saved + 8 * n, 8) == values[name], name
    for at, name in ((160, "cr2"), (168, "dr1"), (176, "cr8"), (184, "fs_base")):
        assert memory(gdb, saved + at, 8) == values[name], name
    assert memory(gdb, saved + 144, 8) == 0x191A1B1C1D1E1F20
    assert memory(gdb, saved + 192, 2) == 0x27F
    gdb.run("set $dr1 = 0")
    gdb.run("set $fs_base = 0")


CHECKS = {16: check_16, 32: check_32, 64: check_64}


@pytest.mark.parametrize("cores", [1, 4])
def test_a_guest_is_followed_through_all_its_modes(lintel, program, cores):
    machine = boot(lintel, [waiting()], cores=cores, time_limit_s=400)
    with attach(machine, helper=True) as gdb:
        assert gdb.value("$pc") == 0x7C00
        assert re.search(r"jmp +0x0?:?0x7c05", gdb.run("x/i $pc"))
        for bits in (16, 32, 64):
            go_to(gdb, program[STARTS[bits]])
            assert f'"{ARCHITECTURES[bits]}"' in gdb.run("show architecture")
            seen = step_pcs(gdb, STEPS[cores][bits])
            wanted = list(itertools.islice(program.walk(bits), STEPS[cores][bits]))
            differ = next((i for i, (a, b) in enumerate(zip(seen, wanted)) if a != b), None)
            assert differ is None, (bits, differ, [hex(a) for a in seen[differ - 3:differ + 3]],
                                    [hex(a) for a in wanted[differ - 3:differ + 3]])
            assert len(seen) == STEPS[cores][bits]
            CHECKS[bits](gdb, program)
        gdb.run("detach")
    text = lintel.end_well(machine)
    assert "64 bits: done" in text
    expect_the_program_s_own_words(machine, program)
