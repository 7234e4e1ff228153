/* tests/unit/test_ept_reserve.c - mm/ept.h: the reserve of tables, limits of leaves, flags. */
#include "tests/unit/ept_rig.h"

static void take_all_frames(void)
{
	hpa_t at;

	while (frames_alloc(&frames, 0, &at) == OK)
		;
}

static void a_split_takes_reserved_frames_and_no_others(void **state)
{
	(void)state;
	map(0, 0, 3 * GIB, EPT_RWX, EPT_WB);
	assert_int_equal(ept_reserve(&ept, 0), OK);
	assert_int_equal(ept_split(&ept, gpa(0), PAGE_4K), ERR_NO_MEMORY);
	assert_int_equal(ept_reserve(&ept, 3), OK);
	check_census();
	assert_int_equal(ept_split(&ept, gpa(0), PAGE_4K), OK); /* two tables */
	check_census();
	assert_int_equal(ept.reserve.count, 1);
	assert_int_equal(ept_split(&ept, gpa(GIB), PAGE_4K), ERR_NO_MEMORY);
	assert_int_equal(size_at(GIB), PAGE_1G);
	assert_int_equal(ept_split(&ept, gpa(GIB), PAGE_2M), OK);
	assert_int_equal(ept_split(&ept, gpa(PAGE_4K), PAGE_4K), OK); /* it is so small */
	assert_int_equal(ept_split(&ept, gpa(PAGE_2M), PAGE_4K), ERR_NO_MEMORY);
	assert_int_equal(ept.reserve.count, 0);
	/* Others do not need it, */
	assert_int_equal(ept_protect(&ept, gpa(2 * GIB), PAGE_4K, EPT_READ), OK);
	ept_flushed(&ept);
	check_census();

	/* and where all frames are gone, it is there still. */
	assert_int_equal(ept_merge(&ept, gpa(0)), 2);
	assert_int_equal(ept_merge(&ept, gpa(GIB)), 1);
	assert_int_equal(ept.reserve.count, 0); /* not before the INVEPT */
	ept_flushed(&ept);
	assert_int_equal(ept.reserve.count, 3);
	check_census();
	free_at_start -= frames.free_bytes;
	take_all_frames();
	assert_int_equal(ept_split(&ept, gpa(GIB), PAGE_4K), OK);
	assert_int_equal(ept.reserve.count, 1);
	check_census();
	assert_int_equal(ept_reserve(&ept, 1), ERR_NO_MEMORY);
	assert_int_equal(ept.reserve.size, 3);
	for (uint64_t at = GIB; at < 2 * GIB; at += PAGE_4K) {
		if (page_at(at) != (at | EPT_RWX | TYPE(6)))
			fail_msg("wrong at %llx", (unsigned long long)at);
	}
}

static void what_the_reserve_has_enough_of_goes_to_the_frames(void **state)
{
	(void)state;
	map(0, 0, GIB, EPT_RWX, EPT_WB);
	assert_int_equal(ept_reserve(&ept, 1), OK);
	assert_int_equal(ept_split(&ept, gpa(0), PAGE_2M), OK);
	assert_int_equal(ept_protect(&ept, gpa(0), PAGE_4K, EPT_READ), OK);
	assert_int_equal(ept_unmap(&ept, gpa(0), GIB), OK);
	ept_flushed(&ept);
	assert_int_equal(ept.reserve.count, 1);
	check_census();
}

static void a_limit_cuts_all_leaves_and_is_lifted_again(void **state)
{
	uint64_t size;

	(void)state;
	map(0, 0, GIB, EPT_RWX, EPT_WB);
	map(600 * GIB, GIB, PAGE_2M, EPT_READ, EPT_UC);
	*leaf_entry(0, &size) |= DIRTY;
	assert_int_equal(ept_reserve(&ept, 1), OK);
	assert_int_equal(ept_limit(&ept, PAGE_4K / 2), ERR_INVALID);
	assert_int_equal(ept_limit(&ept, PAGE_4K), OK);
	check_census();
	assert_int_equal(ept.reserve.count, 1);
	assert_int_equal(ept.leaves[0], 513 * 512);
	assert_int_equal(ept.leaves[1] + ept.leaves[2], 0);
	assert_int_equal(page_at(GIB - PAGE_4K), (GIB - PAGE_4K) | EPT_RWX | TYPE(6) | DIRTY);
	assert_int_equal(page_at(600 * GIB), GIB | EPT_READ | TYPE(0));
	map(GIB, GIB, PAGE_2M, EPT_RWX, EPT_WB);
	assert_int_equal(size_at(GIB), PAGE_4K);
	assert_int_equal(ept_merge(&ept, gpa(0)), 0);
	assert_int_equal(ept_limit(&ept, PAGE_2M), OK);
	assert_int_equal(ept_merge(&ept, gpa(0)), 512);
	ept_flushed(&ept);
	check_census();
	assert_int_equal(size_at(0), PAGE_2M);
}

static void flags_are_cleared_everywhere_and_nothing_else(void **state)
{
	uint64_t size;

	(void)state;
	map(0, 0, GIB, EPT_RWX, EPT_WB);
	map(5 * GIB, GIB, PAGE_4K, EPT_READ, EPT_UC);
	ept_clear_flags(&ept);
	assert_false(ept_stale(&ept)); /* there were none */
	*leaf_entry(0, &size) |= DIRTY | ACCESSED;
	*leaf_entry(5 * GIB, &size) |= ACCESSED;
	ept_clear_flags(&ept);
	assert_true(ept_stale(&ept));
	assert_int_equal(page_at(0), EPT_RWX | TYPE(6));
	assert_int_equal(page_at(5 * GIB), GIB | EPT_READ | TYPE(0));
	assert_int_equal(page_at(GIB), 0);
	check_census();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_split_takes_reserved_frames_and_no_others),
		TEST(what_the_reserve_has_enough_of_goes_to_the_frames),
		TEST(a_limit_cuts_all_leaves_and_is_lifted_again),
		TEST(flags_are_cleared_everywhere_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
