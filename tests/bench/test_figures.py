"""What is computed from marks, from sizes, and from many cores."""

import struct
import xml.etree.ElementTree as ElementTree

from tests.bench import bench, chart, counting, marks, scaling, sizes, startup
from tests.bench.marks import KERNEL_VIRT, Mark

CHATTER = """\
Next at t=0
(0) [0x0000fffffff0] f000:fff0 (unk. ctxt): jmpf 0xf000:e05b          ; ea5be000f0
(0) Breakpoint 1, 0x0000000000100060 in ?? ()
Next at t=100
(0) [0x000000100060] 0010:0000000000100060 (unk. ctxt): cli                       ; fa
[bochs]:
0xffffffff80138190 <bogus+       0>:bx_dbg_read_linear: physical memory read error
(0) Breakpoint 2, 0xffffffff801183d0 in ?? ()
Next at t=200
(0) [0x0000001183d0] 0008:ffffffff801183d0 (unk. ctxt): push rbp                  ; 55
[bochs]:
0xffffffff80138190 <bogus+       0>:\t0x0000a000
(0) Breakpoint 3, 0xffffffff801183d1 in ?? ()
Next at t=201
[bochs]:
0xffffffff80138190 <bogus+       0>:\t0x0000a000
Next at t=300
(0) [0x00000010e6db] 0008:ffffffff8010e6db (unk. ctxt): cli                       ; fa
(1) Breakpoint 2, 0xffffffff801183d0 in ?? ()
[bochs]:
0xffffffff80138190 <bogus+       0>:\t0x00009000
"""


def test_a_stop_is_a_mark_with_its_core_tick_and_value():
    assert marks.parse(CHATTER, ["boot_entry", "smp_start", "smp_start"]) == [
        Mark("boot_entry", 0, 100, None), Mark("smp_start", 0, 200, 0xa000),
        Mark("smp_start", 1, 300, 0x9000)]


def elf_image(address, code):
    header = bytearray(64 + 56)
    struct.pack_into("<Q", header, 32, 64)
    struct.pack_into("<HH", header, 54, 56, 1)
    struct.pack_into("<IIQQQQ", header, 64, 1, 5, len(header), address, 0, len(code))
    return bytes(header) + code


def test_a_function_has_a_breakpoint_on_each_of_its_first_two_instructions():
    at = KERNEL_VIRT + 0x100000
    image = elf_image(at, b"\x55\xfa")
    addresses = {"f": at, "g": at + 1}
    assert marks.resolve(["f", "gone", "other g", "guest"], addresses, image) == [
        ("f", "pb", 0x100000), ("f", "lb", at + 1), ("other", "pb", 0x100001),
        ("guest", "lb", 0x7c00), ("guest", "lb", 0x7c05)]
    assert marks.byte_at(image, at + 2) is None
    script = marks.script([("f", "pb", 0x100000)], 0x1000).splitlines()
    assert script[:3] == ["pb 0x100000", "c", "x /1gx 0x1000"]
    assert script[-2:] == ["d 1", "c"]


def at(*names, core=0, start=1000, step=10):
    return [Mark(name, core, start + step * n, 4096 * (100 - n)) for n, name in enumerate(names)]


ALONE = at("boot_entry", "kernel_main", "clock_init", "vm_launch_modules", "vm_start",
           "guest_memory_init", "guest_memory_map", "platform_init", "vcpu_create", "guest",
           "vcpu_destroy", "vm_start", "guest_memory_init", "guest", "vcpu_destroy")


def test_a_phase_lasts_until_the_next_mark_that_is_there():
    assert startup.phases([Mark("guest", 0, 5, None), *ALONE]) == [
        ("first page tables, into C", 10), ("log, traps, boot information", 10),
        ("rate of the TSC", 10), ("the modules' lines", 10),
        ("first VM: memory, EPT, vCPU", 50), ("in all", 90)]
    assert startup.phases([]) == [] and startup.phases(ALONE[:3]) == []


def test_a_vm_starts_and_stops():
    vm = startup.start_and_stop(ALONE)
    assert (vm["start"], vm["stop"], vm["guest_memory_map"]) == (35, 10, 10)
    assert startup.start_and_stop([]) == {}


def test_pages_are_what_is_less_free_than_before():
    smp = [Mark("smp_start", 0, 1, 100 * 4096), Mark("vmx_init", 0, 9, 30 * 4096)]
    assert startup.pages(ALONE, smp, 8) == {
        "core": 10, "vm_struct": 1, "vm_ram": 1, "vm_ept": 1, "vcpu": 2}
    assert startup.pages([], [], 8) == {}


def test_the_start_of_cores_and_kicks_between_them():
    seen = [Mark("smp_start", 0, 100, None), Mark("smp_core_main", 1, 300, None),
            Mark("smp_core_main", 2, 340, None), Mark("lapic_send_ipi", 0, 350, None),
            Mark("vmx_init", 0, 360, None), Mark("lapic_send_ipi", 0, 400, None),
            Mark("on_wake_up", 1, 420, None), Mark("on_wake_up", 1, 425, None),
            Mark("lapic_send_ipi", 0, 430, None), Mark("on_wake_up", 2, 451, None),
            Mark("guest", 1, 460, None), Mark("lapic_send_ipi", 0, 470, None),
            Mark("on_wake_up", 2, 480, None)]
    assert startup.core_starts(seen) == {"wait": 200, "core": 40, "last": 20, "cores": 2}
    assert startup.kicks(seen) == [20, 21]
    assert startup.core_starts([]) == {} and startup.kicks([]) == []


def scale_text(cores, ticks):
    return "".join(f"v{n}| scale {name} exits=10 n=200 min=1 med={ticks} mean={ticks} max=9\r\n"
                   for name in scaling.OPERATIONS for n in range(cores))


def test_exits_may_not_cost_more_with_more_cores():
    runs = {1: scaling.parse(scale_text(1, 1000)), 2: scaling.parse(scale_text(2, 1019))}
    assert scaling.complaints(runs, 2) == []
    assert scaling.rate(runs[1]["cpuid"]) == 10000
    runs[2] = scaling.parse(scale_text(2, 1021))
    assert len(scaling.complaints(runs, 2)) == 2
    assert scaling.lines(runs)[1][1:] == ["100.0", "102.1"]


def test_a_vm_that_has_not_told_is_missed():
    runs = {1: scaling.parse(scale_text(1, 1000)), 2: scaling.parse(scale_text(1, 1000))}
    assert scaling.complaints(runs, 2) == ["scaling: cpuid: not every VM of 2 has told",
                                           "scaling: in_21: not every VM of 2 has told"]


def test_the_image_is_what_is_loaded():
    assert sizes.parse_image(
        "  [ 1] .text   PROGBITS  ffffffff80100000 001000 025000 00  AX  0   0 4096\n"
        "  [ 3] .data   PROGBITS  ffffffff80134000 035000 000098 00  WA  0   0 4096\n"
        "  [ 4] .bss    NOBITS    ffffffff80135000 035098 094000 00  WA  0   0 4096\n"
        "  [ 5] .debug_info PROGBITS 0000000000000000 035098 087931 00      0   0  1\n") == 0x25098


def test_ept_set_up_is_linear_and_takes_large_leaves():
    text = ("ept mib=1024 leaf=1G leaves=0,0,1 tables=2 steps=5000\n"
            "ept mib=4096 leaf=1G leaves=0,0,4 tables=2 steps=6500\n"
            "ept mib=16384 leaf=1G leaves=0,0,16 tables=2 steps=12500\n")
    assert sizes.complaints(sizes.parse_ept(text)) == []
    assert len(sizes.complaints(sizes.parse_ept(text.replace("12500", "22500")))) == 1
    assert len(sizes.complaints(sizes.parse_ept(text.replace("0,0,4 ", "0,512,3 ")))) == 1


def test_ept_set_up_in_bochs_belongs_to_the_vm_that_was_started():
    console = ("[    0.1 c0 guest  ] a: started: flat, 65536 KiB, EPT leaves 0 x 1G 32 x 2M 0 x 4K"
               "\n")
    seen = [Mark("guest_memory_map", 0, 10, None), Mark("platform_init", 0, 25, None)]
    assert sizes.ept_in_bochs(console, seen) == [
        {"mib": 64, "leaf": "1G", "leaves": [0, 32, 0], "tables": None, "steps": 15}]


def test_a_broken_rule_is_said():
    figures = {"scale": {1: scaling.parse(scale_text(1, 1000))}, "ept": {"host": []},
               "boot": {1: [("in all", 31)]}, "image": 20, "image_bare": 20,
               "linux": {"native": 1000, "lintel": 1011},
               "statistics": {"path": {"cpuid": 6}, "folding": 30}}
    assert len(bench.broken_rules(figures, {"scaling_percent": 2, "boot_instructions": 30,
                                            "statistics_instructions": 5, "image_bytes": 19,
                                            "image_bare_bytes": 20})) == 4


def test_the_same_figures_draw_the_same_picture(tmp_path):
    peers = {"columns": [{"name": "KVM", "rows": {"cpuid": 1392}}]}
    for name in ("a.svg", "b.svg"):
        chart.draw(tmp_path / name, {"cpuid": 138, "in_21": 271}, peers, {"in_21": 130})
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


EXIT = ["in al, dx", "add byte ptr ss:[rsp+9], 0x08", "jb .+230  (0xffffffff801369c0)", "rdtsc",
        "movzx ecx, byte ptr ss:[rsp+9]", "mov dword ptr ss:[rsp+rcx*4+64], eax",
        "mov r8d, dword ptr ss:[rsp+rcx*4+64]", "jb .-704  (0xffffffff8013697f)",
        "movzx ecx, byte ptr ds:[rdi+137]", "rdtsc", "mov dword ptr ds:[rdi+rcx*4+196], eax",
        "vmresume"]


def test_the_stamps_of_an_exit_are_counted():
    told = counting.figures({"in_21": [("f", text) for text in EXIT]},
                            "[ 1.0 c0 exit ] bench: counting them took 33 ticks each\r\n")
    assert told == {"path": {"in_21": 5}, "folding": 33}
    assert counting.complaints(told, 5) == []
    assert counting.lines(told, 5)[2:] == [["IN 21h: on its way", 5, 5],
                                           ["folding, the mean of the table's exits", 33, None]]
    wrong = counting.complaints(counting.figures({"in_21": [("f", text) for text in EXIT]}, ""), 4)
    assert len(wrong) == 2
