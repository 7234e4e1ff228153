/*
 * tests/unit/test_cr_words.c - toolkit/cr_words.h: control registers in words, and cr3target=.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "toolkit/cr_words.h"

static void changes(unsigned cr, uint64_t old, uint64_t now, const char *expected)
{
	char text[CR_CHANGES_TEXT];

	cr_changes(cr, old, now, text);
	assert_string_equal(text, expected);
}

static void changed_bits_have_their_names(void **state)
{
	(void)state;
	changes(0, 0x10, 0x80000011, " (+PE +PG)");
	changes(0, 0x1e, 0x10, " (-MP -EM -TS)");
	changes(4, 0x20, 0x40610, " (+PSE -PAE +OSFXSR +OSXMMEXC +OSXSAVE)");
	changes(4, 0, UINT64_C(1) << 17, " (+PCIDE)");
}

static void nothing_changed_is_nothing_said(void **state)
{
	(void)state;
	changes(0, 0x10, 0x10, "");
	changes(4, 0, 0, "");
}

static void a_bit_without_a_name_shows_by_its_number(void **state)
{
	(void)state;
	changes(0, 0, UINT64_C(1) << 40, " (+bit 40)");
	changes(4, UINT64_C(1) << 27, 0, " (-bit 27)");
	changes(3, 0, 1, " (+bit 0)");
}

static void what_has_no_room_is_left_out(void **state)
{
	char text[CR_CHANGES_TEXT];

	(void)state;
	cr_changes(4, 0, UINT64_MAX, text);
	assert_true(strlen(text) < CR_CHANGES_TEXT - 1);
	assert_int_equal(text[strlen(text) - 1], ')');
}

static enum status targets(const char *value, struct cr3_targets *t, const char **what,
			   const char *bad_piece)
{
	struct text bad = {0};
	enum status s = cr3_targets_read(text_from(value), t, &bad, what);

	if (s != OK)
		assert_true(text_is(bad, bad_piece));
	return s;
}

static void one_to_four_targets_are_read(void **state)
{
	struct cr3_targets t;
	const char *what;

	(void)state;
	assert_int_equal(targets("1000", &t, &what, NULL), OK);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.at[0], 0x1000);
	assert_int_equal(targets("0x10,aBc,0,ffffffffffffffff", &t, &what, NULL), OK);
	assert_int_equal(t.count, 4);
	assert_int_equal(t.at[0], 0x10);
	assert_int_equal(t.at[1], 0xabc);
	assert_int_equal(t.at[2], 0);
	assert_true(t.at[3] == UINT64_MAX);
}

static void a_wrong_target_is_named(void **state)
{
	struct cr3_targets t;
	const char *what;

	(void)state;
	assert_int_equal(targets("1000,xyz", &t, &what, "xyz"), ERR_INVALID);
	assert_string_equal(what, "not a hexadecimal number of 64 bits");
	assert_int_equal(targets("1000,,2000", &t, &what, ""), ERR_INVALID);
	assert_int_equal(targets("0x", &t, &what, "0x"), ERR_INVALID);
	assert_int_equal(targets("1-2", &t, &what, "1-2"), ERR_INVALID);
	assert_int_equal(targets("10000000000000000", &t, &what, "10000000000000000"), ERR_RANGE);
	assert_int_equal(targets("1,2,3,4,5", &t, &what, "5"), ERR_FULL);
	assert_string_equal(what, "a CPU has four CR3-target values at most");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed_bits_have_their_names),
		cmocka_unit_test(nothing_changed_is_nothing_said),
		cmocka_unit_test(a_bit_without_a_name_shows_by_its_number),
		cmocka_unit_test(what_has_no_room_is_left_out),
		cmocka_unit_test(one_to_four_targets_are_read),
		cmocka_unit_test(a_wrong_target_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
