"""What marks say about the start of Lintel, of a VM, and about the memory that they take."""

from statistics import median

from tests.bench.marks import GUEST, first

# What begins at each mark, and lasts until the next one that is there.
PHASES = [
    ("boot_entry", "first page tables, into C"),
    ("kernel_main", "log, traps, boot information"),
    ("address_space_init", "memory map, own page tables"),
    ("firmware_read_acpi", "ACPI tables"),
    ("clock_init", "rate of the TSC"),
    ("lapic_init", "console, APICs"),
    ("smp_start", "other cores"),
    ("vmx_init", "VT-x: capabilities, VMXON"),
    ("vm_launch_modules", "the modules' lines"),
    ("vm_start", "first VM: memory, EPT, vCPU"),
]
MARKS_ALONE = [name for name, _ in PHASES] + [
    "guest_memory_init", "guest_memory_map", "platform_init", "vcpu_create", GUEST, "vcpu_destroy"]
MARKS_SMP = [name for name, _ in PHASES] + [
    "lapic_send_startup", "smp_core_main", "lapic_send_ipi", "on_wake_up", GUEST]

# A VM's start: what begins at each mark.
START = [
    ("guest_memory_init", "RAM, zeroed"),
    ("guest_memory_map", "EPT"),
    ("platform_init", "board, program"),
    ("vcpu_create", "vCPU, VMCS"),
]
PAGE = 4096


def boot_marks(marks):
    """The boot processor's marks from the first phase to the first guest instruction anywhere."""
    begin = next((m for m in marks if m.name in ("boot_entry", "kernel_main")), None)
    if begin is None:
        return []
    found = [first(marks, name, core=0, after=begin.tick) for name, _ in PHASES]
    # Another core's VM may be the first.
    found.append(first(marks, GUEST, after=begin.tick))
    return [m for m in found if m]


def phases(marks):
    """[(text, instructions)] of the boot, and the sum as ("in all", ..)."""
    texts = dict(PHASES)
    found = boot_marks(marks)
    out = [(texts[a.name], b.tick - a.tick) for a, b in zip(found, found[1:])]
    if not out or found[-1].name != GUEST:
        return []
    return [*out, ("in all", found[-1].tick - found[0].tick)]


def core_starts(marks):
    """Of the start of other cores, in ticks: wait (from the beginning to the first that runs) and
    core (for each). Empty where there is one core only."""
    begin, end = first(marks, "smp_start"), first(marks, "vmx_init", core=0)
    cores = sorted(m.tick for m in marks if m.name == "smp_core_main")
    if not (begin and end and cores):
        return {}
    each = [b - a for a, b in zip(cores, cores[1:])]
    return {"wait": cores[0] - begin.tick, "core": round(median(each)) if each else 0,
            "last": end.tick - cores[-1], "cores": len(cores)}


def kicks(marks):
    """Ticks from the call that sends an IPI to a sleeping core to the first instruction of the
    handler there: one for each that was seen."""
    begin = first(marks, "vmx_init", core=0)
    sent, took = None, []
    for mark in marks:
        if not begin or mark.tick < begin.tick:
            continue
        if mark.name == "lapic_send_ipi":
            sent = mark.tick
        elif mark.name == GUEST:
            break
        elif mark.name == "on_wake_up" and sent is not None:
            took.append(mark.tick - sent)
            sent = None
    return took


def start_and_stop(marks):
    """{"start": .., "stop": .., part: ..} of a VM that runs again: from vm_start() to the guest's
    first instruction, and from the end of its vCPU to the next start. Medians."""
    after = first(marks, "vm_start")
    if after is None:
        return {}
    marks = [m for m in marks if m.tick >= after.tick]
    spans = {}
    for a, b in zip(marks, marks[1:]):
        if (a.name, b.name) == ("vcpu_destroy", "vm_start"):
            spans.setdefault("stop", []).append(b.tick - a.tick)
        if a.name in dict(START):
            spans.setdefault(a.name, []).append(b.tick - a.tick)
    begin = None
    for mark in marks:
        if mark.name == "vm_start":
            begin = mark.tick
        elif mark.name == GUEST and begin is not None:
            spans.setdefault("start", []).append(mark.tick - begin)
            begin = None
    return {name: round(median(ticks)) for name, ticks in spans.items()}


def pages_between(a, b):
    """Pages that were taken from mark a to mark b; None if one of them does not tell."""
    if not a or not b or a.value is None or b.value is None:
        return None
    return (a.value - b.value) // PAGE


def pages(alone, smp, cores):
    """{what: pages}. alone: marks of one core and one VM; smp: of several cores."""
    def taken(marks, begin, end=None):
        a = first(marks, begin, core=0)
        b = first(marks, end, core=0) if end else next(
            (m for m in marks if a and m.tick > a.tick), None)
        return pages_between(a, b)

    # Until the next mark, where no other is named: the order of a VM's start is not ours.
    of_cores = taken(smp, "smp_start", "vmx_init")
    found = {
        "core": of_cores // (cores - 1) if of_cores is not None else None,
        "vm_struct": taken(alone, "vm_launch_modules", "vm_start"),
        "vm_ram": taken(alone, "guest_memory_init"),
        "vm_ept": taken(alone, "guest_memory_map"),
    }
    begin, end = first(alone, "vcpu_create"), first(alone, "vcpu_destroy")
    found["vcpu"] = pages_between(begin, end)
    return {name: count for name, count in found.items() if count is not None}
