/* tests/unit/test_loader_place.c - who has which RAM while a guest is loaded. */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/loader_place.h"

#define RAM_BYTES (2 * MIB)
#define UNIT      256u /* bytes that stand for one of the model */

static struct placer placer;
static bool taken[RAM_BYTES / UNIT];

static void start(void)
{
	const struct guest_memory m = {.len_bytes = RAM_BYTES};

	place_init(&placer, &m);
	memset(taken, 0, sizeof(taken));
	for (uint64_t at = 0; at < RAM_BYTES; at += UNIT)
		taken[at / UNIT] = at < 0x500 || (at >= 0x9fc00 && at < MIB);
}

static bool is_free(uint64_t start_at, uint64_t len)
{
	for (uint64_t at = start_at; at < start_at + len; at += UNIT)
		if (at >= RAM_BYTES || taken[at / UNIT])
			return false;
	return true;
}

static void mark(uint64_t start_at, uint64_t len)
{
	for (uint64_t at = start_at; at < start_at + len; at += UNIT)
		taken[at / UNIT] = true;
}

/* What place_find() should give, tried address by address; RAM_BYTES: nothing. */
static uint64_t model_find(const struct place_wish *w)
{
	uint64_t found = RAM_BYTES;

	for (uint64_t at = align_up(w->min, w->align); at + w->len_bytes <= w->end;
	     at += w->align) {
		if (at >= RAM_BYTES || !is_free(at, w->len_bytes))
			continue;
		found = at;
		if (!w->high)
			break;
	}
	return found;
}

static void any_sequence_is_as_in_a_plain_model(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		start();
		for (unsigned i = 0; i < 60; i++) {
			uint64_t len = (1 + random_below(&seed, 400)) * UNIT, at = 0;
			struct place_wish w = {.len_bytes = len,
					       .align = UNIT << random_below(&seed, 6),
					       .min = random_below(&seed, RAM_BYTES / UNIT) * UNIT,
					       .high = random_below(&seed, 2)};
			uint64_t expected;

			w.end = w.min + random_below(&seed, RAM_BYTES / UNIT) * UNIT;
			expected = model_find(&w);
			if (expected == RAM_BYTES) {
				assert_int_equal(place_find(&placer, &w, &at), ERR_NO_MEMORY);
				continue;
			}
			assert_int_equal(place_find(&placer, &w, &at), OK);
			assert_int_equal(at, expected);
			mark(at, len);
		}
	}
}

static void a_fixed_range_is_ram_that_nobody_has(void **state)
{
	(void)state;
	start();
	assert_int_equal(place_fixed(&placer, 0x500, 0x1000), OK);
	assert_int_equal(place_fixed(&placer, 0x14ff, 1), ERR_EXISTS);
	assert_int_equal(place_fixed(&placer, 0x1500, 1), OK);
	assert_int_equal(place_fixed(&placer, 0x4ff, 2), ERR_RANGE);
	assert_int_equal(place_fixed(&placer, 0x9fbff, 2), ERR_RANGE);
	assert_int_equal(place_fixed(&placer, 0xfffff, 1), ERR_RANGE);
	assert_int_equal(place_fixed(&placer, RAM_BYTES - 1, 2), ERR_RANGE);
	assert_int_equal(place_fixed(&placer, MIB, UINT64_MAX), ERR_RANGE);
	assert_int_equal(place_fixed(&placer, UINT64_MAX, 0), OK);
	assert_int_equal(place_fixed(&placer, MIB, MIB), OK);
}

static void there_is_a_limit_of_ranges(void **state)
{
	struct place_wish w = {.len_bytes = 16, .align = 16, .end = MIB};
	uint64_t at;

	(void)state;
	start();
	for (unsigned i = 0; i < PLACE_RANGES; i++)
		assert_int_equal(place_find(&placer, &w, &at), OK);
	assert_int_equal(place_find(&placer, &w, &at), ERR_FULL);
	assert_int_equal(place_fixed(&placer, MIB, 1), ERR_FULL);
}

static void little_memory_has_one_area(void **state)
{
	const struct guest_memory m = {.len_bytes = 64 * KIB};
	struct place_wish w = {.len_bytes = 64 * KIB - 0x500, .align = 1, .end = 4 * GIB};
	uint64_t at;

	(void)state;
	place_init(&placer, &m);
	assert_int_equal(place_find(&placer, &w, &at), OK);
	assert_int_equal(at, 0x500);
	w = (struct place_wish){.len_bytes = 1, .align = 1, .end = 4 * GIB, .high = true};
	assert_int_equal(place_find(&placer, &w, &at), ERR_NO_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_sequence_is_as_in_a_plain_model),
		cmocka_unit_test(a_fixed_range_is_ram_that_nobody_has),
		cmocka_unit_test(there_is_a_limit_of_ranges),
		cmocka_unit_test(little_memory_has_one_area),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
