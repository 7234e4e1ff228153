/* toolkit/ept_pages.c - see toolkit/ept_pages.h. */
#include "toolkit/ept_pages.h"

#include "guest/written.h"
#include "kernel/log.h"
#include "mm/phys.h"
#include "toolkit/pass.h"
#include "toolkit/pool.h"
#include "vmx/core.h"
#include "vmx/inject.h"
#include "vmx/step.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"

/* More than an instruction touches, with its page tables; AVX-512's gathers go on in parts. */
#define OPEN_MAX 64u

#define CODE_MAX 32u /* pages that redirect= and hook= can have */

static const struct ept_shaper *const shapers[] = {&shaper_redirect, &shaper_hook, &shaper_watch,
						   &shaper_fresh};

/* Addresses among which pages may be without any right; from == to: there are none. */
struct holes {
	uint64_t from, to;
};

struct ept_pages {
	struct ept_open open[OPEN_MAX];
	unsigned open_count;
	unsigned rights; /* of RAM where nothing else is said */
	bool shaped;     /* in this run, once */
	struct guest_code code[CODE_MAX];
	unsigned code_count;
	struct holes holes[2]; /* by vm->a20_off, each of the EPTs */
};

static struct ept_pages *pages_of(const struct vm *vm)
{
	extern const struct tool tool_ept_pages;

	return tool_state(vm->tools, &tool_ept_pages);
}

const void *ept_pages_bytes(struct vm *vm, gpa_t page)
{
	return guest_memory_read_ptr(&vm->memory, page, PAGE_4K);
}

static gpa_t behind_a20(const struct vm *vm, uint64_t at)
{
	return gpa(at & vm->memory.address_mask);
}

static struct ept_open *find_open(struct ept_pages *p, uint64_t at)
{
	for (unsigned i = 0; i < p->open_count; i++) {
		if (p->open[i].at.raw == at)
			return &p->open[i];
	}
	return NULL;
}

/* ---- shapes ---- */

/* As memory is. False: neither RAM nor ROM, or the machine's. */
static bool unshaped(struct vm *vm, gpa_t page, struct ept_shape *s)
{
	const void *bytes = ept_pages_bytes(vm, page);

	if (!bytes || pass_has(vm, page))
		return false;
	s->frame = phys_of(bytes);
	s->rights = guest_memory_is_rom(&vm->memory, page) ? EPT_READ | EPT_EXEC : EPT_RWX;
	return true;
}

/* SDM 3C, "EPT Misconfigurations": no write without read; not each CPU has execute-only. */
static unsigned make_legal(unsigned rights, unsigned open)
{
	if ((rights & EPT_WRITE) && !(rights & EPT_READ))
		rights = open & EPT_WRITE ? rights | EPT_READ : rights & ~(unsigned)EPT_WRITE;
	if (rights == EPT_EXEC && !vmx_caps.ept_exec_only)
		rights = open & EPT_EXEC ? EPT_EXEC | EPT_READ : 0;
	return rights;
}

static bool shape_of(struct vm *vm, gpa_t page, const struct ept_open *open, struct ept_shape *s)
{
	if (!unshaped(vm, page, s))
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(shapers); i++)
		shapers[i]->shape(vm, page, open, s);
	s->rights = make_legal(s->rights, open ? open->rights : 0);
	return true;
}

static void note_hole(struct holes *h, uint64_t at)
{
	bool any = h->from != h->to;

	h->from = any ? min_u64(h->from, at) : at;
	h->to = any ? max_u64(h->to, at + PAGE_4K) : at + PAGE_4K;
}

/* The page gets that shape. plain: how it is without. Where the pool has no table for a split, all
 * of the large leaf is as it is without, and the guest goes on. */
static enum status set_leaf(struct vm *vm, gpa_t at, const struct ept_shape *plain,
			    const struct ept_shape *s)
{
	struct ept *e = vm_ept(vm);
	struct ept_leaf leaf = {.type = EPT_WB};
	bool present = ept_walk(e, at, &leaf) == OK;
	bool moves = !present || leaf.at.raw + (at.raw - leaf.start.raw) != s->frame.raw;

	if (!moves && leaf.perm == s->rights)
		return OK;
	if (present && leaf.size > PAGE_4K) {
		enum status split = pool_split(vm, at);

		if (split == ERR_NO_MEMORY)
			return ept_protect(e, leaf.start, leaf.size, plain->rights);
		if (split != OK)
			return split;
	}
	/* The leaf goes, and its dirty flag with it. */
	if (present && leaf.dirty && vm->memory.written && (moves || !s->rights))
		guest_written_mark(vm->memory.written, behind_a20(vm, at.raw).raw, 1);
	if (!s->rights) {
		note_hole(&pages_of(vm)->holes[vm->a20_off], at.raw);
		return present ? ept_unmap(e, at, PAGE_4K) : OK;
	}
	return moves ? ept_map(e, at, s->frame, PAGE_4K, s->rights, leaf.type)
		     : ept_protect(e, at, PAGE_4K, s->rights);
}

static void check(struct vm *vm, gpa_t at, enum status s)
{
	if (s != OK)
		vm_end(vm, false, "the page at %#llx cannot be shaped: %s",
		       (unsigned long long)at.raw, status_text(s));
}

static void settle_at(struct vm *vm, gpa_t at)
{
	const struct ept_open *open = find_open(pages_of(vm), at.raw);
	gpa_t page = behind_a20(vm, at.raw);
	struct ept_shape plain, s;

	if (!unshaped(vm, page, &plain) || !shape_of(vm, page, open, &s))
		return;
	check(vm, at, set_leaf(vm, at, &plain, &s));
	if (!open && s.frame.raw == plain.frame.raw && s.rights == pages_of(vm)->rights)
		pool_join(vm, at);
}

/* With the A20 line low a page has two addresses. */
static void settle(struct vm *vm, gpa_t page)
{
	settle_at(vm, page);
	if (vm->a20_off)
		settle_at(vm, gpa(page.raw ^ GUEST_A20_BIT));
}

/* Pages without any right: they are no leaves, ept_protect() passes them over. */
static void fill_holes(struct vm *vm, const struct holes *h)
{
	uint64_t at = h->from, next;

	for (; at < h->to; at = next) {
		struct ept_leaf leaf;
		bool present = ept_walk(vm_ept(vm), gpa(at), &leaf) == OK;

		next = present ? leaf.start.raw + leaf.size : at + PAGE_4K;
		if (!present)
			settle_at(vm, gpa(at));
	}
}

/* A later shaper's word counts. */
void ept_pages_run_as(struct vm *vm, gpa_t page, const void *bytes)
{
	struct ept_pages *p = pages_of(vm);
	unsigned i = 0;

	while (i < p->code_count && p->code[i].page.raw != page.raw)
		i++;
	if (i == CODE_MAX)
		return;
	p->code[i] = (struct guest_code){.page = page, .bytes = bytes};
	p->code_count += i == p->code_count;
}

static void settle_all(struct vm *vm)
{
	struct ept_pages *p = pages_of(vm);
	const struct holes holes = p->holes[vm->a20_off];
	unsigned taken = 0;

	p->holes[vm->a20_off] = (struct holes){0};
	for (unsigned i = 0; i < ARRAY_SIZE(shapers); i++)
		taken |= shapers[i]->takes ? shapers[i]->takes(vm) : 0;
	p->rights = EPT_RWX & ~taken;
	check(vm, gpa(0), guest_memory_protect(&vm->memory, vm_ept(vm), vm->a20_off, p->rights));
	for (uint32_t i = 0; i < vm->memory.count && holes.from != holes.to; i++) {
		const struct guest_chunk *c = &vm->memory.chunks[i];
		const uint64_t unit = vm->a20_off ? PAGE_2M : PAGE_4K; /* the other address, too */
		struct holes here = {
			.from = max_u64(holes.from, align_down(c->start.raw, unit)),
			.to = min_u64(holes.to, align_up(c->start.raw + c->len_bytes, unit)),
		};

		fill_holes(vm, &here);
	}
	check(vm, gpa(0), pass_protect(vm));
	p->code_count = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(shapers); i++)
		shapers[i]->each(vm, settle);
	vm->memory.code = p->code;
	vm->memory.code_count = p->code_count;
	if (!p->open_count)
		pool_join_all(vm);
	vm->vcpu.flush_ept = true;
	vm->vcpu.prepare |= PREPARE_EVENTS;
}

void ept_pages_apply(struct vm *vm)
{
	lock_acquire(&vm->lock);
	vm_break_free_pages(vm);
	settle_all(vm);
	if (vm->debug.points)
		vm_break_refresh(&vm->vcpu, !(vm->vcpu.stepping & STEP_OVER_POINT));
	lock_release(&vm->lock);
}

void ept_pages_follow_a20(struct vm *vm)
{
	if (pages_of(vm)->shaped)
		settle_all(vm);
	views_follow_a20(vm);
}

bool ept_pages_shaped(struct vm *vm, gpa_t at)
{
	struct ept_shape plain, s;
	gpa_t page = behind_a20(vm, at.raw);

	return unshaped(vm, page, &plain) && shape_of(vm, page, NULL, &s) &&
	       (s.rights != plain.rights || s.frame.raw != plain.frame.raw);
}

/* ---- accesses ---- */

static struct ept_open *open_page(struct vm *vm, const struct ept_access *a, gpa_t at)
{
	struct ept_pages *p = pages_of(vm);
	gpa_t start = gpa(align_down(at.raw, PAGE_4K));
	struct ept_open *o = find_open(p, start.raw);

	if (!o) {
		if (p->open_count == OPEN_MAX)
			return NULL;
		o = &p->open[p->open_count++];
		*o = (struct ept_open){.at = start, .page = a->page};
	}
	if (a->rights & EPT_EXEC)
		o->fetch = a->at;
	o->rights |= a->rights;
	return o;
}

/* Does what a shaper took stop it? What memory itself or a debugger does not allow is not ours. */
static void classify(struct vm *vm, gpa_t at, struct ept_access *a)
{
	const struct ept_open *open = find_open(pages_of(vm), align_down(at.raw, PAGE_4K));
	struct ept_shape plain, s;

	a->before = open ? open->rights : 0;
	a->ours = unshaped(vm, a->page, &plain) && !(a->rights & ~plain.rights) &&
		  shape_of(vm, a->page, open, &s) && (a->rights & ~s.rights);
}

static enum exit_action let_through(struct vcpu *v, const struct ept_access *a, gpa_t at)
{
	const struct ept_open *open;
	struct vm *vm = v->vm;

	inject_block_nmis_again(v, v->qualification);
	vcpu_last_exit(v)->key = (uint32_t)min_u64(at.raw / PAGE_4K, UINT32_MAX);
	lock_acquire(&vm->lock);
	open = open_page(vm, a, at);
	if (open)
		settle_at(vm, open->at);
	lock_release(&vm->lock);
	if (!open)
		return vm_end(vm, false, "an instruction at %#llx touches over %u shaped pages",
			      (unsigned long long)v->rip, OPEN_MAX);
	v->flush_ept = true;
	step_begin(v, STEP_FOR_TOOL);
	return vm->state == VM_ENDED ? EXIT_STOP : EXIT_RETRY;
}

static enum exit_action violation(struct vcpu *v, struct tool_exit *x)
{
	struct vm *vm = v->vm;
	gpa_t at = gpa(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS));
	struct ept_access a = {
		.at = behind_a20(vm, at.raw),
		.page = behind_a20(vm, align_down(at.raw, PAGE_4K)),
		.rights = (unsigned)(v->qualification & EPT_RWX),
	};

	lock_acquire(&vm->lock);
	classify(vm, at, &a);
	lock_release(&vm->lock);
	for (unsigned i = 0; i < ARRAY_SIZE(shapers); i++) {
		if (shapers[i]->see)
			shapers[i]->see(v, &a);
	}
	return a.ours ? let_through(v, &a, at) : tool_pass(v, x);
}

static void stepped(struct vcpu *v)
{
	struct vm *vm = v->vm;
	struct ept_pages *p = pages_of(vm);
	unsigned count = p->open_count;

	if (!count)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(shapers); i++) {
		if (shapers[i]->over)
			shapers[i]->over(v, p->open, count);
	}
	p->open_count = 0;
	lock_acquire(&vm->lock);
	for (unsigned i = 0; i < count; i++)
		settle_at(vm, p->open[i].at);
	lock_release(&vm->lock);
	v->flush_ept = true;
	v->prepare |= PREPARE_EVENTS;
}

/* ---- a VM's life ---- */

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	bool wanted = false;

	(void)c;
	for (unsigned i = 0; i < ARRAY_SIZE(shapers); i++)
		wanted |= shapers[i]->wanted(t);
	return wanted;
}

static enum status begin(struct vm *vm, char *message)
{
	(void)message;
	*pages_of(vm) = (struct ept_pages){0};
	return OK;
}

static void end(struct vm *vm)
{
	vm->memory.code_count = 0;
}

static void change(struct vm *vm)
{
	struct tool_controls ignored;
	struct ept_pages *p = pages_of(vm);
	bool wanted = fit(vm->tools, &ignored);

	if (!wanted)
		p->open_count = 0; /* no step will close them */
	if (wanted || p->shaped)
		ept_pages_apply(vm);
	p->shaped |= wanted;
}

const struct tool tool_ept_pages = {
	.name = "ept_pages",
	.state_bytes = sizeof(struct ept_pages),
	.reasons = BIT(EXIT_REASON_EPT_VIOLATION),
	.fit = fit,
	.begin = begin,
	.change = change,
	.end = end,
	.exit = violation,
	.stepped = stepped,
};
