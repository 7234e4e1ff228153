/* debug/stats_rows.c - see debug/stats_rows.h. */
#include "debug/stats_rows.h"

#include "guest/msr.h"
#include "kernel/text.h"

#define REASON_EXCEPTION 0u
#define REASON_CPUID     10u
#define REASON_IO        30u
#define REASON_RDMSR     31u
#define REASON_WRMSR     32u

/* Keeps the rows sorted; equal counts stay in the order in which they came. */
static void insert(struct stats_rows *rows, uint64_t exits, unsigned entry)
{
	unsigned at = rows->count;

	if (!exits)
		return;
	for (; at && rows->row[at - 1].exits < exits; at--)
		rows->row[at] = rows->row[at - 1];
	rows->row[at].exits = exits;
	rows->row[at].entry = (uint16_t)entry;
	rows->sum += exits;
	rows->count++;
}

void stats_rows_by_reason(const struct exit_stats *s, struct stats_rows *rows)
{
	struct exit_stats_entry sum;

	rows->count = 0;
	rows->sum = 0;
	for (uint32_t reason = 0; !s->clear && reason < EXIT_STATS_REASONS; reason++)
		insert(rows, exit_stats_by_reason(s, reason, &sum), reason);
}

void stats_rows_by_key(const struct exit_stats *s, uint64_t reasons, struct stats_rows *rows)
{
	unsigned keys = s->clear ? 0 : s->key_count; /* another core may add some */

	rows->count = 0;
	rows->sum = 0;
	for (unsigned i = 0; i < keys; i++) {
		if (reasons >> (s->keys[i].id >> 32) & 1)
			insert(rows, exit_stats_count(&s->keys[i]), EXIT_STATS_REASONS + i);
	}
	for (uint32_t reason = 0; !s->clear && reason < EXIT_STATS_REASONS; reason++) {
		if (exit_stats_has_keys(reason) && (reasons >> reason & 1))
			insert(rows, exit_stats_count(&s->reasons[reason]), reason);
	}
}

const struct exit_stats_entry *stats_rows_entry(const struct exit_stats *s,
						const struct stats_rows *rows, unsigned i,
						bool by_reason, struct exit_stats_entry *sum)
{
	unsigned entry = rows->row[i].entry;

	if (entry >= EXIT_STATS_REASONS)
		return &s->keys[entry - EXIT_STATS_REASONS];
	if (!by_reason)
		return &s->reasons[entry];
	exit_stats_by_reason(s, entry, sum);
	return sum;
}

static const char *owner_text(const char *owner)
{
	return owner ? owner : "nobody's";
}

static void name_key(const struct stats_source *s, uint32_t reason, uint32_t key,
		     char text[STATS_NAME])
{
	uint64_t page = (uint64_t)key * PAGE_4K;
	const char *msr = msr_name(key);

	switch (reason) {
	case REASON_EXCEPTION:
		text_format(text, STATS_NAME, "exception %02xh", key);
		return;
	case REASON_CPUID:
		text_format(text, STATS_NAME, "CPUID %xh", key);
		return;
	case REASON_IO:
		text_format(text, STATS_NAME, "port %xh %s, %s", key & 0xffff,
			    key & EXIT_KEY_IN ? "in" : "out",
			    owner_text(io_bus_owner(s->io, (uint16_t)key)));
		return;
	case REASON_RDMSR:
	case REASON_WRMSR:
		text_format(text, STATS_NAME, "%s %xh, %s",
			    reason == REASON_RDMSR ? "RDMSR" : "WRMSR", key, msr ? msr : "unknown");
		return;
	default:
		text_format(text, STATS_NAME, "page %llxh, %s", (unsigned long long)page,
			    owner_text(mmio_bus_owner(s->mmio, gpa(page))));
	}
}

void stats_name(const struct stats_source *s, const struct exit_stats_entry *e, bool by_reason,
		char text[STATS_NAME])
{
	uint32_t reason = (uint32_t)(e->id >> 32);
	bool is_key = e >= s->stats->keys && e < s->stats->keys + EXIT_STATS_KEYS;
	const char *name = s->reason_name(reason);

	if (is_key)
		name_key(s, reason, (uint32_t)e->id, text);
	else
		text_format(text, STATS_NAME, by_reason ? "%s" : "%s, others",
			    name ? name : "unknown reason");
}
