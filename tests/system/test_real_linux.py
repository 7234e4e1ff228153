"""Debian's kernel, byte for byte, with a shell on its first serial port: from all three entries.

The initramfs is made by tests/real/initramfs.py. The same kernel on the same machine without
Lintel: tests/real/native.py.
"""

import re

import pytest

from real import IPS, boot
from tests.real import native
from tests.real.shell import Shell, kept_on_disk, shell_answers

ENTRIES = {"linux": 16, "linux32": 32, "linux64": 64}
MINUTE_S = 60
MINUTE_LIMIT_S = 200  # a minute of the guest takes a third of one here
LOAD_LIMIT_S = 120
SESSION_LIMIT_S = 500
TOLERANCE = 0.001

TEXT = "the quick brown fox 0123456789"


def powered_off(lintel, machine):
    """Switches the guest off by the ACPI port, and lets Lintel end."""
    machine.send("machine off\r")
    return lintel.end_well(machine)


def keeps_a_file(shell):
    shell.run("ata", LOAD_LIMIT_S)
    assert shell.run("cat /sys/block/sda/size") == "2048"
    assert kept_on_disk(shell, "sda", TEXT) == TEXT


def programs_alternate(shell):
    """Programs that run by turns keep their registers, those of AVX too."""
    said = shell.run("for n in $(seq 30); do seq 9 | tail -n 1; done", LOAD_LIMIT_S)
    assert said.split() == ["9"] * 30


def clocks(shell):
    """(seconds by the guest's clock, the TSC), read one behind the other."""
    uptime, tsc = re.search(r"([\d.]+) [\d.]+\nTSC (\w+)",
                            shell.run("cat /proc/uptime; machine tsc")).groups()
    return float(uptime), int(tsc, 16)


def agrees_over_a_minute(shell):
    """The guest's clock and the machine's: the TSC, which with clock sync=none counts IPS a second
    of Bochs' time."""
    begin = clocks(shell)
    shell.run(f"sleep {MINUTE_S}", MINUTE_LIMIT_S)
    end = clocks(shell)
    guest_s, machine_s = end[0] - begin[0], (end[1] - begin[1]) / IPS
    assert machine_s > MINUTE_S * 0.99
    assert abs(guest_s - machine_s) < TOLERANCE * machine_s


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.long if name == "linux32" else ()) for name in ENTRIES])
def test_linux_reaches_a_shell_keeps_a_file_on_the_disk_and_powers_off(lintel, name):
    natively = set(native.WARNINGS.read_text(encoding="utf-8").splitlines())
    machine = boot(lintel, name, time_limit_s=SESSION_LIMIT_S)
    shell = Shell(machine)
    shell_answers(shell)
    assert [line for line in shell.warnings() if line not in natively] == []
    if name == "linux":
        programs_alternate(shell)
        assert int(shell.run("date -u +%Y")) >= 2024
        agrees_over_a_minute(shell)
    keeps_a_file(shell)
    text = powered_off(lintel, machine)
    assert "no port switched the machine off" not in text


@pytest.mark.long
def test_a_long_line_is_typed_and_printed_without_a_loss(lintel):
    machine = boot(lintel, "linux")
    shell = Shell(machine)
    machine.send("cat > /tmp/typed\r")
    lines = [f"{n:04} " + "x" * 60 for n in range(100)]
    for line in lines:
        machine.send(line + "\r")
        machine.expect(line)  # the terminal's echo
    machine.send("\x04")
    machine.expect("/ # ")
    assert shell.run("wc -l < /tmp/typed") == "100"
    assert shell.run("cat /tmp/typed").split("\n") == lines
    powered_off(lintel, machine)


@pytest.mark.long
def test_a_restarted_linux_comes_up_again_and_ends_well_when_it_halts(lintel):
    machine = boot(lintel, "linux", time_limit_s=SESSION_LIMIT_S)
    shell = Shell(machine)
    shell.run("ata", LOAD_LIMIT_S)
    shell.run("echo changed > /dev/sda; sync")
    machine.send("reboot -f\r")
    shell = Shell(machine)
    shell.run("ata", LOAD_LIMIT_S)
    assert shell.run("head -c 7 /dev/sda | tr '\\000' .") == "......."
    machine.send("poweroff -f\r")
    machine.expect("reboot: System halted", LOAD_LIMIT_S)
    lintel.end_well(machine)
