"""The statistics of exits: what the guest program exits does, they tell to the last exit."""

import json
import re

import pytest

import console
from conftest import guest
from monitor_line import open_monitor, run
from tests.bed import Wire
from tests.bed.gdb_session import GdbSession

# guest/programs/exits.asm; (reason, key, whether a port is read).
KNOWN = {
    (30, 0x40, True): 1000,
    (30, 0x21, False): 300,
    (10, 1, None): 500,
    (31, 0x17, None): 70,
    (48, 0x100, None): 40,
}


def statistics(machine, command="stats json"):
    """The monitor's JSON document: that of the only VM."""
    text = run(machine, command)
    vm, = json.loads(text[text.index("{"):])["vms"]
    return vm


def counts(vm):
    return {(row["reason"], row["key"], row.get("in")): row["count"] for row in vm["keys"]
            if "key" in row}


def check_sums(vm):
    """Every exit is in one reason and one bucket, and every key's exits are its reason's."""
    assert sum(row["count"] for row in vm["reasons"]) == vm["exits"]
    for row in vm["reasons"] + vm["keys"]:
        assert sum(row["below_2^"].values()) == row["count"]
        assert row["max_ticks"] <= row["ticks"] <= row["max_ticks"] * row["count"]
    for reason in vm["reasons"]:
        of_it = [row["count"] for row in vm["keys"] if row["reason"] == reason["reason"]]
        assert not of_it or sum(of_it) == reason["count"]


@pytest.mark.parametrize("options", ["", "without=fast-path"])
def test_exits_are_counted_exactly(lintel, options):
    machine = lintel.boot(["exits"], f"stats=on {options}")
    machine.expect("exits: done")
    open_monitor(machine)
    vm = statistics(machine)
    assert vm["vm"] == "exits"
    assert {key: count for key, count in counts(vm).items() if key in KNOWN} == KNOWN
    check_sums(vm)
    ports = run(machine, "stats exits ports")
    assert re.search(r"^ +1000 .* port 40h in, pit ", ports, re.M)
    assert not re.search("CPUID", ports)
    assert "is neither" in run(machine, "stats nobody")
    assert "counted from here on" in run(machine, "stats reset")
    vm = statistics(machine, "stats exits json")
    assert not KNOWN.keys() & counts(vm).keys()
    check_sums(vm)
    assert run(machine, "vm stop exits") == ""
    machine.send("exit\r")
    text = lintel.end_well(machine)
    assert console.logged(text, r"exits: +\d+ +\d+\.\d .* VMX-preemption timer ")
    assert not console.logged(text, r"exits: .*port 40h")


def test_a_vm_that_ends_leaves_a_summary(lintel):
    text = lintel.end_well(lintel.boot(["tick"], "stats=on"))
    log = [line.text for line in console.log(text) if line.category == "exit"]
    total = int(re.search(r"(\d+) exits, run 1 of 1", text).group(1))
    assert log[0].startswith(f"tick: {total} exits in ")
    table = log[:next(i for i, line in enumerate(log) if "by port" in line)]
    rows = [re.match(r"tick: +(\d+) +(\d+\.\d) +\d+ +\d+ +\d+  (.*?) +2\^\d+ [#+._-]+$", line)
            for line in table]
    of_reason = {row[3]: int(row[1]) for row in rows if row}
    assert sum(of_reason.values()) == total
    assert list(of_reason.values()) == sorted(of_reason.values(), reverse=True)
    assert of_reason["HLT"] >= 100
    assert any("port 20h out, pic" in line for line in log)


def test_an_exit_that_gdb_held_is_no_longer_than_others(lintel):
    machine = lintel.boot([guest("clock", vm="a")], "gdb=com2", wire=Wire(),
                          ips=4_000_000, time_limit_s=200)
    machine.expect("second 1", 60)
    with GdbSession(machine, lintel.elf(), settings=["osabi none"]) as gdb:
        assert "Remote debugging using" in gdb.connect()
        gdb.run("break exit_hlt")
        for _ in range(3):
            assert "exit_hlt (v=" in gdb.run("continue", 60)
            said = gdb.run("monitor stats a json")  # of the exits up to the stop before
        gdb.run("delete")
        gdb.run("detach")
    vm, = json.loads(said[said.index("{"):said.rindex("}") + 1])["vms"]
    check_sums(vm)
    halts, = (row for row in vm["reasons"] if row["reason"] == 12)
    assert halts["count"] > 3 and halts["max_ticks"] < 20000, halts
