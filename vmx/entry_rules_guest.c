/* vmx/entry_rules_guest.c - VM entry's checks on the guest's registers, but for its segments. */
#include "vmx/entry_rules_parts.h"

static ENTRY_HOLDS(cr0_paging)
{
	return !(value & CR0_PG) || (value & CR0_PE);
}

/* Bits 5:3 and 63:16 are nobody's. */
static ENTRY_HOLDS(debugctl)
{
	return !(value & ~UINT64_C(0xffc7));
}

static ENTRY_HOLDS(long_mode_paging)
{
	return (value & CR0_PG) && (e->value[arg] & CR4_PAE);
}

static ENTRY_HOLDS(pcid)
{
	return entry_ia32e(e) || !(value & CR4_PCIDE);
}

static ENTRY_HOLDS(efer_lma)
{
	return ((value & EFER_LMA) != 0) == entry_ia32e(e);
}

static ENTRY_HOLDS(efer_lme)
{
	bool lma = (value & EFER_LMA) != 0, lme = (value & EFER_LME) != 0;

	return !(e->value[arg] & CR0_PG) || lma == lme;
}

static ENTRY_HOLDS(bndcfgs)
{
	return !(value & UINT64_C(0xffc)) && entry_is_canonical(e, value);
}

static ENTRY_HOLDS(rflags_reserved)
{
	const uint64_t reserved = ~UINT64_C(0x3fffff) | BIT(15) | BIT(5) | BIT(3);

	return (value & RFLAGS_ONE) && !(value & reserved);
}

static ENTRY_HOLDS(rflags_vm)
{
	return !entry_ia32e(e) && (e->value[arg] & CR0_PE);
}

static ENTRY_HOLDS(rflags_if)
{
	return EVENT_TYPE_OF(e->value[arg]) != 0 || (value & RFLAGS_IF);
}

static ENTRY_HOLDS(ssp_mode)
{
	return entry_64bit(e) ? entry_is_canonical(e, value) : !(value >> 32);
}

#define RULES(RULE)                                                                                \
	RULE("cr0-fixed", entry_cr0_fixed, IN_GUEST_REGISTERS, ENTRY_ALWAYS, PROC2(7), 0,          \
	     ONE(GUEST_CR0))                                                                       \
	RULE("cr0-paging: PG is 1 only with PE", cr0_paging, IN_GUEST_REGISTERS, ENTRY_ALWAYS, 0,  \
	     0, ONE(GUEST_CR0))                                                                    \
	RULE("cr4-fixed", entry_cr4_fixed, IN_GUEST_REGISTERS, ENTRY_ALWAYS, 0, 0, ONE(GUEST_CR4)) \
	RULE("cr4-cet: CET is 1 only with CR0.WP", entry_cet_needs_wp, IN_GUEST_REGISTERS,         \
	     ENTRY_ALWAYS, AT_GUEST_CR0, 0, TWO(GUEST_CR4, GUEST_CR0))                             \
	RULE("debugctl: reserved bits are 0", debugctl, IN_GUEST_REGISTERS, ENTRY(2), 0, 0,        \
	     ONE(GUEST_DEBUGCTL))                                                                  \
	RULE("long-mode-paging: CR0.PG and CR4.PAE are 1", long_mode_paging, IN_GUEST_REGISTERS,   \
	     ENTRY(9), AT_GUEST_CR4, 0, TWO(GUEST_CR0, GUEST_CR4))                                 \
	RULE("cr4-pcide: 1 only in IA-32e mode", pcid, IN_GUEST_REGISTERS, ENTRY_ALWAYS, 0, 0,     \
	     TWO(GUEST_CR4, ENTRY_CONTROLS))                                                       \
	RULE("cr3: within the address width", entry_cr3, IN_GUEST_REGISTERS, ENTRY_ALWAYS, 0, 0,   \
	     ONE(GUEST_CR3))                                                                       \
	RULE("dr7: bits 63:32 are 0", entry_width, IN_GUEST_REGISTERS, ENTRY(2), 32, 0,            \
	     ONE(GUEST_DR7))                                                                       \
	RULE("sysenter", entry_canonical, IN_GUEST_REGISTERS, ENTRY_ALWAYS, 0, 0,                  \
	     RANGE(GUEST_SYSENTER_ESP, GUEST_SYSENTER_EIP, NONE))                                  \
	RULE("pat: memory types that there are", entry_pat, IN_GUEST_REGISTERS, ENTRY(14), 0, 0,   \
	     ONE(GUEST_PAT))                                                                       \
	RULE("efer-reserved: reserved bits are 0", entry_efer_reserved, IN_GUEST_REGISTERS,        \
	     ENTRY(15), 0, 0, ONE(GUEST_EFER))                                                     \
	RULE("efer-lma: LMA is IA-32e mode guest", efer_lma, IN_GUEST_REGISTERS, ENTRY(15), 0, 0,  \
	     TWO(GUEST_EFER, ENTRY_CONTROLS))                                                      \
	RULE("efer-lme: with paging LME is LMA", efer_lme, IN_GUEST_REGISTERS, ENTRY(15),          \
	     AT_GUEST_CR0, 0, TWO(GUEST_EFER, GUEST_CR0))                                          \
	RULE("bndcfgs: canonical, and bits 11:2 are 0", bndcfgs, IN_GUEST_REGISTERS, ENTRY(16), 0, \
	     0, ONE(GUEST_BNDCFGS))                                                                \
	RULE("s-cet: reserved bits, 10 and 11 not both 1", entry_s_cet, IN_GUEST_REGISTERS,        \
	     ENTRY(20), 0, 0, ONE(GUEST_S_CET))                                                    \
	RULE("ssp-table", entry_canonical, IN_GUEST_REGISTERS, ENTRY(20), 0, 0,                    \
	     ONE(GUEST_SSP_TABLE))                                                                 \
	RULE("pkrs: bits 63:32 are 0", entry_width, IN_GUEST_REGISTERS, ENTRY(22), 32, 0,          \
	     ONE(GUEST_PKRS))                                                                      \
	RULE("table-bases", entry_canonical, IN_GUEST_TABLES, ENTRY_ALWAYS, 0, 0,                  \
	     RANGE(GUEST_GDTR_BASE, GUEST_IDTR_BASE, NONE))                                        \
	RULE("table-limits: bits 31:16 are 0", entry_width, IN_GUEST_TABLES, ENTRY_ALWAYS, 16, 0,  \
	     RANGE(GUEST_GDTR_LIMIT, GUEST_IDTR_LIMIT, NONE))                                      \
	RULE("rip-32: bits 63:32 are 0 outside of 64-bit mode", entry_width, IN_GUEST_RIP,         \
	     ENTRY_UNLESS_64BIT, 32, 0, TWO(GUEST_RIP, GUEST_CS_ACCESS))                           \
	RULE("rip-64: canonical in 64-bit mode", entry_canonical, IN_GUEST_RIP, ENTRY_IF_64BIT, 0, \
	     0, TWO(GUEST_RIP, GUEST_CS_ACCESS))                                                   \
	RULE("rflags-reserved: bit 1 is 1, and reserved bits are 0", rflags_reserved,              \
	     IN_GUEST_RIP, ENTRY_ALWAYS, 0, 0, ONE(GUEST_RFLAGS))                                  \
	RULE("rflags-vm: only in protected, not in IA-32e mode", rflags_vm, IN_GUEST_RIP,          \
	     ENTRY_IF_V86, AT_GUEST_CR0, 0, TWO(GUEST_RFLAGS, GUEST_CR0))                          \
	RULE("rflags-if: 1 for an external interrupt", rflags_if, IN_GUEST_RIP, ENTRY_IF_EVENT,    \
	     AT_ENTRY_INTERRUPTION_INFO, 0, TWO(GUEST_RFLAGS, ENTRY_INTERRUPTION_INFO))            \
	RULE("ssp: bits 1:0 are 0", entry_bits_clear, IN_GUEST_RIP, ENTRY(20), 3, 0,               \
	     ONE(GUEST_SSP))                                                                       \
	RULE("ssp-mode: as wide as the mode has it", ssp_mode, IN_GUEST_RIP, ENTRY(20), 0, 0,      \
	     TWO(GUEST_SSP, GUEST_CS_ACCESS))

ENTRY_TABLE(entry_rules_guest, RULES)
