/* vmx/step.c - a single step. */
#include "vmx/step.h"

#include "guest/linear.h"
#include "guest/segment.h"
#include "guest/step_kind.h"
#include "kernel/percpu.h"
#include "vmx/by_hand.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/tools.h"
#include "vmx/vm.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"

#define PENDING_SINGLE_STEP BIT(14) /* of the pending debug exceptions, and of the qualification */
#define ALL_EXCEPTIONS      UINT32_MAX
#define BLOCKING            (INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS)

static void set_pending_trap(bool on)
{
	uint64_t pending = vmcs_read(VMCS_GUEST_PENDING_DEBUG) & ~PENDING_SINGLE_STEP;

	vmcs_write(VMCS_GUEST_PENDING_DEBUG, pending | (on ? PENDING_SINGLE_STEP : 0));
}

/* After an exit whose instruction is to be done now, of a guest with TF set, the VMCS may say that
 * its trap is pending, though the instruction was not done (Bochs). Behind MOV SS it is. */
static void drop_early_trap(const struct vcpu *v)
{
	uint64_t reason = vcpu_last_exit(v)->reason;

	if ((reason == EXIT_REASON_EPT_VIOLATION || reason == EXIT_REASON_GDTR_IDTR ||
	     reason == EXIT_REASON_LDTR_TR) &&
	    !(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & INTERRUPTIBILITY_MOV_SS))
		set_pending_trap(false);
}

void step_begin(struct vcpu *v, uint8_t why)
{
	drop_early_trap(v);
	v->step.lets_in = false;
	v->stepping |= why;
	v->prepare |= PREPARE_EVENTS;
	if (!v->in_hlt && !v->halted)
		return;
	/* It waits behind a HLT: as if it had just come there. */
	v->step.waits = true;
	v->halted = true;
	v->in_hlt = false;
	v->wake_ns = 0;
	vmcs_write(VMCS_GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
}

void step_begin_open(struct vcpu *v)
{
	bool alone = !(v->stepping & STEP_ANY);

	step_begin(v, STEP_FOR_TOOL);
	v->step.lets_in = alone && !v->step.after_sti;
}

void step_cancel(struct vcpu *v, uint8_t why)
{
	v->stepping &= (uint8_t)~why;
	v->step.waits &= (v->stepping & STEP_ANY) != 0;
}

static void set_mtf(struct vcpu *v, bool on)
{
	uint32_t mtf = (uint32_t)PROC_MTF;

	v->proc_controls = (v->proc_controls & ~mtf) | (on ? mtf : 0);
	vmcs_write(VMCS_PROC_CONTROLS, v->proc_controls);
}

/* ---- before an entry ---- */

unsigned step_fetch(struct vcpu *v, const struct guest_cpu_state *s,
		    uint8_t bytes[STEP_FETCH_BYTES])
{
	const unsigned access = walk_access(s) | WALK_FETCH | WALK_NO_UPDATE;
	gva_t at = gva(s->segments[GUEST_CS].base + s->rip);
	unsigned count = STEP_FETCH_BYTES;
	struct guest_fault fault;

	if (guest_linear_read(s, &v->vm->memory, at, bytes, count, access, &fault) == GUEST_OK)
		return count;
	count = (unsigned)min_u64(count, PAGE_4K - at.raw % PAGE_4K);
	if (guest_linear_read(s, &v->vm->memory, at, bytes, count, access, &fault) == GUEST_OK)
		return count;
	return 0;
}

static struct step_instruction look(struct vcpu *v)
{
	struct guest_cpu_state s;
	uint8_t bytes[STEP_FETCH_BYTES];
	enum decode_mode mode;

	vcpu_read_state(v, &s);
	mode = guest_is_64bit(&s)                         ? DECODE_64
	       : s.segments[GUEST_CS].access & SEGMENT_DB ? DECODE_32
							  : DECODE_16;
	return step_instruction_at(bytes, step_fetch(v, &s, bytes), mode);
}

/* The types of what INT n and its kin raise. */
static enum event_type type_of(enum step_kind kind)
{
	switch (kind) {
	case STEP_INT:
		return EVENT_SOFTWARE_INTERRUPT;
	case STEP_INT1:
		return EVENT_PRIVILEGED_SOFTWARE_EXCEPTION;
	default:
		return EVENT_SOFTWARE_EXCEPTION;
	}
}

/* In the same moment as inject_prepare(), so that what is let in does come. */
static bool lets_in(struct vcpu *v)
{
	uint64_t blocked = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

	if (!v->step.lets_in || (blocked & BLOCKING))
		return false;
	if ((v->nmi_pending && !inject_nmis_blocked(v)) || v->by_hand.exception_count)
		return true;
	return (platform_intr(&v->vm->platform) || v->by_hand.interrupt_count) &&
	       (vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_IF);
}

void step_before_event(struct vcpu *v)
{
	struct step_instruction next;

	if ((v->stepping & STEP_ANY) && lets_in(v))
		v->step.waits = true;
	v->step.kind = STEP_PLAIN;
	if (vmx_caps.mtf || !(v->stepping & STEP_ANY) || v->step.waits ||
	    (v->event.info & EVENT_VALID))
		return;
	next = look(v);
	if (next.kind == STEP_INTO && !(vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_OF))
		next.kind = STEP_PLAIN;
	if (next.kind < STEP_INT) {
		v->step.kind = (uint8_t)next.kind;
		return;
	}
	inject_software(v, type_of(next.kind), next.vector, next.length);
}

/* VM entry refuses TF together with blocking. Nothing is injected during the step, and after it the
 * blocking would have ended anyway. */
static void arm_tf(struct vcpu *v)
{
	uint64_t rflags = vmcs_read(VMCS_GUEST_RFLAGS);

	v->step.tf_is_ours = true;
	v->step.guest_tf = (rflags & RFLAGS_TF) != 0;
	v->step.guest_if = (rflags & RFLAGS_IF) != 0;
	v->step.bitmap = (uint32_t)vmcs_read(VMCS_EXCEPTION_BITMAP);
	v->step.pf_mask = (uint32_t)vmcs_read(VMCS_PF_ERROR_MASK);
	v->step.pf_match = (uint32_t)vmcs_read(VMCS_PF_ERROR_MATCH);
	vmcs_write(VMCS_EXCEPTION_BITMAP, ALL_EXCEPTIONS);
	vmcs_write(VMCS_PF_ERROR_MASK, 0);
	vmcs_write(VMCS_PF_ERROR_MATCH, 0);
	if (vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCKING) {
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & ~BLOCKING);
		set_pending_trap(false);
	}
	vmcs_write(VMCS_GUEST_RFLAGS, rflags | RFLAGS_TF);
}

/* With a timer of 0 the CPU leaves the guest behind the delivery; without a timer, by an interrupt
 * that waits already. */
static void arm_delivery(struct vcpu *v)
{
	v->least_ticks = 0;
	v->deadline_tsc = (uint32_t)cpu_rdtsc() - 1;
	v->device_ns = 0; /* the deadline is to be worked out anew */
	if (!vmx_caps.preemption_timer)
		host_ops->timer_arm_ns(0);
}

void step_arm(struct vcpu *v)
{
	if (!(v->stepping & STEP_ANY)) {
		if (by_hand_follows(v))
			arm_delivery(v);
		return;
	}
	v->step.delivers = (vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO) & EVENT_VALID) != 0;
	v->step.waits = false;
	if (vmx_caps.mtf)
		set_mtf(v, true);
	else if (v->step.delivers)
		arm_delivery(v);
	else
		arm_tf(v);
}

/* ---- after an exit ---- */

/* The flags that PUSHF has pushed: the second byte at the top of the stack has TF. */
static void clear_pushed_tf(struct vcpu *v)
{
	struct guest_cpu_state s;
	struct guest_fault fault;
	uint64_t mask = UINT64_MAX;
	uint8_t byte;
	gva_t at;

	vcpu_read_state(v, &s);
	if (!guest_is_64bit(&s))
		mask = s.segments[GUEST_SS].access & SEGMENT_DB ? UINT32_MAX : UINT16_MAX;
	at = gva(s.segments[GUEST_SS].base + (s.gpr[RSP] & mask) + 1);
	if (guest_linear_read(&s, &v->vm->memory, at, &byte, 1, walk_access(&s), &fault) !=
	    GUEST_OK)
		return;
	byte &= (uint8_t) ~(RFLAGS_TF >> 8);
	if (guest_linear_write(&s, &v->vm->memory, at, &byte, 1, walk_access(&s), &fault) !=
	    GUEST_OK)
		return; /* it has just been written: another core's change of the tables */
}

/* The trap of our own TF, behind the instruction. */
static bool is_our_trap(const struct vcpu *v)
{
	uint32_t info;

	if (!v->step.tf_is_ours || vcpu_last_exit(v)->reason != EXIT_REASON_EXCEPTION_OR_NMI)
		return false;
	info = (uint32_t)vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);
	return (uint8_t)info == EXC_DB &&
	       ((info >> EVENT_TYPE_SHIFT) & 7) == EVENT_HARDWARE_EXCEPTION &&
	       (v->qualification & PENDING_SINGLE_STEP);
}

/* The guest's own TF; trap: the instruction is done. */
static void restore_tf(struct vcpu *v, bool trap)
{
	uint64_t rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	uint8_t kind = trap ? v->step.kind : (uint8_t)STEP_PLAIN;

	v->step.tf_is_ours = false;
	/* The trap comes behind it, and not every CPU still notes the blocking then (Bochs). */
	v->step.after_sti = kind == STEP_STI && !v->step.guest_if;
	vmcs_write(VMCS_EXCEPTION_BITMAP, v->step.bitmap);
	vmcs_write(VMCS_PF_ERROR_MASK, v->step.pf_mask);
	vmcs_write(VMCS_PF_ERROR_MATCH, v->step.pf_match);
	/* The VMCS may say that the trap is pending though the instruction was not done (Bochs).
	 * Behind the guest's own MOV SS with TF it has to, for somebody may cancel this step (SDM
	 * 3C "Checks on Guest Non-Register State"). */
	set_pending_trap(!trap && v->step.guest_tf &&
			 (vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & BLOCKING) &&
			 !(vmcs_read(VMCS_GUEST_DEBUGCTL) & DEBUGCTL_BTF));
	if (v->step.guest_tf || kind == STEP_LOADS_FLAGS)
		return;
	vmcs_write(VMCS_GUEST_RFLAGS, rflags & ~RFLAGS_TF);
	if (kind == STEP_PUSHES_FLAGS)
		clear_pushed_tf(v);
	if (kind == STEP_SYSCALL)
		v->gpr[R11] &= ~RFLAGS_TF;
}

void step_leave(struct vcpu *v)
{
	struct vcpu_step *step = &v->step;
	bool trap = is_our_trap(v);

	step->delivered = step->delivers && !(v->event.info & EVENT_VALID);
	step->over = trap || vcpu_last_exit(v)->reason == EXIT_REASON_MTF || step->delivered;
	step->trap_is_ours = trap && !step->guest_tf;
	step->delivers = false;
	step->after_sti = false;
	step->rcx = v->gpr[RCX];
	v->least_ticks = 1;
	if (v->proc_controls & PROC_MTF)
		set_mtf(v, false);
	if (step->tf_is_ours)
		restore_tf(v, trap);
}

/* The instruction was carried out by the handler, all of it or an iteration of REP. */
static bool has_moved(const struct vcpu *v)
{
	return vmcs_read(VMCS_GUEST_RIP) != v->rip || v->gpr[RCX] != v->step.rcx;
}

enum exit_action step_follow(struct vcpu *v, enum exit_action action)
{
	uint8_t why = v->stepping & STEP_ANY;
	bool stops = false;

	v->prepare |= PREPARE_EVENTS;
	v->step.trap_is_ours = false;
	if (!why)
		return action;
	if (vcpu_last_exit(v)->reason == EXIT_REASON_HLT && action != EXIT_STOP) {
		v->step.waits = true; /* for what wakes it, which is its next step */
		return action;
	}
	if (action != EXIT_STOP && !v->step.over && !has_moved(v))
		return action;
	v->stepping &= (uint8_t)~STEP_ANY;
	v->step.waits = false;
	if (why & STEP_OVER_WRITE)
		ept_protect_voids(v);
	if (why & STEP_OVER_POINT) {
		lock_acquire(&v->vm->lock);
		stops = vm_break_after_step(v);
		lock_release(&v->vm->lock);
	}
	if (why & STEP_FOR_TOOL)
		vmx_tools->stepped(v);
	/* After a reset it stops, too, before the first instruction. */
	if ((why & STEP_FOR_USER) && v->vm->debug.next.reason == VM_STOP_ASKED)
		vm_stop_soon(v->vm, &(struct vm_stop){.reason = VM_STOP_STEP});
	if (action == EXIT_STOP)
		return action;
	return stops || (why & STEP_FOR_USER) ? EXIT_YIELD : action;
}
