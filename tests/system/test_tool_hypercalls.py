"""Hypercalls where guests share a core, and the word that grants one of them."""

import console
from conftest import guest

LINES = 300


def test_who_logs_without_end_takes_no_line_of_another(lintel):
    bad = guest("hypercalls", vm="c", core=0, hypercalls="hook,hoop")
    machine = lintel.boot([guest("hypercalls", vm="a", core=0, mem="4M"),
                           guest("hypercalls", vm="b", core=0, mem="4M"), bad],
                          time_limit_s=180)
    lintel.end_badly(machine)  # c has not started
    log = console.log(machine.console)
    for name in "ab":
        said = [line for line in log if line.text == f"{name}: says: one of {LINES} lines"]
        assert len(said) == LINES
    assert "were dropped" not in machine.console
    errors = [line.text for line in log if line.level == "error"]
    line = bad.partition(" ")[2]
    assert errors == ["hypercalls= takes hook", f"  {line}",
                      " " * (2 + line.index("hoop")) + "^~~~"]
