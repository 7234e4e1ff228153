/*
 * tests/unit/test_ept.c - what the extended page tables promise, seen by a walker of the test's
 * own, written from SDM 3C "EPT Translation Mechanism".
 */
#include "tests/unit/ept_rig.h"

#include <string.h>

static enum status try_map(uint64_t at, uint64_t to, uint64_t len_bytes)
{
	return ept_map(&ept, gpa(at), hpa(to), len_bytes, EPT_RWX, EPT_WB);
}

static void the_pointer_says_write_back_and_four_levels(void **state)
{
	(void)state;
	/* SDM 3C, "Extended-Page-Table Pointer (EPTP)" */
	assert_int_equal(ept_pointer(&ept, false), ept.root.raw | 0x1e);
	assert_int_equal(ept_pointer(&ept, true), ept.root.raw | 0x5e);
}

static void a_page_is_where_it_was_mapped(void **state)
{
	(void)state;
	map(0x7000, 0x123456000, PAGE_4K, EPT_READ | EPT_EXEC, EPT_WB);
	assert_int_equal(page_at(0x7fff), 0x123456000 | EPT_READ | EPT_EXEC | TYPE(6));
	assert_int_equal(page_at(0x6fff), 0);
	assert_int_equal(page_at(0x8000), 0);
	map(0xfee00000, 0xfed00000, PAGE_4K, EPT_READ | EPT_WRITE, EPT_UC);
	assert_int_equal(page_at(0xfee00000), 0xfed00000 | EPT_READ | EPT_WRITE);
	assert_false(ept_stale(&ept));
}

static void the_largest_leaves_that_alignment_allows_are_taken(void **state)
{
	(void)state;
	map(GIB - PAGE_2M - PAGE_4K, 9 * GIB - PAGE_2M - PAGE_4K, GIB + 2 * (PAGE_2M + PAGE_4K),
	    EPT_RWX, EPT_WB);
	assert_int_equal(ept.leaves[0], 2);
	assert_int_equal(ept.leaves[1], 2);
	assert_int_equal(ept.leaves[2], 1);
	assert_int_equal(size_at(GIB), PAGE_1G);
	assert_int_equal(size_at(GIB - 1), PAGE_2M);
	assert_int_equal(size_at(GIB - PAGE_2M - 1), PAGE_4K);
	assert_int_equal(page_at(GIB + 5 * PAGE_4K), (9 * GIB + 5 * PAGE_4K) | EPT_RWX | TYPE(6));

	map(8 * GIB, PAGE_2M, GIB, EPT_RWX, EPT_WB); /* the host's side is aligned to 2 MiB only */
	assert_int_equal(size_at(8 * GIB), PAGE_2M);
	map(10 * GIB, PAGE_4K, PAGE_2M, EPT_RWX, EPT_WB);
	assert_int_equal(size_at(10 * GIB), PAGE_4K);
}

static void no_leaf_is_larger_than_the_cpu_allows(void **state)
{
	(void)state;
	open_with(16 * MIB, PAGE_2M, false);
	map(0, 0, GIB, EPT_RWX, EPT_WB);
	assert_int_equal(ept.leaves[1], 512);
	assert_int_equal(ept_merge(&ept, gpa(0)), 0);
	open_with(16 * MIB, PAGE_4K, false);
	map(0, 0, 2 * PAGE_2M, EPT_RWX, EPT_WB);
	assert_int_equal(ept.leaves[0], 1024);
	assert_int_equal(ept_merge(&ept, gpa(0)), 0);
	assert_int_equal(ept_init(&ept, &frames, 8 * KIB, false), ERR_INVALID);
	assert_int_equal(ept_init(&ept, &frames, 0, false), ERR_INVALID);
	open_with(16 * MIB, PAGE_4K, false);
}

static void what_hardware_calls_misconfigured_is_refused(void **state)
{
	(void)state;
	for (unsigned perm = 0; perm < 16; perm++) {
		bool good = perm == EPT_READ || perm == (EPT_READ | EPT_WRITE) ||
			    perm == (EPT_READ | EPT_EXEC) || perm == EPT_RWX;
		enum status expected = good ? OK : ERR_INVALID;

		assert_int_equal(ept_map(&ept, gpa(0), hpa(0), PAGE_4K, perm, EPT_WB), expected);
		assert_int_equal(ept_protect(&ept, gpa(0), PAGE_4K, perm), expected);
	}
	for (int type = 0; type < 10; type++) {
		bool good = type == 0 || type == 1 || (type >= 4 && type <= 6);

		assert_int_equal(
			ept_map(&ept, gpa(0), hpa(0), PAGE_4K, EPT_READ, (enum ept_memtype)type),
			good ? OK : ERR_INVALID);
	}
}

static void execute_only_is_for_a_cpu_that_has_it(void **state)
{
	(void)state;
	assert_int_equal(ept_map(&ept, gpa(0), hpa(0), PAGE_4K, EPT_EXEC, EPT_WB), ERR_INVALID);
	open_with(16 * MIB, PAGE_1G, true);
	map(0, PAGE_4K, PAGE_4K, EPT_EXEC, EPT_WB);
	assert_int_equal(page_at(0), PAGE_4K | EPT_EXEC | TYPE(6));
	assert_int_equal(ept_protect(&ept, gpa(0), PAGE_4K, EPT_READ), OK);
	assert_int_equal(ept_protect(&ept, gpa(0), PAGE_4K, EPT_EXEC), OK);
	assert_int_equal(page_at(0), PAGE_4K | EPT_EXEC | TYPE(6));
}

static void misaligned_and_out_of_range_is_refused(void **state)
{
	struct ept_leaf leaf;

	(void)state;
	assert_int_equal(try_map(1, 0, PAGE_4K), ERR_ALIGNMENT);
	assert_int_equal(try_map(0, 0x800, PAGE_4K), ERR_ALIGNMENT);
	assert_int_equal(try_map(0, 0, PAGE_4K - 1), ERR_ALIGNMENT);
	assert_int_equal(try_map(BIT(48), 0, PAGE_4K), ERR_RANGE);
	assert_int_equal(try_map(BIT(48) - PAGE_4K, 0, 2 * PAGE_4K), ERR_RANGE);
	assert_int_equal(try_map(BIT(63), 0, BIT(63)), ERR_RANGE);
	assert_int_equal(try_map(0, BIT(52), PAGE_4K), ERR_RANGE);
	assert_int_equal(try_map(0, BIT(52) - PAGE_4K, 2 * PAGE_4K), ERR_RANGE);
	assert_int_equal(ept_unmap(&ept, gpa(1), PAGE_4K), ERR_ALIGNMENT);
	assert_int_equal(ept_unmap(&ept, gpa(BIT(48)), PAGE_4K), ERR_RANGE);
	assert_int_equal(ept_protect(&ept, gpa(0), 1, EPT_READ), ERR_ALIGNMENT);
	assert_int_equal(ept_protect(&ept, gpa(0), BIT(49), EPT_READ), ERR_RANGE);
	assert_int_equal(ept_split(&ept, gpa(BIT(48)), PAGE_4K), ERR_RANGE);
	assert_int_equal(ept_walk(&ept, gpa(BIT(48)), &leaf), ERR_RANGE);
	assert_int_equal(ept_merge(&ept, gpa(BIT(48))), 0);
	assert_int_equal(ept.table_count, 1);

	map(BIT(48) - PAGE_4K, BIT(52) - PAGE_4K, PAGE_4K, EPT_READ, EPT_UC);
	assert_int_equal(page_at(BIT(48) - 1), (BIT(52) - PAGE_4K) | EPT_READ);
}

static void nothing_is_done_for_no_bytes(void **state)
{
	(void)state;
	assert_int_equal(try_map(0, 0, 0), OK);
	assert_int_equal(ept_unmap(&ept, gpa(BIT(48)), 0), OK);
	assert_int_equal(ept_protect(&ept, gpa(0), 0, EPT_READ), OK);
	assert_int_equal(ept.table_count, 1);
}

static void a_split_keeps_type_rights_accessed_and_dirty(void **state)
{
	uint64_t size;

	(void)state;
	map(GIB, 4 * GIB, GIB, EPT_READ | EPT_WRITE, EPT_WT);
	*leaf_entry(GIB, &size) |= ACCESSED | DIRTY;
	assert_int_equal(ept_split(&ept, gpa(GIB + 3 * PAGE_2M + 77), PAGE_2M), OK);
	check_census();
	assert_int_equal(ept.leaves[1], 512);
	assert_int_equal(ept_split(&ept, gpa(GIB + 3 * PAGE_2M + 77), PAGE_4K), OK);
	check_census();
	assert_int_equal(ept.leaves[0], 512);
	assert_int_equal(ept_split(&ept, gpa(GIB + 3 * PAGE_2M + 77), PAGE_4K), OK);
	assert_int_equal(ept.table_count, 4);
	for (uint64_t at = 0; at < GIB; at += PAGE_4K) {
		if (page_at(GIB + at) !=
		    ((4 * GIB + at) | EPT_READ | EPT_WRITE | TYPE(EPT_WT) | ACCESSED | DIRTY))
			fail_msg("wrong at %llx", (unsigned long long)at);
		if (size_at(GIB + at) != (at / PAGE_2M == 3 ? PAGE_4K : PAGE_2M))
			fail_msg("wrong size at %llx", (unsigned long long)at);
	}
}

static void a_split_goes_from_1_gib_to_4_kib_at_once(void **state)
{
	(void)state;
	map(0, 0, GIB, EPT_RWX, EPT_WB);
	assert_int_equal(ept_split(&ept, gpa(GIB - 1), PAGE_4K), OK);
	check_census();
	assert_int_equal(size_at(GIB - 1), PAGE_4K);
	assert_int_equal(ept.leaves[1], 511);
	assert_int_equal(ept_split(&ept, gpa(0), PAGE_1G), ERR_INVALID);
	assert_int_equal(ept_split(&ept, gpa(GIB), PAGE_2M), ERR_NOT_FOUND);
}

static void a_merge_takes_the_split_back(void **state)
{
	uint64_t size;

	(void)state;
	map(0, 8 * GIB, GIB, EPT_RWX, EPT_WB);
	assert_int_equal(ept_split(&ept, gpa(0), PAGE_4K), OK);
	assert_int_equal(ept_split(&ept, gpa(GIB - 1), PAGE_4K), OK);
	*leaf_entry(5 * PAGE_4K, &size) |= ACCESSED;
	*leaf_entry(GIB - 1, &size) |= DIRTY;
	assert_int_equal(ept_merge(&ept, gpa(GIB / 2)), 3);
	check_census();
	assert_int_equal(size_at(0), PAGE_1G);
	assert_int_equal(page_at(0), 8 * GIB | EPT_RWX | TYPE(6) | ACCESSED | DIRTY);
	assert_true(ept_stale(&ept));
	ept_flushed(&ept);
	check_census();
	assert_int_equal(ept_merge(&ept, gpa(0)), 0);
	assert_int_equal(ept_merge(&ept, gpa(5 * GIB)), 0);
	assert_int_equal(ept_merge(&ept, gpa(600 * GIB)), 0);
}

static void a_merge_leaves_what_differs(void **state)
{
	(void)state;
	map(0, GIB, PAGE_2M, EPT_RWX, EPT_WB);
	assert_int_equal(ept_split(&ept, gpa(0), PAGE_4K), OK);
	assert_int_equal(ept_protect(&ept, gpa(7 * PAGE_4K), PAGE_4K, EPT_READ), OK);
	assert_int_equal(ept_merge(&ept, gpa(0)), 0);
	assert_int_equal(ept_protect(&ept, gpa(7 * PAGE_4K), PAGE_4K, EPT_RWX), OK);
	assert_int_equal(ept_merge(&ept, gpa(0)), 1);
	assert_int_equal(size_at(0), PAGE_2M);

	map(PAGE_2M, GIB + PAGE_4K, PAGE_2M, EPT_RWX, EPT_WB); /* a run, but not aligned */
	assert_int_equal(ept_merge(&ept, gpa(0)), 0);
	map(PAGE_2M, GIB, PAGE_2M - PAGE_4K, EPT_RWX, EPT_WB); /* a run with a hole at its end */
	assert_int_equal(ept_unmap(&ept, gpa(2 * PAGE_2M - PAGE_4K), PAGE_4K), OK);
	assert_int_equal(ept_merge(&ept, gpa(0)), 0);
	map(2 * PAGE_2M - PAGE_4K, GIB + PAGE_2M - PAGE_4K, PAGE_4K, EPT_RWX, EPT_WT);
	assert_int_equal(ept_merge(&ept, gpa(0)), 0); /* another type */
	map(2 * PAGE_2M - PAGE_4K, GIB + PAGE_2M - PAGE_4K, PAGE_4K, EPT_RWX, EPT_WB);
	assert_int_equal(ept_merge(&ept, gpa(0)), 1);
	check_census();
}

static void protecting_changes_rights_and_nothing_else(void **state)
{
	uint64_t size;

	(void)state;
	map(0, GIB, GIB, EPT_RWX, EPT_WP);
	*leaf_entry(0, &size) |= ACCESSED;
	assert_int_equal(ept_protect(&ept, gpa(PAGE_4K), PAGE_2M, EPT_READ), OK);
	check_census();
	assert_true(ept_stale(&ept));
	assert_int_equal(page_at(0), GIB | EPT_RWX | TYPE(5) | ACCESSED);
	assert_int_equal(page_at(PAGE_4K), (GIB + PAGE_4K) | EPT_READ | TYPE(5) | ACCESSED);
	assert_int_equal(page_at(PAGE_2M) & EPT_RWX, EPT_READ);
	assert_int_equal(page_at(PAGE_2M + PAGE_4K) & EPT_RWX, EPT_RWX);

	ept_flushed(&ept);
	assert_int_equal(ept_protect(&ept, gpa(PAGE_4K), PAGE_2M, EPT_READ), OK);
	assert_false(ept_stale(&ept)); /* as they were */
	assert_int_equal(ept_protect(&ept, gpa(PAGE_4K), PAGE_4K, EPT_RWX), OK);
	assert_true(ept_stale(&ept)); /* no split, but one leaf is another */
	assert_int_equal(ept_protect(&ept, gpa(2 * GIB), 100 * GIB, EPT_READ), OK);
	assert_int_equal(page_at(2 * GIB), 0); /* a hole stays one */
}

static void unmapping_frees_empty_tables(void **state)
{
	(void)state;
	map(0, 0, 3 * PAGE_4K, EPT_RWX, EPT_WB);
	map(600 * GIB, 0, PAGE_4K, EPT_RWX, EPT_WB);
	assert_int_equal(ept.table_count, 7);
	assert_int_equal(ept_unmap(&ept, gpa(PAGE_4K), PAGE_4K), OK);
	assert_int_equal(ept.table_count, 7);
	assert_int_equal(page_at(PAGE_4K), 0);
	assert_int_not_equal(page_at(0), 0);
	assert_int_equal(ept_unmap(&ept, gpa(600 * GIB), PAGE_4K), OK);
	assert_int_equal(ept.table_count, 4);
	assert_int_equal(ept_unmap(&ept, gpa(0), 16 * PAGE_4K), OK);
	assert_int_equal(ept.table_count, 1);
	assert_true(ept_stale(&ept));
	assert_int_equal(frames.free_bytes + 7 * PAGE_4K,
			 free_at_start); /* not before the INVEPT */
	ept_flushed(&ept);
	assert_int_equal(frames.free_bytes + PAGE_4K, free_at_start);
}

static void huge_holes_are_skipped(void **state)
{
	(void)state;
	/* Page by page each of these would take minutes. */
	map(BIT(47), 0, PAGE_4K, EPT_RWX, EPT_WB);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(ept_protect(&ept, gpa(0), BIT(48), EPT_READ), OK);
		assert_int_equal(ept_unmap(&ept, gpa(PAGE_4K), BIT(47) - PAGE_4K), OK);
	}
	assert_int_equal(page_at(BIT(47)), EPT_READ | TYPE(6));
	assert_int_equal(ept_unmap(&ept, gpa(0), BIT(48)), OK);
	assert_int_equal(ept.table_count, 1);
}

static void a_walk_tells_the_leaf(void **state)
{
	struct ept_leaf leaf;
	uint64_t size;

	(void)state;
	map(GIB, 3 * GIB, PAGE_2M, EPT_READ | EPT_EXEC, EPT_WC);
	*leaf_entry(GIB, &size) |= DIRTY;
	assert_int_equal(ept_walk(&ept, gpa(GIB + 0x12345), &leaf), OK);
	assert_int_equal(leaf.at.raw, 3 * GIB);
	assert_int_equal(leaf.start.raw, GIB);
	assert_int_equal(leaf.size, PAGE_2M);
	assert_int_equal(leaf.perm, EPT_READ | EPT_EXEC);
	assert_int_equal(leaf.type, EPT_WC);
	assert_true(leaf.dirty);
	assert_false(leaf.accessed);
	assert_int_equal(ept_walk(&ept, gpa(GIB + PAGE_2M), &leaf), ERR_NOT_FOUND);
	assert_int_equal(ept_walk(&ept, gpa(0), &leaf), ERR_NOT_FOUND);
}

static void without_memory_nothing_changes(void **state)
{
	hpa_t at, kept;

	(void)state;
	map(0, 0, GIB, EPT_RWX, EPT_WB);
	assert_int_equal(frames_alloc(&frames, 0, &kept), OK);
	while (frames_alloc(&frames, 0, &at) == OK)
		;
	assert_int_equal(frames_free(&frames, kept, 0), OK);

	/* each needs two tables, and there is one */
	assert_int_equal(ept_unmap(&ept, gpa(0), PAGE_4K), ERR_NO_MEMORY);
	assert_int_equal(ept_protect(&ept, gpa(0), PAGE_4K, EPT_READ), ERR_NO_MEMORY);
	assert_int_equal(ept_split(&ept, gpa(0), PAGE_4K), ERR_NO_MEMORY);
	assert_int_equal(try_map(PAGE_4K, 0, 2 * GIB), ERR_NO_MEMORY);
	assert_int_equal(frames.free_bytes, PAGE_4K);
	assert_int_equal(size_at(0), PAGE_1G);
	assert_int_equal(page_at(0), EPT_RWX | TYPE(6));
	assert_false(ept_stale(&ept));
	assert_int_equal(ept_split(&ept, gpa(0), PAGE_2M), OK);
	assert_int_equal(frames.free_bytes, 0);
	assert_int_equal(ept_unmap(&ept, gpa(0), GIB), OK); /* whole leaves need no table */
	assert_int_equal(ept.table_count, 1);
	ept_flushed(&ept);
	free_at_start = frames.free_bytes + PAGE_4K;
}

static void no_root_without_memory(void **state)
{
	struct ept other;
	hpa_t at;

	(void)state;
	while (frames_alloc(&frames, 0, &at) == OK)
		;
	assert_int_equal(ept_init(&other, &frames, PAGE_1G, false), ERR_NO_MEMORY);
	ept_destroy(&other); /* nothing to give back, and no harm */
	assert_int_equal(frames.free_bytes, 0);
	free_at_start = PAGE_4K;
}

/* The model: for each page of a window, which lies across the end of a top-level slot, its address,
 * rights, type, accessed and dirty as page_at() gives them. */
#define WINDOW_START (511 * GIB)
#define WINDOW_PAGES (3 * GIB / PAGE_4K)

static uint64_t model[WINDOW_PAGES];

static const unsigned some_perms[] = {EPT_READ, EPT_READ | EPT_WRITE, EPT_READ | EPT_EXEC, EPT_RWX,
				      EPT_EXEC};
static const enum ept_memtype some_types[] = {EPT_UC, EPT_WC, EPT_WT, EPT_WP, EPT_WB};

static void check_model(void)
{
	for (uint64_t i = 0; i < WINDOW_PAGES; i++) {
		uint64_t seen = page_at(WINDOW_START + i * PAGE_4K);

		if (seen != model[i])
			fail_msg("page %llu is %llx and should be %llx", (unsigned long long)i,
				 (unsigned long long)seen, (unsigned long long)model[i]);
	}
}

/* Some range of pages, mostly small, often aligned to large pages. */
static void random_range(uint64_t *seed, uint64_t *first, uint64_t *count)
{
	static const uint64_t units[] = {1, 1, 1, 512, 512, 512 * 512};
	uint64_t unit = units[random_below(seed, 6)];

	*first = random_below(seed, WINDOW_PAGES / unit) * unit;
	*count = (1 + random_below(seed, unit == 512 * 512 ? 2 : 600)) * unit;
	*count = min_u64(*count, WINDOW_PAGES - *first);
}

static void random_map(uint64_t *seed)
{
	static const uint64_t units[] = {PAGE_4K, PAGE_2M, PAGE_1G, PAGE_1G};
	unsigned perm = some_perms[random_below(seed, 5)];
	enum ept_memtype type = some_types[random_below(seed, 5)];
	uint64_t unit = units[random_below(seed, 4)];
	uint64_t first, count, to;

	random_range(seed, &first, &count);
	to = random_below(seed, BIT(51) / unit) * unit + first * PAGE_4K % unit;
	if (ept_map(&ept, gpa(WINDOW_START + first * PAGE_4K), hpa(to), count * PAGE_4K, perm,
		    type) != OK)
		return;
	for (uint64_t i = 0; i < count; i++)
		model[first + i] = (to + i * PAGE_4K) | perm | TYPE(type);
}

static void random_unmap(uint64_t *seed)
{
	uint64_t first, count;

	random_range(seed, &first, &count);
	if (ept_unmap(&ept, gpa(WINDOW_START + first * PAGE_4K), count * PAGE_4K) == OK)
		memset(&model[first], 0, count * sizeof(model[0]));
}

static void random_protect(uint64_t *seed)
{
	unsigned perm = some_perms[random_below(seed, 5)];
	uint64_t first, count;

	random_range(seed, &first, &count);
	if (ept_protect(&ept, gpa(WINDOW_START + first * PAGE_4K), count * PAGE_4K, perm) != OK)
		return;
	for (uint64_t i = first; i < first + count; i++)
		model[i] = model[i] == 0 ? 0 : (model[i] & ~(uint64_t)EPT_RWX) | perm;
}

static void random_split(uint64_t *seed)
{
	uint64_t page = random_below(seed, WINDOW_PAGES);
	uint64_t at = WINDOW_START + page * PAGE_4K + random_below(seed, PAGE_4K);
	uint64_t size = random_below(seed, 2) ? PAGE_4K : PAGE_2M;
	enum status s = ept_split(&ept, gpa(at), size);

	assert_int_equal(s == ERR_NOT_FOUND, model[page] == 0);
	if (s == OK)
		assert_true(size_at(at) <= size);
}

/* Sets accessed or dirty in the leaf of some page, as a guest's access does. */
static void random_access(uint64_t *seed)
{
	uint64_t page = random_below(seed, WINDOW_PAGES);
	uint64_t bits = random_below(seed, 2) ? ACCESSED : ACCESSED | DIRTY;
	uint64_t size;
	uint64_t *entry = leaf_entry(WINDOW_START + page * PAGE_4K, &size);

	if (!entry)
		return;
	*entry |= bits;
	page = align_down(page, size / PAGE_4K);
	for (uint64_t i = 0; i < size / PAGE_4K; i++)
		model[page + i] |= bits;
}

/* After a merge every page of a large leaf is accessed or dirty if one of them was. */
static void random_merge(uint64_t *seed)
{
	uint64_t page = align_down(random_below(seed, WINDOW_PAGES), GIB / PAGE_4K);
	uint64_t tables = ept.table_count;
	unsigned retired = ept_merge(&ept, gpa(WINDOW_START + page * PAGE_4K));
	uint64_t pages;

	assert_int_equal(retired, tables - ept.table_count);
	for (uint64_t end = page + GIB / PAGE_4K; page < end; page += pages) {
		uint64_t bits = 0;

		pages = max_u64(size_at(WINDOW_START + page * PAGE_4K), PAGE_4K) / PAGE_4K;
		if (model[page] == 0)
			pages = 1;
		for (uint64_t i = 0; i < pages; i++)
			bits |= model[page + i] & (ACCESSED | DIRTY);
		for (uint64_t i = 0; i < pages; i++)
			model[page + i] |= bits;
	}
}

static void random_operations(uint64_t first_seed, uint64_t ram_bytes, unsigned count)
{
	uint64_t seed = first_seed;

	print_message("seed %llu\n", (unsigned long long)first_seed);
	open_with(ram_bytes, PAGE_1G, true);
	memset(model, 0, sizeof(model));
	for (unsigned i = 1; i <= count; i++) {
		uint64_t dice = random_below(&seed, 100);

		if (dice < 30)
			random_map(&seed);
		else if (dice < 45)
			random_unmap(&seed);
		else if (dice < 60)
			random_protect(&seed);
		else if (dice < 80)
			random_split(&seed);
		else if (dice < 95)
			random_access(&seed);
		else
			random_merge(&seed);
		if (i % 4 == 0)
			ept_flushed(&ept);
		if (i % 20 == 0)
			check_census();
		if (i % 100 == 0)
			check_model();
	}
	ept_flushed(&ept);
	check_census();
	assert_int_equal(ept_unmap(&ept, gpa(0), BIT(48)), OK);
	ept_flushed(&ept);
	assert_int_equal(ept.table_count, 1);
	check_census();
}

static void random_changes_agree_with_a_model(void **state)
{
	(void)state;
	random_operations(20240602, 16 * MIB, 3000);
}

static void random_changes_agree_with_a_model_when_memory_is_short(void **state)
{
	(void)state;
	random_operations(20240603, 100 * PAGE_4K, 3000);
	assert_int_not_equal(frames.failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_pointer_says_write_back_and_four_levels),
		TEST(a_page_is_where_it_was_mapped),
		TEST(the_largest_leaves_that_alignment_allows_are_taken),
		TEST(no_leaf_is_larger_than_the_cpu_allows),
		TEST(what_hardware_calls_misconfigured_is_refused),
		TEST(execute_only_is_for_a_cpu_that_has_it),
		TEST(misaligned_and_out_of_range_is_refused),
		TEST(nothing_is_done_for_no_bytes),
		TEST(a_split_keeps_type_rights_accessed_and_dirty),
		TEST(a_split_goes_from_1_gib_to_4_kib_at_once),
		TEST(a_merge_takes_the_split_back),
		TEST(a_merge_leaves_what_differs),
		TEST(protecting_changes_rights_and_nothing_else),
		TEST(unmapping_frees_empty_tables),
		TEST(huge_holes_are_skipped),
		TEST(a_walk_tells_the_leaf),
		TEST(without_memory_nothing_changes),
		TEST(no_root_without_memory),
		TEST(random_changes_agree_with_a_model),
		TEST(random_changes_agree_with_a_model_when_memory_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
