/* tests/unit/test_vrtc_calendar.c - what kernel/calendar.h promises about dates. */
#include "tests/unit/support.h"

#include <time.h>

#include "kernel/calendar.h"

#define BINARY   0x04
#define HOURS_24 0x02

static void known_moments_are_known(void **state)
{
	static const struct {
		int64_t unix_s;
		struct calendar c;
	} moments[] = {
		{0, {1970, 1, 1, 0, 0, 0, 5}},
		{-1, {1969, 12, 31, 23, 59, 59, 4}},
		{951782399, {2000, 2, 28, 23, 59, 59, 2}},
		{951782400, {2000, 2, 29, 0, 0, 0, 3}},
		{1709251199, {2024, 2, 29, 23, 59, 59, 5}},
		{1735689599, {2024, 12, 31, 23, 59, 59, 3}},
		{4107542400, {2100, 3, 1, 0, 0, 0, 2}},
		{-62167219200, {0, 1, 1, 0, 0, 0, 7}},
		{253402300799, {9999, 12, 31, 23, 59, 59, 6}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		struct calendar c;
		int64_t unix_s;

		calendar_from_unix(moments[i].unix_s, &c);
		assert_memory_equal(&c, &moments[i].c, sizeof(c));
		assert_int_equal(calendar_to_unix(&c, &unix_s), OK);
		assert_true(unix_s == moments[i].unix_s);
	}
}

static void every_day_of_five_hundred_years_is_as_the_host_says(void **state)
{
	(void)state;
	for (int64_t day = -146097; day < 40000; day++) {
		time_t at = day * 86400 + (day & 0xffff);
		struct calendar c;
		struct tm tm;
		int64_t back;

		calendar_from_unix(at, &c);
		assert_non_null(gmtime_r(&at, &tm));
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(c.hour, tm.tm_hour);
		assert_int_equal(c.minute, tm.tm_min);
		assert_int_equal(c.second, tm.tm_sec);
		assert_int_equal(c.weekday, tm.tm_wday + 1);
		assert_int_equal(calendar_to_unix(&c, &back), OK);
		assert_true(back == at);
	}
}

static void far_times_stay_within_ten_thousand_years(void **state)
{
	struct calendar c;

	(void)state;
	calendar_from_unix(253402300800, &c);
	assert_int_equal(c.year, 0);
	calendar_from_unix(-62167219201, &c);
	assert_int_equal(c.year, 9999);
	assert_int_equal(c.weekday, 6);
	calendar_from_unix(INT64_MAX, &c);
	assert_in_range(c.month, 1, 12);
	calendar_from_unix(INT64_MIN, &c);
	assert_in_range(c.year, 0, 9999);
}

static void dates_that_are_none_are_refused(void **state)
{
	static const struct calendar wrong[] = {
		{.year = 10000, .month = 1, .day = 1},
		{.year = 2023, .month = 0, .day = 1},
		{.year = 2023, .month = 13, .day = 1},
		{.year = 2023, .month = 1, .day = 0},
		{.year = 2023, .month = 2, .day = 29},
		{.year = 2100, .month = 2, .day = 29},
		{.year = 2023, .month = 4, .day = 31},
		{.year = 2023, .month = 1, .day = 1, .hour = 24},
		{.year = 2023, .month = 1, .day = 1, .minute = 60},
		{.year = 2023, .month = 1, .day = 1, .second = 60},
	};
	int64_t unix_s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(calendar_to_unix(&wrong[i], &unix_s), ERR_RANGE);
}

static void bcd_goes_both_ways(void **state)
{
	uint8_t number;

	(void)state;
	for (uint8_t i = 0; i < 100; i++) {
		assert_int_equal(calendar_from_bcd(calendar_to_bcd(i), &number), OK);
		assert_int_equal(number, i);
	}
	assert_int_equal(calendar_to_bcd(59), 0x59);
	assert_int_equal(calendar_from_bcd(0x0a, &number), ERR_RANGE);
	assert_int_equal(calendar_from_bcd(0xa0, &number), ERR_RANGE);
}

static void expect_registers(struct calendar_registers r, int64_t expected)
{
	int64_t unix_s = 0;

	assert_int_equal(calendar_from_registers(&r, &unix_s), OK);
	assert_true(unix_s == expected);
}

static void registers_are_read_in_all_four_modes(void **state)
{
	const int64_t at = 1709251199; /* 2024-02-29 23:59:59 */

	(void)state;
	expect_registers((struct calendar_registers){0x59, 0x59, 0x23, 0x29, 0x02, 0x24, 0x20, true,
						     HOURS_24},
			 at);
	expect_registers(
		(struct calendar_registers){0x59, 0x59, 0x91, 0x29, 0x02, 0x24, 0x20, true, 0}, at);
	expect_registers(
		(struct calendar_registers){59, 59, 23, 29, 2, 24, 20, true, HOURS_24 | BINARY},
		at);
	expect_registers((struct calendar_registers){59, 59, 0x8b, 29, 2, 24, 20, true, BINARY},
			 at);
	/* No century: 20. Twelve o'clock at night and at noon. */
	expect_registers((struct calendar_registers){0, 0, 12, 1, 1, 0, 99, false, BINARY},
			 946684800);
	expect_registers((struct calendar_registers){0, 0, 0x92, 1, 1, 0, 0, false, 0}, 946728000);
	expect_registers((struct calendar_registers){0, 0, 0, 1, 1, 0x70, 0x19, true, HOURS_24}, 0);
}

static void registers_that_make_no_sense_are_refused(void **state)
{
	static const struct calendar_registers wrong[] = {
		{0x5a, 0, 0, 1, 1, 0, 0, false, HOURS_24},
		{0, 0xa0, 0, 1, 1, 0, 0, false, HOURS_24},
		{0, 0, 0x1a, 1, 1, 0, 0, false, HOURS_24},
		{0, 0, 0x24, 1, 1, 0, 0, false, HOURS_24},
		{0, 0, 0, 1, 1, 0, 0, false, 0},
		{0, 0, 0x93, 1, 1, 0, 0, false, 0},
		{0, 0, 0x1b, 1, 1, 0, 0, false, 0},
		{0, 0, 0, 0x0a, 1, 0, 0, false, HOURS_24},
		{0, 0, 0, 1, 0x0a, 0, 0, false, HOURS_24},
		{0, 0, 0, 1, 1, 0x0a, 0, false, HOURS_24},
		{0, 0, 0, 1, 1, 100, 0, false, HOURS_24 | BINARY},
		{0, 0, 0, 1, 1, 0, 0xff, true, HOURS_24},
		{0, 0, 0, 1, 1, 0, 200, true, HOURS_24 | BINARY},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, true, 0xff},
	};
	int64_t unix_s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(calendar_from_registers(&wrong[i], &unix_s), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_moments_are_known),
		cmocka_unit_test(every_day_of_five_hundred_years_is_as_the_host_says),
		cmocka_unit_test(far_times_stay_within_ten_thousand_years),
		cmocka_unit_test(dates_that_are_none_are_refused),
		cmocka_unit_test(bcd_goes_both_ways),
		cmocka_unit_test(registers_are_read_in_all_four_modes),
		cmocka_unit_test(registers_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
