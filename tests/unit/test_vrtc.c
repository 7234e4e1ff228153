/*
 * tests/unit/test_vrtc.c - what the guest's clock promises about its registers, its RAM and the
 * time of day. test_vrtc_irq.c has the interrupts, test_vrtc_calendar.c the dates by themselves.
 */
#include "tests/unit/vrtc_rig.h"

static void power_on_is_as_a_bios_leaves_it(void **state)
{
	(void)state;
	assert_int_equal(get(RTC_A), 0x26);
	assert_int_equal(get(RTC_B), 0x02);
	assert_int_equal(get(RTC_C), 0);
	assert_int_equal(get(RTC_D), 0x80);
	assert_int_equal(get(VRTC_CMOS_SHUTDOWN), 0);
	assert_int_equal(get(VRTC_CMOS_FLOPPIES), 0);
	assert_int_equal(get(VRTC_CMOS_DISKS), 0);
	assert_int_equal(get(VRTC_CMOS_EQUIPMENT), 0x02);
	expect_clock(0x23, 0x59, 0x30);
	expect_date(0x20, 0x24, 0x02, 0x28, 4);
	assert_false(irq());
	assert_true(deadline() == NS_NEVER);
}

static void power_on_at_time_zero_works(void **state)
{
	(void)state;
	now_ns = 0;
	vrtc_power_on(&rtc, 0, START_UNIX_S);
	expect_clock(0x23, 0x59, 0x30);
	now_ns = 1 * S - 1;
	expect_clock(0x23, 0x59, 0x30);
	now_ns = 1 * S;
	expect_clock(0x23, 0x59, 0x31);
}

static void the_index_port_reads_all_ones_and_masks_nmi(void **state)
{
	(void)state;
	assert_false(vrtc_nmi_masked(&rtc));
	port_out(0, 0x80 | VRTC_CMOS_SHUTDOWN);
	assert_true(vrtc_nmi_masked(&rtc));
	assert_int_equal(port_in(0), 0xff);
	port_out(1, 0x0a);
	port_out(0, VRTC_CMOS_SHUTDOWN);
	assert_false(vrtc_nmi_masked(&rtc));
	assert_int_equal(port_in(1), 0x0a);
	assert_int_equal(vrtc_cmos(&rtc, VRTC_CMOS_SHUTDOWN), 0x0a);
}

static void ram_keeps_every_byte(void **state)
{
	(void)state;
	for (unsigned i = RTC_RAM; i < VRTC_BYTES; i++)
		put((uint8_t)i, (uint8_t)(i * 7));
	for (unsigned i = RTC_RAM; i < VRTC_BYTES; i++)
		assert_int_equal(get((uint8_t)i), (uint8_t)(i * 7));
	now_ns += 100 * S; /* 32h was no century: it is left alone */
	assert_int_equal(get(RTC_CENTURY), (uint8_t)(RTC_CENTURY * 7));
}

static void registers_keep_what_they_have_bits_for(void **state)
{
	(void)state;
	put(RTC_A, 0xff);
	assert_int_equal(get(RTC_A), 0x7f);
	put(RTC_B, 0xff);
	assert_int_equal(get(RTC_B), 0xef); /* SET clears UIE */
	put(RTC_C, 0xff);
	assert_int_equal(get(RTC_C), 0);
	put(RTC_D, 0);
	assert_int_equal(get(RTC_D), 0x80);
}

static void expect_checksum(void)
{
	unsigned sum = 0;

	for (uint8_t i = 0x10; i <= 0x2d; i++)
		sum += get(i);
	assert_int_equal(get(0x2e) << 8 | get(0x2f), sum & 0xffff);
}

static void the_boards_writes_keep_the_checksum_right(void **state)
{
	(void)state;
	expect_checksum();
	vrtc_set_cmos(&rtc, VRTC_CMOS_DISKS, 0xf0);
	vrtc_set_cmos(&rtc, 0x19, 0x2f);
	expect_checksum();
	for (uint8_t i = 0x10; i <= 0x2d; i++)
		vrtc_set_cmos(&rtc, i, 0xff);
	expect_checksum();
	assert_int_equal(get(0x2e), 0x1d);
}

static unsigned word(uint8_t index)
{
	return get(index) | (unsigned)get((uint8_t)(index + 1)) << 8;
}

static void memory_sizes_stand_where_a_bios_looks(void **state)
{
	static const struct {
		uint64_t below, above;
		unsigned base_kib, extended_kib, above_16m, above_4g;
	} sizes[] = {
		{512 * KIB, 0, 512, 0, 0, 0},
		{MIB, 0, 640, 0, 0, 0},
		{8 * MIB, 0, 640, 7168, 0, 0},
		{16 * MIB + 64 * KIB, 0, 640, 15424, 1, 0},
		{80 * MIB, 0, 640, 65535, 1024, 0},
		{3 * GIB, 5 * GIB, 640, 65535, 48896, 81920},
		{UINT64_MAX, UINT64_MAX, 640, 65535, 65535, 0xffffff},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		vrtc_set_memory(&rtc, sizes[i].below, sizes[i].above);
		assert_int_equal(word(0x15), sizes[i].base_kib);
		assert_int_equal(word(0x17), sizes[i].extended_kib);
		assert_int_equal(word(0x30), sizes[i].extended_kib);
		assert_int_equal(word(0x34), sizes[i].above_16m);
		assert_int_equal(word(0x5b) | (unsigned)get(0x5d) << 16, sizes[i].above_4g);
		expect_checksum();
	}
}

static void seconds_go_over_into_leap_days(void **state)
{
	(void)state;
	now_ns += 29 * S;
	expect_clock(0x23, 0x59, 0x59);
	now_ns += 1 * S;
	expect_clock(0x00, 0x00, 0x00);
	expect_date(0x20, 0x24, 0x02, 0x29, 5);
	now_ns += 86400 * S;
	expect_date(0x20, 0x24, 0x03, 0x01, 6);
	now_ns += 306 * 86400 * S;
	expect_date(0x20, 0x25, 0x01, 0x01, 4);
	now_ns += UINT64_C(36525) * 86400 * S; /* 2100 is no leap year */
	expect_date(0x21, 0x25, 0x01, 0x02, 3);
}

static void the_century_goes_on(void **state)
{
	(void)state;
	put(RTC_B, RTC_B_24 | RTC_B_SET);
	set_clock(0x23, 0x59, 0x59);
	put(RTC_YEAR, 0x99);
	put(RTC_MONTH, 0x12);
	put(RTC_DAY, 0x31);
	put(RTC_CENTURY, 0x19);
	put(RTC_B, RTC_B_24);
	now_ns += 1 * S;
	expect_date(0x20, 0x00, 0x01, 0x01, 5);
	put(RTC_B, RTC_B_24 | RTC_B_SET);
	set_clock(0x23, 0x59, 0x59);
	put(RTC_YEAR, 0x99);
	put(RTC_MONTH, 0x12);
	put(RTC_DAY, 0x31);
	put(RTC_CENTURY, 0x99);
	put(RTC_B, RTC_B_24);
	now_ns += 1 * S;
	assert_int_equal(get(RTC_CENTURY), 0);
	assert_int_equal(get(RTC_YEAR), 0);
}

/* One second in each hour of a day, in a mode. hours: the hour byte that follows 11 p.m. first. */
static void expect_hours(uint8_t mode, const uint8_t hours[24])
{
	vrtc_power_on(&rtc, now_ns, START_UNIX_S);
	put(RTC_B, mode | RTC_B_SET);
	set_clock(hours[23], mode & RTC_B_DM ? 59 : 0x59, mode & RTC_B_DM ? 59 : 0x59);
	put(RTC_YEAR, mode & RTC_B_DM ? 24 : 0x24);
	put(RTC_DAY, mode & RTC_B_DM ? 28 : 0x28);
	put(RTC_CENTURY, mode & RTC_B_DM ? 20 : 0x20);
	put(RTC_B, mode);
	now_ns += 1 * S;
	for (unsigned hour = 0; hour < 24; hour++) {
		expect_clock(hours[hour], 0, 0);
		now_ns += 3600 * S;
	}
	assert_int_equal(get(RTC_DAY), 1);
}

static void hours_are_shown_in_all_four_modes(void **state)
{
	static const uint8_t bcd_24[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
					 0x08, 0x09, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
					 0x16, 0x17, 0x18, 0x19, 0x20, 0x21, 0x22, 0x23};
	static const uint8_t bcd_12[] = {0x12, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
					 0x08, 0x09, 0x10, 0x11, 0x92, 0x81, 0x82, 0x83,
					 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x90, 0x91};
	uint8_t binary_24[24], binary_12[24];

	(void)state;
	for (unsigned hour = 0; hour < 24; hour++) {
		binary_24[hour] = (uint8_t)hour;
		binary_12[hour] =
			(uint8_t)((hour % 12 ? hour % 12 : 12) | (hour < 12 ? 0 : RTC_PM));
	}
	expect_hours(RTC_B_24, bcd_24);
	expect_hours(0, bcd_12);
	expect_hours(RTC_B_24 | RTC_B_DM, binary_24);
	expect_hours(RTC_B_DM, binary_12);
}

static void bytes_that_are_no_time_come_into_range_with_the_update(void **state)
{
	static const uint8_t modes[] = {0, RTC_B_24, RTC_B_DM, RTC_B_24 | RTC_B_DM};

	(void)state;
	for (unsigned mode = 0; mode < ARRAY_SIZE(modes); mode++) {
		for (unsigned value = 0; value < 256; value++) {
			put(RTC_B, modes[mode] | RTC_B_SET);
			for (unsigned i = 0; i < RTC_A; i++)
				put((uint8_t)i, (uint8_t)value);
			put(RTC_B, modes[mode]);
			assert_int_equal(get(RTC_MONTH), value);
			now_ns += 1 * S;
			for (unsigned i = RTC_WEEKDAY; i < RTC_YEAR; i++)
				assert_in_range(get((uint8_t)i), 1, 0x31);
			assert_in_range(get(RTC_SECOND), 0, 0x59);
			assert_in_range(get(RTC_MINUTE), 0, 0x59);
			assert_in_range(get(RTC_HOUR) & 0x7f, 0, 0x23);
			assert_in_range(get(RTC_YEAR), 0, 0x99);
		}
	}
}

static void set_stops_the_time_but_not_the_divider(void **state)
{
	(void)state;
	now_ns += 300 * MS;
	put(RTC_B, RTC_B_24 | RTC_B_SET);
	now_ns += 10 * S;
	expect_clock(0x23, 0x59, 0x30);
	set_clock(0x12, 0x34, 0x56);
	put(RTC_B, RTC_B_24);
	now_ns += 700 * MS - 1;
	expect_clock(0x12, 0x34, 0x56);
	now_ns += 1;
	expect_clock(0x12, 0x34, 0x57);
}

static void set_ends_an_update_under_way(void **state)
{
	(void)state;
	now_ns += 1 * S - 1 * MS; /* in the update cycle */
	assert_int_equal(get(RTC_A), 0xa6);
	put(RTC_B, RTC_B_24 | RTC_B_SET);
	assert_int_equal(get(RTC_A), 0x26);
	put(RTC_B, RTC_B_24);
	assert_int_equal(get(RTC_A), 0x26);
	now_ns += 1 * MS;
	expect_clock(0x23, 0x59, 0x30);
	assert_int_equal(get(RTC_C) & RTC_C_UF, 0);
	now_ns += 1 * S;
	expect_clock(0x23, 0x59, 0x31);
}

static void uip_warns_244_us_before_the_cycle_and_stays_to_its_end(void **state)
{
	const uint64_t second = now_ns;

	(void)state;
	for (unsigned i = 1; i < 5; i++) {
		now_ns = second + i * S - 2228 * US - 1;
		assert_int_equal(get(RTC_A), 0x26);
		now_ns++;
		assert_int_equal(get(RTC_A), 0xa6);
		now_ns = second + i * S - 1;
		assert_int_equal(get(RTC_A), 0xa6);
		expect_clock(0x23, 0x59, (uint8_t)(0x2f + i));
		now_ns++;
		assert_int_equal(get(RTC_A), 0x26);
		expect_clock(0x23, 0x59, (uint8_t)(0x30 + i));
	}
}

static void the_first_cycle_begins_half_a_second_after_the_dividers_reset(void **state)
{
	(void)state;
	now_ns += 400 * MS;
	put(RTC_A, 0x76);
	now_ns += 5 * S;
	assert_int_equal(get(RTC_A), 0x76);
	expect_clock(0x23, 0x59, 0x30);
	put(RTC_A, 0x66); /* still held */
	now_ns += 5 * S;
	expect_clock(0x23, 0x59, 0x30);
	put(RTC_A, 0x26);
	now_ns += 501984 * US - 1;
	assert_int_equal(get(RTC_A), 0xa6);
	expect_clock(0x23, 0x59, 0x30);
	now_ns++;
	assert_int_equal(get(RTC_A), 0x26);
	expect_clock(0x23, 0x59, 0x31);
	now_ns += 1 * S;
	expect_clock(0x23, 0x59, 0x32);
}

static void the_test_modes_of_the_divider_hold_it(void **state)
{
	(void)state;
	for (unsigned divider = 0; divider < 8; divider++) {
		bool runs = divider < 3;

		setup(NULL);
		put(RTC_A, (uint8_t)(divider << 4 | 6));
		now_ns += 1 * S;
		assert_int_equal(get(RTC_SECOND), runs ? 0x31 : 0x30);
	}
}

static void a_write_while_the_clock_runs_counts_at_once(void **state)
{
	(void)state;
	now_ns += 600 * MS;
	put(RTC_SECOND, 0x10);
	now_ns += 400 * MS;
	assert_int_equal(get(RTC_SECOND), 0x11);
}

static void reset_keeps_the_time_and_ends_interrupts(void **state)
{
	(void)state;
	put(RTC_B, RTC_B_24 | RTC_B_PIE | RTC_B_AIE | RTC_B_UIE | RTC_B_SQWE | RTC_B_DSE);
	now_ns += 1 * S;
	assert_true(irq());
	vrtc_reset(&rtc, now_ns);
	assert_false(irq());
	assert_int_equal(get(RTC_B), RTC_B_24 | RTC_B_DSE);
	assert_int_equal(get(RTC_C), 0);
	expect_clock(0x23, 0x59, 0x31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VRTC_TEST(power_on_is_as_a_bios_leaves_it),
		VRTC_TEST(power_on_at_time_zero_works),
		VRTC_TEST(the_index_port_reads_all_ones_and_masks_nmi),
		VRTC_TEST(ram_keeps_every_byte),
		VRTC_TEST(registers_keep_what_they_have_bits_for),
		VRTC_TEST(the_boards_writes_keep_the_checksum_right),
		VRTC_TEST(memory_sizes_stand_where_a_bios_looks),
		VRTC_TEST(seconds_go_over_into_leap_days),
		VRTC_TEST(the_century_goes_on),
		VRTC_TEST(hours_are_shown_in_all_four_modes),
		VRTC_TEST(bytes_that_are_no_time_come_into_range_with_the_update),
		VRTC_TEST(set_stops_the_time_but_not_the_divider),
		VRTC_TEST(set_ends_an_update_under_way),
		VRTC_TEST(uip_warns_244_us_before_the_cycle_and_stays_to_its_end),
		VRTC_TEST(the_first_cycle_begins_half_a_second_after_the_dividers_reset),
		VRTC_TEST(the_test_modes_of_the_divider_hold_it),
		VRTC_TEST(a_write_while_the_clock_runs_counts_at_once),
		VRTC_TEST(reset_keeps_the_time_and_ends_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
