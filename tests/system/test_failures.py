"""What goes wrong in a VM is told in words and ends that VM alone (poke= spoils a VMCS field)."""

import pytest

import console
from conftest import guest
from tests.guests import expect

DUMP = ["RAX ", "R12 ", "RIP ", "EFER ", "ES ", "CS ", "SS ", "TR ", "controls: pin ", "blocking ",
        "the last "]


def fail_beside_a_tick(lintel, poke, program="demo", **words):
    """Boots a guest with poke= beside one without; returns the console. The other must run on."""
    machine = lintel.boot([guest(program, vm="bad", poke=poke, **words), "tick"], debug=True)
    assert lintel.end_badly(machine) == "lintel: done: 1 of 2 guests failed"
    assert console.logged(machine.console, rf"bad: {poke.split(':')[0]} is .* by poke=")
    text = console.guest(machine.console, "tick")
    assert expect.load("tick").mismatch(text, others_between=True) is None
    assert "before the first guest" in machine.console
    return machine.console


def expect_dump(text):
    for part in DUMP:
        assert console.logged(text, rf"bad: +{part}"), part


@pytest.mark.parametrize("poke, rule", [
    ("GUEST_RFLAGS:0", r"rflags-reserved: bit 1 is 1"),
    ("GUEST_CS_ACCESS:0", r"cs-type: "),
    ("GUEST_ACTIVITY_STATE:4", r"activity: "),
    ("GUEST_INTERRUPTIBILITY:0xb", r"blocking-both: "),
])
def test_an_entry_with_an_invalid_guest_state_is_explained(lintel, poke, rule):
    text = fail_beside_a_tick(lintel, poke)
    assert console.logged(text, rf"bad: breaks the entry rule {rule}")
    field, value = poke.split(":")
    assert console.logged(text, rf'bad:   {field} is (0x)?{int(value, 0):x}\b.* \(SDM 3C "')
    assert console.logged(text, r"bad: VM-entry failure: invalid guest state \(reason 33\)")
    expect_dump(text)


def test_an_entry_with_invalid_controls_is_explained(lintel):
    text = fail_beside_a_tick(lintel, "PROC_CONTROLS:0")
    assert console.logged(text, r"bad: VM entry failed: VM entry with invalid control fields "
                                r"\(VM-instruction error 7\)")
    expect_dump(text)


def test_an_exit_that_nobody_handles_ends_the_guest_with_a_dump(lintel):
    # Lintel's own controls, and RDTSC exiting (bit 12), which it never asks for.
    text = fail_beside_a_tick(lintel, "PROC_CONTROLS:0xb6187dfa")
    assert console.logged(text, r"bad: VM exit that nobody handles: RDTSC \(reason 0x10\), in real")
    expect_dump(text)
    assert console.logged(text, r"bad: the last 32 exits, oldest first:")
    assert console.logged(text, r"bad:   RDTSC +RIP ")


@pytest.mark.parametrize("missing, words", [
    ("vmx", "has no VT-x (CPUID.1:ECX.VMX is 0)"),
    ("ept", "EPT"),
    ("unrestricted-guest", "unrestricted guest"),
])
def test_vt_x_that_is_not_enough_is_refused(lintel, missing, words):
    machine = lintel.boot(["hello"], f"without={missing}", cores=4)
    ending = lintel.end_badly(machine)
    assert ending.startswith("lintel: stopped: ")
    assert words in ending
    assert console.guest(machine.console, "hello").splitlines().count("hello") == 0
