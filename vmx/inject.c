/* vmx/inject.c - events into the guest. */
#include "vmx/inject.h"

#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/text.h"
#include "vmx/by_hand.h"
#include "vmx/core.h"
#include "vmx/step.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

static uint32_t event_info(enum event_type type, uint8_t vector)
{
	return (uint32_t)EVENT_VALID | (uint32_t)type << EVENT_TYPE_SHIFT | vector;
}

static enum event_type event_type_of(uint32_t info)
{
	return (enum event_type)((info >> EVENT_TYPE_SHIFT) & 7);
}

/* SDM 3A "Interrupt 8-Double Fault Exception (#DF)": benign, contributory, page fault. */
static bool is_contributory(uint8_t vector)
{
	return vector == EXC_DE || (vector >= EXC_TS && vector <= EXC_GP);
}

bool exceptions_make_df(uint8_t first, uint8_t second)
{
	if (is_contributory(first))
		return is_contributory(second);
	if (first == EXC_PF)
		return second == EXC_PF || is_contributory(second);
	return false;
}

static void set_exception(struct vcpu *v, uint8_t vector, bool has_error_code, uint32_t error_code)
{
	v->event = (struct vcpu_event){
		.info = event_info(EVENT_HARDWARE_EXCEPTION, vector) |
			(has_error_code ? (uint32_t)EVENT_ERROR_CODE : 0),
		.error_code = error_code,
	};
	v->prepare |= PREPARE_EVENTS;
}

/* As exit_triple_fault(), for one that the CPU does not see: #DF goes through a task gate. */
static enum exit_action triple_fault(struct vcpu *v)
{
	char by[48];

	vm_stop_fatal(v->vm, VM_STOP_TRIPLE_FAULT, 0);
	if (!v->vm->config.restart_on_reset)
		return vm_end(v->vm, false, "triple fault at %#llx", (unsigned long long)v->rip);
	text_format(by, sizeof(by), "a triple fault at %#llx", (unsigned long long)v->rip);
	return vm_reset(v->vm, by);
}

enum exit_action inject_fault(struct vcpu *v, const struct guest_fault *f)
{
	uint32_t waiting = v->event.info;

	if ((waiting & EVENT_VALID) && event_type_of(waiting) == EVENT_HARDWARE_EXCEPTION) {
		uint8_t first = (uint8_t)waiting;

		if (first == EXC_DF && (is_contributory(f->vector) || f->vector == EXC_PF))
			return triple_fault(v);
		if (exceptions_make_df(first, f->vector)) {
			set_exception(v, EXC_DF, true, 0);
			return EXIT_RETRY;
		}
	}
	if (f->vector == EXC_PF)
		cpu_write_cr2(f->cr2);
	/* VM entry saves RFLAGS for the handler as the VMCS has it. */
	if (exception_sets_rf(f->vector))
		vmcs_write(VMCS_GUEST_RFLAGS, vmcs_read(VMCS_GUEST_RFLAGS) | RFLAGS_RF);
	set_exception(v, f->vector, f->has_error_code, f->error_code);
	return EXIT_RETRY;
}

void inject_software(struct vcpu *v, enum event_type type, uint8_t vector, uint32_t length)
{
	v->event = (struct vcpu_event){
		.info = event_info(type, vector),
		.instruction_length = length,
	};
	v->prepare |= PREPARE_EVENTS;
}

enum exit_action inject_ud(struct vcpu *v)
{
	const struct guest_fault ud = {.vector = EXC_UD};

	return inject_fault(v, &ud);
}

enum exit_action inject_gp(struct vcpu *v, uint32_t error_code)
{
	const struct guest_fault gp = {
		.vector = EXC_GP,
		.has_error_code = true,
		.error_code = error_code,
	};

	return inject_fault(v, &gp);
}

void inject_again(struct vcpu *v)
{
	uint32_t info = (uint32_t)vmcs_read(VMCS_IDT_VECTORING_INFO);
	enum event_type type = event_type_of(info);

	if (!(info & EVENT_VALID))
		return;
	v->event = (struct vcpu_event){.info = info & ~(uint32_t)BIT(12)};
	if (info & EVENT_ERROR_CODE)
		v->event.error_code = (uint32_t)vmcs_read(VMCS_IDT_VECTORING_ERROR_CODE);
	if (type >= EVENT_SOFTWARE_INTERRUPT)
		v->event.instruction_length = (uint32_t)vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
	if (type == EVENT_NMI) {
		/* The entry that brings the NMI again must not find NMIs blocked by it. */
		uint64_t state = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, state & ~INTERRUPTIBILITY_NMI);
	}
	v->prepare |= PREPARE_EVENTS;
}

void inject_after_skip(struct vcpu *v, uint64_t interruptibility, uint64_t rflags)
{
	const uint64_t blocking = INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS;

	if (interruptibility & blocking)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, interruptibility & ~blocking);
	/* With DEBUGCTL.BTF only branches step, and no skipped instruction is one. */
	if ((rflags & RFLAGS_TF) && !(vmcs_read(VMCS_GUEST_DEBUGCTL) & DEBUGCTL_BTF) &&
	    !(v->event.info & EVENT_VALID)) {
		cpu_write_dr6(cpu_read_dr6() | DR6_BS);
		set_exception(v, EXC_DB, false, 0);
	}
}

bool inject_nmis_blocked(struct vcpu *v)
{
	uint64_t state = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

	if (!(state & INTERRUPTIBILITY_NMI))
		v->nmi_came = false;
	else if (!v->nmi_came)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, state & ~INTERRUPTIBILITY_NMI);
	return v->nmi_came;
}

static void set_proc_controls(struct vcpu *v, uint32_t controls)
{
	if (controls == v->proc_controls)
		return;
	vmcs_write(VMCS_PROC_CONTROLS, controls);
	v->proc_controls = controls;
}

/*
 * A guest outside of long mode that runs over the end of the 4 GiB may leave a RIP with more than
 * 32 bits behind (seen in Bochs); VM entry refuses that. EIP wraps.
 */
static void wrap_rip(const struct vcpu *v)
{
	if (UNLIKELY(v->rip >> 32) && !(vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E))
		vmcs_write(VMCS_GUEST_RIP, (uint32_t)vmcs_read(VMCS_GUEST_RIP));
}

/* Real mode pushes no error code, and VM entry insists on that with CR0.PE clear. */
static void write_event(struct vcpu *v)
{
	uint32_t info = v->event.info;

	if ((info & EVENT_ERROR_CODE) && !(vmcs_read(VMCS_GUEST_CR0) & CR0_PE))
		info &= ~(uint32_t)EVENT_ERROR_CODE;
	if (info & EVENT_ERROR_CODE)
		vmcs_write(VMCS_ENTRY_ERROR_CODE, v->event.error_code);
	if (event_type_of(info) >= EVENT_SOFTWARE_INTERRUPT)
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, v->event.instruction_length);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, info);
	wrap_rip(v);
	v->event.info = 0;
	if (event_type_of(info) == EVENT_NMI)
		v->nmi_came = true;
	v->stats->events[(uint8_t)info]++;
}

/* True if the NMI went in; otherwise *controls has the window that is needed. */
static bool try_nmi(struct vcpu *v, uint32_t *controls)
{
	const uint64_t blocking = INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS;

	if (inject_nmis_blocked(v) || (vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & blocking)) {
		*controls |= (uint32_t)PROC_NMI_WINDOW;
		return false;
	}
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, event_info(EVENT_NMI, EXC_NMI));
	v->nmi_pending = false;
	v->nmi_came = true;
	v->stats->events[EXC_NMI]++;
	return true;
}

static bool can_take_interrupt(void)
{
	return (vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_IF) &&
	       !(vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) &
		 (INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS));
}

/* An event ends HLT. Otherwise the guest goes on with it: where an exit came out of HLT, not every
 * CPU notes that in the VMCS (Bochs does not). */
static void go_on_in_hlt(struct vcpu *v, bool on)
{
	vmcs_write(VMCS_GUEST_ACTIVITY_STATE, on ? ACTIVITY_HLT : ACTIVITY_ACTIVE);
	v->in_hlt = on;
}

/* The board's interrupt, if there is one. busy: the entry carries an event already, or must carry
 * none. Returns whether the entry carries one. */
static inline bool offer_interrupt(struct vcpu *v, bool busy)
{
	struct platform *p = &v->vm->platform;
	uint8_t vector;

	if (busy || !platform_intr(p) || !can_take_interrupt())
		return busy;
	vector = platform_acknowledge(p);
	log_trace(LOG_PIC, "%s: interrupt, vector %#x", v->vm->config.name, vector);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, event_info(EVENT_EXTERNAL, vector));
	v->stats->events[vector]++;
	return true;
}

/* Other events than the board's interrupts, or a step. Returns what offer_interrupt() is to know,
 * and sets the window that an NMI or an interrupt by hand needs. In a debugger's own step these go
 * in; in others they wait, but for one that lets them in. */
static NOINLINE bool prepare_event(struct vcpu *v, uint32_t *controls)
{
	bool step, held, carries = false;
	uint8_t vector;

	if (v->stepping)
		step_before_event(v);
	step = (v->stepping & STEP_ANY) && !v->step.waits;
	held = step && !(v->stepping & STEP_FOR_USER);
	if ((v->stepping & STEP_BY_HAND) && !held)
		by_hand_exception(v);
	if (v->event.info & EVENT_VALID) {
		write_event(v);
		carries = true;
	}
	if (v->nmi_pending && !held) {
		if (carries)
			*controls |= (uint32_t)PROC_NMI_WINDOW;
		else
			carries = try_nmi(v, controls);
	}
	if (!v->by_hand.interrupt_count || held)
		return carries || step;
	if (carries || !can_take_interrupt()) {
		*controls |= (uint32_t)PROC_INTERRUPT_WINDOW;
		return carries || step;
	}
	vector = v->by_hand.interrupts[0];
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, event_info(EVENT_EXTERNAL, vector));
	v->stats->events[vector]++;
	if (by_hand_interrupt_done(v))
		*controls |= (uint32_t)PROC_INTERRUPT_WINDOW;
	return true;
}

void inject_prepare(struct vcpu *v)
{
	uint32_t controls = v->proc_controls & ~(uint32_t)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW);
	bool busy = false;

	if (UNLIKELY((v->event.info & EVENT_VALID) || v->nmi_pending || v->stepping))
		busy = prepare_event(v, &controls);
	busy = offer_interrupt(v, busy);
	/* Also after one went in: the next may have a higher priority, or need no EOI to be
	 * seen. */
	if (UNLIKELY(platform_intr(&v->vm->platform)) && !(v->stepping & STEP_ANY))
		controls |= (uint32_t)PROC_INTERRUPT_WINDOW;
	if (UNLIKELY(v->in_hlt))
		go_on_in_hlt(v, !busy);
	set_proc_controls(v, controls);
}

void inject_nmi(struct vcpu *v)
{
	v->nmi_pending = true;
	v->prepare |= PREPARE_EVENTS;
}
