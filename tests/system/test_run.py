"""What `make run` promises at a terminal: both ways, in colour, and nothing left behind."""

import os
import signal
import subprocess
import sys
import termios

import pexpect
import pytest

from conftest import ROOT

IMAGE = os.path.join(ROOT, "build", "lintel.iso")
RUN = os.path.join(ROOT, "tests", "bed", "run.py")


def environment(**more):
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "BED", "CORES", "MENU")}
    return {**plain, "TERM": "xterm", **more}


def heed_ctrl_c():
    """Also where these tests run in a shell's background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def at_terminal(image=IMAGE, **env):
    return pexpect.spawn(sys.executable, [RUN, "--iso", image], env=environment(**env), timeout=60,
                         echo=True, encoding="utf-8", preexec_fn=heed_ctrl_c)


def emulators_of(pid):
    """The emulators that this process started and that still run."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True,
                            text=True, check=False)
    return listed.stdout.split()


def test_the_demo_runs_in_colour_and_ends_well():
    run = at_terminal(BED="bochs")
    run.expect("Running in Bochs with 2 cores")
    run.expect("\x1b\\[2m\\[ ")  # the prefix of a log line, dimmed
    run.expect("> ")
    run.send("hello\r")
    run.expect("hello.*hello")
    run.send("q\r")
    run.expect("\x1b\\[1;32mlintel: done: all 1 guests ended well")
    run.expect(pexpect.EOF)
    run.close()
    assert run.exitstatus == 0


@pytest.mark.parametrize("bed", ["bochs", "tcg"])
def test_ctrl_c_ends_it_and_restores_the_terminal(bed, lintel):
    waiting = lintel.iso(config="echo -n Held\nread\n")  # GRUB waits for a key for ever
    run = at_terminal(waiting, BED=bed)
    before = termios.tcgetattr(run.child_fd)
    run.expect("Ctrl-C ends it")
    while termios.tcgetattr(run.child_fd) == before:  # until the terminal is raw
        assert run.isalive()
    children = emulators_of(run.pid)
    assert children
    run.sendintr()
    run.expect("Stopped by Ctrl-C")
    run.expect(pexpect.EOF)
    assert termios.tcgetattr(run.child_fd) == before
    run.close()
    assert run.exitstatus == 130
    assert not any(os.path.exists(f"/proc/{child}") for child in children)


def test_a_pipe_gets_no_colour_and_the_refusal_gives_status_1():
    done = subprocess.run([sys.executable, RUN, "--iso", IMAGE], env=environment(BED="tcg"),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout
    assert b"\nlintel: stopped: " in done.stdout


def test_no_color_is_respected():
    run = at_terminal(BED="tcg", NO_COLOR="1")
    run.expect(pexpect.EOF)
    assert "\x1b" not in run.before


def test_an_unknown_bed_is_named():
    done = subprocess.run([sys.executable, RUN], env=environment(BED="abacus"), text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "BED=abacus is not known" in done.stderr


def test_a_guest_that_fails_gives_status_1(lintel):
    image = lintel.iso(["triple"])
    done = subprocess.run([sys.executable, RUN, "--iso", image], env=environment(BED="bochs"),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"\nlintel: done: 1 of 1 guests failed" in done.stdout
    assert b"Running in Bochs with 2 cores (BED=bochs asks for it). Ctrl-C ends it." in done.stdout


def test_the_bed_is_chosen_by_a_probe_and_named_with_its_reason(lintel):
    run = at_terminal(lintel.iso(["hello"]), CORES="1")
    run.expect(r"Running in (QEMU on KVM|Bochs) with 1 cores \([^)]{10,}\)")
    run.expect("lintel: done: all 1 guests ended well")
    run.expect(pexpect.EOF)
    run.close()
    assert run.exitstatus == 0


def test_make_help_lists_the_targets():
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = {line.split()[0] for line in listed.stdout.splitlines()}
    assert targets >= {"run", "test", "iso", "debug", "unit", "system", "lint", "bench", "clean",
                       "help"}
