/* vmx/exit_stats.c - see vmx/exit_stats.h. */
#include "vmx/exit_stats.h"

#include "kernel/string.h"

#define REASON_IO     30u
#define REASON_CPUID  10u
#define REASON_RDMSR  31u
#define REASON_WRMSR  32u
#define IO_IN         BIT(3)

/* Exceptions, EPT violations and misconfigurations have their key in the record. */
#define KEY_IN_RECORD (BIT(0) | BIT(48) | BIT(49))
#define KEY_IN_DETAIL (BIT(REASON_CPUID) | BIT(REASON_RDMSR) | BIT(REASON_WRMSR))
#define KEYED         (KEY_IN_RECORD | KEY_IN_DETAIL | BIT(REASON_IO))

#define NO_LOG        (BIT(EXIT_STATS_FIRST_LOG) - 1)
#define HASH_MULTIPLY UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio */
#define HASH_SHIFT    55u

_Static_assert(EXIT_STATS_SLOTS == 1u << (64 - HASH_SHIFT), "the hash gives a slot");
_Static_assert(EXIT_STATS_KEYS < 255 && 2 * EXIT_STATS_KEYS < EXIT_STATS_SLOTS, "slots are bytes");
_Static_assert(sizeof(struct exit_stats) <= 16 * PAGE_4K, "16 frames");
_Static_assert(sizeof(struct exit_record) == 32, "vmx/entry.asm");

static uint32_t basic_reason(uint32_t reason)
{
	uint32_t basic = (uint16_t)reason;

	return basic < EXIT_STATS_REASONS ? basic : EXIT_STATS_REASONS - 1;
}

bool exit_stats_has_keys(uint32_t reason)
{
	return reason < 64 && (KEYED >> reason & 1);
}

uint64_t exit_stats_id(const struct exit_record *r)
{
	uint64_t reason = basic_reason(r->reason);
	uint32_t key = r->key;

	if (!exit_stats_has_keys((uint32_t)reason))
		key = 0;
	else if (reason == REASON_IO)
		key = (uint16_t)(r->qualification >> 16) |
		      (r->qualification & IO_IN ? (uint32_t)EXIT_KEY_IN : 0);
	else if (KEY_IN_DETAIL >> reason & 1)
		key = (uint32_t)r->qualification;
	return reason << 32 | key;
}

/* The entry of an id; it is made if there is room. */
static struct exit_stats_entry *find(struct exit_stats *s, uint64_t id)
{
	uint32_t reason = (uint32_t)(id >> 32);
	uint64_t slot = id * HASH_MULTIPLY >> HASH_SHIFT;
	struct exit_stats_entry *e;

	if (!exit_stats_has_keys(reason)) {
		s->reasons[reason].id = id;
		return &s->reasons[reason];
	}
	for (; s->slots[slot]; slot = (slot + 1) % EXIT_STATS_SLOTS) {
		e = &s->keys[s->slots[slot] - 1];
		if (e->id == id)
			return e;
	}
	if (s->key_count == EXIT_STATS_KEYS) {
		s->reasons[reason].id = id & ~(uint64_t)UINT32_MAX;
		return &s->reasons[reason];
	}
	e = &s->keys[s->key_count];
	e->id = id;
	s->slots[slot] = (uint8_t)++s->key_count;
	return e;
}

/* Reason and key in one. */
static inline uint64_t subject(const struct exit_record *r)
{
	uint64_t both;

	__builtin_memcpy(&both, (const uint8_t *)r + offsetof(struct exit_record, reason),
			 sizeof(both));
	return both;
}

/* Does a record belong where the last one of these went? Cheaper than its id. */
static inline bool is_again(const struct exit_record *r, const struct exit_stats_memo *m)
{
	return subject(r) == m->subject && r->qualification == m->qualification;
}

static struct exit_stats_memo remember(struct exit_stats *s, const struct exit_record *r)
{
	return (struct exit_stats_memo){.qualification = r->qualification,
					.subject = subject(r),
					.entry = find(s, exit_stats_id(r))};
}

static inline void add(struct exit_stats_entry *e, uint32_t ticks)
{
	unsigned log2 = (unsigned)__builtin_clz(ticks | (uint32_t)NO_LOG) ^ 31u;

	e->total_ticks += ticks;
	if (UNLIKELY(ticks > e->max_ticks))
		e->max_ticks = ticks;
	e->histogram[log2 + 1 - EXIT_STATS_FIRST_LOG]++;
}

/* A guest mostly does the same again, or two things in turn. */
void exit_stats_add(struct exit_stats *s, const struct exit_record *first, unsigned count)
{
	const struct exit_record *end = first + count;
	struct exit_stats_memo last, other;

	if (UNLIKELY(__atomic_load_n(&s->clear, __ATOMIC_ACQUIRE))) {
		memset(s, 0, sizeof(*s));
		return;
	}
	if (UNLIKELY(!s->last.entry) && count)
		s->last = s->other = remember(s, first);
	last = s->last;
	other = s->other;
	for (const struct exit_record *r = first; r < end; r++) {
		if (!is_again(r, &last)) {
			struct exit_stats_memo before = last;

			last = is_again(r, &other) ? other : remember(s, r);
			other = before;
		}
		add(last.entry, r->end_tsc - r->start_tsc);
	}
	s->last = last;
	s->other = other;
}

uint64_t exit_stats_count(const struct exit_stats_entry *e)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < EXIT_STATS_BUCKETS; i++)
		count += e->histogram[i];
	return count;
}

void exit_stats_merge(struct exit_stats_entry *to, const struct exit_stats_entry *from)
{
	to->total_ticks += from->total_ticks;
	if (from->max_ticks > to->max_ticks)
		to->max_ticks = from->max_ticks;
	for (unsigned i = 0; i < EXIT_STATS_BUCKETS; i++)
		to->histogram[i] += from->histogram[i];
}

uint64_t exit_stats_homeless(const struct exit_stats *s)
{
	uint64_t count = 0;

	for (uint32_t reason = 0; reason < EXIT_STATS_REASONS; reason++) {
		if (exit_stats_has_keys(reason))
			count += exit_stats_count(&s->reasons[reason]);
	}
	return count;
}

uint64_t exit_stats_by_reason(const struct exit_stats *s, uint32_t reason,
			      struct exit_stats_entry *sum)
{
	*sum = s->reasons[reason];
	sum->id = (uint64_t)reason << 32;
	for (unsigned i = 0; i < s->key_count; i++) {
		if (s->keys[i].id >> 32 == reason)
			exit_stats_merge(sum, &s->keys[i]);
	}
	return exit_stats_count(sum);
}
