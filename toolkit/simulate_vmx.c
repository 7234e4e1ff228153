/*
 * toolkit/simulate_vmx.c - vmx=simulate: the guest sees a CPU whose VMX is there and never works.
 *
 * CPUID shows VMX, CR4.VMXE can be set (for the guest alone: the CPU's own is set all the time),
 * IA32_FEATURE_CONTROL reads as locked with VMX off, the capability MSRs show no control that is
 * not required. VMXON, VMCLEAR, VMPTRLD, VMLAUNCH and VMRESUME give VMfailInvalid, whatever their
 * operand, which is not read; with CR4.VMXE clear #UD, else above CPL 0 #GP(0). All others are #UD,
 * as outside of VMX operation. VMCALL stays Lintel's.
 * Spec: SDM 3C "Conventions" of "VMX Instruction Reference", "Enabling and Entering VMX
 * Operation"; SDM 3D appendix "VMX Capability Reporting Facility".
 */
#include "kernel/log.h"
#include "toolkit/tools.h"
#include "vmx/inject.h"
#include "vmx/vmcs.h"

#define CPUID_1_ECX_VMX ((uint32_t)BIT(5))
/* OF SF ZF AF PF CF */
#define ARITHMETIC      UINT64_C(0x8d5)
#define CARRY           BIT(0)

#define REVISION        1u
#define REGION_BYTES    4096u
#define WRITE_BACK      6u
#define LONG_MODE       BIT(9) /* host address-space size, IA-32e mode guest */

/* Of controls: those that are always 1 (the default1 class), and so may be. */
#define ONLY(always)    ((uint64_t)(always) << 32 | (always))

extern const struct tool tool_simulate_vmx;

struct simulated {
	bool on;
	uint64_t failed; /* in this run */
};

static const struct {
	uint32_t index;
	uint64_t value;
} msrs[] = {
	{MSR_FEATURE_CONTROL, FEATURE_CONTROL_LOCKED},
	{MSR_VMX_BASIC, REVISION | (uint64_t)REGION_BYTES << 32 | (uint64_t)WRITE_BACK << 50},
	{MSR_VMX_PINBASED, ONLY(UINT32_C(0x16))},
	{MSR_VMX_PROCBASED, ONLY(UINT32_C(0x0401e172))},
	{MSR_VMX_EXIT, ONLY(UINT32_C(0x00036dff)) | LONG_MODE << 32},
	{MSR_VMX_ENTRY, ONLY(UINT32_C(0x000011ff)) | LONG_MODE << 32},
	{MSR_VMX_MISC, 0},
	{MSR_VMX_CR0_FIXED0, CR0_PE | CR0_NE | CR0_PG},
	{MSR_VMX_CR0_FIXED1, UINT32_MAX},
	{MSR_VMX_CR4_FIXED0, CR4_VMXE},
	{MSR_VMX_CR4_FIXED1, 0}, /* what the guest may set */
	{MSR_VMX_VMCS_ENUM, 0x22},
};

static enum status read(struct vm_tools *t, enum vm_tool_word word, struct text value,
			struct tool_refusal *refusal)
{
	struct simulated *s = tool_state(t, &tool_simulate_vmx);

	(void)word;
	if (!text_is(value, "simulate")) {
		*refusal = (struct tool_refusal){value, "vmx= takes simulate"};
		return ERR_INVALID;
	}
	s->on = true;
	return OK;
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	const struct simulated *s = tool_state(t, &tool_simulate_vmx);

	(void)c;
	return s->on;
}

static enum status begin(struct vm *vm, char *message)
{
	struct simulated *s = tool_state(vm->tools, &tool_simulate_vmx);

	(void)message;
	if (!vm->restart)
		s->failed = 0;
	if (s->on) {
		vm->cpuid.basic[1].ecx |= CPUID_1_ECX_VMX;
		vm->cpuid.cr4_allowed |= CR4_VMXE;
	}
	return OK;
}

static void report(struct vm *vm)
{
	const struct simulated *s = tool_state(vm->tools, &tool_simulate_vmx);

	if (s->on)
		log_info(LOG_WATCH, "%s: vmx=simulate: %llu VMX instructions have failed",
			 vm->config.name, (unsigned long long)s->failed);
}

static enum exit_action read_msr(struct vcpu *v, struct tool_exit *x)
{
	uint32_t index = (uint32_t)v->gpr[RCX];

	for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++) {
		uint64_t value = index == MSR_VMX_CR4_FIXED1 ? cr4_guest_allowed(&v->vm->cpuid)
							     : msrs[i].value;

		if (msrs[i].index != index)
			continue;
		vcpu_last_exit(v)->qualification = index;
		v->gpr[RAX] = (uint32_t)value;
		v->gpr[RDX] = value >> 32;
		return EXIT_SKIP;
	}
	return tool_pass(v, x);
}

static enum exit_action answer(struct vcpu *v, struct tool_exit *x)
{
	struct simulated *s = tool_state(v->vm->tools, &tool_simulate_vmx);

	if (x->reason == EXIT_REASON_RDMSR)
		return read_msr(v, x);
	if (!(vmcs_read(VMCS_CR4_SHADOW) & CR4_VMXE))
		return inject_ud(v);
	if (vmcs_read_cpl() != 0)
		return inject_gp(v, 0);
	s->failed++;
	vmcs_write(VMCS_GUEST_RFLAGS, (vmcs_read(VMCS_GUEST_RFLAGS) & ~ARITHMETIC) | CARRY);
	return EXIT_SKIP;
}

const struct tool tool_simulate_vmx = {
	.name = "simulate_vmx",
	.state_bytes = sizeof(struct simulated),
	.words = BIT(VM_TOOL_VMX),
	.reasons = BIT(EXIT_REASON_RDMSR) | BIT(EXIT_REASON_VMXON) | BIT(EXIT_REASON_VMCLEAR) |
		   BIT(EXIT_REASON_VMPTRLD) | BIT(EXIT_REASON_VMLAUNCH) | BIT(EXIT_REASON_VMRESUME),
	.read = read,
	.fit = fit,
	.begin = begin,
	.report = report,
	.exit = answer,
};
