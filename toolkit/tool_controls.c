/*
 * toolkit/tool_controls.c - the VMX controls that the tools of a VM want, as far as the CPU has
 * them, into its VMCS.
 *
 * Spec: SDM 3D appendix "VMX Capability Reporting Facility".
 */
#include "kernel/text.h"
#include "toolkit/tools.h"
#include "vmx/core.h"
#include "vmx/vmcs.h"
#include "vmx/vmcs_setup.h"

static const struct {
	const char *name_true, *name;
} capability_msrs[CONTROL_GROUPS] = {
	[CONTROL_PIN] = {"IA32_VMX_TRUE_PINBASED_CTLS", "IA32_VMX_PINBASED_CTLS"},
	[CONTROL_PROC] = {"IA32_VMX_TRUE_PROCBASED_CTLS", "IA32_VMX_PROCBASED_CTLS"},
	[CONTROL_PROC2] = {"IA32_VMX_PROCBASED_CTLS2", "IA32_VMX_PROCBASED_CTLS2"},
	[CONTROL_EXIT] = {"IA32_VMX_TRUE_EXIT_CTLS", "IA32_VMX_EXIT_CTLS"},
	[CONTROL_ENTRY] = {"IA32_VMX_TRUE_ENTRY_CTLS", "IA32_VMX_ENTRY_CTLS"},
};

/* A control that the tools want otherwise than the CPU allows; NULL: all is well. */
static const struct control_bit *find_lack(const struct tool_controls *c)
{
	for (unsigned i = 0; i < control_bit_count; i++) {
		const struct control_bit *b = &control_bits[i];
		uint64_t capability = vmx_cpu_msrs.group[b->group];

		if (((c->on[b->group] >> b->bit & 1) && !control_may_be_1(capability, b->bit)) ||
		    ((c->off[b->group] >> b->bit & 1) && control_must_be_1(capability, b->bit)))
			return b;
	}
	return NULL;
}

static enum status describe_lack(const struct tool_controls *c, char *message)
{
	const struct control_bit *lack;

	if (c->missing) {
		text_format(message, TOOL_TEXT, "this CPU has no %s", c->missing);
		return ERR_UNSUPPORTED;
	}
	lack = find_lack(c);
	if (!lack)
		return OK;
	text_format(message, TOOL_TEXT, "this CPU cannot have \"%s\" %s (%s, bit %u)", lack->name,
		    c->on[lack->group] >> lack->bit & 1 ? "on" : "off",
		    vmx_cpu_msrs.basic & BIT(55) ? capability_msrs[lack->group].name_true
						 : capability_msrs[lack->group].name,
		    lack->bit + (c->on[lack->group] >> lack->bit & 1 ? 32u : 0u));
	return ERR_UNSUPPORTED;
}

static enum status collect(const struct vm_tools *t, struct tool_controls *c, uint32_t *active,
			   char *message)
{
	*c = (struct tool_controls){0};
	*active = 0;
	for (unsigned i = 0; i < tool_count; i++) {
		if (tools[i]->fit && tools[i]->fit(t, c))
			*active |= (uint32_t)BIT(i);
	}
	return describe_lack(c, message);
}

enum status tools_fit(const struct vm_tools *t, char *message)
{
	struct tool_controls c;
	uint32_t active;

	return collect(t, &c, &active, message);
}

enum status tool_fits(const struct vm_tools *t, const struct tool *tool, char *message,
		      uint32_t *missing_word)
{
	struct tool_controls c = {0};

	if (tool->fit)
		tool->fit(t, &c);
	*missing_word = c.missing_word;
	return describe_lack(&c, message);
}

/* Set and cleared with each entry (vmx/inject.c), each step, each debugger's point. */
#define PROC_LIVE ((uint32_t)(PROC_INTERRUPT_WINDOW | PROC_NMI_WINDOW | PROC_MTF | PROC_MOV_DR))

static void set_masks(const struct vcpu *v, const struct tool_controls *c)
{
	uint64_t cr0 = vmcs_read_masked(VMCS_GUEST_CR0, VMCS_CR0_MASK, VMCS_CR0_SHADOW);
	uint64_t cr4 = vmcs_read_masked(VMCS_GUEST_CR4, VMCS_CR4_MASK, VMCS_CR4_SHADOW);

	vmcs_write(VMCS_CR0_SHADOW, cr0);
	vmcs_write(VMCS_CR4_SHADOW, cr4);
	vmcs_write(VMCS_CR0_MASK, VCPU_CR0_HOST_OWNED | c->cr0_mask);
	vmcs_write(VMCS_CR4_MASK,
		   VCPU_CR4_HOST_OWNED | ~cr4_guest_allowed(&v->vm->cpuid) | c->cr4_mask);
}

static uint32_t fitted(enum control_group group, const struct tool_controls *c)
{
	return (vmx_caps.controls[group] | c->on[group]) & ~c->off[group];
}

static void set_controls(struct vcpu *v, const struct tool_controls *c)
{
	v->proc_kept = c->on[CONTROL_PROC] & PROC_LIVE;
	v->proc_controls = fitted(CONTROL_PROC, c) | (v->proc_controls & PROC_LIVE);
	if (!v->vm->debug.points && !(v->proc_kept & PROC_MOV_DR))
		v->proc_controls &= ~(uint32_t)PROC_MOV_DR;
	vmcs_write(VMCS_PROC_CONTROLS, v->proc_controls);
	vmcs_write(VMCS_PIN_CONTROLS, fitted(CONTROL_PIN, c));
	vmcs_write(VMCS_PROC2_CONTROLS, fitted(CONTROL_PROC2, c));
	vmcs_write(VMCS_EXIT_CONTROLS, fitted(CONTROL_EXIT, c));
	/* Entry controls hold IA-32e mode, which is the guest's. */
	vmcs_write(VMCS_ENTRY_CONTROLS,
		   fitted(CONTROL_ENTRY, c) | (vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E));
	vmcs_write(VMCS_EXCEPTION_BITMAP, VCPU_EXCEPTIONS | c->exceptions);
	set_masks(v, c);
}

enum status tools_apply(struct vm *vm, char *message)
{
	struct vm_tools *t = vm->tools;
	struct tool_controls c;
	uint32_t active;
	enum status s = collect(t, &c, &active, message);

	if (s != OK)
		return s;
	t->asked = true;
	t->active = active;
	vm->tools_on = active != 0;
	set_controls(&vm->vcpu, &c);
	for (unsigned i = 0; i < tool_count; i++) {
		if (tools[i]->change)
			tools[i]->change(vm);
	}
	/* What vcpu_run() has worked out for this run. */
	vcpu_follow_trace(&vm->vcpu);
	vm->vcpu.prepare = PREPARE_ALL;
	return OK;
}
