/*
 * toolkit/pass.c - pass=GPA:HPA+LEN[:rwx]: memory of the machine, given through to a guest.
 *
 * The pages are mapped into the guest's EPT with the memory type that the machine's MTRRs say,
 * since under EPT the CPU does not look at them; the guest's PAT counts as on the machine. Never
 * the machine's RAM, nor a device that Lintel uses. A device that can do DMA reaches all memory:
 * such a one is for nobody's guest. While the guest's A20 line is off it does not see the pages,
 * and what Lintel does for a guest (INS, task switches, emulated instructions) never does.
 * Spec: SDM 3C "EPT and Memory Typing"; SDM 3A "Memory Type Range Registers (MTRRs)".
 */
#include "toolkit/pass.h"

#include "boot/address_space.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "mm/mtrr.h"
#include "toolkit/pass_words.h"
#include "toolkit/tools.h"
#include "vmx/core.h"
#include "vmx/vmcs.h"

#define PASSES_MAX     8u
#define CPUID_EDX_MTRR BIT(12)
#define MTRRCAP_FIXED  BIT(8)
#define MSR_VARIABLE   0x200u /* base and mask of the first; the next ones follow */
#define MSR_DEF_TYPE   0x2ffu
#define VIDEO_START    0xa0000u /* where a PC has no RAM, though our guests do */
#define VIDEO_END      0xc0000u

struct passes {
	struct pass_range ranges[PASSES_MAX];
	unsigned count;
};

extern const struct tool tool_pass_through;

static bool overlap(uint64_t a, uint64_t b, uint64_t a_bytes, uint64_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

static const char *find_fault(const struct passes *p, const struct pass_range *r)
{
	const char *bar = address_space_bar(r->to, r->len_bytes);

	for (unsigned i = 0; i < p->count && !bar; i++) {
		if (overlap(p->ranges[i].at.raw, r->at.raw, p->ranges[i].len_bytes, r->len_bytes))
			bar = "an earlier word of pass= has this memory of the guest";
	}
	return !bar && p->count == PASSES_MAX ? "there is no room for so many words" : bar;
}

static enum status read(struct vm_tools *t, enum vm_tool_word word, struct text value,
			struct tool_refusal *refusal)
{
	struct passes *p = tool_state(t, &tool_pass_through);
	struct text piece;

	(void)word;
	while (text_next_piece(&value, ',', &piece)) {
		struct pass_range r;
		enum status s = pass_read(piece, &r, &refusal->word, &refusal->what);

		if (s != OK)
			return s;
		refusal->what = find_fault(p, &r);
		refusal->word = r.place;
		if (refusal->what)
			return ERR_INVALID;
		p->ranges[p->count++] = r;
	}
	return OK;
}

/* Exits are of interest where a right is withheld. */
static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	const struct passes *p = tool_state(t, &tool_pass_through);
	bool withheld = false;

	for (unsigned i = 0; i < p->count; i++) {
		withheld |= p->ranges[i].rights != EPT_RWX;
		if (p->ranges[i].rights == EPT_EXEC && !vmx_caps.ept_exec_only)
			c->missing = "EPT execute-only translations (IA32_VMX_EPT_VPID_CAP, bit 0)";
	}
	return withheld;
}

/* The range that the guest sees at an address; NULL. */
static const struct pass_range *range_at(struct vm *vm, uint64_t at)
{
	const struct passes *p = tool_state(vm->tools, &tool_pass_through);

	for (unsigned i = 0; i < p->count && !vm->a20_off; i++) {
		if (at - p->ranges[i].at.raw < p->ranges[i].len_bytes)
			return &p->ranges[i];
	}
	return NULL;
}

bool pass_has(struct vm *vm, gpa_t page)
{
	return range_at(vm, page.raw) != NULL;
}

enum status pass_protect(struct vm *vm)
{
	const struct passes *p = tool_state(vm->tools, &tool_pass_through);
	enum status s = OK;

	for (unsigned i = 0; i < p->count && s == OK && !vm->a20_off; i++)
		s = ept_protect(&vm->ept, p->ranges[i].at, p->ranges[i].len_bytes,
				p->ranges[i].rights);
	return s;
}

static enum exit_action see_violation(struct vcpu *v, struct tool_exit *x)
{
	uint64_t at = vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS);
	unsigned wanted = v->qualification & EPT_RWX; /* bits 2:0 are those of the rights */
	const struct pass_range *r = range_at(v->vm, at);

	if (!r || !(wanted & ~r->rights))
		return tool_pass(v, x);
	return vm_end(v->vm, false, "pass= does not allow a %s at %#llx",
		      wanted & EPT_EXEC    ? "fetch"
		      : wanted & EPT_WRITE ? "write"
					   : "read",
		      (unsigned long long)at);
}

/* Where there are none, or more than we can keep, all is UC: slow, and never wrong. */
static void read_mtrrs(struct mtrrs *m, unsigned maxphyaddr)
{
	uint64_t cap;

	*m = (struct mtrrs){.maxphyaddr = maxphyaddr};
	if (!(cpu_cpuid(1, 0).edx & CPUID_EDX_MTRR))
		return;
	cap = cpu_rdmsr(MSR_MTRRCAP);
	if (MTRR_CAP_COUNT(cap) > MTRR_VARIABLE_MAX)
		return;
	m->default_type = cpu_rdmsr(MSR_DEF_TYPE);
	m->has_fixed = (cap & MTRRCAP_FIXED) != 0;
	m->count = MTRR_CAP_COUNT(cap);
	for (unsigned i = 0; i < MTRR_FIXED && m->has_fixed; i++)
		m->fixed[i] = cpu_rdmsr(mtrr_fixed_msr[i]);
	for (unsigned i = 0; i < m->count; i++) {
		m->variable[i].base = cpu_rdmsr(MSR_VARIABLE + 2 * i);
		m->variable[i].mask = cpu_rdmsr(MSR_VARIABLE + 2 * i + 1);
	}
}

/* Is something of the guest there? Its video memory may step aside. */
static const char *find_guest_fault(struct vm *vm, const struct pass_range *r)
{
	bool video = r->at.raw >= VIDEO_START && r->at.raw + r->len_bytes <= VIDEO_END;

	if (video)
		return vm->config.text_display ? "display=text shows this memory" : NULL;
	for (uint64_t i = 0; i < r->len_bytes; i += PAGE_4K) {
		gpa_t at = gpa(r->at.raw + i);

		if (guest_memory_read_ptr(&vm->memory, at, 1))
			return "the guest's own RAM or ROM is there";
		if (mmio_bus_owner(&vm->platform.mmio, at))
			return "a device of the guest is there";
	}
	return NULL;
}

/* In pieces of one memory type each. */
static enum status map(struct vm *vm, const struct pass_range *r, const struct mtrrs *m)
{
	uint64_t done = 0, piece, end, next;
	enum status s = OK;

	for (; done < r->len_bytes && s == OK; done += piece) {
		uint64_t to = r->to.raw + done;
		enum ept_memtype type = mtrr_type(m, hpa(to), &end);

		while (end < r->to.raw + r->len_bytes && mtrr_type(m, hpa(end), &next) == type)
			end = next;
		piece = min_u64(end, r->to.raw + r->len_bytes) - to;
		s = ept_map(&vm->ept, gpa(r->at.raw + done), hpa(to), piece, r->rights, type);
		if (s == OK)
			log_info(LOG_EPT, "%s: %#llx+%#llx is the machine's %#llx, %s",
				 vm->config.name, (unsigned long long)(r->at.raw + done),
				 (unsigned long long)piece, (unsigned long long)to,
				 ept_memtype_name(type));
	}
	return s;
}

static enum status begin(struct vm *vm, char *message)
{
	const struct passes *p = tool_state(vm->tools, &tool_pass_through);
	struct mtrrs m;

	if (p->count)
		read_mtrrs(&m, vm->cpuid.maxphyaddr);
	for (unsigned i = 0; i < p->count; i++) {
		const struct pass_range *r = &p->ranges[i];
		const char *fault = find_guest_fault(vm, r);
		enum status s = fault ? ERR_EXISTS : map(vm, r, &m);

		if (s == OK)
			continue;
		text_format(message, TOOL_TEXT, "pass=%llx:%.*s: %s", (unsigned long long)r->at.raw,
			    (int)r->place.len, r->place.at, fault ? fault : status_text(s));
		return s;
	}
	return OK;
}

const struct tool tool_pass_through = {
	.name = "pass",
	.state_bytes = sizeof(struct passes),
	.words = BIT(VM_TOOL_PASS),
	.read = read,
	.reasons = BIT(EXIT_REASON_EPT_VIOLATION),
	.fit = fit,
	.begin = begin,
	.exit = see_violation,
};
