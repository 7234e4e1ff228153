/* vmx/entry_rules_host.c - VM entry's checks on the host-state area. */
#include "vmx/entry_rules_parts.h"

/* The host is in IA-32e mode, or host-64 is broken. */
static ENTRY_HOLDS(efer_mode)
{
	bool wide = entry_control(e, arg);
	uint64_t want = wide ? EFER_LMA | EFER_LME : 0;

	return (value & (EFER_LMA | EFER_LME)) == want;
}

#define RULES(RULE)                                                                                \
	RULE("host-cr0", entry_cr0_fixed, IN_HOST_REGISTERS, ENTRY_ALWAYS, ENTRY_ALWAYS, 0,        \
	     ONE(HOST_CR0))                                                                        \
	RULE("host-cr4", entry_cr4_fixed, IN_HOST_REGISTERS, ENTRY_ALWAYS, 0, 0, ONE(HOST_CR4))    \
	RULE("host-cet: CR4.CET is 1 only with CR0.WP", entry_cet_needs_wp, IN_HOST_REGISTERS,     \
	     ENTRY_ALWAYS, AT_HOST_CR0, 0, TWO(HOST_CR4, HOST_CR0))                                \
	RULE("host-cr3: within the address width", entry_cr3, IN_HOST_REGISTERS, ENTRY_ALWAYS, 0,  \
	     0, ONE(HOST_CR3))                                                                     \
	RULE("host-sysenter", entry_canonical, IN_HOST_REGISTERS, ENTRY_ALWAYS, 0, 0,              \
	     RANGE(HOST_SYSENTER_ESP, HOST_SYSENTER_EIP, NONE))                                    \
	RULE("host-pat: memory types that there are", entry_pat, IN_HOST_REGISTERS, EXIT(19), 0,   \
	     0, ONE(HOST_PAT))                                                                     \
	RULE("host-efer: reserved bits are 0", entry_efer_reserved, IN_HOST_REGISTERS, EXIT(21),   \
	     0, 0, ONE(HOST_EFER))                                                                 \
	RULE("host-efer-mode: LMA and LME: host address-space size", efer_mode, IN_HOST_REGISTERS, \
	     EXIT(21), EXIT(9), 0, TWO(HOST_EFER, EXIT_CONTROLS))                                  \
	RULE("host-s-cet: reserved bits, 10 and 11 not both 1", entry_s_cet, IN_HOST_REGISTERS,    \
	     EXIT(28), 0, 0, ONE(HOST_S_CET))                                                      \
	RULE("host-ssp-table", entry_canonical, IN_HOST_REGISTERS, EXIT(28), 0, 0,                 \
	     ONE(HOST_SSP_TABLE))                                                                  \
	RULE("host-ssp: bits 1:0 are 0", entry_bits_clear, IN_HOST_REGISTERS, EXIT(28), 3, 0,      \
	     ONE(HOST_SSP))                                                                        \
	RULE("host-pkrs: bits 63:32 are 0", entry_width, IN_HOST_REGISTERS, EXIT(29), 32, 0,       \
	     ONE(HOST_PKRS))                                                                       \
	RULE("host-selectors: RPL and TI are 0", entry_bits_clear, IN_HOST_SEGMENTS, ENTRY_ALWAYS, \
	     7, 0, RANGE(HOST_ES_SELECTOR, HOST_TR_SELECTOR, NONE))                                \
	RULE("host-cs: not 0", entry_not_zero, IN_HOST_SEGMENTS, ENTRY_ALWAYS, 0, 0,               \
	     ONE(HOST_CS_SELECTOR))                                                                \
	RULE("host-tr: not 0", entry_not_zero, IN_HOST_SEGMENTS, ENTRY_ALWAYS, 0, 0,               \
	     ONE(HOST_TR_SELECTOR))                                                                \
	RULE("host-bases", entry_canonical, IN_HOST_SEGMENTS, ENTRY_ALWAYS, 0, 0,                  \
	     RANGE(HOST_FS_BASE, HOST_IDTR_BASE, NONE))                                            \
	RULE("host-64: host address-space size is 1", entry_needs, IN_HOST_SIZE, ENTRY_ALWAYS,     \
	     EXIT(9), 0, ONE(EXIT_CONTROLS))                                                       \
	RULE("host-pae: CR4.PAE is 1", entry_bits_set, IN_HOST_SIZE, EXIT(9), CR4_PAE, 0,          \
	     ONE(HOST_CR4))                                                                        \
	RULE("host-rip", entry_canonical, IN_HOST_SIZE, EXIT(9), 0, 0, ONE(HOST_RIP))              \
	RULE("host-ssp-64", entry_canonical, IN_HOST_SIZE, EXIT(28), 0, 0, ONE(HOST_SSP))

ENTRY_TABLE(entry_rules_host, RULES)
