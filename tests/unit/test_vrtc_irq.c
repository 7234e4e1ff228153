/* tests/unit/test_vrtc_irq.c - what the guest's clock promises about IRQ 8 and when it comes. */
#include "tests/unit/vrtc_rig.h"

static void the_update_interrupt_comes_with_each_second(void **state)
{
	(void)state;
	put(RTC_B, RTC_B_24 | RTC_B_UIE);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(deadline() == (11 + i) * S);
		now_ns = deadline() - 1;
		assert_false(irq());
		now_ns++;
		assert_true(irq());
		assert_true(deadline() == NS_NEVER);
		assert_int_equal(get(RTC_C) & (RTC_C_IRQF | RTC_C_UF), RTC_C_IRQF | RTC_C_UF);
		assert_false(irq());
		assert_int_equal(get(RTC_C), 0);
	}
}

static void the_line_stays_high_until_c_is_read(void **state)
{
	(void)state;
	put(RTC_B, RTC_B_24 | RTC_B_UIE);
	now_ns += 5 * S;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(irq());
		now_ns += 1 * S;
	}
	get(RTC_C);
	assert_false(irq());
	now_ns += 1 * S;
	assert_true(irq());
}

static void a_flag_without_its_enable_bit_raises_nothing_until_it_has_it(void **state)
{
	(void)state;
	now_ns += 1 * S;
	assert_false(irq());
	put(RTC_B, RTC_B_24 | RTC_B_UIE);
	assert_true(irq());
	put(RTC_B, RTC_B_24);
	assert_false(irq());
	assert_int_equal(get(RTC_C), RTC_C_UF | RTC_C_PF);
}

static void periodic_interrupts_keep_their_rate(void **state)
{
	static const unsigned hz[] = {0,   256, 128, 8192, 4096, 2048, 1024, 512,
				      256, 128, 64,  32,   16,   8,    4,    2};

	(void)state;
	for (unsigned rate = 1; rate < 16; rate++) {
		unsigned count = 0;
		uint64_t start;

		setup(NULL);
		put(RTC_A, 0x70);
		put(RTC_A, (uint8_t)(0x20 | rate));
		get(RTC_C);
		put(RTC_B, RTC_B_24 | RTC_B_PIE);
		start = now_ns;
		while (deadline() < start + 3 * S) {
			assert_true(deadline() > now_ns);
			now_ns = deadline() - 1;
			assert_false(irq());
			now_ns++;
			assert_true(irq());
			assert_int_equal(get(RTC_C) & (RTC_C_IRQF | RTC_C_PF),
					 RTC_C_IRQF | RTC_C_PF);
			/* In the middle of its period, rounded up to a nanosecond. */
			assert_in_range(now_ns - start, (2 * count + 1) * S / (2 * hz[rate]),
					(2 * count + 1) * S / (2 * hz[rate]) + 1);
			count++;
		}
		assert_int_equal(count, 3 * hz[rate]);
	}
}

static void rate_0_and_a_held_divider_give_no_periodic_interrupt(void **state)
{
	(void)state;
	put(RTC_A, 0x20);
	put(RTC_B, RTC_B_24 | RTC_B_PIE);
	assert_true(deadline() == NS_NEVER);
	now_ns += 10 * S;
	assert_false(irq());
	put(RTC_A, 0x76);
	assert_true(deadline() == NS_NEVER);
	now_ns += 10 * S;
	assert_false(irq());
}

static void set_leaves_the_periodic_interrupt_alone(void **state)
{
	(void)state;
	put(RTC_B, RTC_B_24 | RTC_B_PIE | RTC_B_UIE | RTC_B_SET);
	assert_true(deadline() <= now_ns + 1 * MS);
	now_ns = deadline();
	assert_true(irq());
	now_ns += 3 * S;
	assert_int_equal(get(RTC_C), RTC_C_IRQF | RTC_C_PF);
}

static void expect_alarm(uint8_t hour, uint8_t minute, uint8_t second, uint64_t after_s)
{
	setup(NULL);
	get(RTC_C);
	set_alarm(hour, minute, second);
	put(RTC_B, RTC_B_24 | RTC_B_AIE);
	assert_true(deadline() == now_ns + after_s * S);
	now_ns += after_s * S - 1;
	assert_false(irq());
	now_ns++;
	assert_true(irq());
	assert_int_equal(get(RTC_C) & RTC_C_AF, RTC_C_AF);
	assert_false(irq());
}

/* It is 23:59:30. */
static void the_alarm_meets_its_time(void **state)
{
	(void)state;
	expect_alarm(0x23, 0x59, 0x31, 1);
	expect_alarm(0x23, 0x59, 0x59, 29);
	expect_alarm(0x00, 0x00, 0x00, 30);
	expect_alarm(0x23, 0x59, 0x30, 86400);
	expect_alarm(0x23, 0x59, 0x29, 86399);
	expect_alarm(0x12, 0x34, 0x56, 30 + 12 * 3600 + 34 * 60 + 56);
	expect_alarm(0x23, 0x00, 0x00, 30 + 23 * 3600);
}

static void alarm_bytes_that_do_not_care_meet_everything(void **state)
{
	(void)state;
	expect_alarm(0xff, 0xff, 0xff, 1);
	expect_alarm(0xc0, 0xc0, 0x30, 60);
	expect_alarm(0xff, 0x00, 0x00, 30);
	expect_alarm(0xff, 0x59, 0x30, 3600);
	expect_alarm(0xff, 0x58, 0xff, 30 + 58 * 60);
	expect_alarm(0x00, 0xff, 0xff, 30);
	expect_alarm(0x05, 0xff, 0x17, 30 + 5 * 3600 + 17);
	expect_alarm(0x23, 0xff, 0x10, 30 + 23 * 3600 + 10);
	expect_alarm(0x23, 0x59, 0xff, 1);
	expect_alarm(0x22, 0x59, 0xdd, 30 + 22 * 3600 + 59 * 60);
}

static void an_alarm_that_is_no_time_never_comes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		static const uint8_t wrong[][3] = {
			{0x24, 0xff, 0xff}, {0xff, 0x5a, 0xff}, {0xff, 0xff, 0x60}};

		setup(NULL);
		set_alarm(wrong[i][0], wrong[i][1], wrong[i][2]);
		put(RTC_B, RTC_B_24 | RTC_B_AIE);
		assert_true(deadline() == NS_NEVER);
		now_ns += 100000 * S;
		assert_false(irq());
	}
}

static void the_alarm_works_with_twelve_hours_and_in_binary(void **state)
{
	(void)state;
	put(RTC_B, RTC_B_DM | RTC_B_SET);
	set_clock(RTC_PM | 11, 59, 30);
	set_alarm(12, 0, 10);
	put(RTC_B, RTC_B_DM | RTC_B_AIE);
	assert_true(deadline() == now_ns + 40 * S);
	set_alarm(RTC_PM | 12, 0, 10);
	assert_true(deadline() == now_ns + (12 * 3600 + 40) * S);
	now_ns = deadline();
	assert_true(irq());
}

static void a_long_sleep_finds_the_alarm_in_between(void **state)
{
	(void)state;
	set_alarm(0x01, 0x00, 0x00);
	now_ns += 1000 * S;
	assert_int_equal(get(RTC_C) & RTC_C_AF, 0);
	now_ns += 5000 * S;
	assert_int_equal(get(RTC_C) & RTC_C_AF, RTC_C_AF);
	now_ns += 1000 * 86400 * S;
	assert_int_equal(get(RTC_C) & RTC_C_AF, RTC_C_AF);
}

static void the_earliest_deadline_counts(void **state)
{
	(void)state;
	set_alarm(0xff, 0xff, 0x35);
	put(RTC_A, 0x2f);
	put(RTC_B, RTC_B_24 | RTC_B_AIE | RTC_B_PIE);
	get(RTC_C);
	assert_true(deadline() > now_ns && deadline() <= now_ns + 500 * MS);
	put(RTC_A, 0x20);
	assert_true(deadline() == now_ns + 5 * S);
	put(RTC_B, RTC_B_24 | RTC_B_AIE | RTC_B_UIE);
	assert_true(deadline() == now_ns + 1 * S);
}

/* Whatever the guest writes: the line is low up to the deadline, and time ends nothing. */
static void random_programs_keep_the_deadlines_promise(void **state)
{
	uint64_t seed = 146818;

	(void)state;
	for (unsigned i = 0; i < 300000; i++) {
		uint64_t end;

		if (random_below(&seed, 3))
			put((uint8_t)random_below(&seed, 0x0e), (uint8_t)random_next(&seed));
		else if (random_below(&seed, 2))
			put(RTC_A, (uint8_t)(0x20 | random_below(&seed, 16)));
		else
			get((uint8_t)random_next(&seed));
		end = deadline();
		if (!irq() && end != NS_NEVER) {
			assert_true(end > now_ns);
			now_ns = end - 1;
			assert_false(irq());
			now_ns = end;
			assert_true(irq());
		}
		if (random_below(&seed, 4) == 0)
			now_ns += random_next(&seed) >> (20 + random_below(&seed, 40));
		if (now_ns >> 62)
			setup(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VRTC_TEST(the_update_interrupt_comes_with_each_second),
		VRTC_TEST(the_line_stays_high_until_c_is_read),
		VRTC_TEST(a_flag_without_its_enable_bit_raises_nothing_until_it_has_it),
		VRTC_TEST(periodic_interrupts_keep_their_rate),
		VRTC_TEST(rate_0_and_a_held_divider_give_no_periodic_interrupt),
		VRTC_TEST(set_leaves_the_periodic_interrupt_alone),
		VRTC_TEST(the_alarm_meets_its_time),
		VRTC_TEST(alarm_bytes_that_do_not_care_meet_everything),
		VRTC_TEST(an_alarm_that_is_no_time_never_comes),
		VRTC_TEST(the_alarm_works_with_twelve_hours_and_in_binary),
		VRTC_TEST(a_long_sleep_finds_the_alarm_in_between),
		VRTC_TEST(the_earliest_deadline_counts),
		VRTC_TEST(random_programs_keep_the_deadlines_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
