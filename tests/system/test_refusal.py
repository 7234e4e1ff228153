"""Where VT-x is missing, Lintel says so and stops, whatever the firmware and the cores."""

import pytest


@pytest.mark.parametrize("cores", [1, 4, 64])
@pytest.mark.parametrize("uefi", [False, True], ids=["bios", "uefi"])
def test_a_machine_without_vmx_is_refused_in_words(lintel, uefi, cores):
    machine = lintel.boot(["demo"], bed="tcg", uefi=uefi, cores=cores, memory_mib=512)
    ending = lintel.end_badly(machine)
    assert ending.startswith("lintel: stopped: ")
    assert "VMX" in machine.console
    assert machine.status != 0


def test_x2apic_cores_all_start(lintel):
    machine = lintel.boot(["demo"], bed="tcg", cores=16, cpu="max,x2apic=on", memory_mib=512)
    lintel.end_badly(machine)
    assert "16 of 16 cores" in machine.console
