/* debug/host_target.c - see debug/host_target.h. */
#include "debug/host_target.h"

#include "boot/address_space.h"
#include "debug/host_code.h"
#include "debug/host_stop.h"
#include "kernel/cpu.h"
#include "kernel/gdt.h"
#include "kernel/layout.h"
#include "kernel/percpu.h"
#include "kernel/stacks.h"
#include "kernel/string.h"

#define ACCESS_CODE   0xa09bu /* present, 64-bit, CPL 0 */
#define ACCESS_DATA   0xc093u
#define ACCESS_TSS    0x008bu
#define TSS_LIMIT     (sizeof(struct tss) - 1)
#define FLAGS_OF_USER UINT64_C(0x240ed5) /* CF to OF, IF, ID, AC: nothing that changes the mode */

static unsigned threads(void *state, struct debug_thread *out, unsigned max)
{
	(void)state;
	for (unsigned i = 0; i < cpu_count && i < max; i++)
		out[i] = (struct debug_thread){DEBUG_HOST_PID, i + 1};
	return cpu_count;
}

static struct trap_frame *frame_of(struct debug_thread t)
{
	return t.tid > 0 ? host_frame(t.tid - 1) : NULL;
}

static void describe(void *state, struct debug_thread t, char *text, size_t size)
{
	const struct trap_frame *f = frame_of(t);
	const char *how = "runs";

	(void)state;
	if (f)
		how = f->rflags & RFLAGS_IF ? "interrupts on" : "interrupts off";
	else if (host_is_stopped())
		how = "does not answer";
	text_format(text, size, "core %u, %s", t.tid - 1, how);
}

static void process_name(void *state, uint32_t pid, char *text, size_t size)
{
	(void)state;
	(void)pid;
	text_format(text, size, "lintel");
}

static bool is_stopped(void *state, struct debug_thread t)
{
	(void)state;
	(void)t;
	return host_is_stopped();
}

static enum status find_frame(struct debug_thread t, struct trap_frame **f)
{
	if (t.tid == 0 || t.tid > cpu_count)
		return ERR_NOT_FOUND;
	*f = frame_of(t);
	return *f ? OK : ERR_INVALID;
}

static void set_segment(struct debug_registers *r, unsigned which, uint64_t selector,
			uint32_t access, uint64_t base, uint32_t limit)
{
	r->cpu.segments[which] = (struct guest_segment){
		.selector = (uint16_t)selector, .access = access, .base = base, .limit = limit};
}

/* Control registers are the same on all cores, but for CR2, which is that of the core that serves
 * the debugger. */
static enum status read_registers(void *state, struct debug_thread t, struct debug_registers *r)
{
	const struct cpu_table_pointer idtr = cpu_sidt();
	struct trap_frame *f;
	enum status s = find_frame(t, &f);
	struct cpu *c;

	(void)state;
	if (s != OK)
		return s;
	c = cpus[t.tid - 1];
	*r = (struct debug_registers){.mode = DEBUG_64_BIT};
	memcpy(r->cpu.gpr, f->gpr, sizeof(r->cpu.gpr));
	r->cpu.gpr[RSP] = f->rsp;
	r->cpu.rip = f->rip;
	r->cpu.rflags = f->rflags;
	r->cpu.cr0 = cpu_read_cr0();
	r->cpu.cr2 = cpu_read_cr2();
	r->cpu.cr3 = cpu_read_cr3();
	r->cpu.cr4 = cpu_read_cr4();
	r->cpu.efer = cpu_rdmsr(MSR_EFER);
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		set_segment(r, i, GDT_KERNEL_DATA, ACCESS_DATA, 0, UINT32_MAX);
	set_segment(r, GUEST_CS, f->cs, ACCESS_CODE, 0, UINT32_MAX);
	set_segment(r, GUEST_SS, f->ss, ACCESS_DATA, 0, UINT32_MAX);
	set_segment(r, GUEST_GS, GDT_KERNEL_DATA, ACCESS_DATA, (uintptr_t)c, UINT32_MAX);
	set_segment(r, GUEST_LDTR, 0, SEGMENT_UNUSABLE, 0, 0);
	set_segment(r, GUEST_TR, GDT_TSS, ACCESS_TSS, gdt_tss_base(c), TSS_LIMIT);
	r->cpu.gdtr = (struct guest_table){gdt_base(c), GDT_ENTRIES * 8 - 1};
	r->cpu.idtr = (struct guest_table){idtr.base, idtr.limit};
	return OK;
}

static bool is_canonical(uint64_t at)
{
	return at + BIT(47) < BIT(48);
}

static bool same_system(const struct guest_cpu_state *a, const struct guest_cpu_state *b)
{
	return a->rflags == b->rflags && a->cr0 == b->cr0 && a->cr2 == b->cr2 && a->cr3 == b->cr3 &&
	       a->cr4 == b->cr4 && a->efer == b->efer;
}

static enum status write_registers(void *state, struct debug_thread t,
				   const struct debug_registers *r)
{
	struct debug_registers had;
	struct trap_frame *f, old;
	enum status s = read_registers(state, t, &had);

	if (s != OK)
		return s;
	f = frame_of(t);
	if (!is_canonical(r->cpu.rip) || !is_canonical(r->cpu.gpr[RSP]))
		return ERR_INVALID;
	old = *f;
	memcpy(f->gpr, r->cpu.gpr, sizeof(f->gpr));
	f->gpr[RSP] = old.gpr[RSP];
	f->rsp = r->cpu.gpr[RSP];
	f->rip = r->cpu.rip;
	f->rflags = (old.rflags & ~FLAGS_OF_USER) | (r->cpu.rflags & FLAGS_OF_USER);
	return memcmp(f, &old, sizeof(old)) == 0 && !same_system(&had.cpu, &r->cpu)
		       ? ERR_UNSUPPORTED
		       : OK;
}

/* A page is there or not, so a copy that faults has done nothing. */
static enum status copy_pages(uint64_t at, void *to, const void *from, size_t len_bytes,
			      size_t *done)
{
	*done = 0;
	while (*done < len_bytes && !(at + *done >= MMIO_BASE && at + *done < KERNEL_VIRT_BASE)) {
		uint64_t here = at + *done;
		size_t part = (size_t)min_u64(len_bytes - *done, PAGE_4K - here % PAGE_4K);

		if (!trap_copy(to ? (uint8_t *)to + *done : (void *)here,
			       to ? (const void *)here : (const uint8_t *)from + *done, part))
			break;
		*done += part;
	}
	return *done > 0 || len_bytes == 0 ? OK : ERR_RANGE;
}

static enum status read_memory(void *state, struct debug_thread t, uint64_t at, void *to,
			       size_t len_bytes, size_t *done)
{
	enum status s = copy_pages(at, to, NULL, len_bytes, done);

	(void)state;
	(void)t;
	host_hide_breakpoints(at, to, *done, false);
	return s;
}

/* Code and constants are read-only for whoever minds CR0.WP. */
static enum status write_memory(void *state, struct debug_thread t, uint64_t at, const void *from,
				size_t len_bytes, size_t *done)
{
	uint64_t cr0 = cpu_read_cr0();
	enum status s;

	(void)state;
	(void)t;
	cpu_write_cr0(cr0 & ~CR0_WP);
	s = copy_pages(at, NULL, from, len_bytes, done);
	host_hide_breakpoints(at, (uint8_t *)at, *done, true);
	cpu_write_cr0(cr0);
	return s;
}

static unsigned memory_map(void *state, uint32_t pid, struct debug_region *out, unsigned max)
{
	const struct regions *ram = address_space_ram();
	const struct debug_region ours[] = {
		{STACKS_BASE, CPU_MAX * STACKS_STRIDE, DEBUG_RAM},
		{(uintptr_t)kernel_start, (uintptr_t)(kernel_end - kernel_start), DEBUG_RAM},
	};
	unsigned count = (unsigned)ram->count;

	(void)state;
	(void)pid;
	for (unsigned i = 0; i < count + ARRAY_SIZE(ours) && i < max; i++) {
		if (i >= count)
			out[i] = ours[i - count];
		else
			out[i] = (struct debug_region){DIRECT_MAP_BASE + ram->items[i].start.raw,
						       ram->items[i].len_bytes, DEBUG_RAM};
	}
	return count + (unsigned)ARRAY_SIZE(ours);
}

static enum status insert(void *state, uint32_t pid, enum debug_point_kind kind, uint64_t at,
			  uint64_t len_bytes)
{
	(void)state;
	(void)pid;
	(void)len_bytes;
	return kind <= DEBUG_POINT_HARDWARE ? host_insert(at, kind, host_runs()) : ERR_UNSUPPORTED;
}

static enum status take_out(void *state, uint32_t pid, enum debug_point_kind kind, uint64_t at,
			    uint64_t len_bytes)
{
	(void)state;
	(void)pid;
	(void)len_bytes;
	if (kind > DEBUG_POINT_HARDWARE)
		return ERR_UNSUPPORTED;
	host_remove(at, kind, host_runs());
	return OK;
}

static void resume(void *state, struct debug_thread t, enum debug_resume how, uint64_t start,
		   uint64_t end)
{
	(void)state;
	host_resume(t.tid > 0 && t.tid <= cpu_count ? t.tid - 1 : 0, how, start, end);
}

static void stop(void *state, struct debug_thread t)
{
	(void)state;
	(void)t;
	host_stop_now();
}

static bool next_stop(void *state, struct debug_stop *s)
{
	(void)state;
	return host_next_stop(s);
}

static enum status attach(void *state, uint32_t pid)
{
	(void)state;
	(void)pid;
	host_attach(true);
	return OK;
}

static void detach(void *state, uint32_t pid)
{
	(void)state;
	(void)pid;
	host_attach(false);
}

static enum status kill(void *state, uint32_t pid)
{
	(void)state;
	(void)pid;
	return ERR_UNSUPPORTED;
}

const struct debug_target host_target = {
	.threads = threads,
	.describe = describe,
	.process_name = process_name,
	.is_stopped = is_stopped,
	.read_registers = read_registers,
	.write_registers = write_registers,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.memory_map = memory_map,
	.insert = insert,
	.remove = take_out,
	.resume = resume,
	.stop = stop,
	.next_stop = next_stop,
	.attach = attach,
	.detach = detach,
	.kill = kill,
};
