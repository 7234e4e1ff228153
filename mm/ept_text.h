/*
 * mm/ept_text.h - one way through the extended page tables in words, and what is wrong with it.
 *
 * Pure. Spec: SDM 3C "EPT Translation Mechanism" (the formats of the entries), "EPT
 * Misconfigurations". Not here: what only newer controls give a meaning (mode-based execute,
 * supervisor shadow stacks, sub-page permissions).
 */
#pragma once

#include "mm/ept.h"

#define EPT_LEVELS           4u
#define EPT_LINE             200u
#define EPT_TEXT_SPAN(level) (PAGE_4K << (9 * ((level)-1))) /* what an entry covers */

/* What the CPU lets an entry have. */
struct ept_cpu {
	unsigned maxphyaddr; /* bits */
	uint64_t max_leaf;   /* PAGE_4K, PAGE_2M, PAGE_1G */
	bool exec_only;
};

/* Is a present entry a misconfiguration? Then text says why. level: 4 (PML4E) to 1 (PTE). */
bool ept_entry_wrong(uint64_t entry, unsigned level, const struct ept_cpu *cpu, char *text,
		     size_t size);

/* A line for each entry on the way to at, up to the last one or the first that is wrong or not
 * present. Returns how many. at is below 2^48. */
unsigned ept_walk_text(const struct ept *e, gpa_t at, const struct ept_cpu *cpu,
		       char lines[EPT_LEVELS][EPT_LINE]);
