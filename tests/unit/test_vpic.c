/*
 * tests/unit/test_vpic.c - the promises of guest/vpic.h, by the chapters of the 8259A data sheet.
 */
#include "tests/unit/support.h"

#include "guest/vpic.h"

enum {
	MASTER = 0,
	SLAVE = 2,
	ELCR = 4,
	ICW1 = 0x11,
	LTIM = 0x08,
	SNGL = 0x02,
	AEOI = 0x02,
	SFNM = 0x10,
	EOI = 0x20,
	SPECIFIC_EOI = 0x60,
	ROTATE_EOI = 0xa0,
	ROTATE_SPECIFIC_EOI = 0xe0,
	SET_PRIORITY = 0xc0,
	ROTATE_IN_AEOI = 0x80,
	NO_ROTATE_IN_AEOI = 0x00,
	POLL = 0x0c,
	READ_IRR = 0x0a,
	READ_ISR = 0x0b,
	SPECIAL_MASK = 0x68,
	NO_SPECIAL_MASK = 0x48,
	BASE = 0x20, /* the vectors of the master, after them the slave's */
};

static void outb(struct vpic *p, unsigned reg, unsigned value)
{
	struct io_access io = {.port = (uint16_t)reg, .size = 1, .write = true, .value = value};

	vpic_access(p, &io);
}

static unsigned inb(struct vpic *p, unsigned reg)
{
	struct io_access io = {.port = (uint16_t)reg, .size = 1};

	vpic_access(p, &io);
	assert_true(io.value <= 0xff);
	return io.value;
}

static unsigned irr(struct vpic *p, unsigned chip)
{
	outb(p, chip, READ_IRR);
	return inb(p, chip);
}

static unsigned isr(struct vpic *p, unsigned chip)
{
	outb(p, chip, READ_ISR);
	return inb(p, chip);
}

static void init_chip(struct vpic *p, unsigned chip, unsigned icw1, unsigned icw4)
{
	outb(p, chip, icw1);
	outb(p, chip + 1, chip == MASTER ? BASE : BASE + 8);
	if (!(icw1 & SNGL))
		outb(p, chip + 1, chip == MASTER ? 4 : 2);
	if (icw1 & 1)
		outb(p, chip + 1, icw4);
}

/* Both chips ready, all inputs open, edge-triggered. */
static void start(struct vpic *p, unsigned icw4)
{
	vpic_reset(p);
	init_chip(p, MASTER, ICW1, 1 | icw4);
	init_chip(p, SLAVE, ICW1, 1);
}

static void raise_line(struct vpic *p, unsigned irq)
{
	vpic_set_line(p, irq, true);
}

static void drop_line(struct vpic *p, unsigned irq)
{
	vpic_set_line(p, irq, false);
}

static void pulse(struct vpic *p, unsigned irq)
{
	drop_line(p, irq);
	raise_line(p, irq);
}

static void assert_taken(struct vpic *p, unsigned irq)
{
	assert_true(vpic_intr(p));
	assert_int_equal(vpic_acknowledge(p), BASE + irq);
}

/* ---- initialisation ---- */

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

/* ---- requests ---- */

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

/* ---- masks and registers ---- */

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

/* ---- priorities ---- */

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

/* ---- the pair ---- */

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

/* ---- spurious interrupts ---- */

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

/* ---- poll ---- */

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

/* ---- questions ---- */

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
		cmocka_unit_test(a_poll_is_an_acknowledgement),
		cmocka_unit_test(a_poll_answers_at_the_odd_port_as_well),
		cmocka_unit_test(a_poll_goes_before_a_register_read),
		cmocka_unit_test(a_poll_freezes_the_requests),
		cmocka_unit_test(a_poll_is_followed_by_automatic_eoi),
		cmocka_unit_test(could_interrupt_wants_a_ready_chip_and_an_open_input),
		cmocka_unit_test(would_interrupt_counts_what_is_in_service),
		cmocka_unit_test(a_wrong_number_is_our_bug),
		cmocka_unit_test(int_is_right_after_any_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
