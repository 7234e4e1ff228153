"""Each guest program does what its expectation says on the machine itself, without Lintel."""

import pytest

from tests.guests import expect, native

NATIVE = [name for name in expect.names() if expect.load(name).native]


@pytest.mark.parametrize("name", NATIVE)
def test_guest_prints_what_is_expected_without_lintel(name):
    _, complaint = native.run(name)
    assert complaint is None


# They want more than one module, or other words for Lintel than a flat guest has: each has tests of
# its own that say what it has to print.
ELSEWHERE = {"ata": "test_board.py", "kbd": "test_board.py", "power": "test_board.py",
             "reset": "test_board.py", "rom": "test_board.py", "mbhello": "test_board_crowd.py",
             "exits": "test_stats.py", "vmxsim": "test_tool_hypercalls.py"}


def test_every_guest_program_has_an_expectation_or_a_test_of_its_own():
    programs = {path.stem for path in native.PROGRAMS.glob("*.asm")}
    assert programs == set(expect.names()) | set(ELSEWHERE)
    for name, file in ELSEWHERE.items():
        assert name in (native.ROOT / "tests" / "system" / file).read_text(encoding="utf-8")
