/*
 * kernel/x86.h - bits and numbers of the architecture by the manual's names. Pure constants.
 * Spec: SDM 3A "Control Registers", SDM 4 "Model-Specific Registers (MSRs)", SDM 3A "Exception and
 * Interrupt Reference".
 */
#pragma once

#include "kernel/types.h"

struct cpuid_regs {
	uint32_t eax, ebx, ecx, edx;
};

#define CR0_PE                 BIT(0)
#define CR0_MP                 BIT(1)
#define CR0_EM                 BIT(2)
#define CR0_TS                 BIT(3)
#define CR0_ET                 BIT(4)
#define CR0_NE                 BIT(5)
#define CR0_WP                 BIT(16)
#define CR0_AM                 BIT(18)
#define CR0_NW                 BIT(29)
#define CR0_CD                 BIT(30)
#define CR0_PG                 BIT(31)

#define CR4_VME                BIT(0)
#define CR4_PVI                BIT(1)
#define CR4_TSD                BIT(2)
#define CR4_DE                 BIT(3)
#define CR4_PSE                BIT(4)
#define CR4_PAE                BIT(5)
#define CR4_MCE                BIT(6)
#define CR4_PGE                BIT(7)
#define CR4_PCE                BIT(8)
#define CR4_OSFXSR             BIT(9)
#define CR4_OSXMMEXCPT         BIT(10)
#define CR4_UMIP               BIT(11)
#define CR4_LA57               BIT(12)
#define CR4_VMXE               BIT(13)
#define CR4_SMXE               BIT(14)
#define CR4_FSGSBASE           BIT(16)
#define CR4_PCIDE              BIT(17)
#define CR4_OSXSAVE            BIT(18)
#define CR4_SMEP               BIT(20)
#define CR4_SMAP               BIT(21)
#define CR4_PKE                BIT(22)
#define CR4_CET                BIT(23)
#define CR4_PKS                BIT(24)

#define EFER_SCE               BIT(0)
#define EFER_LME               BIT(8)
#define EFER_LMA               BIT(10)
#define EFER_NXE               BIT(11)

#define RFLAGS_CF              BIT(0)
#define RFLAGS_ONE             BIT(1) /* always set */
#define RFLAGS_PF              BIT(2)
#define RFLAGS_AF              BIT(4)
#define RFLAGS_ZF              BIT(6)
#define RFLAGS_SF              BIT(7)
#define RFLAGS_TF              BIT(8)
#define RFLAGS_IF              BIT(9)
#define RFLAGS_DF              BIT(10)
#define RFLAGS_OF              BIT(11)
#define RFLAGS_IOPL            (BIT(12) | BIT(13))
#define RFLAGS_NT              BIT(14)
#define RFLAGS_RF              BIT(16)
#define RFLAGS_VM              BIT(17)
#define RFLAGS_AC              BIT(18)

#define MSR_TSC                0x10u
#define MSR_PLATFORM_ID        0x17u
#define MSR_APIC_BASE          0x1bu
#define MSR_FEATURE_CONTROL    0x3au
#define MSR_TSC_ADJUST         0x3bu
#define MSR_BIOS_SIGN_ID       0x8bu
#define MSR_MTRRCAP            0xfeu
#define MSR_SYSENTER_CS        0x174u
#define MSR_SYSENTER_ESP       0x175u
#define MSR_SYSENTER_EIP       0x176u
#define MSR_MISC_ENABLE        0x1a0u
#define MSR_DEBUGCTL           0x1d9u
#define MSR_PAT                0x277u
#define MSR_VMX_BASIC          0x480u
#define MSR_VMX_PINBASED       0x481u
#define MSR_VMX_PROCBASED      0x482u
#define MSR_VMX_EXIT           0x483u
#define MSR_VMX_ENTRY          0x484u
#define MSR_VMX_MISC           0x485u
#define MSR_VMX_CR0_FIXED0     0x486u
#define MSR_VMX_CR0_FIXED1     0x487u
#define MSR_VMX_CR4_FIXED0     0x488u
#define MSR_VMX_CR4_FIXED1     0x489u
#define MSR_VMX_VMCS_ENUM      0x48au
#define MSR_VMX_PROCBASED2     0x48bu
#define MSR_VMX_EPT_VPID_CAP   0x48cu
#define MSR_VMX_TRUE_PINBASED  0x48du
#define MSR_VMX_TRUE_PROCBASED 0x48eu
#define MSR_VMX_TRUE_EXIT      0x48fu
#define MSR_VMX_TRUE_ENTRY     0x490u
#define MSR_VMX_VMFUNC         0x491u
#define MSR_XSS                0xda0u
#define MSR_EFER               0xc0000080u
#define MSR_STAR               0xc0000081u
#define MSR_LSTAR              0xc0000082u
#define MSR_CSTAR              0xc0000083u
#define MSR_FMASK              0xc0000084u
#define MSR_FS_BASE            0xc0000100u
#define MSR_GS_BASE            0xc0000101u
#define MSR_KERNEL_GS_BASE     0xc0000102u
#define MSR_TSC_AUX            0xc0000103u

enum exception {
	EXC_DE = 0,
	EXC_DB = 1,
	EXC_NMI = 2,
	EXC_BP = 3,
	EXC_OF = 4,
	EXC_BR = 5,
	EXC_UD = 6,
	EXC_NM = 7,
	EXC_DF = 8,
	EXC_TS = 10,
	EXC_NP = 11,
	EXC_SS = 12,
	EXC_GP = 13,
	EXC_PF = 14,
	EXC_MF = 16,
	EXC_AC = 17,
	EXC_MC = 18,
	EXC_XM = 19,
};

/* An entry of a paging structure. SDM 3A "4-Level Paging and 5-Level Paging"; what 32-bit paging
 * has of them stands at the same places. */
#define PTE_PRESENT  BIT(0)
#define PTE_WRITABLE BIT(1)
#define PTE_USER     BIT(2)
#define PTE_PWT      BIT(3)
#define PTE_PCD      BIT(4)
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY    BIT(6)
#define PTE_LARGE    BIT(7)
#define PTE_GLOBAL   BIT(8)
#define PTE_NX       BIT(63)
#define PTE_ADDRESS  UINT64_C(0x000ffffffffff000)

#define PF_PRESENT   BIT(0)
#define PF_WRITE     BIT(1)
#define PF_USER      BIT(2)
#define PF_RSVD      BIT(3)
#define PF_FETCH     BIT(4)

/* ModRM register numbers: the index into every array of general registers here. */
enum gpr {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	GPR_COUNT
};

/* SDM 3B "Debug Registers"; FIXED bits read as 1 and ZEROS as 0, whatever is written. */
#define DR6_TRAPS    UINT64_C(0xf) /* of DR0 to DR3 */
#define DR6_BD       BIT(13)
#define DR6_BS       BIT(14)
#define DR6_BT       BIT(15)
#define DR6_ZEROS    BIT(12)
#define DR6_FIXED    UINT64_C(0xffff0ff0)
#define DR7_GD       BIT(13)
#define DR7_ZEROS    UINT64_C(0xd800)
#define DR7_FIXED    UINT64_C(0x400)

/* SDM 3B "IA32_DEBUGCTL MSR" */
#define DEBUGCTL_LBR BIT(0)
#define DEBUGCTL_BTF BIT(1)
