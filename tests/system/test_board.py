"""The devices of a guest's board, through guest programs that use them, and what the log says."""

import os
import re
import struct

import pytest

import console
from conftest import guest
from tests.guests import expect

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


def test_a_write_to_rom_is_lost_or_named(lintel, tmp_path):
    machine = lintel.boot([guest("rom0", kind="bios"), guest("rom1", kind="bios")],
                          files=[power(0, tmp_path, "rom"), power(1, tmp_path, "rom")])
    assert lintel.end_badly(machine) == "lintel: done: 1 of 2 guests failed"
    assert machine.console.count("the ROM is as it was") == 2
    assert console.logged(machine.console, 'rom0: ended by "Shutdown" at port 8900h')
    assert console.logged(machine.console, r"rom1: ROM at 0xffff[0-9a-f]{4} is touched by an "
                                           r"unknown instruction at 0x[0-9a-f]+: 2e 0f 11 06 ")


# ---- resets

RESETS = {0: "the keyboard controller", 1: "port 92h", 2: "port CF9h", 3: "port CF9h",
          4: r"a triple fault at 0x[0-9a-f]+"}


def test_every_reset_stops_or_begins_anew(lintel, tmp_path):
    files = [power(code, tmp_path, "reset") for code in RESETS]
    lines = []
    for code in RESETS:
        lines += [guest(f"reset{code}", vm=f"again{code}", limit=1, **{"on-reset": "restart"}),
                  guest(f"reset{code}", vm=f"stop{code}")]
    machine = lintel.boot(lines, files=files, cores=2)
    count = 2 * len(RESETS)
    assert lintel.end_badly(machine) == f"lintel: done: {count} of {count} guests failed"
    assert "FAIL" not in machine.console
    for code, by in RESETS.items():
        for time in (1, 2, 3):
            assert console.logged(machine.console, rf"again{code}: reset by {by}, starts anew "
                                                   rf"\({time}\. time\)")
        assert console.logged(machine.console, rf"again{code}: its time limit of 1 s is over")
        what = by if code == 4 else f"reset by {by}"
        assert console.logged(machine.console, rf"stop{code}: {what.removeprefix('a ')} \(")
    found = re.search(r"(\d+) KiB free, (\d+) KiB before the first guest", machine.console)
    assert found[1] == found[2]


def test_firmware_runs_flat_guests_and_goes_on_after_a_reset_of_the_cpu_alone(lintel, tmp_path):
    codes = [8, 9, 10, 12]
    names = ["modes", "tsswitch", "pic", "insouts"]  # they switch modes and tasks, and interrupt
    lines = [guest(f"reset{code}", firmware="own", **{"on-reset": "restart"}) for code in codes]
    lines += [guest(name, firmware="own", mem=expect.load(name).settings["mem"]) for name in names]
    machine = lintel.boot(lines, files=[power(code, tmp_path, "reset") for code in codes], cores=1)
    lintel.end_well(machine)
    for code in codes:
        said = guest_lines(machine, f"reset{code}")
        assert "ok: the firmware goes on here, and RAM is kept" in said
        assert not console.logged(machine.console, f"reset{code}: .*starts anew")
    for name in names:
        said = console.guest(machine.console, name)
        assert expect.load(name).mismatch(said, others_between=True) is None


# ---- keyboard and screen

class Screen:
    """What a terminal of 80 x 25 shows: enough of ANSI for what Lintel sends."""

    SEQUENCE = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|([^\x1b])", re.S)

    def __init__(self, text):
        self.rows = [[" "] * 80 for _ in range(25)]
        self.row = self.column = 0
        for numbers, what, character in self.SEQUENCE.findall(text):
            if what:
                self.obey(numbers, what)
            else:
                self.put(character)

    def obey(self, numbers, what):
        if what == "H":
            row, _, column = numbers.partition(";")
            self.row, self.column = int(row or 1) - 1, int(column or 1) - 1
        elif what == "J":
            self.rows = [[" "] * 80 for _ in range(25)]

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row = min(self.row + 1, 24)
        elif self.column < 80:
            self.rows[self.row][self.column] = character
            self.column += 1

    def line(self, row):
        return "".join(self.rows[row]).rstrip()


def test_the_keyboard_and_its_controller_answer(lintel):
    machine = lintel.boot(["kbd"], debug=True)
    lintel.end_well(machine)
    said = guest_lines(machine, "kbd")
    assert [line for line in said if line.startswith("ok: ")] == [f"ok: {what}" for what in [
        "the controller's self test", "the keyboard's lines", "the command byte is kept",
        "reset: acknowledged", "reset: the self test", "scan code set 2", "scan code set 1",
        "the LEDs", "echo", "scanning", "IRQ 1 brings a byte"]]


def shown(text):
    """The screen that a console draws, with the log's lines among the drawing left out."""
    drawn = text[text.index("\x1b["):]
    return Screen(re.sub(r"\r?\n?\[ +\d+\.\d+ c\d [^\r\n]*(\r\n)?", "", drawn))


def test_what_is_typed_comes_by_the_keyboard_and_back_by_the_screen(lintel):
    machine = lintel.boot([guest("kbd", display="text")])
    machine.expect("type")
    machine.send("hello, world-7")
    # It is drawn in pieces, as it comes.
    while "hello, world-7" not in shown(machine.console).line(0):
        assert machine.pump(0.2) is not None
    machine.send("\x1b")
    lintel.end_well(machine)
    screen = shown(machine.console.partition("kbd: ended")[0])
    assert screen.line(0) == "hello, world-7?"
    assert screen.line(1) == "type"
    assert all(screen.line(row) == "" for row in range(2, 24))
