/* tests/unit/test_trace_stream.c - records as lines. The whole way to debug/lintel-trace is in
 * tests/system/test_trace.py. */
#include "tests/unit/support.h"

#include <string.h>

#include "debug/trace_stream.h"

static char text[TRACE_LINE_TEXT];

static const char *line_of(const struct trace_line *l, uint16_t number)
{
	size_t len;

	memset(text, 0x55, sizeof(text));
	len = trace_line_text(l, number, text);
	assert_int_equal(len, strlen(text));
	assert_true(len < sizeof(text));
	return text;
}

static void the_checksum_is_the_one_of_the_format(void **state)
{
	struct trace_line l;

	(void)state;
	trace_line_begin(&l, 'V');
	trace_line_number(&l, 1);
	trace_line_bytes(&l, "demo", 4);
	/* Computed by Python: binascii.crc_hqx(b"00ff:VgFkZW1v", 0xffff). */
	assert_string_equal(line_of(&l, 0xff), "LT:00ff:VgFkZW1v:6b51\r\n");
}

static void base64_is_filled_up(void **state)
{
	struct trace_line l;

	(void)state;
	trace_line_begin(&l, 'L');
	assert_memory_equal(line_of(&l, 0), "LT:0000:TA==:", 13);
	trace_line_number(&l, 5);
	assert_memory_equal(line_of(&l, 0), "LT:0000:TAU=:", 13);
}

static void numbers_take_seven_bits_a_byte(void **state)
{
	static const uint8_t expected[] = {'H',  0x00, 0x7f, 0x80, 0x01, 0xff, 0xff, 0xff,
					   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
	struct trace_line l;

	(void)state;
	trace_line_begin(&l, 'H');
	trace_line_number(&l, 0);
	trace_line_number(&l, 0x7f);
	trace_line_number(&l, 0x80);
	trace_line_number(&l, UINT64_MAX);
	assert_int_equal(l.used, sizeof(expected));
	assert_memory_equal(l.bytes, expected, sizeof(expected));
}

static void a_record_that_does_not_fit_leaves_the_line_as_it_was(void **state)
{
	const struct trace_record r = {.tsc = UINT64_MAX / 3,
				       .rip = UINT64_MAX / 5,
				       .qualification = UINT64_MAX,
				       .value = UINT64_MAX,
				       .duration_ticks = UINT32_MAX,
				       .reason = UINT32_MAX,
				       .detail = UINT32_MAX,
				       .vm = 63,
				       .kind = TRACE_HOST,
				       .action = 5};
	struct trace_line l, before;
	unsigned count = 0;

	(void)state;
	trace_line_begin_records(&l, 255, 1);
	do {
		before = l;
		count++;
		assert_true(count < 10);
	} while (trace_line_record(&l, &r));
	assert_int_equal(count, 3); /* even the longest fits in an empty line */
	assert_int_equal(l.used, before.used);
	assert_memory_equal(l.bytes, before.bytes, before.used);
	assert_int_equal(l.tsc, before.tsc);
}

static void a_full_line_keeps_what_it_has(void **state)
{
	struct trace_line l;
	char bytes[2 * TRACE_LINE_BYTES];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	trace_line_begin(&l, 'V');
	trace_line_bytes(&l, bytes, sizeof(bytes));
	assert_int_equal(strlen(line_of(&l, 1)), TRACE_LINE_TEXT - 1);
}

static void differences_go_both_ways(void **state)
{
	struct trace_record r = {.tsc = 1000, .rip = 0x7c00};
	struct trace_line l;

	(void)state;
	trace_line_begin_records(&l, 0, 1000);
	assert_true(trace_line_record(&l, &r));
	r.tsc = 999;
	r.rip = 0x7c02;
	assert_true(trace_line_record(&l, &r));
	/* kind, VM, reason, TSC -1 as 1, RIP +2 as 4, and four zeros */
	assert_memory_equal(l.bytes + l.used - 9, "\0\0\0\1\4\0\0\0\0", 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_the_one_of_the_format),
		cmocka_unit_test(base64_is_filled_up),
		cmocka_unit_test(numbers_take_seven_bits_a_byte),
		cmocka_unit_test(a_record_that_does_not_fit_leaves_the_line_as_it_was),
		cmocka_unit_test(a_full_line_keeps_what_it_has),
		cmocka_unit_test(differences_go_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
