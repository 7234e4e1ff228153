/* tests/unit/test_ept_text.c - what is wrong with an EPT entry, and the way through the tables. */
#include "tests/unit/support.h"

#include <string.h>

#include "mm/ept_text.h"
#include "mm/phys.h"

#define ALL_WELL NULL

static char why[80];

static const struct ept_cpu cpu = {.maxphyaddr = 40, .max_leaf = PAGE_1G, .exec_only = true};
static const struct ept_cpu small = {.maxphyaddr = 36, .max_leaf = PAGE_2M, .exec_only = false};

static const char *wrong(uint64_t entry, unsigned level, const struct ept_cpu *by)
{
	return ept_entry_wrong(entry, level, by, why, sizeof(why)) ? why : ALL_WELL;
}

static void a_sound_entry_is_not_wrong(void **state)
{
	static const uint64_t rights[] = {1, 3, 4, 5, 7};
	static const uint64_t types[] = {0, 1, 4, 5, 6};

	(void)state;
	for (unsigned level = 1; level <= 4; level++) {
		assert_null(wrong(0, level, &cpu));
		assert_null(wrong(0xfffffffffffffff8, level, &cpu)); /* not present */
		for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
			uint64_t entry = 0xfff0000000000f00 | rights[i]; /* and what is ignored */

			assert_null(wrong(entry | (level == 1 ? 0x30 : 0x123456000), level, &cpu));
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		assert_null(wrong(0x123456007 | types[i] << 3, 1, &cpu));
		assert_null(wrong(0x123400087 | types[i] << 3 | 0x40, 2, &cpu)); /* ignore PAT */
		assert_null(wrong(0x1c0000087 | types[i] << 3, 3, &cpu));
		assert_null(wrong(0x1234560c7 | types[i] << 3, 1, &cpu)); /* no size there */
	}
}

static const struct {
	uint64_t entry;
	unsigned level;
	const struct ept_cpu *cpu;
	const char *why;
} faults[] = {
	{0x1002, 4, &cpu, "write without read"},
	{0x1006, 3, &cpu, "write without read"},
	{0x2000b2, 2, &cpu, "write without read"},
	{0x1036, 1, &cpu, "write without read"},
	{0x1004, 2, &small, "execute without read, which this CPU lacks"},
	{0x1034, 1, &small, "execute without read, which this CPU lacks"},
	{0x1087, 4, &cpu, "reserved bits are set: 0x80"},
	{0x107f, 4, &cpu, "reserved bits are set: 0x78"},
	{0x100f, 3, &cpu, "reserved bits are set: 0x8"},
	{0x1047, 2, &cpu, "reserved bits are set: 0x40"},
	{0x40001000b7, 3, &cpu, "reserved bits are set: 0x100000"},
	{0x10030b7, 2, &cpu, "reserved bits are set: 0x3000"},
	{0x400000b7, 3, &small, "reserved bits are set: 0x80"},
	{0x10000001037, 1, &cpu, "reserved bits are set: 0x10000000000"},
	{0x8010000001007, 4, &cpu, "reserved bits are set: 0x8010000000000"},
	{0x8001001007, 3, &small, "reserved bits are set: 0x8000000000"},
	{0x1017, 1, &cpu, "a memory type that does not exist"},
	{0x101f, 1, &cpu, "a memory type that does not exist"},
	{0x2000bf, 2, &cpu, "a memory type that does not exist"},
	{0x40000097, 3, &cpu, "a memory type that does not exist"},
	{0x10000001017, 1, &cpu, "reserved bits are set: 0x10000000000"},
};

static void each_misconfiguration_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		const char *said = wrong(faults[i].entry, faults[i].level, faults[i].cpu);

		if (!said || strcmp(said, faults[i].why) != 0)
			fail_msg("%#llx, level %u: %s", (unsigned long long)faults[i].entry,
				 faults[i].level, said ? said : "nothing");
	}
}

/* The rules once more, by the bit. */
static bool model_wrong(uint64_t entry, unsigned level, const struct ept_cpu *by)
{
	bool leaf = level == 1 || (level < 4 && (entry >> 7 & 1));
	unsigned first = level == 1 ? 12 : level == 2 ? 21 : 30;

	if ((entry & 7) == 2 || (entry & 7) == 6 || ((entry & 7) == 4 && !by->exec_only))
		return true;
	for (unsigned bit = 3; bit < 52 && (entry & 7); bit++) {
		bool reserved = bit >= by->maxphyaddr;

		if (bit <= 6 && !leaf)
			reserved = true;
		if (bit == 7 && (level == 4 || (level == 3 && by->max_leaf < PAGE_1G)))
			reserved = true;
		if (bit >= 12 && leaf && bit < first)
			reserved = true;
		if (reserved && (entry >> bit & 1))
			return true;
	}
	return (entry & 7) && leaf &&
	       ((entry >> 3 & 7) == 2 || (entry >> 3 & 7) == 3 || (entry >> 3 & 7) == 7);
}

static void random_entries_are_judged_like_bit_by_bit(void **state)
{
	uint64_t seed = 99;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t entry = random_next(&seed);
		unsigned level = 1 + (unsigned)random_below(&seed, 4);
		const struct ept_cpu *by = i & 1 ? &cpu : &small;

		entry &= random_next(&seed); /* few bits */
		entry &= random_next(&seed);
		entry = (entry & ~UINT64_C(7)) | random_below(&seed, 8);
		if (ept_entry_wrong(entry, level, by, why, sizeof(why)) !=
		    model_wrong(entry, level, by))
			fail_msg("%#llx, level %u", (unsigned long long)entry, level);
	}
}

static void the_way_ends_where_it_is_over(void **state)
{
	char lines[EPT_LEVELS][EPT_LINE];
	struct frames frames;
	struct regions ram;
	struct ept e;
	uint64_t *pml4;

	(void)state;
	regions_init(&ram);
	assert_int_equal(regions_add(&ram, 0, 16 * MIB, REGION_RAM), OK);
	assert_int_equal(frames_init(&frames, &ram, BIT(40)), OK);
	assert_int_equal(ept_init(&e, &frames, PAGE_2M, false), OK);
	assert_int_equal(ept_map(&e, gpa(0x8000), hpa(0x345000), PAGE_4K, EPT_READ, EPT_WC), OK);
	assert_int_equal(ept_map(&e, gpa(2 * MIB), hpa(8 * MIB), 2 * MIB, EPT_RWX, EPT_WB), OK);
	assert_int_equal(ept_walk_text(&e, gpa(0x8123), &cpu, lines), 4);
	assert_non_null(strstr(lines[0], "PML4E at 0x"));
	assert_non_null(strstr(lines[1], "007 rwx table"));
	assert_non_null(strstr(lines[3], ": 0000000000345009 r-- WC: 0x8123 is host-physical "
					 "0x345123"));
	assert_int_equal(ept_walk_text(&e, gpa(0x212345), &cpu, lines), 3);
	assert_non_null(strstr(lines[2], "rwx WB: 0x212345 is host-physical 0x812345"));
	assert_int_equal(ept_walk_text(&e, gpa(0x9000), &cpu, lines), 4);
	assert_non_null(strstr(lines[3], " --- not present"));
	assert_int_equal(ept_walk_text(&e, gpa(BIT(47)), &cpu, lines), 1);
	assert_non_null(strstr(lines[0], " --- not present"));
	pml4 = phys_ptr(e.root);
	pml4[0] |= BIT(3);
	assert_int_equal(ept_walk_text(&e, gpa(0), &cpu, lines), 1);
	assert_non_null(strstr(lines[0], "rwx misconfigured: reserved bits are set: 0x8"));
	pml4[0] &= ~BIT(3);
	ept_destroy(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_entry_is_not_wrong),
		cmocka_unit_test(each_misconfiguration_says_why),
		cmocka_unit_test(random_entries_are_judged_like_bit_by_bit),
		cmocka_unit_test_setup_teardown(the_way_ends_where_it_is_over, arena_setup,
						arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
