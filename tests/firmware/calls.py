"""The diskette whose program uses every BIOS call, and what it prints: calls.asm, calls.expect."""

import itertools
import re
from pathlib import Path

from tests.firmware import images

EXPECTED = Path(__file__).with_name("calls.expect")
FIXED_GEOMETRY = (65, 16, 63)
FIXED_SECTORS = 65 * 16 * 63
TYPED = "a\r\x1b[A\x1bOP\x1b[3~\x7f\x1bx\x1b[24~"
LAST_LINE = r"exception 06h at 1000:....\r\n"  # it ends with an instruction that does not exist


def make_disk(path, content=b"", sectors=0):
    with open(path, "wb") as disk:
        disk.write(content)
        disk.truncate(max(sectors * images.SECTOR, len(content)))
    return path


def make_floppy(folder, *defines):
    """defines: RESUMES for a machine that can reset its CPU alone."""
    boot = images.assemble("fat12.asm", folder / "boot.bin")
    program = images.assemble("calls.asm", folder / "calls.bin", *defines)
    return make_disk(folder / "floppy.img", images.fat12(boot, {"PROGRAM BIN": program}))


def converse(machine, limit_s=60):
    """Types what the program waits for, and reads to its last line."""
    machine.expect("type:", limit_s)
    machine.send(TYPED)
    machine.expect(r"8600$", limit_s)
    machine.send("\x1b")  # only silence behind it makes it the key Esc
    machine.expect(LAST_LINE, limit_s)


def expected_lines(bed):
    """The lines of calls.expect for a bed: tcg, bochs or lintel."""
    for line in EXPECTED.read_text(encoding="ascii").splitlines():
        where, colon, rest = line.partition(": ")
        if colon and set(where.split(",")) <= {"tcg", "bochs", "lintel"}:
            if bed in where.split(","):
                yield rest
        elif not line.startswith("#"):
            yield line


def check_lines(console, bed):
    """Compares what came with what should come, the first difference in words."""
    text = console.replace("\r", "").replace("\x1b", "^[").replace("\a", "^G")
    came = [line.rstrip() for line in text.splitlines()]
    for number, (want, have) in enumerate(itertools.zip_longest(expected_lines(bed), came), 1):
        assert want is not None, f"line {number} is one too many: {have!r}"
        pattern = re.escape(want).replace(r"\?", ".")
        assert have is not None and re.fullmatch(pattern, have), \
            f"line {number} is {have!r}, not {want!r}"
