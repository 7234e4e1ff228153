#!/usr/bin/python3
"""`make run GUEST=name`: boots a real guest in the best machine there is, on this terminal.

GUEST=help lists the names. A program of guest/programs is a name too. Words behind the name go to
Lintel with the guest (GUEST="hello check=entry"). What is needed of Debian's packages is fetched
into build/debian/. BED, CORES and MENU are as for `make run`.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "iso")]

import guests  # noqa: E402
from tests.bed import run as bed_run  # noqa: E402
from tests.bed.choose import bed_from_environment  # noqa: E402
from tests.bed.machine import BedError  # noqa: E402
from tests.real import catalogue, packages  # noqa: E402

BUILD = ROOT / "build"


def programs():
    """The guest programs that are built, by name."""
    return {path.stem: path for path in sorted((BUILD / "guests").glob("*.bin"))}


def help_text():
    width = max(map(len, catalogue.GUESTS)) + 2
    lines = [f"  {name:<{width}}{guest.what}" for name, guest in catalogue.GUESTS.items()]
    names = sorted(path.stem for path in (ROOT / "guest" / "programs").glob("*.asm"))
    return "\n".join(['make run GUEST=name, or GUEST="name word=value ..." (docs/guests.md)',
                      *lines, "", "or a program of guest/programs:", "  " + " ".join(names)])


def words_of(name):
    """The guest in the words of iso/guests.py; None for a name that is not known."""
    if name in catalogue.GUESTS:
        return catalogue.text(name, f"title='{name}'")
    if name in programs():
        path = programs()[name]
        return f"flat={path} symbols={path.with_suffix('.sym')} mem=4M name={name}"
    return None


def make_image(words, iso):
    guests.make(words, str(iso), str(BUILD / "lintel.elf"), grub=str(BUILD / "grub"))


def start(name, more):
    words = words_of(name)
    if words is None:
        print(f"GUEST={name} is not known\n\n{help_text()}", file=sys.stderr)
        return 2
    words = " ".join([words, *more])
    iso = str(BUILD / f"guest-{name}.iso")
    make_image(words, iso)
    print(f"{name}: {words}\n", flush=True)
    machine, why = bed_from_environment(iso)
    print(f"Running in {machine.name} with {machine.cores} cores ({why}). Ctrl-C ends it.\n",
          flush=True)
    return bed_run.run(machine)


def main():
    name, *more = sys.argv[1:] or ["help"]
    if name == "help":
        print(help_text())
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    try:
        return start(name, more)
    except (BedError, packages.PackageError, guests.GuestsError, FileNotFoundError,
            RuntimeError) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as problem:
        print(f"\n{os.path.basename(str(problem.cmd[0]))} failed: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped by Ctrl-C.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
