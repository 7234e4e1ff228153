"""The benchmark's own parts that need no emulator."""

import json
from pathlib import Path

from tests.bench import breakdown, table

CONSOLE = """\
[    0.004242 c0 guest  ] bench: started: flat, 1024 KiB
bench cpu Intel(R)  CPU @ 3.50GHz  \r
bench cpuid n=1000 min=138 med=140 mean=143 p99=150 max=2572\r
bench vmcall exception=6\r
bench pit_load_running n=200 min=50000 med=51492 mean=51496 p99=53000 max=53179\r
bench console_fifo count=2048 ticks=829362\r
bench torn n=1000 min=1
PASS bench
"""


def test_each_whole_line_is_a_row():
    rows = table.parse(CONSOLE)
    assert rows == {
        "cpuid": {"n": 1000, "min": 138, "med": 140, "mean": 143, "p99": 150, "max": 2572},
        "vmcall": {"exception": 6},
        "pit_load_running": {"n": 200, "min": 50000, "med": 51492, "mean": 51496, "p99": 53000,
                             "max": 53179},
        "console_fifo": {"count": 2048, "ticks": 829362, "med": 404},
    }


def test_a_wait_costs_what_lintel_adds_to_it():
    rows = table.parse(CONSOLE)
    native = {"cpuid": {"med": 1}, "pit_load_running": {"med": 50055}}
    assert table.costs(native, rows) == {
        "cpuid": 140, "pit_load_running": 1437, "console_fifo": 404}
    assert table.costs({}, rows) == {"cpuid": 140, "console_fifo": 404}


def test_the_processor_is_named():
    assert table.cpu_name(CONSOLE) == "Intel(R) CPU @ 3.50GHz"
    assert table.cpu_name("") == "unknown"


def test_the_table_shows_exceptions_and_gaps():
    peers = {"columns": [{"name": "KVM", "rows": {"cpuid": 1392}}]}
    lines = table.render({"cpuid": {"med": 1}}, table.parse(CONSOLE), peers,
                         {"cpuid": 60}).splitlines()
    assert lines[0].split() == ["operation", "native", "Lintel", "limit", "KVM"]
    assert lines[2].split() == ["CPUID", "1", "140", "60*", "1,392"]
    assert lines[3].split()[-1] == "#6"


def test_cycles_come_with_their_99th_percentile():
    rows = table.parse(CONSOLE)
    lines = table.render_cycles({"cpuid": {"med": 1, "p99": 2}}, rows).splitlines()
    assert lines[2].split() == ["CPUID", "1", "2", "140", "150"]


def test_a_limit_is_exceeded_by_one_more():
    limits = {"cpuid": 60, "vmcall_unknown": 80, "in_21": 130}
    assert table.over({"cpuid": 61, "vmcall_unknown": 80}, limits) == [("cpuid", 60, 61)]


def test_worse_is_more_than_five_percent_and_two_instructions():
    baseline = {"cpuid": 100, "nop": 1, "out": 200, "in": 100}
    assert not table.regressions({"cpuid": 105, "nop": 3, "out": 10, "in": 100}, baseline)
    assert table.regressions({"cpuid": 106, "nop": 4, "out": 200}, baseline) == [
        ("cpuid", 100, 106), ("nop", 1, 4), ("in", 100, None)]


def test_what_depends_on_the_hosts_tick_may_vary_more():
    assert not table.regressions({"pit_load_halted": 1290}, {"pit_load_halted": 1000})
    assert table.regressions({"pit_load_halted": 1310}, {"pit_load_halted": 1000})


def test_peers_limits_and_baseline_speak_of_rows_that_exist():
    here = Path(__file__).parent
    names = {name for name, _, _ in table.ROWS}
    for column in json.loads((here / "peers.json").read_text())["columns"]:
        assert set(column["rows"]) <= names
    assert set(json.loads((here / "limits.json").read_text())["rows"]) <= names
    baseline = set(json.loads((here / "baseline.json").read_text())["cost"])
    others = ("scale_", "boot_", "vm_", "pages_", "image_")
    assert all(name in names or name.startswith(others) for name in baseline)


def test_a_traced_instruction_belongs_to_its_function():
    chatter = ("(0) Magic breakpoint\n"
               "(0).[102385994] [0x00000fe0810f] 0000:810f (unk. ctxt): xchg bx, bx  ; 87db\n"
               "Tracing enabled for CPU0\n"
               "(0).[102385995] [0x00000fe08111] 0000:8111 (unk. ctxt): cpuid        ; 0fa2\n"
               "(0).[102385996] [0x0000001217b5] 0008:ffffffff801217b5 (unk. ctxt): push r15"
               "                  ; 4157\n"
               "(0).[102385997] [0x0000001217c0] 0008:ffffffff801217c0 (f+0): push r14   ; 4156\n")
    addresses, names = [0xffffffff801217b0, 0xffffffff801217c0], ["vmx_exit", "other"]
    assert list(breakdown.parse(chatter, addresses, names)) == [
        ("guest", "cpuid"), ("vmx_exit", "push r15"), ("other", "push r14")]
