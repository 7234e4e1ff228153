/*
 * vmx/vm_debug.h - a VM under a debugger: stop, look, step, break, watch, go on.
 *
 * Called from any core, by one caller at a time (who holds the debugger's lock), with interrupts
 * off; what must happen on the vCPU's core is carried there (vmx_call_core()). While a VM is
 * stopped its devices' clock and its TSC stand still, and other VMs run on. Nothing of a breakpoint
 * or a step can be seen by the guest, except as docs/debugging.md says.
 * Spec: SDM 3B "Debug Registers", SDM 3C "Monitor Trap Flag", "EPT Violations".
 */
#pragma once

#include "guest/cpu_state.h"
#include "guest/debug_plan.h"
#include "kernel/status.h"

struct vm;

enum vm_stop_reason {
	VM_STOP_ASKED,
	VM_STOP_START, /* debug=wait: before the first instruction */
	VM_STOP_STEP,
	VM_STOP_BREAKPOINT, /* DEBUG_POINT_SOFTWARE */
	VM_STOP_HARDWARE,   /* DEBUG_POINT_HARDWARE */
	VM_STOP_WATCH,      /* address: the watched one; kind: which */
	VM_STOP_TRIPLE_FAULT,
	VM_STOP_ENTRY_FAILURE,
	VM_STOP_UNHANDLED, /* number: the basic exit reason */
	VM_STOP_ENDED,     /* the VM is over; number: 0 well, else not */
};

struct vm_stop {
	enum vm_stop_reason reason;
	enum debug_point_kind kind;
	uint64_t address;
	uint32_t number;
};

/* From now on a triple fault, a failed VM entry and an unhandled exit stop the VM; it ends (or is
 * reset) when it goes on. detach: breakpoints and watchpoints go, and it runs. */
void vm_debug_attach(struct vm *vm);
void vm_debug_detach(struct vm *vm);

/* Has it begun, and not ended for good? Also while a debugger holds it at its end, and between a
 * reset's two machines. */
bool vm_debug_is_there(const struct vm *vm);

/* Asks; vm_debug_is_stopped() soon. Nothing if it is stopped, or has ended. */
void vm_debug_stop(struct vm *vm);
bool vm_debug_is_stopped(const struct vm *vm);

/* All cores are held: for the VMs it is this moment, whatever is stopped and goes on, until the
 * second call, right before the cores go on. */
void vm_debug_hold_time(void);
void vm_debug_skip_time(void);

/* True: a stop that was not told yet. */
bool vm_debug_next_stop(struct vm *vm, struct vm_stop *s);

/* A stopped VM goes on. step: one instruction; an iteration of REP, an interrupt's or exception's
 * delivery count as one. */
void vm_debug_resume(struct vm *vm, bool step);

/* A VM's state; of one that runs, as of its last exit, and only to be read. CR2, DR0 to DR3 (out of
 * dr), DR6 and DR7 are the guest's own. fpu: FXSAVE's image, GUEST_FPU_BYTES, or NULL.
 * ERR_INVALID: it has no machine now; write: or it runs, or the CPU could not enter with that, and
 * then nothing has changed. ERR_TIMEOUT: its core does not answer. */
MUST_CHECK enum status vm_debug_read_state(struct vm *vm, struct guest_cpu_state *s, uint64_t dr[4],
					   void *fpu);
MUST_CHECK enum status vm_debug_write_state(struct vm *vm, const struct guest_cpu_state *s,
					    const uint64_t dr[4], const void *fpu);

/* By linear address through the guest's paging as it is now, without accessed and dirty flags, or
 * by guest-physical address; any state of the VM that has memory. *done: bytes before the first
 * that is not there (ERR_RANGE if 0). Devices' memory is not touched. */
MUST_CHECK enum status vm_debug_read(struct vm *vm, bool physical, uint64_t at, void *to,
				     size_t len_bytes, size_t *done);
MUST_CHECK enum status vm_debug_write(struct vm *vm, bool physical, uint64_t at, const void *from,
				      size_t len_bytes, size_t *done);

/* Linear addresses. ERR_FULL, ERR_RANGE (needs memory that is not mapped), ERR_INVALID. One that is
 * there already, or is not there: OK. */
MUST_CHECK enum status vm_debug_insert(struct vm *vm, enum debug_point_kind kind, uint64_t at,
				       uint64_t len_bytes);
MUST_CHECK enum status vm_debug_remove(struct vm *vm, enum debug_point_kind kind, uint64_t at,
				       uint64_t len_bytes);

/* From the monitor, in any state: the VM ends (well or not), is reset, or, ended, starts again.
 * ERR_INVALID: not in this state. */
MUST_CHECK enum status vm_debug_end(struct vm *vm, bool well, const char *text);
MUST_CHECK enum status vm_debug_reset(struct vm *vm);
MUST_CHECK enum status vm_debug_start(struct vm *vm);

/* by_hand_inject() of vmx/by_hand.h. ERR_NOT_FOUND: the VM does not run. */
MUST_CHECK enum status vm_debug_inject(struct vm *vm, uint8_t vector, bool with_error,
				       uint32_t error_code);
