"""Lintel for gdb: its structures readable, and commands that walk through them.

    (gdb) source tests/gdb/lintel_gdb.py
    (gdb) lintel connect localhost:1234     (or /dev/ttyUSB0)
    (gdb) help lintel

The commands read the hypervisor's memory, whichever process is in front. They want its symbols
(build/lintel.elf), and run in a gdb with Python 3, 12 or newer.
"""

import contextlib
import os
import re
from collections import Counter

import gdb

HYPERVISOR_PID = 1
FIRST_VM_PID = 2
PAGE_BITS = 12
TABLE_ENTRIES = 512
EPT_ADDRESS = 0x000FFFFFFFFFF000
EPT_LARGE = 1 << 7
MEMORY_TYPES = {0: "UC", 1: "WC", 4: "WT", 5: "WP", 6: "WB"}
SEGMENTS = ["ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR"]
REGISTERS = ["RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI"] \
    + [f"R{number}" for number in range(8, 16)]
NONE = (1 << 64) - 1
EFER_LMA = 1 << 10
CS_LONG, CS_BIG = 1 << 13, 1 << 14  # in cs_access


class LintelError(gdb.GdbError):
    """What a command says instead of an answer."""


# ---- the hypervisor's memory --------------------------------------------------------------------


def hypervisor_inferior():
    """gdb's inferior of the hypervisor: process 1, or the only one with its symbols."""
    for inferior in gdb.inferiors():
        if inferior.pid == HYPERVISOR_PID and inferior.threads():
            return inferior
    raise LintelError("The hypervisor (process 1) is not attached.")


@contextlib.contextmanager
def hypervisor():
    """What is done inside happens in the hypervisor; then the old thread is in front again."""
    wanted = hypervisor_inferior()
    before = gdb.selected_thread()
    frame = gdb.selected_frame() if before and before.is_stopped() else None
    if before is None or before.inferior.num != wanted.num:
        wanted.threads()[0].switch()
    try:
        if gdb.lookup_global_symbol("vmx_core_loop") is None:
            raise LintelError("The hypervisor has no symbols here: `lintel symbols FILE`.")
        yield
    finally:
        if before is not None and before.is_valid():
            before.switch()
            if frame is not None and frame.is_valid():
                frame.select()


def value(expression):
    return gdb.parse_and_eval(expression)


def number(expression):
    return int(value(expression))


def phys_read_u64(at):
    """8 bytes of host-physical memory, through the window of mm/phys.h."""
    base = number("phys_window_base")
    data = gdb.selected_inferior().read_memory(base + at, 8)
    return int.from_bytes(bytes(data), "little")


def all_vms():
    """Every VM of this boot, as struct vm."""
    return [value(f"vms[{i}]").dereference() for i in range(number("vm_count"))]


def vm_name(vm):
    return vm["config"]["name"].string()


def find_vm(name):
    """The VM of that name; without one the VM in front, or the only one."""
    vms = all_vms()
    names = ", ".join(vm_name(vm) for vm in vms) or "none"
    if not name:
        if len(vms) != 1:
            raise LintelError(f"Which VM? There are: {names}.")
        return vms[0]
    for vm in vms:
        if vm_name(vm) == name:
            return vm
    raise LintelError(f'No VM has the name "{name}". There are: {names}.')


def whole(structure):
    """The same, read from the machine at once: each read takes a while on a serial line."""
    structure.fetch_lazy()
    return structure


def raw(address):
    """The number in an hpa_t, gpa_t or gva_t."""
    return int(address["raw"])


def size_text(len_bytes):
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if len_bytes >= 1 << shift and len_bytes % (1 << shift) == 0:
            return f"{len_bytes >> shift} {unit}"
    return f"{len_bytes} bytes"


def bits_text(bits):
    """The numbers of the bits that are set: "0 2 8"."""
    return " ".join(str(bit) for bit in range(bits.bit_length()) if bits >> bit & 1) or "-"


# ---- pretty printers ----------------------------------------------------------------------------


class Printer:
    """One line for a structure, and its members behind it where they are asked for."""

    def __init__(self, shown):
        self.shown = shown

    def members(self):
        return [(field.name, self.shown[field.name]) for field in self.shown.type.fields()]


class AddressPrinter(Printer):
    def to_string(self):
        return f"{raw(self.shown):#x}"


class TextPrinter(Printer):
    def to_string(self):
        at, length = self.shown["at"], int(self.shown["len"])
        return at.lazy_string(length=length) if int(at) else "(none)"


class SegmentPrinter(Printer):
    def to_string(self):
        s = self.shown
        return (f"{int(s['selector']):04x} base {int(s['base']):#x} limit {int(s['limit']):#x} "
                f"access {int(s['access']):#x}")


class TablePrinter(Printer):
    def to_string(self):
        return f"base {int(self.shown['base']):#x} limit {int(self.shown['limit']):#x}"


class ExitRecordPrinter(Printer):
    def to_string(self):
        r = self.shown
        return (f"reason {int(r['reason']):#x} at {int(r['rip']):#x} "
                f"qualification {int(r['qualification']):#x}")


class PicChipPrinter(Printer):
    def to_string(self):
        c = self.shown
        level = 0xFF if int(c["icw1"]) & 8 else int(c["elcr"])
        irr = int(c["lines"]) & (level | int(c["latched"]))
        state = "" if c["ready"] else ", not initialised"
        return (f"IRR {irr:02x} ISR {int(c['isr']):02x} IMR {int(c['imr']):02x} "
                f"vectors from {int(c['icw2']) & 0xf8:02x}{state}")

    def children(self):
        return self.members()


class PitChannelPrinter(Printer):
    def to_string(self):
        c = self.shown
        if not c["armed"]:
            return f"mode {int(c['mode'])}, no count yet"
        return (f"mode {int(c['mode'])}, reload {int(c['loaded'])}, OUT {int(c['out'])}, "
                f"gate {int(c['gate'])}{'' if c['counting'] else ', stands still'}")

    def children(self):
        return self.members()


class FramesPrinter(Printer):
    def to_string(self):
        f = self.shown
        return (f"{int(f['free_bytes']) >> 10} KiB free of {int(f['total_bytes']) >> 10} KiB in "
                f"{int(f['span_count'])} spans")

    def children(self):
        return self.members()


class VmPrinter(Printer):
    def to_string(self):
        vm = self.shown
        return (f"VM {vm_name(vm)}: {str(vm['state'])[3:].lower()}, core "
                f"{int(vm['vcpu']['core'])}, "
                f"{size_text(int(vm['memory']['len_bytes']))}")

    def children(self):
        return self.members()


PRINTERS = {"hpa_t": AddressPrinter, "gpa_t": AddressPrinter, "gva_t": AddressPrinter,
            "text": TextPrinter, "guest_segment": SegmentPrinter, "guest_table": TablePrinter,
            "exit_record": ExitRecordPrinter, "vpic_chip": PicChipPrinter,
            "vpit_channel": PitChannelPrinter, "frames": FramesPrinter, "vm": VmPrinter}


def printer_for(shown):
    """gdb's question: who prints this?"""
    kind = shown.type.unqualified()
    name = kind.name or kind.strip_typedefs().tag
    if kind.strip_typedefs().code != gdb.TYPE_CODE_STRUCT or name not in PRINTERS:
        return None
    return PRINTERS[name](shown)


def register_printers():
    printer_for.name = "lintel"
    printers = [p for p in gdb.pretty_printers if getattr(p, "name", "") != "lintel"]
    gdb.pretty_printers[:] = [printer_for, *printers]


# ---- commands -----------------------------------------------------------------------------------


class Lintel(gdb.Command):
    """Lintel's own commands: its cores, VMs, memory and devices."""

    def __init__(self):
        super().__init__("lintel", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class LintelCommand(gdb.Command):
    """A command below `lintel`; its first word is its name."""

    word = ""
    least, most = 0, 0
    in_hypervisor = True

    def __init__(self):
        super().__init__(f"lintel {self.word}", gdb.COMMAND_DATA, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        del from_tty
        words = gdb.string_to_argv(argument)
        if not self.least <= len(words) <= self.most:
            raise LintelError((self.__doc__ or "").strip().splitlines()[0])
        if self.in_hypervisor:
            with hypervisor():
                self.tell(*words)
        else:
            self.tell(*words)

    def tell(self, *words):
        raise NotImplementedError


def parse_number(word):
    """A number that was typed: decimal, 0x..., or any expression without symbols."""
    try:
        return int(word, 0)
    except ValueError:
        raise LintelError(f'"{word}" is no number.') from None


class ConnectCommand(LintelCommand):
    """lintel connect TARGET [FILE]: attaches to all processes behind localhost:PORT or /dev/tty...

The hypervisor gets the symbols of FILE (by default that of the current program), and the first
VM that is stopped, else the hypervisor, is in front."""

    word = "connect"
    least, most = 1, 2
    in_hypervisor = False

    def tell(self, target, file=None):
        file = file or gdb.current_progspace().filename
        if file is None:
            raise LintelError("Which file has the symbols? `lintel connect TARGET FILE`.")
        file = os.path.abspath(file)
        gdb.execute("set osabi none")
        gdb.execute("set disassembly-flavor intel")  # as in our sources
        gdb.execute("file", to_string=True)  # a guest of 16 bits cannot have a 64-bit program
        gdb.execute(f"target remote {target}", to_string=True)
        give_symbols(file)
        gdb.execute("info threads")


class SymbolsCommand(LintelCommand):
    """lintel symbols FILE: the hypervisor gets the symbols of FILE, and no guest keeps them."""

    word = "symbols"
    least, most = 1, 1
    in_hypervisor = False

    def tell(self, file):
        give_symbols(os.path.abspath(file))


def give_symbols(file):
    """The file's symbols are the hypervisor's, and only its; each process has its own registers."""
    before = gdb.selected_thread()
    for inferior in gdb.inferiors():
        if not inferior.threads():
            continue
        inferior.threads()[0].switch()
        wanted = file if inferior.pid == HYPERVISOR_PID else None
        if inferior.progspace.filename != wanted:
            gdb.execute(f"file {wanted or ''}", to_string=True)
        read_description()
    if before is not None and before.is_valid():
        before.switch()


class VmsCommand(LintelCommand):
    """lintel vms: all virtual machines, and gdb's process of each."""

    word = "vms"

    def tell(self):
        print(f"{'process':>7}  {'name':<16} {'state':<8} {'core':>4} {'memory':>9}  how it ended")
        for index, vm in enumerate(all_vms()):
            state = str(vm["state"])[3:].lower()
            end = vm["end_text"].string() if state == "ended" else "-"
            print(f"{FIRST_VM_PID + index:>7}  {vm_name(vm):<16} {state:<8} "
                  f"{int(vm['vcpu']['core']):>4} "
                  f"{size_text(int(vm['memory']['len_bytes'])):>9}  {end}")


class CoresCommand(LintelCommand):
    """lintel cores: each core, its vCPU in front, and what it has counted."""

    word = "cores"

    def tell(self):
        print("core  APIC id  online  VM in front       interrupts  NMIs")
        for index in range(number("cpu_count")):
            cpu = whole(value(f"cpus[{index}]").dereference())
            name = "-"
            if int(cpu["vmx"]) and int(cpu["vmx"]["loaded"]):
                name = vm_name(cpu["vmx"]["loaded"]["vm"].dereference())
            print(f"{index:>4}  {int(cpu['apic_id']):>7}  {'yes' if cpu['online'] else 'no':<6}  "
                  f"{name:<16}  {int(cpu['irq_count']):>10}  {int(cpu['nmi_count']):>4}")


class VcpuCommand(LintelCommand):
    """lintel vcpu [VM]: what the hypervisor holds of a vCPU, between two runs.

RIP, RSP and the rest of its state are in the VMCS: see `lintel vmcs`, or look at the VM itself."""

    word = "vcpu"
    most = 1

    def tell(self, name=""):
        vm = find_vm(name)
        v = whole(vm["vcpu"])
        state = [word for word, flag in (("halted", v["halted"]), ("in HLT", v["in_hlt"]),
                                         ("an NMI waits", v["nmi_pending"]),
                                         ("stepping", v["stepping"])) if flag]
        print(f"{vm_name(vm)}: vCPU 0 on core {int(v['core'])}, VPID {int(v['vpid'])}, VMCS at "
              f"{raw(v['vmcs']):#x}; {', '.join(state) or 'can run'}")
        for row in range(0, len(REGISTERS), 4):
            print("  " + "  ".join(f"{REGISTERS[i]:<3} {int(v['gpr'][i]):016x}"
                                   for i in range(row, row + 4) if REGISTERS[i] != "RSP"))
        print(f"  RIP at the last exit {int(v['rip']):#x}, CR8 {int(v['cr8'])}")
        event = v["event"]
        if int(event["info"]) >> 31:
            print(f"  waits to be delivered: {int(event['info']):#x}, error code "
                  f"{int(event['error_code']):#x}")
        counts = exit_counts(whole(v["stats"].dereference())).most_common(8)
        print("  exits: " + ", ".join(f"reason {reason} {count} times" for reason, count in counts))


def exit_counts(stats):
    """How many exits of each reason a struct exit_stats has."""
    counts = Counter()
    for table, size in (("reasons", stats["reasons"].type.range()[1] + 1),
                        ("keys", int(stats["key_count"]))):
        for i in range(size):
            entry = stats[table][i]
            buckets = entry["histogram"]
            count = sum(int(buckets[n]) for n in range(buckets.type.range()[1] + 1))
            if count:
                counts[int(entry["id"]) >> 32] += count
    return counts


class ExitsCommand(LintelCommand):
    """lintel exits [VM]: the last exits of a vCPU, oldest first."""

    word = "exits"
    most = 1

    def tell(self, name=""):
        v = whole(find_vm(name)["vcpu"])
        size = v["history"].type.range()[1] + 1
        newest = int(v["history_at"]) // 8
        for i in range(1, size + 1):
            record = v["history"][(newest + i) % size]
            if int(record["rip"]) or int(record["reason"]):
                print(f"  {ExitRecordPrinter(record).to_string()}")


class VmcsCommand(LintelCommand):
    """lintel vmcs VM [WORD]: the VMCS as the hypervisor's monitor reads it; lines with WORD only.

A VMCS can be read only on its core, so the monitor has it done there."""

    word = "vmcs"
    least, most = 1, 2

    def tell(self, name, word=""):
        find_vm(name)
        said = gdb.execute(f"monitor vmcs {name}", to_string=True)
        for line in said.splitlines():
            if re.search(re.escape(word), line, re.I):
                print(line)


class EptCommand(LintelCommand):
    """lintel ept VM [ADDRESS]: all EPT mappings, or the walk of one guest-physical address."""

    word = "ept"
    least, most = 1, 2

    def tell(self, name, address=None):
        vm = find_vm(name)
        ept = whole(vm["ept_a20"] if vm["a20_off"] else vm["ept"])
        if address is None:
            for start, length, to, rights in joined(leaves(raw(ept["root"]), 4, 0)):
                print(f"  {start:#014x} - {start + length - 1:#014x}  to {to:#x}  {rights}")
        else:
            walk(raw(ept["root"]), parse_number(address))


def rights_text(entry):
    letters = "".join(letter if entry >> bit & 1 else "-" for bit, letter in enumerate("rwx"))
    return f"{letters} {MEMORY_TYPES.get(entry >> 3 & 7, '?')}"


def leaves(table, level, start):
    """(address, length, host-physical address, rights) of each leaf below a table."""
    base = number("phys_window_base")
    data = bytes(gdb.selected_inferior().read_memory(base + table, TABLE_ENTRIES * 8))
    shift = PAGE_BITS + 9 * (level - 1)
    for index in range(TABLE_ENTRIES):
        entry = int.from_bytes(data[8 * index:8 * index + 8], "little")
        at = start + (index << shift)
        if not entry & 7:
            continue
        if level == 1 or entry & EPT_LARGE:
            yield at, 1 << shift, entry & EPT_ADDRESS & -(1 << shift), rights_text(entry)
        else:
            yield from leaves(entry & EPT_ADDRESS, level - 1, at)


def joined(parts):
    """Neighbours with the same rights, in guest and host, as one."""
    last = None
    for start, length, to, rights in parts:
        if last and last[0] + last[1] == start and last[2] + last[1] == to and last[3] == rights:
            last = (last[0], last[1] + length, last[2], rights)
            continue
        if last:
            yield last
        last = (start, length, to, rights)
    if last:
        yield last


def walk(table, address):
    """Prints the entry of each level, down to the leaf or the hole."""
    for level in range(4, 0, -1):
        shift = PAGE_BITS + 9 * (level - 1)
        index = address >> shift & (TABLE_ENTRIES - 1)
        entry = phys_read_u64(table + 8 * index)
        print(f"  level {level}: table {table:#x}, entry {index}: {entry:#x}")
        if not entry & 7:
            print(f"{address:#x} is not mapped")
            return
        if level == 1 or entry & EPT_LARGE:
            offset = address & ((1 << shift) - 1)
            at = (entry & EPT_ADDRESS & -(1 << shift)) + offset
            print(f"{address:#x} is host-physical {at:#x}"
                  f", {rights_text(entry)}, in a leaf of {size_text(1 << shift)}")
            return
        table = entry & EPT_ADDRESS


class FramesCommand(LintelCommand):
    """lintel frames [ORDER]: the page allocator; with ORDER the free blocks of 4 KiB << ORDER."""

    word = "frames"
    most = 1

    def tell(self, order=None):
        f = whole(value("*vmx_frames") if number("vmx_frames") else value("host_frames"))
        if order is not None:
            for at in free_blocks(f, parse_number(order)):
                print(f"  {at:#x}")
            return
        print(FramesPrinter(f).to_string())
        print(f"  {int(f['allocs'])} allocations, {int(f['frees'])} frees, {int(f['failures'])} "
              f"failures; {int(f['metadata_bytes']) >> 10} KiB of states")
        for i in range(int(f["span_count"])):
            span = f["spans"][i]
            print(f"  RAM {int(span['start']):#x} - {int(span['end']) - 1:#x}, states at "
                  f"{raw(span['states']):#x}")
        for i in range(f["free_count"].type.range()[1] + 1):
            if int(f["free_count"][i]):
                print(f"  order {i:>2}: {int(f['free_count'][i]):>6} free blocks of "
                      f"{size_text(4096 << i)}, the first at {int(f['free_head'][i]):#x}")


def free_blocks(f, order):
    """The addresses in a free list: each block holds the next one's and the last one's."""
    if not 0 <= order <= f["free_head"].type.range()[1]:
        raise LintelError(f"There is no order {order}.")
    at, count = int(f["free_head"][order]), int(f["free_count"][order])
    for _ in range(count):
        if at == NONE:
            raise LintelError(f"The list ends before its {count} blocks.")
        yield at
        at = phys_read_u64(at)
    if at != NONE:
        raise LintelError(f"The list goes on behind its {count} blocks, at {at:#x}.")


class PicCommand(LintelCommand):
    """lintel pic [VM]: the guest's two interrupt controllers."""

    word = "pic"
    most = 1

    def tell(self, name=""):
        pic = whole(find_vm(name)["platform"]["pic"])
        for which in ("master", "slave"):
            chip = pic[which]
            print(f"{which:<6} {PicChipPrinter(chip).to_string()}")
            print(f"       lines {bits_text(int(chip['lines']))}; level-triggered "
                  f"{bits_text(int(chip['elcr']))}; lowest priority {int(chip['lowest'])}")
        level = f"high, for input {int(pic['intr_level'])}" if pic["intr"] else "low"
        print(f"INT is {level}")


class PitCommand(LintelCommand):
    """lintel pit [VM]: the guest's interval timer."""

    word = "pit"
    most = 1

    def tell(self, name=""):
        pit = whole(find_vm(name)["platform"]["pit"])
        for i in range(3):
            print(f"channel {i}: {PitChannelPrinter(pit['channels'][i]).to_string()}")
        rise = int(pit["rise_ns"])
        print(f"tick {int(pit['tick'])}; OUT 0 rises "
              f"{'by no clock' if rise == NONE else f'at {rise} ns'}; port 61h "
              f"{int(pit['port61']):02x}")


class ModeCommand(LintelCommand):
    """lintel mode: the mode of the vCPU in front; gdb reads anew what registers it has there.

It is done at each stop, too: gdb itself asks only once, and a guest goes on to 32 and 64 bits."""

    word = "mode"
    in_hypervisor = False

    def tell(self):
        mode = mode_in_front()
        read_description()
        print({"i8086": "16 bits", "i386": "32 bits", "i386:x86-64": "64 bits"}[mode])


def read_description():
    """Has gdb ask for the description of the process in front."""
    gdb.execute("unset tdesc filename", to_string=True)


def mode_in_front():
    """gdb's name for what the instructions of the thread in front are."""
    if gdb.selected_inferior().pid == HYPERVISOR_PID:
        return "i386:x86-64"
    if gdb.parse_and_eval("$cs_access").type.code == gdb.TYPE_CODE_VOID:
        read_description()  # gdb asks by itself for the first process only
    access = number("$cs_access")
    if number("$efer") & EFER_LMA and access & CS_LONG:
        return "i386:x86-64"
    return "i386" if access & CS_BIG else "i8086"


def on_stop(event):
    """A guest that has changed its mode has other registers now."""
    del event
    try:
        if gdb.selected_frame().architecture().name() != mode_in_front():
            read_description()
    except gdb.error:
        pass  # nothing is stopped, or it is not Lintel's stub


register_printers()
gdb.events.stop.connect(on_stop)
Lintel()
for command in (ConnectCommand, SymbolsCommand, VmsCommand, CoresCommand, VcpuCommand, ExitsCommand,
                VmcsCommand, EptCommand, FramesCommand, PicCommand, PitCommand, ModeCommand):
    command()
