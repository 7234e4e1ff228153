/* debug/stats_json.c - the tables for a program; see debug/stats_report.h. Spec: RFC 8259. */
#include "debug/output.h"
#include "debug/stats_rows.h"
#include "kernel/text.h"

#define REASON_IO 30u

static void print_string(const char *text, const struct debug_output *out)
{
	debug_print(out, "\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == '"' || c == '\\' || c >= 0x7f)
			debug_print(out, "\\u%04x", c);
		else
			debug_print(out, "%c", c);
	}
	debug_print(out, "\"");
}

static void print_entry(const struct stats_source *s, const struct exit_stats_entry *e,
			bool by_reason, const struct debug_output *out)
{
	bool is_key = e >= s->stats->keys && e < s->stats->keys + EXIT_STATS_KEYS;
	const char *comma = "";
	char name[STATS_NAME];

	stats_name(s, e, by_reason, name);
	debug_print(out, "{\"reason\": %u, ", (unsigned)(e->id >> 32));
	if (is_key && e->id >> 32 == REASON_IO)
		debug_print(out, "\"key\": %u, \"in\": %s, ", (unsigned)(uint16_t)e->id,
			    e->id & EXIT_KEY_IN ? "true" : "false");
	else if (is_key)
		debug_print(out, "\"key\": %u, ", (unsigned)(uint32_t)e->id);
	debug_print(out, "\"name\": ");
	print_string(name, out);
	debug_print(out, ", \"count\": %llu, \"ticks\": %llu, \"max_ticks\": %llu, \"below_2^\": {",
		    (unsigned long long)exit_stats_count(e), (unsigned long long)e->total_ticks,
		    (unsigned long long)e->max_ticks);
	for (unsigned i = 0; i < EXIT_STATS_BUCKETS; i++) {
		if (!e->histogram[i])
			continue;
		debug_print(out, "%s\"%u\": %llu", comma, i + EXIT_STATS_FIRST_LOG,
			    (unsigned long long)e->histogram[i]);
		comma = ", ";
	}
	debug_print(out, "}}");
}

static void print_rows(const struct stats_source *s, const char *title,
		       const struct stats_rows *rows, bool by_reason,
		       const struct debug_output *out)
{
	debug_print(out, ",\n\"%s\": [", title);
	for (unsigned i = 0; i < rows->count; i++) {
		struct exit_stats_entry sum;

		debug_print(out, i ? ",\n" : "\n");
		print_entry(s, stats_rows_entry(s->stats, rows, i, by_reason, &sum), by_reason,
			    out);
	}
	debug_print(out, "]");
}

void stats_print_json(const struct stats_source *s, const struct debug_output *out)
{
	const struct exit_stats *t = s->stats;
	struct stats_rows rows;
	const char *comma = "";

	stats_rows_by_reason(t, &rows);
	debug_print(out, "{\"vm\": ");
	print_string(s->name, out);
	debug_print(out,
		    ", \"vcpu\": 0, \"runs\": %llu, \"ns\": %llu, \"tsc_hz\": %llu, "
		    "\"exits\": %llu,\n",
		    (unsigned long long)s->runs, (unsigned long long)s->ran_ns,
		    (unsigned long long)s->tsc_hz, (unsigned long long)rows.sum);
	debug_print(out, "\"folds\": %llu, \"folded\": %llu, \"fold_ticks\": %llu",
		    (unsigned long long)t->folds, (unsigned long long)t->folded,
		    (unsigned long long)t->fold_ticks);
	print_rows(s, "reasons", &rows, true, out);
	stats_rows_by_key(t, STATS_EVERY_REASON, &rows);
	print_rows(s, "keys", &rows, false, out);
	debug_print(out, ",\n\"vectors\": {");
	for (unsigned vector = 0; !t->clear && vector < 256; vector++) {
		if (!t->events[vector])
			continue;
		debug_print(out, "%s\"%u\": %llu", comma, vector,
			    (unsigned long long)t->events[vector]);
		comma = ", ";
	}
	debug_print(out, "}}");
}
