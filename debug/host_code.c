/* debug/host_code.c - see debug/host_code.h. */
#include "debug/host_code.h"

#include "kernel/cpu.h"
#include "kernel/hold.h"
#include "kernel/layout.h"
#include "kernel/percpu.h"

#define BREAKS 32u

static struct code_place breaks[BREAKS];
static const struct code_place *passing[CPU_MAX];

NO_BREAKPOINT bool host_is_code(uint64_t at)
{
	return at >= (uintptr_t)kernel_text_start && at < (uintptr_t)kernel_text_end;
}

NO_BREAKPOINT static struct code_place *find(uint64_t at)
{
	for (struct code_place *p = breaks; p < breaks + BREAKS; p++) {
		if (p->at == at)
			return p;
	}
	return NULL;
}

NO_BREAKPOINT struct code_place *host_find(uint64_t at)
{
	return find(at);
}

void host_place_int3(struct code_place *p, uint64_t at)
{
	*p = (struct code_place){.at = at, .original = *(const uint8_t *)at};
	cpu_write_read_only(at, HOST_INT3);
}

NO_BREAKPOINT void host_take_int3(struct code_place *p)
{
	if (p->at != 0)
		cpu_write_read_only(p->at, p->original);
	p->at = 0;
}

/* Other cores leave their hold by IRET, which makes them see the code as it is now. at 0: out. */
static void change(struct code_place *p, uint64_t at, bool others_run)
{
	if (others_run)
		(void)hold_others();
	if (at != 0)
		host_place_int3(p, at);
	else
		host_take_int3(p);
	if (others_run)
		hold_release_others();
}

enum status host_insert(uint64_t at, enum debug_point_kind kind, bool others_run)
{
	struct code_place *p = find(at);

	if (!host_is_code(at))
		return ERR_RANGE;
	if (at >= (uintptr_t)kernel_no_breakpoint_start && at < (uintptr_t)kernel_no_breakpoint_end)
		return ERR_UNSUPPORTED;
	if (!p) {
		p = find(0);
		if (!p)
			return ERR_FULL;
		change(p, at, others_run);
	}
	p->kinds |= (uint8_t)BIT(kind);
	return OK;
}

void host_remove(uint64_t at, enum debug_point_kind kind, bool others_run)
{
	struct code_place *p = at ? find(at) : NULL;

	if (!p)
		return;
	p->kinds &= (uint8_t)~BIT(kind);
	if (!p->kinds)
		change(p, 0, others_run);
}

void host_remove_all(bool others_run)
{
	for (struct code_place *p = breaks; p < breaks + BREAKS; p++) {
		if (p->at != 0)
			change(p, 0, others_run);
	}
}

NO_BREAKPOINT void host_pass_begin(unsigned core, const struct code_place *p)
{
	cpu_write_read_only(p->at, p->original);
	passing[core] = p;
}

NO_BREAKPOINT bool host_pass_end(unsigned core)
{
	const struct code_place *p = passing[core];

	passing[core] = NULL;
	if (p && p->at != 0)
		cpu_write_read_only(p->at, HOST_INT3);
	return p != NULL;
}

void host_hide_breakpoints(uint64_t at, uint8_t *bytes, size_t len_bytes, bool written)
{
	for (struct code_place *p = breaks; p < breaks + BREAKS; p++) {
		if (p->at == 0 || p->at < at || p->at - at >= len_bytes)
			continue;
		if (written)
			p->original = bytes[p->at - at];
		bytes[p->at - at] = written ? HOST_INT3 : p->original;
	}
}
