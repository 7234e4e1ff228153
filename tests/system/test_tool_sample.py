"""watch=preempt and watch=step beyond what docs/vtx-by-example.md shows."""

import re
import time

import console
from conftest import PACED, ROOT, guest
from monitor_line import open_monitor, run

SYMBOLS = "/guest/profile.sym"


def watched(machine, name):
    """What the category watch says of a VM, without its name."""
    return [line.text.removeprefix(f"{name}: ") for line in console.log(machine.console)
            if line.category == "watch" and line.text.startswith(f"{name}: ")]


def shares(lines):
    """Name or address: hits, of a profile's rows."""
    rows = (re.fullmatch(r" *\d+\.\d % +(\d+)  (.*)", line.removeprefix("profile: "))
            for line in lines)
    return {row[2]: int(row[1]) for row in rows if row}


def test_a_profile_has_the_shares_of_the_functions_with_names_and_without(lintel):
    machine = lintel.boot(
        [guest("profile", vm="named", watch="preempt:50"), f"{SYMBOLS} vm=named role=symbols",
         guest("profile", vm="bare", watch="preempt:50", core=1)],
        files=[f"{ROOT}/build/guests/profile.sym={SYMBOLS}"], cores=2, ips=20_000_000)
    lintel.end_well(machine)
    named, bare = (shares(watched(machine, name)) for name in ("named", "bare"))
    work = sum(named[name] for name in ("heavy", "medium", "light"))
    assert work > 500
    for name, share in {"heavy": 0.6, "medium": 0.3, "light": 0.1}.items():
        assert abs(named[name] / work - share) < 0.05, named
    assert named["in HLT"] > 100
    hits = int(re.search(r"profile: (\d+) samples", "\n".join(watched(machine, "named")))[1])
    assert sum(named.values()) == hits
    assert f"watch preempt:50: {hits} hits" in watched(machine, "named")
    top = next(iter(bare))
    assert re.fullmatch(r"0x[0-9a-f]+ \(real\)", top), bare
    assert len([place for place in bare if place.startswith("0x")]) == 10


def test_each_of_a_thousand_steps_has_its_line_and_the_guest_its_interrupts(lintel):
    machine = lintel.boot([guest("tick", watch="step"),
                           guest("hello", watch="step", steps=5, core=1, watchlog=1),
                           guest("steps", watch="step:7c2a,step:7c00", core=1),
                           guest("modes", watch="step", steps=200, core=1)],
                          cores=2, time_limit_s=120)
    lintel.end_well(machine)
    assert "dropped" not in machine.console
    steps = [line for line in watched(machine, "tick") if line.startswith("watch step: real ")]
    assert len(steps) == 1000
    assert "watch step: enough after 1000 steps; it runs on" in watched(machine, "tick")
    assert console.guest(machine.console, "tick").count("tick ") >= 10
    hello = watched(machine, "hello")
    assert hello[0] == "watch step: real 0000:7c00: 31 c0"
    assert hello[5:] == ["watch step: enough after 5 steps; it runs on", "watch step: 5 hits"]
    assert watched(machine, "steps")[-3:] == [
        "watch step:7c2a: there after 18 steps; it runs on", "watch step:7c2a: 18 hits",
        "watch step:7c00: 0 hits"]
    modes = watched(machine, "modes")
    assert len([line for line in modes if re.match(r"watch step: (real|\d\d-bit) ", line)]) == 200
    assert "PASS modes" in console.guest(machine.console, "modes")


def test_words_that_cannot_be_are_quoted(lintel):
    wrong = {"watch=step steps=0": ("steps= goes from 1 to 100000", "0"),
             "watch=step steps=100001": ("steps= goes from 1 to 100000", "100001"),
             "watch=step steps=many": ("steps= goes from 1 to 100000", "many"),
             "watch=preempt:0": ("this number is out of range", "0"),
             "watch=preempt:1000001": ("this number is out of range", "1000001"),
             "watch=preempt": ("something must follow, with a colon", "preempt"),
             "watch=step:zz": ("not a number", "zz")}
    lines = [f"/guest/hello.bin vm=w{i} {words}" for i, words in enumerate(wrong)]
    machine = lintel.boot([*lines, "hello", guest("hello", vm="odd", watch="preempt:1"),
                           f"{SYMBOLS} vm=odd role=symbols"],
                          files=[f"{ROOT}/build/guests/hello.bin={SYMBOLS}"])
    lintel.end_badly(machine)
    for line, refusal in wrong.items():
        assert console.refusal(machine.console, f" {line}") == refusal
    assert len(console.errors(machine.console)) == 3 * len(wrong)
    assert shares(watched(machine, "odd"))  # its symbols are no text at all


def test_the_monitor_begins_shows_and_ends_both(lintel):
    machine = lintel.boot([guest("spin", vm="a")])
    machine.expect("forever")
    open_monitor(machine)
    assert run(machine, "profile a") == "a has no profile; watch a preempt:1000 makes one\n"
    assert "usage: profile NAME [reset]\n" in run(machine, "profile a anew")
    assert run(machine, "watch a preempt:1000") == ""
    until = time.monotonic() + 20
    while "profile: 0 samples" in run(machine, "profile a") and time.monotonic() < until:
        machine.pump(0.2)
    assert re.fullmatch(r"profile: [1-9]\d* samples, one each 1000 us, \d+ missed\n"
                        r" *100\.0 % +\d+  0x[0-9a-f]+ \(real\)\n", run(machine, "profile a"))
    assert run(machine, "profile a reset") == "a: counted from here on\n"
    assert run(machine, "watch a off") == ""
    assert re.match(r"profile: \d+ samples", run(machine, "profile a"))
    assert run(machine, "watch a step") == ""
    machine.expect(r"a: watch step: real 0000:[0-9a-f]{4}: eb fe\r\n")
    machine.expect(r"a: watch step: enough after 1000 steps; it runs on\r\n", 60)
    assert re.fullmatch(r"step +1000 hits\n", run(machine, "watch a"))
    assert run(machine, "watch a io:80") == ""  # a step that is over does not begin anew
    assert run(machine, "watch a off step") == ""
    assert re.fullmatch(r"io:80 +0 hits\n", run(machine, "watch a"))
    assert run(machine, "watch a step:1") == ""
    machine.expect(r"a: watch step:1: real 0000:[0-9a-f]{4}: eb fe\r\n")
    assert run(machine, "watch a off") == ""
    assert run(machine, "vm stop a") == ""
    machine.send("exit\r")
    text = lintel.end_well(machine)
    assert "dropped" not in text


def test_hlt_ends_by_an_interrupt_also_where_steps_begin_or_a_stop_comes_in_it(lintel):
    machine = lintel.boot([guest("haltstep", vm="a", steps=100000)], **PACED)
    machine.expect("halts and goes on")
    open_monitor(machine)
    assert run(machine, "log watch:warn") == ""
    assert run(machine, "watch a step") == ""
    for command in 5 * ("vm pause a", "vm resume a"):
        assert run(machine, command) == ""
    assert re.fullmatch(r"step +[1-9]\d* hits\n", run(machine, "watch a"))
    machine.send("exit\r")
    assert "PASS haltstep" in lintel.end_well(machine)


def test_guests_that_share_a_core_get_their_nmis_stepped_or_not(lintel):
    machine = lintel.boot([guest("nmi", vm="stepped", watch="step", steps=3000),
                           guest("nmi", vm="beside", repeat=20), guest("tick", repeat=5)],
                          "log=watch:warn", cores=1, time_limit_s=120)
    assert lintel.end_well(machine).count("PASS nmi") == 21
