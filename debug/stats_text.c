/* debug/stats_text.c - the tables for a reader; see debug/stats_report.h. */
#include "debug/output.h"
#include "debug/stats_rows.h"
#include "kernel/text.h"

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define TOP_KEYS  16u
#define BAR_SIZE  (EXIT_STATS_BUCKETS + 8)

const char *const stats_part_words[STATS_PARTS] = {
	[STATS_KEYS] = "keys",   [STATS_PORTS] = "ports",     [STATS_MSRS] = "msrs",
	[STATS_CPUID] = "cpuid", [STATS_VECTORS] = "vectors", [STATS_PAGES] = "pages",
};

static const uint64_t reasons_of[STATS_PARTS] = {
	[STATS_SUMMARY] = STATS_EVERY_REASON,
	[STATS_KEYS] = STATS_EVERY_REASON,
	[STATS_PORTS] = BIT(30),
	[STATS_MSRS] = BIT(31) | BIT(32),
	[STATS_CPUID] = BIT(10),
	[STATS_VECTORS] = BIT(0),
	[STATS_PAGES] = BIT(48) | BIT(49),
};

/* Ticks of up to 2^63 / 10^9 seconds: far more than any VM runs. */
static uint64_t to_ns(uint64_t ticks, uint64_t hz)
{
	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

/* exits per second; a span below a millisecond counts as one. */
static uint64_t rate(uint64_t exits, uint64_t ns)
{
	uint64_t ms = ns / NS_PER_MS;

	return exits * 1000 / (ms ? ms : 1);
}

static uint64_t per_mille(uint64_t part, uint64_t whole)
{
	while (part > UINT64_MAX / 1000) { /* then a bit less does not show */
		part >>= 1;
		whole >>= 1;
	}
	return whole ? part * 1000 / whole : 0;
}

static char mark(uint64_t count, uint64_t all)
{
	if (!count)
		return '_';
	if (count >= all - count)
		return '#';
	return count >= all / 10 ? '+' : count >= all / 100 ? '-' : '.';
}

static void draw(const struct exit_stats_entry *e, uint64_t all, char bar[BAR_SIZE])
{
	unsigned first = 0, last = EXIT_STATS_BUCKETS - 1;
	size_t at;

	while (first < last && !e->histogram[first])
		first++;
	while (last > first && !e->histogram[last])
		last--;
	at = text_format(bar, BAR_SIZE, "2^%u ", first + EXIT_STATS_FIRST_LOG);
	for (unsigned i = first; i <= last; i++)
		bar[at++] = mark(e->histogram[i], all);
	bar[at] = '\0';
}

static void print_rows(const struct stats_source *s, const struct stats_rows *rows, bool by_reason,
		       unsigned most, const struct debug_output *out)
{
	char name[STATS_NAME], bar[BAR_SIZE];

	for (unsigned i = 0; i < rows->count && i < most; i++) {
		uint64_t exits = rows->row[i].exits;
		uint64_t share = per_mille(exits, rows->sum);
		const struct exit_stats_entry *e;
		struct exit_stats_entry sum;

		e = stats_rows_entry(s->stats, rows, i, by_reason, &sum);
		stats_name(s, e, by_reason, name);
		draw(e, exits, bar);
		debug_print(out, "%10llu  %3llu.%llu  %9llu %7llu %9llu  %-30s %s\n",
			    (unsigned long long)exits, (unsigned long long)(share / 10),
			    (unsigned long long)(share % 10),
			    (unsigned long long)rate(exits, s->ran_ns),
			    (unsigned long long)to_ns(e->total_ticks / exits, s->tsc_hz),
			    (unsigned long long)to_ns(e->max_ticks, s->tsc_hz), name, bar);
	}
	if (rows->count > most)
		debug_print(out, "            and %u more\n", rows->count - most);
}

static void print_events(const struct stats_source *s, const struct debug_output *out)
{
	debug_print(out, "VM entries that brought an exception or an interrupt:\n");
	for (unsigned vector = 0; !s->stats->clear && vector < 256; vector++) {
		uint64_t n = s->stats->events[vector];

		if (n)
			debug_print(out, "%10llu         %9llu                    vector %02xh\n",
				    (unsigned long long)n, (unsigned long long)rate(n, s->ran_ns),
				    vector);
	}
}

static void print_head(const struct stats_source *s, const struct stats_rows *rows,
		       const struct debug_output *out)
{
	uint64_t ticks = 0, share, homeless = s->stats->clear ? 0 : exit_stats_homeless(s->stats);

	for (unsigned i = 0; i < rows->count; i++) {
		struct exit_stats_entry sum;

		exit_stats_by_reason(s->stats, rows->row[i].entry, &sum);
		ticks += sum.total_ticks;
	}
	share = per_mille(to_ns(ticks, s->tsc_hz), s->ran_ns);
	debug_print(out,
		    "%llu exits in %llu ms, runs ended: %llu; %llu a second, %llu.%llu %% of "
		    "the time\n",
		    (unsigned long long)rows->sum, (unsigned long long)(s->ran_ns / NS_PER_MS),
		    (unsigned long long)s->runs, (unsigned long long)rate(rows->sum, s->ran_ns),
		    (unsigned long long)(share / 10), (unsigned long long)(share % 10));
	if (s->stats->folded && !s->stats->clear)
		debug_print(out, "counting them took %llu ticks each\n",
			    (unsigned long long)(s->stats->fold_ticks / s->stats->folded));
	if (homeless)
		debug_print(out, "no room for the ports, MSRs and so on of %llu of them\n",
			    (unsigned long long)homeless);
}

void stats_print(const struct stats_source *s, enum stats_part part, const struct debug_output *out)
{
	struct stats_rows rows;
	uint64_t all;

	stats_rows_by_reason(s->stats, &rows);
	all = rows.sum;
	print_head(s, &rows, out);
	if (!all)
		return;
	debug_print(out, "     count      %%      per s  avg ns    max ns\n");
	if (part == STATS_SUMMARY)
		print_rows(s, &rows, true, UINT32_MAX, out);
	stats_rows_by_key(s->stats, reasons_of[part], &rows);
	rows.sum = all;
	if (part == STATS_SUMMARY && rows.count)
		debug_print(out, "by port, MSR, leaf, vector and page:\n");
	print_rows(s, &rows, false, part == STATS_SUMMARY ? TOP_KEYS : UINT32_MAX, out);
	if (part == STATS_VECTORS)
		print_events(s, out);
}
