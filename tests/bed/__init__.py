"""The machines that Lintel is tested in: Bochs, QEMU by emulation, QEMU on KVM.

    with Bochs("build/lintel.iso", cores=4) as machine:
        machine.expect("tick 1", timeout_s=20)
        machine.send(b"hello")
        text = machine.run_to_end()

All share the interface of machine.Machine. Only Python's standard library is used.
"""

from tests.bed.bochs import Bochs
from tests.bed.machine import BedError, Ending, Machine, final_line
from tests.bed.probe import probe_kvm
from tests.bed.qemu import Qemu, QemuKvm
from tests.bed.wire import Noise, Wire

__all__ = ["BedError", "Bochs", "Ending", "Machine", "Noise", "Qemu", "QemuKvm", "Wire",
           "final_line", "probe_kvm"]
