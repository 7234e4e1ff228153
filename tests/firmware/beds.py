"""QEMU and Bochs with the own firmware as the machine's BIOS, and without Lintel."""

from tests.bed.bochs import Bochs
from tests.bed.qemu import Qemu

TIME = 1795264496  # 2026-11-21 12:34:56 UTC

BOCHS_DISK = 'ata{0}-{1}: type=disk, path="{2}", mode=volatile, cylinders={3}, heads={4}, spt={5}'
BOCHS_PLACES = ((0, "master"), (0, "slave"), (1, "master"), (1, "slave"))


class FirmwareQemu(Qemu):
    """disks: paths of raw images, primary master first. Without an APIC, which nobody sets up."""

    def __init__(self, rom, disks=(), *, machine="pc", vga="std", extra=(), **common):
        super().__init__(rom, machine=machine, extra=extra, **common)
        self.rom = rom
        self.disks = disks
        self.vga = vga

    def command(self, work, serial_path, serial_port):
        drives = [word for disk in self.disks
                  for word in ("-drive", f"file={disk},format=raw,if=ide")]
        return ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64,-apic", "-M", self.machine,
                "-m", str(self.memory_mib), "-bios", self.rom, "-vga", self.vga, "-snapshot",
                "-display", "none", "-nic", "none", "-monitor", "none",
                "-rtc", "base=2026-11-21T12:34:00,clock=vm", *drives,
                "-chardev", f"socket,id=com1,path={serial_path}", "-serial", "chardev:com1",
                *self.extra]


class FirmwareBochs(Bochs):
    """disks: (path, cylinders, heads, sectors in a track), primary master first; cdrom: a path."""

    def __init__(self, rom, disks=(), *, cdrom=None, **common):
        lines = [f"romimage: file={rom}", f"clock: sync=none, time0={TIME}", "boot: disk"]
        lines += [BOCHS_DISK.format(*place, *disk) for place, disk in zip(BOCHS_PLACES, disks)]
        if cdrom:
            lines.append(f'ata1-master: type=cdrom, path="{cdrom}", status=inserted')
        if not disks:
            lines.append("ata0-master: type=none")
        super().__init__(rom, extra="\n".join(lines), **common)
