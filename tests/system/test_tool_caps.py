"""What the monitor's caps says of each control is what the sources do."""

import re
from pathlib import Path

from conftest import ROOT

SOURCES = Path(ROOT)


def controls_that_tools_name():
    """{(group, bit)} of PROC_INVLPG and its kin in toolkit/."""
    header = (SOURCES / "vmx" / "controls.h").read_text(encoding="utf-8")
    defined = {f"{group}_{name}": (group, bit) for group, name, bit in
               re.findall(r"#define (PIN|PROC2?|EXIT|ENTRY)_(\w+) +BIT\((\d+)\)", header)}
    words = {word for source in (SOURCES / "toolkit").glob("*.c")
             for word in re.findall(r"\w+", source.read_text(encoding="utf-8"))}
    return {defined[word] for word in words & set(defined)}


def test_caps_knows_which_controls_are_for_the_toolkit_alone():
    table = (SOURCES / "vmx" / "controls.c").read_text(encoding="utf-8")
    wants = {(group, bit): want for group, bit, want in
             re.findall(r"\{CONTROL_(\w+), (\d+), WANT_(\w+),", table)}
    by_tool = {control for control, want in wants.items() if want == "BY_TOOL"}
    named = controls_that_tools_name()
    assert len(by_tool) > 5 and by_tool <= named
    assert {wants[control] for control in named - by_tool} <= {"AT_TIMES", "IF_ANY", "ON"}
