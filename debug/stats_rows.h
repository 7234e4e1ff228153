/*
 * debug/stats_rows.h - for debug/stats_*.c: which entries a table shows, in which order.
 *
 * Pure.
 */
#pragma once

#include "debug/stats_report.h"

#define STATS_ROWS_MAX (EXIT_STATS_REASONS + EXIT_STATS_KEYS)
#define STATS_NAME     48u

struct stats_rows {
	unsigned count;
	uint64_t sum; /* of all counts */
	struct {
		uint64_t exits;
		uint16_t entry; /* a reason, or EXIT_STATS_REASONS + index in keys */
	} row[STATS_ROWS_MAX];
};

/* All reasons that came. */
void stats_rows_by_reason(const struct exit_stats *s, struct stats_rows *rows);

/* All entries with keys of the reasons in the mask (bit n: reason n), and those of these reasons
 * whose keys had no room. */
void stats_rows_by_key(const struct exit_stats *s, uint64_t reasons, struct stats_rows *rows);

/* The entry of row i; by_reason: made in *sum out of all of the reason's. */
const struct exit_stats_entry *stats_rows_entry(const struct exit_stats *s,
						const struct stats_rows *rows, unsigned i,
						bool by_reason, struct exit_stats_entry *sum);

/* What an entry is about: "port 40h in, PIT". */
void stats_name(const struct stats_source *s, const struct exit_stats_entry *e, bool by_reason,
		char text[STATS_NAME]);

#define STATS_EVERY_REASON UINT64_MAX
