/* tests/unit/test_e820.c - the memory map for a guest's firmware. */
#include "tests/unit/support.h"

#include "guest/e820.h"

static struct e820_entry map[E820_MAX];

static unsigned build(uint64_t ram_bytes, struct guest_chunk *roms, uint32_t rom_count)
{
	const struct guest_memory m = {.len_bytes = ram_bytes, .chunks = roms, .count = rom_count};

	return e820_build(&m, map, E820_MAX);
}

static void check(unsigned i, uint64_t base, uint64_t end, uint32_t type)
{
	assert_int_equal(map[i].base, base);
	assert_int_equal(map[i].base + map[i].len, end);
	assert_int_equal(map[i].type, type);
}

static void a_pc_has_its_holes_below_1_mib(void **state)
{
	(void)state;
	assert_int_equal(build(64 * MIB, NULL, 0), 4);
	check(0, 0, 0x9fc00, E820_RAM);
	check(1, 0x9fc00, 0xa0000, E820_RESERVED);
	check(2, 0xf0000, 0x100000, E820_RESERVED);
	check(3, MIB, 64 * MIB, E820_RAM);
}

static void little_memory_has_fewer_entries(void **state)
{
	(void)state;
	assert_int_equal(build(64 * KIB, NULL, 0), 1);
	check(0, 0, 64 * KIB, E820_RAM);
	assert_int_equal(build(640 * KIB, NULL, 0), 2);
	check(1, 0x9fc00, 0xa0000, E820_RESERVED);
	assert_int_equal(build(MIB, NULL, 0), 3);
	check(2, 0xf0000, MIB, E820_RESERVED);
}

static void memory_goes_on_at_4_gib_and_rom_is_reserved(void **state)
{
	struct guest_chunk chunks[] = {
		{.start = gpa(0), .len_bytes = MIB},
		{.start = gpa(0xfffc0000), .len_bytes = 0x20000, .rom = true},
		{.start = gpa(0xfffe0000), .len_bytes = 0x20000, .rom = true},
		{.start = gpa(4 * GIB), .len_bytes = GIB},
	};

	(void)state;
	assert_int_equal(build(5 * GIB, chunks, ARRAY_SIZE(chunks)), 6);
	check(3, MIB, 3 * GIB, E820_RAM);
	check(4, 0xfffc0000, 4 * GIB, E820_RESERVED);
	check(5, 4 * GIB, 6 * GIB, E820_RAM);
}

static void no_more_entries_are_written_than_fit(void **state)
{
	struct guest_memory m = {.len_bytes = 64 * MIB};
	struct e820_entry few[3] = {{0}};

	(void)state;
	assert_int_equal(e820_build(&m, few, 2), 2);
	assert_int_equal(few[2].type, 0);
	assert_int_equal(e820_build(&m, few, 0), 0);
	assert_int_equal(sizeof(few[0]), 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pc_has_its_holes_below_1_mib),
		cmocka_unit_test(little_memory_has_fewer_entries),
		cmocka_unit_test(memory_goes_on_at_4_gib_and_rom_is_reserved),
		cmocka_unit_test(no_more_entries_are_written_than_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
