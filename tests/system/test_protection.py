"""The hypervisor protects itself: each protection is tried by a fault on purpose (selftest=all)."""

import re

import pytest

TESTS = ["text", "alias", "rodata", "wp", "nx-data", "nx-stack", "nx-alias", "page0", "identity",
         "guard-below", "guard-above", "smep", "smap", "umip"]
# What each CPU lacks.
BEDS = {
    "icelake": ({"bed": "bochs", "model": "corei7_icelake_u"}, set()),
    "skylake": ({"bed": "bochs"}, {"umip"}),
    "bios": ({"bed": "tcg"}, set()),
    "uefi": ({"bed": "tcg", "uefi": True}, set()),
    "old": ({"bed": "tcg", "cpu": "qemu64"}, {"smep", "smap", "umip"}),
}


@pytest.mark.parametrize("debug", [False, True], ids=["release", "debug"])
@pytest.mark.parametrize("name", BEDS)
def test_every_protection_holds(lintel, name, debug):
    machine_words, missing = BEDS[name]
    machine = lintel.boot([], options="selftest=all", debug=debug, **machine_words)
    machine.expect(r"selftest: \d+ failed")
    for test in TESTS:
        line = re.search(rf"selftest: {test}: (.*)", machine.console)
        assert line, f"{test} did not run"
        expected = "skipped" if test in missing else r"#(PF|GP) as it should"
        assert re.match(expected, line.group(1)), line.group(0)
    assert "selftest: 0 failed" in machine.console


def test_a_self_test_that_is_not_known_is_named(lintel):
    machine = lintel.boot([], options="selftest=wp,nonsense", bed="tcg")
    machine.expect(r'there is no test "nonsense"')
    machine.expect(r"selftest: 1 failed")
