/*
 * tests/unit/vpit_rig.h - an interval timer on the workbench: ports by number, a clock that the
 * test winds, and the exact time of each tick.
 */
#pragma once

#include "tests/unit/support.h"

#include <string.h>

#include "guest/vpit.h"

enum { CONTROL = 3, PORT61 = 4 };

static struct vpit pit;
static uint64_t now_ns;

/* Straight from 14.31818 MHz / 12 = 3579545 / 3 Hz, with no trick. */
static inline uint64_t exact_ticks(uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ns * 3579545 / UINT64_C(3000000000));
}

static inline uint64_t exact_ns(uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks * UINT64_C(3000000000) + 3579544) / 3579545);
}

static inline void run(uint64_t ticks)
{
	now_ns = exact_ns(exact_ticks(now_ns) + ticks);
}

static inline void outb(uint16_t port, uint8_t value)
{
	struct io_access io = {
		.port = port, .size = 1, .write = true, .value = value, .now_ns = now_ns};

	vpit_access(&pit, &io);
}

static inline uint8_t inb(uint16_t port)
{
	struct io_access io = {.port = port, .size = 1, .value = 0xdeadbeef, .now_ns = now_ns};

	vpit_access(&pit, &io);
	assert_in_range(io.value, 0, 0xff);
	return (uint8_t)io.value;
}

/* A counter with both bytes; bcd is bit 0. */
static inline void program(unsigned channel, unsigned mode_and_bcd, uint16_t count)
{
	outb(CONTROL, (uint8_t)(channel << 6 | 0x30 | mode_and_bcd));
	outb((uint16_t)channel, (uint8_t)count);
	outb((uint16_t)channel, (uint8_t)(count >> 8));
}

static inline uint16_t read_both(unsigned channel)
{
	uint8_t low = inb((uint16_t)channel);

	return (uint16_t)(low | inb((uint16_t)channel) << 8);
}

static inline uint16_t latched(unsigned channel)
{
	outb(CONTROL, (uint8_t)(channel << 6));
	return read_both(channel);
}

static inline uint8_t status(unsigned channel)
{
	outb(CONTROL, (uint8_t)(0xe0 | 2u << channel));
	return inb((uint16_t)channel);
}

static inline bool out(unsigned channel)
{
	return vpit_out(&pit, channel, now_ns);
}

static inline void gate(bool level)
{
	outb(PORT61, level);
}

/* OUT of channel 2 after each of the next pulses. */
static inline void expect_wave(const char *wave)
{
	char seen[128] = "";

	for (size_t i = 0; i < strlen(wave); i++) {
		run(1);
		seen[i] = out(2) ? 'H' : 'L';
	}
	assert_string_equal(seen, wave);
}

static inline int setup(void **state)
{
	(void)state;
	now_ns = 0;
	vpit_reset(&pit, now_ns);
	gate(true);
	return 0;
}

#define VPIT_TEST(function) cmocka_unit_test_setup(function, setup)
