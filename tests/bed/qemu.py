"""QEMU: by emulation (no VT-x: Lintel must refuse there, clearly), and on KVM with nested VT-x."""

from tests.bed.machine import Machine

OVMF = "/usr/share/ovmf/OVMF.fd"


class Qemu(Machine):
    """A PC in QEMU's emulator. uefi: boot by OVMF; cpu: name and flags; extra: more words."""

    name = "QEMU"
    accel = "tcg"

    def __init__(self, iso, *, uefi=False, cpu="max", machine="q35", extra=(), **common):
        super().__init__(iso, **common)
        self.uefi = uefi
        self.cpu = cpu
        self.machine = machine
        self.extra = list(extra)

    def command(self, work, serial_path, serial_port):
        port = self.com2_port()
        com2 = ["-chardev", f"socket,id=com2,host=127.0.0.1,port={port}",
                "-serial", "chardev:com2"] if port else []
        return ["qemu-system-x86_64", "-accel", self.accel, "-cpu", self.cpu, "-M", self.machine,
                "-m", str(self.memory_mib), "-smp", str(self.cores), *self.firmware(),
                "-display", "none", "-no-reboot", "-nic", "none", "-monitor", "none",
                "-drive", f"file={self.iso},format=raw,media=cdrom,readonly=on", "-boot", "d",
                "-chardev", f"socket,id=com1,path={serial_path}", "-serial", "chardev:com1", *com2,
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *self.extra]

    def firmware(self):
        return ["-bios", OVMF] if self.uefi else []


class QemuKvm(Qemu):
    """The same on KVM with the host's own CPU; see probe.probe_kvm() for whether that works."""

    name = "QEMU on KVM"
    accel = "kvm"

    def __init__(self, iso, *, cpu="host", **rest):
        super().__init__(iso, cpu=cpu, **rest)
