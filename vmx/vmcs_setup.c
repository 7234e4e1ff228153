/* vmx/vmcs_setup.c - the first contents of a VMCS. */
#include "vmx/vmcs_setup.h"

#include "kernel/cpu.h"
#include "kernel/percpu.h"
#include "vmx/core.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

uint64_t vmcs_real_cr0(uint64_t guest_cr0)
{
	/* With unrestricted guest, PE and PG may be 0 though IA32_VMX_CR0_FIXED0 has them set
	 * (SDM 3C "Checks on Guest Control Registers, Debug Registers, and MSRs"). */
	uint64_t must = vmx_caps.cr0_fixed0 & ~(CR0_PE | CR0_PG);

	return ((guest_cr0 & ~(CR0_NW | CR0_CD)) | must | CR0_ET) & vmx_caps.cr0_fixed1;
}

uint64_t vmcs_real_cr4(uint64_t guest_cr4)
{
	/* A machine check must always reach the host: CR4.MCE clear would shut the machine down. */
	return (guest_cr4 | vmx_caps.cr4_fixed0 | CR4_MCE) & vmx_caps.cr4_fixed1;
}

static void setup_controls(struct vcpu *v)
{
	const uint32_t *c = vmx_caps.controls;

	v->proc_controls = c[CONTROL_PROC];
	vmcs_write(VMCS_PIN_CONTROLS, c[CONTROL_PIN]);
	vmcs_write(VMCS_PROC_CONTROLS, c[CONTROL_PROC]);
	vmcs_write(VMCS_PROC2_CONTROLS, c[CONTROL_PROC2]);
	vmcs_write(VMCS_EXIT_CONTROLS, c[CONTROL_EXIT]);
	vmcs_write(VMCS_ENTRY_CONTROLS, c[CONTROL_ENTRY]);
	vmcs_write(VMCS_EXCEPTION_BITMAP, VCPU_EXCEPTIONS);
	vmcs_write(VMCS_PF_ERROR_MASK, 0);
	vmcs_write(VMCS_PF_ERROR_MATCH, 0);
	vmcs_write(VMCS_CR3_TARGET_COUNT, 0);
	vmcs_write(VMCS_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write(VMCS_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_INTERRUPTION_INFO, 0);
	vmcs_write(VMCS_TSC_OFFSET, 0);
	vmcs_write(VMCS_IO_BITMAP_A, vmx_io_bitmaps.raw);
	vmcs_write(VMCS_IO_BITMAP_B, vmx_io_bitmaps.raw + PAGE_4K);
	vmcs_write(VMCS_MSR_BITMAP, vmx_msr_bitmap.raw);
	vmcs_write(VMCS_LINK_POINTER, UINT64_MAX);
	vmcs_write(VMCS_EPT_POINTER, ept_pointer(&v->vm->ept, false));
	if (vmx_caps.vpid)
		vmcs_write(VMCS_VPID, v->vpid);
	vmcs_write(VMCS_CR0_MASK, VCPU_CR0_HOST_OWNED);
	vmcs_write(VMCS_CR4_MASK, VCPU_CR4_HOST_OWNED | ~cr4_guest_allowed(&v->vm->cpuid));
}

/* SDM 3C "Host-State Area": what the CPU has again after each exit. */
static void setup_host(struct vcpu *v)
{
	struct descriptor_table gdtr = vmx_store_gdtr();
	struct descriptor_table idtr = vmx_store_idtr();
	uint16_t tr = vmx_store_tr();
	const uint32_t *tss = (const uint32_t *)(gdtr.base + tr);
	uint64_t tss_base = (tss[0] >> 16) | (uint64_t)(tss[1] & 0xff) << 16 |
			    (uint64_t)(tss[1] & 0xff000000) | (uint64_t)tss[2] << 32;

	vmcs_write(VMCS_HOST_CR0, cpu_read_cr0());
	vmcs_write(VMCS_HOST_CR3, cpu_read_cr3());
	vmcs_write(VMCS_HOST_CR4, cpu_read_cr4());
	vmcs_write(VMCS_HOST_EFER, cpu_rdmsr(MSR_EFER));
	if (vmx_caps.guest_pat)
		vmcs_write(VMCS_HOST_PAT, cpu_rdmsr(MSR_PAT));
	vmcs_write(VMCS_HOST_CS_SELECTOR, vmx_store_cs());
	vmcs_write(VMCS_HOST_SS_SELECTOR, vmx_store_ss());
	vmcs_write(VMCS_HOST_DS_SELECTOR, 0);
	vmcs_write(VMCS_HOST_ES_SELECTOR, 0);
	vmcs_write(VMCS_HOST_FS_SELECTOR, 0);
	vmcs_write(VMCS_HOST_GS_SELECTOR, 0);
	vmcs_write(VMCS_HOST_TR_SELECTOR, tr);
	vmcs_write(VMCS_HOST_FS_BASE, 0);
	vmcs_write(VMCS_HOST_GS_BASE, (uintptr_t)this_cpu());
	vmcs_write(VMCS_HOST_TR_BASE, tss_base);
	vmcs_write(VMCS_HOST_GDTR_BASE, gdtr.base);
	vmcs_write(VMCS_HOST_IDTR_BASE, idtr.base);
	vmcs_write(VMCS_HOST_SYSENTER_CS, 0);
	vmcs_write(VMCS_HOST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_HOST_SYSENTER_EIP, 0);
	vmcs_write(VMCS_HOST_RSP, (uintptr_t)(v->gpr + GPR_COUNT)); /* see vmx/entry.asm */
	vmcs_write(VMCS_HOST_RIP, (uintptr_t)vmx_exit);
}

void vmcs_setup(struct vcpu *v)
{
	setup_controls(v);
	setup_host(v);
	vmcs_write(VMCS_GUEST_DEBUGCTL, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_CS, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_EIP, 0);
	if (vmx_caps.guest_pat)
		vmcs_write(VMCS_GUEST_PAT,
			   UINT64_C(0x0007040600070406)); /* SDM 3A "IA32_PAT MSR" */
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
	vmcs_write(VMCS_GUEST_ACTIVITY_STATE, 0);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
	vmcs_write(VMCS_GUEST_SMBASE, 0);
}
