"""Pages that are not what they seem: watch=ept, watch=fresh, redirect=, hook=, views=."""

import re

import pytest

import console
from conftest import guest
from gdb_boot import attach, boot, go_to
from monitor_line import open_monitor, run

# Words that are wrong: what is said, and below which part of the line the caret stands.
WRONG = [
    ("watch", "ept:8000:w", "ept takes ADDR+LEN:rwx, as in ept:8000+10:w", "ept:8000:w"),
    ("watch", "ept:8000+1000001:w", "this length is out of range (1 to 1000000, 16 MiB)",
     "1000001"),
    ("redirect", "20000:zeroes", "not the hexadecimal address of a page", "zeroes"),
    ("redirect", "20000:ones,20000:zeros", "this page is there twice", "20000:zeros"),
    ("hook", "7fff:9090", "these bytes do not lie in one page", "9090"),
    ("hook", "8000:909090,8002:cc", "this overlaps another hook", "8002:cc"),
    ("views", "20000:zeros", "views= takes ADDR:OTHER, two pages", "20000:zeros"),
]
NO_MEMORY = [("hook", "40000000:90", "hook=: there is no memory at 0x40000000"),
             ("redirect", "20000:40000000", "redirect=: there is no memory at 0x40000000"),
             ("views", "40000000:20000", "views=: there is no RAM at 0x40000000")]
# touch.asm counts them in its comments.
HITS = {"ept:20004+4:w": 10, "ept:20004+4:r": 8, "ept:20004+4:rw": 17, "ept:20100+4:x": 12}


@pytest.mark.parametrize("options", ["", "without=exec-only"])
def test_accesses_are_counted_and_pages_hidden(lintel, options):
    guests = [guest("touch", vm=f"touch{i}", core=i % 2, watch=word, watchlog=0)
              for i, word in enumerate(HITS)]
    both = ",".join(HITS)
    guests += [guest("touch", vm="all", watch=f"{both},fresh", watchlog=0, hook="20800:90"),
               guest("selfcheck", vm="plain", core=0),
               guest("selfcheck", vm="hooked", core=1, hook="9000:b80200,9800:cd4090",
                     hypercalls="hook"),
               guest("mirror", vm="mirror", redirect="20000:21000,22000:zeros,23000:ones"),
               guest("a20", vm="a20", mem="4M", watch="ept:50000+1000:rw", watchlog=0,
                     hook="60000:90", views="50000:51000", limit=100)]
    seen = lintel.end_well(lintel.boot(guests, options, cores=2, time_limit_s=180))
    for i, (word, count) in enumerate(HITS.items()):
        assert console.logged(seen, re.escape(f"touch{i}: watch {word}: {count} hits"))
        assert console.logged(seen, re.escape(f"all: watch {word}: {count} hits"))
    assert "the answer is 1" in seen and "the answer is 2" in seen
    assert seen.count("ok: and on again, 2") == 1
    assert "the trap gives 1" in seen and "the trap gives 3" in seen


def test_both_addresses_of_a_page_are_given_back_with_the_a20_line_low(lintel, tmp_path):
    """Also where the second one is behind the end of RAM."""
    program = tmp_path / "low.bin"
    program.write_bytes(b"\xb0\x00\xe6\x92\xeb\xfe")  # mov al, 0; out 92h, al; jmp $
    machine = lintel.boot([guest("low", vm="a", watch="ept:20000+1000:w,ept:30000+1000:rwx")],
                          files=[f"{program}=/guest/low.bin"])
    machine.expect("a: started")
    open_monitor(machine)
    before = run(machine, "ept map a")
    assert re.search(r"^0+120000-0+120fff +4 KiB r-x", before, re.M), before
    assert re.search(r"^0+131000-0+1fffff +828 KiB rwx", before, re.M), before
    assert run(machine, "watch a off") == ""
    after = run(machine, "ept map a")
    assert after.startswith("000000000000-0000001fffff     2048 KiB rwx WB "), after
    assert run(machine, "vm stop a") == ""
    machine.send("exit\r")
    lintel.end_well(machine)


def test_wrong_words_are_refused(lintel):
    guests = [guest("hello", vm=f"wrong{i}", **{word: value})
              for i, (word, value, _, _) in enumerate(WRONG)]
    guests += [guest("hello", vm=f"none{i}", **{word: value})
               for i, (word, value, _) in enumerate(NO_MEMORY)]
    machine = lintel.boot(guests)
    lintel.end_badly(machine)
    for word, value, *refusal in WRONG:
        assert console.refusal(machine.console, f" {word}={value}") == tuple(refusal)
    for _, _, what in NO_MEMORY:
        assert any(what in text for text in console.errors(machine.console)), what


def test_switched_while_it_runs(lintel):
    machine = lintel.boot([guest("clock", hook="7fff:90", redirect="50000:ones",
                                 watchlog=0)], ips=50_000_000, time_limit_s=180)
    machine.expect("second 1")
    open_monitor(machine)
    for hook in ("on", "off"):
        assert run(machine, "hook clock off") == "clock: hook= is off\n"
        assert run(machine, "watch clock ept:7bf0+10:w") == ""
        assert run(machine, "redirect clock off") == "clock: redirect= is off\n"
        assert run(machine, f"hook clock {hook}") == f"clock: hook= is {hook}\n"
        assert run(machine, "redirect clock") == "clock: redirect= is off\n"
        machine.expect(r"clock\| second \d")
        assert re.fullmatch(r"ept:7bf0\+10:w +[1-9]\d* hits\n", run(machine, "watch clock"))
        assert run(machine, "vm reset clock") == ""  # all stays as it was set
        machine.expect(r"clock\| second 1\r")
        assert run(machine, "hook clock") == f"clock: hook= is {hook}\n"
        assert run(machine, "redirect clock") == "clock: redirect= is off\n"
        assert run(machine, "watch clock off") == ""
        assert run(machine, "redirect clock on") == "clock: redirect= is on\n"
    assert "do not know \"of\"" in run(machine, "hook clock of")


@pytest.mark.parametrize("options", ["", "without=exec-only"])
def test_a_page_without_rights_comes_back_when_its_watch_goes(lintel, options):
    machine = lintel.boot([guest("clock", watchlog=0)], options, time_limit_s=180)
    machine.expect("second 1")
    open_monitor(machine)
    for rights in ("rwx", "rw"):
        assert run(machine, f"watch clock ept:7000+1000:{rights}") == ""
        machine.expect(r"clock\| second \d")
        assert run(machine, "watch clock off") == ""
        assert re.search(r"PTE .* rwx WB", run(machine, "ept walk clock 0x7c00"))
        machine.expect(r"clock\| second \d")


def test_a_debugger_is_refused_in_a_page_that_is_shaped(lintel):
    machine = boot(lintel, [guest("tick", debug="wait", hook="7fff:90")])
    with attach(machine, helper=True) as gdb:
        for at in range(0x7d00, 0x7d05):
            gdb.run(f"break *{at:#x}")
        said = gdb.run("continue")
        assert "Cannot insert breakpoint 5" in said, said
        gdb.run("delete")
        go_to(gdb, 0x7c05)
        gdb.run("monitor hook tick off")
        for at in range(0x7d00, 0x7d05):
            gdb.run(f"break *{at:#x}")
        assert "Cannot insert" not in gdb.run("stepi")
        gdb.run("delete")
        gdb.run("detach")
