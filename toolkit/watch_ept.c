/*
 * toolkit/watch_ept.c - watch=ept:ADDR+LEN:rwx: accesses to guest-physical memory.
 *
 * A violation tells the first byte of the access on the page, not its length: that comes from the
 * instruction, where guest/decode.h knows it. Of other writes it is seen what they have changed.
 * Each access is told once: one that crosses into the next page makes two violations, and one with
 * several parts (PUSHA, an interrupt's frame) one for all of them in a page.
 * Not known: a read by another instruction that begins below the range, or its second in a page;
 * which part of an instruction makes a page-table walk twice.
 * Spec: SDM 3C "Exit Qualification for EPT Violations".
 */
#include "guest/decode.h"
#include "guest/segment.h"
#include "kernel/string.h"
#include "mm/phys.h"
#include "toolkit/ept_pages.h"
#include "vmx/core.h"
#include "vmx/inject.h"
#include "vmx/step.h"
#include "vmx/vmcs.h"

#define VIOLATION_LINEAR BIT(7)
#define VIOLATION_FINAL  BIT(8)
#define SEEN_MAX         16u
#define KEPT_MAX         4u
#define KEPT_ORDER       2u
#define SHOWN_BYTES      4u  /* of an access whose length is not known */
#define WIDEST           64u /* an access */

/* An access on its way: it is told when it is over. */
struct seen {
	struct watch *watch;
	gpa_t at;
	uint64_t linear, rip;
	unsigned rights, bytes; /* 0: not known */
	uint64_t old;
	const char *who;
	bool in_range; /* else that is still to be found out */
};

struct ept_watch {
	struct seen seen[SEEN_MAX];
	unsigned seen_count;
	hpa_t kept; /* what pages were, before an instruction that writes them; 0: none */
	gpa_t kept_pages[KEPT_MAX];
	uint64_t kept_rip;
	const char *kept_who;
	unsigned kept_count;
};

extern const struct tool tool_ept;

static struct ept_watch *watch_of(const struct vm *vm)
{
	return tool_state(vm->tools, &tool_ept);
}

static bool meets_page(const struct watch *w, gpa_t page)
{
	return w->kind == WATCH_EPT && w->low < page.raw + PAGE_4K && w->high >= page.raw;
}

/* ---- pages ---- */

static bool wanted(const struct vm_tools *t)
{
	return watch_any(t, WATCH_EPT);
}

static void shape(struct vm *vm, gpa_t page, const struct ept_open *open, struct ept_shape *s)
{
	const struct vm_tools *t = vm->tools;

	for (unsigned i = 0; i < t->watch_count; i++) {
		if (meets_page(&t->watches[i], page))
			s->rights &= ~t->watches[i].rights | (open ? open->rights : 0);
	}
}

static void each(struct vm *vm, void (*settle)(struct vm *vm, gpa_t page))
{
	const struct vm_tools *t = vm->tools;

	for (unsigned i = 0; i < t->watch_count; i++) {
		const struct watch *w = &t->watches[i];

		if (w->kind != WATCH_EPT)
			continue;
		for (uint64_t at = align_down(w->low, PAGE_4K); at <= w->high; at += PAGE_4K)
			settle(vm, gpa(at));
	}
}

/* ---- an access comes ---- */

/* Reads what it then writes. Not every CPU says so in the qualification. */
static bool reads_and_writes(const struct decoded *d)
{
	if (d->form != DECODE_RM_REG && d->form != DECODE_RM_IMM && d->form != DECODE_RM)
		return d->op == DECODE_XCHG || d->op == DECODE_XADD;
	return (d->op <= DECODE_XADD && d->op != DECODE_CMP && d->op != DECODE_TEST &&
		d->op != DECODE_BT);
}

/* What the instruction at RIP does with memory: *bytes at a time, 0 if it is not known; it may read
 * where it writes. */
static void look_at_instruction(struct vcpu *v, struct seen *access)
{
	uint8_t bytes[DECODE_BUFFER] = {0};
	struct guest_cpu_state s;
	struct decoded d;
	enum decode_mode mode;
	unsigned count;

	vcpu_read_state(v, &s);
	mode = guest_is_64bit(&s)                         ? DECODE_64
	       : s.segments[GUEST_CS].access & SEGMENT_DB ? DECODE_32
							  : DECODE_16;
	count = step_fetch(v, &s, bytes);
	if (decode(bytes, count, mode, &d) != DECODE_OK)
		return;
	access->bytes = d.memory ? d.rm_size : d.size;
	if ((access->rights & EPT_WRITE) && d.memory && reads_and_writes(&d))
		access->rights |= EPT_READ;
}

static uint64_t bytes_at(struct vm *vm, gpa_t at, unsigned bytes)
{
	uint64_t value = 0;
	unsigned n = (unsigned)min_u64(bytes ? bytes : SHOWN_BYTES, PAGE_4K - at.raw % PAGE_4K);
	const void *from = guest_memory_read_ptr(&vm->memory, at, n);

	if (from)
		memcpy(&value, from, n);
	return value;
}

/* What the page is, for over() to compare. */
static void keep(struct vcpu *v, const struct seen *s, gpa_t page)
{
	struct ept_watch *e = watch_of(v->vm);
	const void *bytes = ept_pages_bytes(v->vm, page);

	for (unsigned i = 0; i < e->kept_count; i++) {
		if (e->kept_pages[i].raw == page.raw)
			return;
	}
	if (!e->kept.raw || e->kept_count == KEPT_MAX || !bytes)
		return;
	memcpy((uint8_t *)phys_ptr(e->kept) + e->kept_count * PAGE_4K, bytes, PAGE_4K);
	e->kept_pages[e->kept_count++] = page;
	e->kept_rip = s->rip;
	e->kept_who = s->who;
}

/* The second page of an access, or of an instruction, that is told already. */
static bool is_rest(const struct ept_watch *e, const struct seen *s)
{
	for (unsigned i = 0; i < e->seen_count; i++) {
		const struct seen *o = &e->seen[i];

		if (o->watch == s->watch && (o->rights & s->rights) && o->in_range &&
		    s->linear % PAGE_4K == 0 && s->linear - o->linear < WIDEST)
			return true;
	}
	return false;
}

static void tell(struct vcpu *v, const struct seen *s, bool done)
{
	static const char *const names[] = {"",      "read",          "write", "read and write",
					    "fetch", "read and fetch"};
	int digits = 2 * (int)(s->bytes ? s->bytes : SHOWN_BYTES);
	uint64_t mask = UINT64_MAX >> (64 - 4 * digits);
	uint64_t now = bytes_at(v->vm, s->at, s->bytes) & mask;
	const char *name = s->rights < ARRAY_SIZE(names) ? names[s->rights] : "access";

	if (!done || (s->rights & EPT_EXEC))
		watch_hit(v, s->watch, "%s of %#llx by %#llx%s", name,
			  (unsigned long long)s->at.raw, (unsigned long long)s->rip, s->who);
	else if (s->rights & EPT_WRITE)
		watch_hit(v, s->watch, "%s of %#llx by %#llx%s: %0*llxh -> %0*llxh", name,
			  (unsigned long long)s->at.raw, (unsigned long long)s->rip, s->who, digits,
			  (unsigned long long)(s->old & mask), digits, (unsigned long long)now);
	else
		watch_hit(v, s->watch, "%s of %#llx by %#llx%s: %0*llxh", name,
			  (unsigned long long)s->at.raw, (unsigned long long)s->rip, s->who, digits,
			  (unsigned long long)(s->old & mask));
}

static const char *maker_of(const struct vcpu *v)
{
	if (v->event.info & EVENT_VALID)
		return ", an event's delivery";
	return (v->qualification & VIOLATION_LINEAR) && !(v->qualification & VIOLATION_FINAL)
		       ? ", its page-table walk"
		       : "";
}

static void see_one(struct vcpu *v, struct watch *w, const struct ept_access *a,
		    const struct seen *access)
{
	struct ept_watch *e = watch_of(v->vm);
	struct seen s = *access;

	s.watch = w;
	s.rights &= w->rights;
	s.in_range = s.at.raw <= w->high && s.at.raw + (s.bytes ? s.bytes : 1) > w->low;
	if (!s.in_range && !(s.rights & EPT_EXEC && s.at.raw < w->low))
		return;
	if (!a->ours)
		tell(v, &s, false);
	else if (e->seen_count < SEEN_MAX && !is_rest(e, &s))
		e->seen[e->seen_count++] = s;
}

static bool is_watched(const struct vm_tools *t, gpa_t page)
{
	for (unsigned i = 0; i < t->watch_count; i++) {
		if (meets_page(&t->watches[i], page))
			return true;
	}
	return false;
}

static void see(struct vcpu *v, const struct ept_access *a)
{
	struct vm_tools *t = v->vm->tools;
	struct seen s = {.at = a->at, .rip = v->rip, .rights = a->rights, .who = maker_of(v)};

	if (!is_watched(t, a->page))
		return;
	s.linear = v->qualification & VIOLATION_LINEAR ? vmcs_read(VMCS_GUEST_LINEAR_ADDRESS)
						       : UINT64_MAX;
	if (!(s.rights & EPT_EXEC) && !*s.who)
		look_at_instruction(v, &s);
	s.old = bytes_at(v->vm, s.at, s.bytes);
	if (a->ours && (s.rights & EPT_WRITE))
		keep(v, &s, a->page);
	for (unsigned i = 0; i < t->watch_count; i++) {
		struct watch *w = &t->watches[i];

		if (meets_page(w, a->page) && (w->rights & s.rights))
			see_one(v, w, a, &s);
	}
}

/* ---- and is over ---- */

/* Short jumps have two bytes; of another instruction it is known where the next one begins. */
static unsigned code_bytes(struct vcpu *v, const struct seen *s)
{
	const uint8_t *code = guest_memory_read_ptr(&v->vm->memory, s->at, 1);
	uint64_t moved = vmcs_read(VMCS_GUEST_RIP) - s->rip;

	if (code && ((*code & 0xf0) == 0x70 || (*code & 0xfc) == 0xe0 || *code == 0xeb))
		return 2;
	return moved <= DECODE_MAX_BYTES ? (unsigned)moved : 1;
}

static bool is_told(const struct ept_watch *e, const struct watch *w, gpa_t page)
{
	for (unsigned i = 0; i < e->seen_count; i++) {
		if (e->seen[i].watch == w && (e->seen[i].rights & EPT_WRITE) &&
		    align_down(e->seen[i].at.raw, PAGE_4K) == page.raw)
			return true;
	}
	return false;
}

/* A write in the page whose address was outside, and that has changed the range. */
static void look_for_changes(struct vcpu *v, struct watch *w, unsigned k)
{
	struct ept_watch *e = watch_of(v->vm);
	gpa_t page = e->kept_pages[k];
	const uint8_t *before = (const uint8_t *)phys_ptr(e->kept) + k * PAGE_4K;
	const uint8_t *now = ept_pages_bytes(v->vm, page);
	uint64_t i = max_u64(w->low, page.raw) - page.raw;
	uint64_t end = min_u64(w->high - page.raw, PAGE_4K - 1);
	struct seen s = {.watch = w, .rip = e->kept_rip, .rights = EPT_WRITE, .who = e->kept_who};

	if (!meets_page(w, page) || !(w->rights & EPT_WRITE) || is_told(e, w, page))
		return;
	while (i <= end && before[i] == now[i])
		i++;
	if (i > end)
		return;
	s.at = gpa(page.raw + i);
	memcpy(&s.old, before + i, min_u64(SHOWN_BYTES, PAGE_4K - i));
	tell(v, &s, true);
}

static void over(struct vcpu *v, const struct ept_open *open, unsigned count)
{
	struct vm_tools *t = v->vm->tools;
	struct ept_watch *e = watch_of(v->vm);

	(void)open;
	(void)count;
	for (unsigned i = 0; i < e->seen_count; i++) {
		const struct seen *s = &e->seen[i];

		if (s->in_range || s->at.raw + code_bytes(v, s) > s->watch->low)
			tell(v, s, true);
	}
	for (unsigned k = 0; k < e->kept_count; k++) {
		for (unsigned i = 0; i < t->watch_count; i++)
			look_for_changes(v, &t->watches[i], k);
	}
	e->seen_count = e->kept_count = 0;
}

const struct ept_shaper shaper_watch = {
	.wanted = wanted,
	.shape = shape,
	.each = each,
	.see = see,
	.over = over,
};

/* ---- a VM's life ---- */

static void take_frames(struct vm *vm)
{
	struct ept_watch *e = watch_of(vm);

	e->seen_count = e->kept_count = 0; /* a watch may have gone */
	if (wanted(vm->tools) && !e->kept.raw &&
	    frames_alloc(vmx_frames, KEPT_ORDER, &e->kept) != OK)
		e->kept.raw = 0; /* it sees a little less */
}

static void end(struct vm *vm)
{
	struct ept_watch *e = watch_of(vm);

	if (e->kept.raw && frames_free(vmx_frames, e->kept, KEPT_ORDER) != OK)
		vm_end(vm, false, "the frames of watch=ept cannot be given back");
	e->kept.raw = 0;
}

const struct tool tool_ept = {
	.name = "ept",
	.state_bytes = sizeof(struct ept_watch),
	.change = take_frames,
	.end = end,
};
