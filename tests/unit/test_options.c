/*
 * tests/unit/test_options.c - kernel/options.h: the command line, right and wrong.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "kernel/options.h"

static struct options options;
static struct text bad;

static void parse(const char *line)
{
	assert_int_equal(options_parse(&options, line, &bad), OK);
}

static void an_empty_line_has_no_options(void **state)
{
	unsigned position = 0;
	struct text word;

	(void)state;
	parse("");
	assert_int_equal(options.count, 0);
	parse(" \t ");
	assert_int_equal(options.count, 0);
	assert_false(options_next_unknown(&options, &position, &word));
}

static void words_become_keys_and_values(void **state)
{
	struct text value;

	(void)state;
	parse("loglevel=info  log=vmx:debug,exit:trace\tconsole=com1");
	assert_int_equal(options.count, 3);
	assert_int_equal(options_text(&options, "log", &value), OK);
	assert_true(text_is(value, "vmx:debug,exit:trace"));
	assert_int_equal(options_text(&options, "console", &value), OK);
	assert_true(text_is(value, "com1"));
	assert_int_equal(options_text(&options, "gdb", &value), ERR_NOT_FOUND);
}

static void quotes_hold_blanks_together(void **state)
{
	struct text value;

	(void)state;
	parse("a=\"one two\" \"b=three four\" c=\"\" d=5");
	assert_int_equal(options.count, 4);
	assert_int_equal(options_text(&options, "a", &value), OK);
	assert_true(text_is(value, "one two"));
	assert_int_equal(options_text(&options, "b", &value), OK);
	assert_true(text_is(value, "three four"));
	assert_int_equal(options_text(&options, "c", &value), OK);
	assert_int_equal(value.len, 0);
	assert_int_equal(options_text(&options, "d", &value), OK);
	assert_true(text_is(value, "5"));
}

static void a_bad_word_is_named_and_what_was_before_it_holds(void **state)
{
	static const struct {
		const char *line, *word;
	} cases[] = {
		{"a=1 b=\"open", "b=\"open"}, {"a=1 =5", "=5"},     {"a=1 x\"y", "x\"y"},
		{"a=1 b=x\"y\"", "b=x\"y\""}, {"a=1 \"\"", "\"\""}, {"a=1 \"b\"c", "\"b\"c"},
	};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(options_parse(&options, cases[i].line, &bad), ERR_INVALID);
		assert_true(text_is(bad, cases[i].word));
		assert_int_equal(options.count, 1);
		assert_int_equal(options_u64(&options, "a", 10, &value), OK);
	}
}

static void too_many_words_are_an_error(void **state)
{
	char line[OPTIONS_MAX * 2 + 3];
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < OPTIONS_MAX; i++) {
		line[len++] = 'x';
		line[len++] = ' ';
	}
	line[len] = '\0';
	parse(line);
	assert_int_equal(options.count, OPTIONS_MAX);
	memcpy(line + len, "y", 2);
	assert_int_equal(options_parse(&options, line, &bad), ERR_FULL);
	assert_true(text_is(bad, "y"));
}

static void the_last_of_equal_keys_counts(void **state)
{
	uint64_t value = 0;
	unsigned position = 0;
	struct text word;

	(void)state;
	parse("n=1 n=2 n=3");
	assert_int_equal(options_u64(&options, "n", 10, &value), OK);
	assert_int_equal(value, 3);
	assert_true(text_is(options_given(&options, "n"), "3"));
	assert_false(options_next_unknown(&options, &position, &word));
}

static void numbers_are_checked_against_their_limit(void **state)
{
	uint64_t value = 77;

	(void)state;
	parse("n=10 big=11 word=ten bare huge=18446744073709551616");
	assert_int_equal(options_u64(&options, "n", 10, &value), OK);
	assert_int_equal(value, 10);
	value = 77;
	assert_int_equal(options_u64(&options, "big", 10, &value), ERR_RANGE);
	assert_int_equal(options_u64(&options, "word", 10, &value), ERR_INVALID);
	assert_int_equal(options_u64(&options, "bare", 10, &value), ERR_INVALID);
	assert_int_equal(options_u64(&options, "huge", UINT64_MAX, &value), ERR_RANGE);
	assert_int_equal(options_u64(&options, "none", 10, &value), ERR_NOT_FOUND);
	assert_int_equal(value, 77);
}

static void sizes_have_suffixes(void **state)
{
	uint64_t value = 0;

	(void)state;
	parse("mem=256M bad=256Q");
	assert_int_equal(options_size(&options, "mem", &value), OK);
	assert_int_equal(value, 256 * MIB);
	assert_int_equal(options_size(&options, "bad", &value), ERR_INVALID);
	assert_int_equal(options_size(&options, "none", &value), ERR_NOT_FOUND);
	assert_int_equal(value, 256 * MIB);
}

static void flags_are_on_when_named(void **state)
{
	bool value = false;

	(void)state;
	parse("a b=on c=no d=1 e=0 f=yes g=off h=perhaps i=");
	assert_int_equal(options_flag(&options, "a", &value), OK);
	assert_true(value);
	assert_int_equal(options_flag(&options, "c", &value), OK);
	assert_false(value);
	assert_int_equal(options_flag(&options, "b", &value), OK);
	assert_true(value);
	assert_int_equal(options_flag(&options, "e", &value), OK);
	assert_false(value);
	assert_int_equal(options_flag(&options, "d", &value), OK);
	assert_true(value);
	assert_int_equal(options_flag(&options, "g", &value), OK);
	assert_false(value);
	assert_int_equal(options_flag(&options, "f", &value), OK);
	assert_true(value);
	assert_int_equal(options_flag(&options, "h", &value), ERR_INVALID);
	assert_int_equal(options_flag(&options, "i", &value), ERR_INVALID);
	assert_int_equal(options_flag(&options, "z", &value), ERR_NOT_FOUND);
	assert_true(value);
}

static void choices_are_one_of_their_words(void **state)
{
	static const char *const words[] = {"halt", "reset", "poweroff"};
	unsigned value = 0;

	(void)state;
	parse("panic=reset wrong=explode bare");
	assert_int_equal(options_choice(&options, "panic", words, 3, &value), OK);
	assert_int_equal(value, 1);
	assert_int_equal(options_choice(&options, "wrong", words, 3, &value), ERR_INVALID);
	assert_int_equal(options_choice(&options, "bare", words, 3, &value), ERR_INVALID);
	assert_int_equal(options_choice(&options, "none", words, 3, &value), ERR_NOT_FOUND);
	assert_int_equal(value, 1);
}

static void words_that_nobody_asked_for_are_listed(void **state)
{
	unsigned position = 0;
	struct text word, value;

	(void)state;
	parse("known=1 foo=2 bar quiet");
	assert_int_equal(options_text(&options, "known", &value), OK);
	assert_int_equal(options_text(&options, "other", &value), ERR_NOT_FOUND);
	assert_true(options_next_unknown(&options, &position, &word));
	assert_true(text_is(word, "foo"));
	assert_true(options_next_unknown(&options, &position, &word));
	assert_true(text_is(word, "bar"));
	assert_true(options_next_unknown(&options, &position, &word));
	assert_true(text_is(word, "quiet"));
	assert_false(options_next_unknown(&options, &position, &word));
}

static void what_was_not_given_is_empty(void **state)
{
	(void)state;
	parse("bare n=1");
	assert_int_equal(options_given(&options, "bare").len, 0);
	assert_int_equal(options_given(&options, "none").len, 0);
	assert_true(text_is(options_given(&options, "n"), "1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_line_has_no_options),
		cmocka_unit_test(words_become_keys_and_values),
		cmocka_unit_test(quotes_hold_blanks_together),
		cmocka_unit_test(a_bad_word_is_named_and_what_was_before_it_holds),
		cmocka_unit_test(too_many_words_are_an_error),
		cmocka_unit_test(the_last_of_equal_keys_counts),
		cmocka_unit_test(numbers_are_checked_against_their_limit),
		cmocka_unit_test(sizes_have_suffixes),
		cmocka_unit_test(flags_are_on_when_named),
		cmocka_unit_test(choices_are_one_of_their_words),
		cmocka_unit_test(words_that_nobody_asked_for_are_listed),
		cmocka_unit_test(what_was_not_given_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
