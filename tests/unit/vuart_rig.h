/*
 * tests/unit/vuart_rig.h - a serial port on the workbench: registers by number, both ends of the
 * line, and a clock that the test winds.
 */
#pragma once

#include "tests/unit/support.h"

#include "guest/vuart.h"
#include "guest/vuart_registers.h"

static struct vuart uart;
static uint64_t now_ns;

static inline void outb(uint16_t port, uint8_t value)
{
	struct io_access io = {
		.port = port, .size = 1, .write = true, .value = value, .now_ns = now_ns};

	vuart_access(&uart, &io);
}

static inline uint8_t inb(uint16_t port)
{
	struct io_access io = {.port = port, .size = 1, .value = 0xdeadbeef, .now_ns = now_ns};

	vuart_access(&uart, &io);
	assert_in_range(io.value, 0, 0xff);
	return (uint8_t)io.value;
}

static inline void receive(uint8_t byte)
{
	assert_true(vuart_receive(&uart, byte, now_ns));
}

static inline void receive_many(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		receive((uint8_t)('a' + i));
}

static inline void expect_tx(uint8_t expected)
{
	uint8_t byte = 0;

	assert_true(vuart_has_tx(&uart));
	assert_true(vuart_take_tx(&uart, &byte));
	assert_int_equal(byte, expected);
}

static inline void expect_no_tx(void)
{
	uint8_t byte;

	assert_false(vuart_has_tx(&uart));
	assert_false(vuart_take_tx(&uart, &byte));
}

static inline bool irq(void)
{
	return vuart_irq(&uart, now_ns);
}

/* 8N1 and the interrupt line enabled. */
static inline int setup(void **state)
{
	(void)state;
	now_ns = 1000000;
	vuart_reset(&uart);
	outb(UART_LCR, 0x03);
	outb(UART_MCR, UART_MCR_OUT2);
	return 0;
}

static inline int setup_fifos(void **state)
{
	setup(state);
	outb(UART_FCR, UART_FCR_ENABLE);
	return 0;
}

#define VUART_TEST(function)       cmocka_unit_test_setup(function, setup)
#define VUART_TEST_FIFOS(function) cmocka_unit_test_setup(function, setup_fifos)
