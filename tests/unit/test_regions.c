/* tests/unit/test_regions.c - what the cleaned-up memory map promises. */
#include "tests/unit/support.h"

#include <string.h>

#include "mm/regions.h"

static struct regions raw, ram;

static int setup(void **state)
{
	(void)state;
	regions_init(&raw);
	regions_init(&ram);
	return 0;
}

static void add(uint64_t start, uint64_t end, enum region_kind kind)
{
	assert_int_equal(regions_add(&raw, start, end - start, kind), OK);
}

static void normalise(void)
{
	assert_int_equal(regions_normalise(&raw, &ram), OK);
}

static void expect(size_t i, uint64_t start, uint64_t end)
{
	assert_true(i < ram.count);
	assert_int_equal(ram.items[i].start.raw, start);
	assert_int_equal(ram.items[i].len_bytes, end - start);
	assert_int_equal(ram.items[i].kind, REGION_RAM);
}

static void an_empty_map_has_no_ram(void **state)
{
	(void)state;
	normalise();
	assert_int_equal(ram.count, 0);
	assert_int_equal(regions_total_bytes(&ram), 0);
	assert_int_equal(regions_add(&raw, 0x1000, 0, REGION_RAM), OK);
	assert_int_equal(raw.count, 0);
}

static void unsorted_entries_come_out_sorted(void **state)
{
	(void)state;
	add(4 * GIB, 6 * GIB, REGION_RAM);
	add(0, 0x9f000, REGION_RAM);
	add(MIB, GIB, REGION_RAM);
	normalise();
	assert_int_equal(ram.count, 3);
	expect(0, 0, 0x9f000);
	expect(1, MIB, GIB);
	expect(2, 4 * GIB, 6 * GIB);
}

static void touching_and_overlapping_ram_becomes_one(void **state)
{
	(void)state;
	add(MIB, 3 * MIB, REGION_RAM);
	add(2 * MIB, 5 * MIB, REGION_RAM);
	add(5 * MIB, 6 * MIB, REGION_RAM);
	add(MIB, 3 * MIB, REGION_RAM);
	add(2 * MIB, 2 * MIB + PAGE_4K, REGION_RAM);
	normalise();
	assert_int_equal(ram.count, 1);
	expect(0, MIB, 6 * MIB);
}

static void what_another_entry_reserves_is_not_ram(void **state)
{
	(void)state;
	add(0, 16 * MIB, REGION_RAM);
	add(MIB, 2 * MIB, REGION_RESERVED);
	add(3 * MIB, 4 * MIB, REGION_ACPI_RECLAIM);
	add(5 * MIB, 6 * MIB, REGION_ACPI_NVS);
	add(7 * MIB, 8 * MIB, REGION_BAD);
	add(15 * MIB, 17 * MIB, REGION_RESERVED);
	add(MIB, 2 * MIB, REGION_RAM); /* saying it twice does not help */
	normalise();
	assert_int_equal(ram.count, 5);
	expect(0, 0, MIB);
	expect(1, 2 * MIB, 3 * MIB);
	expect(2, 4 * MIB, 5 * MIB);
	expect(3, 6 * MIB, 7 * MIB);
	expect(4, 8 * MIB, 15 * MIB);
}

static void only_whole_pages_are_ram(void **state)
{
	(void)state;
	add(0x800, 0x9fc00, REGION_RAM);
	add(0x100001, 0x102fff, REGION_RAM); /* one page inside */
	add(0x200001, 0x200fff, REGION_RAM); /* none */
	add(0x300000, 0x310000, REGION_RAM);
	add(0x305010, 0x305020, REGION_RESERVED); /* spoils its page */
	normalise();
	assert_int_equal(ram.count, 4);
	expect(0, 0x1000, 0x9f000);
	expect(1, 0x101000, 0x102000);
	expect(2, 0x300000, 0x305000);
	expect(3, 0x306000, 0x310000);
}

static void two_halves_of_a_page_make_a_page(void **state)
{
	(void)state;
	add(0x1000, 0x2800, REGION_RAM);
	add(0x2800, 0x4000, REGION_RAM);
	normalise();
	assert_int_equal(ram.count, 1);
	expect(0, 0x1000, 0x4000);
}

static void a_range_that_wraps_is_cut_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(regions_add(&raw, UINT64_MAX - 0xfff, 0x10000, REGION_RESERVED), OK);
	assert_int_equal(raw.items[0].len_bytes, 0x1000);
	assert_int_equal(regions_add(&raw, 0, UINT64_MAX, REGION_RAM), OK);
	assert_int_equal(raw.items[1].len_bytes, UINT64_MAX);
	normalise();
	assert_int_equal(ram.count, 1);
	expect(0, 0, BIT(52));
	assert_int_equal(regions_add(&raw, MIB, UINT64_MAX, REGION_RESERVED), OK);
	normalise();
	assert_int_equal(ram.count, 1);
	expect(0, 0, MIB);
}

static void ram_past_52_bits_is_left_out(void **state)
{
	(void)state;
	add(BIT(52) - MIB, BIT(52) + MIB, REGION_RAM);
	add(BIT(60), BIT(61), REGION_RAM);
	normalise();
	assert_int_equal(ram.count, 1);
	expect(0, BIT(52) - MIB, BIT(52));
}

static void too_many_entries_are_refused(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < REGIONS_MAX; i++)
		add(i * 2 * PAGE_4K, (i * 2 + 1) * PAGE_4K, REGION_RAM);
	assert_int_equal(regions_add(&raw, BIT(40), PAGE_4K, REGION_RAM), ERR_FULL);
	assert_int_equal(raw.count, REGIONS_MAX);
	normalise();
	assert_int_equal(ram.count, REGIONS_MAX);
}

static void too_many_pieces_are_refused(void **state)
{
	(void)state;
	/* one of RAM, cut in as many pieces as there are holes and one more */
	add(0, BIT(40), REGION_RAM);
	for (uint64_t i = 1; i < REGIONS_MAX; i++)
		add(i * MIB, i * MIB + 1, REGION_RESERVED);
	normalise();
	assert_int_equal(ram.count, REGIONS_MAX);
	assert_int_equal(regions_remove(&ram, BIT(39), 1), ERR_FULL);
	assert_int_equal(ram.count, REGIONS_MAX);
	assert_int_equal(regions_remove(&ram, 0, 1), OK); /* cuts nothing in two */
	expect(0, PAGE_4K, MIB);
}

static void a_removed_range_is_gone_with_the_pages_it_touches(void **state)
{
	(void)state;
	add(MIB, 16 * MIB, REGION_RAM);
	normalise();
	assert_int_equal(regions_remove(&ram, 2 * MIB + 5, 10), OK); /* the middle */
	assert_int_equal(ram.count, 2);
	expect(0, MIB, 2 * MIB);
	expect(1, 2 * MIB + PAGE_4K, 16 * MIB);
	assert_int_equal(regions_remove(&ram, MIB - 1, 2), OK); /* the beginning */
	expect(0, MIB + PAGE_4K, 2 * MIB);
	assert_int_equal(regions_remove(&ram, 15 * MIB, 2 * MIB), OK); /* the end */
	expect(1, 2 * MIB + PAGE_4K, 15 * MIB);
	assert_int_equal(regions_remove(&ram, 3 * MIB, 0), OK);
	assert_int_equal(regions_remove(&ram, 20 * MIB, MIB), OK);
	assert_int_equal(ram.count, 2);
	assert_int_equal(regions_remove(&ram, 2 * MIB - 1, PAGE_4K + 2), OK); /* over a hole */
	expect(0, MIB + PAGE_4K, 2 * MIB - PAGE_4K);
	expect(1, 2 * MIB + 2 * PAGE_4K, 15 * MIB);
	assert_int_equal(regions_remove(&ram, 0, 2 * MIB), OK); /* a whole one */
	assert_int_equal(ram.count, 1);
	assert_int_equal(regions_remove(&ram, 4 * MIB, UINT64_MAX), OK);
	expect(0, 2 * MIB + 2 * PAGE_4K, 4 * MIB);
	assert_int_equal(regions_remove(&ram, 0, UINT64_MAX), OK);
	assert_int_equal(ram.count, 0);
}

static void a_range_is_contained_only_if_all_of_it_is(void **state)
{
	(void)state;
	add(MIB, 2 * MIB, REGION_RAM);
	add(4 * MIB, 8 * MIB, REGION_RAM);
	normalise();
	assert_true(regions_contain(&ram, MIB, MIB));
	assert_true(regions_contain(&ram, 8 * MIB - 1, 1));
	assert_false(regions_contain(&ram, MIB - 1, 1));
	assert_false(regions_contain(&ram, 8 * MIB, 1));
	assert_false(regions_contain(&ram, MIB, MIB + 1));
	assert_false(regions_contain(&ram, MIB, 7 * MIB));
	assert_false(regions_contain(&ram, 4 * MIB, UINT64_MAX));
	assert_true(regions_contain(&ram, 100 * MIB, 0));
	assert_int_equal(regions_total_bytes(&ram), 5 * MIB);
}

/* As QEMU's firmware gives it for -m 8G on the q35 machine. */
static void the_map_of_an_emulated_pc_is_understood(void **state)
{
	(void)state;
	add(0x0, 0x9fc00, REGION_RAM);
	add(0x9fc00, 0xa0000, REGION_RESERVED);
	add(0xf0000, 0x100000, REGION_RESERVED);
	add(0x100000, 0x7ffdf000, REGION_RAM);
	add(0x7ffdf000, 0x80000000, REGION_RESERVED);
	add(0xb0000000, 0xc0000000, REGION_RESERVED);
	add(0xfed1c000, 0xfed20000, REGION_RESERVED);
	add(0xfffc0000, 0x100000000, REGION_RESERVED);
	add(0x100000000, 0x280000000, REGION_RAM);
	add(0xfd00000000, 0x10000000000, REGION_RESERVED);
	normalise();
	assert_int_equal(ram.count, 3);
	expect(0, 0, 0x9f000);
	expect(1, MIB, 0x7ffdf000);
	expect(2, 4 * GIB, 10 * GIB);
}

/* The kind of map that laptops have: unmerged EFI entries, ACPI in the middle, SMM and graphics
 * memory taken out, an ME region that overlaps RAM, entries out of order. */
static void the_map_of_a_laptop_is_understood(void **state)
{
	(void)state;
	add(0x100000000, 0x46e000000, REGION_RAM);
	add(0x0, 0x58000, REGION_RAM);
	add(0x58000, 0x59000, REGION_RESERVED);
	add(0x59000, 0x9d000, REGION_RAM);
	add(0x9d000, 0x100000, REGION_RESERVED);
	add(0x100000, 0x40000000, REGION_RAM);
	add(0x40000000, 0x40400000, REGION_RESERVED);
	add(0x40400000, 0x6c4a3000, REGION_RAM);
	add(0x6c4a3000, 0x6c4a4000, REGION_ACPI_NVS);
	add(0x6c4a4000, 0x6c4a5000, REGION_RESERVED);
	add(0x6c4a5000, 0x78cb0000, REGION_RAM);
	add(0x78000000, 0x79f3c000, REGION_RESERVED);
	add(0x79f3c000, 0x79fbb000, REGION_ACPI_RECLAIM);
	add(0x79fbb000, 0x7a50e000, REGION_ACPI_NVS);
	add(0x7a50e000, 0x7affe000, REGION_RESERVED);
	add(0x7affe000, 0x7afff000, REGION_RAM);
	add(0x7b000000, 0x7f800000, REGION_RESERVED);
	add(0xe0000000, 0xf0000000, REGION_RESERVED);
	add(0xfe000000, 0xfe011000, REGION_RESERVED);
	add(0xff000000, 0x100000000, REGION_RESERVED);
	normalise();
	assert_int_equal(ram.count, 7);
	expect(0, 0, 0x58000);
	expect(1, 0x59000, 0x9d000);
	expect(2, 0x100000, 0x40000000);
	expect(3, 0x40400000, 0x6c4a3000);
	expect(4, 0x6c4a5000, 0x78000000);
	expect(5, 0x7affe000, 0x7afff000);
	expect(6, 4 * GIB, 0x46e000000);
}

/* Two sockets with persistent memory between them. */
static void the_map_of_a_server_with_1_tib_is_understood(void **state)
{
	(void)state;
	add(0, 0xa0000, REGION_RAM);
	add(MIB, 2 * GIB, REGION_RAM);
	add(4 * GIB, 512 * GIB, REGION_RAM);
	add(512 * GIB, 768 * GIB, REGION_BAD);
	add(768 * GIB, TIB + 256 * GIB, REGION_RAM);
	normalise();
	assert_int_equal(ram.count, 4);
	expect(2, 4 * GIB, 512 * GIB);
	expect(3, 768 * GIB, TIB + 256 * GIB);
	assert_int_equal(regions_total_bytes(&ram), 0xa0000 + 2 * GIB - MIB + 1020 * GIB);
}

#define MODEL_PAGES 256u
#define STEP        (PAGE_4K / 4) /* entries begin and end at quarters of pages */

/* What a page of the map is, quarter by quarter. */
static bool model_is_ram(uint64_t page)
{
	for (uint64_t at = page * PAGE_4K; at < (page + 1) * PAGE_4K; at += STEP) {
		bool good = false;

		for (size_t i = 0; i < raw.count; i++) {
			uint64_t offset = at - raw.items[i].start.raw;

			if (at < raw.items[i].start.raw || offset >= raw.items[i].len_bytes)
				continue;
			if (raw.items[i].kind != REGION_RAM)
				return false;
			good = true;
		}
		if (!good)
			return false;
	}
	return true;
}

static void random_maps_agree_with_a_model_of_pages(void **state)
{
	const uint64_t first_seed = 20240604;
	uint64_t seed = first_seed;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)first_seed);
	for (unsigned round = 0; round < 500; round++) {
		uint64_t entries = random_below(&seed, 24);
		uint64_t from, len_bytes;

		regions_init(&raw);
		for (uint64_t i = 0; i < entries; i++) {
			uint64_t start = random_below(&seed, MODEL_PAGES * 4) * STEP;

			add(start, start + random_below(&seed, 200) * STEP,
			    random_below(&seed, 3) ? REGION_RAM : REGION_RESERVED);
		}
		normalise();
		for (size_t i = 1; i < ram.count; i++)
			assert_true(ram.items[i].start.raw >
				    ram.items[i - 1].start.raw + ram.items[i - 1].len_bytes);
		for (uint64_t page = 0; page < MODEL_PAGES + 64; page++)
			assert_int_equal(regions_contain(&ram, page * PAGE_4K, PAGE_4K),
					 model_is_ram(page));

		from = random_below(&seed, MODEL_PAGES * PAGE_4K);
		len_bytes = 1 + random_below(&seed, 30 * PAGE_4K);
		assert_int_equal(regions_remove(&ram, from, len_bytes), OK);
		for (uint64_t page = 0; page < MODEL_PAGES + 64; page++) {
			bool removed =
				(page + 1) * PAGE_4K > from && page * PAGE_4K < from + len_bytes;

			assert_int_equal(regions_contain(&ram, page * PAGE_4K, PAGE_4K),
					 model_is_ram(page) && !removed);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_map_has_no_ram),
		TEST(unsorted_entries_come_out_sorted),
		TEST(touching_and_overlapping_ram_becomes_one),
		TEST(what_another_entry_reserves_is_not_ram),
		TEST(only_whole_pages_are_ram),
		TEST(two_halves_of_a_page_make_a_page),
		TEST(a_range_that_wraps_is_cut_at_the_end),
		TEST(ram_past_52_bits_is_left_out),
		TEST(too_many_entries_are_refused),
		TEST(too_many_pieces_are_refused),
		TEST(a_removed_range_is_gone_with_the_pages_it_touches),
		TEST(a_range_is_contained_only_if_all_of_it_is),
		TEST(the_map_of_an_emulated_pc_is_understood),
		TEST(the_map_of_a_laptop_is_understood),
		TEST(the_map_of_a_server_with_1_tib_is_understood),
		TEST(random_maps_agree_with_a_model_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
