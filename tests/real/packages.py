"""Files of Debian packages that are not installed but only unpacked, under build/debian/.

A kernel or memtest86+ that is installed runs hooks that change the machine's own boot menu. So
their packages are fetched with `apt-get download` and unpacked with `dpkg-deb -x`, once; what is
unpacked is found again without a network.

    /usr/bin/python3 -m tests.real.packages            fetches all that the real guests need
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "debian"

# The package of this name is empty and depends on the newest kernel.
LINUX = "linux-image-cloud-amd64"
PACKAGES = [LINUX, "memtest86+", "ipxe", "busybox-static"]


class PackageError(Exception):
    """A package cannot be had. The text says which, and what to do."""


def run(*command, cwd=None):
    """Runs a program; returns its output as text, or None if it failed."""
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def update_lists():
    """Fetches apt's package lists. Nobody but root can; for others the next step will fail."""
    words = ["apt-get", "update", "-q"]
    if os.geteuid() != 0 and shutil.which("sudo"):
        words = ["sudo", "-n", *words]
    run(*words)


def real_name(name):
    """The package that holds the files: for the empty kernel package the one it depends on."""
    if name != LINUX:
        return name
    listed = run("apt-cache", "depends", name) or ""
    found = re.search(r"Depends: (linux-image-\d\S*)", listed)
    return found[1] if found else None


def download(name, folder):
    """Puts the .deb into the folder; returns its path, or None."""
    package = real_name(name)
    if package is None or run("apt-get", "download", "-q", package, cwd=folder) is None:
        return None
    return next(folder.glob("*.deb"), None)


@contextlib.contextmanager
def alone():
    """Two processes that fetch at once would take apt's locks from each other."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unpacked(name):
    """The folder that holds a package's files as they would lie under /. Fetches it if needed.

    Raises PackageError where it is not there and cannot be fetched.
    """
    tree = CACHE / name
    if not tree.is_dir():
        with alone():
            if not tree.is_dir():  # another process was quicker
                fetch(name, tree)
    return tree


def fetch(name, tree):
    with tempfile.TemporaryDirectory(prefix="get-", dir=CACHE) as work:
        folder = Path(work)
        folder.chmod(0o755)  # apt's own user has to reach it
        deb = download(name, folder)
        if deb is None:
            update_lists()
            deb = download(name, folder)
        if deb is None:
            raise PackageError(f"{name}: Debian's package cannot be downloaded (is there a network?"
                               f" does apt know it?). Files unpacked by hand into {tree} do too:"
                               f" dpkg-deb -x PACKAGE.deb {tree}")
        made = folder / "tree"
        if run("dpkg-deb", "-x", str(deb), str(made)) is None:
            raise PackageError(f"{name}: {deb.name} cannot be unpacked")
        made.rename(tree)


def file_of(name, pattern):
    """The one file of a package that a pattern such as "boot/vmlinuz-*" names."""
    found = sorted(unpacked(name).glob(pattern))
    if not found:
        raise PackageError(f"{name}: has no file {pattern}")
    return found[-1]


def main():
    try:
        for name in PACKAGES:
            print(f"  DEBIAN  {unpacked(name).relative_to(ROOT)}", flush=True)
    except PackageError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
