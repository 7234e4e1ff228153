/*
 * tests/unit/test_decode_mov.c - the short decoder for MOV says what the general one says.
 */
#include "tests/unit/support.h"

#include "guest/decode_mov.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 2000000 };

/* Bytes of which many are a MOV. */
static void fill(uint8_t bytes[DECODE_BUFFER])
{
	static const uint8_t first[] = {0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x48, 0x44,
					0x41, 0x40, 0x4f, 0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2,
					0xa3, 0x88, 0x89, 0x8a, 0x8b, 0x8b, 0xf0, 0xf3, 0xc7, 0x8c};
	unsigned prefixes = (unsigned)rand() % 5;

	for (unsigned i = 0; i < DECODE_BUFFER; i++)
		bytes[i] = (uint8_t)rand();
	for (unsigned i = 0; i <= prefixes; i++)
		bytes[i] = first[(unsigned)rand() % ARRAY_SIZE(first)];
}

static void it_says_what_the_general_decoder_says(void **state)
{
	uint8_t bytes[DECODE_BUFFER];
	unsigned known[DECODE_64 + 1] = {0};

	(void)state;
	srand(2);
	for (unsigned i = 0; i < STEPS; i++) {
		enum decode_mode mode = (enum decode_mode)(i % 3);
		struct decoded_mov mov;
		struct decoded d;

		fill(bytes);
		if (!decode_mov(bytes, mode, &mov))
			continue;
		known[mode]++;
		assert_int_equal(decode(bytes, DECODE_MAX_BYTES, mode, &d), DECODE_OK);
		assert_int_equal(d.op, DECODE_MOV);
		assert_true(d.memory);
		assert_int_equal(mov.length, d.length);
		assert_int_equal(mov.size, d.size);
		assert_int_equal(mov.reg, d.reg);
		assert_int_equal(mov.write, d.form == DECODE_RM_REG);
	}
	assert_true(known[DECODE_16] > STEPS / 10);
	assert_true(known[DECODE_32] > STEPS / 10);
	assert_true(known[DECODE_64] > STEPS / 10);
}

static void it_leaves_the_rest_to_the_general_decoder(void **state)
{
	static const uint8_t others[][DECODE_MAX_BYTES + 1] = {
		{0xf0, 0x89, 0x07},                         /* LOCK: #UD */
		{0xf3, 0x89, 0x07},                         /* a prefix without sense */
		{0x66, 0x66, 0x66, 0x66, 0x66, 0x8b, 0x07}, /* many of them */
		{0x8b, 0xc7},                               /* no memory */
		{0xc7, 0x07, 1, 2, 3, 4},                   /* an immediate */
		{0x8e, 0x07},                               /* a segment register */
		{0x0f, 0xb6, 0x07},                         /* MOVZX */
	};
	struct decoded_mov mov;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(decode_mov(others[i], DECODE_32, &mov));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_the_general_decoder_says),
		cmocka_unit_test(it_leaves_the_rest_to_the_general_decoder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
