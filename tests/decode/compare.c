/*
 * tests/decode/compare.c - guest/decode.h against Zydis, over millions of encodings.
 *
 * What we claim to know, Zydis knows as well and reads the same; what Zydis calls invalid, we do
 * not claim; and what guest/decode.h promises to know is known. DECODE_ROUNDS in the environment
 * multiplies the random encodings, from other seeds.
 */
#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/decode/encodings.h"
#include "tests/decode/zydis_view.h"

#define RANDOM_COUNT 1000000u
#define SHOWN        10u

static uint64_t seed, tried, claimed, promised, wrong;

static const char *judge(const uint8_t bytes[DECODE_BUFFER], enum decode_mode mode)
{
	struct zydis_view z;
	struct decoded d;
	enum decode_result ours = decode(bytes, DECODE_MAX_BYTES, mode, &d);

	zydis_view(bytes, DECODE_MAX_BYTES, mode, &z);
	promised += z.is_ours;
	switch (ours) {
	case DECODE_OK:
		claimed++;
		return z.valid ? zydis_view_differs(&z, &d) : "Zydis says that it is invalid";
	case DECODE_INVALID:
		return z.status == ZYDIS_STATUS_ILLEGAL_LOCK ? NULL : "LOCK is allowed";
	case DECODE_TOO_LONG:
		return z.status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG ||
				       z.status == ZYDIS_STATUS_NO_MORE_DATA
			       ? NULL
			       : "it is not too long";
	case DECODE_UNKNOWN:
		return z.is_ours ? "it should be known" : NULL;
	case DECODE_MORE:
		break;
	}
	return "there are 15 bytes";
}

static void complain(const uint8_t *bytes, enum decode_mode mode, const char *what)
{
	if (++wrong > SHOWN)
		return;
	printf("# %u-bit", 16u << mode);
	for (unsigned i = 0; i < DECODE_MAX_BYTES; i++)
		printf(" %02x", bytes[i]);
	printf(": %s\n", what);
}

static void compare(const uint8_t bytes[DECODE_BUFFER], enum decode_mode mode)
{
	const char *what = judge(bytes, mode);

	tried++;
	if (what)
		complain(bytes, mode, what);
}

/* All that is shorter than the instruction asks for more, and what follows it does not matter. */
static void cut_short(const uint8_t bytes[DECODE_BUFFER], enum decode_mode mode)
{
	struct decoded whole, part;
	enum decode_result result = decode(bytes, DECODE_MAX_BYTES, mode, &whole);

	tried++;
	if (result != DECODE_OK)
		return;
	claimed++;
	promised++;
	for (unsigned count = 0; count < whole.length; count++)
		if (decode(bytes, count, mode, &part) != DECODE_MORE)
			complain(bytes, mode, "a part of it does not ask for more");
	if (decode(bytes, whole.length, mode, &part) != DECODE_OK || part.length != whole.length)
		complain(bytes, mode, "not the same without what follows");
}

static int start(void **state)
{
	(void)state;
	zydis_view_init();
	seed = 1;
	tried = claimed = promised = wrong = 0;
	return 0;
}

static void verdict(void)
{
	printf("# %llu encodings, %llu known\n", (unsigned long long)tried,
	       (unsigned long long)claimed);
	fflush(stdout);
	assert_true(claimed > 0 && promised > 0);
	assert_int_equal(wrong, 0);
}

static void random_rounds(enum decode_mode mode)
{
	const char *rounds = getenv("DECODE_ROUNDS");
	uint64_t count = rounds ? strtoull(rounds, NULL, 10) : 1;

	for (uint64_t round = 1; round <= count; round++) {
		seed = round;
		encodings_random(mode, compare, &seed, RANDOM_COUNT);
	}
	verdict();
}

static void enumerated_encodings_of_16_bit_code_agree(void **state)
{
	(void)state;
	(void)encodings_enumerate(DECODE_16, compare, &seed);
	verdict();
}

static void enumerated_encodings_of_32_bit_code_agree(void **state)
{
	(void)state;
	(void)encodings_enumerate(DECODE_32, compare, &seed);
	verdict();
}

static void enumerated_encodings_of_64_bit_code_agree(void **state)
{
	(void)state;
	(void)encodings_enumerate(DECODE_64, compare, &seed);
	verdict();
}

static void every_modrm_with_every_sib_agrees(void **state)
{
	(void)state;
	for (unsigned mode = DECODE_16; mode <= DECODE_64; mode++)
		(void)encodings_enumerate_sib(mode, compare, &seed);
	verdict();
}

static void random_encodings_of_16_bit_code_agree(void **state)
{
	(void)state;
	random_rounds(DECODE_16);
}

static void random_encodings_of_32_bit_code_agree(void **state)
{
	(void)state;
	random_rounds(DECODE_32);
}

static void random_encodings_of_64_bit_code_agree(void **state)
{
	(void)state;
	random_rounds(DECODE_64);
}

static void a_part_of_an_instruction_asks_for_more(void **state)
{
	(void)state;
	for (unsigned mode = DECODE_16; mode <= DECODE_64; mode++)
		encodings_random(mode, cut_short, &seed, RANDOM_COUNT / 2);
	verdict();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, start)
	const struct CMUnitTest tests[] = {
		TEST(enumerated_encodings_of_16_bit_code_agree),
		TEST(enumerated_encodings_of_32_bit_code_agree),
		TEST(enumerated_encodings_of_64_bit_code_agree),
		TEST(every_modrm_with_every_sib_agrees),
		TEST(random_encodings_of_16_bit_code_agree),
		TEST(random_encodings_of_32_bit_code_agree),
		TEST(random_encodings_of_64_bit_code_agree),
		TEST(a_part_of_an_instruction_asks_for_more),
	};
	const char *only = getenv("DECODE_TESTS");

	setbuf(stdout, NULL);
	if (only)
		cmocka_set_test_filter(only);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
