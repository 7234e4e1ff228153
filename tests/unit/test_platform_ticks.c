/*
 * tests/unit/test_platform_ticks.c - no tick is lost through our fault, and none is invented.
 */
#include "tests/unit/platform_guest.h"

static void a_guest_that_runs_with_interrupts_off_loses_ticks_as_on_hardware(void **state)
{
	struct platform p;
	uint64_t begin_ns;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	begin_ns = p.now_ns;
	for (unsigned i = 1; i <= 10; i++)
		run_until(&p, begin_ns + i * 840000);
	assert_int_equal(take_ticks(&p, p.now_ns), 1);
	assert_int_equal(p.owed_ticks, 0);
}

static void ticks_while_others_run_are_handed_over_one_by_one(void **state)
{
	struct platform p;
	uint64_t at_ns;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	at_ns = rise_ns(&p, 5);
	pause_until(&p, at_ns);
	assert_int_equal(p.owed_ticks, 4);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(platform_acknowledge(&p), VECTOR_PIT);
		assert_false(platform_intr(&p)); /* in service: the next waits for the EOI */
		outb(&p, 0x20, EOI, at_ns);
	}
	assert_false(platform_intr(&p));
	assert_int_equal(p.owed_ticks, 0);
}

static void a_poll_is_paid_like_an_acknowledgement(void **state)
{
	struct platform p;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	pause_until(&p, rise_ns(&p, 3));
	for (unsigned i = 0; i < 3; i++) {
		outb(&p, 0x20, 0x0c, p.now_ns);
		assert_int_equal(inb(&p, 0x20, p.now_ns), 0x80);
		outb(&p, 0x20, EOI, p.now_ns);
	}
	outb(&p, 0x20, 0x0c, p.now_ns);
	assert_int_equal(inb(&p, 0x20, p.now_ns), 0x00);
}

/* The guest gets a slice now and then, and is busy in it: the last tick of the debt stands in the
 * way of a tick that comes on time. */
static void paying_a_debt_costs_no_tick(void **state)
{
	struct platform p;
	uint64_t last_ns;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	last_ns = rise_ns(&p, 3);
	pause_until(&p, rise_ns(&p, 2));
	run_until(&p, last_ns); /* still with interrupts off */
	assert_int_equal(take_ticks(&p, last_ns), 3);
}

static void a_late_request_saves_one_tick_and_not_more(void **state)
{
	struct platform p;
	uint64_t begin_ns;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	begin_ns = p.now_ns;
	pause_until(&p, rise_ns(&p, 1));
	for (unsigned i = 2; i <= 10; i++)
		run_until(&p, begin_ns + i * 839000);
	assert_int_equal(take_ticks(&p, p.now_ns), 2);
}

static void an_exit_after_its_deadline_loses_no_tick(void **state)
{
	struct platform p;
	uint64_t now_ns;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	assert_int_equal(platform_deadline_ns(&p, START_NS), rise_ns(&p, 1));
	now_ns = rise_ns(&p, 4);
	run_until(&p, now_ns);
	assert_int_equal(take_ticks(&p, now_ns), 4);
}

static void automatic_eoi_has_a_deadline_at_once(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	outb(&p, 0x20, 0x11, START_NS);
	outb(&p, 0x21, 0x08, START_NS);
	outb(&p, 0x21, 0x04, START_NS);
	outb(&p, 0x21, 0x03, START_NS);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	run_until(&p, rise_ns(&p, 1));
	assert_int_equal(platform_deadline_ns(&p, p.now_ns), NS_NEVER);
	assert_int_equal(platform_acknowledge(&p), VECTOR_PIT);
	assert_int_equal(platform_deadline_ns(&p, p.now_ns), rise_ns(&p, 1));
}

static void debt_is_at_most_a_second(void **state)
{
	static const struct {
		unsigned count, most;
	} cases[] = {{1193, 1000}, {0, 18}, {65535, 18}, {2, 596591}};
	struct platform p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start_ticking(&p, 0x01, cases[i].count);
		pause_until(&p, START_NS + 3600 * NS_PER_SECOND);
		assert_int_equal(p.owed_ticks, cases[i].most);
	}
}

static void debt_ends_when_the_guest_turns_away(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} ways[] = {
		{0x21, 0xff}, /* masks IRQ 0 */
		{0x20, 0x11}, /* initialises the PIC */
		{0x43, 0x34}, /* programs channel 0 */
		{0x40, 0x10}, /* gives it another count */
	};
	struct platform p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		start_ticking(&p, 0x01, PERIOD);
		pause_until(&p, rise_ns(&p, 5));
		assert_int_equal(p.owed_ticks, 4);
		outb(&p, ways[i].port, ways[i].value, p.now_ns);
		assert_int_equal(p.owed_ticks, 0);
		assert_false(p.late_request);
	}
}

static void debt_survives_what_is_not_for_channel_0(void **state)
{
	struct platform p;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	pause_until(&p, rise_ns(&p, 5));
	outb(&p, 0x43, 0x00, p.now_ns); /* latches the count */
	inb(&p, 0x40, p.now_ns);
	inb(&p, 0x40, p.now_ns);
	outb(&p, 0x43, 0xc2, p.now_ns); /* reads back */
	outb(&p, 0x43, 0xb6, p.now_ns); /* channel 2 */
	outb(&p, 0x42, 0x12, p.now_ns);
	outb(&p, 0x61, 0x03, p.now_ns);
	inb(&p, 0x21, p.now_ns);
	outb(&p, 0xa1, 0xff, p.now_ns);
	assert_int_equal(p.owed_ticks, 4);
}

static void a_masked_tick_is_not_owed(void **state)
{
	struct platform p;

	(void)state;
	start_ticking(&p, 0, PERIOD);
	pause_until(&p, rise_ns(&p, 5));
	assert_int_equal(p.owed_ticks, 0);
	outb(&p, 0x21, 0xfa, p.now_ns);
	run_until(&p, rise_ns(&p, 1));
	assert_int_equal(take_ticks(&p, p.now_ns), 1);
}

/* 1000 Hz for a minute; slices, pauses and stretches with interrupts off of random length, the last
 * shorter than a period, as a guest must keep them. */
static void no_tick_is_lost_in_a_minute_at_1000_hz(void **state)
{
	uint64_t seed = 1000, begin_ns, now_ns, ticks = 0, expected;
	struct platform p;
	struct vpit twin;

	(void)state;
	start_ticking(&p, 0x01, 1193);
	twin = p.pit;
	begin_ns = now_ns = START_NS;
	while (now_ns < begin_ns + 60 * NS_PER_SECOND) {
		uint64_t run_ns = random_below(&seed, 900000); /* until some exit */
		uint64_t deadline_ns;

		/* Runs with interrupts on if one is due, off for up to 0.9 ms otherwise. */
		ticks += take_ticks(&p, now_ns);
		deadline_ns = platform_deadline_ns(&p, now_ns);
		now_ns = min_u64(now_ns + run_ns, max_u64(deadline_ns, now_ns));
		run_until(&p, now_ns);
		if (random_below(&seed, 4) == 0) {
			now_ns += random_below(&seed, 20000000); /* others run */
			pause_until(&p, now_ns);
		}
	}
	ticks += take_ticks(&p, now_ns);
	expected = vpit_take_edges(&twin, now_ns);
	assert_true(expected > 59000);
	assert_int_equal(ticks, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_that_runs_with_interrupts_off_loses_ticks_as_on_hardware),
		cmocka_unit_test(ticks_while_others_run_are_handed_over_one_by_one),
		cmocka_unit_test(a_poll_is_paid_like_an_acknowledgement),
		cmocka_unit_test(paying_a_debt_costs_no_tick),
		cmocka_unit_test(a_late_request_saves_one_tick_and_not_more),
		cmocka_unit_test(an_exit_after_its_deadline_loses_no_tick),
		cmocka_unit_test(automatic_eoi_has_a_deadline_at_once),
		cmocka_unit_test(debt_is_at_most_a_second),
		cmocka_unit_test(debt_ends_when_the_guest_turns_away),
		cmocka_unit_test(debt_survives_what_is_not_for_channel_0),
		cmocka_unit_test(a_masked_tick_is_not_owed),
		cmocka_unit_test(no_tick_is_lost_in_a_minute_at_1000_hz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
