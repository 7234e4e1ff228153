/*
 * tests/unit/test_monitor_words.c - debug/monitor_words.h: words, numbers, and what was meant.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "debug/monitor_words.h"

static bool no_run(const struct monitor_args *a)
{
	(void)a;
	return true;
}

static const struct monitor_command one = {.name = "vm", .run = no_run};
static const struct monitor_command two = {.name = "vmcs", .run = no_run};
static const struct monitor_command *const commands[] = {&one, &two, NULL};

static bool is_near(const char *written, const char *name)
{
	return monitor_is_near(text_from(written), name);
}

static enum status number(const char *word, uint64_t low, uint64_t high, uint64_t *value)
{
	return monitor_number(text_from(word), low, high, value);
}

static void a_line_is_split_at_its_blanks(void **state)
{
	struct monitor_args a;

	(void)state;
	assert_true(monitor_split(text_from("  mem r\tdemo  0x10 "), &a));
	assert_int_equal(a.count, 4);
	assert_true(text_is(a.words[0], "mem"));
	assert_true(text_is(a.words[3], "0x10"));
	assert_true(monitor_split(text_from(" \t "), &a));
	assert_int_equal(a.count, 0);
}

static void a_line_of_too_many_words_is_refused(void **state)
{
	struct monitor_args a;

	(void)state;
	assert_true(monitor_split(text_from("1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6"), &a));
	assert_int_equal(a.count, MONITOR_WORDS_MAX);
	assert_false(monitor_split(text_from("1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7"), &a));
}

static void a_command_is_found_by_its_whole_name(void **state)
{
	(void)state;
	assert_ptr_equal(monitor_find(commands, text_from("vm")), &one);
	assert_ptr_equal(monitor_find(commands, text_from("vmcs")), &two);
	assert_null(monitor_find(commands, text_from("v")));
	assert_null(monitor_find(commands, text_from("vmc")));
	assert_null(monitor_find(commands, text_from("")));
}

static void a_beginning_and_one_or_two_typing_errors_are_near(void **state)
{
	(void)state;
	assert_true(is_near("vm", "vmcs"));
	assert_true(is_near("vmlist", "vm"));
	assert_true(is_near("vncs", "vmcs"));
	assert_true(is_near("vmxcs", "vmcs"));
	assert_true(is_near("mcs", "vmcs"));
	assert_true(is_near("hlep", "help"));
	assert_true(is_near("inject", "inject"));
	assert_true(is_near("statistic", "statist"));
}

static void other_words_are_not_near(void **state)
{
	(void)state;
	assert_false(is_near("xy", "vm"));
	assert_false(is_near("x", "vm"));
	assert_false(is_near("quit", "exit now"));
	assert_false(is_near("start", "stop"));
	assert_true(is_near("vmcs-and-much-more", "vmcs"));
	assert_false(is_near("vncs-and-much-more", "vmcs"));
	assert_false(is_near("vmcs", "vnuch-longer-than-that"));
}

static void numbers_are_taken_within_their_range(void **state)
{
	uint64_t value = 7;

	(void)state;
	assert_int_equal(number("10", 1, 10, &value), OK);
	assert_int_equal(value, 10);
	assert_int_equal(number("0x1F", 0, 0xff, &value), OK);
	assert_int_equal(value, 0x1f);
	assert_int_equal(number("11", 1, 10, &value), ERR_RANGE);
	assert_int_equal(number("0", 1, 10, &value), ERR_RANGE);
	assert_int_equal(number("99999999999999999999", 0, UINT64_MAX, &value), ERR_RANGE);
	assert_int_equal(number("ten", 0, 10, &value), ERR_INVALID);
	assert_int_equal(number("", 0, 10, &value), ERR_INVALID);
	assert_int_equal(value, 0x1f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_split_at_its_blanks),
		cmocka_unit_test(a_line_of_too_many_words_is_refused),
		cmocka_unit_test(a_command_is_found_by_its_whole_name),
		cmocka_unit_test(a_beginning_and_one_or_two_typing_errors_are_near),
		cmocka_unit_test(other_words_are_not_near),
		cmocka_unit_test(numbers_are_taken_within_their_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
