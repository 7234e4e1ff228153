"""Which bed `make run` takes, and why."""

import os

from tests.bed.bochs import Bochs
from tests.bed.machine import BedError
from tests.bed.probe import probe_kvm
from tests.bed.qemu import Qemu, QemuKvm

NO_LIMIT_S = 10 * 365 * 86400  # a person at a terminal has all the time there is

# Instructions in a second of Bochs' time. Slower than most machines emulate, so that with
# sync=slowdown a second of the guest is a second of the reader.
LIVE_IPS = 25_000_000


def choose_bed(iso, wanted=None, cores=2):
    """Returns (machine, why) for BED=kvm|bochs|tcg, or the best there is where wanted is empty."""
    common = {"cores": cores, "memory_mib": 512, "time_limit_s": NO_LIMIT_S}
    wanted = wanted or ""
    if wanted == "tcg":
        return Qemu(iso, **common), "BED=tcg asks for it; it has no VT-x, Lintel will say so"
    if wanted == "kvm":
        return QemuKvm(iso, **common), "BED=kvm asks for it"
    if wanted == "bochs":
        return Bochs(iso, live=True, ips=LIVE_IPS, **common), "BED=bochs asks for it"
    if wanted:
        raise BedError(f"BED={wanted} is not known; there are kvm, bochs and tcg")
    usable, why = probe_kvm()
    if usable:
        return QemuKvm(iso, **common), why
    return Bochs(iso, live=True, ips=LIVE_IPS, **common), why


def bed_from_environment(iso):
    """As choose_bed(), by the variables BED and CORES."""
    try:
        cores = int(os.environ.get("CORES") or "2")
    except ValueError:
        raise BedError(f"CORES={os.environ['CORES']} is not a number") from None
    return choose_bed(iso, os.environ.get("BED"), cores)
