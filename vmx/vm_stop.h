/*
 * vmx/vm_stop.h - a VM that a debugger stops: what the VM's own core knows and does of it.
 *
 * The other side is vmx/vm_debug.h. All but what is said of flags and lock belongs to the VM's
 * core.
 */
#pragma once

#include "kernel/lock.h"
#include "vmx/vm_debug.h"

struct vcpu;
struct vm;
struct vm_points;

/* In vm_debug.flags. */
#define VM_STOP_WANTED 1u
#define VM_STOPPED     2u
#define VM_GOES_ON     4u /* if it is stopped, by its own core; VM_STEPS: for one instruction */
#define VM_STEPS       8u
#define VM_LEFT_ALONE  16u /* its points are to go */

struct vm_debug {
	uint32_t flags;   /* atomic; 0: nobody debugs it, or it runs */
	bool attached;    /* what ends the VM stops it first */
	bool fatal;       /* that has come: next holds which */
	struct lock lock; /* guards event and event_waits; never held for long */
	bool event_waits; /* nobody was told of it yet */
	struct vm_stop event;
	struct vm_stop next;        /* what the next stop will say */
	struct vm_points *points;   /* breakpoints and watchpoints; NULL: none (vmx/vm_break.h) */
	uint64_t stop_ns, stop_tsc; /* when it was stopped, by the host's clock */
};

/* The VM's next stop is for this reason, and comes before it runs again. On its core, or before it
 * is known to any. */
void vm_stop_soon(struct vm *vm, const struct vm_stop *why);

/* Nobody debugs it any more: its points go, and no stop comes that was to come. On its core, with
 * its VMCS. */
void vm_stop_leave(struct vm *vm);

/* What these flags say could not be done now, in the middle of a hold: before its next run. From
 * any core. */
void vm_stop_later(struct vm *vm, uint32_t flags);

/* At once: no guest of this core is in the middle of an exit. */
void vm_stop_now(struct vm *vm);

/* The VM is about to end by this: one that is attached stops first. On its core. */
void vm_stop_fatal(struct vm *vm, enum vm_stop_reason reason, uint32_t number);

/* Between two runs of a VM whose flags are not 0: stops it if that is wanted. True: it is stopped,
 * and does not run. */
bool vm_stop_look(struct vm *vm);

/* After the end of a VM that is about to be taken down: true if it is stopped instead. */
bool vm_stop_at_end(struct vm *vm);

/* A stopped VM goes on, its clock too; step: for one instruction. On its core, with its VMCS. */
void vm_stop_resume(struct vm *vm, bool step);

/* All cores are held from now on, or (false) not any more. While they are, VMs stop and go on at
 * the moment when it began. By one core, which holds the others. */
void vm_stop_hold_time(bool begins);

/* It goes on where all cores were held: its clock, from when that began. On its core. */
void vm_stop_skip_time(struct vm *vm);

/* The VM is over. */
void vm_stop_ended(struct vm *vm, bool well);
