"""The smallest example: one exit, then VMX is off on every core."""

import console
from conftest import guest

CORES = 4


def test_after_one_exit_each_core_leaves_vmx(lintel):
    machine = lintel.boot([guest("oneshot", core=2)], options="log=vmx:debug", cores=CORES)
    lintel.end_well(machine)
    log = console.log(machine.console)

    def cores_of(text):
        return sorted(line.core for line in log if line.text == text)

    assert cores_of("VMX root operation") == cores_of("VMXOFF") == list(range(CORES))
    ended = [line.text for line in log if "1 exits, run 1 of 1" in line.text]
    assert len(ended) == 1 and "oneshot: halted for good" in ended[0]
    last = [line.text for line in log][-2:]
    assert last[0] == "VMX operation is off on 4 of 4 cores; the kernel goes on"
    assert "KiB before the first guest" in last[1]
