/*
 * tests/unit/test_mtrr.c - memory types by the MTRRs, against a second reading of the manual: one
 * byte at a time, by the set of types of the ranges that hold it.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "mm/mtrr.h"

#define ON       (MTRR_ENABLE | EPT_WB)
#define ON_FIXED (ON | MTRR_FIXED_ENABLE)

/* ---- the second reading ---- */

static bool in_range(const struct mtrr_variable *v, uint64_t at, unsigned maxphyaddr)
{
	for (unsigned bit = 12; bit < maxphyaddr; bit++) {
		if ((v->mask >> bit & 1) && (v->base >> bit & 1) != (at >> bit & 1))
			return false;
	}
	return v->mask >> 11 & 1;
}

static unsigned byte_type(const struct mtrrs *m, uint64_t at)
{
	static const uint32_t starts[] = {0x00000, 0x80000, 0xa0000, 0xc0000, 0xc8000, 0xd0000,
					  0xd8000, 0xe0000, 0xe8000, 0xf0000, 0xf8000, 0x100000};
	unsigned set = 0;

	if (!(m->default_type >> 11 & 1))
		return 0;
	for (unsigned i = 0; i < 11 && m->has_fixed && (m->default_type >> 10 & 1); i++) {
		if (at >= starts[i] && at < starts[i + 1]) {
			uint64_t of_8 = (at - starts[i]) * 8 / (starts[i + 1] - starts[i]);
			uint8_t bytes[8];

			memcpy(bytes, &m->fixed[i], 8);
			return bytes[of_8];
		}
	}
	for (unsigned i = 0; i < m->count; i++)
		set |= in_range(&m->variable[i], at, m->maxphyaddr)
			       ? 1u << (m->variable[i].base & 7)
			       : 0;
	switch (set) {
	case 0:
		return m->default_type & 7;
	case 1u << 1:
		return 1;
	case 1u << 4:
	case 1u << 4 | 1u << 6:
		return 4;
	case 1u << 5:
		return 5;
	case 1u << 6:
		return 6;
	default:
		return 0; /* UC is among them, or it is undefined */
	}
}

/* ---- tests ---- */

static enum ept_memtype type_at(const struct mtrrs *m, uint64_t at)
{
	uint64_t end;

	return mtrr_type(m, hpa(at), &end);
}

static uint64_t random_type(uint64_t *seed)
{
	static const uint8_t types[] = {0, 1, 4, 5, 6, 6, 4, 6};

	return types[random_below(seed, ARRAY_SIZE(types))];
}

static void random_set(struct mtrrs *m, uint64_t *seed)
{
	static const uint8_t widths[] = {32, 36, 39, 46, 52};

	*m = (struct mtrrs){.maxphyaddr = widths[random_below(seed, ARRAY_SIZE(widths))],
			    .count = (unsigned)random_below(seed, 11),
			    .has_fixed = random_below(seed, 4) != 0};
	m->default_type = random_type(seed) | (random_below(seed, 16) ? MTRR_ENABLE : 0) |
			  (random_below(seed, 4) ? MTRR_FIXED_ENABLE : 0);
	for (unsigned i = 0; i < MTRR_FIXED; i++) {
		for (unsigned k = 0; k < 8; k++)
			m->fixed[i] |= random_type(seed) << (8 * k);
	}
	/* Ranges of 4 KiB to 16 MiB in the first 32 MiB, so that many overlap; some with holes in
	 * their masks, and some with all the bits that do not exist. */
	for (unsigned i = 0; i < m->count; i++) {
		uint64_t size = PAGE_4K << random_below(seed, 13);
		uint64_t whole = (BIT(m->maxphyaddr) - 1) & ~(PAGE_4K - 1);
		uint64_t mask = ~(size - 1) & whole;

		if (random_below(seed, 4) == 0)
			mask &= ~BIT(12 + random_below(seed, 13));
		if (random_below(seed, 16) == 0)
			mask |= ~(BIT(m->maxphyaddr) - 1);
		if (random_below(seed, 50) == 0)
			mask = 0; /* it holds all there is */
		m->variable[i].mask = mask | (random_below(seed, 8) ? MTRR_VALID : 0);
		m->variable[i].base =
			align_down(random_below(seed, 32 * MIB), size) | random_type(seed);
	}
}

static void random_sets_give_the_types_of_their_bytes(void **state)
{
	uint64_t seed = 2024;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct mtrrs m;

		random_set(&m, &seed);
		for (unsigned i = 0; i < 100; i++) {
			uint64_t at = random_below(&seed, i % 4 ? 34 * MIB : 2 * MIB), end;
			enum ept_memtype type = mtrr_type(&m, hpa(at), &end);

			assert_int_equal(type, byte_type(&m, at));
			assert_true(end > at && is_aligned(end, PAGE_4K) &&
				    end <= BIT(m.maxphyaddr));
			for (unsigned k = 0; k < 4; k++)
				assert_int_equal(byte_type(&m, at + random_below(&seed, end - at)),
						 type);
			assert_int_equal(byte_type(&m, end - 1), type);
		}
	}
}

static void without_mtrrs_all_is_uncacheable(void **state)
{
	struct mtrrs m = {.maxphyaddr = 36, .default_type = EPT_WB | MTRR_FIXED_ENABLE};
	uint64_t end;

	(void)state;
	assert_int_equal(mtrr_type(&m, hpa(0x1000), &end), EPT_UC);
	assert_int_equal(end, BIT(36));
}

static void fixed_ranges_end_at_1_mib_and_come_first(void **state)
{
	struct mtrrs m = {
		.maxphyaddr = 36, .default_type = ON_FIXED, .has_fixed = true, .count = 1};
	uint64_t end;

	(void)state;
	m.variable[0] = (struct mtrr_variable){EPT_WT, MTRR_VALID | (BIT(36) - BIT(24))};
	m.fixed[2] = UINT64_C(0x0101010101010101); /* A0000h to BFFFFh */
	m.fixed[10] = UINT64_C(0x0500000000000000);
	assert_int_equal(mtrr_type(&m, hpa(0xb8000), &end), EPT_WC);
	assert_int_equal(end, 0xbc000);
	assert_int_equal(mtrr_type(&m, hpa(0xfffff), &end), EPT_WP);
	assert_int_equal(end, MIB);
	assert_int_equal(mtrr_type(&m, hpa(0), &end), EPT_UC);
	assert_int_equal(end, 0x10000);
	assert_int_equal(mtrr_type(&m, hpa(MIB), &end), EPT_WT);
	assert_int_equal(end, 16 * MIB);
	m.default_type &= ~MTRR_FIXED_ENABLE;
	assert_int_equal(type_at(&m, 0xb8000), EPT_WT);
	m.default_type |= MTRR_FIXED_ENABLE;
	m.has_fixed = false;
	assert_int_equal(type_at(&m, 0xb8000), EPT_WT);
}

static void overlaps_follow_the_manual(void **state)
{
	static const struct {
		enum ept_memtype a, b, c, together;
	} cases[] = {
		{EPT_WB, EPT_WB, EPT_WB, EPT_WB}, {EPT_WC, EPT_WC, EPT_WC, EPT_WC},
		{EPT_UC, EPT_WB, EPT_WB, EPT_UC}, {EPT_WB, EPT_WT, EPT_WC, EPT_UC},
		{EPT_WT, EPT_WB, EPT_WB, EPT_WT}, {EPT_WB, EPT_WB, EPT_WT, EPT_WT},
		{EPT_WB, EPT_WP, EPT_WB, EPT_UC}, {EPT_WP, EPT_WP, EPT_WP, EPT_WP},
		{EPT_WC, EPT_WP, EPT_WP, EPT_UC}, {EPT_WT, EPT_WB, EPT_UC, EPT_UC},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mtrrs m = {.maxphyaddr = 40, .default_type = ON, .count = 3};
		uint64_t mask = MTRR_VALID | (BIT(40) - BIT(20));

		m.variable[0] = (struct mtrr_variable){BIT(30) | cases[i].a, mask};
		m.variable[1] = (struct mtrr_variable){BIT(30) | cases[i].b, mask};
		m.variable[2] = (struct mtrr_variable){BIT(30) | cases[i].c, mask};
		assert_int_equal(type_at(&m, BIT(30) + 0x12345), cases[i].together);
		assert_int_equal(type_at(&m, BIT(30) + MIB), EPT_WB);
	}
}

static void types_that_do_not_exist_are_uncacheable(void **state)
{
	static const uint8_t types[] = {2, 3, 7, 8, 0x16, 0xff};
	struct mtrrs m = {.maxphyaddr = 36};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		m.default_type = MTRR_ENABLE | types[i];
		assert_int_equal(type_at(&m, GIB), EPT_UC);
	}
}

static void each_type_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(ept_memtype_name(EPT_UC), "UC");
	assert_string_equal(ept_memtype_name(EPT_WC), "WC");
	assert_string_equal(ept_memtype_name(EPT_WT), "WT");
	assert_string_equal(ept_memtype_name(EPT_WP), "WP");
	assert_string_equal(ept_memtype_name(EPT_WB), "WB");
	assert_string_equal(ept_memtype_name((enum ept_memtype)3), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sets_give_the_types_of_their_bytes),
		cmocka_unit_test(without_mtrrs_all_is_uncacheable),
		cmocka_unit_test(fixed_ranges_end_at_1_mib_and_come_first),
		cmocka_unit_test(overlaps_follow_the_manual),
		cmocka_unit_test(types_that_do_not_exist_are_uncacheable),
		cmocka_unit_test(each_type_has_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
