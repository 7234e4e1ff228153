/*
 * tests/unit/test_vpit_modes.c - what the modes of the guest's interval timer promise.
 *
 * The figures of the 8254 data sheet, "Mode Definitions", stand here as strings: OUT after each CLK
 * pulse that follows the last write, H or L.
 */
#include "tests/unit/vpit_rig.h"

static void count_0_means_65536(void **state)
{
	(void)state;
	program(0, 4, 0);
	run(1);
	assert_int_equal(latched(0), 0);
	run(1);
	assert_int_equal(latched(0), 65535);
	assert_int_equal(vpit_take_edges(&pit, now_ns), 0);
	assert_int_equal(vpit_deadline_ns(&pit, now_ns), exact_ns(65537));
}

static void count_0_means_10000_in_bcd(void **state)
{
	(void)state;
	program(0, 5, 0);
	run(2);
	assert_int_equal(latched(0), 0x9999);
	assert_int_equal(vpit_deadline_ns(&pit, now_ns), exact_ns(10001));
}

static void bcd_counts_in_decimal_digits(void **state)
{
	(void)state;
	program(1, 1, 0x1001);
	run(1);
	assert_int_equal(latched(1), 0x1001);
	run(2);
	assert_int_equal(latched(1), 0x0999);
	run(999);
	assert_int_equal(latched(1), 0);
	run(1);
	assert_int_equal(latched(1), 0x9999);
	run(20000);
	assert_int_equal(latched(1), 0x9999);
}

static void wrong_bcd_digits_weigh_what_they_say(void **state)
{
	(void)state;
	program(1, 1, 0x00f3);
	run(1);
	assert_int_equal(latched(1), 0x0153);
	program(1, 1, 0xffff);
	run(1);
	assert_int_equal(latched(1), 0x6665);
}

static void mode_0_rises_n_plus_1_pulses_after_the_count(void **state)
{
	(void)state;
	program(2, 0, 4);
	expect_wave("LLLLHHHH");
	outb(CONTROL, 0xb0);
	assert_false(out(2)); /* no pulse is needed */
}

static void mode_0_gate_stops_the_count_but_not_the_load(void **state)
{
	(void)state;
	gate(false);
	program(2, 0, 3);
	expect_wave("LLLLLL");
	assert_int_equal(latched(2), 3);
	gate(true);
	expect_wave("LL");
	gate(false);
	expect_wave("LL");
	gate(true);
	expect_wave("HH");
}

static void mode_0_first_byte_stops_and_second_loads(void **state)
{
	(void)state;
	program(2, 0, 300);
	run(10);
	outb(2, 2);
	run(500);
	assert_int_equal(status(2) & 0x80, 0);
	assert_int_equal(latched(2), 291);
	outb(2, 0);
	expect_wave("LLHH");
	outb(2, 1);
	assert_false(out(2));
}

static void mode_0_single_byte_goes_on_from_the_new_count(void **state)
{
	(void)state;
	outb(CONTROL, 0x90);
	outb(2, 2);
	expect_wave("LLH");
	outb(2, 3);
	assert_false(out(2));
	expect_wave("LLLH");
}

static void mode_0_goes_on_counting_after_zero(void **state)
{
	(void)state;
	program(2, 0, 3);
	run(1 + 3 + 1);
	assert_int_equal(latched(2), 0xffff);
	run(3 * 65536);
	assert_int_equal(latched(2), 0xffff);
	assert_true(out(2));
}

static void mode_1_fires_on_the_gate_and_again(void **state)
{
	(void)state;
	program(2, 2, 3);
	expect_wave("HHH");
	gate(false);
	gate(true);
	assert_true(out(2));
	expect_wave("LLLHH");
	gate(false);
	expect_wave("HH");
	gate(true);
	expect_wave("LL");
	gate(false);
	gate(true);
	expect_wave("LLLHH");
}

static void mode_1_takes_a_new_count_with_the_next_trigger(void **state)
{
	(void)state;
	program(2, 2, 4);
	gate(false);
	gate(true);
	expect_wave("LL");
	outb(2, 2);
	outb(2, 0);
	assert_int_equal(status(2) & 0x40, 0x40);
	expect_wave("LLHHH");
	gate(false);
	gate(true);
	expect_wave("LLHH");
	assert_int_equal(status(2) & 0x40, 0);
}

static void a_trigger_before_any_count_does_nothing(void **state)
{
	(void)state;
	outb(CONTROL, 0xb2);
	gate(false);
	gate(true);
	expect_wave("HHH");
	outb(2, 2);
	outb(2, 0);
	expect_wave("HHH");
}

static void mode_2_is_low_for_the_last_tick_of_each_period(void **state)
{
	(void)state;
	program(2, 4, 3);
	expect_wave("HHLHHLHHL");
	program(2, 4, 2);
	expect_wave("HLHLHL");
}

static void mode_2_gate_raises_out_at_once_and_restarts(void **state)
{
	(void)state;
	program(2, 4, 3);
	expect_wave("HHL");
	gate(false);
	assert_true(out(2));
	expect_wave("HHHHHH");
	gate(true);
	expect_wave("HHLHHL");
	gate(false);
	gate(true);
	expect_wave("HHLH");
}

static void mode_2_takes_a_new_count_at_the_end_of_the_period(void **state)
{
	(void)state;
	program(2, 4, 4);
	expect_wave("HH");
	outb(2, 3);
	outb(2, 0);
	assert_int_equal(status(2) & 0x40, 0x40);
	expect_wave("HLH");
	assert_int_equal(status(2) & 0x40, 0);
	expect_wave("HLHHL");
}

static void mode_2_trigger_takes_a_new_count_at_once(void **state)
{
	(void)state;
	program(2, 4, 4);
	expect_wave("HH");
	outb(2, 2);
	outb(2, 0);
	gate(false);
	gate(true);
	expect_wave("HLHL");
}

static void a_reload_between_two_bytes_takes_the_old_count(void **state)
{
	(void)state;
	program(2, 4, 3);
	expect_wave("HH");
	outb(2, 5);
	expect_wave("LHHL");
	outb(2, 0);
	expect_wave("HHHHLH");
}

static void mode_3_high_half_of_an_odd_count_is_longer(void **state)
{
	(void)state;
	program(2, 6, 4);
	expect_wave("HHLLHHLL");
	program(2, 6, 5);
	expect_wave("HHHLLHHHLL");
	program(2, 6, 3);
	expect_wave("HHLHHL");
	program(2, 6, 2);
	expect_wave("HLHL");
}

static void mode_3_counts_by_two(void **state)
{
	static const uint16_t even[] = {4, 2, 4, 2, 4}, odd[] = {4, 2, 0, 4, 2, 4};

	(void)state;
	program(2, 6, 4);
	for (unsigned i = 0; i < ARRAY_SIZE(even); i++) {
		run(1);
		assert_int_equal(latched(2), even[i]);
	}
	program(2, 6, 5);
	for (unsigned i = 0; i < ARRAY_SIZE(odd); i++) {
		run(1);
		assert_int_equal(latched(2), odd[i]);
	}
}

static void mode_3_takes_a_new_count_at_the_end_of_the_half(void **state)
{
	(void)state;
	program(2, 6, 6);
	expect_wave("HH");
	outb(2, 4);
	outb(2, 0);
	expect_wave("HLLHHLL");
}

static void mode_3_gate_raises_out_at_once_and_restarts(void **state)
{
	(void)state;
	program(2, 6, 4);
	expect_wave("HHL");
	gate(false);
	assert_true(out(2));
	expect_wave("HHH");
	gate(true);
	expect_wave("HHLLH");
}

static void a_count_of_1_keeps_out_high_until_another_comes(void **state)
{
	(void)state;
	for (unsigned mode = 2; mode <= 3; mode++) {
		program(2, mode << 1, 1);
		expect_wave("HHHHHH");
		outb(2, 4);
		outb(2, 0);
		expect_wave(mode == 2 ? "HHHLHHHL" : "HHLLHHLL");
		outb(2, 1);
		outb(2, 0);
		expect_wave("HHHHHHH");
		program(0, mode << 1, 1);
		run(5);
		(void)vpit_take_edges(&pit, now_ns);
		assert_int_equal(vpit_deadline_ns(&pit, now_ns), NS_NEVER);
	}
}

static void mode_4_strobes_once_for_a_count(void **state)
{
	(void)state;
	program(2, 8, 3);
	expect_wave("HHHLHHH");
	run(65536 * 2);
	expect_wave("HHHHHH");
	outb(2, 1);
	outb(2, 0);
	expect_wave("HLHH");
}

static void mode_4_gate_only_stops_the_count(void **state)
{
	(void)state;
	program(2, 8, 3);
	expect_wave("HH");
	gate(false);
	expect_wave("HHHH");
	gate(true);
	expect_wave("HL");
	gate(false);
	assert_false(out(2));
	expect_wave("HH");
}

static void mode_4_first_byte_does_not_stop_the_count(void **state)
{
	(void)state;
	program(2, 8, 3);
	expect_wave("HH");
	outb(2, 2);
	expect_wave("HLH");
	outb(2, 0);
	expect_wave("HHLH");
}

static void mode_5_strobes_n_plus_1_pulses_after_the_gate(void **state)
{
	(void)state;
	program(2, 10, 3);
	expect_wave("HHHHH");
	gate(false);
	gate(true);
	expect_wave("HHHLHH");
	gate(false);
	gate(true);
	expect_wave("HH");
	gate(false);
	gate(true);
	gate(false);
	expect_wave("HHHLHHHH");
}

static void modes_6_and_7_are_2_and_3(void **state)
{
	(void)state;
	program(2, 12, 3);
	expect_wave("HHLHHL");
	assert_int_equal(status(2) & 0x3f, 0x3c);
	program(2, 14, 4);
	expect_wave("HHLLHH");
	assert_int_equal(status(2) & 0x3f, 0x3e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VPIT_TEST(count_0_means_65536),
		VPIT_TEST(count_0_means_10000_in_bcd),
		VPIT_TEST(bcd_counts_in_decimal_digits),
		VPIT_TEST(wrong_bcd_digits_weigh_what_they_say),
		VPIT_TEST(mode_0_rises_n_plus_1_pulses_after_the_count),
		VPIT_TEST(mode_0_gate_stops_the_count_but_not_the_load),
		VPIT_TEST(mode_0_first_byte_stops_and_second_loads),
		VPIT_TEST(mode_0_single_byte_goes_on_from_the_new_count),
		VPIT_TEST(mode_0_goes_on_counting_after_zero),
		VPIT_TEST(mode_1_fires_on_the_gate_and_again),
		VPIT_TEST(mode_1_takes_a_new_count_with_the_next_trigger),
		VPIT_TEST(a_trigger_before_any_count_does_nothing),
		VPIT_TEST(mode_2_is_low_for_the_last_tick_of_each_period),
		VPIT_TEST(mode_2_gate_raises_out_at_once_and_restarts),
		VPIT_TEST(mode_2_takes_a_new_count_at_the_end_of_the_period),
		VPIT_TEST(mode_2_trigger_takes_a_new_count_at_once),
		VPIT_TEST(a_reload_between_two_bytes_takes_the_old_count),
		VPIT_TEST(mode_3_high_half_of_an_odd_count_is_longer),
		VPIT_TEST(mode_3_counts_by_two),
		VPIT_TEST(mode_3_takes_a_new_count_at_the_end_of_the_half),
		VPIT_TEST(mode_3_gate_raises_out_at_once_and_restarts),
		VPIT_TEST(a_count_of_1_keeps_out_high_until_another_comes),
		VPIT_TEST(mode_4_strobes_once_for_a_count),
		VPIT_TEST(mode_4_gate_only_stops_the_count),
		VPIT_TEST(mode_4_first_byte_does_not_stop_the_count),
		VPIT_TEST(mode_5_strobes_n_plus_1_pulses_after_the_gate),
		VPIT_TEST(modes_6_and_7_are_2_and_3),
	};

	return cmocka_run_group_tests_name("vpit modes", tests, NULL, NULL);
}
