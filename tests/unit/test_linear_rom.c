/*
 * tests/unit/test_linear_rom.c - ROM as source of what is copied by linear address, and as the
 * place of page tables.
 */
#include "tests/unit/memory_rig.h"

#include <string.h>

#include "guest/linear.h"
#include "guest/memory.h"
#include "guest/loader.h"

#define ROM_AT    (4 * GIB - PAGE_4K)
#define ROM_ENTRY 0x800u /* a page directory's first entry is at its beginning */

static uint8_t rom[PAGE_4K];
static struct guest_cpu_state cpu;
static struct guest_fault fault;

static int setup(void **state)
{
	const uint32_t large = 0xe7; /* 4 MiB from 0 on, accessed and dirty */

	(void)state;
	open_memory(MIB);
	memset(rom, 0, sizeof(rom));
	memcpy(rom, &large, sizeof(large));
	memcpy(rom + ROM_ENTRY, "in ROM", 7);
	assert_int_equal(guest_memory_add_rom(&memory, gpa(ROM_AT), rom, sizeof(rom)), OK);
	guest_cpu_reset_state(&cpu, 0, 40);
	return 0;
}

static int teardown(void **state)
{
	guest_memory_free(&memory);
	return arena_teardown(state);
}

static void rom_is_read_and_keeps_what_it_has(void **state)
{
	char text[7];

	(void)state;
	assert_int_equal(
		guest_linear_read(&cpu, &memory, gva(ROM_AT + ROM_ENTRY), text, 7, 0, &fault),
		GUEST_OK);
	assert_string_equal(text, "in ROM");
	assert_int_equal(
		guest_linear_write(&cpu, &memory, gva(ROM_AT + ROM_ENTRY), "other", 5, 0, &fault),
		GUEST_OK);
	assert_int_equal(
		guest_linear_read(&cpu, &memory, gva(ROM_AT + ROM_ENTRY), text, 7, 0, &fault),
		GUEST_OK);
	assert_string_equal(text, "in ROM");
}

static void page_tables_in_rom_are_walked(void **state)
{
	struct guest_translation t;

	(void)state;
	cpu.cr0 |= CR0_PE | CR0_PG;
	cpu.cr4 |= CR4_PSE;
	cpu.cr3 = ROM_AT;
	assert_int_equal(guest_walk(&cpu, &memory, gva(0x12345), WALK_WRITE, &t, &fault), GUEST_OK);
	assert_int_equal(t.at.raw, 0x12345);
	assert_int_equal(guest_walk(&cpu, &memory, gva(0x400000), 0, &t, &fault), GUEST_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rom_is_read_and_keeps_what_it_has, setup, teardown),
		cmocka_unit_test_setup_teardown(page_tables_in_rom_are_walked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
