/*
 * tests/unit/test_vpic.c - the 8259A: initialisation, requests, masks and registers.
 */
#include "tests/unit/vpic_pair.h"

static void after_power_on_nothing_is_asked_for(void **state)
{
	struct vpic p;

	(void)state;
	vpic_reset(&p);
	raise_line(&p, 1);
	raise_line(&p, 9);
	assert_false(vpic_intr(&p));
	assert_false(vpic_could_interrupt(&p));
	assert_false(vpic_would_interrupt(&p, 3));
}

static void requests_wait_for_the_last_icw(void **state)
{
	static const unsigned words[] = {BASE, 4, 1};
	struct vpic p;

	(void)state;
	vpic_reset(&p);
	outb(&p, MASTER, ICW1);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		pulse(&p, 0);
		assert_false(vpic_intr(&p));
		outb(&p, MASTER + 1, words[i]);
	}
	assert_taken(&p, 0);
}

static void icw1_says_which_words_follow(void **state)
{
	struct vpic p;

	(void)state;
	/* Single, no ICW4: two words; the next is the mask. */
	vpic_reset(&p);
	outb(&p, MASTER, 0x12);
	outb(&p, MASTER + 1, BASE);
	outb(&p, MASTER + 1, 0x5a);
	assert_int_equal(inb(&p, MASTER + 1), 0x5a);
	/* Single with ICW4, cascaded without: three. */
	outb(&p, MASTER, 0x13);
	outb(&p, MASTER + 1, BASE);
	outb(&p, MASTER + 1, 1);
	outb(&p, MASTER + 1, 0xa5);
	assert_int_equal(inb(&p, MASTER + 1), 0xa5);
	outb(&p, MASTER, 0x10);
	outb(&p, MASTER + 1, BASE);
	outb(&p, MASTER + 1, 4);
	outb(&p, MASTER + 1, 0x3c);
	assert_int_equal(inb(&p, MASTER + 1), 0x3c);
	/* Cascaded with ICW4: four; a new ICW1 in the middle starts again. */
	outb(&p, MASTER, ICW1);
	outb(&p, MASTER + 1, BASE);
	init_chip(&p, MASTER, ICW1, 1);
	outb(&p, MASTER + 1, 0xc3);
	assert_int_equal(inb(&p, MASTER + 1), 0xc3);
}

static void icw1_resets_what_the_data_sheet_lists(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, AEOI);
	outb(&p, MASTER, ROTATE_IN_AEOI);
	outb(&p, MASTER, SET_PRIORITY | 3);
	outb(&p, MASTER, SPECIAL_MASK);
	outb(&p, MASTER, READ_ISR);
	outb(&p, MASTER, POLL);
	outb(&p, MASTER + 1, 0xff);
	raise_line(&p, 5);
	outb(&p, MASTER, 0x10); /* no ICW4: all of it is zero again */
	outb(&p, MASTER + 1, BASE);
	outb(&p, MASTER + 1, 4);
	assert_int_equal(inb(&p, MASTER + 1), 0);
	/* IRR is what a read gives, and line 5, high all the time, is no request. */
	assert_int_equal(inb(&p, MASTER), 0);
	raise_line(&p, 3);
	raise_line(&p, 4);
	assert_int_equal(inb(&p, MASTER), 0x18);
	vpic_acknowledge(&p);
	assert_int_equal(isr(&p, MASTER), 0x08); /* 3 goes first, and no automatic EOI */
	outb(&p, MASTER + 1, 0x08);
	assert_false(vpic_intr(&p)); /* no special mask mode */
}

static void icw1_clears_what_is_in_service(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 0);
	assert_taken(&p, 0);
	init_chip(&p, MASTER, ICW1, 1);
	assert_int_equal(isr(&p, MASTER), 0);
	raise_line(&p, 7);
	assert_taken(&p, 7);
}

static void vectors_take_the_upper_five_bits_of_icw2(void **state)
{
	struct vpic p;

	(void)state;
	vpic_reset(&p);
	outb(&p, MASTER, 0x13);
	outb(&p, MASTER + 1, 0xaf);
	outb(&p, MASTER + 1, 1);
	raise_line(&p, 3);
	assert_int_equal(vpic_acknowledge(&p), 0xab);
}

static void mcs80_mode_gives_the_second_byte_of_the_call(void **state)
{
	struct vpic p;

	(void)state;
	/* Interval 4: A7-A5 of ICW1, then the level times 4. */
	vpic_reset(&p);
	outb(&p, MASTER, 0xa0 | 0x10 | 0x04 | SNGL);
	outb(&p, MASTER + 1, 0x12);
	raise_line(&p, 5);
	assert_int_equal(vpic_acknowledge(&p), 0xa0 | 5 << 2);
	/* Interval 8: A7-A6, then the level times 8. */
	outb(&p, MASTER, 0xe0 | 0x10 | SNGL);
	outb(&p, MASTER + 1, 0x12);
	pulse(&p, 5);
	assert_int_equal(vpic_acknowledge(&p), 0xc0 | 5 << 3);
	assert_int_equal(isr(&p, MASTER), 0x20);
}

static void mcs80_mode_has_no_third_pulse_for_automatic_eoi(void **state)
{
	struct vpic p;

	(void)state;
	vpic_reset(&p);
	init_chip(&p, MASTER, ICW1, AEOI);
	raise_line(&p, 1);
	vpic_acknowledge(&p);
	assert_int_equal(isr(&p, MASTER), 0x02);
}

static void an_edge_is_one_request(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	assert_int_equal(irr(&p, MASTER), 0x10);
	assert_taken(&p, 4);
	assert_int_equal(irr(&p, MASTER), 0);
	outb(&p, MASTER, EOI);
	assert_false(vpic_intr(&p));
	pulse(&p, 4);
	assert_taken(&p, 4);
}

static void a_line_that_stays_as_it_is_changes_nothing(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	assert_taken(&p, 4);
	outb(&p, MASTER, EOI);
	raise_line(&p, 4);
	assert_false(vpic_intr(&p));
}

static void an_edge_request_is_withdrawn_with_its_line(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	drop_line(&p, 4);
	assert_int_equal(irr(&p, MASTER), 0);
	assert_false(vpic_intr(&p));
	assert_false(vpic_requested(&p, 4));
}

static void an_edge_while_in_service_waits_for_the_eoi(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 4);
	assert_taken(&p, 4);
	pulse(&p, 4);
	assert_false(vpic_intr(&p));
	assert_true(vpic_requested(&p, 4));
	outb(&p, MASTER, EOI);
	assert_taken(&p, 4);
}

static void elcr_makes_an_input_level_triggered(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, ELCR, 0x20);
	raise_line(&p, 5);
	assert_taken(&p, 5);
	assert_int_equal(irr(&p, MASTER), 0x20); /* still asking */
	assert_false(vpic_intr(&p));
	outb(&p, MASTER, EOI);
	assert_taken(&p, 5);
	drop_line(&p, 5);
	outb(&p, MASTER, EOI);
	assert_false(vpic_intr(&p));
	assert_true(vpic_level_triggered(&p, 5));
	assert_false(vpic_level_triggered(&p, 4));
}

static void elcr_has_bits_that_cannot_be_set(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, ELCR, 0xff);
	outb(&p, ELCR + 1, 0xff);
	assert_int_equal(inb(&p, ELCR), 0xf8);     /* not IRQ 0, 1, 2 */
	assert_int_equal(inb(&p, ELCR + 1), 0xde); /* not IRQ 8, 13 */
	assert_true(vpic_level_triggered(&p, 9));
}

static void elcr_survives_icw1_and_ltim_adds_to_it(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, ELCR, 0x08);
	init_chip(&p, MASTER, ICW1 | LTIM, 1);
	assert_int_equal(inb(&p, ELCR), 0x08);
	raise_line(&p, 0);
	assert_taken(&p, 0);
	outb(&p, MASTER, EOI);
	assert_taken(&p, 0);
	init_chip(&p, MASTER, ICW1, 1);
	assert_false(vpic_intr(&p)); /* edge-triggered again, and no edge came */
	raise_line(&p, 3);
	assert_taken(&p, 3);
	outb(&p, MASTER, EOI);
	assert_taken(&p, 3);
}

static void a_level_still_high_at_icw1_asks_again(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, ELCR, 0x20);
	raise_line(&p, 5);
	assert_taken(&p, 5);
	init_chip(&p, MASTER, ICW1, 1);
	assert_taken(&p, 5);
}

static void a_mask_holds_a_request_back_and_keeps_it(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, MASTER + 1, 0x10);
	raise_line(&p, 4);
	assert_false(vpic_intr(&p));
	assert_true(vpic_requested(&p, 4));
	assert_true(vpic_masked(&p, 4));
	outb(&p, MASTER + 1, 0x00);
	assert_false(vpic_masked(&p, 4));
	assert_taken(&p, 4);
}

static void the_slave_has_a_mask_of_its_own(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	outb(&p, SLAVE + 1, 0x10);
	assert_int_equal(inb(&p, MASTER + 1), 0x00);
	assert_int_equal(inb(&p, SLAVE + 1), 0x10);
	raise_line(&p, 12);
	assert_false(vpic_intr(&p));
	assert_true(vpic_masked(&p, 12));
	assert_false(vpic_masked(&p, 4));
	outb(&p, SLAVE + 1, 0x00);
	assert_taken(&p, 12);
	outb(&p, MASTER + 1, 0x04); /* the cascade's mask covers all of the slave */
	assert_true(vpic_masked(&p, 15));
}

static void ocw3_chooses_the_register_that_is_read(void **state)
{
	struct vpic p;

	(void)state;
	start(&p, 0);
	raise_line(&p, 1);
	assert_taken(&p, 1);
	raise_line(&p, 6);
	assert_int_equal(irr(&p, MASTER), 0x40);
	assert_int_equal(inb(&p, MASTER), 0x40); /* it is remembered */
	assert_int_equal(isr(&p, MASTER), 0x02);
	outb(&p, MASTER, 0x09); /* RR clear: RIS means nothing */
	outb(&p, MASTER, 0x08);
	assert_int_equal(inb(&p, MASTER), 0x02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_power_on_nothing_is_asked_for),
		cmocka_unit_test(requests_wait_for_the_last_icw),
		cmocka_unit_test(icw1_says_which_words_follow),
		cmocka_unit_test(icw1_resets_what_the_data_sheet_lists),
		cmocka_unit_test(icw1_clears_what_is_in_service),
		cmocka_unit_test(vectors_take_the_upper_five_bits_of_icw2),
		cmocka_unit_test(mcs80_mode_gives_the_second_byte_of_the_call),
		cmocka_unit_test(mcs80_mode_has_no_third_pulse_for_automatic_eoi),
		cmocka_unit_test(an_edge_is_one_request),
		cmocka_unit_test(a_line_that_stays_as_it_is_changes_nothing),
		cmocka_unit_test(an_edge_request_is_withdrawn_with_its_line),
		cmocka_unit_test(an_edge_while_in_service_waits_for_the_eoi),
		cmocka_unit_test(elcr_makes_an_input_level_triggered),
		cmocka_unit_test(elcr_has_bits_that_cannot_be_set),
		cmocka_unit_test(elcr_survives_icw1_and_ltim_adds_to_it),
		cmocka_unit_test(a_level_still_high_at_icw1_asks_again),
		cmocka_unit_test(a_mask_holds_a_request_back_and_keeps_it),
		cmocka_unit_test(the_slave_has_a_mask_of_its_own),
		cmocka_unit_test(ocw3_chooses_the_register_that_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
