/*
 * tests/unit/platform_guest.h - what the tests of guest/platform.c share: a guest at its ports, and
 * time that passes while it runs or while others do.
 */
#pragma once

#include "tests/unit/support.h"

#include "guest/platform.h"

enum {
	PERIOD = 1000, /* in PIT ticks: 838096 ns and a bit */
	EOI = 0x20,
	VECTOR_PIT = 0x08,
	VECTOR_COM1 = 0x0c,
	IER = 0x3f9,
	LCR = 0x3fb,
	MCR = 0x3fc,
};

#define START_NS UINT64_C(5000000)

/* A board of 1 MiB without drives. */
static inline void power_on(struct platform *p)
{
	const struct platform_setup setup = {.now_ns = START_NS, .low_bytes = MIB};

	assert_int_equal(platform_init(p, &setup), OK);
}

static inline void outb(struct platform *p, unsigned port, unsigned value, uint64_t now_ns)
{
	struct io_access io = {
		.port = (uint16_t)port, .size = 1, .write = true, .value = value, .now_ns = now_ns};

	platform_io(p, &io);
}

static inline unsigned inb(struct platform *p, unsigned port, uint64_t now_ns)
{
	struct io_access io = {.port = (uint16_t)port, .size = 1, .now_ns = now_ns};

	platform_io(p, &io);
	return io.value;
}

static inline void program_pit(struct platform *p, unsigned mode, unsigned count, uint64_t now_ns)
{
	outb(p, 0x43, 0x30 | mode << 1, now_ns);
	outb(p, 0x40, count & 0xff, now_ns);
	outb(p, 0x40, count >> 8, now_ns);
}

/* Vectors 08h and 70h, these interrupts open, the PIT silent (mode 2 before its count, OUT 0
 * high). */
static inline void start(struct platform *p, unsigned open)
{
	power_on(p);
	platform_set_bios_state(p, START_NS);
	outb(p, 0x43, 0x34, START_NS);
	outb(p, 0x21, ~open & 0xff, START_NS);
	platform_sync(p, START_NS, START_NS);
	assert_false(platform_intr(p));
}

/* The guest runs until now_ns, with every deadline kept. */
static inline void run_until(struct platform *p, uint64_t now_ns)
{
	platform_sync(p, now_ns, now_ns);
}

/* As start(), and the PIT ticks: OUT 0 rises every count ticks of its clock. */
static inline void start_ticking(struct platform *p, unsigned open, unsigned count)
{
	start(p, open);
	program_pit(p, 2, count, START_NS);
	run_until(p, START_NS);
}

/* Other things run until now_ns. */
static inline void pause_until(struct platform *p, uint64_t now_ns)
{
	platform_sync(p, now_ns, p->now_ns);
}

/* When OUT 0 rises for the nth time from now on, n from 1, in modes 2 and 3. */
static inline uint64_t rise_ns(struct platform *p, unsigned n)
{
	struct vpit copy = p->pit;
	uint64_t at_ns = p->now_ns;

	for (unsigned i = 0; i < n; i++) {
		at_ns = vpit_deadline_ns(&copy, at_ns);
		vpit_take_edges(&copy, at_ns);
	}
	return at_ns;
}

/* The guest takes all interrupts that come, each with its EOI; returns how many were ticks. */
static inline unsigned take_ticks(struct platform *p, uint64_t now_ns)
{
	unsigned ticks = 0;

	while (platform_intr(p)) {
		ticks += platform_acknowledge(p) == VECTOR_PIT;
		outb(p, 0x20, EOI, now_ns);
	}
	return ticks;
}
