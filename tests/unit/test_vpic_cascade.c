/*
 * tests/unit/test_vpic_cascade.c - the pair of 8259A: cascade, spurious interrupts, questions.
 */
#include "tests/unit/vpic_pair.h"

static void the_slave_comes_through_ir2(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 10);
	assert_int_equal(irr(&p, MASTER), 0x04);
	assert_int_equal(irr(&p, SLAVE), 0x04);
	assert_true(vpic_line(&p, 10));
	assert_true(vpic_line(&p, VPIC_CASCADE));
	assert_taken(&p, 10);
	assert_false(vpic_line(&p, VPIC_CASCADE));
	assert_int_equal(isr(&p, MASTER), 0x04);
	assert_int_equal(isr(&p, SLAVE), 0x04);
	assert_int_equal(irr(&p, MASTER), 0);
	raise_line(&p, 3);
	assert_false(vpic_intr(&p)); /* below the cascade */
	raise_line(&p, 1);
	assert_taken(&p, 1); /* above it */
}

static void fully_nested_the_slave_is_locked_out_by_itself(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 12);
	assert_taken(&p, 12);
	raise_line(&p, 9);
	assert_true(vpic_requested(&p, VPIC_CASCADE)); /* the slave asks, the master does not */
	assert_false(vpic_intr(&p));
	outb(&p, MASTER, EOI);
	assert_taken(&p, 9);
}

static void special_fully_nested_lets_the_slave_interrupt_itself(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, SFNM);
	raise_line(&p, 12);
	assert_taken(&p, 12);
	raise_line(&p, 13);
	raise_line(&p, 3);
	assert_false(vpic_intr(&p)); /* lower on the slave, lower on the master */
	raise_line(&p, 9);
	assert_taken(&p, 9);
	assert_int_equal(isr(&p, SLAVE), 0x12);
	raise_line(&p, 0);
	assert_taken(&p, 0);
}

static void special_fully_nested_is_for_inputs_with_a_slave_only(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, SFNM);
	raise_line(&p, 4);
	assert_taken(&p, 4);
	pulse(&p, 4);
	assert_false(vpic_intr(&p));
	/* On the slave, where ICW3 is its ID 2 and not a map, it means nothing. */
	init_chip(&p, SLAVE, ICW1, 1 | SFNM);
	raise_line(&p, 9);
	outb(&p, SLAVE, POLL);
	assert_int_equal(inb(&p, SLAVE), 0x81);
	pulse(&p, 9);
	assert_false(vpic_requested(&p, VPIC_CASCADE));
}

static void automatic_eoi_on_the_slave_makes_a_new_edge_for_the_master(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	init_chip(&p, SLAVE, ICW1, 1 | AEOI);
	raise_line(&p, 9);
	raise_line(&p, 10);
	assert_taken(&p, 9);
	assert_int_equal(isr(&p, SLAVE), 0);
	assert_false(vpic_intr(&p));
	outb(&p, MASTER, EOI);
	assert_taken(&p, 10);
}

static void a_master_without_cascade_gives_its_own_vector(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	init_chip(&p, MASTER, ICW1 | SNGL, 1);
	raise_line(&p, 9);
	assert_taken(&p, 2);
	assert_int_equal(isr(&p, SLAVE), 0); /* nobody told it */
	assert_true(vpic_requested(&p, 9));
}

static void a_slave_that_is_not_addressed_leaves_the_bus_undriven(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, SLAVE, ICW1);
	outb(&p, SLAVE + 1, BASE + 8);
	outb(&p, SLAVE + 1, 5); /* it believes that it hangs on IR5 */
	outb(&p, SLAVE + 1, 1);
	raise_line(&p, 9);
	assert_int_equal(vpic_acknowledge(&p), 0xff);
	/* The master believes that a slave hangs on IR5. */
	vpic_reset(&p);
	outb(&p, MASTER, ICW1);
	outb(&p, MASTER + 1, BASE);
	outb(&p, MASTER + 1, 0x20);
	outb(&p, MASTER + 1, 1);
	raise_line(&p, 5);
	assert_int_equal(vpic_acknowledge(&p), 0xff);
	assert_int_equal(isr(&p, MASTER), 0x20);
}

static void a_request_that_goes_away_is_spurious_irq_7(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	assert_true(vpic_intr(&p));
	drop_line(&p, 4);
	assert_int_equal(vpic_acknowledge(&p), BASE + 7);
	assert_int_equal(isr(&p, MASTER), 0); /* so that software can tell */
	raise_line(&p, 7);
	assert_taken(&p, 7);
	assert_int_equal(isr(&p, MASTER), 0x80);
}

static void a_slave_request_that_goes_away_is_spurious_irq_15(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 9);
	assert_true(vpic_intr(&p));
	drop_line(&p, 9);
	assert_int_equal(vpic_acknowledge(&p), BASE + 15);
	assert_int_equal(isr(&p, SLAVE), 0);
	assert_int_equal(isr(&p, MASTER), 0x04); /* the master wants its EOI */
	outb(&p, MASTER, EOI);
	raise_line(&p, 15);
	assert_taken(&p, 15);
	assert_int_equal(isr(&p, SLAVE), 0x80);
}

static void a_request_masked_too_late_is_spurious(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	outb(&p, MASTER + 1, 0xff);
	assert_false(vpic_intr(&p));
	assert_int_equal(vpic_acknowledge(&p), BASE + 7);
	outb(&p, MASTER + 1, 0);
	assert_taken(&p, 4); /* not lost */
}

static void a_spurious_interrupt_rotates_nothing(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, AEOI);
	outb(&p, MASTER, ROTATE_IN_AEOI);
	outb(&p, MASTER, SET_PRIORITY | 3);
	raise_line(&p, 4);
	drop_line(&p, 4);
	vpic_acknowledge(&p);
	raise_line(&p, 0);
	raise_line(&p, 4);
	assert_taken(&p, 4);
}

static void could_interrupt_wants_a_ready_chip_and_an_open_input(void **state)
{
	struct vpic p;

	(void)state;
	vpic_reset(&p);
	init_chip(&p, MASTER, ICW1, 1);
	assert_true(vpic_could_interrupt(&p));
	outb(&p, MASTER + 1, 0xff);
	assert_false(vpic_could_interrupt(&p));
	outb(&p, MASTER + 1, 0xfb); /* only the cascade is open, and no slave is ready */
	assert_false(vpic_could_interrupt(&p));
	init_chip(&p, SLAVE, ICW1, 1);
	assert_true(vpic_could_interrupt(&p));
	outb(&p, SLAVE + 1, 0xff);
	assert_false(vpic_could_interrupt(&p));
}

static void would_interrupt_counts_what_is_in_service(void **state)
{
	struct vpic p, before;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	assert_taken(&p, 4);
	before = p;
	assert_true(vpic_would_interrupt(&p, 0));
	assert_true(vpic_would_interrupt(&p, 9));
	assert_false(vpic_would_interrupt(&p, 4));
	assert_false(vpic_would_interrupt(&p, 7));
	assert_memory_equal(&p, &before, sizeof(p)); /* a question changes nothing */
	outb(&p, MASTER, EOI);
	assert_true(vpic_would_interrupt(&p, 4)); /* though the line is high */
}

static void a_wrong_number_is_our_bug(void **state)
{
	struct io_access io = {.port = VPIC_PORTS, .size = 1};
	struct vpic p;

	(void)state;
	start(&p, 0);
	expect_assert_failure(vpic_access(&p, &io));
	io = (struct io_access){.port = 0, .size = 2};
	expect_assert_failure(vpic_access(&p, &io));
	expect_assert_failure(vpic_set_line(&p, VPIC_CASCADE, true));
	expect_assert_failure(vpic_set_line(&p, 16, true));
	expect_assert_failure(vpic_line(&p, 16));
	expect_assert_failure(vpic_requested(&p, 16));
	expect_assert_failure(vpic_masked(&p, 16));
	expect_assert_failure(vpic_level_triggered(&p, 16));
}

/* INT is cached: after anything at all it must be what the registers say. */
static void int_is_right_after_any_sequence(void **state)
{
	uint64_t seed = 8259;
	struct vpic p;

	(void)state;
	start(&p, 0);
	for (unsigned i = 0; i < 200000; i++) {
		struct vpic again;
		unsigned irq = (unsigned)random_below(&seed, 16);
		unsigned what = (unsigned)random_below(&seed, 8);

		if (what < 4 && irq != VPIC_CASCADE)
			vpic_set_line(&p, irq, what & 1);
		else if (what < 6)
			outb(&p, irq % VPIC_PORTS, (unsigned)random_below(&seed, 256));
		else if (what < 7)
			inb(&p, irq % VPIC_PORTS);
		else if (vpic_intr(&p))
			vpic_acknowledge(&p);
		/* A no-operation has it worked out anew. */
		again = p;
		outb(&again, MASTER, 0x40);
		assert_int_equal(vpic_intr(&again), vpic_intr(&p));
		assert_int_equal(again.master.latched & ~again.master.lines, 0);
		assert_int_equal(again.slave.latched & ~again.slave.lines, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_slave_comes_through_ir2),
		cmocka_unit_test(fully_nested_the_slave_is_locked_out_by_itself),
		cmocka_unit_test(special_fully_nested_lets_the_slave_interrupt_itself),
		cmocka_unit_test(special_fully_nested_is_for_inputs_with_a_slave_only),
		cmocka_unit_test(automatic_eoi_on_the_slave_makes_a_new_edge_for_the_master),
		cmocka_unit_test(a_master_without_cascade_gives_its_own_vector),
		cmocka_unit_test(a_slave_that_is_not_addressed_leaves_the_bus_undriven),
		cmocka_unit_test(a_request_that_goes_away_is_spurious_irq_7),
		cmocka_unit_test(a_slave_request_that_goes_away_is_spurious_irq_15),
		cmocka_unit_test(a_request_masked_too_late_is_spurious),
		cmocka_unit_test(a_spurious_interrupt_rotates_nothing),
		cmocka_unit_test(could_interrupt_wants_a_ready_chip_and_an_open_input),
		cmocka_unit_test(would_interrupt_counts_what_is_in_service),
		cmocka_unit_test(a_wrong_number_is_our_bug),
		cmocka_unit_test(int_is_right_after_any_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
