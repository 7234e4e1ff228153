"""Bochs: the bed with VT-x that runs everywhere.

clock sync=none makes a run repeatable: emulated time is counted in instructions, and the TSC too.
So its clock of day starts at the same second each time, else a guest's code takes another path.
Few instructions a second of that time (ips) make what waits pass quickly: eight idle cores boot and
run the demo in a quarter of the time that 50 million take.
sync=slowdown (live=True) lets emulated time pass no faster than the reader's.
"""

import os

from tests.bed.machine import Machine

CONFIG = """\
display_library: rfb, options="timeout=0"
config_interface: textconfig
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
plugin_ctrl: sb16=false, es1370=false, e1000=false, gameport=false
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
megs: {memory_mib}
cpu: model={model}, count={cores}, ips={ips}, quantum=16, reset_on_triple_fault=0
clock: sync={sync}, time0={time0}
ata0-master: type=cdrom, path="{iso}", status=inserted
boot: cdrom
com1: enabled=1, mode=socket-client, dev=127.0.0.1:{port}
{com2}
log: bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
mouse: enabled=0
speaker: enabled=0
{extra}
"""

SUNDAY = 1795321900  # 22 November 2026, 04:31:40


class Bochs(Machine):
    """A PC in Bochs. model: a CPU of Bochs' list; ips: instructions in a second of its time;
    clock_s: what its clock shows at the start, in seconds since 1970 (live=True: the true time)."""

    name = "Bochs"
    START_TRIES = 5

    def __init__(self, iso, *, model="corei7_skylake_x", ips=10_000_000, live=False, extra="",
                 clock_s=SUNDAY, **common):
        super().__init__(iso, **common)
        self.model = model
        self.ips = ips
        self.live = live
        self.clock_s = clock_s
        self.extra = extra

    def command(self, work, serial_path, serial_port):
        com2 = self.com2_port()
        with open(os.path.join(work, "bochsrc"), "w", encoding="utf-8") as config:
            config.write(CONFIG.format(memory_mib=self.memory_mib, model=self.model,
                                       cores=self.cores, ips=self.ips, iso=self.iso,
                                       sync="slowdown" if self.live else "none",
                                       time0="utc" if self.live else self.clock_s,
                                       port=serial_port, extra=self.extra,
                                       com2="com2: enabled=1, mode=socket-client, "
                                       f"dev=127.0.0.1:{com2}" if com2 else ""))
        with open(os.path.join(work, "commands"), "w", encoding="ascii") as commands:
            commands.write("c\n")  # its debugger waits for a word before the first instruction
        return ["env", "TZ=UTC0", "bochs-bin", "-q", "-f", "bochsrc", "-rc", "commands"]

    def may_start_again(self, chatter):
        # Two that start at once want the same display port, and one of them gives up.
        return "could not bind any port" in chatter

    def chatter(self):
        return self._read_work_file("emulator.log") + self._read_work_file("bochs.log")
