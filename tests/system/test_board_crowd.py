"""VMs of all kinds beside each other, on a core each and on one core, while one resets itself."""

import re
from pathlib import Path

import pytest

import console
from conftest import guest
from tests.guests import expect, native
from test_board import power

SEABIOS = "/usr/share/seabios/bios.bin"


def boot_disk(name, folder):
    """A disk of 64 KiB with a guest program behind a boot sector: an entry for the image."""
    program, disk = Path(folder) / f"{name}.bin", Path(folder) / f"{name}.img"
    native.assemble(name, program)
    native.make_disk(program, disk)
    with open(disk, "r+b") as image:
        image.truncate(64 << 10)
    return f"{disk}=/guest/{name}.img"


@pytest.mark.parametrize("cores", [1, 4])
def test_all_kinds_of_guests_at_once(lintel, tmp_path, cores):
    files = [boot_disk("modes", tmp_path), boot_disk("tsswitch", tmp_path),
             f"{SEABIOS}=/guest/seabios.bin", power(0, tmp_path, "reset")]
    lines = ["tick",
             "/guest/seabios.bin vm=modes kind=bios mem=8M", "/guest/modes.img vm=modes role=disk",
             "/guest/tsswitch.img vm=tsswitch kind=disk mem=2M",
             guest("mbhello", kind="multiboot", mem="2M"),
             guest("reset0", vm="again", limit=1, **{"on-reset": "restart"})]
    machine = lintel.boot(lines, files=files, cores=cores, time_limit_s=150)
    assert lintel.end_badly(machine) == "lintel: done: 1 of 5 guests failed"
    for name in ["tick", "modes", "tsswitch"]:
        # SeaBIOS does not end its line before it starts the boot sector.
        said = re.sub(r"Booting from Hard Disk\.*", "\n", console.guest(machine.console, name))
        assert expect.load(name).mismatch(said, others_between=True) is None
    assert "PASS mbhello" in console.guest(machine.console, "mbhello").splitlines()
    assert "FAIL" not in machine.console
    assert console.logged(machine.console, r"again: reset by the keyboard controller, starts anew "
                                           r"\(2\. time\)")
    assert console.logged(machine.console, "again: its time limit of 1 s is over")
    found = re.search(r"(\d+) KiB free, (\d+) KiB before the first guest", machine.console)
    assert found[1] == found[2]
