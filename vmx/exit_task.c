/*
 * vmx/exit_task.c - hardware task switches, which exit unconditionally and are carried out by
 * guest/task_switch.c. Spec: SDM 3C "Exit Qualification for Task Switches", "Treatment of Task
 * Switches".
 */
#include "guest/task_switch.h"
#include "kernel/cpu.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

/* NMIs are blocked from the delivery of one until the next IRET; STI and MOV SS blocking ends. */
static uint64_t blocking_after(const struct task_switch *t, bool by_nmi, uint64_t blocking)
{
	blocking &= ~(INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS);
	if (t->source == TASK_IRET)
		blocking &= ~INTERRUPTIBILITY_NMI;
	return by_nmi ? blocking | INTERRUPTIBILITY_NMI : blocking;
}

/* The event whose task gate this is, out of what inject_again() found; drops it, since the switch
 * delivers it. */
static void take_event(struct vcpu *v, struct task_switch *t)
{
	uint32_t info = v->event.info;
	enum event_type type = (enum event_type)((info >> EVENT_TYPE_SHIFT) & 7);
	bool by_instruction = type >= EVENT_SOFTWARE_INTERRUPT;

	if (!(info & EVENT_VALID))
		return;
	/* EXT is clear for INT n, INT3 and INTO only (SDM 3A "Error Code"); INT1 is not one of
	 * them. */
	t->external = !by_instruction || type == EVENT_PRIVILEGED_SOFTWARE_EXCEPTION;
	t->has_error_code = (info & EVENT_ERROR_CODE) != 0;
	t->error_code = v->event.error_code;
	/* Faults return to the instruction, with RF; INT n and traps behind it. */
	t->set_rf = type == EVENT_HARDWARE_EXCEPTION && exception_sets_rf((uint8_t)info);
	if (by_instruction)
		t->return_rip = v->rip + v->event.instruction_length;
	v->event.info = 0;
}

static enum exit_action finish(struct vcpu *v, const struct guest_cpu_state *s, uint64_t blocking,
			       enum task_switch_result result, const struct guest_fault *fault)
{
	const struct guest_fault debug = {.vector = EXC_DB};

	if (result == TASK_SWITCH_UNSUPPORTED)
		return EXIT_UNHANDLED;
	if (result != TASK_SWITCH_FAULT_OLD) {
		vcpu_write_state(v, s);
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocking);
		v->rip = s->rip;
		v->flush_vpid = true;
		v->prepare |= PREPARE_EVENTS;
	}
	if (result == TASK_SWITCH_OK)
		return EXIT_RETRY;
	return inject_fault(v, result == TASK_SWITCH_DEBUG ? &debug : fault);
}

enum exit_action exit_task_switch(struct vcpu *v)
{
	struct task_switch t = {
		.selector = (uint16_t)v->qualification,
		.source = (enum task_switch_source)((v->qualification >> 30) & 3),
		.return_rip = v->rip,
	};
	struct vcpu_event event = v->event;
	struct guest_cpu_state s;
	struct guest_fault fault;
	enum task_switch_result result;
	bool by_nmi;

	if (t.source != TASK_GATE)
		t.return_rip = v->rip + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
	else
		take_event(v, &t);
	vcpu_read_state(v, &s);
	result = task_switch(&t, &s, &v->vm->memory, &fault);
	/* A fault before the switch meets the event that is still being delivered: #DF rules. */
	if (result == TASK_SWITCH_FAULT_OLD)
		v->event = event;
	by_nmi = t.source == TASK_GATE && (event.info & EVENT_VALID) &&
		 (uint8_t)event.info == EXC_NMI;
	return finish(v, &s, blocking_after(&t, by_nmi, vmcs_read(VMCS_GUEST_INTERRUPTIBILITY)),
		      result, &fault);
}
