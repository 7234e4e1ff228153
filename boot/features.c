/* boot/features.c - see boot/features.h. */
#include "boot/features.h"

#include "kernel/cpu.h"
#include "kernel/log.h"

#define LEAF_FEATURES          1u
#define LEAF_STRUCTURED        7u
#define LEAF_EXTENDED          0x80000000u
#define LEAF_EXTENDED_FEATURES 0x80000001u
#define LEAF_ADDRESS_SIZES     0x80000008u

#define PAT_AT_RESET           UINT64_C(0x0007040600070406)

struct cpu_features cpu_features;

/* SDM 2A "CPUID - CPU Identification". */
void features_detect(void)
{
	struct cpuid_regs base = cpu_cpuid(LEAF_FEATURES, 0);
	struct cpuid_regs extended = cpu_cpuid(LEAF_EXTENDED_FEATURES, 0);
	struct cpuid_regs structured = {0};

	if (cpu_cpuid(0, 0).eax >= LEAF_STRUCTURED)
		structured = cpu_cpuid(LEAF_STRUCTURED, 0);
	cpu_features = (struct cpu_features){
		.nx = (extended.edx & BIT(20)) != 0,
		.page_1g = (extended.edx & BIT(26)) != 0,
		.smep = (structured.ebx & BIT(7)) != 0,
		.smap = (structured.ebx & BIT(20)) != 0,
		.umip = (structured.ecx & BIT(2)) != 0,
		.xsave = (base.ecx & BIT(26)) != 0,
		.pge = (base.edx & BIT(13)) != 0,
		.physical_bits = 36,
	};
	if (cpu_cpuid(LEAF_EXTENDED, 0).eax >= LEAF_ADDRESS_SIZES)
		cpu_features.physical_bits = (uint8_t)cpu_cpuid(LEAF_ADDRESS_SIZES, 0).eax;
}

void features_enable(void)
{
	/* MCE: or a machine check would shut the CPU down instead of coming as #MC. */
	uint64_t cr4 = cpu_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_MCE;
	uint64_t cr0 = cpu_read_cr0() | CR0_WP | CR0_NE | CR0_MP;

	if (cpu_features.nx)
		cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_NXE);
	if (cpu_features.pge)
		cr4 |= CR4_PGE;
	if (cpu_features.smep)
		cr4 |= CR4_SMEP;
	if (cpu_features.smap)
		cr4 |= CR4_SMAP;
	if (cpu_features.umip)
		cr4 |= CR4_UMIP;
	if (cpu_features.xsave)
		cr4 |= CR4_OSXSAVE;
	cpu_write_cr4(cr4);
	/* mm/paging.h counts on it; firmware may have left something else. SDM 3A "Programming the
	 * PAT". */
	cpu_wrmsr(MSR_PAT, PAT_AT_RESET);
	cpu_write_cr0(cr0 & ~(CR0_EM | CR0_TS | CR0_CD | CR0_NW));
}

void features_log(void)
{
	const struct cpu_features *f = &cpu_features;

	log_info(LOG_BOOT, "protection: WP%s%s%s%s; %u-bit physical addresses", f->nx ? " NX" : "",
		 f->smep ? " SMEP" : "", f->smap ? " SMAP" : "", f->umip ? " UMIP" : "",
		 f->physical_bits);
	if (!f->nx)
		log_warn(LOG_BOOT,
			 "the CPU has no NX (or the firmware has turned it off): data can "
			 "be executed");
	if (!f->smep || !f->smap || !f->umip)
		log_debug(LOG_BOOT, "the CPU lacks%s%s%s", f->smep ? "" : " SMEP",
			  f->smap ? "" : " SMAP", f->umip ? "" : " UMIP");
}
