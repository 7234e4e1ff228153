/*
 * vmx/inject.h - events into the guest: exceptions, external interrupts, NMIs.
 *
 * All on the vCPU's core with the vCPU loaded. Spec: SDM 3C "Event Injection", "Information for VM
 * Exits That Occur During Event Delivery", "VM-Exit Interruption Information".
 */
#pragma once

#include "vmx/vcpu.h"
#include "vmx/vmcs.h"

#define EVENT_VALID         BIT(31)
#define EVENT_ERROR_CODE    BIT(11)
#define EVENT_TYPE_SHIFT    8u
#define EVENT_NMI_UNBLOCKED BIT(12) /* of exits: IRET had unblocked NMIs */

enum event_type {
	EVENT_EXTERNAL = 0,
	EVENT_NMI = 2,
	EVENT_HARDWARE_EXCEPTION = 3,
	EVENT_SOFTWARE_INTERRUPT = 4,
	EVENT_PRIVILEGED_SOFTWARE_EXCEPTION = 5,
	EVENT_SOFTWARE_EXCEPTION = 6,
};

#define INTERRUPTIBILITY_STI    BIT(0)
#define INTERRUPTIBILITY_MOV_SS BIT(1)
#define INTERRUPTIBILITY_SMI    BIT(2)
/* SDM 3C "Guest Non-Register State": the activity states. */
#define ACTIVITY_ACTIVE         0u
#define ACTIVITY_HLT            1u

#define INTERRUPTIBILITY_NMI    BIT(3)

/* Faults save RFLAGS with RF set, so that an instruction breakpoint does not hit twice; aborts and
 * #DB, which may be a trap, save it as it is.
 * SDM 3B "Instruction-Breakpoint Exception Condition". */
static inline bool exception_sets_rf(uint8_t vector)
{
	return vector != EXC_DB && vector != EXC_DF && vector != EXC_MC;
}

/* Does the second one, raised in the delivery of the first, make it #DF? */
bool exceptions_make_df(uint8_t first, uint8_t second);

/* NMIs are blocked again if the exit came in an IRET that had unblocked them. info: the
 * interruption information, or the qualification of an exit by EPT or by a full log. In the middle
 * of an event's delivery the bit means nothing. SDM 3C "Information for VM Exits Due to Vectored
 * Events". */
static inline void inject_block_nmis_again(const struct vcpu *v, uint64_t info)
{
	if ((info & EVENT_NMI_UNBLOCKED) && !(v->event.info & EVENT_VALID))
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) | INTERRUPTIBILITY_NMI);
}

/* Does an NMI that went in still block others? Not every CPU's VM entry ends the blocking in which
 * another guest left the core (Bochs), and the next exit notes it for this guest: without an NMI of
 * its own it is taken out. To be asked before each turn, which is when such a blocking may come. */
bool inject_nmis_blocked(struct vcpu *v);

/* An exception that the guest's instruction raises; RIP stays on it. Joins with an exception that
 * is waiting already into #DF or a triple fault (SDM 3A "Interrupt 8-Double Fault Exception").
 * Always returns EXIT_RETRY (or EXIT_STOP for a triple fault), so that a handler can return it. */
enum exit_action inject_fault(struct vcpu *v, const struct guest_fault *f);
enum exit_action inject_ud(struct vcpu *v);
enum exit_action inject_gp(struct vcpu *v, uint32_t error_code);

/* INT n, INT3, INTO, INT1: goes in as what it is, so that it returns behind the instruction, of so
 * many bytes. */
void inject_software(struct vcpu *v, enum event_type type, uint8_t vector, uint32_t length);

/* After an exit that may have come in the middle of an event's delivery: puts that event back. */
void inject_again(struct vcpu *v);

/* After an instruction was carried out for the guest, when STI or MOV SS blocks events or TF is
 * set: ends the blocking, raises the #DB that TF owes. */
void inject_after_skip(struct vcpu *v, uint64_t interruptibility, uint64_t rflags);

/* Before an entry: the waiting event, an NMI or a PIC interrupt goes into the VMCS if the guest can
 * take it now; otherwise the window that tells us is opened. The caller holds the VM's lock. */
void inject_prepare(struct vcpu *v);

/* #DF, #TS to #PF, #AC (SDM 3A "Error Code"): VM entry insists on it for these and no others. */
#define EXCEPTIONS_WITH_ERROR_CODE (BIT(EXC_DF) | BIT(EXC_AC) | UINT64_C(0x7c00))

/* Asks for an NMI; it is delivered when the guest can take it. */
void inject_nmi(struct vcpu *v);
