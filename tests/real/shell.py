"""Talks to the shell of the initramfs over a machine's console, and knows what Linux says there."""

import re

PROMPT = r"/ # "
USERLAND = r"TSC ([0-9a-f]{16})\r\nlintel: userland\r\n"
BOOT_LIMIT_S = 400
COMMAND_LIMIT_S = 60

# "<4>[    0.029013] text": the level is the number's low three bits; 4 is a warning, 0 the worst.
RAW_LINE = re.compile(r"^<(\d+)>\[ *\d+\.\d+\] (.*?)\r?$", re.M)
WARNING = 4
NUMBER = re.compile(r"\b(0x)?[0-9a-f]*\d[0-9a-f]*\b")
CURSOR = re.compile(r"\x1b\[\d*[A-Za-z]")


class Shell:
    """The shell on the console of a machine of tests.bed that boots our initramfs."""

    def __init__(self, machine, limit_s=BOOT_LIMIT_S):
        """Waits until /init runs and the shell asks. start_tsc: the TSC when userland began."""
        self.machine = machine
        self.start_tsc = int(machine.expect(USERLAND, limit_s)[1], 16)
        machine.expect(PROMPT, COMMAND_LIMIT_S)

    def run(self, command, limit_s=COMMAND_LIMIT_S):
        """Types a command (shorter than the terminal's line); returns what it printed."""
        begin = self.machine._seen
        self.machine.send(command + "\r")
        self.machine.expect(re.escape(command), limit_s)
        begin = self.machine._seen
        self.machine.expect(PROMPT, limit_s)
        said = self.machine.console_bytes[begin:self.machine._seen - len(PROMPT)]
        return CURSOR.sub("", said.decode(errors="replace")).replace("\r", "").strip("\n")

    def tsc(self):
        return int(self.run("machine tsc").split()[1], 16)

    def uptime_s(self):
        """Seconds since the kernel's start, by its own clock, to a hundredth."""
        return float(self.run("cat /proc/uptime").split()[0])

    def warnings(self):
        """What the kernel has said at the level of a warning or worse, without its numbers."""
        return warnings_of(self.run("dmesg -r"))


def shell_answers(shell):
    """The shell runs what is typed: programs, pipes and arithmetic."""
    assert shell.run("uname -sm") == "Linux x86_64"
    assert shell.run("echo $((6 * 7))") == "42"
    assert shell.run("seq 2000 | tail -n 3") == "1998\n1999\n2000"


def kept_on_disk(shell, disk, text):
    """Makes a file system, writes a file, reads it back from the disk itself; returns that."""
    shell.run(f"mke2fs /dev/{disk}")
    mount = f"mount -t ext2 /dev/{disk} /mnt"
    assert shell.run(f"{mount} && echo mounted") == "mounted"
    shell.run(f"echo {text} > /mnt/file; umount /mnt")
    shell.run("echo 3 > /proc/sys/vm/drop_caches")
    kept = shell.run(f"{mount} && cat /mnt/file")
    shell.run("umount /mnt")
    return kept


def warnings_of(raw):
    """The lines of `dmesg -r` at level 0 to 4, numbers and addresses left out, each once.

    Of a warning with a backtrace only the lines up to "WARNING: ... at file function" stay.
    """
    kept, in_trace = [], False
    for level, text in RAW_LINE.findall(raw):
        if int(level) & 7 > WARNING:
            continue
        if "end trace" in text:
            in_trace = False
        elif not in_trace:
            kept.append(NUMBER.sub("N", text).strip())
            in_trace = text.startswith("WARNING: ")
    return list(dict.fromkeys(kept))
