/* vmx/vm_break.c - breakpoints and watchpoints. */
#include "vmx/vm_break.h"

#include "guest/linear.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/step.h"
#include "vmx/tools.h"
#include "vmx/vm_points.h"
#include "vmx/vmcs.h"

/* ---- the guest's registers ---- */

void vcpu_guest_breakpoints(const struct vcpu *v, uint64_t dr[4])
{
	const struct vm_points *p = v->vm->debug.points;

	if (p)
		memcpy(dr, p->dr, sizeof(p->dr));
	else
		vcpu_read_breakpoints(v, dr);
}

/* Where it finds no place for all of the debugger's any more, those are without effect. */
void vcpu_set_guest_breakpoints(struct vcpu *v, const uint64_t dr[4])
{
	struct vm_points *p = v->vm->debug.points;

	if (!p) {
		vcpu_write_breakpoints(v, dr);
		return;
	}
	memcpy(p->dr, dr, sizeof(p->dr));
	vm_break_refresh(v, !(v->stepping & STEP_OVER_POINT));
}

uint64_t vcpu_guest_dr7(const struct vcpu *v)
{
	const struct vm_points *p = v->vm->debug.points;

	return p ? p->dr7 : vmcs_read(VMCS_GUEST_DR7);
}

void vcpu_set_guest_dr7(struct vcpu *v, uint64_t dr7)
{
	struct vm_points *p = v->vm->debug.points;

	if (!p) {
		vmcs_write(VMCS_GUEST_DR7, dr7);
		return;
	}
	p->dr7 = dr7;
	vm_break_refresh(v, !(v->stepping & STEP_OVER_POINT));
}

/* ---- pages ---- */

struct protected_page *vm_points_page(struct vm_points *p, gpa_t page)
{
	for (unsigned i = 0; i < p->page_count; i++) {
		if (p->pages[i].at.raw == page.raw)
			return &p->pages[i];
	}
	return NULL;
}

/* The leaf was split when it was first protected, so this needs no memory. */
void vm_points_set_rights(struct vm *vm, const struct protected_page *page, unsigned rights)
{
	if (ept_protect(vm_ept(vm), page->at, PAGE_4K, rights) != OK)
		vm_end(vm, false, "memory at %#llx cannot be protected",
		       (unsigned long long)page->at.raw);
	vm->vcpu.flush_ept = true;
	vm->vcpu.prepare |= PREPARE_EVENTS;
}

void vm_break_free_pages(struct vm *vm)
{
	struct vm_points *p = vm->debug.points;

	if (!p)
		return;
	for (unsigned i = 0; i < p->page_count; i++)
		vm_points_set_rights(vm, &p->pages[i], p->pages[i].rights);
	p->page_count = 0;
}

/* What is left of the rights; 0: EPT cannot say it. */
static unsigned rights_for(const struct debug_point *point, unsigned rights)
{
	if (debug_point_is_code(point))
		rights &= ~(unsigned)EPT_EXEC;
	else if (point->kind == DEBUG_POINT_WRITE)
		rights &= ~(unsigned)EPT_WRITE;
	else
		rights &= EPT_EXEC;
	return rights == EPT_EXEC && !vmx_caps.ept_exec_only ? 0 : rights;
}

static enum status protect_page(struct vm *vm, gpa_t at, const struct debug_point *point)
{
	struct vm_points *p = vm->debug.points;
	struct protected_page *page = vm_points_page(p, at);
	struct ept_leaf leaf;
	unsigned rights;
	enum status s;

	if (!page) {
		if (p->page_count == PAGES_MAX)
			return ERR_FULL;
		if (ept_walk(vm_ept(vm), at, &leaf) != OK ||
		    !guest_memory_read_ptr(&vm->memory, at, 1))
			return ERR_RANGE;
		if (vm->tools_on && vmx_tools->shapes(vm, at))
			return ERR_BUSY;
		page = &p->pages[p->page_count];
		*page = (struct protected_page){
			.at = at, .rights = (uint8_t)leaf.perm, .now = (uint8_t)leaf.perm};
	}
	rights = rights_for(point, page->now);
	if (!rights)
		return ERR_FULL;
	s = ept_protect(vm_ept(vm), at, PAGE_4K, rights);
	if (s != OK)
		return s;
	page->now = (uint8_t)rights;
	if (page == &p->pages[p->page_count])
		p->page_count++;
	vm->vcpu.flush_ept = true;
	vm->vcpu.prepare |= PREPARE_EVENTS;
	return OK;
}

static enum status protect(struct vcpu *v, const struct guest_cpu_state *s,
			   const struct debug_point *point)
{
	uint64_t at = align_down(point->at, PAGE_4K);
	uint64_t count = (point->at + point->len_bytes - 1 - at) / PAGE_4K + 1;
	enum status status = OK;

	for (uint64_t i = 0; i < count && status == OK; i++) {
		gpa_t page;

		status = guest_linear_find(s, &v->vm->memory, at + i * PAGE_4K, &page)
				 ? protect_page(v->vm, page, point)
				 : ERR_RANGE;
	}
	return status;
}

static enum status protect_all(struct vcpu *v, bool code)
{
	struct vm_points *p = v->vm->debug.points;
	struct guest_cpu_state s;
	enum status first = OK;

	vcpu_read_state(v, &s);
	for (unsigned i = 0; i < DEBUG_POINTS; i++) {
		const struct debug_point *point = &p->points[i];
		enum status one;

		if (!point->used || !point->by_page || (debug_point_is_code(point) && !code))
			continue;
		one = protect(v, &s, point);
		if (first == OK)
			first = one;
	}
	return first;
}

static void set_dr_exiting(struct vcpu *v, bool on)
{
	uint32_t bit = (uint32_t)PROC_MOV_DR;

	v->proc_controls = (v->proc_controls & ~bit) | (on ? bit : 0) | v->proc_kept;
	vmcs_write(VMCS_PROC_CONTROLS, v->proc_controls);
}

/* ERR_RANGE, ERR_FULL, ERR_NO_MEMORY; ERR_BUSY, a page that the toolkit has: a point is without
 * effect. */
static enum status apply(struct vcpu *v, bool code)
{
	struct vm_points *p = v->vm->debug.points;

	if (!p)
		return OK;
	p->code_off = !code;
	vm_break_free_pages(v->vm);
	debug_plan_make(&p->plan, p->points, p->dr, p->dr7, code);
	vcpu_write_breakpoints(v, p->plan.dr);
	vmcs_write(VMCS_GUEST_DR7, p->plan.dr7);
	set_dr_exiting(v, true);
	return protect_all(v, code);
}

void vm_break_refresh(struct vcpu *v, bool code)
{
	struct vm_points *p = v->vm->debug.points;
	enum status s = apply(v, code);

	if (s == OK || p->told)
		return;
	p->told = true;
	log_warn(LOG_GUEST, "%s: a breakpoint or watchpoint is without effect: %s",
		 v->vm->config.name, status_text(s));
}

/* ---- points come and go ---- */

static enum status make_points(struct vm *vm)
{
	struct vcpu *v = &vm->vcpu;
	struct vm_points *p;
	hpa_t at;
	enum status s = frames_alloc_zeroed(vmx_frames, 0, &at);

	if (s != OK)
		return s;
	p = phys_ptr(at);
	vcpu_guest_breakpoints(v, p->dr);
	p->dr7 = vcpu_guest_dr7(v);
	vm->debug.points = p;
	return OK;
}

/* The registers are the guest's again. */
static void free_points(struct vm *vm)
{
	struct vm_points *p = vm->debug.points;
	struct vcpu *v = &vm->vcpu;

	vm_break_free_pages(vm);
	vm->debug.points = NULL;
	vcpu_write_breakpoints(v, p->dr);
	vmcs_write(VMCS_GUEST_DR7, p->dr7);
	set_dr_exiting(v, false);
	if (frames_free(vmx_frames, phys_of(p), 0) != OK)
		panic("a page of breakpoints cannot be given back");
}

static struct debug_point *find_point(struct vm_points *p, enum debug_point_kind kind, uint64_t at,
				      uint64_t len_bytes)
{
	for (unsigned i = 0; i < DEBUG_POINTS; i++) {
		struct debug_point *point = &p->points[i];

		if (point->used && point->kind == kind && point->at == at &&
		    (point->len_bytes == len_bytes || debug_point_is_code(point)))
			return point;
	}
	return NULL;
}

/* Whether there is any point left. */
static bool any_point(const struct vm_points *p)
{
	for (unsigned i = 0; i < DEBUG_POINTS; i++) {
		if (p->points[i].used)
			return true;
	}
	return false;
}

static void drop(struct vm *vm, struct debug_point *point)
{
	point->used = false;
	if (any_point(vm->debug.points))
		vm_break_refresh(&vm->vcpu, true); /* with fewer of them */
	else
		free_points(vm);
}

enum status vm_break_insert(struct vm *vm, enum debug_point_kind kind, uint64_t at,
			    uint64_t len_bytes)
{
	struct vm_points *p;
	struct debug_point *point;
	enum status s = OK;

	if (kind <= DEBUG_POINT_HARDWARE)
		len_bytes = 1;
	if (len_bytes == 0 || at + len_bytes - 1 < at || kind > DEBUG_POINT_ACCESS)
		return ERR_INVALID;
	if (!vmx_caps.mov_dr_exits)
		return ERR_UNSUPPORTED;
	if (!vm->debug.points)
		s = make_points(vm);
	if (s != OK)
		return s;
	p = vm->debug.points;
	if (find_point(p, kind, at, len_bytes))
		return OK;
	for (point = p->points; point < p->points + DEBUG_POINTS && point->used;)
		point++;
	if (point == p->points + DEBUG_POINTS)
		return ERR_FULL;
	*point = (struct debug_point){
		.at = at, .len_bytes = len_bytes, .kind = (uint8_t)kind, .used = true};
	s = apply(&vm->vcpu, true);
	p->told = false;
	if (s != OK)
		drop(vm, point);
	return s;
}

void vm_break_remove(struct vm *vm, enum debug_point_kind kind, uint64_t at, uint64_t len_bytes)
{
	struct debug_point *point = NULL;

	if (vm->debug.points)
		point = find_point(vm->debug.points, kind, at, len_bytes);
	if (point)
		drop(vm, point);
}

void vm_break_remove_all(struct vm *vm)
{
	if (vm->debug.points)
		free_points(vm);
}

void vm_break_forget_machine(struct vm *vm)
{
	struct vm_points *p = vm->debug.points;

	if (!p)
		return;
	p->page_count = 0; /* the EPT goes */
	p->has_hit = false;
	memset(p->dr, 0, sizeof(p->dr));
}

void vm_break_forget(struct vm *vm)
{
	struct vm_points *p = vm->debug.points;

	vm->debug.points = NULL;
	if (p && frames_free(vmx_frames, phys_of(p), 0) != OK)
		panic("a page of breakpoints cannot be given back");
}
