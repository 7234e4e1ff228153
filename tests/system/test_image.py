"""What build/lintel.iso promises: it boots everywhere, it is small, and it can be made again."""

import filecmp
import os
import shutil
import subprocess

import pytest

from conftest import ROOT
from tests.bed import Qemu

IMAGE_LIMIT_BYTES = 8 << 20
IMAGE = os.path.join(ROOT, "build", "lintel.iso")


class QemuUsbStick(Qemu):
    """QEMU with the image as a USB stick instead of a CD."""

    def command(self, work, serial_path, serial_port):
        words = super().command(work, serial_path, serial_port)
        at = words.index("-drive")
        words[at + 1] = f"file={self.iso},format=raw,if=none,id=stick,snapshot=on"
        words[words.index("-boot") + 1] = "c"
        return words + ["-device", "qemu-xhci", "-device", "usb-storage,drive=stick,bootindex=0"]


def test_image_is_at_most_8_mib():
    assert os.path.getsize(IMAGE) <= IMAGE_LIMIT_BYTES


@pytest.mark.parametrize("uefi", [False, True], ids=["bios", "uefi"])
@pytest.mark.parametrize("machine", [Qemu, QemuUsbStick], ids=["cd", "usb"])
def test_image_boots(machine, uefi):
    with machine(IMAGE, uefi=uefi, memory_mib=256, time_limit_s=150) as started:
        started.run_to_end()
        assert "Lintel" in started.console
        assert started.ending().text


def test_two_builds_of_one_tree_are_equal(tmp_path):
    """The other one in a folder whose name is longer."""
    tree = os.path.join(tmp_path, "a-second-folder", "with-the-same-tree")
    shutil.copytree(ROOT, tree, symlinks=True,
                    ignore=shutil.ignore_patterns("build", "__pycache__"))
    subprocess.run(["make", "iso"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
    assert filecmp.cmp(IMAGE, os.path.join(tree, "build", "lintel.iso"), shallow=False)
