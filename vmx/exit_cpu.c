/* vmx/exit_cpu.c - instructions that ask about the CPU or change it: CPUID, MSRs, XSETBV.
 */
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/percpu.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/tsc.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"
#include "vmx/vmcs_setup.h"

#define LOW_HALF UINT64_C(0xffffffff)

static void answer_cpuid(struct vcpu *v, const struct cpuid_regs *r)
{
	v->gpr[RAX] = r->eax;
	v->gpr[RBX] = r->ebx;
	v->gpr[RCX] = r->ecx;
	v->gpr[RDX] = r->edx;
}

/* Leaves with subleaves or live bits. */
static NOINLINE enum exit_action cpuid_slow(struct vcpu *v)
{
	/* The bits of CR4 that CPUID shows are the guest's own. */
	const struct cpuid_dynamic now = {
		.cr4 = vmcs_read(VMCS_GUEST_CR4),
		.xcr0 = v->parked.xcr0,
	};
	struct cpuid_regs r;

	cpuid_answer(&v->vm->cpuid, (uint32_t)v->gpr[RAX], (uint32_t)v->gpr[RCX], &now, &r);
	answer_cpuid(v, &r);
	return EXIT_SKIP;
}

enum exit_action exit_cpuid(struct vcpu *v)
{
	const struct cpuid_regs *fixed = cpuid_fixed(&v->vm->cpuid, (uint32_t)v->gpr[RAX]);

	vcpu_last_exit(v)->qualification = (uint32_t)v->gpr[RAX];
	if (UNLIKELY(!fixed))
		return cpuid_slow(v);
	answer_cpuid(v, fixed);
	return EXIT_SKIP;
}

/* What a CPU without the feature does: VMX and SMX instructions, MONITOR, MWAIT. */
enum exit_action exit_undefined(struct vcpu *v)
{
	return inject_ud(v);
}

/* CPUID shows no performance monitor, so no counter number is valid. */
enum exit_action exit_rdpmc(struct vcpu *v)
{
	return inject_gp(v, 0);
}

/* The guest's memory is RAM that no device reads behind the caches: nothing to do. INVD must not
 * lose the host's data. */
enum exit_action exit_cache(struct vcpu *v)
{
	(void)v;
	return EXIT_SKIP;
}

/* MSRs that the guest may touch directly, when they exit nevertheless. */
static bool access_passed_msr(struct vcpu *v, uint32_t index, bool write, uint64_t *value)
{
	static const struct {
		uint32_t index;
		enum vmcs_field field;
	} in_vmcs[] = {
		{MSR_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS},
		{MSR_SYSENTER_ESP, VMCS_GUEST_SYSENTER_ESP},
		{MSR_SYSENTER_EIP, VMCS_GUEST_SYSENTER_EIP},
		{MSR_FS_BASE, VMCS_GUEST_FS_BASE},
		{MSR_GS_BASE, VMCS_GUEST_GS_BASE},
		{MSR_PAT, VMCS_GUEST_PAT},
	};

	if (index == MSR_EFER) {
		if (write)
			vcpu_set_efer(v, *value);
		else
			*value = vcpu_efer(v);
		return true;
	}
	if (index == MSR_TSC) {
		*value = tsc_for_guest(v, cpu_rdtsc()) + vmcs_read(VMCS_TSC_OFFSET);
		return true;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(in_vmcs); i++) {
		if (in_vmcs[i].index != index)
			continue;
		if (index == MSR_PAT && !vmx_caps.guest_pat)
			return false;
		if (write)
			vmcs_write(in_vmcs[i].field, *value);
		else
			*value = vmcs_read(in_vmcs[i].field);
		return true;
	}
	if (index == MSR_STAR || index == MSR_LSTAR || index == MSR_CSTAR || index == MSR_FMASK ||
	    index == MSR_KERNEL_GS_BASE || (index == MSR_TSC_AUX && vmx_caps.rdtscp)) {
		if (write)
			cpu_wrmsr(index, *value);
		else
			*value = cpu_rdmsr(index);
		return true;
	}
	return false;
}

static bool carry_out_msr(struct vcpu *v, enum msr_result result, uint32_t index, bool write,
			  uint64_t *value)
{
	switch (result) {
	case MSR_DONE:
		return true;
	case MSR_CALLER_PASS:
		return access_passed_msr(v, index, write, value);
	case MSR_CALLER_TSC:
		vmcs_write(VMCS_TSC_OFFSET, *value - tsc_for_guest(v, cpu_rdtsc()));
		return true;
	case MSR_CALLER_DEBUGCTL:
		if (write)
			vmcs_write(VMCS_GUEST_DEBUGCTL, *value);
		else
			*value = vmcs_read(VMCS_GUEST_DEBUGCTL);
		return true;
	case MSR_UNKNOWN:
		log_debug(LOG_MSR, "%s: %s of unknown MSR %#x at %#llx: #GP", v->vm->config.name,
			  write ? "WRMSR" : "RDMSR", index, (unsigned long long)v->rip);
		return false;
	case MSR_GP:
		return false;
	}
	return false;
}

bool vcpu_read_msr(struct vcpu *v, uint32_t index, uint64_t *value)
{
	enum msr_result result = msr_read(&v->vm->msrs, index, value);

	return result != MSR_UNKNOWN && carry_out_msr(v, result, index, false, value);
}

enum exit_action exit_rdmsr(struct vcpu *v)
{
	uint32_t index = (uint32_t)v->gpr[RCX];
	uint64_t value = 0;

	vcpu_last_exit(v)->qualification = index;
	if (!carry_out_msr(v, msr_read(&v->vm->msrs, index, &value), index, false, &value))
		return inject_gp(v, 0);
	v->gpr[RAX] = value & LOW_HALF;
	v->gpr[RDX] = value >> 32;
	return EXIT_SKIP;
}

enum exit_action exit_wrmsr(struct vcpu *v)
{
	uint32_t index = (uint32_t)v->gpr[RCX];
	uint64_t value = (v->gpr[RDX] & LOW_HALF) << 32 | (v->gpr[RAX] & LOW_HALF);
	const struct msr_context now = {
		.cr0 = vmcs_read(VMCS_GUEST_CR0),
		.efer = vmcs_read(VMCS_GUEST_EFER),
	};

	vcpu_last_exit(v)->qualification = index;
	if (!carry_out_msr(v, msr_write(&v->vm->msrs, index, &value, &now), index, true, &value))
		return inject_gp(v, 0);
	return EXIT_SKIP;
}

/* XSETBV exits unconditionally, after the CPU has checked CPL and CR4.OSXSAVE. */
enum exit_action exit_xsetbv(struct vcpu *v)
{
	uint64_t value = (v->gpr[RDX] & LOW_HALF) << 32 | (v->gpr[RAX] & LOW_HALF);

	if ((uint32_t)v->gpr[RCX] != 0 || !xcr0_valid(&v->vm->cpuid, value))
		return inject_gp(v, 0);
	cpu_xsetbv(0, value);
	v->parked.xcr0 = value;
	return EXIT_SKIP;
}
