/*
 * tests/unit/test_walk_random.c - random page tables in every paging mode: guest/walk.c and
 * guest/linear.c do as the second walk of tests/unit/walk_model.h, which shares nothing with them.
 *
 * All of RAM is compared again and again, so each accessed and dirty flag counts, and each byte.
 */
#include "tests/unit/memory_rig.h"

#include "guest/linear.h"
#include "guest/segment.h"
#include "tests/unit/walk_model.h"

#define TABLES 8u   /* pages 1 to 8 hold tables */
#define ROUNDS 800u /* of new tables */
#define WALKS  300u /* in each round */
#define COPIES 80u

static struct guest_cpu_state cpu;
static struct model model = {.cpu = &cpu};
static uint64_t seed;

/* How often what came out. */
static unsigned well, not_present, reserved, no_right, copied, refused;

static int start(void **state)
{
	(void)state;
	open_memory(MODEL_RAM_BYTES);
	memset(&cpu, 0, sizeof(cpu));
	seed = 4711;
	return 0;
}

static bool one_in(uint64_t n)
{
	return random_below(&seed, n) == 0;
}

/* Mostly a table or a page nearby; now and then a large page, a stray bit, or anything at all. */
static uint64_t random_entry(bool wide)
{
	uint64_t flags = random_next(&seed) & 0xf78, page = 1 + random_below(&seed, TABLES + 2);
	uint64_t entry;

	if (one_in(500))
		return random_next(&seed);
	flags |= one_in(4) ? random_next(&seed) & 6 : 6;
	flags |= one_in(16) ? 0 : 1;
	if (one_in(4)) { /* bit 7: aligned to 4 MiB, 2 MiB or 1 GiB, or not */
		flags |= 0x80;
		if (!one_in(4))
			page = random_below(&seed, 4) << (!wide ? 10 : one_in(2) ? 18 : 9);
		if (!wide && one_in(3))
			page |= random_below(&seed, 512) << 1;
	}
	if (one_in(40))
		page = random_below(&seed, BIT(wide ? 28 : 20));
	entry = page << 12 | flags;
	if (wide && one_in(8))
		entry |= BIT(63);
	if (one_in(24))
		entry |= BIT(wide ? 12 + random_below(&seed, 51) : 12 + random_below(&seed, 20));
	return entry;
}

static void random_tables(unsigned bytes)
{
	for (uint64_t at = 0; at < MODEL_RAM_BYTES; at += bytes) {
		bool in_tables = at / PAGE_4K >= 1 && at / PAGE_4K <= TABLES;

		model_store(&model, at, in_tables ? random_entry(bytes == 8) : at / bytes, bytes);
	}
	memcpy(guest_memory_ptr(&memory, gpa(0), MODEL_RAM_BYTES), model.ram, MODEL_RAM_BYTES);
}

/* mode: 0 none, 1 32-bit, 2 PAE, 3 4-level. */
static void random_cpu(unsigned mode)
{
	static const uint8_t widths[] = {32, 36, 39, 40, 46, 52};
	uint64_t r = random_next(&seed);

	cpu.maxphyaddr = widths[random_below(&seed, ARRAY_SIZE(widths))];
	cpu.cr0 = CR0_PE | (mode ? CR0_PG : 0) | (r & 1 ? CR0_WP : 0);
	cpu.cr4 = (r & 2 ? CR4_PSE : 0) | (r & 4 ? CR4_SMEP : 0) | (r & 8 ? CR4_SMAP : 0) |
		  (mode >= 2 ? CR4_PAE : 0) | (r & 16 ? CR4_PGE : 0);
	cpu.efer = (r & 32 ? EFER_NXE : 0) | (mode == 3 ? EFER_LME | EFER_LMA : 0);
	cpu.rflags = RFLAGS_ONE | (r & 64 ? RFLAGS_AC : 0);
	cpu.segments[GUEST_CS].access = mode == 3 ? SEGMENT_LONG : 0;
	cpu.cr3 = PAGE_4K * (1 + random_below(&seed, TABLES)) | (r >> 8 & 0x18);
	if (mode == 3 && one_in(50))
		cpu.cr3 = BIT(cpu.maxphyaddr) - PAGE_4K; /* nothing is there */
	for (unsigned i = 0; i < 4; i++)
		cpu.pdpte[i] = PAGE_4K * (1 + random_below(&seed, TABLES)) | !one_in(8) |
			       (random_next(&seed) & 0xe18);
	random_tables(mode >= 2 ? 8 : 4);
}

static uint64_t random_linear(void)
{
	uint64_t at = random_next(&seed);

	if (!(cpu.efer & EFER_LMA))
		return cpu.cr0 & CR0_PG || one_in(4) ? (uint32_t)at : at % (2 * MODEL_RAM_BYTES);
	return (uint64_t)((int64_t)(at << 16) >> 16);
}

static unsigned random_access(bool copy)
{
	static const unsigned kinds[] = {0, WALK_WRITE, WALK_FETCH};
	unsigned access = copy ? 0 : kinds[random_below(&seed, ARRAY_SIZE(kinds))];

	if (one_in(2))
		access |= WALK_USER;
	else if (!(access & WALK_FETCH) && one_in(3))
		access |= WALK_IMPLICIT;
	if (!copy && one_in(8))
		access |= WALK_ALL_RIGHTS;
	return one_in(8) ? access | WALK_NO_UPDATE : access;
}

static void check_fault(const struct guest_fault *fault, const struct model_outcome *o, uint64_t at)
{
	assert_int_equal(fault->vector, EXC_PF);
	assert_true(fault->has_error_code);
	assert_int_equal(fault->error_code, o->error_code);
	assert_int_equal(fault->cr2, at);
}

static void check_memory(void)
{
	assert_memory_equal(guest_memory_ptr(&memory, gpa(0), MODEL_RAM_BYTES), model.ram,
			    MODEL_RAM_BYTES);
}

static void one_walk(void)
{
	uint64_t at = random_linear();
	unsigned access = random_access(false);
	struct model_outcome o = model_walk(&model, at, access);
	struct guest_translation found;
	struct guest_fault fault;
	enum guest_result result = guest_walk(&cpu, &memory, gva(at), access, &found, &fault);

	assert_int_equal(result, o.faults ? GUEST_FAULT : GUEST_OK);
	if (o.faults) {
		check_fault(&fault, &o, at);
		not_present += !(o.error_code & 1);
		reserved += (o.error_code & 8) != 0;
		no_right += (o.error_code & 9) == 1;
		return;
	}
	well++;
	assert_int_equal(found.at.raw, o.at);
	assert_int_equal(found.page_size, o.page_bytes);
	if (!(access & WALK_NO_UPDATE))
		model_update(&model, &o);
}

/* Byte by byte: all are found before one is copied. */
static void one_copy(bool write)
{
	unsigned access = random_access(true), as = access | (write ? WALK_WRITE : 0);
	size_t len = random_below(&seed, 40);
	uint64_t at = random_linear(), whole = cpu.efer & EFER_LMA ? UINT64_MAX : UINT32_MAX;
	uint8_t bytes[40], expected[40];
	struct model_outcome o[40];
	struct guest_fault fault;
	enum guest_result result;
	size_t good = 0;

	at = one_in(3) ? at : (align_down(at, PAGE_4K) - random_below(&seed, 40)) & whole;
	if (at + len > BIT(47) && at < BIT(47))
		return; /* the caller has seen to that */
	for (size_t i = 0; i < len; i++)
		bytes[i] = expected[i] = (uint8_t)random_next(&seed);
	while (good < len && !(o[good] = model_walk(&model, (at + good) & whole, as)).faults)
		good++;
	for (size_t i = 0; i < len && good == len && !(access & WALK_NO_UPDATE); i++)
		model_update(&model, &o[i]);
	for (size_t i = 0; i < len && good == len; i++) {
		if (write)
			model_store(&model, o[i].at, bytes[i], 1);
		else
			expected[i] = (uint8_t)model_load(&model, o[i].at, 1);
	}
	result = write ? guest_linear_write(&cpu, &memory, gva(at), bytes, len, access, &fault)
		       : guest_linear_read(&cpu, &memory, gva(at), bytes, len, access, &fault);
	assert_int_equal(result, good < len ? GUEST_FAULT : GUEST_OK);
	assert_memory_equal(bytes, expected, sizeof(bytes) < len ? sizeof(bytes) : len);
	if (good < len)
		check_fault(&fault, &o[good], (at + good) & whole);
	*(good < len ? &refused : &copied) += 1;
}

static void random_tables_translate_as_in_the_second_walk(void **state)
{
	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		random_cpu(round % 8 ? 1 + round % 3 : 0);
		for (unsigned i = 0; i < WALKS; i++)
			one_walk();
		check_memory();
	}
	/* The tables are not all nonsense, and not all fine. */
	assert_true(well > ROUNDS * WALKS / 5);
	assert_true(not_present > ROUNDS * WALKS / 50 && reserved > ROUNDS * WALKS / 50 &&
		    no_right > ROUNDS * WALKS / 50);
}

static void copies_are_those_of_single_bytes_or_nothing(void **state)
{
	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		random_cpu(round % 8 ? 1 + round % 3 : 0);
		for (unsigned i = 0; i < COPIES; i++)
			one_copy(one_in(2));
		check_memory();
	}
	assert_true(copied > ROUNDS * COPIES / 5 && refused > ROUNDS * COPIES / 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, arena_teardown)
	const struct CMUnitTest tests[] = {
		TEST(random_tables_translate_as_in_the_second_walk),
		TEST(copies_are_those_of_single_bytes_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
