/*
 * vmx/entry_rules.h - what the CPU checks at VM entry, as a table of pure functions.
 *
 * Each rule has a name, says what ought to be, where the manual says so, and which fields it is
 * about. The CPU looks at the controls and the host state first (VM-instruction error 7 or 8), at
 * the guest state only if these are well (exit reason 33).
 *
 * Not here, since the VMCS and the capability MSRs do not tell:
 * - contents of memory: VTPR below the TPR threshold, the region behind the VMCS link pointer, the
 *   MSRs to load (exit reason 34), PDPTEs without EPT;
 * - reserved bits that CPUID tells of: IA32_PERF_GLOBAL_CTRL, IA32_RTIT_CTL, IA32_LBR_CTL, the bits
 *   of IA32_DEBUGCTL that a model may lack, LAM in CR3, RTM and SGX;
 * - whether a model wants no NMI injected while STI blocks; Intel PT being on at the entry;
 * - what stands behind the tertiary processor-based and the secondary VM-exit controls, and FRED;
 * - the rules for an entry in SMM or outside of IA-32e mode: Lintel is never there, so "entry to
 *   SMM" has to be 0 and "host address-space size" 1, and that is all;
 * - that the VMCS is there, and launched or not (VM-instruction errors 4, 5 and 26).
 * Pure. Spec: SDM 3C "Checks on VMX Controls and Host-State Area", "Checking and Loading Guest
 * State".
 */
#pragma once

#include "vmx/caps.h"
#include "vmx/fields.h"

/* Where a field stands in struct entry_state: AT_GUEST_RIP and so on, in the order of the list. */
enum entry_at {
	AT_NONE,
#define ENTRY_AT(name, encoding) AT_##name,
	VMCS_FIELDS(ENTRY_AT)
#undef ENTRY_AT
		AT_END
};

/* What the checks look at: raw values, not what the guest sees. */
struct entry_state {
	uint64_t value[AT_END]; /* of a field that the CPU lacks: 0 */
	struct vmx_msrs msrs;
	uint8_t physical_bits, linear_bits; /* widths of addresses */
};

/* A control as one number, as rules want it: its group and its bit. */
#define ENTRY_CONTROL(group, bit) ((group)*32u + (bit))

/* What else a rule may depend on. */
enum {
	ENTRY_ALWAYS = 0xf0,
	ENTRY_IF_EVENT, /* one is injected */
	ENTRY_IF_V86,
	ENTRY_UNLESS_V86,
	ENTRY_IF_RESTRICTED, /* neither virtual-8086 mode nor unrestricted guest */
	ENTRY_IF_SEGMENT,    /* the rights of the register matter: that of the number arg */
	ENTRY_IF_64BIT,
	ENTRY_UNLESS_64BIT,
};

enum entry_area { ENTRY_CONTROLS_AREA, ENTRY_HOST_AREA, ENTRY_GUEST_AREA, ENTRY_AREAS };

struct entry_rule {
	bool (*holds)(const struct entry_state *e, uint64_t value, unsigned arg);
	uint8_t section; /* for entry_rule_title() */
	uint8_t when;    /* asked only then: a control that is 1, or one of the above */
	uint8_t arg;     /* another control or field, a segment register, a number of bits, ... */
	uint8_t step;    /* and so much more for each further field */
	uint8_t first, last; /* the fields: it is asked of each value */
	uint8_t beside;      /* goes with the first one, the next with the next; or AT_NONE */
};

/* A rule that does not hold, and the field that breaks it. */
struct entry_breach {
	const struct entry_rule *rule;
	unsigned number, at;
};

/* Rules by number, through all areas in turn; NULL behind the last one. */
const struct entry_rule *entry_rule_at(unsigned number);

/* "name: the rule in words", as it ought to be, or the name alone; then entry_rule_words() has the
 * words (else NULL). */
const char *entry_rule_text(unsigned number);
const char *entry_rule_words(const struct entry_rule *r);

enum entry_area entry_rule_area(const struct entry_rule *r);

/* The title in SDM 3C. */
const char *entry_rule_title(const struct entry_rule *r);

/* The next breach of an area; *position counts on from 0. False: there is no further one. */
bool entry_next_breach(const struct entry_state *e, enum entry_area area, unsigned *position,
		       struct entry_breach *breach);

/* The area that the CPU will find fault with: the first one with a breach; ENTRY_AREAS: none. */
enum entry_area entry_verdict(const struct entry_state *e);
