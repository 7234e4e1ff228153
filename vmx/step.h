/*
 * vmx/step.h - the guest goes on for one instruction.
 *
 * For a debugger, and where an instruction may do for once what it may not (vmx/exit_ept.c,
 * vmx/vm_break.c). An event's delivery is a step of its own, and ends before the first instruction
 * of its handler; so is one iteration of REP. Interrupts and NMIs wait while a step lasts, but for
 * one over HLT and one by step_begin_open(). A step goes on through exits that have nothing to do
 * with it.
 *
 * By the monitor trap flag; on a CPU without it by RFLAGS.TF. That flag is the guest's own again at
 * every exit before anybody looks; what would show it is put right or done in another way:
 * - all exceptions exit, so that none is delivered with it;
 * - INT n, INT3, INTO and INT1 go in as events;
 * - PUSHF's image and SYSCALL's R11 are corrected; what POPF, IRET and SYSRET load stays.
 * MOV SS and POP SS hold the trap off, so the next instruction belongs to their step.
 * Spec: SDM 3C "Monitor Trap Flag", "VMX-Preemption Timer", "Event Injection"; SDM 3B
 * "Single-Step Exception Condition".
 */
#pragma once

#include "guest/decode.h"
#include "vmx/vcpu.h"

#define STEP_FETCH_BYTES DECODE_MAX_BYTES

/* The guest's next instruction, or the delivery that comes before it, is done alone; why: STEP_...
 * of vmx/vcpu.h. The vCPU is loaded. */
void step_begin(struct vcpu *v, uint8_t why);

/* The bytes at RIP of s, which vcpu_read_state() has read: as many as can be fetched there. */
unsigned step_fetch(struct vcpu *v, const struct guest_cpu_state *s,
		    uint8_t bytes[STEP_FETCH_BYTES]);

/* The same for STEP_FOR_TOOL, but that an interrupt or NMI may come first: who goes through a guest
 * step by step would keep them away for ever. If others want a step they are served first. */
void step_begin_open(struct vcpu *v);

/* It is no longer wanted for this. */
void step_cancel(struct vcpu *v, uint8_t why);

/* Before an entry, while v->stepping: first what may become an event, then the step itself. */
void step_before_event(struct vcpu *v);
void step_arm(struct vcpu *v);

/* After an exit, while v->stepping: before its handler, and after it; what the handler wants, and
 * what it is to be. The instruction has been skipped if it was to be. */
void step_leave(struct vcpu *v);
enum exit_action step_follow(struct vcpu *v, enum exit_action action);
