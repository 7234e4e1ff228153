/*
 * tests/unit/test_vpit.c - what the registers of the guest's interval timer promise, port 61h, and
 * time. test_vpit_modes.c has the modes, test_vpit_random.c compares with a model of single ticks.
 */
#include "tests/unit/vpit_rig.h"

static void low_byte_and_high_byte_access(void **state)
{
	(void)state;
	outb(CONTROL, 0x54);
	outb(1, 0x34);
	run(1);
	assert_int_equal(inb(1), 0x34);
	run(1);
	assert_int_equal(inb(1), 0x33);
	outb(CONTROL, 0x64);
	outb(1, 0x34);
	run(1);
	assert_int_equal(inb(1), 0x34);
	run(1);
	assert_int_equal(inb(1), 0x33);
	outb(CONTROL, 0x40);
	run(0x100);
	assert_int_equal(inb(1), 0x33);
	assert_int_equal(inb(1), 0x32);
}

static void both_bytes_are_read_by_turns_as_the_count_runs(void **state)
{
	(void)state;
	program(0, 4, 0x1000);
	run(1);
	assert_int_equal(inb(0), 0x00);
	run(1);
	assert_int_equal(inb(0), 0x0f);
	assert_int_equal(inb(0), 0xff);
}

static void a_latch_holds_until_it_is_read(void **state)
{
	(void)state;
	program(0, 4, 0x1234);
	run(1);
	outb(CONTROL, 0x00);
	run(100);
	outb(CONTROL, 0x00); /* ignored */
	assert_int_equal(inb(0), 0x34);
	outb(CONTROL, 0xd2); /* ignored */
	assert_int_equal(inb(0), 0x12);
	assert_int_equal(read_both(0), 0x1234 - 100);
}

static void programming_drops_latches_and_turns(void **state)
{
	(void)state;
	program(0, 4, 0x1234);
	run(1);
	(void)inb(0);
	outb(0, 0x77);
	outb(CONTROL, 0xc2);
	program(0, 4, 0x5678);
	run(1);
	assert_int_equal(read_both(0), 0x5678);
}

static void read_back_takes_several_counters_at_once(void **state)
{
	(void)state;
	program(0, 4, 100);
	program(1, 4, 200);
	program(2, 4, 300);
	run(11);
	outb(CONTROL, 0xda); /* counts of 0 and 2 */
	run(50);
	assert_int_equal(read_both(0), 90);
	assert_int_equal(read_both(2), 290);
	assert_int_equal(read_both(1), 140);
}

static void status_comes_before_the_count(void **state)
{
	(void)state;
	program(0, 0, 100);
	assert_int_equal(status(0), 0x70);
	run(1);
	outb(CONTROL, 0xc2);
	run(200);
	outb(CONTROL, 0xe2); /* a second status is ignored */
	assert_int_equal(inb(0), 0x30);
	assert_int_equal(inb(0), 100);
	assert_int_equal(inb(0), 0);
	assert_int_equal(status(0), 0xb0);
	program(0, 7, 0x50);
	assert_int_equal(status(0), 0xf7);
}

static void a_new_control_word_waits_for_a_count(void **state)
{
	(void)state;
	program(0, 4, 100);
	run(11);
	outb(CONTROL, 0x34);
	run(50);
	assert_int_equal(latched(0), 90);
	assert_int_equal(status(0), 0xf4);
	assert_int_equal(vpit_take_edges(&pit, now_ns), 0);
	assert_int_equal(vpit_deadline_ns(&pit, now_ns), NS_NEVER);
}

static void the_control_register_reads_as_an_undriven_bus(void **state)
{
	(void)state;
	assert_int_equal(inb(CONTROL), 0xff);
}

static void port_61_stores_and_shows(void **state)
{
	bool before;

	(void)state;
	outb(PORT61, 0xff);
	assert_int_equal(inb(PORT61) & 0xcf, 0x0f);
	program(2, 0, 2);
	assert_int_equal(inb(PORT61) & 0x20, 0);
	run(3);
	assert_int_equal(inb(PORT61) & 0x20, 0x20);
	outb(PORT61, 0x02);
	assert_int_equal(inb(PORT61) & 0xef, 0x22);
	before = inb(PORT61) & 0x10;
	run(18);
	assert_int_equal(!!(inb(PORT61) & 0x10), !before);
	run(36);
	assert_int_equal(!!(inb(PORT61) & 0x10), !before);
}

static void power_on_is_as_a_bios_leaves_it(void **state)
{
	(void)state;
	now_ns = 12345678;
	vpit_reset(&pit, now_ns);
	assert_int_equal(status(0) & 0xbf, 0xb6);
	assert_int_equal(status(1) & 0xbf, 0x94);
	assert_int_equal(status(2) & 0xbf, 0xb6);
	assert_int_equal(vpit_take_edges(&pit, now_ns), 0);
	assert_int_equal(vpit_deadline_ns(&pit, now_ns), exact_ns(exact_ticks(now_ns) + 1 + 65536));
	run(100);
	assert_int_equal(inb(1), 18 - 99 % 18);
	assert_int_equal(latched(2), 0);
}

static void an_edge_is_there_at_its_deadline_and_not_before(void **state)
{
	(void)state;
	program(0, 4, 1193);
	for (unsigned i = 1; i <= 1000; i++) {
		uint64_t at_ns = vpit_deadline_ns(&pit, now_ns);

		assert_int_equal(at_ns, exact_ns(1 + i * 1193));
		assert_int_equal(vpit_take_edges(&pit, at_ns - 1), 0);
		assert_false(vpit_out(&pit, 0, at_ns - 1));
		assert_true(vpit_out(&pit, 0, at_ns));
		assert_int_equal(vpit_take_edges(&pit, at_ns), 1);
		now_ns = at_ns;
	}
}

static void the_deadline_is_right_even_if_edges_wait(void **state)
{
	(void)state;
	program(0, 6, 1000);
	now_ns = exact_ns(1 + 1000 * 500) - 1;
	assert_int_equal(vpit_deadline_ns(&pit, now_ns), exact_ns(1 + 1000 * 500));
	assert_int_equal(vpit_deadline_ns(&pit, now_ns + 1), exact_ns(1 + 1000 * 501));
	assert_int_equal(vpit_take_edges(&pit, now_ns), 499);
}

static void no_drift_after_a_hundred_days(void **state)
{
	static const uint16_t counts[] = {2, 3, 1193, 11932, 59659, 65535};
	const uint64_t days_100_ns = 100 * 86400 * NS_PER_SECOND;

	(void)state;
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(counts); i++) {
		uint64_t count = counts[i / 2], edges;

		now_ns = 987654321;
		vpit_reset(&pit, now_ns);
		program(0, i % 2 ? 6 : 4, (uint16_t)count);
		edges = (exact_ticks(now_ns + days_100_ns) - exact_ticks(now_ns) - 1) / count;
		assert_int_equal(vpit_take_edges(&pit, now_ns + days_100_ns), edges);
		assert_int_equal(vpit_deadline_ns(&pit, now_ns + days_100_ns),
				 exact_ns(exact_ticks(now_ns) + 1 + (edges + 1) * count));
	}
}

static void ticks_are_exact_over_five_hundred_years(void **state)
{
	uint64_t seed = 61, year_ns = 365 * 86400 * NS_PER_SECOND;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t at_ns = random_below(&seed, 500 * year_ns), tick = exact_ticks(at_ns);
		uint16_t count = (uint16_t)(2 + random_below(&seed, 65534));

		vpit_reset(&pit, at_ns);
		now_ns = i % 2 ? at_ns : exact_ns(tick + 1) - 1;
		program(0, 4, count);
		assert_int_equal(vpit_deadline_ns(&pit, now_ns), exact_ns(tick + 1 + count));
		now_ns = exact_ns(tick + 2);
		assert_int_equal(latched(0), count - 1);
	}
}

static void the_end_of_time_does_not_overflow(void **state)
{
	(void)state;
	now_ns = UINT64_MAX - 10000;
	vpit_reset(&pit, now_ns);
	program(0, 4, 0xffff);
	assert_int_equal(vpit_deadline_ns(&pit, now_ns), NS_NEVER);
	assert_int_equal(vpit_take_edges(&pit, UINT64_MAX - 1), 0);
}

static void a_control_word_that_raises_out_is_an_edge(void **state)
{
	(void)state;
	program(0, 0, 100);
	run(5);
	assert_int_equal(vpit_take_edges(&pit, now_ns), 0);
	outb(CONTROL, 0x34);
	assert_int_equal(vpit_take_edges(&pit, now_ns), 1);
	assert_int_equal(vpit_take_edges(&pit, now_ns), 0);
}

static void reading_across_an_edge_does_not_lose_it(void **state)
{
	(void)state;
	program(0, 4, 100);
	run(1 + 250);
	assert_int_equal(read_both(0), 50);
	assert_int_equal(vpit_take_edges(&pit, now_ns), 2);
}

static void time_that_steps_back_counts_as_the_latest(void **state)
{
	(void)state;
	program(0, 4, 1000);
	run(500);
	assert_int_equal(read_both(0), 501);
	now_ns -= 100000;
	assert_int_equal(read_both(0), 501);
	assert_int_equal(vpit_take_edges(&pit, now_ns), 0);
	assert_true(out(0));
}

static void a_wrong_register_is_our_own_bug(void **state)
{
	(void)state;
	expect_assert_failure(inb(5));
	expect_assert_failure(out(3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VPIT_TEST(low_byte_and_high_byte_access),
		VPIT_TEST(both_bytes_are_read_by_turns_as_the_count_runs),
		VPIT_TEST(a_latch_holds_until_it_is_read),
		VPIT_TEST(programming_drops_latches_and_turns),
		VPIT_TEST(read_back_takes_several_counters_at_once),
		VPIT_TEST(status_comes_before_the_count),
		VPIT_TEST(a_new_control_word_waits_for_a_count),
		VPIT_TEST(the_control_register_reads_as_an_undriven_bus),
		VPIT_TEST(port_61_stores_and_shows),
		VPIT_TEST(power_on_is_as_a_bios_leaves_it),
		VPIT_TEST(an_edge_is_there_at_its_deadline_and_not_before),
		VPIT_TEST(the_deadline_is_right_even_if_edges_wait),
		VPIT_TEST(no_drift_after_a_hundred_days),
		VPIT_TEST(ticks_are_exact_over_five_hundred_years),
		VPIT_TEST(the_end_of_time_does_not_overflow),
		VPIT_TEST(a_control_word_that_raises_out_is_an_edge),
		VPIT_TEST(reading_across_an_edge_does_not_lose_it),
		VPIT_TEST(time_that_steps_back_counts_as_the_latest),
		VPIT_TEST(a_wrong_register_is_our_own_bug),
	};

	return cmocka_run_group_tests_name("vpit", tests, NULL, NULL);
}
