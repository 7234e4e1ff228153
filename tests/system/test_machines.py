"""Machines that only QEMU's emulator can be: UEFI, much memory, many cores. It has no VT-x, so
Lintel comes up, and then refuses in words. Its CPUs have no x2APIC before QEMU 9; Bochs' have."""

import pytest

import console
from conftest import guest

REFUSAL = ("lintel: stopped: this virtual CPU has no VT-x (CPUID.1:ECX.VMX is 0). "
           "Start the machine with nested virtualisation, as QEMU does with "
           "'-accel kvm -cpu host' where KVM has nested=1, or use Bochs")


def refused(lintel, guests=("demo",), options="", **machine_words):
    """Boots, waits for the refusal and for the end of the machine; returns the console."""
    machine = lintel.boot(guests, options, bed="tcg", **machine_words)
    assert lintel.end_badly(machine) == REFUSAL
    assert console.logged(machine.console, r"this virtual CPU has no VT-x").level == "error"
    assert machine.status != 0  # QEMU's own: the machine has switched itself off, saying so
    return machine.console


@pytest.mark.parametrize("uefi", [False, True], ids=["bios", "uefi"])
@pytest.mark.parametrize("cores", [1, 4, 64])
def test_without_vt_x_all_cores_come_up_and_the_refusal_is_in_words(lintel, uefi, cores):
    text = refused(lintel, uefi=uefi, cores=cores, memory_mib=512)
    if cores > 1:
        assert console.logged(text, rf"{cores} of {cores} cores run")


@pytest.mark.parametrize("option, mode", [("xapic", "xAPIC"), ("x2apic", "x2APIC")])
def test_cores_start_and_are_kicked_in_xapic_and_x2apic_mode(lintel, option, mode):
    lines = [guest("hello", vm=f"vm{n}") for n in range(4)]
    machine = lintel.boot(lines, f"apic={option}", cores=4)
    text = lintel.end_well(machine)
    assert console.logged(text, rf"{mode} at 0xfee00000")
    assert console.logged(text, r"4 of 4 cores run")


def test_x2apic_that_is_not_there_is_named(lintel):
    text = refused(lintel, options="apic=x2apic", cpu="max,x2apic=off", cores=2)
    assert console.logged(text, r"apic=x2apic: not supported").level == "error"
    assert console.logged(text, r"2 of 2 cores run")


def test_255_cores_are_started(lintel):
    text = refused(lintel, cores=255, memory_mib=512, time_limit_s=150)
    assert console.logged(text, r"255 of 255 cores run")


def test_cores_limits_how_many_are_used(lintel):
    assert console.logged(refused(lintel, options="cores=3", cores=8), r"3 of 8 cores run")


@pytest.mark.parametrize("memory_mib, uefi", [(64, False), (2048, False), (5120, False),
                                              (5120, True), (40960, False)])
def test_all_memory_of_the_map_is_found(lintel, memory_mib, uefi):
    # What the machine does not touch costs nothing, if it is not reserved.
    extra = ["-object", f"memory-backend-ram,id=ram,size={memory_mib}M,reserve=off",
             "-machine", "memory-backend=ram"]
    text = refused(lintel, ["hello"], memory_mib=memory_mib, uefi=uefi, extra=extra)
    line = console.logged(text, r"(\d+) MiB of RAM in \d+ regions, (\d+) MiB free")
    found, free = (int(word) for word in line.text.split() if word.isdigit() and int(word) > 16)
    assert memory_mib - 16 <= found <= memory_mib
    assert found - free < 8 + found // 256  # page tables and the allocator's own


def test_an_old_board_boots(lintel):
    refused(lintel, machine="pc", cpu="qemu64", cores=2)
