"""The trace: what guests do, event by event, in the monitor, over a serial line, and in a panic."""

import base64
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import sys

import console
import pytest
from conftest import ROOT, guest
from monitor_line import KEY, open_monitor, run

SCRIPT = os.path.join(ROOT, "debug", "lintel-trace")
SOURCES = ["debug/trace_stream.c", "debug/trace_text.c", "debug/trace_filter.c", "kernel/text.c",
           "kernel/text_parse.c", "kernel/status.c"]

# What guest/programs/hello.asm does: (direction, port, value).
HELLO = ([("out", 0x3fb, 3)]
         + [access for char in b"hello\r\n" for access in
            (("in", 0x3fd, 0x60), ("out", 0x3f8, char))]
         + [("in", 0x3fd, 0x60), ("outs", 0x8900, None)])
SHOWN = re.compile(r"\[ *(\d+)\.(\d{6}) c(\d+)\] (\w+) +(\w+) +(.*)")


def load():
    """debug/lintel-trace as a module."""
    loader = importlib.machinery.SourceFileLoader("lintel_trace", SCRIPT)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("lintel_trace",
                                                                             loader))
    loader.exec_module(module)
    return module


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as text:
        return text.read()


def read(module, lines):
    trace = module.Trace()
    for line in lines:
        trace.line(line)
    trace.finish()
    return trace


def run_script(*words, stdin=b""):
    return subprocess.run([sys.executable, SCRIPT, *words], input=stdin, capture_output=True,
                          check=False)


@pytest.fixture(scope="module", name="encoded")
def fixture_encoded(tmp_path_factory):
    """The stream and the fields that tests/trace/encode.c writes."""
    folder = tmp_path_factory.mktemp("trace")
    (folder / "reasons").write_text("".join(f"{name}\n" for name in reason_names()))
    subprocess.run(["gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                    "-o", str(folder / "encode"), os.path.join(ROOT, "tests/trace/encode.c"),
                    *(os.path.join(ROOT, path) for path in SOURCES)], check=True)
    subprocess.run([folder / name for name in ("encode", "reasons", "lines", "fields")], check=True)
    return ((folder / "lines").read_bytes().splitlines(keepends=True),
            (folder / "fields").read_text().splitlines())


def reason_names():
    numbers = dict(re.findall(r"(EXIT_REASON_\w+) = (\d+)", source("vmx/exit.h")))
    names = {int(numbers[m[1]]): m[2] for m in
             re.finditer(r'\[(EXIT_REASON_\w+)\] = \{"([^"]+)"', source("vmx/exit.c"))}
    return [names[n] for n in range(len(names))]


# ---- the program and the kernel's code

def test_the_program_knows_the_reasons_of_the_kernel():
    assert list(load().REASONS) == reason_names()


def test_what_the_kernel_sends_the_program_reads(encoded):
    module = load()
    lines, fields = encoded
    trace = read(module, lines)
    assert trace.problems == ["core 2: 300 records were overwritten before they could be sent"]
    assert (trace.hz, trace.start, trace.cores, trace.vms) == (2000000000, 1 << 40, 3, {7: "demo"})
    assert len(trace.records) == len(fields) == 5000
    by_tsc = {r.tsc: r for r in trace.records}
    for line in fields:
        values, _, words = line.partition("\t")
        core, kind, *rest = values.split()
        numbers = list(map(int, rest))
        record = by_tsc[numbers[4]]
        assert (record.core, record.kind, *record[2:]) == (int(core), kind, *numbers)
        assert module.words_of(record) == words


def test_damaged_and_missing_lines_are_told(encoded):
    module = load()
    lines = list(encoded[0])
    places = [i for i, line in enumerate(lines) if b"LT:" in line]
    broken, gone, cut = places[10], places[20], places[30]
    at = lines[broken].index(b"LT:") + 12
    lines[broken] = lines[broken][:at] + (b"B" if lines[broken][at] == ord("A") else b"A") \
        + lines[broken][at + 1:]
    lines[cut] = lines[cut][:20] + b"\r\n"
    del lines[gone]  # what stands behind it comes one line sooner
    problems = read(module, lines).problems
    assert f"line {broken + 1}: damaged: wrong checksum" in problems
    assert f"line {cut}: damaged: cut off, or not all of it is text of the trace" in problems
    missing = [problem for problem in problems if "1 lines of the trace are missing" in problem]
    assert len(missing) == 3


def stream_line(module, number, payload):
    """A line as debug/trace_stream.h has it."""
    text = b"%04x:" % number + base64.b64encode(payload)
    return b"LT:" + text + b":%04x\r\n" % module.crc16(text)


def test_a_gap_where_the_numbers_wrap_is_no_new_start():
    module = load()
    head, name = b"H\x01\x02\x00\x01", b"V\x00a"
    lines = [stream_line(module, 0xfffd, head), stream_line(module, 0xfffe, name),
             stream_line(module, 0, head)]
    trace = read(module, lines)
    assert trace.vms == {0: "a"}
    assert trace.problems == ["line 3: 1 lines of the trace are missing or damaged before it"]
    trace = read(module, [stream_line(module, 9, head), stream_line(module, 10, name), lines[2]])
    assert not trace.vms and "started anew" in trace.problems[0]


def test_a_reader_that_goes_away_is_no_error(encoded, tmp_path):
    (tmp_path / "log").write_bytes(b"".join(encoded[0]))
    done = subprocess.run(f"{SCRIPT} {tmp_path / 'log'} --text | head -1", shell=True,
                          capture_output=True, check=False)
    assert done.stdout.count(b"\n") == 1 and b"Error" not in done.stderr


def test_a_file_without_a_trace_is_named():
    result = run_script("-", stdin=b"hello\nDEFAULT: LT:\n")
    assert result.returncode == 1
    assert b"lintel-trace: -: no trace in it" in result.stderr
    result = run_script("/nowhere")
    assert result.returncode == 1 and b"/nowhere" in result.stderr


# ---- Lintel

def shown(text):
    """What `trace show` printed: (core, VM, kind, words) in order; no core's times go back."""
    found = [match for match in map(SHOWN.fullmatch, console.lines(text)) if match]
    for core in {m[3] for m in found}:
        times = [int(m[1]) * 1000000 + int(m[2]) for m in found if m[3] == core]
        assert times == sorted(times)
    return [(int(m[3]), m[4], m[5], m[6]) for m in found]


def accesses(words):
    """(direction, port, value) of the words of io records."""
    found = []
    for text in words:
        match = re.match(r"(in|out) ([0-9a-f]+)h (?:->|<-) ([0-9a-f]+)h at 0x7c[0-9a-f]{2}, "
                         r"[1-9]\d* ticks, skip$", text)
        string = re.match(r"outs 8900h, 1 bytes each at 0x7c2d, [1-9]\d* ticks, stop$", text)
        assert match or string, text
        found.append((match[1], int(match[2], 16), int(match[3], 16)) if match
                     else ("outs", 0x8900, None))
    return found


def expect_hello(records, vms):
    for vm in vms:
        mine = [record for record in records if record[1] == vm]
        assert len({core for core, *_ in mine}) == 1
        assert [(kind, words.split()[0]) for _, _, kind, words in (mine[0], mine[-1])] == \
            [("vm", "start"), ("vm", "end")]
        assert {kind for _, _, kind, _ in mine[1:-1]} == {"io"}
        assert accesses(words for *_, words in mine[1:-1]) == HELLO


def expect_json(captured, tmp_path, vms):
    (tmp_path / "console.log").write_bytes(captured)
    result = run_script(str(tmp_path / "console.log"), "--json", str(tmp_path / "t.json"), "--text",
                        "--table")
    assert (result.returncode, result.stderr) == (0, b"")
    with open(tmp_path / "t.json", encoding="utf-8") as file:
        trace = json.load(file)
    events = trace["traceEvents"]
    names = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    pids = {name: pid for pid, name in names.items()}
    assert set(names.values()) == {"Lintel", *vms}
    for vm in vms:
        exits = [e for e in events if e["pid"] == pids[vm] and e["ph"] == "X"]
        assert len(exits) == len(HELLO)
        for event, (direction, port, value) in zip(exits, HELLO):
            assert event["name"] == "I/O instruction" and event["cat"] == "io"
            assert event["args"]["what"].startswith(f"{direction} {port:x}h")
            assert event["args"]["result"] == ("stop" if value is None else "skip")
            assert event["dur"] > 0 and event["args"]["ticks"] > 0 and event["tid"] == 1
            assert value is None or int(event["args"]["value"], 16) == value
        on_core = [e for e in events if e["pid"] == pids["Lintel"] and e["ph"] == "X"
                   and e["name"] == f"{vm}: I/O instruction"]
        assert [e["ts"] for e in on_core] == [e["ts"] for e in exits]
    return shown(result.stdout.decode())


@pytest.mark.parametrize("cores, vms", [(1, ["a"]), (4, ["a", "b"])], ids=["one", "four"])
def test_each_exit_of_a_guest_is_shown_and_sent_in_order(lintel, tmp_path, cores, vms):
    """hello makes 17 exits; somebody else, who is not traced, lives on for the monitor."""
    guests = [guest("hello", vm=vm) for vm in vms] + [guest("clock", vm="other")]
    machine = lintel.boot(guests, f"trace=io,vm:vm={','.join(vms)} trace-port=com1", cores=cores)
    for _ in vms:
        machine.expect("[ab]: ended by")
    open_monitor(machine)
    assert len(re.findall(r"vm +end", run(machine, "trace show 100"))) == len(vms)
    assert "stream on, 0 records lost" in run(machine, "trace status")
    assert run(machine, "vm stop other") == ""
    machine.send(KEY)
    text = lintel.end_well(machine)
    expect_hello(shown(text), vms)
    told = expect_json(bytes(machine.console_bytes), tmp_path, vms)
    expect_hello(told, vms)
    assert [record[1:] for record in told] == [record[1:] for record in shown(text)]


def test_a_port_of_its_own_carries_nothing_but_the_trace(lintel, tmp_path):
    machine = lintel.boot(["hello"], "trace=io,vm trace-port=com2",
                          extra=f"com2: enabled=1, mode=file, dev={tmp_path / 'com2'}")
    text = lintel.end_well(machine)
    assert "LT:" not in text
    expect_hello(expect_json((tmp_path / "com2").read_bytes(), tmp_path, ["hello"]), ["hello"])


def test_interrupts_and_sleep_are_seen(lintel, tmp_path):
    options = "trace=exit,inject,halt,wake:port=20 trace-port=com1 trace-size=1M"
    machine = lintel.boot(["tick"], options)
    lintel.end_well(machine)
    (tmp_path / "log").write_bytes(machine.console_bytes)
    result = run_script(str(tmp_path / "log"), "--text")
    records = shown(result.stdout.decode())
    kinds = [kind for _, _, kind, words in records if "11h" not in words]  # ICW1 comes before
    assert 90 < kinds.count("inject") < 120
    round_ = ["halt", "wake", "inject", "io"]
    assert sum(kinds[i:i + 4] == round_ for i in range(len(kinds))) > 60
    assert {words.split(" at ")[0] for _, _, kind, words in records if kind == "inject"} == \
        {"interrupt, vector 20h"}


def test_a_trace_tells_nothing_from_before_it_was_on(lintel):
    """Neither a sleep that began in an earlier trace, nor the interrupts since start-up."""
    machine = lintel.boot(["clock"], ips=50_000_000)
    machine.expect("second 1")
    open_monitor(machine)
    for command in ("trace on halt,wake", "help", "trace off", "help", "trace clear",
                    "trace on wake,host", "help", "trace off", "trace show 200", "trace"):
        said = run(machine, command)
    assert "trace off: wake,host" in said
    assert run(machine, "vm stop clock") == ""
    machine.send(KEY)
    records = shown(lintel.end_well(machine))
    sleeps = [int(words.split()[-2]) for _, _, kind, words in records if kind == "wake"]
    assert sleeps and max(sleeps) < 1000000  # 20 ms at 50 MHz; the timer ticks every 10 ms
    assert all(int(words.split()[0]) < 100 for _, _, kind, words in records if kind == "host")


def test_it_stops_on_condition(lintel):
    machine = lintel.boot(["clock"], "trace=io trace-stop=port=43:after=2")
    machine.expect("second 1")
    open_monitor(machine)
    run(machine, "trace show")
    assert "stopped when: port=43:after=2" in run(machine, "trace")
    assert run(machine, "vm stop clock") == ""
    machine.send(KEY)
    text = lintel.end_well(machine)
    assert console.logged(text, "trace: stopped by its condition")
    last = [words.split(" at ")[0] for *_, words in shown(text)][-3:]
    assert last[0] == "out 43h <- 34h" and all(w.startswith("out 40h <- ") for w in last[1:])


def test_what_cannot_be_traced_is_said(lintel):
    options = ("trace=exit,foo:vm=a trace-stop=reason=laughing trace-size=1K trace-port=com9")
    text = lintel.end_well(lintel.boot(["hello"], options))
    for complaint in (r'option trace: "foo": no such kind; there are all, or some of: exit io ',
                      r'option trace-stop: "laughing": not one exit reason',
                      r"option trace-size=1K: out of range", r"option trace-port=com9: "):
        assert console.logged(text, complaint), complaint
    text = lintel.end_well(lintel.boot(["hello"], "trace=all:vm=nobody"))
    assert console.logged(text, "trace: no VM is called nobody")


@pytest.mark.parametrize("port", ["com1", "com2"])
def test_gdb_and_the_trace_do_not_share_a_port(lintel, port):
    text = lintel.end_well(lintel.boot(["hello"], f"trace=all trace-port={port} gdb={port}"))
    assert console.logged(text, "option trace-port: gdb= has this port")
    assert "LT:" not in text


def test_a_panic_prints_the_last_exits_of_each_core(lintel):
    machine = lintel.boot([guest("tick", vm="a"), guest("tick", vm="b")], "trace=io:vm=b "
                          "crash=pf@1 crashafter=1 panic=poweroff", cores=2)
    machine.expect(r"PANIC on core 1", 40)
    machine.expect(r"core 0: a, its last exits:\r?\n")
    for _ in range(8):
        machine.expect(r"^  \S.* at 0x[0-9a-f]+, qualification ")
    machine.expect(r"core 1: b, its last exits:")
    machine.expect(r"core 1: the trace ends with:\r?\n")
    for _ in range(8):
        machine.expect(r"^  \[ *\d+\.\d{6} c1\] b +io +(in|out) [0-9a-f]+h (->|<-) [0-9a-f]+h at ")
    while machine.pump(0.2) is not None:
        pass
    assert "core 0: the trace" not in machine.console


def test_a_failed_entry_is_told_in_words(lintel, tmp_path):
    machine = lintel.boot([guest("hello", poke="GUEST_RFLAGS:0")], "trace=all trace-port=com1")
    lintel.end_badly(machine)
    (tmp_path / "log").write_bytes(machine.console_bytes)
    told = shown(run_script(str(tmp_path / "log"), "--text").stdout.decode())
    assert [(kind, words) for _, _, kind, words in told if kind != "irq"] == [
        ("vm", "start"),
        ("fail", "VM-entry failure: invalid guest state, qualification 0h at 0x7c00"),
        ("vm", "end at 0x7c00")]
