/* guest/task_segments.c - the segments of the task that is switched to. */
#include "guest/task_segments.h"

#include "guest/segment.h"

#define TYPE_LDT 0x2u

struct load {
	struct guest_cpu_state *s;
	struct guest_memory *m;
	struct guest_fault *fault;
	uint16_t ldt;
	bool external;
};

gva_t task_descriptor_at(uint64_t table, uint16_t selector)
{
	return gva((uint32_t)(table + (selector & SELECTOR_INDEX_MASK)));
}

enum guest_result task_raise(const struct guest_cpu_state *s, struct guest_fault *fault,
			     enum exception vector, uint32_t selector, bool external)
{
	guest_raise(s, fault, vector, (selector & SELECTOR_ERROR_MASK) | (external ? 1 : 0));
	return GUEST_FAULT;
}

static enum guest_result raise(struct load *l, enum exception vector, uint32_t selector)
{
	return task_raise(l->s, l->fault, vector, selector, l->external);
}

static enum guest_result read_descriptor(struct load *l, uint16_t selector, gva_t *at,
					 struct guest_segment *seg)
{
	const struct guest_segment *ldt = &l->s->segments[GUEST_LDTR];
	uint64_t base = l->s->gdtr.base, limit = l->s->gdtr.limit, descriptor;
	enum guest_result result;

	if (selector & SELECTOR_TI) {
		if (ldt->access & SEGMENT_UNUSABLE)
			return raise(l, EXC_TS, selector);
		base = ldt->base;
		limit = ldt->limit;
	}
	if ((selector | 7u) > limit)
		return raise(l, EXC_TS, selector);
	*at = task_descriptor_at(base, selector);
	result = guest_linear_read(l->s, l->m, *at, &descriptor, sizeof(descriptor), WALK_IMPLICIT,
				   l->fault);
	if (result == GUEST_OK)
		guest_segment_from_descriptor(seg, selector, descriptor);
	return result;
}

static enum guest_result load_ldt(struct load *l)
{
	enum guest_result result;
	struct guest_segment seg;
	gva_t at;

	if ((l->ldt & SELECTOR_ERROR_MASK) == 0)
		return GUEST_OK;
	if (l->ldt & SELECTOR_TI)
		return raise(l, EXC_TS, l->ldt);
	result = read_descriptor(l, l->ldt, &at, &seg);
	if (result != GUEST_OK)
		return result;
	if ((seg.access & (SEGMENT_S | SEGMENT_TYPE)) != TYPE_LDT ||
	    !(seg.access & SEGMENT_PRESENT))
		return raise(l, EXC_TS, l->ldt);
	l->s->segments[GUEST_LDTR] = seg;
	return GUEST_OK;
}

/* Type and privilege, by the table "Exception Conditions Checked During a Task Switch" (SDM
 * 3A). */
static bool fits(enum guest_segment_name name, const struct guest_segment *seg, unsigned cpl)
{
	unsigned dpl = seg->access >> SEGMENT_DPL_SHIFT & 3, rpl = seg->selector & SELECTOR_RPL;
	bool code = (seg->access & SEGMENT_TYPE_CODE) != 0;
	bool conforming = code && (seg->access & SEGMENT_CONFORMING);

	if (!(seg->access & SEGMENT_S))
		return false;
	if (name == GUEST_CS)
		return code && (conforming ? dpl <= rpl : dpl == rpl);
	if (name == GUEST_SS)
		return !code && (seg->access & SEGMENT_WRITABLE) && dpl == cpl && rpl == cpl;
	if (code && !(seg->access & SEGMENT_WRITABLE))
		return false;
	return conforming || (dpl >= cpl && dpl >= rpl);
}

static enum guest_result load_segment(struct load *l, enum guest_segment_name name)
{
	uint16_t selector = l->s->segments[name].selector;
	unsigned cpl = l->s->segments[GUEST_CS].selector & SELECTOR_RPL;
	enum guest_result result;
	struct guest_segment seg;
	gva_t at;

	if ((selector & SELECTOR_ERROR_MASK) == 0)
		return name == GUEST_CS || name == GUEST_SS ? raise(l, EXC_TS, selector) : GUEST_OK;
	result = read_descriptor(l, selector, &at, &seg);
	if (result != GUEST_OK)
		return result;
	if (!fits(name, &seg, cpl))
		return raise(l, EXC_TS, selector);
	if (!(seg.access & SEGMENT_PRESENT))
		return raise(l, name == GUEST_SS ? EXC_SS : EXC_NP, selector);
	if (!(seg.access & SEGMENT_ACCESSED)) {
		uint8_t access = (uint8_t)(seg.access | SEGMENT_ACCESSED);

		result = guest_linear_write(l->s, l->m, gva((uint32_t)(at.raw + 5)), &access, 1,
					    WALK_IMPLICIT, l->fault);
		if (result != GUEST_OK)
			return result;
		seg.access |= SEGMENT_ACCESSED;
	}
	l->s->segments[name] = seg;
	return GUEST_OK;
}

enum guest_result task_load_segments(struct guest_cpu_state *s, struct guest_memory *m,
				     uint16_t ldt, bool external, struct guest_fault *fault)
{
	static const enum guest_segment_name order[] = {GUEST_CS, GUEST_SS, GUEST_ES,
							GUEST_DS, GUEST_FS, GUEST_GS};
	struct load l = {.s = s, .m = m, .fault = fault, .ldt = ldt, .external = external};
	enum guest_result result = load_ldt(&l);

	if (s->rflags & RFLAGS_VM)
		return result;
	for (size_t i = 0; i < ARRAY_SIZE(order) && result == GUEST_OK; i++)
		result = load_segment(&l, order[i]);
	return result;
}
