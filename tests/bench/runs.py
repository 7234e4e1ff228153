"""The machines that the benchmark boots: images, runs, and what each of them said."""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "iso")]

from mkiso import make_iso  # noqa: E402
from tests.bed.bochs import Bochs  # noqa: E402
from tests.bed.machine import BedError  # noqa: E402
from tests.bed.qemu import QemuKvm  # noqa: E402
from tests.bench import startup  # noqa: E402
from tests.bench.marks import MarkedBochs  # noqa: E402
from tests.guests.native import DISK_AND_CPU, make_disk  # noqa: E402

IPS = 50_000_000      # the same natively and in Lintel, or the timer's rows could not be compared
IPS_SMP = 10_000_000  # many cores have to wait for less then
TIME_LIMIT_S = 600
GUEST_MIB = 4
EPT_MIB = (1, 64, 256, 1200)  # what a machine of 3 GiB in Bochs can have at once
PROGRAMS = ROOT / "build" / "guests"
MARKED_EPT = ["vm_start", "guest_memory_map", "platform_init", "vcpu_create"]


def image(folder, name, elf, modules, options=""):
    """An image that boots these modules: [(program, its line)]."""
    config, iso = folder / f"{name}.cfg", folder / f"{name}.iso"
    lines = [f"module2 /guest/{program}.bin {line}" for program, line in modules]
    config.write_text("\n".join([f"multiboot2 /boot/lintel.elf {options}", *lines, "boot", ""]),
                      encoding="ascii")
    files = sorted({str(PROGRAMS / f"{program}.bin") for program, _ in modules})
    make_iso(str(iso), str(elf), str(config), files, str(ROOT / "build" / "grub"))
    return str(iso)


def talk(machine, wanted):
    """Runs a machine to its end. Returns (console, marks). BedError if wanted was not said."""
    with machine:
        machine.run_to_end()
        marks = machine.marks() if isinstance(machine, MarkedBochs) else []
    if wanted not in machine.console:
        raise BedError(f"{wanted!r} was not said:\n{machine.console[-2000:]}")
    return machine.console, marks


def wait_for(machine, wanted):
    """For machines that "Shutdown" does not end: until this was said."""
    with machine:
        machine.expect(re.escape(wanted), TIME_LIMIT_S)
    return machine.console


def on_kvm():
    return os.environ.get("BED") == "kvm"


def native(folder):
    disk = folder / "disk.img"
    make_disk(PROGRAMS / "bench.bin", disk)
    if on_kvm():
        return wait_for(QemuKvm(str(disk), time_limit_s=TIME_LIMIT_S), "PASS bench")
    return talk(Bochs(disk, ips=IPS, memory_mib=32, time_limit_s=TIME_LIMIT_S,
                      extra=DISK_AND_CPU.format(disk=disk)), "PASS bench")[0]


def in_lintel(folder, elf):
    iso = image(folder, "bench", elf, [("bench", f"vm=bench kind=flat mem={GUEST_MIB}M")],
                "stats=on")
    if on_kvm():
        return wait_for(QemuKvm(iso, time_limit_s=TIME_LIMIT_S), "PASS bench")
    return talk(Bochs(iso, ips=IPS, time_limit_s=TIME_LIMIT_S), "PASS bench")[0]


def alone(folder, elf):
    """One core, one VM that starts and ends three times."""
    iso = image(folder, "alone", elf, [("stop", "vm=stop kind=flat mem=1M repeat=3")])
    return talk(MarkedBochs(iso, elf=elf, wanted=startup.MARKS_ALONE, ips=IPS,
                            time_limit_s=TIME_LIMIT_S), "all 1 guests ended well")


def scale(folder, elf, cores):
    """A VM on each core, with nothing else to do for the host. On KVM: by the clock."""
    iso = image(folder, f"scale{cores}", elf,
                [("scale", f"vm=v{core} kind=flat mem=1M core={core}") for core in range(cores)],
                "loglevel=error")
    common = {"cores": cores, "time_limit_s": TIME_LIMIT_S}
    if on_kvm():
        return wait_for(QemuKvm(iso, **common), "lintel: done"), []
    if cores == 8:
        machine = MarkedBochs(iso, elf=elf, wanted=startup.MARKS_SMP, ips=IPS_SMP, **common)
    else:
        machine = Bochs(iso, ips=IPS_SMP, **common)
    return talk(machine, "guests ended well")


def ept(folder, elf):
    """VMs of several sizes on one core."""
    iso = image(folder, "ept", elf,
                [("stop", f"vm=m{mib} kind=flat mem={mib}M") for mib in EPT_MIB])
    return talk(MarkedBochs(iso, elf=elf, wanted=MARKED_EPT, ips=IPS, time_limit_s=TIME_LIMIT_S,
                            extra="memory: guest=3072, host=2048"), "guests ended well")
