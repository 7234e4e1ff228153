"""The Multiboot kernel of multiboot.asm in its three forms."""

import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("multiboot.asm")


def make(output, version, kludge=False):
    """version: 1 or 2; kludge: no ELF file but the header's address fields (version 1)."""
    subprocess.run(["nasm", "-f", "bin", "-Wall", "-Werror", f"-DVERSION={version}",
                    *(["-DKLUDGE"] if kludge else []), "-o", output, SOURCE], check=True)
