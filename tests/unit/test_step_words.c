/* tests/unit/test_step_words.c - steps=, and the bytes of an instruction that was stepped over. */
#include "tests/unit/support.h"

#include <string.h>

#include "toolkit/step_words.h"

#define FAR 0x1234u /* RIP has gone elsewhere */

static void steps_go_from_1_to_100000(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(steps_read(text_from("1"), &n), OK);
	assert_int_equal(steps_read(text_from("100000"), &n), OK);
	assert_int_equal(n, 100000);
	assert_int_equal(steps_read(text_from("0"), &n), ERR_RANGE);
	assert_int_equal(steps_read(text_from("100001"), &n), ERR_RANGE);
	assert_int_equal(steps_read(text_from(""), &n), ERR_INVALID);
	assert_int_equal(steps_read(text_from("ten"), &n), ERR_INVALID);
}

static const struct {
	enum code_mode mode;
	uint8_t bytes[9];
	uint64_t moved;
	unsigned length;
} rows[] = {
	{CODE_REAL, {0x31, 0xc0}, 2, 2},
	{CODE_REAL, {0x31, 0xc0}, FAR, 0},
	{CODE_REAL, {0x31, 0xc0}, (uint64_t)-2, 0},
	{CODE_REAL, {0x31, 0xc0}, 0, 0},
	{CODE_REAL, {0x74, 0x05}, 7, 2},
	{CODE_REAL, {0xe2, 0xfe}, 0, 2},
	{CODE_REAL, {0xeb, 0xfe}, 0, 2},
	{CODE_REAL, {0xe8, 1, 2}, FAR, 3},
	{CODE_V86, {0x66, 0xe8, 1, 2, 3, 4}, FAR, 6},
	{CODE_16, {0xe9, 1, 2}, 3, 3},
	{CODE_32, {0xe9, 1, 2}, 3, 5},
	{CODE_32, {0x66, 0xe9, 1, 2}, FAR, 4},
	{CODE_64, {0x66, 0xe9, 1, 2}, FAR, 6},
	{CODE_REAL, {0x0f, 0x84, 1, 2}, FAR, 4},
	{CODE_32, {0x0f, 0x8f, 1, 2}, FAR, 6},
	{CODE_REAL, {0xea, 5, 0x7c}, 5, 5},
	{CODE_32, {0x9a, 5}, FAR, 7},
	{CODE_REAL, {0xc3}, 5, 1},
	{CODE_REAL, {0xca, 2, 0}, 5, 3},
	{CODE_REAL, {0xcd, 0x20}, FAR, 2},
	{CODE_REAL, {0xcf}, FAR, 1},
	{CODE_REAL, {0xf3, 0x6e}, 0, 2},
	{CODE_64, {0xf3, 0x48, 0xab}, 0, 3},
	{CODE_32, {0x48, 0xab}, 1, 1}, /* DEC EAX */
	{CODE_64, {0x0f, 0x05}, FAR, 2},
	{CODE_64, {0x48, 0x0f, 0x07}, FAR, 3},
	{CODE_64, {0x0f, 0x01, 0xc1}, 3, 3},
	{CODE_32, {0xff, 0xd0}, FAR, 2},
	{CODE_32, {0xff, 0xc0}, 2, 2}, /* INC */
	{CODE_32, {0xff, 0x14, 0x85}, FAR, 7},
	{CODE_32, {0xff, 0x54, 0x24, 4}, FAR, 4},
	{CODE_32, {0xff, 0x90}, FAR, 6},
	{CODE_64, {0xff, 0x25}, FAR, 6},
	{CODE_64, {0x41, 0xff, 0x20}, FAR, 3},
	{CODE_32, {0x67, 0xff, 0x20}, FAR, 3},
	{CODE_32, {0x67, 0xff, 0x26}, FAR, 5},
	{CODE_REAL, {0xff, 0x26}, FAR, 4},
	{CODE_REAL, {0xff, 0x67, 2}, FAR, 3},
	{CODE_REAL, {0xff, 0xa7}, FAR, 4},
	{CODE_REAL, {0x67, 0xff, 0x24, 0x24}, FAR, 4},
};

static void an_instruction_has_its_length_wherever_it_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned length = step_length(rows[i].bytes, sizeof(rows[i].bytes), rows[i].mode,
					      rows[i].moved);

		if (length != rows[i].length)
			fail_msg("row %zu: %u", i, length);
	}
}

static void what_was_not_fetched_has_no_length(void **state)
{
	const uint8_t jump[] = {0xe9, 1, 2},
		      prefixes[DECODE_MAX_BYTES] = {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
						    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};

	(void)state;
	assert_int_equal(step_length(jump, 3, CODE_32, FAR), 0);
	assert_int_equal(step_length(jump, 0, CODE_32, FAR), 0);
	assert_int_equal(step_length(jump, 2, CODE_REAL, 3), 0);
	assert_int_equal(step_length(prefixes, sizeof(prefixes), CODE_REAL, FAR), 0);
}

static void bytes_are_written_out(void **state)
{
	uint8_t bytes[DECODE_MAX_BYTES] = {0xb8, 1, 0, 0xff, 0x90};
	char text[STEP_BYTES_TEXT];

	(void)state;
	step_bytes_text(bytes, 15, 3, text);
	assert_string_equal(text, "b8 01 00");
	step_bytes_text(bytes, 15, 0, text);
	assert_string_equal(text, "b8 01 00 ff ..");
	step_bytes_text(bytes, 0, 0, text);
	assert_string_equal(text, "..");
	step_bytes_text(bytes, 15, 15, text);
	assert_int_equal(strlen(text), 44);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_go_from_1_to_100000),
		cmocka_unit_test(an_instruction_has_its_length_wherever_it_goes),
		cmocka_unit_test(what_was_not_fetched_has_no_length),
		cmocka_unit_test(bytes_are_written_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
