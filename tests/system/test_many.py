"""Many guests: one after the other, at once, and beside one that goes wrong."""

import re

import console
from conftest import guest
from tests.guests import expect

FREE = r"(\d+) KiB free, (\d+) KiB before the first guest"


def test_1000_guests_come_and_go_and_no_page_is_lost(lintel):
    machine = lintel.boot([guest("hello", mem="128K", repeat=1000)], cores=1)
    text = lintel.end_well(machine)
    assert console.guest(text, "hello").splitlines().count("hello") == 1000
    assert console.logged(text, r'hello: ended by "Shutdown" .* run 1000 of 1000\)')
    now, before = re.search(FREE, text).groups()
    assert now == before


def test_vmx_operation_is_left_1000_times_and_nothing_is_lost(lintel):
    lines = [guest("hello", vm=name, mem="128K", core=core, repeat=500)
             for core, name in enumerate("ab")]
    text = lintel.end_well(lintel.boot(lines, "vmxoff=between", cores=2))
    assert len(re.findall(r"^(?:[ab]\| )?hello\r?$", text, re.M)) == 1000
    times = [line for line in console.log(text)
             if line.text == "VMX operation was left and entered again 500 times"]
    assert {line.core for line in times} == {0, 1}
    now, before = re.search(FREE, text).groups()
    assert now == before


def test_1000_guests_on_four_cores_and_no_page_is_lost(lintel):
    names = ["a", "b", "c", "d"]
    lines = [guest("hello", vm=name, mem="128K", repeat=250) for name in names]
    text = lintel.end_well(lintel.boot(lines, cores=4, debug=True))
    assert len(re.findall(r"^(?:[a-d]\| )?hello\r?$", text, re.M)) == 1000
    now, before = re.search(FREE, text).groups()
    assert now == before


def test_eight_vms_at_once_on_four_cores(lintel):
    names = [f"vm{n}" for n in range(8)]
    text = lintel.end_well(lintel.boot([guest("tick", vm=name) for name in names], cores=4))
    assert "all 8 guests ended well" in text
    tick = expect.load("tick")
    for name in names:
        assert tick.mismatch(console.guest(text, name), others_between=True) is None
    # Whole lines only: each is a guest's, the log's, or empty; and none is lost.
    ours = [re.sub(r"^vm\d\| ", "", line) for line in console.lines(text)
            if not console.LOG_LINE.fullmatch(line) and not line.startswith("lintel: ")]
    assert sorted(line for line in ours if line) == sorted(8 * [t for _, t in tick.patterns()])
    ends = {line.text.split(":")[0]: line.core for line in console.log(text)
            if 'ended by "Shutdown"' in line.text}
    assert sorted(ends) == names
    assert sorted(ends.values()) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_memory_is_mapped_by_the_largest_pages_that_fit(lintel):
    sizes = {"small": "1M", "middle": "20M", "large": "1200M"}
    lines = [guest("hello", vm=name, mem=size) for name, size in sizes.items()]
    machine = lintel.boot(lines, extra="memory: guest=3072, host=2048")  # 1 to 2 GiB is all RAM
    text = lintel.end_well(machine)
    leaves = {name: re.search(rf"{name}: started: .* leaves (\d+) x 1G (\d+) x 2M", text).groups()
              for name in sizes}
    assert leaves["small"] == ("0", "0")
    assert int(leaves["middle"][1]) >= 9
    assert leaves["large"][0] == "1"


def test_a_triple_fault_ends_one_guest_and_the_others_run_on(lintel):
    lines = [guest("triple", core=0), guest("tick", vm="same-core", core=0),
             guest("tick", vm="other-core", core=1)]
    machine = lintel.boot(lines, cores=2)
    assert lintel.end_badly(machine) == "lintel: done: 1 of 3 guests failed"
    text = machine.console
    fault = console.logged(text, r"triple: triple fault at 0x[0-9a-f]+, in real mode:")
    assert fault and fault.level == "error"
    for part in ("RAX ", "RIP ", "EFER ", "CS ", "controls: pin ",
                 "the last 32 exits, oldest first:", "triple fault "):
        assert console.logged(text, rf"triple: +{part}"), part
    for name in ("same-core", "other-core"):
        assert expect.load("tick").mismatch(console.guest(text, name), others_between=True) is None
        end = console.logged(text, rf'{name}: ended by "Shutdown"')
        assert end.time_s > fault.time_s + 0.5


def test_a_guest_that_never_ends_stops_nobody_and_is_ended_by_its_limit(lintel):
    lines = [guest("spin", limit=3), guest("tick", core=0), guest("tick", vm="else", core=1)]
    machine = lintel.boot(lines, cores=2, debug=True)
    assert lintel.end_badly(machine) == "lintel: done: 1 of 3 guests failed"
    limit = console.logged(machine.console, r"spin: its time limit of 3 s is over \(3\d\d\d ms")
    for name in ("tick", "else"):
        text = console.guest(machine.console, name)
        assert expect.load("tick").mismatch(text, others_between=True) is None
        end = console.logged(machine.console, rf'{name}: ended by "Shutdown" .*\((\d+) ms')
        assert end.time_s < limit.time_s  # the log came out meanwhile, too


def test_what_is_typed_reaches_a_guest_beside_one_that_never_halts(lintel):
    machine = lintel.boot([guest("demo", core=0), guest("spin", core=0, limit=20)], cores=1)
    machine.expect("tick 400")
    machine.send("through\rq\r")
    machine.expect("you typed: through")
    machine.expect(r'demo: ended by "Shutdown"')
