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


def test_x2apic_takes_cores_and_guests_as_xapic_does(lintel):
    console = lintel.end_well(lintel.boot(["hello"], "apic=x2apic", cores=4))
    assert "x2APIC" in console
    assert "4 of 4 cores" in console
