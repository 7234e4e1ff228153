/*
 * vmx/by_hand.h - events for a guest that no device and no instruction has raised: from the monitor
 * and by hypercall.
 *
 * What cannot go in now waits, each class in its order and bounded: one NMI, as in a CPU's latch,
 * until IRET has ended the one before; external interrupts until the guest takes them (IF, STI, MOV
 * SS), before those of the board; exceptions behind the event that goes in now, before the first
 * instruction of its handler. Two exceptions that wait together become #DF where the second, raised
 * in the delivery of the first, would. A single step of the toolkit holds all of them.
 * On the vCPU's core. Spec: SDM 3C "Event Injection", SDM 3A "Interrupt 8-Double Fault Exception
 * (#DF)".
 */
#pragma once

#include "vmx/inject.h"

/* VM entry refuses all else: #DF, #TS to #PF, #AC have an error code and no other event has. It
 * refuses more than 16 bits there, too. */
static inline bool by_hand_fits(uint8_t vector, bool with_error)
{
	return with_error == (vector < 32 && (EXCEPTIONS_WITH_ERROR_CODE & BIT(vector)) != 0);
}

/* Vector 2 an NMI, below 32 an exception, above an external interrupt. ERR_INVALID: not
 * by_hand_fits(), or an error code above FFFFh; ERR_FULL: so many of its class wait already. */
MUST_CHECK enum status by_hand_inject(struct vcpu *v, uint8_t vector, bool with_error,
				      uint32_t error_code);

/* For vmx/inject.c, before an entry, while v->stepping has STEP_BY_HAND: an exception becomes
 * v->event, or joins it. Loaded. */
void by_hand_exception(struct vcpu *v);

/* The next interrupt is in; true: there are more. */
bool by_hand_interrupt_done(struct vcpu *v);

/* Something goes in behind the event that this entry carries. */
bool by_hand_follows(const struct vcpu *v);

/* Is there an event beside the board's that ends HLT? interrupts_on: RFLAGS.IF. Loaded or not. */
bool by_hand_wakes(struct vcpu *v, bool interrupts_on);
