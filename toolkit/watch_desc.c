/*
 * toolkit/watch_desc.c - watch=desc: LGDT SGDT LIDT SIDT LLDT SLDT LTR STR.
 *
 * The CPU itself carries the instruction out: the control is turned off, one instruction is
 * stepped, and it is turned on again. So all faults, the loads of descriptors, and the busy bit of
 * a TSS are as without the watch; what it has loaded or stored is read from the VMCS behind it.
 * Spec: SDM 3C "Format of the VM-Exit Instruction-Information Field as Used for LIDT, LGDT, SIDT,
 * or SGDT", the same for "LLDT, LTR, SLDT, and STR".
 */
#include "kernel/trap_text.h"
#include "toolkit/tools.h"
#include "vmx/inject.h"
#include "vmx/step.h"
#include "vmx/vmcs.h"

extern const struct tool tool_desc;

struct desc_state {
	bool steps;
	uint8_t which; /* of the instructions below */
	uint8_t fault; /* vector of the last exception that came instead; 0: none was seen */
	uint64_t rip, next;
};

/* Bits 29:28 of the instruction information, and 4 for the second kind of exit. */
static const struct {
	const char *name;
	enum vmcs_field selector, base, limit; /* selector 0: there is none */
} instructions[] = {
	{"SGDT", (enum vmcs_field)0, VMCS_GUEST_GDTR_BASE, VMCS_GUEST_GDTR_LIMIT},
	{"SIDT", (enum vmcs_field)0, VMCS_GUEST_IDTR_BASE, VMCS_GUEST_IDTR_LIMIT},
	{"LGDT", (enum vmcs_field)0, VMCS_GUEST_GDTR_BASE, VMCS_GUEST_GDTR_LIMIT},
	{"LIDT", (enum vmcs_field)0, VMCS_GUEST_IDTR_BASE, VMCS_GUEST_IDTR_LIMIT},
	{"SLDT", VMCS_GUEST_LDTR_SELECTOR, VMCS_GUEST_LDTR_BASE, VMCS_GUEST_LDTR_LIMIT},
	{"STR", VMCS_GUEST_TR_SELECTOR, VMCS_GUEST_TR_BASE, VMCS_GUEST_TR_LIMIT},
	{"LLDT", VMCS_GUEST_LDTR_SELECTOR, VMCS_GUEST_LDTR_BASE, VMCS_GUEST_LDTR_LIMIT},
	{"LTR", VMCS_GUEST_TR_SELECTOR, VMCS_GUEST_TR_BASE, VMCS_GUEST_TR_LIMIT},
};

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	if (!watch_any(t, WATCH_DESC))
		return false;
	c->on[CONTROL_PROC2] |= (uint32_t)PROC2_DESCRIPTOR_TABLES;
	return true;
}

/* The control is as fit() wants it. */
static void change(struct vm *vm)
{
	struct desc_state *d = tool_state(vm->tools, &tool_desc);

	d->steps = false;
}

static void set_exiting(bool on)
{
	uint64_t controls = vmcs_read(VMCS_PROC2_CONTROLS) & ~PROC2_DESCRIPTOR_TABLES;

	vmcs_write(VMCS_PROC2_CONTROLS, controls | (on ? PROC2_DESCRIPTOR_TABLES : 0));
}

static enum exit_action see_exit(struct vcpu *v, struct tool_exit *x)
{
	struct desc_state *d = tool_state(v->vm->tools, &tool_desc);

	if (x->reason == EXIT_REASON_EXCEPTION_OR_NMI) {
		if (d->steps && !v->step.trap_is_ours)
			d->fault = (uint8_t)vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);
		return tool_pass(v, x);
	}
	d->steps = true;
	d->which = vmcs_read(VMCS_EXIT_INSTRUCTION_INFO) >> 28 & 3;
	if (x->reason == EXIT_REASON_LDTR_TR)
		d->which |= 4;
	d->fault = 0;
	d->rip = v->rip;
	d->next = v->rip + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
	set_exiting(false);
	step_begin(v, STEP_FOR_TOOL);
	return EXIT_RETRY;
}

static void stepped(struct vcpu *v)
{
	struct desc_state *d = tool_state(v->vm->tools, &tool_desc);
	struct watch *w = watch_find(v->vm->tools, WATCH_DESC, 0);
	const char *name = instructions[d->which].name;
	enum vmcs_field selector = instructions[d->which].selector;
	char which[16] = "";

	if (!d->steps || !w)
		return;
	d->steps = false;
	set_exiting(true);
	if (v->step.delivered && !d->fault)
		return; /* an interrupt in a debugger's step: the instruction comes behind it */
	if (vmcs_read(VMCS_GUEST_RIP) != d->next) {
		watch_hit(v, w, "%s: %s into the guest at %#llx", name,
			  d->fault ? trap_name(d->fault) : "an exception",
			  (unsigned long long)d->rip);
		return;
	}
	if (selector)
		text_format(which, sizeof(which), " %04llxh",
			    (unsigned long long)vmcs_read(selector));
	if (selector == VMCS_GUEST_LDTR_SELECTOR &&
	    (vmcs_read(VMCS_GUEST_LDTR_ACCESS) & SEGMENT_UNUSABLE)) {
		watch_hit(v, w, "%s%s: no table at %#llx", name, which, (unsigned long long)d->rip);
		return;
	}
	watch_hit(v, w, "%s%s: base %016llxh, limit %llxh at %#llx", name, which,
		  (unsigned long long)vmcs_read(instructions[d->which].base),
		  (unsigned long long)vmcs_read(instructions[d->which].limit),
		  (unsigned long long)d->rip);
}

const struct tool tool_desc = {
	.name = "desc",
	.state_bytes = sizeof(struct desc_state),
	.reasons = BIT(EXIT_REASON_GDTR_IDTR) | BIT(EXIT_REASON_LDTR_TR) |
		   BIT(EXIT_REASON_EXCEPTION_OR_NMI),
	.fit = fit,
	.change = change,
	.exit = see_exit,
	.stepped = stepped,
};
