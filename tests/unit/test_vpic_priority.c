/*
 * tests/unit/test_vpic_priority.c - the 8259A: priorities, ends of interrupt, and poll.
 */
#include "tests/unit/vpic_pair.h"

static void lower_numbers_go_first(void **state)
{
	static const unsigned order[] = {0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 7};
	struct vpic p;

	(void)state;
	start(&p, AEOI);
	init_chip(&p, SLAVE, ICW1, 1 | AEOI);
	for (unsigned irq = 16; irq-- > 0;)
		if (irq != VPIC_CASCADE)
			raise_line(&p, irq);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		assert_taken(&p, order[i]);
	assert_false(vpic_intr(&p));
}

static void what_is_in_service_holds_off_its_own_and_lower_levels(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	assert_taken(&p, 4);
	raise_line(&p, 5);
	assert_false(vpic_intr(&p));
	raise_line(&p, 3);
	assert_taken(&p, 3);
	assert_int_equal(isr(&p, MASTER), 0x18);
	outb(&p, MASTER, EOI);
	assert_int_equal(isr(&p, MASTER), 0x10); /* non-specific: the highest of them */
	outb(&p, MASTER, EOI);
	assert_taken(&p, 5);
}

static void a_specific_eoi_ends_the_level_that_it_names(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	assert_taken(&p, 4);
	raise_line(&p, 3);
	assert_taken(&p, 3);
	outb(&p, MASTER, SPECIFIC_EOI | 4);
	assert_int_equal(isr(&p, MASTER), 0x08);
	outb(&p, MASTER, 0x40 | 3); /* no operation */
	assert_int_equal(isr(&p, MASTER), 0x08);
}

static void an_eoi_with_nothing_in_service_does_nothing(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, MASTER, EOI);
	outb(&p, MASTER, ROTATE_EOI); /* and no level to rotate to */
	raise_line(&p, 7);
	raise_line(&p, 0);
	assert_taken(&p, 0);
}

static void set_priority_names_the_lowest(void **state)
{
	static const unsigned order[] = {6, 7, 0, 1, 3, 4, 5};
	struct vpic p;

	(void)state;
	start(&p, AEOI);
	outb(&p, MASTER, SET_PRIORITY | 5);
	for (unsigned irq = 0; irq < 8; irq++)
		if (irq != VPIC_CASCADE)
			raise_line(&p, irq);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		assert_taken(&p, order[i]);
}

static void rotation_on_eoi_puts_the_ended_level_last(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 3);
	assert_taken(&p, 3);
	raise_line(&p, 1);
	raise_line(&p, 4);
	outb(&p, MASTER, ROTATE_EOI); /* now 4 5 6 7 0 1 2 3 */
	assert_taken(&p, 4);
	outb(&p, MASTER, ROTATE_SPECIFIC_EOI | 4); /* now 5 6 7 0 1 2 3 4 */
	assert_int_equal(isr(&p, MASTER), 0);
	assert_taken(&p, 1);
	raise_line(&p, 7);
	assert_taken(&p, 7); /* higher than 1 */
}

static void rotation_in_automatic_eoi_is_switched_by_ocw2(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, AEOI);
	outb(&p, MASTER, ROTATE_IN_AEOI);
	raise_line(&p, 0);
	assert_taken(&p, 0);
	pulse(&p, 0);
	raise_line(&p, 7);
	assert_taken(&p, 7);
	outb(&p, MASTER, NO_ROTATE_IN_AEOI);
	assert_taken(&p, 0); /* 7 is the lowest now, and 0 does not become it */
	pulse(&p, 0);
	pulse(&p, 7);
	assert_taken(&p, 0);
}

static void automatic_eoi_leaves_nothing_in_service(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, AEOI);
	raise_line(&p, 0);
	raise_line(&p, 6);
	assert_taken(&p, 0);
	assert_int_equal(isr(&p, MASTER), 0);
	assert_taken(&p, 6);
}

static void special_mask_mode_opens_all_levels_but_the_masked(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 3);
	assert_taken(&p, 3);
	outb(&p, MASTER + 1, 0x08);
	raise_line(&p, 6);
	assert_false(vpic_intr(&p));
	outb(&p, MASTER, SPECIAL_MASK);
	assert_taken(&p, 6);
	raise_line(&p, 7);
	assert_false(vpic_intr(&p)); /* 6 is in service and not masked */
	outb(&p, MASTER, SPECIFIC_EOI | 6);
	assert_true(vpic_intr(&p));
	outb(&p, MASTER, 0x28); /* ESMM clear: SMM means nothing */
	outb(&p, MASTER, 0x08);
	assert_true(vpic_intr(&p));
	outb(&p, MASTER, NO_SPECIAL_MASK);
	assert_false(vpic_intr(&p));
}

static void in_special_mask_mode_a_non_specific_eoi_spares_the_masked(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 3);
	assert_taken(&p, 3);
	outb(&p, MASTER + 1, 0x08);
	outb(&p, MASTER, SPECIAL_MASK);
	raise_line(&p, 6);
	assert_taken(&p, 6);
	outb(&p, MASTER, EOI);
	assert_int_equal(isr(&p, MASTER), 0x08);
	outb(&p, MASTER, EOI);
	assert_int_equal(isr(&p, MASTER), 0x08);
	outb(&p, MASTER, SPECIFIC_EOI | 3);
	assert_int_equal(isr(&p, MASTER), 0);
}

static void a_poll_is_an_acknowledgement(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 5);
	raise_line(&p, 3);
	outb(&p, MASTER, POLL);
	assert_int_equal(inb(&p, MASTER), 0x83);
	assert_int_equal(isr(&p, MASTER), 0x08);
	assert_int_equal(irr(&p, MASTER), 0x20);
	assert_false(vpic_intr(&p));
	outb(&p, MASTER, POLL);
	assert_int_equal(inb(&p, MASTER), 0x00);
	assert_int_equal(inb(&p, MASTER), 0x20); /* one read only, then IRR again */
}

static void a_poll_answers_at_the_odd_port_as_well(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, SLAVE + 1, 0x11);
	raise_line(&p, 14);
	outb(&p, SLAVE, POLL);
	assert_int_equal(inb(&p, SLAVE + 1), 0x86);
	assert_int_equal(inb(&p, SLAVE + 1), 0x11);
	assert_false(vpic_intr(&p)); /* the slave asks no longer */
}

static void a_poll_goes_before_a_register_read(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 2 + 4);
	outb(&p, MASTER, POLL | 3); /* poll, and choose ISR for later */
	assert_int_equal(inb(&p, MASTER), 0x86);
	assert_int_equal(inb(&p, MASTER), 0x40);
}

static void a_poll_freezes_the_requests(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 5);
	outb(&p, MASTER, POLL);
	drop_line(&p, 5);
	raise_line(&p, 0);
	assert_int_equal(inb(&p, MASTER), 0x85);
	assert_taken(&p, 0);
}

static void a_poll_is_followed_by_automatic_eoi(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, AEOI);
	raise_line(&p, 5);
	outb(&p, MASTER, POLL);
	assert_int_equal(inb(&p, MASTER), 0x85);
	assert_int_equal(isr(&p, MASTER), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower_numbers_go_first),
		cmocka_unit_test(what_is_in_service_holds_off_its_own_and_lower_levels),
		cmocka_unit_test(a_specific_eoi_ends_the_level_that_it_names),
		cmocka_unit_test(an_eoi_with_nothing_in_service_does_nothing),
		cmocka_unit_test(set_priority_names_the_lowest),
		cmocka_unit_test(rotation_on_eoi_puts_the_ended_level_last),
		cmocka_unit_test(rotation_in_automatic_eoi_is_switched_by_ocw2),
		cmocka_unit_test(automatic_eoi_leaves_nothing_in_service),
		cmocka_unit_test(special_mask_mode_opens_all_levels_but_the_masked),
		cmocka_unit_test(in_special_mask_mode_a_non_specific_eoi_spares_the_masked),
		cmocka_unit_test(a_poll_is_an_acknowledgement),
		cmocka_unit_test(a_poll_answers_at_the_odd_port_as_well),
		cmocka_unit_test(a_poll_goes_before_a_register_read),
		cmocka_unit_test(a_poll_freezes_the_requests),
		cmocka_unit_test(a_poll_is_followed_by_automatic_eoi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
