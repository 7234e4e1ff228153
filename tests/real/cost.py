#!/usr/bin/python3
"""How many instructions a boot of Linux takes, on the machine itself and in Lintel.

Counted from the first instruction of the kernel's 16-bit code to the moment when its first program
reads the TSC. In Bochs with `clock: sync=none` one tick of the TSC is one instruction (or one tick
of waiting in HLT), and a breakpoint of its debugger notes the first of the two figures.

    tests/real/cost.py [--json FILE]
"""

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "iso")]

import guests  # noqa: E402
from tests.real import catalogue, native, shell  # noqa: E402
from tests.real.marked import MarkedBochs  # noqa: E402

AIM_PERCENT = 1
LIMIT_S = 900
EXITS = re.compile(r"\b(\d+) exits: (.+?)\r?$", re.M)  # log=exit:debug


def natively():
    """Instructions of the boot without Lintel, from GRUB's linux16."""
    return native.linux("linux16")[0]


def in_lintel(elf):
    """(instructions of the same boot in Lintel, all exits of the run by their reason)."""
    with tempfile.TemporaryDirectory(prefix="lintel-cost-") as folder:
        iso = str(Path(folder) / "linux.iso")
        guests.make(catalogue.text("linux") + " set:log=exit:debug", iso, str(elf),
                    grub=str(ROOT / "build" / "grub"))
        with MarkedBochs(iso, mark=native.LINUX_SETUP, ips=native.IPS, memory_mib=512,
                         time_limit_s=LIMIT_S) as machine:
            session = shell.Shell(machine)
            machine.send("machine off\r")
            console = machine.run_to_end()
            begin = machine.mark_ticks()
    exits = {reason: int(count) for count, reason in EXITS.findall(console)}
    return session.start_tsc - begin, dict(sorted(exits.items(), key=lambda x: -x[1]))


def percent(alone, inside):
    return (inside - alone) * 100 / alone


def lines(alone, inside, exits):
    """The figures in words."""
    yield (f"Linux to its first program: {alone:,} instructions natively, {inside:,} in Lintel: "
           f"{percent(alone, inside):+.2f} % (aim: at most +{AIM_PERCENT} %)")
    yield "its exits, to the power-off: " + ", ".join(f"{count:,} {reason}"
                                                      for reason, count in exits.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--elf", type=Path, default=ROOT / "build" / "lintel.elf")
    arguments = parser.parse_args()
    alone = natively()
    inside, exits = in_lintel(arguments.elf)
    print("\n".join(lines(alone, inside, exits)))
    if arguments.json:
        arguments.json.write_text(json.dumps({"native": alone, "lintel": inside, "exits": exits},
                                             indent=4) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
