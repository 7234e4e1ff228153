#!/usr/bin/python3
"""Boots an image in the best machine there is, with this terminal as its console.

BED=kvm|bochs|tcg overrides the choice, CORES=n the number of cores. Ctrl-C ends it. MENU=1 shows
GRUB's menu; so does any key that is hit before Lintel speaks. The exit status is 0 only if Lintel's
last line says that all guests ended well; 1 if not; 2 if there was no last line; 130 after Ctrl-C.
"""

import argparse
import os
import select
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from tests.bed.choose import bed_from_environment  # noqa: E402
from tests.bed.machine import BedError, GRACE_AFTER_FINAL_LINE_S, final_line  # noqa: E402
from tests.bed.terminal import LogColours, RawTerminal, want_colour  # noqa: E402

# What Lintel's first words look like; before them, GRUB and the firmware draw on the console.
FIRST_WORDS = (b"\nLintel", b"\n[ ", b"\nlintel: ")


class Console:
    """Carries bytes from the machine to the terminal; keeps GRUB's drawings to itself if asked."""

    def __init__(self, show_boot):
        self.colours = LogColours() if want_colour(sys.stdout) else None
        self.before = None if show_boot else b""

    def show_boot(self):
        """Prints what was held back of the boot, and nothing is held back any more."""
        if self.before is not None:
            held, self.before = self.before, None
            self.write(held)

    def write(self, data):
        if self.before is not None:
            self.before += data
            starts = [at for at in map(self.before.find, FIRST_WORDS) if at >= 0]
            if not starts:
                return
            data, self.before = self.before[min(starts) + 1:], None
        if self.colours:
            data = self.colours.feed(data)
        self._out(data)

    def close(self):
        if self.colours:
            self._out(self.colours.flush())

    @staticmethod
    def _out(data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def talk(machine, console):
    """Carries both ways until the machine has ended, or Lintel has and the machine lingers on."""
    keyboard = sys.stdin.fileno()
    typing, typed = True, b""
    ended_at = None
    while ended_at is None or time.monotonic() - ended_at < GRACE_AFTER_FINAL_LINE_S:
        ready, writable, _ = select.select([machine] + ([keyboard] if typing else []),
                                           [machine] if typed else [], [], 0.2)
        if keyboard in ready:
            new = os.read(keyboard, 1024)
            typing, typed = bool(new), typed + new
            if new:
                console.show_boot()
        if writable:
            typed = typed[machine.send_some(typed):]
        data = machine.pump(0)
        if data is None:
            machine.wait()
            return
        if data:
            console.write(data)
            if ended_at is None and final_line(machine.tail(300)):
                ended_at = time.monotonic()


def run(machine):
    """Runs it to its end; returns the exit status."""
    console = Console(show_boot=bool(os.environ.get("MENU")))
    with machine, RawTerminal():
        try:
            talk(machine, console)
        finally:
            console.close()
        ending = final_line(machine.console)
        if ending is None:
            machine.fail("ended without Lintel's final line")
    return 0 if ending.well else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iso", default="build/lintel.iso")
    args = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    try:
        machine, why = bed_from_environment(args.iso)
        print(f"Running in {machine.name} with {machine.cores} cores ({why}). Ctrl-C ends it.\n",
              flush=True)
        return run(machine)
    except BedError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
