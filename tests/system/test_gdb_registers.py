"""The real gdb and every register of a guest, in 32 and in 64 bits: read, changed, put back.

What is read back comes from the machine: gdb forgets its copies before each look.
"""

import re

import pytest

import console
from debuggee import Program
from gdb_boot import attach, boot, go_to, waiting

HIGH = 1 << 47  # an address with this bit alone is not canonical
LANES = 1 << 64 | 1  # of an XMM register

# Registers, and the bits that are turned over: the CPU enters a guest with either value. In
# 32 bits it is as many of them as the register has.
CHANGES = {
    "st0 st1 st2 st3 st4 st5 st6 st7": 0xBFFF_C000_0000_0000_0000,  # -1.5
    "xmm0 xmm1 xmm2 xmm3 xmm4 xmm5 xmm6 xmm7 xmm8 xmm9 xmm10 xmm11 xmm12 xmm13 xmm14 xmm15":
        LANES * 0x8123_4567_89AB_CDEF,
    "rax rbx rcx rdx rsi rdi r8 r9 r10 r11 r12 r13 r14 r15": 0x8421_0000_F00F_0001,
    "eax ecx edx ebx esi edi": 0xF00F_0001,
    "rbp rsp ebp esp": 0x0000_0000_0010_0008,
    "rip eip": 0x10,
    "eflags": 0x8D5,  # CF PF AF ZF SF OF
    "cs ss ds es fs gs ldtr tr": 0x40,
    "fctrl": 0x300,
    "fstat": 0x4700,  # C0 to C3
    "ftag": 0x8000,  # one that is empty becomes one that is zero
    "fiseg foseg": 0x18,
    "fioff fooff": 0x8000_1234,
    "fop": 0x7A5,
    "mxcsr": 0x8040,  # FZ DAZ
    "fs_base gs_base tr_base ldtr_base gdtr_base idtr_base": 0xFFFF_8000_0000_1000,
    "cs_base ss_base ds_base es_base": 0x8000_1000,
    "cs_limit ss_limit ds_limit es_limit fs_limit gs_limit": 0x7000_0000,
    "ldtr_limit tr_limit": 0x8,
    "cs_access ss_access ds_access es_access fs_access gs_access ldtr_access tr_access":
        0x1000,  # AVL
    "gdtr_limit idtr_limit": 0x8008,
    "cr0": 0x22,  # MP NE
    "cr2": 0xFFFF_8000_1234_5678,
    "cr3": 0x18,  # PWT PCD
    "cr4": 0x98,  # DE PSE PGE
    "cr8": 0xA,
    "efer": 0x1,  # SCE
    "dr0 dr1 dr2 dr3": 0x7FFF_FFFF_1230,
    "dr6": 0xE00F,
    "dr7": 0xD_0055,  # L0 to L3, slot 0 four bytes of writes
}

# Registers, a bit that no guest can have so, and why.
REFUSED = [
    ("eflags", 1 << 3, "reserved"),
    ("cs_limit", 1, "pages have whole ones"),
    ("tr_limit", 1 << 20, "bytes have 20 bits"),
    ("ds_access", 1 << 0, "a loaded segment has been accessed"),
    ("ds_access", 1 << 8, "reserved"),
    ("tr_access", 1 << 1, "a loaded TSS is busy"),
    ("tr", 1 << 2, "not in an LDT"),
    ("cr0", 1 << 29, "NW without CD"),
    ("cr4", 1 << 13, "no VMX in a guest"),
    ("cr4", 1 << 31, "reserved"),
    ("cr8", 1 << 4, "16 priorities"),
    ("efer", 1 << 1, "reserved"),
    ("mxcsr", 1 << 16, "reserved"),
    ("ds", 1 << 16, "16 bits"),
    ("tr", 1 << 16, "16 bits"),
    ("gdtr_limit", 1 << 16, "16 bits"),
    ("fctrl", 1 << 16, "16 bits"),
    ("ftag", 1 << 16, "16 bits"),
]
REFUSED_LONG = [
    ("rip", HIGH, "not canonical"),
    ("eflags", 1 << 17, "no virtual 8086 in long mode"),
    ("cs_base", 1 << 32, "32 bits"),
    ("ds_base", 1 << 32, "32 bits"),
    ("fs_base", HIGH, "not canonical"),
    ("gs_base", HIGH, "not canonical"),
    ("tr_base", HIGH, "not canonical"),
    ("gdtr_base", HIGH, "not canonical"),
    ("idtr_base", HIGH, "not canonical"),
    ("cs_access", 1 << 14, "D with L"),
    ("cr0", 1 << 0, "paging without protection"),
    ("cr3", 1 << 60, "beyond the physical addresses"),
    ("cr4", 1 << 5, "long mode without PAE"),
    ("dr6", 1 << 32, "32 bits"),
    ("dr7", 1 << 32, "32 bits"),
]

MASKS = {name: mask for names, mask in CHANGES.items() for name in names.split()}

# Bits that the CPU itself keeps as they are, whatever is written.
KEPT = [("eflags", 1 << 1), ("cr0", 1 << 4), ("cr0", 1 << 15), ("efer", 1 << 10),
        ("dr6", 0x1FF0), ("dr7", 1 << 10), ("dr7", 1 << 11)]

REFUSAL = "Could not write register \"{}\"; remote failure reply 'E16'"  # EINVAL


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return Program(str(tmp_path_factory.mktemp("debuggee")))


class Registers:
    """The registers that gdb was told of, by name; all values are numbers."""

    def __init__(self, gdb):
        self.gdb = gdb
        described = re.findall(r'<reg name="([^"]+)" bitsize="([0-9]+)"',
                               gdb.run("maint print xml-tdesc"))
        self.masks = {name: MASKS.get(name, 0) & (1 << int(bits)) - 1 for name, bits in described}

    def read(self, name):
        """The machine's value."""
        assert "flushed" in self.gdb.run("maint flush register-cache")
        if re.fullmatch("st[0-7]", name):
            said = self.gdb.run(f"info registers {name}")
            return int(re.search(r"\(raw (0x[0-9a-f]+)\)", said)[1], 16)
        return self.gdb.value(f"${name}" + (".uint128" if name.startswith("xmm") else ""))

    def write(self, name, value):
        """What gdb says to it: nothing, if the machine took it."""
        if re.fullmatch("st[0-7]", name):
            return self.gdb.run(f"set ${name} = {self._decimal(value)}")
        if name.startswith("xmm"):
            return "".join(self.gdb.run(f"set ${name}.v2_int64[{lane}] = {half:#x}")
                           for lane, half in enumerate((value & (1 << 64) - 1, value >> 64)))
        return self.gdb.run(f"set ${name} = {value:#x}")

    @staticmethod
    def _decimal(value):
        """gdb sets an x87 register by its number, not by its bits. SDM 1 "x87 FPU Data Types"."""
        exponent = (value >> 64 & 0x7FFF) - 16383 - 63
        return ("-" if value >> 79 else "") + repr((value & (1 << 64) - 1) * 2.0 ** exponent)


def change(registers, name, mask):
    """Turns bits over, and puts them back."""
    before = registers.read(name)
    for value in (before ^ mask, before):
        said = registers.write(name, value)
        now = registers.read(name)
        assert (said, hex(now)) == ("", hex(value)), (name, hex(before), hex(mask))


def stays(registers, name, mask, answer):
    before = registers.read(name)
    said = registers.write(name, before ^ mask).strip()
    now = registers.read(name)
    assert (said, hex(now)) == (answer, hex(before)), (name, hex(mask))


@pytest.mark.parametrize("bits, count", [(32, 83), (64, 99)])
def test_every_register_is_read_and_written(lintel, program, bits, count):
    machine = boot(lintel, [waiting()], time_limit_s=150)
    with attach(machine, helper=True) as gdb:
        go_to(gdb, program[f"store_{bits}"])
        registers = Registers(gdb)
        masks = registers.masks
        assert len(masks) == count
        assert not [name for name in masks if not masks[name]]
        at_first = {name: registers.read(name) for name in masks}
        for name, mask in masks.items():
            change(registers, name, mask)
        for name, mask, _ in REFUSED + (REFUSED_LONG if bits == 64 else []):
            stays(registers, name, mask, REFUSAL.format(name))
        for name, mask in KEPT:
            stays(registers, name, mask, "")
        assert {name: registers.read(name) for name in masks} == at_first
        gdb.run("detach")
    lintel.end_well(machine)
    assert "PASS debuggee" in console.guest(machine.console, "debuggee")
