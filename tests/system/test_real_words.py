"""The words of `make iso GUESTS=...`: what they become in the menu, and what is refused."""

import os
import subprocess
import sys

import pytest

from conftest import ROOT
import guests


@pytest.fixture
def file(tmp_path):
    def made(name, folder="."):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        return str(path)
    return made


def lines(text):
    return list(guests.boot_lines(guests.parse(text)[0], guests.Files()))


def test_a_linux_gets_its_initrd_its_memory_and_its_command_line(file):
    kernel, initrd = file("vmlinuz-6.1"), file("initrd.img")
    assert lines(f"linux={kernel} initrd={initrd} args='console=ttyS0 quiet' core=1") == [
        "multiboot2 /boot/lintel.elf",
        "module2 /guest/vmlinuz-6.1 vm=vmlinuz kind=linux mem=128M core=1 -- console=ttyS0 quiet",
        "module2 /guest/initrd.img vm=vmlinuz role=initrd"]


def test_a_disk_can_be_read_only_and_a_file_go_to_fw_cfg(file):
    rom, disk = file("bios.bin"), file("a.img")
    assert lines(f"bios={rom} mem=8M disk={disk},ro fwcfg:etc/x={disk} name=me") == [
        "multiboot2 /boot/lintel.elf",
        "module2 /guest/bios.bin vm=me kind=bios mem=8M",
        "module2 /guest/a.img vm=me role=disk ro",
        "module2 /guest/a.img vm=me role=fwcfg file=etc/x"]


def test_a_module_hands_its_words_over(file):
    assert lines(f"multiboot={file('k')} module='{file('m')} first word'")[2] == \
        "module2 /guest/m vm=k role=module -- first word"


def test_two_machines_of_one_file_have_two_names(file):
    disk = file("d.img")
    assert lines(f"disk={disk} & disk={disk} set:loglevel=debug") == [
        "multiboot2 /boot/lintel.elf loglevel=debug",
        "module2 /guest/d.img vm=d kind=disk mem=32M",
        "module2 /guest/d.img vm=d-2 kind=disk mem=32M"]


def test_two_files_of_one_name_lie_side_by_side(file):
    assert lines(f"disk={file('d.img')} disk={file('d.img', 'b')}")[2] == \
        "module2 /guest/2-d.img vm=d role=disk"


def test_words_that_mean_something_to_grub_are_quoted(file):
    assert lines(f"linux={file('k')} args='a;b $c'")[1].endswith("-- 'a;b' '$c'")


def test_entries_are_parted_by_a_semicolon_and_the_first_is_the_default(file):
    entries = guests.parse(f"flat={file('a')} title='One of mine' ; flat={file('b')}")
    text = guests.menu(entries, guests.Files())
    assert "set default=guest1\n" in text
    assert "menuentry 'One of mine' --id guest1 {\n\tmultiboot2 " in text
    assert "menuentry 'flat guest b' --id guest2 {\n" in text


@pytest.mark.parametrize("text,complaint", [
    ("", "names no guest"), ("mem=1M", "a machine begins with its kind and file"),
    ("linux=/not/there", "there is no file '/not/there'"), ("linux='x", "No closing quotation"),
    ("flat={} word", "'word': is not KEY=VALUE"), ("flat={} &", "nothing stands behind '&'"),
    ("& flat={}", "not before the first")])
def test_what_is_wrong_is_named(file, text, complaint):
    with pytest.raises(guests.GuestsError, match=complaint):
        guests.parse(text.format(file("a")))


def test_help_says_how_guests_are_described():
    done = subprocess.run([sys.executable, os.path.join(ROOT, "iso", "guests.py"), "--help"],
                          capture_output=True, text=True, check=True)
    assert 'make iso GUESTS="linux=/boot/vmlinuz initrd=/tmp/i.img' in done.stdout


def test_run_lists_the_guests_that_it_knows():
    done = subprocess.run(["make", "run", "GUEST=help"], cwd=ROOT, capture_output=True, text=True,
                          check=True)
    for name in ("seabios", "memtest", "linux", "linux32", "linux64", "ipxe", "grub", "floppy",
                 "cdrom", "disk", "multiboot", "hello"):
        assert name in done.stdout.split()
