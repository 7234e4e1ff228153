/*
 * tests/unit/test_platform_sleep.c - the guest's board: when to look again, and what could wake.
 */
#include "tests/unit/platform_guest.h"

static void the_deadline_is_the_next_tick_that_can_interrupt(void **state)
{
	struct platform p;
	uint64_t at_ns;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	at_ns = rise_ns(&p, 1);
	assert_int_equal(platform_deadline_ns(&p, START_NS), at_ns);
	run_until(&p, at_ns);
	assert_int_equal(platform_deadline_ns(&p, at_ns), NS_NEVER); /* waiting already */
	platform_acknowledge(&p);
	assert_int_equal(platform_deadline_ns(&p, at_ns), NS_NEVER); /* in service */
	outb(&p, 0x20, EOI, at_ns);
	assert_int_equal(platform_deadline_ns(&p, at_ns), rise_ns(&p, 1));
}

static void nothing_due_is_not_looked_at(void **state)
{
	struct platform p, before;

	(void)state;
	start_ticking(&p, 0x01, PERIOD);
	before = p;
	run_until(&p, rise_ns(&p, 1) - 1);
	assert_memory_equal(&p, &before, sizeof(p));
}

static void a_halted_guest_can_be_woken_by_what_it_listens_to(void **state)
{
	struct platform p;
	uint8_t byte;

	(void)state;
	start(&p, 0x01);
	assert_false(platform_could_wake(&p)); /* the PIT has no count yet */
	program_pit(&p, 2, PERIOD, START_NS);
	assert_true(platform_could_wake(&p));
	outb(&p, 0x21, 0xff, START_NS);
	assert_false(platform_could_wake(&p));
	outb(&p, 0x21, 0xef, START_NS);
	assert_false(platform_could_wake(&p)); /* COM1 is not told to interrupt */
	outb(&p, IER, 0x01, START_NS);
	assert_false(platform_could_wake(&p)); /* OUT2 holds it back */
	outb(&p, MCR, 0x08, START_NS);
	assert_true(platform_could_wake(&p));
	outb(&p, MCR, 0x18, START_NS);
	assert_false(platform_could_wake(&p)); /* looped back: nothing comes from outside */
	outb(&p, MCR, 0x08, START_NS);
	outb(&p, IER, 0x02, START_NS);
	inb(&p, 0x3fa, START_NS);
	run_until(&p, START_NS);
	assert_false(platform_could_wake(&p)); /* nothing is being sent */
	outb(&p, 0x3f8, 'x', START_NS);
	run_until(&p, START_NS);
	assert_true(platform_could_wake(&p)); /* when it has gone out */
	assert_true(platform_take_tx(&p, &byte));
	assert_true(platform_could_wake(&p)); /* it has, and the PIC will hear of it */
	run_until(&p, START_NS);
	assert_int_equal(platform_acknowledge(&p), VECTOR_COM1);
	outb(&p, 0x20, EOI, START_NS);
	assert_false(platform_could_wake(&p)); /* the line is still high, but it was heard */
}

static void a_request_that_waits_can_wake(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 0, PERIOD, START_NS);
	run_until(&p, START_NS + NS_PER_MILLISECOND);
	assert_true(platform_could_wake(&p));
	assert_int_equal(take_ticks(&p, p.now_ns), 1);
	assert_false(platform_could_wake(&p));
}

static void without_an_eoi_nothing_wakes(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS + NS_PER_MILLISECOND);
	platform_acknowledge(&p);
	assert_false(platform_could_wake(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deadline_is_the_next_tick_that_can_interrupt),
		cmocka_unit_test(nothing_due_is_not_looked_at),
		cmocka_unit_test(a_halted_guest_can_be_woken_by_what_it_listens_to),
		cmocka_unit_test(a_request_that_waits_can_wake),
		cmocka_unit_test(without_an_eoi_nothing_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
