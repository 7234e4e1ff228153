/*
 * vmx/trace.h - where the trace looks: the trace points, and who gets what they see.
 *
 * Off, a point is one branch on v->trace, which is 0. On, all exits of that VM go the long way. A
 * record is handed on where it is made: on the vCPU's core, interrupts off, perhaps with the VM's
 * lock held. Who takes it neither waits nor logs.
 */
#pragma once

#include "vmx/exit.h"
#include "vmx/trace_record.h"

/* In v->trace, beside the kinds. */
#define TRACE_TO_LOG BIT(15) /* log=exit:trace wants to know */
#define TRACE_TOOLS  BIT(14) /* the toolkit sees each exit first */

/* Filled in by debug/trace.c before any VM starts; NULL: nobody wants anything. */
struct vmx_trace_ops {
	void (*note)(const struct trace_record *r);
	/* BIT(enum trace_kind): what is wanted of a VM that starts; for vm->trace. */
	uint16_t (*kinds_of)(const struct vm *vm);
};

extern struct vmx_trace_ops vmx_trace;

/* What v->trace is for the run that begins; it still is what it was for the one before. */
uint16_t trace_of_run(struct vcpu *v);

/* v->trace is not 0: logs and notes the exit, and calls its handler in between. */
enum exit_action trace_exit(struct vcpu *v);

/* What the next entry brings the guest, and that it has slept. */
void trace_entry(struct vcpu *v);

/* The vCPU goes to sleep; after cpu_irq_window(). */
void trace_halt(struct vcpu *v);
void trace_host(struct vcpu *v);

/* number: the exit reason or VMX_ENTER_...; error: the VM-instruction error or 0. */
void trace_failure(struct vcpu *v, uint32_t number, uint64_t error);

/* For all VMs, traced or not. */
void trace_vm(struct vm *vm, enum trace_vm_event event);
