#!/usr/bin/python3
"""Runs guest programs on the machine itself (here: Bochs, without Lintel), as a boot disk.

So each program, and what it is expected to print, is proved before Lintel runs the same file.

    tests/guests/native.py [-v] [NAME ...]      all that have an expectation, else those named
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import expect  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "guest" / "programs"
BOOT_DISK_SECTORS = 16 * 63 * 4
CPU_MODEL = "corei7_skylake_x"

CONFIG = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
plugin_ctrl: sb16=false, es1370=false, e1000=false, gameport=false
memory: guest=32, host=32
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
cpu: model={model}, count=1, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs=0
clock: sync=none, time0=utc
ata0-master: type=disk, path={disk}, mode=flat, cylinders=4, heads=16, spt=63
boot: disk
com1: enabled=1, mode=socket-client, dev=localhost:{port}
log: {log}
panic: action=fatal
error: action=report
info: action=ignore
"""


def assemble(name, out, defines=()):
    source = PROGRAMS / f"{name}.asm"
    command = ["nasm", "-f", "bin", "-Wall", "-I", f"{PROGRAMS}/", *defines, str(source), "-o", out]
    subprocess.run(command, check=True)
    return Path(out)


def make_disk(program, disk):
    sectors = (program.stat().st_size + 511) // 512
    boot = disk.with_suffix(".boot")
    source = Path(__file__).with_name("boot.asm")
    subprocess.run(["nasm", "-f", "bin", f"-DSECTORS={sectors}", str(source), "-o", boot], check=True)
    with disk.open("wb") as f:
        f.write(boot.read_bytes())
        f.write(program.read_bytes())
        f.truncate(BOOT_DISK_SECTORS * 512)


class Typist:
    """Types the lines of an expectation when the lines above them were seen."""

    def __init__(self, expectation):
        self.patterns = expectation.patterns()
        self.todo = expectation.typed()

    def ready(self, output):
        typed = b""
        while self.todo and self.seen(self.todo[0][0], output):
            typed += self.todo.pop(0)[1]
        return typed

    def seen(self, before, output):
        mark, text = self.patterns[before - 1] if before else (".", "")
        lines = expect.split_lines(output)
        return mark == "." or any(expect.line_fits(mark, text, line) for line in lines)


def converse(bochs, listener, e, deadline, verbose):
    """The text that came over the serial port until Bochs ended, or None when it took too long."""
    listener.settimeout(1)
    line, text, typist = None, b"", Typist(e)
    while time.monotonic() < deadline:
        if line is None:
            try:
                line, _ = listener.accept()
                line.settimeout(0.2)
            except socket.timeout:
                if bochs.poll() is not None:
                    return text
                continue
        try:
            got = line.recv(65536)
        except socket.timeout:
            continue
        except ConnectionResetError:
            return text
        if not got:
            return text
        text += got
        if verbose:
            sys.stdout.write(got.decode("ascii", "replace"))
            sys.stdout.flush()
        typed = typist.ready(text.decode("ascii", "replace"))
        if typed:
            line.settimeout(None)
            line.sendall(typed)
            line.settimeout(0.2)
    return None


def run_disk(disk, e, verbose=False):
    """Boots the disk; returns (text, complaint)."""
    folder = disk.parent
    with socket.create_server(("localhost", 0)) as listener:
        config = CONFIG.format(
            model=CPU_MODEL, ips=e.settings["ips"], disk=disk, log=folder / "bochs.log",
            port=listener.getsockname()[1])
        (folder / "bochsrc").write_text(config)
        (folder / "go").write_text("c\n")
        with (folder / "stdout").open("wb") as out:
            bochs = subprocess.Popen(
                ["bochs-bin", "-q", "-f", str(folder / "bochsrc"), "-rc", str(folder / "go")],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder)
            try:
                text = converse(bochs, listener, e, time.monotonic() + e.timeout_s, verbose)
                if text is not None:
                    bochs.wait(timeout=10)
            finally:
                if bochs.poll() is None:
                    bochs.kill()
                bochs.wait()
    if text is None:
        return "", f"{e.name}: did not end in {e.timeout_s:.0f} s"
    return text.decode("ascii", "replace"), None


def bind_failed(folder):
    """Two Bochs that start at once can want the same display port."""
    said = (folder / "stdout").read_text(errors="replace")
    said += (folder / "bochs.log").read_text(errors="replace") if (folder / "bochs.log").exists() else ""
    return "could not bind any port" in said


def run(name, verbose=False):
    """Runs one guest program natively. Returns (text, complaint); complaint is None if all is well."""
    e = expect.load(name)
    with tempfile.TemporaryDirectory(prefix="guest-") as folder:
        folder = Path(folder)
        program = assemble(name, folder / f"{name}.bin")
        disk = folder / "disk.img"
        make_disk(program, disk)
        for _ in range(5):
            text, complaint = run_disk(disk, e, verbose)
            if text or not bind_failed(folder):
                break
            time.sleep(0.5)
        if not text and verbose:
            sys.stdout.write((folder / "stdout").read_text(errors="replace")[-2000:])
    return text, complaint or e.mismatch(text)


def main(arguments):
    verbose = "-v" in arguments
    wanted = [a for a in arguments if not a.startswith("-")]
    failed = 0
    for name in wanted or expect.names():
        if not expect.load(name).native and not wanted:
            print(f"{name}: not for the machine itself")
            continue
        started = time.monotonic()
        text, complaint = run(name, verbose)
        took = time.monotonic() - started
        if complaint:
            failed += 1
            if not verbose:
                sys.stdout.write(re.sub("^", "    ", text, flags=re.M) + os.linesep)
        print(f"{name}: {complaint or 'as expected'} ({took:.1f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
