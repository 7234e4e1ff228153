"""What must not get lost: bytes through the serial port, both ways, and ticks of the clock."""

from tests.guests import expect
from test_guests import converse


def run(lintel, name, **machine_words):
    e = expect.load(name)
    machine = lintel.boot([name], cores=1, time_limit_s=150, **machine_words)
    converse(machine, expect.Typist(e))
    lintel.end_well(machine)
    return e, machine.console


def test_100000_bytes_go_out_and_none_is_lost(lintel):
    e, console = run(lintel, "uarttx")
    assert sum(len(text) + 2 for mark, text in e.patterns() if text[:4].isdigit()) == 100_000
    assert e.mismatch(console, others_between=True) is None


def test_100000_bytes_come_in_and_none_is_lost(lintel):
    e, console = run(lintel, "uartrx")
    assert sum(len(typed) for _, typed in e.typed()) == 100_000
    assert e.mismatch(console, others_between=True) is None


# Emulated time is counted in instructions, and a CPU that halts skips most of them: a slow CPU lets
# the minute pass sooner.
def test_a_minute_of_1000_hz_loses_no_tick(lintel):
    e, console = run(lintel, "pitminute", ips=5_000_000)
    assert "60000 ticks" in console
    assert e.mismatch(console, others_between=True) is None
