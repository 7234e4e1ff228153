/*
 * toolkit/watch_fresh.c - watch=fresh: a page that was written is run.
 *
 * All RAM may be run, and not written. The first write to a page makes it writable and takes the
 * right to run it; the next fetch there is told, and turns it back. So it is by pages: a program
 * that keeps its variables beside its code is told of at each turn from writing to running. What
 * is loaded before the guest runs is not fresh; what devices write (INS, disks) is not seen.
 */
#include "kernel/log.h"
#include "kernel/panic.h"
#include "mm/phys.h"
#include "toolkit/ept_pages.h"
#include "vmx/core.h"

struct fresh {
	uint64_t *writers; /* by page of RAM: not the RIP that wrote it first, or 0: nobody has */
	uint64_t pages;
	unsigned order;
};

extern const struct tool tool_fresh;

static struct fresh *fresh_of(const struct vm *vm)
{
	return tool_state(vm->tools, &tool_fresh);
}

static bool wanted(const struct vm_tools *t)
{
	return watch_any(t, WATCH_FRESH);
}

/* NULL: not watched. */
static uint64_t *writer_of(const struct vm *vm, gpa_t page)
{
	struct fresh *f = fresh_of(vm);

	if (page.raw / PAGE_4K >= f->pages || guest_memory_is_rom(&vm->memory, page))
		return NULL;
	return &f->writers[page.raw / PAGE_4K];
}

static unsigned takes(struct vm *vm)
{
	return fresh_of(vm)->pages ? EPT_WRITE : 0;
}

static void shape(struct vm *vm, gpa_t page, const struct ept_open *open, struct ept_shape *s)
{
	const uint64_t *writer = writer_of(vm, page);

	if (writer)
		s->rights &=
			~(unsigned)(*writer ? EPT_EXEC : EPT_WRITE) | (open ? open->rights : 0);
}

static void each(struct vm *vm, void (*settle)(struct vm *vm, gpa_t page))
{
	const struct fresh *f = fresh_of(vm);

	for (uint64_t i = 0; i < f->pages; i++) {
		if (f->writers[i])
			settle(vm, gpa(i * PAGE_4K));
	}
}

/* An instruction that has written its own page was there before that. */
static void see(struct vcpu *v, const struct ept_access *a)
{
	uint64_t *writer = a->ours ? writer_of(v->vm, a->page) : NULL;
	struct watch *w = watch_find(v->vm->tools, WATCH_FRESH, 0);

	if (!writer || !w)
		return;
	if ((a->rights & EPT_EXEC) && *writer && !(a->before & EPT_WRITE)) {
		uint64_t rip = ~*writer;

		watch_hit(v, w, "fresh code at %#llx (written by %#llx)",
			  (unsigned long long)a->at.raw, (unsigned long long)rip);
		*writer = 0;
	}
	if ((a->rights & EPT_WRITE) && !*writer)
		*writer = ~v->rip;
}

const struct ept_shaper shaper_fresh = {
	.wanted = wanted, .shape = shape, .takes = takes, .each = each, .see = see};

/* ---- a VM's life ---- */

static void give_back(struct vm *vm)
{
	struct fresh *f = fresh_of(vm);

	if (f->pages && frames_free(vmx_frames, phys_of(f->writers), f->order) != OK)
		panic("the table of watch=fresh cannot be given back");
	*f = (struct fresh){0};
}

static void follow_watch(struct vm *vm)
{
	const struct guest_memory *m = &vm->memory;
	struct fresh *f = fresh_of(vm);
	uint64_t pages = 0;
	hpa_t at;
	enum status s;

	if (!wanted(vm->tools))
		give_back(vm);
	if (!wanted(vm->tools) || f->pages)
		return;
	for (uint32_t i = 0; i < m->count; i++) {
		const struct guest_chunk *c = &m->chunks[i];

		if (!c->rom)
			pages = max_u64(pages, (c->start.raw + c->len_bytes) / PAGE_4K);
	}
	f->order = frames_order_for(pages * sizeof(*f->writers));
	s = frames_alloc_zeroed(vmx_frames, f->order, &at);
	if (s == OK)
		*f = (struct fresh){.writers = phys_ptr(at), .pages = pages, .order = f->order};
	else
		log_error(LOG_WATCH, "%s: watch fresh sees nothing: its table of %llu KiB: %s",
			  vm->config.name, (unsigned long long)(pages * sizeof(*f->writers) / KIB),
			  status_text(s));
}

const struct tool tool_fresh = {
	.name = "fresh",
	.state_bytes = sizeof(struct fresh),
	.change = follow_watch,
	.end = give_back,
};
