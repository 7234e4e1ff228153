"""What the statistics of exits cost: the instructions that they add to an exit's way, counted in a
trace of it, and what it takes to fold an exit's record into the tables, as Lintel measures that.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Operations of tests/bench/breakdown.py, and what they are.
TRACED = {"cpuid": "CPUID", "in_21": "IN 21h"}

LAYOUT = re.compile(r"^%define (VCPU_\w+)\s+(\d+)", re.M)
START_AT, END_AT = 24, 28  # in struct exit_record
FOLDING = re.compile(r"bench: counting them took (\d+) ticks each")


def layout():
    """Where things are in struct vcpu."""
    text = (ROOT / "vmx" / "vcpu_layout.inc").read_text(encoding="utf-8")
    return {name: int(offset) for name, offset in LAYOUT.findall(text)}


def stamps(texts):
    """How many of these instructions, as Bochs writes them, are there for the statistics: the TSC
    at the exit and its place, the place of the end, and the look whether the ring is full."""
    at = layout()
    history, position = at["VCPU_HISTORY"], at["VCPU_HISTORY_AT"]
    low = 128  # after an exit RSP is so much above the vCPU
    start = f"[rsp+rcx*4+{history + START_AT - low}], eax"
    ends = (f"[rsp+rcx*4+{history + END_AT - low}], eax", f"[rdi+rcx*4+{history + END_AT}], eax")
    count, begun = 0, False
    for before, text in zip([""] + texts, texts):
        full = before.startswith(f"add byte ptr ss:[rsp+{position - low}]") and text[:3] == "jb "
        tsc = text == "rdtsc" and not begun
        place = text.endswith((start, *ends))
        again = text == f"movzx ecx, byte ptr ds:[rdi+{position}]"
        begun |= text.endswith(start)
        count += full or tsc or place or again
    assert begun, "no exit begins in the trace"
    return count


def figures(traces, console):
    """traces: {operation: [(function, instruction)]}; console: of the benchmark with stats=on."""
    found = FOLDING.search(console)
    return {"path": {name: stamps([text for _, text in trace]) for name, trace in traces.items()},
            "folding": int(found[1]) if found else None}


def lines(told, limit):
    """The rows of the table, the head first."""
    out = [["statistics of exits: instructions an exit", "", "limit"]]
    out += [[f"{text}: on its way", told["path"].get(name), limit]
            for name, text in TRACED.items()]
    return [*out, ["folding, the mean of the table's exits", told["folding"], None]]


def complaints(told, limit):
    """What is not as it shall be."""
    wrong = [f"statistics: {count} instructions on the way of {name}, {limit} are allowed"
             for name, count in told["path"].items() if count > limit]
    if told["folding"] is None:
        wrong.append("statistics: the benchmark's summary does not say what folding costs")
    return wrong
