"""The devices of a guest's board, through guest programs that use them, and what the log says."""

import os
import re
import struct

import pytest

import console
from conftest import guest

DISK_SECTORS = 200


@pytest.fixture
def disk(tmp_path):
    """A disk whose sectors begin with "sector" and their number; as an entry for the image."""
    path = os.path.join(tmp_path, "disk.img")
    with open(path, "wb") as out:
        for number in range(DISK_SECTORS):
            out.write((b"sector" + struct.pack("<I", number)).ljust(512, b"."))
    return f"{path}=/guest/disk.img"


def guest_lines(machine, name):
    return [line.strip() for line in console.guest(machine.console, name).splitlines()]


# ---- drives

ATA_LINES = """\
ok: IDENTIFY: an ATA device
ok: IDENTIFY: its sectors
ok: IDENTIFY: LBA
ok: IRQ 14 came
ok: and then it is idle
ok: a sector word by word
ok: a sector by REP INSW
ok: the next one by REP INSD
ok: an interrupt for each
ok: eight sectors in a block
ok: the first of the block
ok: the last of the block
ok: one interrupt for all
ok: behind the end: an error
ok: and which
ok: an unknown command is aborted
ok: a sector that nobody wrote to""".splitlines()


def test_a_disk_is_read_and_written_or_refuses(lintel, disk):
    lines = [guest("ata", vm="rw", repeat=2), "/guest/disk.img vm=rw role=disk",
             guest("ata", vm="ro"), "/guest/disk.img vm=ro role=disk ro"]
    machine = lintel.boot(lines, files=[disk], cores=2)
    lintel.end_well(machine)
    for name, last, runs in [("rw", "written and read back", 2), ("ro", "the write is refused", 1)]:
        said = [line for line in console.guest(machine.console, name).splitlines()
                if line in ATA_LINES or "writ" in line or line == "PASS ata"]
        mine = [line for line in said if line != ("the write is refused" if name == "rw"
                                                  else "written and read back")]
        assert mine[-1] == "PASS ata"
        assert mine.count(last) == runs
        # The second run of the one that writes finds the original again.
        assert mine.count("ok: a sector that nobody wrote to") >= runs
    assert "FAIL" not in machine.console


# ---- ends and debug output

def power(code, tmp_path, program="power"):
    """The program with its end code: an entry for the image."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, "build", "guests", f"{program}.bin"), "rb") as source:
        image = bytearray(source.read())
    image[-1] = code
    path = os.path.join(tmp_path, f"{program}{code}.bin")
    with open(path, "wb") as out:
        out.write(image)
    return f"{path}=/guest/{program}{code}.bin"


DEBUG_LINES = ["by 402h", *(f"line {n}" for n in range(10, 50)), "no end of line"]


def debug_lines(machine, name):
    log = [line.text for line in console.log(machine.console)]
    return [text.partition("debug: ")[2] for text in log if text.startswith(f"{name}: debug: ")]


def test_a_guest_ends_by_acpi_and_by_the_debug_exit(lintel, tmp_path):
    files = [power(code, tmp_path) for code in range(4)]
    lines = [guest(f"power{code}", debugexit="f4") for code in range(4)]
    machine = lintel.boot(lines, "log=guest:debug", files=files)
    lintel.end_well(machine)
    for code, how in enumerate(["powered off by ACPI", "powered off by ACPI",
                                "ended by the debug exit port, status 33", "powered off by ACPI"]):
        assert console.logged(machine.console, rf"power{code}: {how} \(")
        assert debug_lines(machine, f"power{code}") == DEBUG_LINES


def test_debug_output_is_shown_where_it_was_asked_for(lintel, tmp_path):
    lines = [guest("power0", vm="loud", debugcon="e9"), guest("power0", vm="quiet")]
    machine = lintel.boot(lines, files=[power(0, tmp_path)])
    lintel.end_well(machine)
    assert debug_lines(machine, "loud") == DEBUG_LINES
    assert not debug_lines(machine, "quiet")
