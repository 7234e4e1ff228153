/*
 * tests/unit/test_paging.c - what our own page tables promise, seen by a walker of the test's own,
 * written from SDM 3A "4-Level Paging and 5-Level Paging".
 */
#include "tests/unit/support.h"

#include <string.h>

#include "mm/paging.h"
#include "mm/phys.h"

#define P          BIT(0)
#define RW         BIT(1)
#define US         BIT(2)
#define PWT        BIT(3)
#define PCD        BIT(4)
#define A          BIT(5)
#define D          BIT(6)
#define PS         BIT(7)
#define G          BIT(8)
#define NX         BIT(63)

#define DIRECT_MAP UINT64_C(0xffff800000000000)
#define KERNEL     UINT64_C(0xffffffff80000000)

static struct frames frames;
static struct paging paging;
static uint64_t free_at_start;

static void open_with(bool has_1g, bool has_nx)
{
	struct regions ram;

	arena_open(64 * MIB);
	regions_init(&ram);
	assert_int_equal(regions_add(&ram, MIB, 63 * MIB, REGION_RAM), OK);
	assert_int_equal(frames_init(&frames, &ram, BIT(52)), OK);
	free_at_start = frames.free_bytes;
	assert_int_equal(paging_init(&paging, &frames, has_1g, has_nx), OK);
}

static int setup(void **state)
{
	(void)state;
	open_with(true, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	paging_destroy(&paging);
	assert_int_equal(frames.free_bytes, free_at_start);
	arena_close();
	return 0;
}

/* The processor's view of an address: what every level says, ANDed as the processor does. */
struct view {
	bool present, write, user, no_execute, global, uncached;
	uint64_t physical;
	uint64_t size;
};

static const uint64_t *table(uint64_t entry)
{
	return phys_ptr(hpa(entry & UINT64_C(0x000ffffffffff000)));
}

static struct view view_at(uint64_t virt)
{
	struct view v = {.write = true, .user = true};
	uint64_t entry = paging.root.raw;

	for (int shift = 39; shift >= 12; shift -= 9) {
		entry = table(entry)[(virt >> shift) & 511];
		if ((entry & P) == 0)
			return (struct view){.present = false};
		v.write = v.write && (entry & RW) != 0;
		v.user = v.user && (entry & US) != 0;
		v.no_execute = v.no_execute || (entry & NX) != 0;
		if (shift == 39)
			assert_false(entry & PS); /* reserved */
		v.size = BIT(shift);
		if (shift == 12)
			assert_false(entry & PS); /* there it is the PAT bit */
		if ((entry & PS) != 0)
			break;
	}
	v.present = true;
	v.global = (entry & G) != 0;
	v.uncached = (entry & PCD) != 0;
	assert_int_equal((entry & PWT) != 0, v.uncached);
	v.physical = entry & UINT64_C(0x000ffffffffff000);
	assert_true(is_aligned(v.physical, v.size)); /* bits under it are reserved, or PAT */
	v.physical += virt & (v.size - 1);
	return v;
}

struct census {
	uint64_t tables, leaves[3];
};

static void count_tables(uint64_t entry, int shift, struct census *c)
{
	c->tables++;
	for (unsigned i = 0; i < 512; i++) {
		uint64_t child = table(entry)[i];

		if ((child & P) == 0)
			assert_int_equal(child, 0);
		else if (shift == 12 || (child & PS) != 0)
			c->leaves[(shift - 12) / 9]++;
		else
			count_tables(child, shift - 9, c);
	}
}

/* The counters are those of the tables that are there. */
static void check_census(void)
{
	struct census c = {0};

	count_tables(paging.root.raw, 39, &c);
	assert_int_equal(c.tables, paging.table_count);
	assert_memory_equal(c.leaves, paging.leaves, sizeof(c.leaves));
	if (!paging_stale(&paging))
		assert_int_equal(frames.free_bytes + c.tables * PAGE_4K, free_at_start);
}

static void map(uint64_t virt, uint64_t to, uint64_t len_bytes, unsigned flags)
{
	assert_int_equal(paging_map(&paging, virt, hpa(to), len_bytes, flags), OK);
	check_census();
}

static void a_page_is_where_it_was_mapped(void **state)
{
	struct view v;

	(void)state;
	map(KERNEL + 5 * PAGE_4K, 0x123456000, PAGE_4K, PAGING_EXEC | PAGING_GLOBAL);
	v = view_at(KERNEL + 5 * PAGE_4K + 0x123);
	assert_true(v.present && !v.write && !v.user && !v.no_execute && v.global && !v.uncached);
	assert_int_equal(v.physical, 0x123456123);
	assert_int_equal(v.size, PAGE_4K);
	assert_false(view_at(KERNEL + 4 * PAGE_4K).present);
	assert_false(view_at(KERNEL + 6 * PAGE_4K).present);
	assert_int_equal(paging.table_count, 4);
	assert_false(paging_stale(&paging));
}

static void flags_become_the_rights_that_the_processor_sees(void **state)
{
	struct view v;

	(void)state;
	map(PAGE_4K, 0, PAGE_4K, 0);
	v = view_at(PAGE_4K);
	assert_true(v.present && !v.write && !v.user && v.no_execute && !v.global);
	map(PAGE_4K, 0, PAGE_4K, PAGING_WRITE);
	v = view_at(PAGE_4K);
	assert_true(v.write && !v.user && v.no_execute);
	map(PAGE_4K, 0, PAGE_4K, PAGING_USER | PAGING_EXEC);
	v = view_at(PAGE_4K);
	assert_true(!v.write && v.user && !v.no_execute);
	map(PAGE_4K, 0xfee00000, PAGE_4K, PAGING_WRITE | PAGING_UNCACHED);
	v = view_at(PAGE_4K);
	assert_true(v.write && v.uncached && v.no_execute);
}

static void without_nx_the_reserved_bit_stays_clear(void **state)
{
	struct paging_leaf leaf;

	(void)state;
	open_with(true, false);
	map(DIRECT_MAP, 0, PAGE_2M, PAGING_WRITE);
	assert_false(view_at(DIRECT_MAP).no_execute);
	assert_int_equal(paging_protect(&paging, DIRECT_MAP, PAGE_4K, 0), OK);
	assert_false(view_at(DIRECT_MAP).no_execute);
	assert_int_equal(paging_walk(&paging, DIRECT_MAP, &leaf), OK);
	assert_int_equal(leaf.flags, PAGING_EXEC);
}

static void the_largest_pages_that_fit_are_taken(void **state)
{
	(void)state;
	map(DIRECT_MAP, 0, 4 * GIB, PAGING_WRITE | PAGING_GLOBAL);
	assert_int_equal(paging.leaves[2], 4);
	assert_int_equal(paging.table_count, 2);
	assert_int_equal(view_at(DIRECT_MAP + 3 * GIB + 77).physical, 3 * GIB + 77);

	/* 4 KiB up to the next 2 MiB, 2 MiB up to the next 1 GiB, and down again */
	map(GIB - PAGE_2M - PAGE_4K, 5 * GIB - PAGE_2M - PAGE_4K, GIB + 2 * PAGE_2M + 2 * PAGE_4K,
	    0);
	assert_int_equal(paging.leaves[0], 2);
	assert_int_equal(paging.leaves[1], 2);
	assert_int_equal(paging.leaves[2], 5);
	assert_int_equal(view_at(GIB + 5).size, PAGE_1G);
	assert_int_equal(view_at(GIB + 5).physical, 5 * GIB + 5);

	/* the target decides as well */
	map(16 * GIB, 16 * GIB + PAGE_4K, PAGE_2M, 0);
	assert_int_equal(view_at(16 * GIB).size, PAGE_4K);
}

static void without_1g_pages_2m_is_the_largest(void **state)
{
	(void)state;
	open_with(false, true);
	map(DIRECT_MAP, 0, 2 * GIB, 0);
	assert_int_equal(paging.leaves[1], 1024);
	assert_int_equal(paging.leaves[2], 0);
}

static void a_mapping_replaces_what_was_there(void **state)
{
	(void)state;
	map(GIB, 0, PAGE_2M, PAGING_WRITE); /* tables under it */
	map(GIB + PAGE_4K, MIB, PAGE_4K, 0);
	assert_true(paging_stale(&paging));
	map(GIB, 2 * GIB, GIB, PAGING_EXEC);
	assert_int_equal(view_at(GIB + PAGE_4K).physical, 2 * GIB + PAGE_4K);
	assert_int_equal(view_at(GIB).size, PAGE_1G);
	assert_int_equal(paging.table_count, 2);
	paging_flushed(&paging);
	assert_false(paging_stale(&paging));
	check_census(); /* the tables came back */
}

static void mapping_the_same_again_changes_nothing(void **state)
{
	uint64_t *leaf;

	(void)state;
	map(GIB, 0, PAGE_2M + PAGE_4K, PAGING_WRITE);
	leaf = (uint64_t *)phys_ptr(paging.root);
	for (unsigned index = 0; leaf[index] & P && !(leaf[index] & PS); index = !index)
		leaf = phys_ptr(hpa(leaf[index] & UINT64_C(0x000ffffffffff000)));
	*leaf |= A | D; /* as the processor does */
	map(GIB, 0, PAGE_2M + PAGE_4K, PAGING_WRITE);
	assert_int_equal(*leaf & (A | D | PS), A | D | PS);
	assert_false(paging_stale(&paging));
}

static void a_split_keeps_rights_and_caching(void **state)
{
	struct view v;

	(void)state;
	map(DIRECT_MAP, 0, GIB, PAGING_WRITE | PAGING_GLOBAL | PAGING_UNCACHED);
	assert_int_equal(paging_protect(&paging, DIRECT_MAP + 3 * PAGE_2M + PAGE_4K, PAGE_4K, 0),
			 OK);
	check_census();
	assert_true(paging_stale(&paging));
	v = view_at(DIRECT_MAP + 3 * PAGE_2M + PAGE_4K);
	assert_true(!v.write && v.global && v.uncached && v.no_execute);
	for (uint64_t at = 0; at < GIB; at += PAGE_4K) {
		v = view_at(DIRECT_MAP + at);
		assert_int_equal(v.physical, at);
		assert_int_equal(v.write, at != 3 * PAGE_2M + PAGE_4K);
		assert_true(v.global && v.uncached && v.no_execute && !v.user);
		assert_int_equal(v.size, at / PAGE_2M == 3 ? PAGE_4K : PAGE_2M);
	}
}

static void protecting_changes_rights_both_ways(void **state)
{
	struct view v;

	(void)state;
	map(KERNEL, 0, PAGE_4K, PAGING_WRITE | PAGING_USER);
	assert_int_equal(paging_protect(&paging, KERNEL, PAGE_4K, PAGING_EXEC), OK);
	v = view_at(KERNEL);
	assert_true(v.present && !v.write && !v.no_execute && !v.user);
	assert_true(paging_stale(&paging));
	paging_flushed(&paging);
	assert_int_equal(paging_protect(&paging, KERNEL, PAGE_4K, PAGING_EXEC), OK);
	assert_false(paging_stale(&paging)); /* as it was */
	assert_int_equal(paging_protect(&paging, KERNEL, PAGE_4K, PAGING_WRITE), OK);
	v = view_at(KERNEL);
	assert_true(v.present && v.write && v.no_execute && !v.user);
}

static void unmapping_leaves_a_hole_and_no_tables(void **state)
{
	(void)state;
	map(KERNEL, 16 * MIB, 3 * PAGE_4K, PAGING_EXEC);
	assert_int_equal(paging_unmap(&paging, KERNEL + PAGE_4K, PAGE_4K), OK);
	check_census();
	assert_true(view_at(KERNEL).present);
	assert_false(view_at(KERNEL + PAGE_4K).present);
	assert_true(view_at(KERNEL + 2 * PAGE_4K).present);
	assert_true(paging_stale(&paging));
	assert_int_equal(paging_unmap(&paging, KERNEL, 3 * PAGE_4K), OK);
	assert_int_equal(paging.table_count, 1);
	paging_flushed(&paging);
	check_census();
	assert_int_equal(paging_unmap(&paging, KERNEL, 2 * GIB), OK); /* a hole: no error */
	assert_false(paging_stale(&paging));
}

static void retired_tables_translate_until_the_flush(void **state)
{
	const uint64_t *last;

	(void)state;
	map(GIB, 2 * GIB, 512 * PAGE_4K - PAGE_4K, PAGING_WRITE);
	last = table(table(table(table(paging.root.raw)[0])[1])[0]);
	map(GIB, 2 * GIB, GIB, PAGING_WRITE);
	for (unsigned i = 0; i < 511; i++) {
		assert_int_equal(last[i] & (P | RW | PS), P | RW);
		assert_int_equal(last[i] & UINT64_C(0x000ffffffffff000), 2 * GIB + i * PAGE_4K);
		assert_int_equal(last[i] & NX, NX);
	}
	assert_int_equal(frames.free_bytes + 4 * PAGE_4K, free_at_start);
	paging_flushed(&paging);
	assert_int_equal(frames.free_bytes + 2 * PAGE_4K, free_at_start);
}

static void both_ends_of_the_address_space_can_be_mapped(void **state)
{
	(void)state;
	map(0, 0, PAGE_4K, 0);
	map(UINT64_C(0x00007ffffffff000), PAGE_4K, PAGE_4K, 0);
	map(DIRECT_MAP, 2 * PAGE_4K, PAGE_4K, 0);
	map(UINT64_C(0xfffffffffffff000), BIT(52) - PAGE_4K, PAGE_4K, 0);
	assert_int_equal(view_at(UINT64_MAX).physical, BIT(52) - 1);
	assert_int_equal(view_at(UINT64_C(0x00007fffffffffff)).physical, 2 * PAGE_4K - 1);
	assert_int_equal(paging_unmap(&paging, 0, BIT(47)), OK);
	assert_int_equal(paging_unmap(&paging, DIRECT_MAP, BIT(47)), OK);
	assert_int_equal(paging.table_count, 1);
	check_census();
}

static void what_is_wrong_is_refused_and_changes_nothing(void **state)
{
	const uint64_t hole = BIT(47);

	(void)state;
	assert_int_equal(paging_map(&paging, 1, hpa(0), PAGE_4K, 0), ERR_ALIGNMENT);
	assert_int_equal(paging_map(&paging, 0, hpa(8), PAGE_4K, 0), ERR_ALIGNMENT);
	assert_int_equal(paging_map(&paging, 0, hpa(0), PAGE_4K + 1, 0), ERR_ALIGNMENT);
	assert_int_equal(paging_map(&paging, hole, hpa(0), PAGE_4K, 0), ERR_RANGE);
	assert_int_equal(paging_map(&paging, hole - PAGE_4K, hpa(0), 2 * PAGE_4K, 0), ERR_RANGE);
	assert_int_equal(paging_map(&paging, 0, hpa(0), BIT(63), 0), ERR_RANGE);
	assert_int_equal(paging_map(&paging, 0, hpa(0), UINT64_C(0xfffffffffffff000), 0),
			 ERR_RANGE);
	assert_int_equal(paging_map(&paging, KERNEL, hpa(0), 4 * GIB, 0), ERR_RANGE);
	assert_int_equal(paging_map(&paging, 0, hpa(BIT(52)), PAGE_4K, 0), ERR_RANGE);
	assert_int_equal(paging_map(&paging, 0, hpa(BIT(52) - PAGE_4K), 2 * PAGE_4K, 0), ERR_RANGE);
	assert_int_equal(paging_map(&paging, 0, hpa(0), PAGE_4K, BIT(5)), ERR_INVALID);
	assert_int_equal(paging_unmap(&paging, 8, PAGE_4K), ERR_ALIGNMENT);
	assert_int_equal(paging_unmap(&paging, hole, PAGE_4K), ERR_RANGE);
	assert_int_equal(paging_protect(&paging, 8, PAGE_4K, 0), ERR_ALIGNMENT);
	assert_int_equal(paging_protect(&paging, hole, PAGE_4K, 0), ERR_RANGE);
	assert_int_equal(paging_protect(&paging, 0, PAGE_4K, PAGING_GLOBAL), ERR_INVALID);
	assert_int_equal(paging.table_count, 1);
	assert_false(paging_stale(&paging));
	check_census();
}

static void writable_and_executable_together_are_refused(void **state)
{
	(void)state;
	assert_int_equal(paging_map(&paging, 0, hpa(0), PAGE_4K, PAGING_WRITE | PAGING_EXEC),
			 ERR_INVALID);
	map(0, 0, PAGE_4K, PAGING_WRITE);
	assert_int_equal(paging_protect(&paging, 0, PAGE_4K, PAGING_WRITE | PAGING_EXEC),
			 ERR_INVALID);
	assert_true(view_at(0).no_execute);
}

static void nothing_is_done_for_no_bytes(void **state)
{
	(void)state;
	assert_int_equal(paging_map(&paging, 0, hpa(0), 0, 0), OK);
	assert_int_equal(paging_unmap(&paging, 0, 0), OK);
	assert_int_equal(paging_protect(&paging, 0, 0, 0), OK);
	assert_int_equal(paging.table_count, 1);
}

static void a_walk_tells_what_was_mapped(void **state)
{
	const unsigned flags = PAGING_WRITE | PAGING_USER | PAGING_UNCACHED | PAGING_GLOBAL;
	struct paging_leaf leaf;

	(void)state;
	map(DIRECT_MAP + GIB, 7 * GIB, GIB, flags);
	map(DIRECT_MAP, PAGE_4K, PAGE_4K, PAGING_EXEC);
	assert_int_equal(paging_walk(&paging, DIRECT_MAP + GIB + 12345, &leaf), OK);
	assert_int_equal(leaf.start, DIRECT_MAP + GIB);
	assert_int_equal(leaf.at.raw, 7 * GIB);
	assert_int_equal(leaf.size, PAGE_1G);
	assert_int_equal(leaf.flags, flags);
	assert_int_equal(paging_walk(&paging, DIRECT_MAP + 5, &leaf), OK);
	assert_int_equal(leaf.start, DIRECT_MAP);
	assert_int_equal(leaf.flags, PAGING_EXEC);
	assert_int_equal(paging_walk(&paging, DIRECT_MAP + PAGE_4K, &leaf), ERR_NOT_FOUND);
	assert_int_equal(paging_walk(&paging, 0, &leaf), ERR_NOT_FOUND);
	assert_int_equal(paging_walk(&paging, BIT(47), &leaf), ERR_RANGE);
}

static void without_memory_nothing_changes(void **state)
{
	hpa_t at, kept;

	(void)state;
	map(DIRECT_MAP, 0, GIB, PAGING_WRITE);
	assert_int_equal(frames_alloc(&frames, 0, &kept), OK);
	while (frames_alloc(&frames, 0, &at) == OK)
		;
	assert_int_equal(frames_free(&frames, kept, 0), OK);

	/* each needs two tables, and there is one */
	assert_int_equal(paging_unmap(&paging, DIRECT_MAP + PAGE_4K, PAGE_4K), ERR_NO_MEMORY);
	assert_int_equal(paging_protect(&paging, DIRECT_MAP, PAGE_4K, 0), ERR_NO_MEMORY);
	assert_int_equal(paging_map(&paging, DIRECT_MAP + 2 * GIB - PAGE_4K, hpa(PAGE_4K), GIB, 0),
			 ERR_NO_MEMORY);
	assert_int_equal(frames.free_bytes, PAGE_4K);
	assert_int_equal(view_at(DIRECT_MAP + PAGE_4K).size, PAGE_1G);
	assert_int_equal(paging.table_count, 2);
	assert_false(paging_stale(&paging));
	/* one is enough for a 2 MiB page */
	assert_int_equal(paging_unmap(&paging, DIRECT_MAP + PAGE_2M, PAGE_2M), OK);
	free_at_start = frames.free_bytes + paging.table_count * PAGE_4K;
}

static void no_root_without_memory(void **state)
{
	struct paging other;
	hpa_t at;

	(void)state;
	while (frames_alloc(&frames, 0, &at) == OK)
		;
	assert_int_equal(paging_init(&other, &frames, true, true), ERR_NO_MEMORY);
	free_at_start = PAGE_4K;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_is_where_it_was_mapped),
		TEST(flags_become_the_rights_that_the_processor_sees),
		TEST(without_nx_the_reserved_bit_stays_clear),
		TEST(the_largest_pages_that_fit_are_taken),
		TEST(without_1g_pages_2m_is_the_largest),
		TEST(a_mapping_replaces_what_was_there),
		TEST(mapping_the_same_again_changes_nothing),
		TEST(a_split_keeps_rights_and_caching),
		TEST(protecting_changes_rights_both_ways),
		TEST(unmapping_leaves_a_hole_and_no_tables),
		TEST(retired_tables_translate_until_the_flush),
		TEST(both_ends_of_the_address_space_can_be_mapped),
		TEST(what_is_wrong_is_refused_and_changes_nothing),
		TEST(writable_and_executable_together_are_refused),
		TEST(nothing_is_done_for_no_bytes),
		TEST(a_walk_tells_what_was_mapped),
		TEST(without_memory_nothing_changes),
		TEST(no_root_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
