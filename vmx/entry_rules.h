/*
 * vmx/entry_rules.h - rules that VM entry checks in the guest-state area, as pure functions.
 *
 * They explain a refused entry: each rule that does not hold is named. Not all rules of the manual
 * are here: the ones that a wrong emulation step can break. Pure but for entry_state_read(), which
 * stands in vmx/dump.c. Spec: SDM 3C "Checking and Loading Guest State".
 */
#pragma once

#include "guest/cpu_state.h"

struct vcpu;

/* What the checks look at: raw VMCS values, not what the guest sees. */
struct entry_state {
	uint64_t cr0, cr3, cr4, efer, dr7, debugctl, rip, rflags, rsp;
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	uint64_t link_pointer, pending_debug;
	uint32_t entry_controls, pin_controls;
	uint32_t interruptibility, activity, event_info;
	uint8_t maxphyaddr;
	struct guest_segment segments[GUEST_SEGMENTS];
	struct guest_table gdtr, idtr;
	uint32_t gdtr_limit, idtr_limit;
};

struct entry_rule {
	bool (*holds)(const struct entry_state *e);
	const char *rule;   /* in words, as it ought to be */
	const char *fields; /* VMCS fields that it is about */
};

extern const struct entry_rule entry_rules[];
extern const unsigned entry_rule_count;

/* Reads all of it from the current VMCS. */
void entry_state_read(struct vcpu *v, struct entry_state *e);
