/*
 * tests/unit/test_walk.c - the guest's page tables, walked, and memory by linear address.
 *
 * The random test compares with a second walker, which is written mode by mode from the manual's
 * tables and shares nothing with the first.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/linear.h"
#include "guest/segment.h"

#define RAM_BYTES (4 * MIB)

static struct frames frames;
static struct regions ram;
static struct guest_memory memory;
static struct guest_cpu_state cpu;
static struct guest_translation found;
static struct guest_fault fault;

static int start(void **state)
{
	struct regions raw;

	(void)state;
	arena_open(32 * MIB);
	regions_init(&raw);
	assert_int_equal(regions_add(&raw, MIB, 31 * MIB, REGION_RAM), OK);
	assert_int_equal(regions_normalise(&raw, &ram), OK);
	assert_int_equal(frames_init(&frames, &ram, GIB), OK);
	assert_int_equal(guest_memory_init(&memory, &frames, RAM_BYTES), OK);
	memset(&cpu, 0, sizeof(cpu));
	cpu.maxphyaddr = 39;
	cpu.rflags = RFLAGS_ONE;
	return 0;
}

static uint64_t load64(uint64_t at)
{
	uint64_t value = UINT64_MAX;

	(void)!guest_memory_read(&memory, gpa(at), &value, 8);
	return value;
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

/* ---- the second walker -------------------------------------------------------------------- */

struct outcome {
	bool fault;
	uint32_t code;
	uint64_t at, size;
	unsigned count;
	uint64_t entries[4], values[4]; /* addresses of the entries used, and their new contents */
	bool wide;
};

static uint64_t field(uint64_t value, unsigned high, unsigned low)
{
	return value << (63 - high) >> (63 - high + low);
}

/* Takes an entry in: notes it, and tells whether it is present and well-formed. */
static bool take(struct outcome *o, uint64_t where, uint64_t entry, bool bad)
{
	o->entries[o->count] = where;
	o->values[o->count++] = entry | BIT(5);
	if (!(entry & 1)) {
		o->fault = true;
		o->code = 0;
	} else if (bad) {
		o->fault = true;
		o->code = 9;
	}
	return !o->fault;
}

static bool model_32(struct outcome *o, uint64_t at, bool *w, bool *u)
{
	uint64_t where = (cpu.cr3 & 0xfffff000) + field(at, 31, 22) * 4;
	uint32_t pde = load32(where), pte;
	unsigned m = cpu.maxphyaddr > 40 ? 40 : cpu.maxphyaddr;
	bool large = (pde & 0x80) && (cpu.cr4 & CR4_PSE);
	bool bad = false;

	if (large)
		for (unsigned bit = m - 19; bit <= 21; bit++)
			bad = bad || (pde >> bit & 1);
	if (!take(o, where, pde, bad))
		return false;
	*w = pde & 2;
	*u = pde & 4;
	if (large) {
		o->at = field(pde, 20, 13) << 32 | (uint64_t)(pde & 0xffc00000) | field(at, 21, 0);
		o->size = 4 * MIB;
		return true;
	}
	where = (pde & 0xfffff000) + field(at, 21, 12) * 4;
	pte = load32(where);
	if (!take(o, where, pte, false))
		return false;
	*w = *w && (pte & 2);
	*u = *u && (pte & 4);
	o->at = (pte & 0xfffff000) | field(at, 11, 0);
	o->size = 4 * KIB;
	return true;
}

/* Page directory and page table of PAE and 4-level paging, and the levels above in the latter. */
static bool model_64(struct outcome *o, uint64_t at, uint64_t table, unsigned level,
		     unsigned top_reserved, bool *w, bool *u, bool *x)
{
	for (; level >= 1; level--) {
		unsigned low = 12 + 9 * (level - 1);
		uint64_t where = table + field(at, low + 8, low) * 8;
		uint64_t entry = load64(where);
		bool large = level < 4 && level > 1 && (entry & 0x80), bad = false;

		for (unsigned bit = cpu.maxphyaddr; bit <= top_reserved; bit++)
			bad = bad || (entry >> bit & 1);
		if (entry >> 63 && !(cpu.efer & EFER_NXE))
			bad = true;
		if (level == 4 && (entry & 0x80))
			bad = true;
		if (large)
			for (unsigned bit = 13; bit < low; bit++)
				bad = bad || (entry >> bit & 1);
		if (!take(o, where, entry, bad))
			return false;
		*w = *w && (entry & 2);
		*u = *u && (entry & 4);
		*x = *x && !(entry >> 63);
		if (large || level == 1) {
			o->at = (field(entry, 51, low) << low) | field(at, low - 1, 0);
			o->size = BIT(low);
			return true;
		}
		table = field(entry, 51, 12) << 12;
	}
	return false;
}

static bool model_allows(unsigned access, bool w, bool u, bool x)
{
	bool write = access & WALK_WRITE, fetch = access & WALK_FETCH;

	if (access & WALK_USER) {
		if (!u)
			return false;
		return write ? w : fetch ? x : true;
	}
	if (write && (cpu.cr0 & CR0_WP) && !w)
		return false;
	if (fetch && (!x || (u && (cpu.cr4 & CR4_SMEP))))
		return false;
	if (!fetch && u && (cpu.cr4 & CR4_SMAP))
		if ((access & WALK_IMPLICIT) || !(cpu.rflags & RFLAGS_AC))
			return false;
	return true;
}

static struct outcome model_walk(uint64_t at, unsigned access)
{
	struct outcome o = {0};
	bool w = true, u = true, x = true, good;

	o.wide = true;
	if (cpu.efer & EFER_LMA) {
		good = model_64(&o, at, field(cpu.cr3, 51, 12) << 12, 4, 51, &w, &u, &x);
	} else if (cpu.cr4 & CR4_PAE) {
		uint64_t pdpte = cpu.pdpte[field(at, 31, 30)];

		o.fault = !(pdpte & 1);
		good = !o.fault && model_64(&o, at, field(pdpte, 51, 12) << 12, 2, 62, &w, &u, &x);
	} else {
		o.wide = false;
		good = model_32(&o, at, &w, &u);
	}
	if (good && !model_allows(access, w, u, x)) {
		o.fault = true;
		o.code = 1;
	}
	if (o.fault) {
		o.code |= (access & WALK_WRITE ? 2u : 0) | (access & WALK_USER ? 4u : 0);
		if ((access & WALK_FETCH) &&
		    ((cpu.cr4 & CR4_SMEP) || ((cpu.cr4 & CR4_PAE) && (cpu.efer & EFER_NXE))))
			o.code |= 16;
	} else if (access & WALK_WRITE) {
		o.values[o.count - 1] |= BIT(6);
	}
	return o;
}

/* ---- random tables ------------------------------------------------------------------------ */

#define TABLE_PAGES 12u /* pages 1 to 12 of RAM hold tables */

static uint64_t random_entry(uint64_t *seed, bool wide)
{
	uint64_t entry = random_next(seed) & 0xf7f; /* no PS here */
	uint64_t page = 1 + random_below(seed, TABLE_PAGES + 2);

	if (random_below(seed, 16))
		entry |= 1;
	if (random_below(seed, 4))
		entry |= 6;
	if (random_below(seed, 4) == 0)
		entry |= 0x80;
	if (random_below(seed, 30) == 0)
		page = random_below(seed, wide ? BIT(40) : BIT(20));
	if (entry & 0x80 && random_below(seed, 4)) /* a large page that is aligned */
		page = random_below(seed, 4) << (wide ? (random_below(seed, 2) ? 18 : 9) : 10);
	if (!wide && (entry & 0x80) && random_below(seed, 3) == 0)
		page |= random_below(seed, 512) << 1;
	entry |= page << 12;
	if (wide && random_below(seed, 8) == 0)
		entry |= BIT(63);
	if (wide && random_below(seed, 20) == 0)
		entry |= BIT(52 + random_below(seed, 11));
	return entry;
}

static void random_tables(uint64_t *seed, bool wide)
{
	for (uint64_t at = PAGE_4K; at < (TABLE_PAGES + 1) * PAGE_4K; at += wide ? 8 : 4) {
		if (wide)
			store64(at, random_entry(seed, true));
		else
			store32(at, (uint32_t)random_entry(seed, false));
	}
}

static void random_mode(uint64_t *seed)
{
	static const uint8_t widths[] = {32, 36, 39, 40, 46, 52};
	unsigned mode = (unsigned)random_below(seed, 3);
	uint64_t r = random_next(seed);

	cpu.maxphyaddr = widths[random_below(seed, ARRAY_SIZE(widths))];
	cpu.cr0 = CR0_PE | CR0_PG | (r & 1 ? CR0_WP : 0);
	cpu.cr4 = (r & 2 ? CR4_PSE : 0) | (r & 4 ? CR4_SMEP : 0) | (r & 8 ? CR4_SMAP : 0) |
		  (mode ? CR4_PAE : 0);
	cpu.efer = (r & 16 ? EFER_NXE : 0) | (mode == 2 ? EFER_LME | EFER_LMA : 0);
	cpu.rflags = RFLAGS_ONE | (r & 32 ? RFLAGS_AC : 0);
	cpu.cr3 = PAGE_4K * (1 + random_below(seed, TABLE_PAGES)) | (r & 0x18);
	for (unsigned i = 0; i < 4; i++)
		cpu.pdpte[i] = PAGE_4K * (1 + random_below(seed, TABLE_PAGES)) |
			       (random_below(seed, 8) != 0);
	random_tables(seed, mode != 0);
}

static void compare(uint64_t at, unsigned access)
{
	static uint8_t before[TABLE_PAGES * PAGE_4K + 4 * PAGE_4K];
	struct outcome o = model_walk(at, access);
	enum guest_result result;

	assert_int_equal(guest_memory_read(&memory, gpa(0), before, sizeof(before)), OK);
	result = guest_walk(&cpu, &memory, gva(at), access, &found, &fault);
	assert_int_equal(result, o.fault ? GUEST_FAULT : GUEST_OK);
	if (o.fault) {
		assert_int_equal(fault.vector, EXC_PF);
		assert_true(fault.has_error_code);
		assert_int_equal(fault.error_code, o.code);
		assert_int_equal(fault.cr2, at);
	} else {
		assert_int_equal(found.at.raw, o.at);
		assert_int_equal(found.page_size, o.size);
		for (unsigned i = 0; i < o.count && !(access & WALK_NO_UPDATE); i++) {
			if (o.entries[i] + 8 > sizeof(before))
				continue; /* not one of the tables' pages */
			if (o.wide)
				memcpy(before + o.entries[i], &o.values[i], 8);
			else
				memcpy(before + o.entries[i], &o.values[i], 4);
		}
	}
	assert_memory_equal(guest_memory_ptr(&memory, gpa(0), sizeof(before)), before,
			    sizeof(before));
}

static void random_tables_translate_as_in_the_second_walker(void **state)
{
	static const unsigned kinds[] = {0, WALK_WRITE, WALK_FETCH, WALK_IMPLICIT,
					 WALK_IMPLICIT | WALK_WRITE};
	uint64_t seed = 4711;
	unsigned good = 0;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		random_mode(&seed);
		for (unsigned i = 0; i < 60; i++) {
			unsigned access = kinds[random_below(&seed, ARRAY_SIZE(kinds))];
			uint64_t at = random_next(&seed) & UINT32_MAX;

			if (cpu.efer & EFER_LMA)
				at = (uint64_t)((int64_t)(random_next(&seed) << 16) >> 16);
			if (!(access & WALK_IMPLICIT) && random_below(&seed, 2))
				access |= WALK_USER;
			if (random_below(&seed, 8) == 0)
				access |= WALK_NO_UPDATE;
			compare(at, access);
			good += fault.cr2 != at;
		}
	}
	assert_true(good > 1000); /* the tables are not all nonsense */
}

/* ---- by hand ------------------------------------------------------------------------------ */

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
		TEST(random_tables_translate_as_in_the_second_walker),
		TEST(rom_is_read_and_never_written),
		TEST(without_paging_linear_is_physical),
		TEST(five_levels_are_not_walked),
		TEST(a_table_outside_of_ram_reads_as_ones),
		TEST(copies_cross_pages),
		TEST(a_write_that_faults_on_the_second_page_changes_nothing),
		TEST(memory_that_is_no_ram_is_an_empty_bus),
		TEST(linear_addresses_wrap_at_4_gib_but_not_in_64_bit_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
