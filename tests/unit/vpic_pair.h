/*
 * tests/unit/vpic_pair.h - what the tests of guest/vpic.c share: the words of the 8259A by name,
 * port accesses, and a pair that is ready.
 */
#pragma once

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

static inline void outb(struct vpic *p, unsigned reg, unsigned value)
{
	struct io_access io = {.port = (uint16_t)reg, .size = 1, .write = true, .value = value};

	vpic_access(p, &io);
}

static inline unsigned inb(struct vpic *p, unsigned reg)
{
	struct io_access io = {.port = (uint16_t)reg, .size = 1};

	vpic_access(p, &io);
	assert_true(io.value <= 0xff);
	return io.value;
}

static inline unsigned irr(struct vpic *p, unsigned chip)
{
	outb(p, chip, READ_IRR);
	return inb(p, chip);
}

static inline unsigned isr(struct vpic *p, unsigned chip)
{
	outb(p, chip, READ_ISR);
	return inb(p, chip);
}

static inline void init_chip(struct vpic *p, unsigned chip, unsigned icw1, unsigned icw4)
{
	outb(p, chip, icw1);
	outb(p, chip + 1, chip == MASTER ? BASE : BASE + 8);
	if (!(icw1 & SNGL))
		outb(p, chip + 1, chip == MASTER ? 4 : 2);
	if (icw1 & 1)
		outb(p, chip + 1, icw4);
}

/* Both chips ready, all inputs open, edge-triggered. */
static inline void start(struct vpic *p, unsigned icw4)
{
	vpic_reset(p);
	init_chip(p, MASTER, ICW1, 1 | icw4);
	init_chip(p, SLAVE, ICW1, 1);
}

static inline void raise_line(struct vpic *p, unsigned irq)
{
	vpic_set_line(p, irq, true);
}

static inline void drop_line(struct vpic *p, unsigned irq)
{
	vpic_set_line(p, irq, false);
}

static inline void pulse(struct vpic *p, unsigned irq)
{
	drop_line(p, irq);
	raise_line(p, irq);
}

static inline void assert_taken(struct vpic *p, unsigned irq)
{
	assert_true(vpic_intr(p));
	assert_int_equal(vpic_acknowledge(p), BASE + irq);
}
