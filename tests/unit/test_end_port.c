/*
 * tests/unit/test_end_port.c - the promises of guest/end_port.h.
 */
#include "tests/unit/support.h"

#include "guest/end_port.h"

/* Writes the text to a port that was just reset; is the machine's end reached? */
static bool ends(const char *text)
{
	struct end_port e;

	end_port_reset(&e);
	for (; *text; text++) {
		struct io_access io = {.size = 1, .write = true, .value = (uint8_t)*text};

		end_port_access(&e, &io);
	}
	return end_port_done(&e);
}

static void the_word_ends_the_machine(void **state)
{
	(void)state;
	assert_true(ends("Shutdown"));
	assert_false(ends(""));
	assert_false(ends("Shutdow"));
	assert_false(ends("hutdown"));
	assert_false(ends("shutdown"));
	assert_false(ends("SHUTDOWN"));
}

static void any_other_byte_starts_the_word_anew(void **state)
{
	(void)state;
	assert_false(ends("Shut down"));
	assert_false(ends("ShutdowN"));
	assert_false(ends("Shutdxown"));
	assert_true(ends("Shut Shutdown"));
	assert_true(ends("xShutdown"));
}

static void an_s_in_the_middle_is_a_first_letter_again(void **state)
{
	(void)state;
	assert_true(ends("SShutdown"));
	assert_true(ends("ShutShutdown"));
	assert_true(ends("ShutdowShutdown"));
	assert_false(ends("SSShutdow"));
	assert_false(ends("ShutdSown"));
}

static void the_end_is_the_end(void **state)
{
	(void)state;
	assert_true(ends("Shutdown and more"));
}

static void a_read_finds_nobody_and_disturbs_nothing(void **state)
{
	static const char word[] = "Shutdown";
	struct end_port e;

	(void)state;
	end_port_reset(&e);
	for (unsigned i = 0; i < 8; i++) {
		struct io_access write = {.size = 1, .write = true, .value = (uint8_t)word[i]};
		struct io_access read = {.size = 1, .value = 'x'};

		end_port_access(&e, &write);
		end_port_access(&e, &read);
		assert_int_equal(read.value, 0xff);
	}
	assert_true(end_port_done(&e));
	end_port_reset(&e);
	assert_false(end_port_done(&e));
}

static void it_has_one_register(void **state)
{
	struct io_access io = {.port = 1, .size = 1};
	struct end_port e;

	(void)state;
	end_port_reset(&e);
	expect_assert_failure(end_port_access(&e, &io));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_word_ends_the_machine),
		cmocka_unit_test(any_other_byte_starts_the_word_anew),
		cmocka_unit_test(an_s_in_the_middle_is_a_first_letter_again),
		cmocka_unit_test(the_end_is_the_end),
		cmocka_unit_test(a_read_finds_nobody_and_disturbs_nothing),
		cmocka_unit_test(it_has_one_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
