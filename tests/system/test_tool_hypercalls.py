"""Hypercalls where guests share a core, and the words of the toolkit that go with events."""

import console
from conftest import guest

LINES = 300


def test_who_logs_without_end_takes_no_line_of_another(lintel):
    bad = [(guest("vmxsim", vm="c", hypercalls="hook,hoop"), "hypercalls= takes hook", "hoop"),
           (guest("vmxsim", vm="d", vmx="on"), "vmx= takes simulate", "on")]
    machine = lintel.boot([guest("hypercalls", vm="a", core=0, mem="4M"),
                           guest("hypercalls", vm="b", core=0, mem="4M"),
                           guest("vmxsim", vm="e", core=0, mem="4M", vmx="simulate"),
                           *(line for line, _, _ in bad)], time_limit_s=180)
    lintel.end_badly(machine)  # the last two have not started
    assert "PASS vmxsim" in console.guest(machine.console, "e")
    log = console.log(machine.console)
    for name in "ab":
        said = [line for line in log if line.text == f"{name}: says: one of {LINES} lines"]
        assert len(said) == LINES
    assert "were dropped" not in machine.console
    expected = []
    for words, what, part in bad:
        line = words.partition(" ")[2]
        caret = " " * (2 + line.rindex(part)) + "^" + "~" * (len(part) - 1)
        expected += [what, f"  {line}", caret]
    assert console.errors(machine.console) == expected
