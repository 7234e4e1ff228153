/*
 * toolkit/dirty.c - watch=dirty: the pages that a guest writes, to the page.
 *
 * All RAM is in 4 KiB leaves meanwhile, and the CPU sets accessed and dirty flags in them. With
 * page-modification logging the CPU also writes a list: the address of each page whose dirty flag
 * it sets, 512 of them, and then there is an exit. Without it the tables are read when somebody
 * asks. What the host writes for the guest (INS, emulated instructions, DMA, task switches, a
 * debugger's writes too) guest/memory.h notes in the same bits. With these flags on, the CPU's walk
 * of the guest's page tables counts as a write to them.
 * Spec: SDM 3C "Accessed and Dirty Flags for EPT", "Page-Modification Logging".
 */
#include "toolkit/dirty.h"

#include "kernel/log.h"
#include "kernel/panic.h"
#include "mm/phys.h"
#include "toolkit/pool.h"
#include "toolkit/tools.h"
#include "vmx/core.h"
#include "vmx/inject.h"
#include "vmx/vmcs.h"

#define SUMMARY_TEXT 280u
#define LOG_ENTRIES  512u
#define LOG_FIRST    (LOG_ENTRIES - 1) /* the index counts down */

struct dirty {
	bool on;
	struct guest_written written;
	unsigned order; /* of written.bits */
	hpa_t log;      /* if vmx_caps.pml */
	uint64_t leaf_before;
	uint64_t log_full;
	char summary[SUMMARY_TEXT];
};

extern const struct tool tool_dirty;

static struct dirty *dirty_of(const struct vm *vm)
{
	return tool_state(vm->tools, &tool_dirty);
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	if (!watch_any(t, WATCH_DIRTY))
		return false;
	if (!vmx_caps.ept_flags)
		c->missing = "accessed and dirty flags for EPT (IA32_VMX_EPT_VPID_CAP, bit 21)";
	if (vmx_caps.pml)
		c->on[CONTROL_PROC2] |= (uint32_t)PROC2_PML;
	return true;
}

/* ---- what the CPU has noted ---- */

static bool is_dirty(const struct ept *e, uint64_t at)
{
	struct ept_leaf leaf;

	return ept_walk(e, gpa(at), &leaf) == OK && leaf.dirty;
}

/* With the A20 line low an odd MiB shows the even one below. Which tables the CPU used does not
 * stand in its log, but the flag does in the tables. */
static void mark_logged(struct vm *vm, struct dirty *d, uint64_t at)
{
	bool shadow = vm->ept_a20_made && is_dirty(&vm->ept_a20, at);

	if (shadow)
		guest_written_mark(&d->written, at & ~GUEST_A20_BIT, 1);
	if (!shadow || is_dirty(&vm->ept, at))
		guest_written_mark(&d->written, at, 1);
}

static void drain_log(struct vm *vm, struct dirty *d)
{
	const uint64_t *log = phys_ptr(d->log);
	uint64_t index = vmcs_read(VMCS_GUEST_PML_INDEX); /* FFFFh: all are used */

	for (uint64_t i = index > LOG_FIRST ? 0 : index + 1; i < LOG_ENTRIES; i++)
		mark_logged(vm, d, log[i]);
	vmcs_write(VMCS_GUEST_PML_INDEX, LOG_FIRST);
}

static void add_flags(const struct ept *e, uint64_t at, bool *accessed, bool *dirty)
{
	struct ept_leaf leaf;

	if (ept_walk(e, gpa(at), &leaf) != OK)
		return;
	*accessed |= leaf.accessed;
	*dirty |= leaf.dirty;
}

/* Reads the flags of all pages; returns how many were accessed. */
static uint64_t scan(struct vm *vm, struct dirty *d)
{
	uint64_t count = 0;

	for (uint64_t page = 0; page < d->written.pages; page++) {
		uint64_t at = guest_written_address(page);
		bool accessed = false, dirty = false;

		add_flags(&vm->ept, at, &accessed, &dirty);
		if (vm->ept_a20_made && !(at & GUEST_A20_BIT)) {
			add_flags(&vm->ept_a20, at, &accessed, &dirty);
			add_flags(&vm->ept_a20, at | GUEST_A20_BIT, &accessed, &dirty);
		}
		count += accessed;
		if (dirty && !vmx_caps.pml)
			guest_written_mark(&d->written, at, 1);
	}
	return count;
}

bool dirty_look(struct vm *vm, struct dirty_pages *pages)
{
	struct dirty *d = dirty_of(vm);

	if (!d->on)
		return false;
	lock_acquire(&vm->lock);
	if (vmx_caps.pml)
		drain_log(vm, d);
	*pages = (struct dirty_pages){.written = &d->written,
				      .accessed = scan(vm, d),
				      .by_log = vmx_caps.pml,
				      .log_full = d->log_full};
	lock_release(&vm->lock);
	return true;
}

static void clear_flags(struct vm *vm)
{
	ept_clear_flags(&vm->ept);
	if (vm->ept_a20_made)
		ept_clear_flags(&vm->ept_a20);
	vm->vcpu.flush_ept = true;
	vm->vcpu.prepare |= PREPARE_EVENTS;
}

void dirty_reset(struct vm *vm)
{
	struct dirty *d = dirty_of(vm);

	lock_acquire(&vm->lock);
	guest_written_clear(&d->written);
	d->log_full = 0;
	clear_flags(vm);
	lock_release(&vm->lock);
}

/* ---- on and off ---- */

static void free_frames(hpa_t at, unsigned order)
{
	if (frames_free(vmx_frames, at, order) != OK)
		panic("the frames of watch=dirty cannot be given back");
}

static void release(struct dirty *d)
{
	free_frames(phys_of(d->written.bits), d->order);
	if (vmx_caps.pml)
		free_frames(d->log, 0);
	d->on = false;
}

static enum status take(const struct vm *vm, struct dirty *d)
{
	uint64_t ram_bytes = vm->memory.len_bytes;
	enum status s;
	hpa_t bits;

	d->order = frames_order_for(guest_written_bytes(ram_bytes));
	s = frames_alloc_zeroed(vmx_frames, d->order, &bits);
	if (s != OK)
		return s;
	if (vmx_caps.pml)
		s = frames_alloc(vmx_frames, 0, &d->log);
	if (s != OK)
		free_frames(bits, d->order);
	d->written = (struct guest_written){.bits = phys_ptr(bits), .pages = ram_bytes / PAGE_4K};
	return s;
}

/* A guest in a view of its own (views=) stays there; only the VM's own tables have the flags. */
static void set_flags(struct vm *vm, bool on)
{
	bool in_force = vmcs_read(VMCS_EPT_POINTER) == ept_pointer(vm_ept(vm), vm->ept_flags);

	vm->ept_flags = on;
	if (in_force)
		vm_load_ept(vm);
}

static enum status start(struct vm *vm)
{
	struct dirty *d = dirty_of(vm);
	enum status s = take(vm, d);

	if (s != OK)
		return s;
	lock_acquire(&vm->lock);
	d->leaf_before = vm->ept.max_leaf;
	s = ept_limit(&vm->ept, PAGE_4K);
	if (s == OK) {
		d->on = true;
		d->log_full = 0;
		clear_flags(vm);
		vm->memory.written = &d->written;
		set_flags(vm, true);
		if (vmx_caps.pml) {
			vmcs_write(VMCS_PML_ADDRESS, d->log.raw);
			vmcs_write(VMCS_GUEST_PML_INDEX, LOG_FIRST);
		}
	} else {
		release(d);
	}
	lock_release(&vm->lock);
	return s;
}

static void stop(struct vm *vm)
{
	struct dirty *d = dirty_of(vm);

	lock_acquire(&vm->lock);
	vm->memory.written = NULL;
	set_flags(vm, false);
	if (ept_limit(&vm->ept, d->leaf_before) != OK)
		panic("leaves of EPT may not be as large as they were");
	pool_join_all(vm);
	release(d);
	lock_release(&vm->lock);
}

static enum status begin(struct vm *vm, char *message)
{
	enum status s = OK;

	dirty_of(vm)->summary[0] = '\0';
	if (watch_any(vm->tools, WATCH_DIRTY))
		s = start(vm);
	if (s != OK)
		text_format(message, TOOL_TEXT, "watch=dirty, tables for 4 KiB pages: %s",
			    status_text(s));
	return s;
}

/* Where it cannot be started the flags stay off, and so does the log. */
static void change(struct vm *vm)
{
	bool wanted = watch_any(vm->tools, WATCH_DIRTY);
	enum status s;

	if (dirty_of(vm)->on && !wanted)
		stop(vm);
	if (dirty_of(vm)->on || !wanted)
		return;
	s = start(vm);
	if (s != OK)
		log_error(LOG_WATCH, "%s: watch dirty sees nothing, tables for 4 KiB pages: %s",
			  vm->config.name, status_text(s));
}

/* ---- a run's end ---- */

static void summarise(const struct dirty_pages *p, char *text)
{
	uint64_t at = 0, end;
	bool first = true;
	size_t len = text_format(text, SUMMARY_TEXT, "%llu pages written, %llu accessed",
				 (unsigned long long)guest_written_count(p->written),
				 (unsigned long long)p->accessed);

	for (; guest_written_next(p->written, &at, &end); at = end, first = false) {
		if (len + 2 * 20 > SUMMARY_TEXT) {
			text_format(text + len, SUMMARY_TEXT - len, " ...");
			return;
		}
		len += text_format(text + len, SUMMARY_TEXT - len, "%s %08llx-%08llx",
				   first ? ":" : "", (unsigned long long)at,
				   (unsigned long long)end - 1);
	}
}

static void end(struct vm *vm)
{
	struct dirty *d = dirty_of(vm);
	struct watch *w = watch_find(vm->tools, WATCH_DIRTY, 0);
	struct dirty_pages pages;

	if (!dirty_look(vm, &pages))
		return;
	if (w)
		w->hits = guest_written_count(pages.written);
	summarise(&pages, d->summary);
	vm->memory.written = NULL;
	vm->ept_flags = false;
	release(d);
}

static void report(struct vm *vm)
{
	const struct dirty *d = dirty_of(vm);

	if (d->summary[0])
		log_info(LOG_WATCH, "%s: %s", vm->config.name, d->summary);
	if (d->summary[0] && d->log_full)
		log_info(LOG_WATCH, "%s: the page-modification log was full %llu times",
			 vm->config.name, (unsigned long long)d->log_full);
}

/* ---- the log is full ---- */

static enum exit_action see_full(struct vcpu *v, struct tool_exit *x)
{
	struct dirty *d = dirty_of(v->vm);

	if (!d->on)
		return tool_pass(v, x);
	inject_block_nmis_again(v, v->qualification);
	lock_acquire(&v->vm->lock);
	drain_log(v->vm, d);
	d->log_full++;
	lock_release(&v->vm->lock);
	return EXIT_RETRY;
}

const struct tool tool_dirty = {
	.name = "dirty",
	.state_bytes = sizeof(struct dirty),
	.reasons = BIT(EXIT_REASON_PML_FULL),
	.fit = fit,
	.begin = begin,
	.change = change,
	.end = end,
	.report = report,
	.exit = see_full,
};
