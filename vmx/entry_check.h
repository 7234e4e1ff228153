/*
 * vmx/entry_check.h - the rules of vmx/entry_rules.h, put to the current VMCS, and told in the log.
 *
 * On the vCPU's core, with its VMCS loaded.
 */
#pragma once

#include "vmx/entry_rules.h"
#include "vmx/vcpu.h"

/* Reads all of it: the fields of the current VMCS, and what this core's CPU can do. */
void entry_state_read(struct entry_state *e);

/* Will the CPU refuse to enter this VMCS, by the rules? */
bool entry_is_barred(void);

/* Logs which rules do not hold: before a run's first entry (check=entry), and then also that all
 * hold; or after an entry that failed, and then also if the CPU finds fault with something else.
 * at_fault: with what; ENTRY_AREAS: with what no rule is about. */
void entry_check(struct vcpu *v, bool failed, enum entry_area at_fault);
