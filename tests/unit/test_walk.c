/*
 * tests/unit/test_walk.c - the guest's page tables, walked, and memory by linear address: by hand.
 * test_walk_random.c has the rules.
 */
#include "tests/unit/memory_rig.h"

#include <string.h>

#include "guest/linear.h"
#include "guest/segment.h"

#define RAM_BYTES (4 * MIB)

static struct guest_cpu_state cpu;
static struct guest_translation found;
static struct guest_fault fault;

static int start(void **state)
{
	(void)state;
	open_memory(RAM_BYTES);
	memset(&cpu, 0, sizeof(cpu));
	cpu.maxphyaddr = 39;
	cpu.rflags = RFLAGS_ONE;
	return 0;
}

static uint32_t load32(uint64_t at)
{
	uint32_t value = UINT32_MAX;

	(void)!guest_memory_read(&memory, gpa(at), &value, 4);
	return value;
}

static void store64(uint64_t at, uint64_t value)
{
	assert_int_equal(guest_memory_write(&memory, gpa(at), &value, 8), OK);
}

static void store32(uint64_t at, uint32_t value)
{
	assert_int_equal(guest_memory_write(&memory, gpa(at), &value, 4), OK);
}

static void without_paging_linear_is_physical(void **state)
{
	(void)state;
	assert_int_equal(guest_walk(&cpu, &memory, gva(0x12345678), WALK_WRITE, &found, &fault),
			 GUEST_OK);
	assert_int_equal(found.at.raw, 0x12345678);
	assert_int_equal(found.page_size, 4096);
}

static void five_levels_are_not_walked(void **state)
{
	(void)state;
	cpu.cr0 = CR0_PE | CR0_PG;
	cpu.cr4 = CR4_PAE | CR4_LA57;
	cpu.efer = EFER_LME | EFER_LMA;
	assert_int_equal(guest_walk(&cpu, &memory, gva(0), 0, &found, &fault), GUEST_UNSUPPORTED);
}

static void a_table_outside_of_ram_reads_as_ones(void **state)
{
	(void)state;
	cpu.cr0 = CR0_PE | CR0_PG;
	cpu.cr3 = RAM_BYTES;
	/* 32-bit paging, no PSE: all ones is a present table at FFFFF000h, which is all ones
	 * too. */
	assert_int_equal(guest_walk(&cpu, &memory, gva(0x1234), WALK_WRITE, &found, &fault),
			 GUEST_OK);
	assert_int_equal(found.at.raw, 0xfffff234);
	cpu.cr4 = CR4_PAE;
	cpu.pdpte[0] = RAM_BYTES | 1;
	assert_int_equal(guest_walk(&cpu, &memory, gva(0), 0, &found, &fault), GUEST_FAULT);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_RSVD);
}

/* Linear 400000h + n pages onto pages[n] of RAM (0: not present), 32-bit paging, tables at
 * 1000h. */
static void map_pages(const uint32_t *pages, unsigned count)
{
	cpu.cr0 = CR0_PE | CR0_PG | CR0_WP;
	cpu.cr3 = 0x1000;
	store32(0x1004, 0x2000 | 7);
	for (unsigned i = 0; i < count; i++)
		store32(0x2000 + i * 4, pages[i]);
}

static void copies_cross_pages(void **state)
{
	static const uint32_t pages[] = {0x9003, 0x5003};
	uint8_t in[4] = {1, 2, 3, 4}, out[4] = {0};

	(void)state;
	map_pages(pages, 2);
	assert_int_equal(guest_linear_write(&cpu, &memory, gva(0x400ffe), in, 4, 0, &fault),
			 GUEST_OK);
	assert_int_equal(load32(0x9ffc), 0x02010000);
	assert_int_equal(load32(0x5000), 0x0403);
	assert_int_equal(guest_linear_read(&cpu, &memory, gva(0x400ffe), out, 4, 0, &fault),
			 GUEST_OK);
	assert_memory_equal(in, out, 4);
	assert_int_equal(load32(0x2000), 0x9063);
	assert_int_equal(load32(0x2004), 0x5063);
}

static void a_write_that_faults_on_the_second_page_changes_nothing(void **state)
{
	static const uint32_t pages[] = {0x9003, 0x5001};
	uint8_t in[4] = {1, 2, 3, 4}, out[4] = {9, 9, 9, 9};

	(void)state;
	map_pages(pages, 2);
	assert_int_equal(guest_linear_write(&cpu, &memory, gva(0x400ffe), in, 4, 0, &fault),
			 GUEST_FAULT);
	assert_int_equal(fault.cr2, 0x401000);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_WRITE);
	assert_int_equal(load32(0x9ffc), 0);
	assert_int_equal(load32(0x2000), 0x9003);
	assert_int_equal(load32(0x1004), 0x2007);
	store32(0x2004, 0);
	assert_int_equal(guest_linear_read(&cpu, &memory, gva(0x400ffe), out, 4, 0, &fault),
			 GUEST_FAULT);
	assert_int_equal(out[0], 9);
	assert_int_equal(guest_linear_probe(&cpu, &memory, gva(0x400ffe), 2, WALK_WRITE, &fault),
			 GUEST_OK);
	assert_int_equal(load32(0x2000), 0x9003);
}

static void a_write_may_change_the_tables_that_lead_to_it(void **state)
{
	static const uint32_t pages[] = {0x2003, 0x5003}; /* the first one is the table itself */
	uint8_t in[8] = {0}, out[4];

	(void)state;
	map_pages(pages, 2);
	store32(0x2ffc, 0x77777777);
	/* Entry 1 is outside of what is written; entry 1023 is in it, and goes; then one byte. */
	assert_int_equal(guest_linear_write(&cpu, &memory, gva(0x400ffc), in, 8, 0, &fault),
			 GUEST_OK);
	assert_int_equal(load32(0x2ffc), 0);
	/* The page behind the table is mapped by the very entry that the first bytes take away. */
	store32(0x1004, 0x3000 | 7);
	store32(0x3000 + 1022 * 4, 0x3003);
	store32(0x3000 + 1023 * 4, 0x5003);
	memset(in, 0xaa, 4);
	memset(in + 4, 0xbb, 4);
	in[0] = 0; /* not present */
	assert_int_equal(guest_linear_write(&cpu, &memory, gva(0x7feffc), in, 8, 0, &fault),
			 GUEST_OK);
	assert_int_equal(load32(0x3ffc), 0xaaaaaa00);
	assert_int_equal(load32(0x5000), 0xbbbbbbbb);
	assert_int_equal(guest_linear_read(&cpu, &memory, gva(0x7ff000), out, 4, 0, &fault),
			 GUEST_FAULT);
}

static void no_byte_is_copied_from_nowhere_at_all(void **state)
{
	uint8_t none = 1;

	(void)state;
	cpu.cr0 = CR0_PE | CR0_PG; /* all tables are empty: each access would fault */
	assert_int_equal(guest_linear_read(&cpu, &memory, gva(0x1000), &none, 0, 0, &fault),
			 GUEST_OK);
	assert_int_equal(guest_linear_write(&cpu, &memory, gva(0x1fff), &none, 0, 0, &fault),
			 GUEST_OK);
	expect_assert_failure((void)!guest_linear_read(&cpu, &memory, gva(0), &none,
						       GUEST_LINEAR_MAX + 1, 0, &fault));
}

static void a_debugger_finds_what_is_mapped_whatever_it_allows(void **state)
{
	static const uint32_t pages[] = {0x9001, 0x5007, 0};
	gpa_t at;

	(void)state;
	map_pages(pages, 3);
	cpu.cr4 = CR4_SMAP | CR4_SMEP;
	store32(0x1004, 0x2001 | 4);
	assert_true(guest_linear_find(&cpu, &memory, 0x400123, &at));
	assert_int_equal(at.raw, 0x9123);
	assert_true(guest_linear_find(&cpu, &memory, 0x401ffe, &at));
	assert_int_equal(at.raw, 0x5ffe);
	assert_false(guest_linear_find(&cpu, &memory, 0x402000, &at));
	assert_false(guest_linear_find(&cpu, &memory, 4 * GIB + 0x400000, &at));
	assert_int_equal(load32(0x2000), 0x9001); /* its flags are as before */
	cpu.cr0 = 0;
	assert_true(guest_linear_find(&cpu, &memory, 0xfffff123, &at)); /* RAM or not */
	assert_int_equal(at.raw, 0xfffff123);
	cpu.cr0 = CR0_PE | CR0_PG;
	cpu.efer = EFER_LMA;
	store64(0x1000 + 511 * 8, 0x1003);
	assert_true(guest_linear_find(&cpu, &memory, UINT64_C(0xfffffffffffff123), &at));
	assert_int_equal(at.raw, 0x1123);
	assert_false(guest_linear_find(&cpu, &memory, UINT64_C(0x0000fffffffff123), &at));
	cpu.cr4 |= CR4_LA57;
	assert_false(guest_linear_find(&cpu, &memory, UINT64_C(0xfffffffffffff123), &at));
}

static void memory_that_is_no_ram_is_an_empty_bus(void **state)
{
	uint32_t value = 0;

	(void)state;
	assert_int_equal(guest_linear_read(&cpu, &memory, gva(RAM_BYTES - 2), &value, 4, 0, &fault),
			 GUEST_OK);
	assert_int_equal(value, 0xffff0000);
	value = 0x55555555;
	assert_int_equal(
		guest_linear_write(&cpu, &memory, gva(RAM_BYTES - 2), &value, 4, 0, &fault),
		GUEST_OK);
	assert_int_equal(load32(RAM_BYTES - 4), 0x55550000);
}

static void linear_addresses_wrap_at_4_gib_but_not_in_64_bit_mode(void **state)
{
	uint32_t value = 0x11223344;

	(void)state;
	assert_int_equal(guest_linear_write(&cpu, &memory, gva(0xfffffffe), &value, 4, 0, &fault),
			 GUEST_OK);
	assert_int_equal(load32(0), 0x1122);
	cpu.efer = EFER_LMA | EFER_LME;
	cpu.segments[GUEST_CS].access = SEGMENT_LONG;
	value = 0;
	assert_int_equal(guest_linear_write(&cpu, &memory, gva(0xfffffffe), &value, 4, 0, &fault),
			 GUEST_OK);
	assert_int_equal(load32(0), 0x1122);
}

static void rom_is_read_and_never_written(void **state)
{
	static uint8_t rom[2 * PAGE_4K];
	const uint64_t rom_at = 4 * GIB - sizeof(rom);
	const uint32_t table = (uint32_t)rom_at + PAGE_4K;
	const uint8_t mine[8] = {9};
	uint8_t bytes[8];

	(void)state;
	memset(rom, 0x5a, PAGE_4K);
	/* A page table in the second page: 4 MiB, all present and writable, to RAM. */
	for (uint32_t i = 0; i < 1024; i++) {
		uint32_t entry = i << 12 | 3;

		memcpy(rom + PAGE_4K + i * 4, &entry, 4);
	}
	assert_int_equal(guest_memory_add_rom(&memory, gpa(rom_at), rom, sizeof(rom)), OK);
	assert_int_equal(guest_linear_write(&cpu, &memory, gva(rom_at), mine, 8, 0, &fault),
			 GUEST_OK);
	assert_int_equal(guest_linear_read(&cpu, &memory, gva(rom_at), bytes, 8, 0, &fault),
			 GUEST_OK);
	assert_memory_equal(bytes, rom, 8);

	/* Tables there translate, and keep their flags. */
	store32(0x1000, table | 3);
	cpu.cr0 = CR0_PE | CR0_PG;
	cpu.cr3 = 0x1000;
	assert_int_equal(guest_walk(&cpu, &memory, gva(0x2345), WALK_WRITE, &found, &fault),
			 GUEST_OK);
	assert_int_equal(found.at.raw, 0x2345);
	assert_int_equal(guest_memory_read(&memory, gpa(table + 8), bytes, 4), OK);
	assert_memory_equal(bytes, rom + PAGE_4K + 8, 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, arena_teardown)
	const struct CMUnitTest tests[] = {
		TEST(rom_is_read_and_never_written),
		TEST(without_paging_linear_is_physical),
		TEST(five_levels_are_not_walked),
		TEST(a_table_outside_of_ram_reads_as_ones),
		TEST(copies_cross_pages),
		TEST(a_write_that_faults_on_the_second_page_changes_nothing),
		TEST(a_write_may_change_the_tables_that_lead_to_it),
		TEST(no_byte_is_copied_from_nowhere_at_all),
		TEST(a_debugger_finds_what_is_mapped_whatever_it_allows),
		TEST(memory_that_is_no_ram_is_an_empty_bus),
		TEST(linear_addresses_wrap_at_4_gib_but_not_in_64_bit_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
