/*
 * toolkit/msr_area_words.h - msrarea=INDEX[=VALUE],...: which MSRs, and what the guest finds in
 * them. Pure. Numbers are hexadecimal.
 */
#pragma once

#include "guest/msr.h"
#include "kernel/text.h"

#define MSR_AREA_MAX 8u /* six are allowed, and none twice */

/* SDM 3C "VM-Entry Controls for MSRs": the format of all three areas. */
struct msr_area_entry {
	uint32_t index, reserved;
	uint64_t value;
};

/*
 * Fills at most MSR_AREA_MAX entries. Taken are only the MSRs that msr_caller_switches() names:
 * the host has no use for them, and any value that WRMSR has once taken can be loaded again. A
 * value that the CPU refuses at VM exit would end the machine (SDM 3C "VMX Aborts").
 * On failure *what is a sentence, and *bad the piece at fault. ERR_INVALID; ERR_RANGE;
 * ERR_UNSUPPORTED: another MSR; ERR_EXISTS.
 */
MUST_CHECK enum status msr_area_words_read(struct text value, const struct msr_features *features,
					   struct msr_area_entry *list, unsigned *count,
					   struct text *bad, const char **what);
