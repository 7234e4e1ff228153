/* tests/unit/test_exit_stats.c - tables out of exit records. */
#include "vmx/exit_stats.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

#define CPUID 10u
#define HLT   12u
#define IO    30u
#define RDMSR 31u
#define WRMSR 32u
#define EPT   48u

static struct exit_stats stats;

static int empty(void **state)
{
	(void)state;
	memset(&stats, 0, sizeof(stats));
	return 0;
}

static struct exit_record record(uint32_t reason, uint64_t qualification, uint32_t key,
				 uint32_t ticks)
{
	return (struct exit_record){.qualification = qualification,
				    .reason = reason,
				    .key = key,
				    .start_tsc = 1000,
				    .end_tsc = 1000 + ticks};
}

static void add(uint32_t reason, uint64_t qualification, uint32_t key, uint32_t ticks)
{
	struct exit_record r = record(reason, qualification, key, ticks);

	exit_stats_add(&stats, &r, 1);
}

static uint64_t io(uint16_t port, bool in)
{
	return (uint64_t)port << 16 | (in ? 8 : 0);
}

static const struct exit_stats_entry *key_entry(uint32_t reason, uint32_t key)
{
	for (unsigned i = 0; i < stats.key_count; i++) {
		if (stats.keys[i].id == ((uint64_t)reason << 32 | key))
			return &stats.keys[i];
	}
	return NULL;
}

static uint64_t count_of(uint32_t reason, uint32_t key)
{
	const struct exit_stats_entry *e = key_entry(reason, key);

	return e ? exit_stats_count(e) : 0;
}

static uint64_t count_by_reason(uint32_t reason)
{
	struct exit_stats_entry sum;

	return exit_stats_by_reason(&stats, reason, &sum);
}

static void exits_are_counted_by_reason_and_key(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 7; i++)
		add(CPUID, 1, 0, 50);
	add(CPUID, 2, 0, 60);
	add(HLT, 0, 0, 10);
	assert_int_equal(count_of(CPUID, 1), 7);
	assert_int_equal(count_of(CPUID, 2), 1);
	assert_int_equal(count_by_reason(CPUID), 8);
	assert_int_equal(count_by_reason(HLT), 1);
	assert_int_equal(count_by_reason(IO), 0);
	assert_int_equal(stats.key_count, 2);
}

static void time_is_summed_and_its_maximum_kept(void **state)
{
	struct exit_stats_entry sum;

	(void)state;
	add(CPUID, 1, 0, 100);
	add(CPUID, 1, 0, 300);
	add(CPUID, 7, 0, 200);
	assert_int_equal(key_entry(CPUID, 1)->total_ticks, 400);
	assert_int_equal(key_entry(CPUID, 1)->max_ticks, 300);
	assert_int_equal(exit_stats_by_reason(&stats, CPUID, &sum), 3);
	assert_int_equal(sum.total_ticks, 600);
	assert_int_equal(sum.max_ticks, 300);
	assert_int_equal(sum.id, (uint64_t)CPUID << 32);
}

static void a_span_over_the_wrap_of_the_low_tsc_counts_right(void **state)
{
	struct exit_record r = record(HLT, 0, 0, 0);

	(void)state;
	r.start_tsc = 0xfffffff0;
	r.end_tsc = 0x50;
	exit_stats_add(&stats, &r, 1);
	assert_int_equal(stats.reasons[HLT].total_ticks, 0x60);
}

static void bucket_is(uint32_t ticks, unsigned bucket)
{
	memset(&stats, 0, sizeof(stats));
	add(HLT, 0, 0, ticks);
	assert_int_equal(stats.reasons[HLT].histogram[bucket], 1);
	assert_int_equal(exit_stats_count(&stats.reasons[HLT]), 1);
}

static void histogram_has_its_edges_at_powers_of_two(void **state)
{
	(void)state;
	bucket_is(0, 0);
	bucket_is(63, 0);
	bucket_is(64, 1);
	bucket_is(127, 1);
	bucket_is(128, 2);
	bucket_is(UINT32_C(1) << 31, EXIT_STATS_BUCKETS - 1);
	bucket_is((UINT32_C(1) << 31) - 1, EXIT_STATS_BUCKETS - 2);
	bucket_is(UINT32_MAX, EXIT_STATS_BUCKETS - 1);
}

static void a_port_is_told_by_direction_whatever_the_size(void **state)
{
	(void)state;
	add(IO, io(0x40, true), 0, 10);
	add(IO, io(0x40, true) | 3, 0, 10);
	add(IO, io(0x40, false), 0, 10);
	add(IO, io(0xffff, true), 0, 10);
	assert_int_equal(count_of(IO, 0x40 | (uint32_t)EXIT_KEY_IN), 2);
	assert_int_equal(count_of(IO, 0x40), 1);
	assert_int_equal(count_of(IO, 0xffff | (uint32_t)EXIT_KEY_IN), 1);
}

static void msrs_vectors_and_pages_are_keys(void **state)
{
	(void)state;
	add(RDMSR, 0xc0000080, 0, 10);
	add(WRMSR, 0xc0000080, 0, 10);
	add(0, 0x4000, 14, 10); /* a page fault's qualification is the address */
	add(0, 0x5000, 14, 10);
	add(EPT, 0x181, 0xfec00, 10);
	add(EPT, 0x182, 0xfec00, 10);
	assert_int_equal(count_of(RDMSR, 0xc0000080), 1);
	assert_int_equal(count_of(WRMSR, 0xc0000080), 1);
	assert_int_equal(count_of(0, 14), 2);
	assert_int_equal(count_of(EPT, 0xfec00), 2);
}

static void reasons_without_keys_ignore_the_qualification(void **state)
{
	(void)state;
	add(28, 0, 0, 10);
	add(28, 0x304, 9, 10);
	assert_int_equal(exit_stats_count(&stats.reasons[28]), 2);
	assert_int_equal(stats.key_count, 0);
}

static void failed_entries_and_unknown_reasons_have_a_place(void **state)
{
	(void)state;
	add(0x80000021, 0, 0, 10);
	add(64, 0, 0, 10);
	add(1000, 0, 0, 10);
	add(0xffff, 0, 0, 10);
	assert_int_equal(count_by_reason(33), 1);
	assert_int_equal(count_by_reason(64), 1);
	assert_int_equal(count_by_reason(EXIT_STATS_REASONS - 1), 2);
}

static void keys_without_room_are_counted_with_their_reason(void **state)
{
	(void)state;
	for (uint32_t leaf = 0; leaf < EXIT_STATS_KEYS + 30; leaf++)
		add(CPUID, leaf, 0, 10);
	add(IO, io(0x60, true), 0, 20);
	add(CPUID, 0, 0, 10);
	assert_int_equal(stats.key_count, EXIT_STATS_KEYS);
	assert_int_equal(count_of(CPUID, 0), 2);
	assert_int_equal(count_of(CPUID, EXIT_STATS_KEYS), 0);
	assert_int_equal(exit_stats_homeless(&stats), 31);
	assert_int_equal(exit_stats_count(&stats.reasons[CPUID]), 30);
	assert_int_equal(count_by_reason(CPUID), EXIT_STATS_KEYS + 31);
	assert_int_equal(count_by_reason(IO), 1);
}

static void to_clear_takes_the_place_of_adding_once(void **state)
{
	(void)state;
	add(HLT, 0, 0, 10);
	stats.events[8] = 4;
	stats.clear = true;
	add(HLT, 0, 0, 10);
	assert_int_equal(count_by_reason(HLT), 0);
	assert_int_equal(stats.events[8], 0);
	add(HLT, 0, 0, 10);
	assert_int_equal(count_by_reason(HLT), 1);
}

static void no_records_change_nothing(void **state)
{
	static struct exit_stats before;
	const struct exit_record none = {0};

	(void)state;
	exit_stats_add(&stats, &none, 0);
	assert_memory_equal(&before, &stats, sizeof(stats));
}

/* An entry of the model: what a record is about, found by going through all of them. */
struct simple {
	uint64_t id, count, total, max;
};

static struct simple model[4096];
static size_t model_count;

static void model_add(const struct exit_record *r)
{
	uint64_t ticks = (uint32_t)(r->end_tsc - r->start_tsc), id = exit_stats_id(r);
	size_t i = 0;

	while (i < model_count && model[i].id != id)
		i++;
	if (i == model_count)
		model[model_count++] = (struct simple){.id = id};
	model[i].count++;
	model[i].total += ticks;
	if (ticks > model[i].max)
		model[i].max = ticks;
}

static struct exit_record random_record(void)
{
	static const uint32_t reasons[] = {0, 7, CPUID, HLT, IO, IO, IO, RDMSR, EPT, 52};
	struct exit_record r = {.reason = reasons[(unsigned)rand() % ARRAY_SIZE(reasons)]};

	r.key = r.reason == 0 || r.reason == EPT ? (uint32_t)rand() % 20 : 0;
	r.qualification =
		r.reason == IO ? io((uint16_t)(rand() % 60), rand() % 2) : (uint64_t)(rand() % 5);
	r.start_tsc = (uint32_t)rand() * 2u;
	r.end_tsc = r.start_tsc + ((uint32_t)rand() >> (rand() % 31));
	return r;
}

/* In batches as the ring makes them, with runs of equal records. */
static void a_million_random_records_agree_with_a_simple_model(void **state)
{
	struct exit_record ring[32];
	uint64_t in_all = 0;

	(void)state;
	srand(4);
	model_count = 0;
	for (unsigned done = 0; done < 1000000;) {
		unsigned count = 1 + (unsigned)rand() % 32;

		for (unsigned i = 0; i < count; i++) {
			ring[i] = i && rand() % 2 ? ring[i - 1] : random_record();
			model_add(&ring[i]);
		}
		exit_stats_add(&stats, ring, count);
		done += count;
		in_all += count;
	}
	for (uint32_t reason = 0; reason < EXIT_STATS_REASONS; reason++)
		in_all -= count_by_reason(reason);
	assert_int_equal(in_all, 0);
	assert_int_equal(exit_stats_homeless(&stats), 0);
	for (size_t i = 0; i < model_count; i++) {
		const struct simple *m = &model[i];
		uint32_t reason = (uint32_t)(m->id >> 32);
		const struct exit_stats_entry *e = exit_stats_has_keys(reason)
							   ? key_entry(reason, (uint32_t)m->id)
							   : &stats.reasons[reason];

		assert_non_null(e);
		assert_int_equal(exit_stats_count(e), m->count);
		assert_int_equal(e->total_ticks, m->total);
		assert_int_equal(e->max_ticks, m->max);
	}
}

#define TEST_EMPTY(f) cmocka_unit_test_setup(f, empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_EMPTY(exits_are_counted_by_reason_and_key),
		TEST_EMPTY(time_is_summed_and_its_maximum_kept),
		TEST_EMPTY(a_span_over_the_wrap_of_the_low_tsc_counts_right),
		TEST_EMPTY(histogram_has_its_edges_at_powers_of_two),
		TEST_EMPTY(a_port_is_told_by_direction_whatever_the_size),
		TEST_EMPTY(msrs_vectors_and_pages_are_keys),
		TEST_EMPTY(reasons_without_keys_ignore_the_qualification),
		TEST_EMPTY(failed_entries_and_unknown_reasons_have_a_place),
		TEST_EMPTY(keys_without_room_are_counted_with_their_reason),
		TEST_EMPTY(to_clear_takes_the_place_of_adding_once),
		TEST_EMPTY(no_records_change_nothing),
		TEST_EMPTY(a_million_random_records_agree_with_a_simple_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
