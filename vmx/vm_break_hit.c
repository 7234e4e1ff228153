/* vmx/vm_break_hit.c - a breakpoint or a watchpoint is met. */
#include "guest/linear.h"
#include "guest/segment.h"
#include "kernel/string.h"
#include "vmx/core.h"
#include "vmx/step.h"
#include "vmx/vm_break.h"
#include "vmx/vm_points.h"
#include "vmx/vmcs.h"

#define VIOLATION_READ      BIT(0)
#define VIOLATION_WRITE     BIT(1)
#define VIOLATION_FETCH     BIT(2)
#define VIOLATION_LINEAR    BIT(7)
#define VIOLATION_FINAL     BIT(8)
#define PENDING_ENABLED     BIT(12) /* of the pending debug exceptions */
#define PENDING_BREAKPOINTS UINT64_C(0xf)

static struct vm_stop stop_at(const struct vm_points *p, uint8_t number, uint64_t address)
{
	static const uint8_t reasons[] = {VM_STOP_BREAKPOINT, VM_STOP_HARDWARE, VM_STOP_WATCH,
					  VM_STOP_WATCH, VM_STOP_WATCH};
	const struct debug_point *point = &p->points[number];

	return (struct vm_stop){.reason = (enum vm_stop_reason)reasons[point->kind],
				.kind = (enum debug_point_kind)point->kind,
				.address = address};
}

/* The exit has set it for the instruction that was not done, where the guest had it clear. */
static void clear_rf(void)
{
	vmcs_write(VMCS_GUEST_RFLAGS, vmcs_read(VMCS_GUEST_RFLAGS) & ~RFLAGS_RF);
}

bool vm_break_debug_exception(struct vcpu *v, uint64_t *bits, bool *before)
{
	struct vm_points *p = v->vm->debug.points;
	struct vm_stop stop;
	uint8_t hit;

	if (!p)
		return false;
	hit = debug_plan_hit(&p->plan, bits);
	if (hit == DEBUG_GUEST)
		return false;
	*before = debug_point_is_code(&p->points[hit]);
	if (*before)
		clear_rf();
	stop = stop_at(p, hit, p->points[hit].at);
	vm_stop_soon(v->vm, &stop);
	return true;
}

/* A watchpoint whose first bytes are others than before, or were not there to be compared. */
static void look_at_heads(struct vcpu *v, bool compare)
{
	struct vm_points *p = v->vm->debug.points;
	struct guest_cpu_state s;

	vcpu_read_state(v, &s);
	for (uint8_t i = 0; i < DEBUG_POINTS; i++) {
		const struct debug_point *point = &p->points[i];
		uint64_t len = min_u64(min_u64(point->len_bytes, HEAD_BYTES),
				       PAGE_4K - point->at % PAGE_4K);
		const void *bytes;
		gpa_t at;

		if (!point->used || !point->by_page || debug_point_is_code(point) ||
		    point->kind == DEBUG_POINT_READ ||
		    !guest_linear_find(&s, &v->vm->memory, point->at, &at))
			continue;
		bytes = guest_memory_read_ptr(&v->vm->memory, at, len);
		if (!bytes)
			continue;
		if (!compare)
			memcpy(p->heads[i], bytes, len);
		else if (!p->has_hit && memcmp(p->heads[i], bytes, len) != 0) {
			p->has_hit = true;
			p->hit = stop_at(p, i, point->at);
		}
	}
}

static uint64_t linear_rip(void)
{
	uint64_t linear = vmcs_read(VMCS_GUEST_CS_BASE) + vmcs_read(VMCS_GUEST_RIP);
	bool is_64bit = (vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E) &&
			(vmcs_read(VMCS_GUEST_CS_ACCESS) & SEGMENT_LONG);

	return is_64bit ? linear : (uint32_t)linear;
}

static bool is_breakpoint(struct vcpu *v)
{
	struct vm_points *p = v->vm->debug.points;
	uint64_t linear = linear_rip();
	struct vm_stop stop;
	uint8_t hit;

	hit = debug_plan_code_at(p->points, linear);
	if (hit == DEBUG_GUEST)
		return false;
	clear_rf();
	stop = stop_at(p, hit, linear);
	vm_stop_soon(v->vm, &stop);
	return true;
}

bool vm_break_violation(struct vcpu *v, gpa_t at, enum exit_action *action)
{
	const uint64_t its_own = VIOLATION_LINEAR | VIOLATION_FINAL;
	struct vm_points *p = v->vm->debug.points;
	struct protected_page *page;
	uint64_t q = v->qualification, linear;
	uint8_t hit;

	page = p ? vm_points_page(p, gpa(align_down(at.raw, PAGE_4K))) : NULL;
	if (!page)
		return false;
	*action = EXIT_YIELD;
	if ((q & (its_own | VIOLATION_FETCH)) == (its_own | VIOLATION_FETCH) &&
	    !(page->now & EPT_EXEC) && is_breakpoint(v))
		return true;
	*action = EXIT_RETRY;
	if (!p->has_heads)
		look_at_heads(v, false);
	p->has_heads = true;
	if ((q & (its_own | VIOLATION_FETCH)) == its_own && !p->has_hit) {
		linear = vmcs_read(VMCS_GUEST_LINEAR_ADDRESS);
		hit = DEBUG_GUEST;
		if (q & VIOLATION_READ) /* ADD to memory is both */
			hit = debug_plan_watched(p->points, linear, false);
		if ((q & VIOLATION_WRITE) && hit == DEBUG_GUEST)
			hit = debug_plan_watched(p->points, linear, true);
		p->has_hit = hit != DEBUG_GUEST;
		if (p->has_hit)
			p->hit = stop_at(p, hit, linear);
	}
	page->open = true;
	vm_points_set_rights(v->vm, page,
			     q & VIOLATION_FETCH ? page->now | EPT_EXEC : page->rights);
	step_begin(v, STEP_OVER_POINT);
	return true;
}

static void close_pages(struct vm *vm)
{
	struct vm_points *p = vm->debug.points;

	for (unsigned i = 0; i < p->page_count; i++) {
		struct protected_page *page = &p->pages[i];

		if (page->open)
			vm_points_set_rights(vm, page, page->now);
		page->open = false;
	}
}

bool vm_break_after_step(struct vcpu *v)
{
	struct vm_points *p = v->vm->debug.points;
	uint64_t pending, bits;
	bool stops = false, before;

	if (!p)
		return false;
	if (p->has_heads)
		look_at_heads(v, true);
	p->has_heads = false;
	if (vmx_caps.mtf) { /* the trap of a watchpoint waits behind the end of the step */
		pending = bits = vmcs_read(VMCS_GUEST_PENDING_DEBUG);
		stops = vm_break_debug_exception(v, &bits, &before);
		if (!(bits & PENDING_BREAKPOINTS))
			bits &= ~PENDING_ENABLED;
		if (bits != pending)
			vmcs_write(VMCS_GUEST_PENDING_DEBUG, bits);
	}
	if (p->has_hit) {
		vm_stop_soon(v->vm, &p->hit);
		stops = true;
	}
	p->has_hit = false;
	if (p->code_off)
		vm_break_refresh(v, true);
	else
		close_pages(v->vm);
	return stops;
}

void vm_break_go_on(struct vcpu *v)
{
	const struct vm_points *p = v->vm->debug.points;
	bool here = false;

	if (!p)
		return;
	for (unsigned i = 0; i < DEBUG_POINTS; i++)
		here |= p->points[i].used && debug_point_is_code(&p->points[i]) &&
			p->points[i].at == linear_rip();
	vm_break_refresh(v, !here); /* as memory is mapped now */
	if (here)
		step_begin(v, STEP_OVER_POINT);
}
