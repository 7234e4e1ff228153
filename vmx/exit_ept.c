/*
 * vmx/exit_ept.c - guest-physical addresses that are not RAM.
 *
 * What nobody claims behaves like an empty bus: reads give all ones and writes vanish. The
 * instruction that came there is carried out by guest/emulate.h, with devices on the MMIO bus, so
 * each access is seen and counted. A write to ROM is lost like one to nobody.
 *
 * What the emulator does not know (SSE, FXSAVE, far calls, page tables out there...) need not stop
 * a guest where nobody answers: a read finds a page of ones mapped there; a write is let through to
 * that page for one instruction, and then the page is filled with ones again. Only a few such pages
 * are mapped at a time, so that a guest that touches all addresses costs no memory. At a device's
 * address, and at a write to ROM, it ends the VM with the bytes shown.
 * Spec: SDM 3C "EPT Violations", "Exit Qualification for EPT Violations".
 */
#include "guest/emulate.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/step.h"
#include "vmx/vm.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"

#define VIOLATION_WRITE  BIT(1)
#define VIOLATION_FETCH  BIT(2)
#define VIOLATION_LINEAR BIT(7) /* a linear address was used */
#define VIOLATION_FINAL  BIT(8) /* the access to what it translates to */

static struct vm_void *find_void(struct vm *vm, gpa_t page)
{
	for (unsigned i = 0; i < VM_VOID_MAX; i++) {
		if (vm->voids[i].mapped && vm->voids[i].at.raw == page.raw)
			return &vm->voids[i];
	}
	return NULL;
}

/* Takes the oldest mapping away for a new one. */
static enum status map_void(struct vcpu *v, gpa_t page)
{
	struct vm *vm = v->vm;
	struct vm_void *slot = &vm->voids[vm->void_next];
	enum status s;

	if (slot->mapped) {
		s = ept_unmap(vm_ept(vm), slot->at, PAGE_4K);
		if (s != OK)
			return s;
		slot->mapped = false;
		v->flush_ept = true;
		v->prepare |= PREPARE_EVENTS;
	}
	s = ept_map(vm_ept(vm), page, vm->void_page, PAGE_4K, EPT_READ | EPT_EXEC, EPT_WB);
	if (s != OK)
		return s;
	*slot = (struct vm_void){.at = page, .mapped = true};
	vm->void_next = (vm->void_next + 1) % VM_VOID_MAX;
	return OK;
}

/* The page may be written until the instruction is over. */
static enum status step_over_write(struct vcpu *v, struct vm_void *page)
{
	enum status s = ept_protect(vm_ept(v->vm), page->at, PAGE_4K, EPT_RWX);

	if (s != OK)
		return s;
	page->writable = true;
	v->flush_ept = true;
	step_begin(v, STEP_OVER_WRITE);
	return OK;
}

void ept_protect_voids(struct vcpu *v)
{
	struct vm *vm = v->vm;

	lock_acquire(&vm->lock);
	for (unsigned i = 0; i < VM_VOID_MAX; i++) {
		if (!vm->voids[i].writable)
			continue;
		/* It is mapped as one 4 KiB leaf: this cannot need a new table. */
		if (ept_protect(vm_ept(vm), vm->voids[i].at, PAGE_4K, EPT_READ | EPT_EXEC) != OK)
			vm_end(vm, false, "unclaimed memory at %#llx cannot be protected again",
			       (unsigned long long)vm->voids[i].at.raw);
		vm->voids[i].writable = false;
	}
	memset(phys_ptr(vm->void_page), 0xff, PAGE_4K);
	lock_release(&vm->lock);
	v->flush_ept = true;
	v->prepare |= PREPARE_EVENTS;
}

enum exit_action exit_mtf(struct vcpu *v)
{
	(void)v; /* it was the end of a step, and vmx/step.c follows */
	return EXIT_RETRY;
}

static enum status touch_void(struct vcpu *v, gpa_t at, bool write)
{
	struct vm *vm = v->vm;
	gpa_t page = gpa(align_down(at.raw, PAGE_4K));
	struct vm_void *known = find_void(vm, page);
	enum status s;

	if (!known) {
		s = map_void(v, page);
		if (s != OK)
			return s;
		known = find_void(vm, page);
	}
	vm->void_touches++;
	return write ? step_over_write(v, known) : OK;
}

/* ---- the emulator's way ---- */

/* The instruction at RIP made the access itself: it was not a walk of its page tables, not its own
 * fetch, and not the delivery of an event. */
static bool made_by_instruction(const struct vcpu *v)
{
	const uint64_t its_own = VIOLATION_LINEAR | VIOLATION_FINAL;

	return (v->qualification & (its_own | VIOLATION_FETCH)) == its_own &&
	       !(v->event.info & EVENT_VALID);
}

static enum exit_action unknown_instruction(struct vcpu *v, gpa_t at, const char *owner,
					    const struct emulate_report *report)
{
	char bytes[3 * DECODE_BUFFER + 1] = "";

	for (unsigned i = 0; i < report->count; i++)
		text_format(bytes + 3 * i, 4, " %02x", report->bytes[i]);
	return vm_end(v->vm, false, "%s at %#llx is touched by an unknown instruction at %#llx:%s",
		      owner, (unsigned long long)at.raw, (unsigned long long)v->rip, bytes);
}

/* EXIT_UNHANDLED: the emulator does not know the instruction, and nobody's memory is touched. */
static enum exit_action emulate(struct vcpu *v, gpa_t at)
{
	struct vm *vm = v->vm;
	const char *owner = mmio_bus_owner(&vm->platform.mmio, at);
	struct guest_cpu_state s;
	struct emulate_report report;
	struct guest_fault fault;

	if (guest_memory_is_rom(&vm->memory, at))
		owner = "ROM";
	vcpu_read_instruction_state(v, &s);
	switch (emulate_instruction(&s, &vm->memory, &vm->platform.mmio, vm_now_ns(vm), &report,
				    &fault)) {
	case EMULATE_DONE:
		/* The exit has saved it set (SDM 3C "Saving RIP, RSP, and RFLAGS"). */
		s.rflags &= ~RFLAGS_RF;
		vcpu_write_instruction_state(v, &s);
		vcpu_advance(v, s.rip);
		return EXIT_RETRY;
	case EMULATE_AGAIN:
		vcpu_write_instruction_state(v, &s);
		if (s.rflags & RFLAGS_TF)
			inject_after_skip(v, vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), s.rflags);
		return EXIT_RETRY;
	case EMULATE_FAULT:
		/* REP stands as after its last whole element, with its flags. */
		vcpu_write_instruction_state(v, &s);
		return inject_fault(v, &fault);
	case EMULATE_UNKNOWN:
	case EMULATE_UNSUPPORTED:
		break;
	}
	return owner ? unknown_instruction(v, at, owner, &report) : EXIT_UNHANDLED;
}

static enum exit_action touch(struct vcpu *v, gpa_t at, bool write)
{
	enum exit_action action = EXIT_UNHANDLED;
	enum status s;

	if (made_by_instruction(v))
		action = emulate(v, at);
	if (action != EXIT_UNHANDLED)
		return action;
	s = guest_memory_is_rom(&v->vm->memory, at) ? ERR_UNSUPPORTED : touch_void(v, at, write);
	if (s != OK)
		return vm_end(v->vm, false, "access to unclaimed memory or ROM at %#llx: %s",
			      (unsigned long long)at.raw, status_text(s));
	return EXIT_RETRY;
}

enum exit_action exit_ept_violation(struct vcpu *v)
{
	struct vm *vm = v->vm;
	gpa_t at = gpa(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS));
	bool write = (v->qualification & VIOLATION_WRITE) != 0;
	enum exit_action action;

	vcpu_last_exit(v)->key = (uint32_t)min_u64(at.raw / PAGE_4K, UINT32_MAX);
	inject_block_nmis_again(v, v->qualification);
	log_debug(LOG_EPT, "%s: %s of memory that is not RAM at %#llx, RIP %#llx", vm->config.name,
		  write ? "write" : "read", (unsigned long long)at.raw, (unsigned long long)v->rip);
	lock_acquire(&vm->lock);
	if (LIKELY(!vm->debug.points) || !vm_break_violation(v, at, &action))
		action = touch(v, at, write);
	lock_release(&vm->lock);
	return action;
}

enum exit_action exit_ept_misconfiguration(struct vcpu *v)
{
	gpa_t at = gpa(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS));
	const char *name = v->vm->config.name;
	char lines[EPT_LEVELS][EPT_LINE];
	struct ept_cpu cpu = vm_ept_cpu(v->vm);
	unsigned count = ept_walk_text(vm_ept(v->vm), at, &cpu, lines);

	vcpu_last_exit(v)->key = (uint32_t)min_u64(at.raw / PAGE_4K, UINT32_MAX);
	log_error(LOG_EPT, "%s: EPT misconfiguration at %#llx:", name, (unsigned long long)at.raw);
	for (unsigned i = 0; i < count; i++)
		log_error(LOG_EPT, "%s:   %s", name, lines[i]);
	return EXIT_UNHANDLED;
}
