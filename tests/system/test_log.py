"""The log: levels by category, and whole lines in the order of time from however many cores."""

import re

import console
from conftest import guest

CATEGORIES = {"boot", "mm", "acpi", "apic", "smp", "time", "console", "vmx", "ept", "exit", "io",
              "msr", "pic", "pit", "uart", "guest"}


def test_levels_are_by_category(lintel):
    options = "loglevel=error log=vmx:debug,exit:trace,smp:info"
    text = lintel.end_well(lintel.boot(["hello"], options, cores=2))
    seen = {line.category for line in console.log(text) if not line.level}
    assert seen == {"vmx", "exit", "smp"}
    assert console.logged(text, "controls +bit")  # the table of every control
    assert console.logged(text, r"hello: I/O instruction at 0x[0-9a-f]+, qualification 0x")


def test_error_level_is_silent_where_all_is_well(lintel):
    text = lintel.end_well(lintel.boot(["hello"], "loglevel=error"))
    assert console.log(text) == []
    assert "hello" in console.guest(text, "hello").splitlines()


def test_exits_are_counted_by_reason(lintel):
    text = lintel.end_well(lintel.boot(["tick"], "log=exit:debug"))
    counts = {found[2]: int(found[1]) for found in
              (re.fullmatch(r"tick: +(\d+) exits: (.*)", line.text) for line in console.log(text))
              if found}
    total = int(re.search(r"(\d+) exits, run 1 of 1", text).group(1))
    assert sum(counts.values()) == total
    assert counts["HLT"] >= 100  # a second of ticks, a hundred a second
    assert counts["I/O instruction"] > counts["HLT"]  # and its words


def test_a_chip_can_be_watched_by_its_category(lintel):
    text = lintel.end_well(lintel.boot(["tick"], "log=pic:trace,pit:trace,uart:trace"))
    assert console.logged(text, r"tick: OUT 20h <- 11h, RIP 0x[0-9a-f]+")  # ICW1
    assert console.logged(text, r"tick: OUT 43h <- 34h, RIP 0x")  # channel 0, mode 2
    assert console.logged(text, r"tick: IN 3fdh -> 60h, RIP 0x")  # the transmitter is empty
    assert console.logged(text, r"tick: interrupt, vector 0x20")


def test_no_line_is_torn_while_eight_cores_log_everything(lintel):
    lines = [guest("tick", vm=f"vm{n}", limit=100) for n in range(8)]
    machine = lintel.boot(lines, "loglevel=trace", cores=8, time_limit_s=150)
    text = lintel.end_well(machine)
    text = text[text.index("[    0."):]
    log = console.log(text)
    rest = [line for line in console.lines(text) if line and not console.LOG_LINE.fullmatch(line)]
    assert {line.core for line in log} == set(range(8))
    assert {line.category for line in log} <= CATEGORIES
    for line in rest:  # what is not the log's is a guest's, whole
        assert re.fullmatch(r"(vm\d\| )?(tick \d+|PASS tick)|lintel: .*", line), repr(line)
    traced = [line for line in log if line.category == "exit"]
    assert len(traced) > 1000
    for line in traced:
        assert re.match(r"vm\d: [A-Za-z0-9/ -]+ at 0x[0-9a-f]+, qualification (0x[0-9a-f]+|0)$|"
                        r"vm\d: +\d+ exits: [A-Za-z0-9/ -]+$|"
                        r"\d+ log lines of this core were dropped here$", line.text), line.text
    for core in range(8):
        times = [line.time_s for line in log if line.core == core]
        assert times == sorted(times)
