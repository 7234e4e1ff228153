"""Is nested VT-x really usable here? Asked by trying, not by reading flags.

A boot sector (probe.asm) runs in QEMU on KVM, executes VMXON and says what it found. What the
module parameters of KVM promise is no answer: there are machines where QEMU aborts all the same.
"""

import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIME_LIMIT_S = 10


def assemble(work):
    """The probe as a disk image."""
    image = os.path.join(work, "probe.img")
    subprocess.run(["nasm", "-f", "bin", "-o", image, os.path.join(HERE, "probe.asm")], check=True)
    return image


def run_probe(accel_words):
    """Runs the probe in QEMU with these words; returns (its word or "", QEMU's own words)."""
    with tempfile.TemporaryDirectory(prefix="lintel-probe-") as work:
        console = os.path.join(work, "com1")
        command = ["setpriv", "--pdeathsig", "KILL", "--", "qemu-system-x86_64", *accel_words,
                   "-m", "16", "-display", "none", "-no-reboot", "-nic", "none", "-monitor", "none",
                   "-drive", f"file={assemble(work)},format=raw", "-serial", f"file:{console}",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, timeout=TIME_LIMIT_S, check=False)
            said = done.stderr.decode(errors="replace").strip()
        except subprocess.TimeoutExpired:
            said = f"no answer within {TIME_LIMIT_S} s"
        except OSError as problem:
            return "", str(problem)
        try:
            with open(console, encoding="latin-1") as answer:
                return answer.read().strip(), said
        except FileNotFoundError:
            return "", said


def probe_kvm():
    """Returns (usable, why) for QEMU on KVM with -cpu host."""
    if not os.path.exists("/dev/kvm"):
        return False, "there is no /dev/kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False, "/dev/kvm is not open to this user"
    answer, said = run_probe(["-accel", "kvm", "-cpu", "host"])
    if answer == "usable":
        return True, "nested VT-x works: the probe executed VMXON"
    if answer:
        return False, f"nested VT-x does not work: {answer}"
    first = said.splitlines()[0] if said else "QEMU ended without a word"
    return False, f"QEMU does not run on KVM: {first}"


if __name__ == "__main__":
    print(*probe_kvm(), sep=": ")
