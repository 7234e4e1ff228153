/*
 * vmx/trace_record.h - what one event of the trace is.
 *
 * Pure: vmx/trace.c makes records, debug/trace_*.c keeps, filters, prints and sends them.
 * debug/lintel-trace knows the same kinds; tests/system/test_trace.py holds the two together.
 */
#pragma once

#include "kernel/types.h"

enum trace_kind {
	TRACE_EXIT,   /* an exit that is none of the next four */
	TRACE_IO,     /* IN, OUT, INS, OUTS */
	TRACE_MSR,    /* RDMSR, WRMSR */
	TRACE_CPUID,  /* CPUID */
	TRACE_MMIO,   /* an EPT violation */
	TRACE_INJECT, /* the next entry carries an event */
	TRACE_IRQ,    /* an input, or a register, of the guest's PICs is not as it was */
	TRACE_FAIL,   /* a VM entry that failed */
	TRACE_VM,     /* a VM's life: enum trace_vm_event */
	TRACE_HALT,   /* the vCPU sleeps */
	TRACE_WAKE,   /* and no longer */
	TRACE_HOST,   /* interrupts of the host between two runs of the guest, or a kick */
	TRACE_KINDS
};

#define TRACE_EXITS                                                                                \
	(BIT(TRACE_EXIT) | BIT(TRACE_IO) | BIT(TRACE_MSR) | BIT(TRACE_CPUID) | BIT(TRACE_MMIO))
#define TRACE_ALL (BIT(TRACE_KINDS) - 1)

enum trace_vm_event {
	TRACE_VM_START,
	TRACE_VM_END,
	TRACE_VM_RESET,
	TRACE_VM_STOP,
	TRACE_VM_EVENTS
};

#define TRACE_ACTIONS 6u /* enum exit_action in vmx/vcpu.h */

/*
 * 48 bytes. tsc is that of the beginning; a record is noted when its event is over.
 *
 *	      reason          qualification          value             detail
 *	exit  exit reason     that of the exit       (a)               (b)
 *	io    30              that of the exit       AL, AX, EAX       0
 *	msr   31, 32          the MSR's number       read or written   0
 *	cpuid 10              EAX, ECX << 32 before  EAX, EBX << 32    0
 *	mmio  48              guest-physical address read or written   exit qualification
 *	inject event (SDM 3C  CR2 with a #PF         0                 error code
 *	      "Event Injection")
 *	irq   0               PICs before (c)        PICs now (c)      0
 *	fail  exit reason, or exit qualification     VM-instruction    0
 *	      VMX_ENTER_...                          error, if known
 *	vm    trace_vm_event  0                      1: it ended well  0
 *	halt, wake  0         0                      0                 0
 *	host  interrupts      0                      cpu->pending      0
 *
 * (a) VMCALL: EAX after it; MOV to and from CR: the register before it.
 * (b) exception or NMI: the interruption information; VMCALL: EAX before it.
 * (c) bytes from bit 0 up: master's inputs, ISR, IMR; slave's inputs, ISR, IMR; INT.
 * INS and OUTS: value is 0. duration_ticks of a wake is that of the sleep.
 */
struct trace_record {
	uint64_t tsc;
	uint64_t rip; /* the guest's */
	uint64_t qualification;
	uint64_t value;
	uint32_t duration_ticks; /* from the exit to the end of its handler; stops at the most */
	uint32_t reason;
	uint32_t detail;
	uint8_t vm, vcpu;
	uint8_t kind;
	uint8_t action; /* exits: enum exit_action, what the handler returned */
};

/* When it was noted: records of one core come in this order. */
static inline uint64_t trace_record_end(const struct trace_record *r)
{
	return r->kind <= TRACE_MMIO ? r->tsc + r->duration_ticks : r->tsc;
}
