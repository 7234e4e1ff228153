/*
 * debug/cmd_ept.c - the monitor's commands on how memory is laid out: a VM's EPT, the host's free
 * frames, the boot loader's modules.
 *
 * Spec: SDM 3C "The Extended Page Table Mechanism (EPT)".
 */
#include "boot/address_space.h"
#include "debug/monitor.h"
#include "mm/mtrr.h"
#include "mm/phys.h"
#include "vmx/vm.h"

#define ENTRIES      512u
#define ENTRY_LARGE  BIT(7)
#define ENTRY_FRAME  UINT64_C(0x000ffffffffff000)
#define RUN_ATTR     (EPT_RWX | UINT64_C(7) << 3)
#define REGIONS_MOST 200u /* lines */

/* Neighbouring leaves of the same rights and type. */
struct run {
	uint64_t start, end, attr;
	unsigned leaves[3]; /* of 4 KiB, 2 MiB, 1 GiB */
	unsigned lines;
	const struct monitor_args *a;
};

static const uint64_t *table_at(uint64_t entry)
{
	return phys_ptr(hpa(entry & ENTRY_FRAME));
}

static void end_run(struct run *r)
{
	if (r->end > r->start && r->lines++ < REGIONS_MOST) {
		monitor_print(r->a, "%012llx-%012llx %8llu KiB ", (unsigned long long)r->start,
			      (unsigned long long)r->end - 1,
			      (unsigned long long)(r->end - r->start) / KIB);
		monitor_print(r->a, "%c%c%c %s  %u x 4K, %u x 2M, %u x 1G\n",
			      r->attr & EPT_READ ? 'r' : '-', r->attr & EPT_WRITE ? 'w' : '-',
			      r->attr & EPT_EXEC ? 'x' : '-',
			      ept_memtype_name((enum ept_memtype)(r->attr >> 3 & 7)), r->leaves[0],
			      r->leaves[1], r->leaves[2]);
	}
	r->start = r->end = 0;
	r->leaves[0] = r->leaves[1] = r->leaves[2] = 0;
}

static void add_leaf(struct run *r, uint64_t at, uint64_t entry, unsigned level)
{
	if (r->end != at || r->attr != (entry & RUN_ATTR)) {
		end_run(r);
		r->start = at;
		r->attr = entry & RUN_ATTR;
	}
	r->end = at + EPT_TEXT_SPAN(level);
	r->leaves[level - 1]++;
}

static void scan(struct run *r, const uint64_t *table, uint64_t at, unsigned level)
{
	for (unsigned i = 0; i < ENTRIES; i++, at += EPT_TEXT_SPAN(level)) {
		uint64_t entry = table[i];

		if (!(entry & EPT_RWX))
			continue;
		if (level == 1 || entry & ENTRY_LARGE)
			add_leaf(r, at, entry, level);
		else
			scan(r, table_at(entry), at, level - 1);
	}
}

static void map(struct vm *vm, const struct monitor_args *a, void *context)
{
	const struct ept *e = vm_ept(vm);
	struct run r = {.a = a};

	(void)context;
	scan(&r, table_at(e->root.raw), 0, EPT_LEVELS);
	end_run(&r);
	if (r.lines > REGIONS_MOST)
		monitor_print(a, "and %u regions more\n", r.lines - REGIONS_MOST);
	monitor_print(a, "root %#llx, %llu tables, ", (unsigned long long)e->root.raw,
		      (unsigned long long)e->table_count);
	if (e->reserve.made)
		monitor_print(a, "reserve %llu of %llu, ", (unsigned long long)e->reserve.count,
			      (unsigned long long)e->reserve.size);
	monitor_print(a, "A20 %s\n", vm->a20_off ? "off" : "on");
}

static void walk(struct vm *vm, const struct monitor_args *a, void *context)
{
	char lines[EPT_LEVELS][EPT_LINE];
	struct ept_cpu cpu = vm_ept_cpu(vm);
	unsigned count = ept_walk_text(vm_ept(vm), gpa(*(const uint64_t *)context), &cpu, lines);

	for (unsigned i = 0; i < count; i++)
		monitor_print(a, "%s\n", lines[i]);
}

static bool ept(const struct monitor_args *a)
{
	uint64_t at = 0;
	bool mapping = a->count > 1 && text_is(a->words[1], "map");
	struct vm *vm;

	if (!monitor_counts(a, 3, mapping ? 3 : 4))
		return false;
	if (!mapping && !text_is(a->words[1], "walk"))
		return monitor_wrong(a, "do not know \"%.*s\"", (int)a->words[1].len,
				     a->words[1].at);
	if (!mapping &&
	    (!monitor_counts(a, 4, 4) || !monitor_take_number(a, 3, 0, BIT(48) - 1, &at)))
		return false;
	vm = monitor_vm(a, 2);
	if (vm)
		monitor_on_core(a, vm, mapping ? map : walk, &at);
	return true;
}

static const char *const ept_words[] = {"map", "walk", NULL};

const struct monitor_command command_ept = {
	.name = "ept",
	.usage = "map NAME | walk NAME ADDR",
	.help = "a VM's guest-physical memory: all regions, or the way to one address",
	.run = ept,
	.words = ept_words,
	.vm_names = true,
};

/* ---- the host's ---- */

static bool pages(const struct monitor_args *a)
{
	const struct frames *f = &host_frames;

	if (!monitor_counts(a, 1, 1))
		return false;
	monitor_print(a,
		      "%llu KiB of RAM, %llu KiB free; %llu allocations, %llu freed, %llu "
		      "failed\n",
		      (unsigned long long)f->total_bytes / KIB,
		      (unsigned long long)frames_free_bytes(f) / KIB, (unsigned long long)f->allocs,
		      (unsigned long long)f->frees, (unsigned long long)f->failures);
	for (unsigned i = 0; i < FRAMES_ORDERS; i++) {
		if (f->free_count[i])
			monitor_print(a, "  %8llu KiB: %llu free\n",
				      (unsigned long long)(PAGE_4K << i) / KIB,
				      (unsigned long long)f->free_count[i]);
	}
	for (size_t i = 0; i < f->span_count; i++)
		monitor_print(a, "  RAM %012llx-%012llx\n", (unsigned long long)f->spans[i].start,
			      (unsigned long long)f->spans[i].end - 1);
	return true;
}

const struct monitor_command command_pages = {
	.name = "pages",
	.usage = "",
	.help = "the host's memory: what is free, by the size of the block",
	.run = pages,
};

static void print_module(const struct monitor_args *a, const char *role, hpa_t at,
			 uint64_t len_bytes, struct text line)
{
	monitor_print(a, "%012llx %8llu bytes  %-6s  %.*s\n", (unsigned long long)at.raw,
		      (unsigned long long)len_bytes, role, (int)min_u64(line.len, 200), line.at);
}

static bool modules(const struct monitor_args *a)
{
	if (!monitor_counts(a, 1, 1))
		return false;
	for (unsigned i = 0; i < vm_count; i++) {
		const struct vm *vm = vms[i];

		print_module(a, "vm", vm->image, vm->image_len_bytes, vm->config.line);
		for (unsigned n = 0; n < vm->module_count; n++) {
			const struct vm_module *m = &vm->modules[n];

			print_module(a, vm_role_name(m->role), m->at, m->len_bytes,
				     m->file.len ? m->file : m->args);
		}
	}
	return true;
}

const struct monitor_command command_modules = {
	.name = "modules",
	.usage = "",
	.help = "what the boot loader brought for each VM, and where it is",
	.run = modules,
};
