/* tests/unit/test_memory_rom.c - ROM beside guest RAM. */
#include "tests/unit/memory_rig.h"

#include <string.h>

#include "guest/memory.h"
#include "mm/phys.h"

#define ROM_BYTES (28 * KIB)
#define ROM_AT    (4 * GIB - ROM_BYTES)

static uint8_t rom[ROM_BYTES];

static void start(uint64_t ram_bytes)
{
	open_memory(ram_bytes);
	for (unsigned i = 0; i < sizeof(rom); i++)
		rom[i] = (uint8_t)(i * 3 + i / 256);
}

static void rom_is_read_but_never_written(void **state)
{
	static uint8_t seen[ROM_BYTES];

	(void)state;
	start(4 * MIB);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, sizeof(rom)), OK);
	assert_int_equal(memory.len_bytes, 4 * MIB);
	assert_int_equal(guest_memory_read(&memory, gpa(ROM_AT), seen, sizeof(seen)), OK);
	assert_memory_equal(seen, rom, sizeof(rom));
	assert_int_equal(guest_memory_write(&memory, gpa(ROM_AT + 5), "x", 1), ERR_RANGE);
	assert_int_equal(guest_memory_read(&memory, gpa(4 * GIB - 1), seen, 2), ERR_RANGE);
	assert_false(guest_memory_contains(&memory, gpa(ROM_AT), 1));
	assert_null(guest_memory_ptr(&memory, gpa(ROM_AT), 1));
	assert_memory_equal(guest_memory_read_ptr(&memory, gpa(ROM_AT + 16), 16), rom + 16, 16);
	assert_null(guest_memory_read_ptr(&memory, gpa(4 * GIB), 1));
	assert_non_null(guest_memory_read_ptr(&memory, gpa(16), 16));
	assert_true(guest_memory_is_rom(&memory, gpa(ROM_AT)));
	assert_true(guest_memory_is_rom(&memory, gpa(4 * GIB - 1)));
	assert_false(guest_memory_is_rom(&memory, gpa(ROM_AT - 1)));
	assert_false(guest_memory_is_rom(&memory, gpa(0)));
}

static void bad_places_are_refused_with_nothing_taken(void **state)
{
	uint64_t before;

	(void)state;
	start(4 * MIB);
	before = frames_free_bytes(&frames);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT + 1), rom, PAGE_4K),
			 ERR_ALIGNMENT);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, 100), ERR_ALIGNMENT);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, 0), ERR_RANGE);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(4 * GIB - PAGE_4K), rom, 2 * PAGE_4K),
			 ERR_RANGE);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(5 * GIB), rom, PAGE_4K), ERR_RANGE);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(4 * MIB - PAGE_4K), rom, ROM_BYTES),
			 ERR_EXISTS);
	assert_int_equal(frames_free_bytes(&frames), before);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, ROM_BYTES), OK);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(4 * GIB - PAGE_4K), rom, PAGE_4K),
			 ERR_EXISTS);
}

static void no_frames_for_rom_leaves_memory_as_it_was(void **state)
{
	uint64_t before;
	uint32_t count;
	hpa_t at, last = hpa(0);

	(void)state;
	start(4 * MIB);
	while (frames_alloc(&frames, 0, &at) == OK)
		last = at;
	assert_int_equal(frames_free(&frames, last, 0), OK);
	before = frames_free_bytes(&frames);
	count = memory.count;
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, ROM_BYTES), ERR_NO_MEMORY);
	assert_int_equal(frames_free_bytes(&frames), before);
	assert_int_equal(memory.count, count);
}

/* ROM in the middle of the table: RAM above it is still found. */
static void rom_may_lie_between_pieces_of_ram(void **state)
{
	struct guest_chunk high = {.start = gpa(GUEST_MEMORY_HIGH_START)};

	(void)state;
	start(4 * MIB);
	assert_int_equal(frames_alloc(&frames, 0, &high.at), OK);
	high.len_bytes = PAGE_4K;
	memory.chunks[memory.count++] = high;
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, ROM_BYTES), OK);
	for (uint32_t i = 1; i < memory.count; i++)
		assert_true(memory.chunks[i - 1].start.raw < memory.chunks[i].start.raw);
	assert_int_equal(guest_memory_write(&memory, gpa(4 * GIB), "x", 1), OK);
	assert_memory_equal(guest_memory_read_ptr(&memory, gpa(4 * GIB - 1), 1),
			    rom + ROM_BYTES - 1, 1);
	guest_memory_free(&memory);
}

static void check_rom_leaf(const struct ept *e)
{
	struct ept_leaf leaf;

	assert_int_equal(ept_walk(e, gpa(4 * GIB - 16), &leaf), OK);
	assert_int_equal(leaf.perm, EPT_READ | EPT_EXEC);
	assert_int_equal(leaf.type, EPT_WB);
	assert_memory_equal((uint8_t *)phys_ptr(leaf.at) + 0xff0, rom + ROM_BYTES - 16, 16);
}

static void the_a20_line_leaves_rom_alone(void **state)
{
	uint8_t seen[16];
	struct ept e;

	(void)state;
	start(4 * MIB);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, ROM_BYTES), OK);
	assert_int_equal(ept_init(&e, &frames, PAGE_1G, false), OK);
	assert_int_equal(guest_memory_map(&memory, &e), OK);
	check_rom_leaf(&e);
	assert_int_equal(guest_memory_map_a20_off(&memory, &e), OK);
	check_rom_leaf(&e);
	assert_int_equal(guest_memory_protect(&memory, &e, true, EPT_READ), OK);
	check_rom_leaf(&e);
	guest_memory_set_a20(&memory, false);
	assert_int_equal(guest_memory_read(&memory, gpa(ROM_AT), seen, 16), OK);
	assert_memory_equal(seen, rom, 16);
	/* An address that the line turns into one of ROM finds nothing, ROM is not there. */
	assert_int_equal(guest_memory_add_rom(&memory, gpa(16 * MIB), rom, PAGE_4K), OK);
	assert_int_equal(guest_memory_read(&memory, gpa(17 * MIB), seen, 1), ERR_RANGE);
	ept_destroy(&e);
}

static void mapping_rom_without_frames_for_tables_fails(void **state)
{
	struct ept e;

	(void)state;
	start(64 * KIB);
	guest_memory_free(&memory);
	assert_int_equal(guest_memory_init(&memory, &frames, PAGE_4K), OK);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, ROM_BYTES), OK);
	assert_int_equal(ept_init(&e, &frames, PAGE_4K, false), OK);
	assert_int_equal(ept_map(&e, gpa(0), hpa(0), 2 * PAGE_2M, EPT_RWX, EPT_WB), OK);
	for (hpa_t at; frames_alloc(&frames, 0, &at) == OK;)
		;
	assert_int_equal(guest_memory_map_a20_off(&memory, &e), ERR_NO_MEMORY);
	ept_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(rom_is_read_but_never_written, arena_teardown),
		cmocka_unit_test_teardown(bad_places_are_refused_with_nothing_taken,
					  arena_teardown),
		cmocka_unit_test_teardown(no_frames_for_rom_leaves_memory_as_it_was,
					  arena_teardown),
		cmocka_unit_test_teardown(rom_may_lie_between_pieces_of_ram, arena_teardown),
		cmocka_unit_test_teardown(the_a20_line_leaves_rom_alone, arena_teardown),
		cmocka_unit_test_teardown(mapping_rom_without_frames_for_tables_fails,
					  arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
