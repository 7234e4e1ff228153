/* tests/unit/test_written.c - guest/written.h: marks, runs, the hole below 4 GiB. */
#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>

#include "guest/memory.h"
#include "guest/written.h"

static struct guest_written w;

static void open_with(uint64_t ram_bytes)
{
	w = (struct guest_written){.bits = malloc(guest_written_bytes(ram_bytes)),
				   .pages = ram_bytes / PAGE_4K};
	assert_non_null(w.bits);
	memset(w.bits, 0xff, guest_written_bytes(ram_bytes));
	guest_written_clear(&w);
	assert_int_equal(guest_written_count(&w), 0);
}

static int teardown(void **state)
{
	(void)state;
	free(w.bits);
	return 0;
}

static void expect_run(uint64_t from, uint64_t first, uint64_t behind)
{
	uint64_t at = from, end;

	assert_true(guest_written_next(&w, &at, &end));
	assert_int_equal(at, first);
	assert_int_equal(end, behind);
}

static void expect_none(uint64_t from)
{
	uint64_t at = from, end;

	assert_false(guest_written_next(&w, &at, &end));
}

static void a_byte_marks_its_page_and_no_other(void **state)
{
	(void)state;
	open_with(16 * MIB);
	expect_none(0);
	guest_written_mark(&w, 0x8fff, 1);
	expect_run(0, 0x8000, 0x9000);
	expect_none(0x9000);
	guest_written_mark(&w, 0x8fff, 2);
	expect_run(0, 0x8000, 0xa000);
	assert_int_equal(guest_written_count(&w), 2);
	guest_written_mark(&w, 16 * MIB - 1, 1);
	expect_run(0xa000, 16 * MIB - PAGE_4K, 16 * MIB);
	expect_none(16 * MIB);
	guest_written_clear(&w);
	expect_none(0);
}

static void what_is_not_ram_is_passed_over(void **state)
{
	(void)state;
	open_with(70 * PAGE_4K);
	guest_written_mark(&w, 70 * PAGE_4K, PAGE_4K);
	guest_written_mark(&w, 0xfee00000, 4);
	guest_written_mark(&w, 4 * GIB, 4);
	guest_written_mark(&w, UINT64_MAX, 1);
	expect_none(0);
	guest_written_mark(&w, 69 * PAGE_4K + 1, 10 * PAGE_4K);
	expect_run(0, 69 * PAGE_4K, 70 * PAGE_4K);
	assert_int_equal(guest_written_count(&w), 1);
}

static void ram_goes_on_at_4_gib(void **state)
{
	(void)state;
	open_with(4 * GIB);
	assert_int_equal(guest_written_address(3 * GIB / PAGE_4K - 1), 3 * GIB - PAGE_4K);
	assert_int_equal(guest_written_address(3 * GIB / PAGE_4K), 4 * GIB);
	guest_written_mark(&w, 3 * GIB, GIB); /* the hole */
	expect_none(0);
	guest_written_mark(&w, 3 * GIB - PAGE_4K, GIB + 2 * PAGE_4K);
	assert_int_equal(guest_written_count(&w), 2);
	expect_run(0, 3 * GIB - PAGE_4K, 3 * GIB);
	expect_run(3 * GIB, 4 * GIB, 4 * GIB + PAGE_4K);
	guest_written_mark(&w, 5 * GIB - 1, 100);
	expect_run(4 * GIB + PAGE_4K, 5 * GIB - PAGE_4K, 5 * GIB);
	expect_none(5 * GIB);
}

/* Random marks, compared with an array of bytes. */
static void runs_are_those_of_a_model(void **state)
{
	static uint8_t model[1000];
	uint64_t seed = 4711, at = 0, end = 0, page = 0;

	(void)state;
	open_with(sizeof(model) * PAGE_4K);
	memset(model, 0, sizeof(model));
	for (unsigned i = 0; i < 150; i++) {
		uint64_t first = random_below(&seed, sizeof(model));
		uint64_t count = 1 + random_below(&seed, 5);

		guest_written_mark(&w, first * PAGE_4K + random_below(&seed, PAGE_4K),
				   (count - 1) * PAGE_4K + 1);
		for (uint64_t n = first; n < first + count && n < sizeof(model); n++)
			model[n] = 1;
	}
	while (guest_written_next(&w, &at, &end)) {
		for (; page < at / PAGE_4K; page++)
			assert_int_equal(model[page], 0);
		for (; page < end / PAGE_4K; page++)
			assert_int_equal(model[page], 1);
		at = end;
	}
	for (; page < sizeof(model); page++)
		assert_int_equal(model[page], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_byte_marks_its_page_and_no_other),
		TEST(what_is_not_ram_is_passed_over),
		TEST(ram_goes_on_at_4_gib),
		TEST(runs_are_those_of_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
