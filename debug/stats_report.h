/*
 * debug/stats_report.h - the tables of vmx/exit_stats.h as text and as JSON.
 *
 * Pure. Sorted by count; what was asked for to be cleared, and is not yet, counts as nothing.
 */
#pragma once

#include "debug/target.h"
#include "guest/io_bus.h"
#include "guest/mmio_bus.h"
#include "vmx/exit_stats.h"

struct stats_source {
	const char *name; /* of the VM; its vCPU is number 0 */
	const struct exit_stats *stats;
	const struct io_bus *io; /* for the names of ports and pages */
	const struct mmio_bus *mmio;
	const char *(*reason_name)(uint32_t reason); /* NULL: it has none */
	uint64_t ran_ns;                             /* how long it was counted */
	uint64_t tsc_hz;                             /* not 0 */
	uint64_t runs;                               /* that have ended */
};

/* What is shown; each has its word in the command. */
enum stats_part {
	STATS_SUMMARY, /* by reason, and the most frequent keys of all kinds */
	STATS_KEYS,    /* all keys */
	STATS_PORTS,
	STATS_MSRS,
	STATS_CPUID,
	STATS_VECTORS, /* intercepted exceptions, and what VM entries brought */
	STATS_PAGES,
	STATS_PARTS
};

/* The words, in that order, the first of them NULL. */
extern const char *const stats_part_words[STATS_PARTS];

/*
 * A line about the whole, and a table:
 *
 *      count      %      per s  avg ns    max ns
 *       8000   64.8       3411      75       230  I/O instruction         2^6 #+.
 *
 * Percentages are of all exits. Behind the name stands how many took how long: 2^6 is the first
 * character's limit in ticks, and each further one has twice that. '#' at least half of them, '+' a
 * tenth, '-' a hundredth, '.' fewer, '_' none.
 */
void stats_print(const struct stats_source *s, enum stats_part part,
		 const struct debug_output *out);

/* One JSON object, without a line end behind it. Its histograms have the limits' exponents as keys:
 * {"7": 12} are 12 exits below 2^7 ticks that are not below 2^6. */
void stats_print_json(const struct stats_source *s, const struct debug_output *out);
