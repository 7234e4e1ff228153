"""Each guest program does what its expectation says on the machine itself, without Lintel."""

import pytest

from tests.guests import expect, native

NATIVE = [name for name in expect.names() if expect.load(name).native]


@pytest.mark.parametrize("name", NATIVE)
def test_guest_prints_what_is_expected_without_lintel(name):
    _, complaint = native.run(name)
    assert complaint is None


def test_every_guest_program_has_an_expectation():
    programs = {path.stem for path in native.PROGRAMS.glob("*.asm")}
    assert programs == set(expect.names())
