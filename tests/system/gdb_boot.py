"""What the tests with gdb share: a machine with gdb's line, and a session that is connected."""

import re

from conftest import guest
from tests.bed import Wire
from tests.bed.gdb_session import GdbSession

HELPER = "tests/gdb/lintel_gdb.py"
IPS = 4_000_000  # a byte on the line then costs Bochs 350 instructions


def boot(lintel, guests, options="gdb=com2", *, shares_com1=False, time_limit_s=120, ips=IPS,
         **machine):
    """Boots with a wire for gdb, and waits until somebody listens there."""
    machine = lintel.boot(guests, options, wire=Wire(shares_com1=shares_com1), ips=ips,
                          time_limit_s=time_limit_s, **machine)
    machine.expect(r"\] gdb: ", 60)
    return machine


def attach(machine, *files, how="remote", helper=False, settings=()):
    """A gdb that is connected to the machine's line."""
    gdb = GdbSession(machine, *files, settings=settings)
    gdb.run("set osabi none")
    if helper:
        gdb.run(f"source {HELPER}")
    said = gdb.connect(how)
    if "Remote debugging using" not in said or "timed out" in said:
        gdb.fail("did not connect")
    return gdb


def goes_on(machine, text):
    """Two more of this come than have come by now: one may be on its way already."""
    for _ in range(machine.console.count(text) + 2):
        machine.expect(re.escape(text), 60)


STEPS = """python
def walk(count):
 for _ in range(count):
  print("%x" % int(gdb.parse_and_eval("(unsigned long)$pc")))
  gdb.execute("stepi", to_string=True)
end"""


def step_pcs(gdb, count, timeout_s=240):
    """Where the process in front is (by linear address) before each of count steps."""
    gdb.run(STEPS, 10)
    said = gdb.run(f"python walk({count})", timeout_s)
    return [int(line, 16) for line in said.splitlines() if re.fullmatch("[0-9a-f]+", line)]


def waiting(name="debuggee", vm="debuggee", **words):
    return guest(name, vm=vm, debug="wait", **words)


def go_to(gdb, address, timeout_s=60):
    """Runs to an address by a breakpoint that is gone then."""
    said = gdb.run(f"tbreak *{address:#x}") + gdb.run("continue", timeout_s)
    assert gdb.value("$pc") == address, said
    gdb.run("lintel mode")


def memory(gdb, address, size):
    """size bytes at a linear address, as a number."""
    return gdb.value(f"*(unsigned {'char' if size == 1 else 'long long'}*){address:#x}") \
        & ((1 << 8 * size) - 1)
