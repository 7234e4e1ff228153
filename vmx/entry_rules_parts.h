/* vmx/entry_rules_parts.h - what the files of the table share. For vmx/entry_rules*.c only. */
#pragma once

#include "vmx/entry_rules.h"

/* Titles, in the order of the manual; vmx/entry_rules.c has them in words. */
enum entry_section {
	IN_EXECUTION,
	IN_EXIT,
	IN_ENTRY,
	IN_HOST_REGISTERS, /* the first of the host's */
	IN_HOST_SEGMENTS,
	IN_HOST_SIZE,
	IN_GUEST_REGISTERS, /* the first of the guest's */
	IN_GUEST_SEGMENTS,
	IN_GUEST_TABLES,
	IN_GUEST_RIP,
	IN_GUEST_OTHER,
	IN_GUEST_PDPTES,
};

struct entry_rule_table {
	const struct entry_rule *rules;
	const char *texts; /* of the rules in turn, each with its NUL */
	unsigned count;
};

/* A table from a list of RULE("name: in words", function, section, when, arg, step, fields). The
 * words are left out where they are the function's own (entry_rule_words()). */
#define ENTRY_RULE(text, ...) {__VA_ARGS__},
#define ENTRY_TEXT(text, ...) text "\0"
#define ENTRY_TABLE(name, list)                                                                    \
	static const struct entry_rule rules[] = {list(ENTRY_RULE)};                               \
	static const char texts[] = list(ENTRY_TEXT);                                              \
	const struct entry_rule_table name = {rules, texts, ARRAY_SIZE(rules)};

/* The head of a rule's function. */
#define ENTRY_MAYBE __attribute__((unused))
#define ENTRY_HOLDS(name)                                                                          \
	bool name(ENTRY_MAYBE const struct entry_state *e, ENTRY_MAYBE uint64_t value,             \
		  ENTRY_MAYBE unsigned arg)

extern const struct entry_rule_table entry_rules_controls;
extern const struct entry_rule_table entry_rules_host;
extern const struct entry_rule_table entry_rules_guest;
extern const struct entry_rule_table entry_rules_segments;
extern const struct entry_rule_table entry_rules_other;

#define PIN(bit)                   ENTRY_CONTROL(CONTROL_PIN, bit)
#define PROC(bit)                  ENTRY_CONTROL(CONTROL_PROC, bit)
#define PROC2(bit)                 ENTRY_CONTROL(CONTROL_PROC2, bit)
#define EXIT(bit)                  ENTRY_CONTROL(CONTROL_EXIT, bit)
#define ENTRY(bit)                 ENTRY_CONTROL(CONTROL_ENTRY, bit)

#define VALUE(e, name)             ((e)->value[AT_##name])
/* The last members of a rule: its first and last field, and the one beside the first. */
#define ONE(name)                  RANGE(name, name, NONE)
#define TWO(name, beside)          RANGE(name, name, beside)
#define RANGE(first, last, beside) AT_##first, AT_##last, AT_##beside

#define BLOCKED_BY_STI             BIT(0)
#define BLOCKED_BY_MOV_SS          BIT(1)
#define EVENT_IS_VALID(i)          (((i) >> 31) & 1)
#define EVENT_TYPE_OF(i)           (((i) >> 8) & 7)
#define EVENT_VECTOR_OF(i)         ((i)&0xff)

/* Is the control 1? Those of the second group count only if they are switched on. */
bool entry_control(const struct entry_state *e, unsigned control);

bool entry_ia32e(const struct entry_state *e);
bool entry_v86(const struct entry_state *e);
bool entry_64bit(const struct entry_state *e); /* IA-32e mode and CS.L */

/* Do the rights and the limit of this register (enum guest_segment_name) matter? In virtual-8086
 * mode only those of LDTR and TR; what is unusable does only in CS and TR. */
bool entry_segment_matters(const struct entry_state *e, unsigned s);

bool entry_is_canonical(const struct entry_state *e, uint64_t address);

/* Rules that several areas have. arg: the other control. */
ENTRY_HOLDS(entry_needs);
ENTRY_HOLDS(entry_bars);

/* arg: the group. */
ENTRY_HOLDS(entry_controls_fit);

/* An address of memory; arg: so many low bits are 0. */
ENTRY_HOLDS(entry_address);

/* arg: the value has no more bits than this. */
ENTRY_HOLDS(entry_width);
ENTRY_HOLDS(entry_not_zero);
ENTRY_HOLDS(entry_canonical);
ENTRY_HOLDS(entry_cr3);
ENTRY_HOLDS(entry_cet_needs_wp); /* arg: CR0 */
ENTRY_HOLDS(entry_pat);
ENTRY_HOLDS(entry_efer_reserved);
ENTRY_HOLDS(entry_s_cet);

/* arg: the bits. */
ENTRY_HOLDS(entry_bits_clear);
ENTRY_HOLDS(entry_bits_set);

/* arg: the control "unrestricted guest"; ENTRY_ALWAYS: the host's. */
ENTRY_HOLDS(entry_cr0_fixed);
ENTRY_HOLDS(entry_cr4_fixed);
