/*
 * guest/task_switch.c - the hardware task switch.
 *
 * Three phases, as SDM 3A "Task Switching" has them: all that can fail in the old task is checked
 * before anything is written; then memory and registers change (the commit point); then the new
 * task's descriptors are loaded (guest/task_segments.c), and what fails there is a fault of the new
 * task.
 */
#include "guest/task_switch.h"

#include "guest/segment.h"
#include "guest/task_segments.h"
#include "kernel/assert.h"
#include "kernel/string.h"

#define TSS_32_LIMIT      0x67u
#define TSS_16_LIMIT      0x2bu
#define TSS_32_BYTES      (TSS_32_LIMIT + 1)
#define TSS_TYPE_16       0x1u
#define TSS_TYPE_32       0x9u
#define TSS_BUSY          0x2u
#define TSS_WIDE          0x8u
#define TYPE_LDT          0x2u

/* SDM 3A "32-Bit Task-State Segment (TSS)", "16-Bit Task-State Segment (TSS)". */
#define TSS_32_CR3        0x1cu
#define TSS_32_EIP        0x20u /* EIP, EFLAGS, eight general registers, six selectors: dwords */
#define TSS_32_LDT        0x60u
#define TSS_32_TRAP       0x64u
#define TSS_16_IP         0x0eu /* IP, FLAGS, eight general registers, four selectors: words */
#define TSS_16_LDT        0x2au
#define TSS_REGS          8u
#define TSS_FIRST_SEGMENT (2 + TSS_REGS)

/* Reserved bits of EFLAGS read as 0 whatever the TSS says; VM entry wants it so. */
#define EFLAGS_VALID      0x003f7fd5u
#define DR7_LOCAL         0x155u /* L0 to L3, LE */
#define RIGHTS_CODE       0x9bu
#define PDPTE_PRESENT     BIT(0)
#define PDPTE_RESERVED    (BIT(1) | BIT(2) | 0x1e0u)

struct work {
	const struct task_switch *t;
	struct guest_cpu_state *now; /* the caller's: the old task until the very end */
	struct guest_cpu_state next;
	struct guest_memory *m;
	struct guest_fault *fault;
	struct guest_segment tss; /* the new one, as its descriptor says */
	bool old_wide, wide;
	uint16_t ldt;
	bool trap;
};

static enum guest_result raise(struct work *w, enum exception vector, uint32_t selector)
{
	return task_raise(&w->next, w->fault, vector, selector, w->t->external);
}

/* ---- the old task: checks ---------------------------------------------------------------- */

static enum guest_result check_new_tss(struct work *w)
{
	bool iret = w->t->source == TASK_IRET;
	enum exception vector = iret ? EXC_TS : EXC_GP;
	uint16_t selector = w->t->selector;
	enum guest_result result;
	uint64_t descriptor;
	uint32_t type;

	if ((selector & SELECTOR_TI) || (selector & SELECTOR_INDEX_MASK) == 0 ||
	    (selector | 7) > w->now->gdtr.limit)
		return raise(w, vector, selector);
	result = guest_linear_read(w->now, w->m, task_descriptor_at(w->now->gdtr.base, selector),
				   &descriptor, sizeof(descriptor), WALK_IMPLICIT, w->fault);
	if (result != GUEST_OK)
		return result;
	guest_segment_from_descriptor(&w->tss, selector, descriptor);
	type = w->tss.access & (SEGMENT_S | SEGMENT_TYPE);
	if ((type | TSS_BUSY) != (TSS_TYPE_16 | TSS_BUSY) &&
	    (type | TSS_BUSY) != (TSS_TYPE_32 | TSS_BUSY))
		return raise(w, vector, selector);
	if (iret != ((type & TSS_BUSY) != 0))
		return raise(w, vector, selector);
	if (!(w->tss.access & SEGMENT_PRESENT))
		return raise(w, EXC_NP, selector);
	w->wide = (type & TSS_WIDE) != 0;
	if (w->tss.limit < (w->wide ? TSS_32_LIMIT : TSS_16_LIMIT))
		return raise(w, EXC_TS, selector);
	return GUEST_OK;
}

static bool nests(const struct work *w)
{
	return w->t->source == TASK_CALL || w->t->source == TASK_GATE;
}

static enum guest_result probe(struct work *w, uint64_t at, size_t len_bytes, unsigned access)
{
	return guest_linear_probe(w->now, w->m, gva((uint32_t)at), len_bytes,
				  access | WALK_IMPLICIT, w->fault);
}

/* What is written before the commit is over: the pages must be there. SDM 3A "Task Switching",
 * "Checks that the current (old) TSS, new TSS, and all segment descriptors ... are paged in". */
static enum guest_result check_pages(struct work *w)
{
	const struct guest_segment *old = &w->now->segments[GUEST_TR];
	uint64_t gdt = w->now->gdtr.base;
	enum guest_result result;
	unsigned first, end;

	w->old_wide = (old->access & TSS_WIDE) != 0;
	if (old->limit < (w->old_wide ? TSS_32_LIMIT : TSS_16_LIMIT))
		return raise(w, EXC_TS, old->selector);
	first = w->old_wide ? TSS_32_EIP : TSS_16_IP;
	end = w->old_wide ? TSS_32_LDT : TSS_16_LDT;
	result = probe(w, old->base + first, end - first, WALK_WRITE);
	if (result == GUEST_OK)
		result = probe(w, w->tss.base, (w->wide ? TSS_32_LIMIT : TSS_16_LIMIT) + 1, 0);
	if (result == GUEST_OK && nests(w))
		result = probe(w, w->tss.base, sizeof(uint16_t), WALK_WRITE);
	if (result == GUEST_OK && !nests(w))
		result = probe(w, task_descriptor_at(gdt, old->selector).raw + 5, 1, WALK_WRITE);
	if (result == GUEST_OK && w->t->source != TASK_IRET)
		result = probe(w, task_descriptor_at(gdt, w->t->selector).raw + 5, 1, WALK_WRITE);
	return result;
}

/* SDM 3A "PDPTE Registers": with PAE paging a load of CR3 loads the four PDPTEs too; a reserved bit
 * in a present one is #GP(0), and nothing is loaded. */
static enum guest_result load_pdptes(struct work *w, uint64_t cr3)
{
	uint64_t reserved = PDPTE_RESERVED | (~UINT64_C(0) << w->now->maxphyaddr);
	uint64_t *pdpte = w->next.pdpte;
	gpa_t at = gpa(cr3 & 0xffffffe0);

	if (guest_memory_read(w->m, at, pdpte, sizeof(w->next.pdpte)) != OK)
		memset(pdpte, 0xff, sizeof(w->next.pdpte)); /* an empty bus */
	for (unsigned i = 0; i < ARRAY_SIZE(w->next.pdpte); i++)
		if ((pdpte[i] & PDPTE_PRESENT) && (pdpte[i] & reserved))
			return raise(w, EXC_GP, 0);
	return GUEST_OK;
}

/* Done before the commit, so that a CR3 that cannot be loaded is a fault of the old task. */
static enum guest_result load_cr3(struct work *w)
{
	enum guest_result result;
	uint32_t cr3;

	if (!w->wide || !(w->now->cr0 & CR0_PG))
		return GUEST_OK;
	result = guest_linear_read(w->now, w->m, gva((uint32_t)(w->tss.base + TSS_32_CR3)), &cr3,
				   sizeof(cr3), WALK_IMPLICIT, w->fault);
	if (result != GUEST_OK)
		return result;
	w->next.cr3 = cr3;
	return w->now->cr4 & CR4_PAE ? load_pdptes(w, cr3) : GUEST_OK;
}

/* ---- the commit --------------------------------------------------------------------------- */

static uint32_t get_field(const uint8_t *image, bool wide, unsigned first, unsigned i)
{
	uint32_t value = 0;

	memcpy(&value, image + first + i * (wide ? 4 : 2), wide ? 4 : 2);
	return value;
}

static void set_field(uint8_t *image, bool wide, unsigned i, uint64_t value, size_t len_bytes)
{
	memcpy(image + i * (wide ? 4 : 2), &value, len_bytes);
}

/* The dynamic fields of the old TSS. The upper words of its selector fields stay what they were. */
static enum guest_result save_old(struct work *w)
{
	uint8_t image[TSS_32_LDT - TSS_32_EIP] = {0};
	const struct guest_cpu_state *s = w->now;
	bool wide = w->old_wide;
	unsigned first = wide ? TSS_32_EIP : TSS_16_IP, width = wide ? 4 : 2;
	unsigned len = (wide ? TSS_32_LDT : TSS_16_LDT) - first;
	gva_t at = gva((uint32_t)(s->segments[GUEST_TR].base + first));
	uint64_t flags = s->rflags;
	enum guest_result result;

	if (w->t->source == TASK_IRET)
		flags &= ~RFLAGS_NT;
	if (w->t->set_rf)
		flags |= RFLAGS_RF;
	result = guest_linear_read(s, w->m, at, image, len, WALK_IMPLICIT, w->fault);
	if (result != GUEST_OK)
		return result;
	set_field(image, wide, 0, w->t->return_rip, width);
	set_field(image, wide, 1, flags, width);
	for (unsigned i = 0; i < TSS_REGS; i++)
		set_field(image, wide, 2 + i, s->gpr[i], width);
	for (unsigned i = GUEST_ES; i <= (wide ? GUEST_GS : GUEST_DS); i++)
		set_field(image, wide, TSS_FIRST_SEGMENT + i, s->segments[i].selector, 2);
	return guest_linear_write(s, w->m, at, image, len, WALK_IMPLICIT, w->fault);
}

static enum guest_result set_busy(struct work *w, uint16_t selector, bool busy)
{
	gva_t at = gva(task_descriptor_at(w->now->gdtr.base, selector).raw + 5);
	enum guest_result result;
	uint8_t access;

	result = guest_linear_read(w->now, w->m, at, &access, 1, WALK_IMPLICIT, w->fault);
	if (result != GUEST_OK)
		return result;
	access = (uint8_t)(busy ? access | TSS_BUSY : access & ~TSS_BUSY);
	return guest_linear_write(w->now, w->m, at, &access, 1, WALK_IMPLICIT, w->fault);
}

/* What the new task has before its descriptors are looked at: selectors, nothing usable, and the
 * privilege level of its CS. VM entry takes it, should a fault have to be delivered now. */
static void place_segments(struct work *w, const uint8_t *image, unsigned first)
{
	struct guest_cpu_state *n = &w->next;
	uint32_t code_flags = n->segments[GUEST_CS].access & ~UINT32_C(0xff);
	unsigned cpl;

	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		struct guest_segment *seg = &n->segments[i];

		seg->selector =
			w->wide || i <= GUEST_DS
				? (uint16_t)get_field(image, w->wide, first, TSS_FIRST_SEGMENT + i)
				: 0;
		if (n->rflags & RFLAGS_VM)
			guest_segment_real(seg, seg->selector, 3);
		else if (i != GUEST_CS)
			*seg = (struct guest_segment){.selector = seg->selector,
						      .access = SEGMENT_UNUSABLE};
	}
	if (n->rflags & RFLAGS_VM)
		return;
	cpl = n->segments[GUEST_CS].selector & SELECTOR_RPL;
	n->segments[GUEST_SS].access |= cpl << SEGMENT_DPL_SHIFT;
	n->segments[GUEST_CS].access =
		(code_flags & ~(uint32_t)SEGMENT_UNUSABLE) | RIGHTS_CODE | cpl << SEGMENT_DPL_SHIFT;
}

static void load_registers(struct work *w, const uint8_t *image)
{
	unsigned first = w->wide ? TSS_32_EIP : TSS_16_IP;
	struct guest_cpu_state *n = &w->next;

	n->rip = get_field(image, w->wide, first, 0);
	n->rflags = (get_field(image, w->wide, first, 1) & EFLAGS_VALID) | RFLAGS_ONE;
	if (nests(w))
		n->rflags |= RFLAGS_NT;
	for (unsigned i = 0; i < TSS_REGS; i++)
		n->gpr[i] = get_field(image, w->wide, first, 2 + i);
	n->cr0 |= CR0_TS;
	n->dr7 &= ~(uint64_t)DR7_LOCAL;
	place_segments(w, image, first);
	memcpy(&w->ldt, image + (w->wide ? TSS_32_LDT : TSS_16_LDT), sizeof(w->ldt));
	n->segments[GUEST_LDTR] =
		(struct guest_segment){.selector = w->ldt, .access = SEGMENT_UNUSABLE};
	n->segments[GUEST_TR] = w->tss;
	n->segments[GUEST_TR].access |= TSS_BUSY;
	w->trap = w->wide && (image[TSS_32_TRAP] & 1);
}

/* Nothing here fails but when another CPU changes the page tables meanwhile. */
static enum guest_result commit(struct work *w)
{
	uint16_t old = w->now->segments[GUEST_TR].selector;
	uint8_t image[TSS_32_BYTES] = {0};
	gva_t tss = gva((uint32_t)w->tss.base);
	enum guest_result result = GUEST_OK;

	if (!nests(w))
		result = set_busy(w, old, false);
	if (result == GUEST_OK)
		result = save_old(w);
	if (result == GUEST_OK)
		result = guest_linear_read(w->now, w->m, tss, image,
					   w->wide ? TSS_32_BYTES : TSS_16_LIMIT + 1, WALK_IMPLICIT,
					   w->fault);
	if (result == GUEST_OK && nests(w))
		result = guest_linear_write(w->now, w->m, tss, &old, sizeof(old), WALK_IMPLICIT,
					    w->fault);
	if (result == GUEST_OK && w->t->source != TASK_IRET)
		result = set_busy(w, w->t->selector, true);
	if (result == GUEST_OK)
		load_registers(w, image);
	return result;
}

/* ---- the new task --------------------------------------------------------------------------- */

/* SDM 3A "Interrupt Tasks": the error code goes on the stack of the new task. */
static enum guest_result push_error_code(struct work *w)
{
	struct guest_cpu_state *n = &w->next;
	bool big = (n->segments[GUEST_SS].access & SEGMENT_DB) != 0;
	uint64_t mask = big ? UINT32_MAX : UINT16_MAX, width = w->wide ? 4 : 2;
	uint64_t offset = (n->gpr[RSP] - width) & mask;
	enum guest_result result;
	gva_t at;

	if (!guest_segment_linear(n, GUEST_SS, offset, width, SEGMENT_WRITE, &at, w->fault))
		return raise(w, EXC_SS, 0);
	result =
		guest_linear_write(n, w->m, at, &w->t->error_code, width, walk_access(n), w->fault);
	if (result == GUEST_OK)
		n->gpr[RSP] = (n->gpr[RSP] & ~mask) | offset;
	return result;
}

static enum task_switch_result fault_or(enum guest_result result, enum task_switch_result fault)
{
	return result == GUEST_UNSUPPORTED ? TASK_SWITCH_UNSUPPORTED : fault;
}

enum task_switch_result task_switch(const struct task_switch *t, struct guest_cpu_state *s,
				    struct guest_memory *m, struct guest_fault *fault)
{
	struct work w = {.t = t, .now = s, .next = *s, .m = m, .fault = fault};
	enum guest_result result;

	ASSERT((s->cr0 & CR0_PE) && !guest_is_ia32e(s));
	result = check_new_tss(&w);
	if (result == GUEST_OK)
		result = check_pages(&w);
	if (result == GUEST_OK)
		result = load_cr3(&w);
	if (result == GUEST_OK)
		result = commit(&w);
	if (result != GUEST_OK)
		return fault_or(result, TASK_SWITCH_FAULT_OLD);

	result = task_load_segments(&w.next, m, w.ldt, t->external, fault);
	if (result == GUEST_OK && t->has_error_code)
		result = push_error_code(&w);
	if (result == GUEST_OK && w.trap)
		w.next.dr6 |= DR6_BT;
	*s = w.next;
	if (result != GUEST_OK)
		return fault_or(result, TASK_SWITCH_FAULT_NEW);
	return w.trap ? TASK_SWITCH_DEBUG : TASK_SWITCH_OK;
}
