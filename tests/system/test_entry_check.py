"""check=entry: the rules of VM entry and the CPU agree, for VMs that have one wrong VMCS field."""

import pytest

import console
from conftest import guest

# poke=, and the name of the rule that it breaks; None: a value that the CPU takes.
BROKEN = {
    "the controls (error 7)": [
        ("PIN_CONTROLS:0", "pin-reserved"),
        ("PROC_CONTROLS:0", "proc-reserved"),
        ("PROC2_CONTROLS:0x80", "unrestricted-ept"),
        ("PROC2_CONTROLS:0xffffffff", "proc2-reserved"),
        ("EXIT_CONTROLS:0", "exit-reserved"),
        ("ENTRY_CONTROLS:0", "entry-reserved"),
        ("CR3_TARGET_COUNT:5", "cr3-targets"),
        ("IO_BITMAP_A:1", "io-bitmaps"),
        ("IO_BITMAP_B:0x10000000000", "io-bitmaps"),
        ("MSR_BITMAP:0x800", "msr-bitmap"),
        ("EPT_POINTER:0x1019", "ept-type"),
        ("EPT_POINTER:0x1006", "ept-walk"),
        ("VPID:0", "vpid"),
        ("EXCEPTION_BITMAP:0x60042", None),
    ],
    "the host state (error 8)": [
        ("EXIT_CONTROLS:0x3f6dff", "host-64"),
        ("HOST_CR0:0", "host-cr0"),
        ("HOST_CR4:0", "host-cr4"),
        ("HOST_CR3:0x10000000000", "host-cr3"),
        ("HOST_PAT:2", "host-pat"),
        ("HOST_EFER:0", "host-efer-mode"),
        ("HOST_EFER:0xffff", "host-efer"),
        ("HOST_CS_SELECTOR:0", "host-cs"),
        ("HOST_CS_SELECTOR:0xb", "host-selectors"),
        ("HOST_DS_SELECTOR:4", "host-selectors"),
        ("HOST_TR_SELECTOR:0", "host-tr"),
        ("HOST_GS_BASE:0x800000000000", "host-bases"),
        ("HOST_GDTR_BASE:0x8000000000000000", "host-bases"),
        ("HOST_SYSENTER_EIP:0x800000000000", "host-sysenter"),
        ("HOST_RIP:0x800000000000", "host-rip"),
    ],
    "the guest state (exit reason 33)": [
        ("GUEST_CR0:0", "cr0-fixed"),
        ("GUEST_CR0:0x80000030", "cr0-paging"),
        ("GUEST_CR4:0", "cr4-fixed"),
        ("GUEST_CR4:0x22000", "cr4-pcide"),
        ("GUEST_CR3:0x10000000000", "cr3"),
        ("GUEST_DR7:0x100000400", "dr7"),
        ("GUEST_SYSENTER_ESP:0x800000000000", "sysenter"),
        ("GUEST_SYSENTER_ESP:0x7fffffffffff", None),
        ("GUEST_PAT:3", "pat"),
        ("GUEST_EFER:2", "efer-reserved"),
        ("GUEST_EFER:0x400", "efer-lma"),
        ("GUEST_GDTR_BASE:0x800000000000", "table-bases"),
        ("GUEST_IDTR_LIMIT:0x10000", "table-limits"),
        ("GUEST_RIP:0x100000000", "rip-32"),
        ("GUEST_RFLAGS:0", "rflags-reserved"),
        ("GUEST_RFLAGS:0x20002", "rflags-vm"),
        ("GUEST_TR_SELECTOR:4", "tr-ti"),
        ("GUEST_TR_ACCESS:0x83", None),
        ("GUEST_TR_ACCESS:0x89", "tr-type"),
        ("GUEST_TR_ACCESS:0x1008b", "tr-usable"),
        ("GUEST_LDTR_ACCESS:0x8b", "ldtr-type"),
        ("GUEST_CS_ACCESS:0x13", "segment-present"),
        ("GUEST_CS_ACCESS:0x9b", None),
        ("GUEST_CS_BASE:0x100000000", "base-32"),
        ("GUEST_SS_ACCESS:0x91", "ss-type"),
        ("GUEST_DS_ACCESS:0x92", "data-type"),
        ("GUEST_FS_BASE:0x800000000000", "base-canonical"),
        ("GUEST_GS_LIMIT:0xfffff000", "segment-limit"),
        ("GUEST_ES_ACCESS:0x193", "segment-reserved"),
        ("GUEST_ACTIVITY_STATE:4", "activity"),
        ("GUEST_INTERRUPTIBILITY:3", "blocking-both"),
        ("GUEST_INTERRUPTIBILITY:4", "blocking-smi"),
        ("GUEST_INTERRUPTIBILITY:0x20", "blocking-reserved"),
        ("GUEST_INTERRUPTIBILITY:8", None),
        ("GUEST_PENDING_DEBUG:0x2000", "pending-reserved"),
        ("LINK_POINTER:1", "link-pointer"),
        ("GUEST_SS_ACCESS:0xf3", "ss-dpl-0"),
        ("GUEST_GS_ACCESS:0x1ffff", None),
        ("GUEST_LDTR_SELECTOR:4", "ldtr-ti"),
    ],
}

REFUSED = {
    "the controls (error 7)": r"VM entry failed: VM entry with invalid control fields "
                              r"\(VM-instruction error 7\)",
    "the host state (error 8)": r"VM entry failed: VM entry with invalid host-state fields "
                                r"\(VM-instruction error 8\)",
    "the guest state (exit reason 33)": r"VM-entry failure: invalid guest state \(reason 33\)",
}


# No more of them in a boot than the console has room for when they all end at once.
BOOTS = [(area, pokes[at:at + 15]) for area, pokes in BROKEN.items()
         for at in range(0, len(pokes), 15)]


@pytest.mark.parametrize("area, pokes", BOOTS, ids=[pokes[0][0] for _, pokes in BOOTS])
def test_the_rules_and_the_cpu_agree(lintel, area, pokes):
    machine = lintel.boot([guest("hello", vm=f"vm{i}", mem="64K", poke=poke, check="entry")
                           for i, (poke, _) in enumerate(pokes)])
    lintel.end_badly(machine)
    text = machine.console
    assert not console.logged(text, r"\S+: the CPU finds fault with")
    for i, (poke, rule) in enumerate(pokes):
        verdict = console.logged(text, rf"vm{i}: check=entry: by \d+ rules the CPU will find ")
        assert verdict, poke
        assert verdict.text.endswith(f" with {area if rule else 'nothing'}"), poke
        if not rule:
            assert console.logged(text, rf'vm{i}: ended by "Shutdown"'), poke
            continue
        assert console.logged(text, rf"vm{i}: {REFUSED[area]}"), poke
        assert console.logged(text, rf"vm{i}: breaks the entry rule {rule}: "), poke
        field, value = poke.split(":")
        shown = f"{int(value, 0):#x}" if int(value, 0) else "0"
        assert console.logged(text, rf'vm{i}:   {field} is {shown}\b.* \(SDM 3C ".+"\)'), poke


def test_what_would_harm_the_host_is_not_written(lintel):
    machine = lintel.boot([guest("hello", poke="HOST_RIP:0")])
    lintel.end_well(machine)
    assert console.logged(machine.console, r"hello: poke=HOST_RIP: not written, since the CPU ")
