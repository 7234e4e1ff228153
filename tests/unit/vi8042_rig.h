/*
 * tests/unit/vi8042_rig.h - a keyboard controller with its keyboard on the workbench, and a time
 * that the test winds. Reads wait as long as a byte needs.
 */
#pragma once

#include "tests/unit/support.h"

#include "guest/vi8042.h"

#define FULL    0x01
#define SYSTEM  0x04
#define COMMAND 0x08
#define AUX     0x20
#define TIMEOUT 0x40
#define MS      NS_PER_MILLISECOND

static struct vi8042 chip;
static uint64_t now_ns;

static inline void port_out(uint16_t port, uint8_t value)
{
	struct io_access io = {
		.port = port, .size = 1, .write = true, .value = value, .now_ns = now_ns};

	vi8042_access(&chip, &io);
}

static inline uint8_t port_in(uint16_t port)
{
	struct io_access io = {.port = port, .size = 1, .value = 0xdeadbeef, .now_ns = now_ns};

	vi8042_access(&chip, &io);
	assert_in_range(io.value, 0, 0xff);
	return (uint8_t)io.value;
}

static inline void command(uint8_t value)
{
	port_out(1, value);
}

static inline void data(uint8_t value)
{
	port_out(0, value);
}

static inline uint8_t status(void)
{
	return port_in(1);
}

static inline bool irq(void)
{
	return vi8042_irq(&chip, now_ns);
}

static inline uint64_t deadline(void)
{
	return vi8042_deadline_ns(&chip, now_ns);
}

/* The next byte is there by now, or after the time of a byte. */
static inline void expect_byte(uint8_t expected)
{
	if (!(status() & FULL))
		now_ns += VI8042_BYTE_NS;
	assert_true(status() & FULL);
	assert_int_equal(port_in(0), expected);
}

static inline void expect_nothing(void)
{
	now_ns += 2 * VI8042_BYTE_NS;
	assert_int_equal(status() & (FULL | AUX | TIMEOUT), 0);
}

/* As many as stand there up to the 0, which is no scan code. */
static inline void expect_bytes(const uint8_t *expected)
{
	for (; *expected; expected++)
		expect_byte(*expected);
	expect_nothing();
}

#define EXPECT(...) expect_bytes((const uint8_t[]){__VA_ARGS__, 0})

static inline void type(const char *text)
{
	for (; *text; text++)
		assert_true(vi8042_type(&chip, (uint8_t)*text, now_ns));
}

static inline int setup(void **state)
{
	(void)state;
	now_ns = 1000 * MS;
	vi8042_power_on(&chip);
	return 0;
}

/* With translation to set 1, as a BIOS leaves it. */
static inline int setup_bios(void **state)
{
	setup(state);
	vi8042_skip_firmware(&chip);
	return 0;
}

#define VI8042_TEST(function)      cmocka_unit_test_setup(function, setup)
#define VI8042_TEST_BIOS(function) cmocka_unit_test_setup(function, setup_bios)
