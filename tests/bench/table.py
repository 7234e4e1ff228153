"""What the benchmark's guest prints, and the table that is made of it. No emulator in here."""

import re

# How a row is judged. PLAIN: the figure as measured. DIFFERENCE: the time until something happens,
# most of which passes on the machine itself as well: the cost is what Lintel adds to that.
PLAIN, DIFFERENCE = "plain", "difference"

# Name in the guest, what it is, how it is judged; in the order of the table.
ROWS = [
    ("cpuid", "CPUID", PLAIN),
    ("cpuid_hypervisor", "CPUID 40000000h", PLAIN),
    ("vmcall", "VMCALL, Lintel's version", PLAIN),
    ("vmcall_unknown", "VMCALL, unknown number", PLAIN),
    ("wbinvd", "WBINVD", PLAIN),
    ("in_21", "IN 21h, PIC mask", PLAIN),
    ("out_21", "OUT 21h, PIC mask", PLAIN),
    ("out_20_eoi", "OUT 20h, end of interrupt", PLAIN),
    ("in_4d0", "IN 4D0h, ELCR", PLAIN),
    ("in_40", "IN 40h, PIT counter", PLAIN),
    ("out_43_latch", "OUT 43h, PIT latch", PLAIN),
    ("in_61", "IN 61h, speaker and gate", PLAIN),
    ("in_92", "IN 92h, A20 gate", PLAIN),
    ("out_92", "OUT 92h, A20 gate", PLAIN),
    ("in_3fd", "IN 3FDh, UART status", PLAIN),
    ("out_3ff", "OUT 3FFh, UART scratch", PLAIN),
    ("out_3f8", "OUT 3F8h, a byte to the console", PLAIN),
    ("out_8900", "OUT 8900h, end of the machine", PLAIN),
    ("in_cfc", "IN CFCh, 32 bits, PCI data", PLAIN),
    ("in_80", "IN 80h, POST code", PLAIN),
    ("out_80", "OUT 80h, POST code", PLAIN),
    ("rep_outsb_16", "REP OUTSB, 16 bytes to nobody", PLAIN),
    ("rdmsr_pat", "RDMSR of PAT", PLAIN),
    ("wrmsr_pat", "WRMSR of PAT", PLAIN),
    ("rdmsr_tsc", "RDMSR of the TSC", PLAIN),
    ("rdmsr_platform_id", "RDMSR, intercepted", PLAIN),
    ("gp", "RDMSR of nobody's: #GP to handler", PLAIN),
    ("inject_nmi", "VMCALL for an NMI, its handler", PLAIN),
    ("mov_cr0_mp", "MOV to CR0, a bit of the guest's", PLAIN),
    ("mov_cr0_cd", "MOV to CR0, a bit of Lintel's", PLAIN),
    ("mov_cr4_pse", "MOV to CR4, a bit of the guest's", PLAIN),
    ("mov_cr3", "MOV to CR3", PLAIN),
    ("mov_dr7", "MOV to DR7", PLAIN),
    ("ram_first_touch", "first touch of RAM, 4 KiB leaf", PLAIN),
    ("ram_first_touch_large", "first touch of RAM, 2 MiB leaf", PLAIN),
    ("mmio_ioapic", "MMIO read, I/O APIC", PLAIN),
    ("mmio_lapic", "MMIO read, local APIC", PLAIN),
    ("mmio_hpet", "MMIO read, HPET", PLAIN),
    ("unclaimed_read", "read of memory of nobody's, again", PLAIN),
    ("ept_violation", "EPT violation: a new page of nobody's", PLAIN),
    ("ept_violation_1", "the same, by a read of 1 byte", PLAIN),
    ("ept_violation_2", "the same, by a read of 2 bytes", PLAIN),
    ("unclaimed_write", "write to memory of nobody's", PLAIN),
    ("hlt_pending", "HLT, interrupt waiting", PLAIN),
    ("pit_running", "last instruction to PIT handler", PLAIN),
    ("pit_load_running", "PIT interrupt to handler, running", DIFFERENCE),
    ("pit_load_halted", "PIT interrupt to handler, in HLT", DIFFERENCE),
    ("console_fifo", "a byte of 2 KiB, 16 at a time", PLAIN),
    ("console_poll", "a byte of 2 KiB, one by one", PLAIN),
]

# What depends on when the host's own tick comes: so many percent are no regression.
LOOSE_PERCENT = {"pit_load_halted": 30, "ept_violation": 15, "ept_violation_1": 30,
                 "ept_violation_2": 30, "console_fifo": 15, "console_poll": 15}

LINE = re.compile(r"^bench (\w+) (?:n=(\d+) min=(\d+) med=(\d+) mean=(\d+) p99=(\d+) max=(\d+)"
                  r"|exception=(\d+)|count=(\d+) ticks=(\d+))\s*$", re.M)
FIGURES = ("n", "min", "med", "mean", "p99", "max")
CPU = re.compile(r"^bench cpu (.*?)\s*$", re.M)


def parse(text):
    """The guest's lines as {name: {"n": .., "min": .., ...} or {"exception": vector}}."""
    rows = {}
    for found in LINE.finditer(text):
        name, *figures, exception, count, ticks = found.groups()
        if exception:
            rows[name] = {"exception": int(exception)}
        elif count:
            rows[name] = {"count": int(count), "ticks": int(ticks),
                          "med": int(ticks) // int(count)}
        else:
            rows[name] = dict(zip(FIGURES, map(int, figures)))
    return rows


def cpu_name(text):
    """The processor that the guest saw."""
    found = CPU.search(text)
    return " ".join(found[1].split()) if found else "unknown"


def figure(rows, name):
    """The median of a row, "#6" for an exception, None if there is no such row."""
    row = rows.get(name)
    if row is None:
        return None
    return row["med"] if "med" in row else f"#{row['exception']}"


def costs(native, lintel):
    """What each operation costs in Lintel, by its row's rule: {name: instructions}."""
    result = {}
    for name, _, rule in ROWS:
        here, there = figure(lintel, name), figure(native, name)
        if not isinstance(here, int):
            continue
        if rule == DIFFERENCE:
            if not isinstance(there, int):
                continue
            here -= there
        result[name] = here
    return result


def render(native, lintel, peers, limits):
    """The table as text. A row above its limit has an asterisk."""
    names = [column["name"] for column in peers["columns"]]
    cost = costs(native, lintel)
    lines = [["operation", "native", "Lintel", "limit", *names]]
    for name, text, rule in ROWS:
        if name not in lintel:
            continue
        own = cost.get(name, figure(lintel, name))
        there = 0 if rule == DIFFERENCE else figure(native, name)
        mark = f"{limits[name]:,}{'*' if above(cost, limits, name) else ' '}" \
            if name in limits else None
        lines.append([text, there, own, mark, *(c["rows"].get(name) for c in peers["columns"])])
    return layout(lines)


def render_cycles(native, lintel):
    """The table of a machine where the TSC counts cycles: median and 99th percentile."""
    lines = [["operation", "native", "p99", "Lintel", "p99"]]
    for name, text, _ in ROWS:
        if name in lintel:
            lines.append([text, figure(native, name), native.get(name, {}).get("p99"),
                          figure(lintel, name), lintel[name].get("p99")])
    return layout(lines)


def above(cost, limits, name):
    """Is that row above its limit?"""
    return name in limits and name in cost and cost[name] > limits[name]


def over(cost, limits):
    """The rows above their limits: [(name, limit, now)]."""
    return [(name, limits[name], cost[name]) for name, _, _ in ROWS if above(cost, limits, name)]


def layout(lines):
    """Columns side by side: the first to the left, the rest to the right."""
    cells = [["" if c is None else f"{c:,}" if isinstance(c, int) else str(c) for c in line]
             for line in lines]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    out = []
    for number, line in enumerate(cells):
        out.append("  ".join([line[0].ljust(widths[0]),
                              *(c.rjust(w) for c, w in zip(line[1:], widths[1:]))]).rstrip())
        if number == 0:
            out.append("-" * len(out[0]))
    return "\n".join(out)


def regressions(cost, baseline, percent=5, slack=2):
    """Rows that became worse by more than percent (LOOSE_PERCENT for some), and by more than slack
    instructions, or that are gone: [(name, before, now)]; now is None for a row that is gone."""
    worse = []
    for name, before in baseline.items():
        now = cost.get(name)
        most = before * (1 + LOOSE_PERCENT.get(name, percent) / 100)
        if now is None or (now > most and now > before + slack):
            worse.append((name, before, now))
    return worse
