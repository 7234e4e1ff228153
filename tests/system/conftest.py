"""Fixtures of the system tests: an image with the menu that a test wants, booted in a bed.

    def test_x(lintel):
        machine = lintel.boot(["demo"], cores=4, options="loglevel=debug")
        machine.expect("tick 1")
        assert lintel.end_well(machine)
"""

import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [ROOT, os.path.join(ROOT, "iso")]

from mkiso import make_iso  # noqa: E402
from tests.bed import Bochs, Qemu, QemuKvm  # noqa: E402
from tests.bed.choose import LIVE_IPS  # noqa: E402

# For who types to a guest that waits only so long: its seconds are ours, but for the two or three
# that Bochs makes up for where it was late before. (Else, where nobody works, it is through one in
# a few hundredths of ours.)
PACED = {"live": True, "ips": LIVE_IPS}

BEDS = {"bochs": Bochs, "tcg": Qemu, "kvm": QemuKvm}


def guest(program, **words):
    """The module2 line of a guest program: guest("spin", vm="a", mem="2M")."""
    described = {"vm": program, "kind": "flat", "mem": "1M", **words}
    return f"/guest/{program}.bin " + " ".join(f"{k}={v}" for k, v in described.items())


class Lintel:
    """Makes images and machines for one test, and ends the machines with it."""

    def __init__(self, folder):
        self.folder = folder
        self.machines = []
        self.images = 0

    def iso(self, guests=(), options="", *, debug=False, files=(), config=None):
        """An image that boots at once. Returns its path.

        guests: names ("demo") or whole module lines ("/guest/demo.bin vm=a ..."). files: more for
        the image, "path" or "path=/in/image". config: a grub.cfg of the test's own, as text.
        """
        lines = [g if g.startswith("/") else guest(g) for g in guests]
        if config is None:
            config = "\n".join([f"multiboot2 /boot/lintel.elf {options}",
                                *(f"module2 {line}" for line in lines), "boot", ""])
        self.images += 1
        menu = os.path.join(self.folder, f"grub{self.images}.cfg")
        with open(menu, "w", encoding="utf-8") as out:
            out.write(config)
        given = {entry.partition("=")[2] for entry in files}
        programs = {line.split()[0] for line in lines} - given
        image = os.path.join(self.folder, f"lintel{self.images}.iso")
        make_iso(image, self.elf(debug), menu,
                 [f"{ROOT}/build/guests/{os.path.basename(p)}={p}" for p in sorted(programs)]
                 + list(files), os.path.join(ROOT, "build", "grub"))
        return image

    @staticmethod
    def elf(debug=False):
        return os.path.join(ROOT, "build", "debug" if debug else "", "lintel.elf")

    def boot(self, guests=(), options="", *, bed="bochs", debug=False, files=(), config=None,
             **machine):
        """Makes the image and starts it. machine: what the bed's class takes (cores, uefi, ...)."""
        return self.start(self.iso(guests, options, debug=debug, files=files, config=config),
                          bed, **machine)

    def start(self, image, bed="bochs", **machine):
        """Starts an image; the machine is ended with the test."""
        started = BEDS[bed](image, **machine).start()
        self.machines.append(started)
        return started

    @staticmethod
    def end_well(machine):
        """Waits for the end; fails with the console's last lines unless all ended well."""
        console = machine.run_to_end()
        if not machine.ending().well:
            machine.fail("not all guests ended well")
        return console

    @staticmethod
    def end_badly(machine):
        """Waits for the end, which must be Lintel's word that it went wrong; returns it."""
        machine.run_to_end()
        ending = machine.ending()
        if ending.well:
            machine.fail("ended well, but should not")
        return ending.text

    def close(self):
        for machine in self.machines:
            machine.close()


@pytest.fixture
def lintel(tmp_path):
    harness = Lintel(str(tmp_path))
    yield harness
    harness.close()


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes many minutes; only `make test-long` runs it")


def pytest_collection_modifyitems(config, items):
    """Leaves the long ones out, unless -m asks for some."""
    if config.getoption("-m"):
        return
    config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker("long")])
    items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failing test shows the ends of its machines' consoles, whatever it failed of."""
    report = (yield).get_result()
    harness = getattr(item, "funcargs", {}).get("lintel")
    if report.when == "call" and report.failed and harness is not None:
        from tests.bed.machine import last_lines
        for machine in harness.machines:
            report.sections.append((f"console of {machine.name}", last_lines(machine.console)))
