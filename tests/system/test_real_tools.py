"""memtest86+ and iPXE as Debian ships them, on Lintel's own firmware and by their 32-bit entry."""

import re

import pytest

from real import boot, plain

# Drawn when tests #0 to #3 are through (#1 and #2 are too quick to be drawn at all).
TEST_4 = r"#4  \[Moving inversions, 8 bit pattern\]"
NO_ERROR = r"Errors: 0 "
ERROR = re.compile(r"Errors: +[1-9]")
PASS = r"Pass: +1 "

PASS_LIMIT_S = 3000


def watch(machine, patterns, limit_s):
    """Waits for each; the guest draws a table, so what stands between does not matter."""
    for pattern in patterns:
        machine.expect(pattern, limit_s)
    assert not ERROR.search(plain(machine.console))


@pytest.mark.parametrize("name", [
    "memtest", pytest.param("memtest32", marks=pytest.mark.long), "memtest64"])
def test_memtest_passes_tests_0_to_3_without_an_error(lintel, name):
    machine = boot(lintel, name)
    watch(machine, [r"Memtest86\+", "#0 ", "#3 ", TEST_4, NO_ERROR], 200)


@pytest.mark.long
@pytest.mark.parametrize("name", ["memtest", "memtest32"])
def test_memtest_passes_all_its_tests_without_an_error(lintel, name):
    machine = boot(lintel, name, time_limit_s=PASS_LIMIT_S)
    watch(machine, [*(f"#{n} " for n in (3, 4, 5, 6, 7, 8, 9, 10)), PASS], PASS_LIMIT_S)


def test_ipxe_reaches_its_prompt_and_answers(lintel):
    machine = boot(lintel, "ipxe")
    machine.expect("iPXE initialising devices...ok", 120)
    machine.expect("Open Source Network Boot Firmware")
    machine.expect("Press Ctrl-B for the iPXE command line...")
    machine.send("\x02")
    machine.expect("iPXE> ", 60)
    machine.send("ifstat\r")
    machine.expect("iPXE> ", 60)  # a machine without a network card: an empty list
    machine.send("echo ${version}\r")
    machine.expect(r"1\.0\.0\+git-20190125\.36a4c85-5\.1\s")
    machine.send("ifopen net0\r")
    machine.expect('"net0": no such network device')
    machine.expect("iPXE> ")
