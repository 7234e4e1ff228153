"""Bochs that notes after how many instructions the machine last came to an address."""

import os
import re

from tests.bed.bochs import Bochs

STOPS = 20


class MarkedBochs(Bochs):
    """mark: a linear address, of whatever guest; a breakpoint of Bochs' debugger lies there. The
    machine may come there STOPS - 1 times: GRUB, say, and then the kernel that is meant.

    With `clock: sync=none` the count is the TSC's value, so that what a guest reads from its TSC
    later can be compared.
    """

    def __init__(self, iso, *, mark=None, **common):
        super().__init__(iso, **common)
        self.mark = mark

    def command(self, work, serial_path, serial_port):
        words = super().command(work, serial_path, serial_port)
        if self.mark is not None:
            with open(os.path.join(work, "commands"), "w", encoding="ascii") as commands:
                commands.write(f"lb {self.mark:#x}\n" + "c\n" * STOPS)
            words = ["stdbuf", "-oL", *words]  # what it notes shall be there when it is asked for
        return words

    def mark_ticks(self):
        """The count when it was last at the mark; None if it did not come there."""
        found = re.findall(r"Breakpoint 1[\s\S]*?Next at t=(\d+)", self.chatter())
        return int(found[-1]) if found else None
