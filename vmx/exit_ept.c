/*
 * vmx/exit_ept.c - guest-physical addresses that are not RAM.
 *
 * What nobody claims behaves like an empty bus: reads give all ones and writes vanish. No
 * instruction is decoded for it. A read finds a page of ones mapped there; a write is let through
 * to that page for one instruction, and then the page is filled with ones again. Only a few such
 * pages are mapped at a time, so that a guest that touches all addresses costs no memory.
 *
 * The one instruction is bounded by the monitor trap flag; on a CPU without it, by RFLAGS.TF and
 * the #DB that we intercept anyway. Then an instruction that faults after its write was let through
 * pushes RFLAGS with TF set: the one difference that a guest could find.
 * Spec: SDM 3C "EPT Violations", "Exit Qualification for EPT Violations", "Monitor Trap Flag".
 */
#include "kernel/log.h"
#include "kernel/string.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define VIOLATION_WRITE         BIT(1)
#define VIOLATION_NMI_UNBLOCKED BIT(12)

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

static void set_step(struct vcpu *v, bool on)
{
	uint64_t rflags;

	if (vmx_caps.mtf) {
		v->proc_controls =
			(v->proc_controls & ~(uint32_t)PROC_MTF) | (on ? (uint32_t)PROC_MTF : 0);
		vmcs_write(VMCS_PROC_CONTROLS, v->proc_controls);
		return;
	}
	rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	if (on) {
		v->step_tf_was_on = (rflags & RFLAGS_TF) != 0;
		/* TF together with blocking is a state that VM entry refuses; nothing is injected
		 * during the step, and after it the blocking would have ended anyway. */
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) &
				   ~(INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS));
		vmcs_write(VMCS_GUEST_RFLAGS, rflags | RFLAGS_TF);
	} else if (!v->step_tf_was_on) {
		vmcs_write(VMCS_GUEST_RFLAGS, rflags & ~RFLAGS_TF);
	}
}

/* The page may be written until the instruction is over. */
static enum status step_over_write(struct vcpu *v, struct vm_void *page)
{
	enum status s = ept_protect(vm_ept(v->vm), page->at, PAGE_4K, EPT_RWX);

	if (s != OK)
		return s;
	page->writable = true;
	v->flush_ept = true;
	v->prepare |= PREPARE_EVENTS;
	if (!v->stepping) /* else: the second page of one instruction */
		set_step(v, true);
	v->stepping = true;
	return OK;
}

void ept_step_end(struct vcpu *v)
{
	struct vm *vm = v->vm;

	/* That may be the second page of the same instruction. */
	if (v->last_exit->reason == EXIT_REASON_EPT_VIOLATION)
		return;
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
	v->stepping = false;
	/* For the #DB handler alone: a later #DB of the guest's own must not be taken for ours. */
	v->step_ended = v->last_exit->reason == EXIT_REASON_EXCEPTION_OR_NMI;
	v->flush_ept = true;
	v->prepare |= PREPARE_EVENTS;
	set_step(v, false);
}

enum exit_action exit_mtf(struct vcpu *v)
{
	v->prepare |= PREPARE_EVENTS; /* before the handler, the step was ended */
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
	if (write) {
		vm->void_writes++;
		return step_over_write(v, known);
	}
	vm->void_reads++;
	return OK;
}

enum exit_action exit_ept_violation(struct vcpu *v)
{
	struct vm *vm = v->vm;
	gpa_t at = gpa(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS));
	bool write = (v->qualification & VIOLATION_WRITE) != 0;
	enum status s;

	/* SDM 3C "Information for VM Exits Due to Vectored Events": IRET had unblocked NMIs. */
	if ((v->qualification & VIOLATION_NMI_UNBLOCKED) && !(v->event.info & EVENT_VALID))
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) | INTERRUPTIBILITY_NMI);
	log_debug(LOG_EPT, "%s: %s of unclaimed memory at %#llx, RIP %#llx", vm->config.name,
		  write ? "write" : "read", (unsigned long long)at.raw, (unsigned long long)v->rip);
	lock_acquire(&vm->lock);
	s = touch_void(v, at, write);
	lock_release(&vm->lock);
	if (s != OK)
		return vm_end(vm, false, "access to unclaimed memory at %#llx: %s",
			      (unsigned long long)at.raw, status_text(s));
	return EXIT_RETRY;
}

enum exit_action exit_ept_misconfiguration(struct vcpu *v)
{
	struct ept_leaf leaf;
	gpa_t at = gpa(vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS));

	if (ept_walk(vm_ept(v->vm), at, &leaf) == OK)
		log_error(LOG_EPT, "%s: the leaf of %#llx leads to %#llx, rights %u, type %d",
			  v->vm->config.name, (unsigned long long)at.raw,
			  (unsigned long long)leaf.at.raw, leaf.perm, leaf.type);
	return EXIT_UNHANDLED;
}
