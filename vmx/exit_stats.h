/*
 * vmx/exit_stats.h - how often, how long and about what a guest exits: tables out of exit records.
 *
 * Pure. Each exit has a record of 32 bytes, which the exit path only stamps; exit_stats_add() folds
 * many of them at once. A record goes into one entry: that of its reason and its key (port, MSR,
 * CPUID leaf, vector, page) or, of a reason without keys, that of the reason. What a reason has in
 * all is summed up by who asks. Times are ticks of the TSC, of which a record has the low halves:
 * an exit that is handled for longer than 2^32 ticks counts less.
 * Spec: SDM 3D appendix "VMX Basic Exit Reasons"; SDM 3C "Exit Qualification for I/O
 * Instructions".
 */
#pragma once

#include "kernel/types.h"

#define EXIT_STATS_REASONS   66u  /* basic exit reasons; higher ones share the last */
#define EXIT_STATS_KEYS      190u /* keys that have an entry of their own; in all 64 KiB */
#define EXIT_STATS_SLOTS     512u
#define EXIT_STATS_BUCKETS   27u
#define EXIT_STATS_FIRST_LOG 6u /* bucket 0: below 2^6 ticks; bucket n: below 2^(6 + n) */

#define EXIT_KEY_IN          BIT(16) /* in the key of an I/O instruction: it reads the port */

struct exit_record {
	uint64_t rip;
	uint64_t qualification; /* of CPUID the leaf, of RDMSR and WRMSR the MSR */
	uint32_t reason;        /* the whole field; bit 31: VM-entry failure */
	uint32_t key;           /* an exception's vector, the page of an EPT violation, else 0 */
	uint32_t start_tsc;     /* low half of the TSC: the exit */
	uint32_t end_tsc;       /* the next entry, or when the vCPU went to sleep or made way */
};

struct exit_stats_entry {
	uint64_t id; /* reason << 32 | key */
	uint64_t total_ticks, max_ticks;
	uint64_t histogram[EXIT_STATS_BUCKETS]; /* together: how many exits */
};

/* Where a record went. */
struct exit_stats_memo {
	uint64_t qualification, subject;
	struct exit_stats_entry *entry;
};

/* All zero is empty. One core writes, with exit_stats_add(); others may read at the same time, and
 * see each number as it was before or after. */
struct exit_stats {
	struct exit_stats_entry reasons[EXIT_STATS_REASONS]; /* without a key, or without room */
	struct exit_stats_entry keys[EXIT_STATS_KEYS];
	uint8_t slots[EXIT_STATS_SLOTS]; /* hash of the id → 1 + index in keys */
	uint32_t key_count;
	uint64_t events[256]; /* VM entries that brought the vector to the guest; the caller's */
	struct exit_stats_memo last, other;
	bool clear; /* asked for by another core: exit_stats_add() does that instead */
	uint64_t folds, fold_ticks, folded; /* the caller's: what exit_stats_add() has cost */
};

/* Do exits of this reason have keys? */
bool exit_stats_has_keys(uint32_t reason);

/* The id of a record's entry. */
uint64_t exit_stats_id(const struct exit_record *r);

/* Folds count records. */
void exit_stats_add(struct exit_stats *s, const struct exit_record *first, unsigned count);

/* How many exits an entry has. */
uint64_t exit_stats_count(const struct exit_stats_entry *e);

/* Adds one entry to another. */
void exit_stats_merge(struct exit_stats_entry *to, const struct exit_stats_entry *from);

/* How many exits had a key that found no room: they are in the entries of their reasons. */
uint64_t exit_stats_homeless(const struct exit_stats *s);

/* All of a reason; reason is below EXIT_STATS_REASONS. Returns how many exits. */
uint64_t exit_stats_by_reason(const struct exit_stats *s, uint32_t reason,
			      struct exit_stats_entry *sum);
