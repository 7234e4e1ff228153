/*
 * tests/unit/test_text.c - kernel/text.h: the C library's printf is the judge of ours.
 */
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

#include "kernel/text.h"

#define ROOM 200u

/* Both give the same text and the same length. */
#define assert_as_printf(...)                                                                      \
	do {                                                                                       \
		char ours[ROOM], theirs[ROOM];                                                     \
		int their_len = snprintf(theirs, sizeof(theirs), __VA_ARGS__);                     \
		size_t our_len = text_format(ours, sizeof(ours), __VA_ARGS__);                     \
		assert_string_equal(ours, theirs);                                                 \
		assert_int_equal(our_len, their_len);                                              \
	} while (0)

/* For formats that the compiler must not look at. */
static size_t format_unchecked(char *to, size_t size, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	len = text_vformat(to, size, format, args);
	va_end(args);
	return len;
}

static void plain_text_and_percent_print_themselves(void **state)
{
	(void)state;
	assert_as_printf("%s", "");
	assert_as_printf("plain");
	assert_as_printf("100%% of %d", 5);
}

static void decimals_print_as_c_does(void **state)
{
	static const long long values[] = {
		0,         1,        -1, 9, 10, -12345, 2147483647, -2147483648LL, 4294967295LL,
		INT64_MAX, INT64_MIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_as_printf("%lld|%5lld|%-5lld|%05lld|%+lld|% lld", values[i], values[i],
				 values[i], values[i], values[i], values[i]);
		assert_as_printf("%.0lld|%.3lld|%8.3lld|%-8.3lld", values[i], values[i], values[i],
				 values[i]);
		assert_as_printf("%llu|%20llu|%-20llu|%020llu", (unsigned long long)values[i],
				 (unsigned long long)values[i], (unsigned long long)values[i],
				 (unsigned long long)values[i]);
	}
}

static void hexadecimals_print_as_c_does(void **state)
{
	static const unsigned long long values[] = {0, 1, 0xa, 0x10, 0xdeadbeef, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_as_printf("%llx|%llX|%#llx|%#llX", values[i], values[i], values[i],
				 values[i]);
		assert_as_printf("%016llx|%#018llx|%-12llx|%#12llx|%#-12llx|%#.4llx", values[i],
				 values[i], values[i], values[i], values[i], values[i]);
	}
}

static void lengths_cut_the_argument_to_its_type(void **state)
{
	int value = -1;

	(void)state;
	assert_as_printf("%d %i %u %x", value, value, (unsigned)value, (unsigned)value);
	assert_as_printf("%hd %hu %hx", (short)300, (unsigned short)0xffff, (unsigned short)0xabcd);
	assert_as_printf("%hhd %hhu %hhx", (signed char)-3, (unsigned char)200,
			 (unsigned char)0xef);
	assert_as_printf("%ld %lu %lx", (long)value, (unsigned long)value, (unsigned long)value);
	assert_as_printf("%zu %zx", (size_t)-1, (size_t)77);
}

static void a_length_takes_what_the_caller_pushed_too_much_away(void **state)
{
	char text[ROOM];

	(void)state;
	format_unchecked(text, sizeof(text), "%hhu %hu %hhd", 0x1ff, 0x1ffff, 0x180);
	assert_string_equal(text, "255 65535 -128");
}

static void strings_and_characters_print_as_c_does(void **state)
{
	const char *s = "lintel";

	(void)state;
	assert_as_printf("%s|%10s|%-10s|%.3s|%10.3s|%-10.3s|%.0s", s, s, s, s, s, s, s);
	assert_as_printf("%c|%4c|%-4c|", 'x', 'y', 'z');
	assert_as_printf("%p", (void *)(uintptr_t)0x1234);
}

static void a_precision_bounds_what_is_read_of_a_string(void **state)
{
	const char not_terminated[4] = {'a', 'b', 'c', 'd'};
	char text[ROOM];

	(void)state;
	assert_int_equal(text_format(text, sizeof(text), "%.*s", 4, not_terminated), 4);
	assert_string_equal(text, "abcd");
}

static void width_and_precision_may_be_arguments(void **state)
{
	(void)state;
	assert_as_printf("%*d|%-*d|%*d", 6, 42, 6, 42, -6, 42);
	assert_as_printf("%.*d|%.*d|%.*s|%.*s", 3, 7, -1, 7, 2, "abc", -1, "abc");
	assert_as_printf("%.d|%.s|", 0, "gone");
}

static void a_null_string_is_named(void **state)
{
	char text[ROOM];

	(void)state;
	format_unchecked(text, sizeof(text), "%s", (const char *)NULL);
	assert_string_equal(text, "(null)");
}

static void a_wrong_format_prints_itself(void **state)
{
	char text[ROOM];

	(void)state;
	format_unchecked(text, sizeof(text), "%q %-5lk %");
	assert_string_equal(text, "%q %-5lk %");
	format_unchecked(text, sizeof(text), "%d%", 1);
	assert_string_equal(text, "1%");
	format_unchecked(text, sizeof(text), "%08.3d|", 7);
	assert_string_equal(text, "     007|"); /* a precision undoes the flag 0 */
}

static void a_short_buffer_is_filled_and_terminated(void **state)
{
	char text[8];

	(void)state;
	for (size_t size = 1; size <= sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		assert_int_equal(text_format(text, size, "0123456789"), 10);
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, "0123456", size - 1);
	}
}

static void no_buffer_gives_the_length_only(void **state)
{
	(void)state;
	assert_int_equal(text_format(NULL, 0, "%d %s", 12, "abc"), 6);
}

static void check_u64(const char *s, enum status expected, uint64_t value)
{
	uint64_t got = 0;

	assert_int_equal(text_to_u64(text_from(s), &got), expected);
	assert_int_equal(got, value);
}

static void numbers_are_read_whole_or_not_at_all(void **state)
{
	(void)state;
	check_u64("0", OK, 0);
	check_u64("18446744073709551615", OK, UINT64_MAX);
	check_u64("18446744073709551616", ERR_RANGE, 0);
	check_u64("99999999999999999999", ERR_RANGE, 0);
	check_u64("0xFFffFFffFFffFFff", OK, UINT64_MAX);
	check_u64("0x10000000000000000", ERR_RANGE, 0);
	check_u64("0X1f", OK, 31);
	check_u64("007", OK, 7);
	check_u64("", ERR_INVALID, 0);
	check_u64("0x", ERR_INVALID, 0);
	check_u64("-1", ERR_INVALID, 0);
	check_u64(" 1", ERR_INVALID, 0);
	check_u64("12a", ERR_INVALID, 0);
	check_u64("0xg", ERR_INVALID, 0);
	check_u64("99999999999999999999x", ERR_INVALID, 0);
}

static void check_size(const char *s, enum status expected, uint64_t value)
{
	uint64_t got = 0;

	assert_int_equal(text_to_size(text_from(s), &got), expected);
	assert_int_equal(got, value);
}

static void sizes_take_a_suffix(void **state)
{
	(void)state;
	check_size("512", OK, 512);
	check_size("4K", OK, 4096);
	check_size("1m", OK, MIB);
	check_size("3G", OK, 3 * GIB);
	check_size("0x2T", OK, 2 * TIB);
	check_size("16777215T", OK, UINT64_C(16777215) << 40);
	check_size("16777216T", ERR_RANGE, 0);
	check_size("K", ERR_INVALID, 0);
	check_size("", ERR_INVALID, 0);
	check_size("1KK", ERR_INVALID, 0);
	check_size("1X", ERR_INVALID, 0);
}

static void words_are_taken_off_one_by_one(void **state)
{
	struct text rest = text_from("  one\ttwo  three "), word;

	(void)state;
	assert_true(text_next_word(&rest, &word));
	assert_true(text_is(word, "one"));
	assert_true(text_next_word(&rest, &word));
	assert_true(text_is(word, "two"));
	assert_true(text_next_word(&rest, &word));
	assert_true(text_is(word, "three"));
	assert_false(text_next_word(&rest, &word));
	assert_false(text_next_word(&rest, &word));
}

static void pieces_between_separators_may_be_empty(void **state)
{
	struct text rest = text_from("a,,bc"), piece;

	(void)state;
	assert_true(text_next_piece(&rest, ',', &piece));
	assert_true(text_is(piece, "a"));
	assert_true(text_next_piece(&rest, ',', &piece));
	assert_true(text_is(piece, ""));
	assert_true(text_next_piece(&rest, ',', &piece));
	assert_true(text_is(piece, "bc"));
	assert_false(text_next_piece(&rest, ',', &piece));
}

static void a_piece_lies_in_its_text_and_in_no_copy(void **state)
{
	static const char line[] = "a=b c=d", copy[] = "a=b c=d";
	const struct text whole = {line, 5};

	(void)state;
	assert_true(text_lies_in((struct text){line, 1}, whole));
	assert_true(text_lies_in((struct text){line + 4, 1}, whole));
	assert_false(text_lies_in((struct text){line + 5, 1}, whole));
	assert_false(text_lies_in((struct text){line, 1}, (struct text){line + 2, 3}));
	assert_false(text_lies_in((struct text){copy, 1}, whole));
}

static void a_word_splits_at_the_first_equals_sign(void **state)
{
	struct text key, value;

	(void)state;
	text_split(text_from("mem=1M"), &key, &value);
	assert_true(text_is(key, "mem"));
	assert_true(text_is(value, "1M"));
	text_split(text_from("a=b=c"), &key, &value);
	assert_true(text_is(key, "a"));
	assert_true(text_is(value, "b=c"));
	text_split(text_from("empty="), &key, &value);
	assert_true(text_is(key, "empty"));
	assert_non_null(value.at);
	assert_int_equal(value.len, 0);
	text_split(text_from("flag"), &key, &value);
	assert_true(text_is(key, "flag"));
	assert_null(value.at);
}

static void text_is_compares_the_whole_text(void **state)
{
	(void)state;
	assert_true(text_is(text_from("abc"), "abc"));
	assert_false(text_is(text_from("abc"), "ab"));
	assert_false(text_is(text_from("ab"), "abc"));
	assert_false(text_is(text_from("ABC"), "abc"));
	assert_true(text_is(text_from(""), ""));
	assert_int_equal(text_from(NULL).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_and_percent_print_themselves),
		cmocka_unit_test(decimals_print_as_c_does),
		cmocka_unit_test(hexadecimals_print_as_c_does),
		cmocka_unit_test(lengths_cut_the_argument_to_its_type),
		cmocka_unit_test(a_length_takes_what_the_caller_pushed_too_much_away),
		cmocka_unit_test(strings_and_characters_print_as_c_does),
		cmocka_unit_test(a_precision_bounds_what_is_read_of_a_string),
		cmocka_unit_test(width_and_precision_may_be_arguments),
		cmocka_unit_test(a_null_string_is_named),
		cmocka_unit_test(a_wrong_format_prints_itself),
		cmocka_unit_test(a_short_buffer_is_filled_and_terminated),
		cmocka_unit_test(no_buffer_gives_the_length_only),
		cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
		cmocka_unit_test(sizes_take_a_suffix),
		cmocka_unit_test(words_are_taken_off_one_by_one),
		cmocka_unit_test(pieces_between_separators_may_be_empty),
		cmocka_unit_test(a_piece_lies_in_its_text_and_in_no_copy),
		cmocka_unit_test(a_word_splits_at_the_first_equals_sign),
		cmocka_unit_test(text_is_compares_the_whole_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
