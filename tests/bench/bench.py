#!/usr/bin/python3
"""What operations of a guest cost: in Lintel, on the machine itself, and in other hypervisors.

guest/programs/bench.asm runs twice in Bochs, without Lintel and in it. With `clock: sync=none` one
tick of the TSC is one instruction, so each figure is an exact and repeatable count.

    tests/bench/bench.py                  the table
    tests/bench/bench.py --json FILE      and all figures
    tests/bench/bench.py --check          fails if a row is 5 % worse than tests/bench/baseline.json
    tests/bench/bench.py --accept         makes the figures the new baseline
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "iso")]

from mkiso import make_iso  # noqa: E402
from tests.bed.bochs import Bochs  # noqa: E402
from tests.bed.machine import BedError  # noqa: E402
from tests.bench import table  # noqa: E402
from tests.guests.native import DISK_AND_CPU, make_disk  # noqa: E402

HERE = Path(__file__).resolve().parent
BASELINE, PEERS = HERE / "baseline.json", HERE / "peers.json"
IPS = 50_000_000  # the same in both runs, or the timer's rows could not be compared
TIME_LIMIT_S = 120

GRUB = """\
multiboot2 /boot/lintel.elf
module2 /guest/bench.bin vm=bench kind=flat mem=1M
boot
"""


def run(machine):
    """The figures of one run."""
    with machine:
        machine.run_to_end()
    rows = table.parse(machine.console)
    if "PASS bench" not in machine.console:
        raise BedError(f"the guest did not come to its end:\n{machine.console[-2000:]}")
    return rows


def run_native(program, folder):
    disk = folder / "disk.img"
    make_disk(program, disk)
    return run(Bochs(disk, ips=IPS, memory_mib=32, time_limit_s=TIME_LIMIT_S,
                     extra=DISK_AND_CPU.format(disk=disk)))


def run_in_lintel(program, folder, elf):
    config, iso = folder / "grub.cfg", folder / "bench.iso"
    config.write_text(GRUB, encoding="ascii")
    make_iso(str(iso), str(elf), str(config), [str(program)],
             str(ROOT / "build" / "grub"))
    return run(Bochs(str(iso), ips=IPS, time_limit_s=TIME_LIMIT_S))


def check(cost):
    """Compares with the baseline; returns the exit status."""
    worse = table.regressions(cost, json.loads(BASELINE.read_text(encoding="utf-8"))["cost"])
    for name, before, now in worse:
        print(f"bench: {name}: " + ("gone" if now is None else f"{before} before, {now} now"))
    print(f"bench: {len(worse)} of {len(cost)} rows worse than the baseline")
    return 1 if worse else 0


def write_json(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=4) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--check", action="store_true", help="compare with the baseline")
    parser.add_argument("--accept", action="store_true", help="make this the baseline")
    parser.add_argument("--elf", type=Path, default=ROOT / "build" / "lintel.elf")
    parser.add_argument("--program", type=Path, default=ROOT / "build" / "guests" / "bench.bin")
    arguments = parser.parse_args()
    peers = json.loads(PEERS.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="lintel-bench-") as name:
        folder = Path(name)
        native = run_native(arguments.program, folder)
        lintel = run_in_lintel(arguments.program, folder, arguments.elf)
    cost = table.costs(native, lintel)
    print("Instructions for each operation, median; native: on the machine itself.\n")
    print(table.render(native, lintel, peers))
    print()
    for column in peers["columns"]:
        print(f"{column['name']}: noted {peers['date']}, not reproduced here: {column['source']}")
    if arguments.json:
        write_json(arguments.json, {"cost": cost, "native": native, "lintel": lintel,
                                    "peers": peers})
    if arguments.accept:
        write_json(BASELINE, {"cost": cost})
    return check(cost) if arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
