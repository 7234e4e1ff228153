/*
 * tests/unit/test_chipset.c - the promises of guest/chipset.h.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/chipset.h"

static struct chipset board;

static void out(io_access_fn access, uint16_t port, uint8_t size, uint32_t value)
{
	struct io_access io = {.port = port, .size = size, .write = true, .value = value};

	access(&board, &io);
}

static uint32_t in(io_access_fn access, uint16_t port, uint8_t size)
{
	struct io_access io = {.port = port, .size = size, .value = 0x5a5a5a5a};

	access(&board, &io);
	return io.value;
}

static int setup(void **state)
{
	(void)state;
	chipset_power_on(&board);
	return 0;
}

static void expect_request(enum chipset_request expected)
{
	assert_int_equal(chipset_take_request(&board), expected);
	assert_int_equal(chipset_take_request(&board), CHIPSET_NONE);
}

static void say(uint16_t port, const char *text)
{
	for (; *text; text++)
		out(chipset_debug_access, port, 1, (uint8_t)*text);
}

static void expect_line(const char *expected)
{
	const char *line = chipset_take_line(&board);

	assert_non_null(line);
	assert_string_equal(line, expected);
}

static void nothing_is_asked_for_at_power_on(void **state)
{
	(void)state;
	expect_request(CHIPSET_NONE);
	assert_null(chipset_take_line(&board));
	assert_int_equal(board.post_count, 0);
}

static void post_codes_are_kept_and_counted(void **state)
{
	(void)state;
	assert_int_equal(in(chipset_post_access, 0, 1), 0);
	out(chipset_post_access, 0, 1, 0x11);
	out(chipset_post_access, 0, 1, 0xa5);
	assert_int_equal(in(chipset_post_access, 0, 1), 0xa5);
	assert_int_equal(board.post, 0xa5);
	assert_int_equal(board.post_count, 2);
}

static void debug_ports_say_that_somebody_listens(void **state)
{
	(void)state;
	assert_int_equal(in(chipset_debug_access, CHIPSET_DEBUG_402, 1), 0xe9);
	assert_int_equal(in(chipset_debug_access, CHIPSET_DEBUG_E9, 1), 0xe9);
}

static void debug_output_comes_in_lines(void **state)
{
	(void)state;
	say(0, "SeaBIOS (version 1)\r\n\n\nsec");
	expect_line("SeaBIOS (version 1)");
	assert_null(chipset_take_line(&board));
	say(0, "ond\nthird\n");
	expect_line("second");
	expect_line("third");
	assert_null(chipset_take_line(&board));
}

static void the_two_ports_have_lines_of_their_own(void **state)
{
	(void)state;
	say(CHIPSET_DEBUG_402, "on");
	say(CHIPSET_DEBUG_E9, "tw");
	say(CHIPSET_DEBUG_402, "e\n");
	say(CHIPSET_DEBUG_E9, "o\n");
	expect_line("one");
	expect_line("two");
	assert_null(chipset_take_line(&board));
}

static void a_flush_ends_what_is_not_finished(void **state)
{
	(void)state;
	chipset_flush_line(&board);
	assert_null(chipset_take_line(&board));
	say(CHIPSET_DEBUG_402, "half a li");
	say(CHIPSET_DEBUG_E9, "and more");
	chipset_flush_line(&board);
	expect_line("half a li");
	expect_line("and more");
	assert_null(chipset_take_line(&board));
	say(CHIPSET_DEBUG_402, "ne\n");
	expect_line("ne");
}

static void what_is_not_printable_never_reaches_the_log(void **state)
{
	(void)state;
	say(0, "a\tb\033[2Jc\x7f\x80\xff~\n");
	out(chipset_debug_access, 0, 1, 0);
	say(0, "\r\n");
	expect_line("a b?[2Jc???~");
	assert_null(chipset_take_line(&board));
}

static void a_line_that_is_too_long_is_cut(void **state)
{
	char text[2 * CHIPSET_LINE_SIZE] = "";

	(void)state;
	memset(text, 'x', CHIPSET_LINE_SIZE - 1);
	say(0, text);
	assert_null(chipset_take_line(&board)); /* its end may be the next byte */
	say(0, "\n");
	expect_line(text);
	assert_null(chipset_take_line(&board));
	say(0, text);
	say(0, "yz\n");
	expect_line(text);
	expect_line("yz");
}

static void lines_that_nobody_takes_are_lost_and_counted(void **state)
{
	char text[] = "line a\n", expected[] = "line a";

	(void)state;
	say(0, "first\n");
	expect_line("first"); /* so that the ring turns */
	for (unsigned i = 0; i < CHIPSET_LINES + 3; i++, text[5]++)
		say(0, text);
	assert_int_equal(board.lines_lost, 3);
	for (unsigned i = 0; i < CHIPSET_LINES; i++, expected[5]++)
		expect_line(expected);
	assert_null(chipset_take_line(&board));
	say(0, "again\n");
	expect_line("again");
}

static void bit_2_of_the_reset_register_resets_as_it_rises(void **state)
{
	(void)state;
	assert_int_equal(in(chipset_reset_access, 0, 1), 0);
	out(chipset_reset_access, 0, 1, 0x02);
	expect_request(CHIPSET_NONE);
	out(chipset_reset_access, 0, 1, 0x06);
	expect_request(CHIPSET_RESET_HARD);
	assert_int_equal(in(chipset_reset_access, 0, 1), 0x06);
	out(chipset_reset_access, 0, 1, 0x06); /* it does not rise */
	expect_request(CHIPSET_NONE);
	out(chipset_reset_access, 0, 1, 0x00);
	expect_request(CHIPSET_NONE);
	out(chipset_reset_access, 0, 1, 0x04);
	expect_request(CHIPSET_RESET_SOFT);
	out(chipset_reset_access, 0, 1, 0x0a);
	out(chipset_reset_access, 0, 1, 0xff);
	expect_request(CHIPSET_RESET_HARD);
	assert_int_equal(in(chipset_reset_access, 0, 1), 0x0e);
}

static void a_word_2000h_powers_off(void **state)
{
	(void)state;
	out(chipset_power_access, 0, 2, 0x2000);
	expect_request(CHIPSET_POWER_OFF);
	assert_int_equal(in(chipset_power_access, 0, 2), 0);
	out(chipset_power_access, 0, 2, 0x2001);
	expect_request(CHIPSET_POWER_OFF);
	assert_int_equal(in(chipset_power_access, 0, 2), 0x0001);
	out(chipset_power_access, 0, 4, 0x12342000);
	expect_request(CHIPSET_POWER_OFF);
}

static void single_bytes_power_off_too(void **state)
{
	(void)state;
	out(chipset_power_access, 0, 1, 0x01);
	expect_request(CHIPSET_NONE);
	out(chipset_power_access, 1, 1, 0x20);
	expect_request(CHIPSET_POWER_OFF);
	assert_int_equal(in(chipset_power_access, 0, 2), 0x0001);
	out(chipset_power_access, 0, 1, 0xff);
	expect_request(CHIPSET_NONE);
	assert_int_equal(in(chipset_power_access, 0, 1), 0x03);
}

static void other_sleep_types_do_nothing(void **state)
{
	(void)state;
	for (uint32_t type = 1; type < 8; type++) {
		out(chipset_power_access, 0, 2, 0x2000 | type << 10);
		expect_request(CHIPSET_NONE);
		assert_int_equal(in(chipset_power_access, 0, 2), type << 10);
		assert_int_equal(in(chipset_power_access, 1, 1), type << 2);
	}
	out(chipset_power_access, 0, 1, 0x01); /* keeps the other half */
	assert_int_equal(in(chipset_power_access, 0, 2), 0x1c01);
	out(chipset_power_access, 0, 2, 0x0000); /* without the enable bit */
	expect_request(CHIPSET_NONE);
	out(chipset_power_access, 0, 2, 0xc3fc); /* bits that are not there */
	expect_request(CHIPSET_NONE);
	assert_int_equal(in(chipset_power_access, 0, 2), 0);
}

static void behind_the_power_register_there_is_nobody(void **state)
{
	struct io_access past = {.port = 2, .size = 1};

	(void)state;
	out(chipset_power_access, 0, 2, 0x0401);
	assert_int_equal(in(chipset_power_access, 0, 4), 0xffff0401);
	assert_int_equal(in(chipset_power_access, 1, 2), 0xff04);
	assert_int_equal(in(chipset_power_access, 1, 4), 0xffffff04);
	expect_assert_failure(chipset_power_access(&board, &past));
}

/* As Linux' pci_check_type1() and pci_check_type2(), and SeaBIOS' pci_probe_host() look. */
static void nobody_finds_pci(void **state)
{
	(void)state;
	out(chipset_pci_access, 3, 1, 0x01);
	out(chipset_pci_access, 0, 4, 0x80000000);
	assert_int_not_equal(in(chipset_pci_access, 0, 4), 0x80000000);
	assert_int_equal(in(chipset_pci_access, 4, 2), 0xffff); /* nobody's vendor */
	out(chipset_pci_access, 3, 1, 0x00);
	out(chipset_pci_access, 0, 1, 0x00);
	out(chipset_pci_access, 2, 1, 0x00);
	assert_int_not_equal(in(chipset_pci_access, 0, 1), 0x00);
	assert_int_not_equal(in(chipset_pci_access, 2, 1), 0x00);
	expect_request(CHIPSET_NONE);
}

static void all_of_pci_reads_all_ones_but_the_reset_register(void **state)
{
	(void)state;
	for (uint16_t port = 0; port < 8; port++) {
		assert_int_equal(in(chipset_pci_access, port, 1), port == 1 ? 0 : 0xff);
		assert_int_equal(in(chipset_pci_access, port, 2), 0xffff);
		assert_int_equal(in(chipset_pci_access, port, 4), UINT32_MAX);
		out(chipset_pci_access, port, 2, 0x0606);
		out(chipset_pci_access, port, 4, 0x06060606);
	}
	expect_request(CHIPSET_NONE);
	out(chipset_pci_access, 1, 1, 0x06);
	assert_int_equal(in(chipset_pci_access, 1, 1), 0x06);
	expect_request(CHIPSET_RESET_HARD);
}

static void the_debug_exit_has_an_odd_status(void **state)
{
	(void)state;
	assert_int_equal(in(chipset_exit_access, 0, 1), 0);
	assert_int_equal(in(chipset_exit_access, 2, 4), 0);
	out(chipset_exit_access, 0, 1, 0xffffff10);
	assert_int_equal(chipset_exit_status(&board), 0x21);
	expect_request(CHIPSET_DEBUG_EXIT);
	out(chipset_exit_access, 0, 2, 0xffff8000);
	assert_int_equal(chipset_exit_status(&board), 0x10001);
	expect_request(CHIPSET_DEBUG_EXIT);
	out(chipset_exit_access, 0, 4, 0x80000002);
	assert_int_equal(chipset_exit_status(&board), 5);
	expect_request(CHIPSET_DEBUG_EXIT);
	out(chipset_exit_access, 3, 1, 0);
	assert_int_equal(chipset_exit_status(&board), 1);
	expect_request(CHIPSET_DEBUG_EXIT);
}

static void the_first_request_counts(void **state)
{
	(void)state;
	out(chipset_exit_access, 0, 1, 3);
	out(chipset_exit_access, 0, 1, 4);
	out(chipset_power_access, 0, 2, 0x2000);
	out(chipset_reset_access, 0, 1, 0x06);
	assert_int_equal(chipset_exit_status(&board), 7);
	expect_request(CHIPSET_DEBUG_EXIT);
	chipset_power_on(&board);
	out(chipset_power_access, 0, 2, 0x2000);
	out(chipset_exit_access, 0, 1, 3);
	expect_request(CHIPSET_POWER_OFF);
	assert_int_equal(chipset_exit_status(&board), 0);
}

static void registers_past_the_end_are_our_bug(void **state)
{
	struct io_access debug = {.port = 2, .size = 1}, pci = {.port = 8, .size = 1};

	(void)state;
	expect_assert_failure(chipset_debug_access(&board, &debug));
	expect_assert_failure(chipset_pci_access(&board, &pci));
}

#define CHIPSET_TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIPSET_TEST(nothing_is_asked_for_at_power_on),
		CHIPSET_TEST(post_codes_are_kept_and_counted),
		CHIPSET_TEST(debug_ports_say_that_somebody_listens),
		CHIPSET_TEST(debug_output_comes_in_lines),
		CHIPSET_TEST(the_two_ports_have_lines_of_their_own),
		CHIPSET_TEST(a_flush_ends_what_is_not_finished),
		CHIPSET_TEST(what_is_not_printable_never_reaches_the_log),
		CHIPSET_TEST(a_line_that_is_too_long_is_cut),
		CHIPSET_TEST(lines_that_nobody_takes_are_lost_and_counted),
		CHIPSET_TEST(bit_2_of_the_reset_register_resets_as_it_rises),
		CHIPSET_TEST(a_word_2000h_powers_off),
		CHIPSET_TEST(single_bytes_power_off_too),
		CHIPSET_TEST(other_sleep_types_do_nothing),
		CHIPSET_TEST(behind_the_power_register_there_is_nobody),
		CHIPSET_TEST(nobody_finds_pci),
		CHIPSET_TEST(all_of_pci_reads_all_ones_but_the_reset_register),
		CHIPSET_TEST(the_debug_exit_has_an_odd_status),
		CHIPSET_TEST(the_first_request_counts),
		CHIPSET_TEST(registers_past_the_end_are_our_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
