"""Bad words are named and quoted, the rest goes on, and the last line counts what failed."""

import os
import re

import console
from conftest import guest

QUOTED = {  # the line: what is wrong, and the word at fault
    "vm=a colour=red": ("unknown word", "colour"),
    "vm=b mem=9T": ("mem= goes from 64K to 1T", "9T"),
    "vm=c mem=5000": ("mem= goes from 64K to 1T", "5000"),
    "vm=d mem=65K": ("mem= must be a multiple of 4K", "65K"),
    "vm=e kind=fancy": ("unknown kind; there are flat, bios, disk, linux and multiboot", "fancy"),
    "vm=f kind=linux load=7C00:0": ("this word does not go with kind=linux", "load"),
    "vm=g mem=1M mem=2M": ("this word is there twice", "mem"),
    "vm=h load=7C00": ("load= takes segment:offset in hex, such as 0000:7C00", "7C00"),
    "vm=i core=many": ("core= takes a number, or any", "many"),
    "vm=j limit=0": ("limit= goes from 1 to 1000000 seconds", "0"),
    "vm=k repeat": ("this word needs a value, as in vm=demo", "repeat"),
    "vm=sm!le": (r"a vm= name has letters, digits, '-', '_' and '.' only", "!"),
    "mem=1M": ("vm=NAME is missing", "mem=1M"),
}


def test_a_word_that_cannot_be_is_quoted_with_a_caret_and_the_others_run(lintel):
    lines = [f"/guest/hello.bin {line}" for line in QUOTED]
    machine = lintel.boot([lines[0], "hello", *lines[1:]], cores=2)
    count = len(QUOTED)
    assert lintel.end_badly(machine) == f"lintel: done: {count} of {count + 1} guests failed"
    assert "hello" in console.guest(machine.console, "hello").splitlines()
    errors = console.errors(machine.console)
    for line, (what, word) in QUOTED.items():
        at = errors.index("  " + line)
        assert re.fullmatch(what, errors[at - 1]), errors[at - 1]
        mark = errors[at + 1][2:]
        assert mark.strip() == "^" + "~" * (len(word) - 1)
        assert line[mark.index("^"):].startswith(word)
    assert len(errors) == 3 * count


def test_a_vm_that_cannot_be_is_named_and_the_others_run(lintel):
    lines = [guest("hello", vm="big", mem="2G"), guest("hello", vm="twin"),
             guest("hello", vm="twin"), guest("hello", vm="far", core=99),
             guest("hello", vm="poked", poke="NONSENSE:1")]
    machine = lintel.boot(lines, cores=2)
    assert lintel.end_badly(machine) == "lintel: done: 4 of 5 guests failed"
    errors = console.errors(machine.console)
    for what, line in [
            (r"big: not started: out of memory \(2097152 KiB asked for, \d+ KiB free\)", 0),
            ("twin: not created: another VM has this name", 2),
            (r"far: core=99 is not there, or has no VMX operation \(2 cores\)", 3),
            (r"poked: poke=NONSENSE: no VMCS field that may be written here", 4)]:
        at = next(i for i, text in enumerate(errors) if re.fullmatch(what, text))
        assert errors[at + 1] == "  " + lines[line].partition(" ")[2]
    assert console.logged(machine.console, 'twin: ended by "Shutdown"')


def test_a_module_that_is_empty_or_too_large_is_named(lintel, tmp_path):
    sizes = {"empty": 0, "one": 1, "huge": 200 << 10}
    files = []
    for name, size in sizes.items():
        path = os.path.join(tmp_path, f"{name}.bin")
        with open(path, "wb") as out:
            out.write(b"\xf4" * size)
        files.append(f"{path}=/guest/{name}.bin")
    lines = [guest(name, mem="128K") for name in sizes]
    machine = lintel.boot([*lines, "hello"], files=files)
    lintel.end_badly(machine)
    assert console.logged(machine.console, "empty: ").level == "error"
    assert console.logged(machine.console, "huge: ").level == "error"
    assert console.logged(machine.console, "one: halted for good: HLT at 0x7c00, ") is not None
    assert "hello" in console.guest(machine.console, "hello").splitlines()


def test_words_of_the_command_line_that_cannot_be_are_named(lintel):
    machine = lintel.boot(["hello"], 'loglevel=loud log=vmx:debug,cheese:info,vmx:shout end=never '
                          'panic=run cores=many apic=none console=com9 without=wheels nonsense '
                          'unheard=of', cores=2)
    lintel.end_well(machine)
    errors = "\n".join(console.errors(machine.console))
    for what in ["loud", "cheese", "end=never", "panic=run", "cores=many", "apic=none",
                 "console=com9", "wheels", "nonsense", "unheard"]:
        assert what in errors, what
