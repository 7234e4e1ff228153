/* vmx/caps.c - reads the capability MSRs of this core, and logs them. */
#include "vmx/caps.h"

#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/trap.h"

#define BASIC_TRUE_CONTROLS BIT(55)

static uint64_t read_or_zero(uint32_t index)
{
	uint64_t value;

	return cpu_rdmsr_safe(index, &value) == OK ? value : 0;
}

void vmx_caps_read(struct vmx_msrs *m)
{
	struct cpuid_regs leaf1 = cpu_cpuid(1, 0);
	bool true_controls;

	*m = (struct vmx_msrs){
		.cpu_has_vmx = (leaf1.ecx & BIT(5)) != 0,
		.in_emulator = (leaf1.ecx & BIT(31)) != 0,
	};
	if (!m->cpu_has_vmx)
		return;

	m->feature_control = read_or_zero(MSR_FEATURE_CONTROL);
	m->basic = read_or_zero(MSR_VMX_BASIC);
	true_controls = (m->basic & BASIC_TRUE_CONTROLS) != 0;
	m->group[CONTROL_PIN] =
		read_or_zero(true_controls ? MSR_VMX_TRUE_PINBASED : MSR_VMX_PINBASED);
	m->group[CONTROL_PROC] =
		read_or_zero(true_controls ? MSR_VMX_TRUE_PROCBASED : MSR_VMX_PROCBASED);
	m->group[CONTROL_EXIT] = read_or_zero(true_controls ? MSR_VMX_TRUE_EXIT : MSR_VMX_EXIT);
	m->group[CONTROL_ENTRY] = read_or_zero(true_controls ? MSR_VMX_TRUE_ENTRY : MSR_VMX_ENTRY);
	m->misc = read_or_zero(MSR_VMX_MISC);
	m->cr0_fixed0 = read_or_zero(MSR_VMX_CR0_FIXED0);
	m->cr0_fixed1 = read_or_zero(MSR_VMX_CR0_FIXED1);
	m->cr4_fixed0 = read_or_zero(MSR_VMX_CR4_FIXED0);
	m->cr4_fixed1 = read_or_zero(MSR_VMX_CR4_FIXED1);
	m->vmcs_enum = read_or_zero(MSR_VMX_VMCS_ENUM);
	if (!control_may_be_1(m->group[CONTROL_PROC], 31))
		return;
	m->group[CONTROL_PROC2] = read_or_zero(MSR_VMX_PROCBASED2);
	if (control_may_be_1(m->group[CONTROL_PROC2], 1) ||
	    control_may_be_1(m->group[CONTROL_PROC2], 5))
		m->ept_vpid = read_or_zero(MSR_VMX_EPT_VPID_CAP);
	if (control_may_be_1(m->group[CONTROL_PROC2], 13))
		m->vmfunc = read_or_zero(MSR_VMX_VMFUNC);
}

void vmx_caps_log(const struct vmx_msrs *m, const struct vmx_caps *caps)
{
	char text[VMX_CAPS_ROW];

	if (!log_enabled(LOG_DEBUG, LOG_VMX))
		return;
	for (unsigned i = 0; vmx_caps_row(m, caps, i, text, sizeof(text)); i++)
		log_debug(LOG_VMX, "%s", text);
	log_debug(LOG_VMX, "CR0 fixed %#llx..%#llx, CR4 fixed %#llx..%#llx, EPT/VPID %#llx",
		  (unsigned long long)m->cr0_fixed0, (unsigned long long)m->cr0_fixed1,
		  (unsigned long long)m->cr4_fixed0, (unsigned long long)m->cr4_fixed1,
		  (unsigned long long)m->ept_vpid);
}
