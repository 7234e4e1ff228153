/*
 * tests/qtest/models.c - Lintel's models on an I/O bus, as a shared library for Python's ctypes.
 *
 * One board holds one of each chip at its PC address. Beside port accesses it offers only what the
 * models' own headers offer, and a look at the inside for the tests' rules of exception.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guest/io_bus.h"
#include "guest/vpic.h"
#include "guest/vpit.h"
#include "guest/vuart.h"
#include "kernel/assert.h"

struct board {
	struct io_bus io;
	struct vpic pic;
	struct vpit pit;
	struct vuart uart;
};

/* What the rules of exception look at; tests/qtest/models.py has the same structure. */
struct pic_chip_view {
	uint8_t requests, latched, lines, isr, imr, elcr, icw1, icw2, icw3, icw4;
	uint8_t special_mask, poll, poll_request, ready, int_output;
};

struct board *board_new(void);
struct board *board_copy(const struct board *from);
void board_free(struct board *b);
void board_out(struct board *b, uint16_t port, uint8_t value, uint64_t now_ns);
uint8_t board_in(struct board *b, uint16_t port, uint64_t now_ns);
void board_set_line(struct board *b, unsigned irq, bool level);
bool board_intr(const struct board *b);
uint8_t board_acknowledge(struct board *b);
void board_view(const struct board *b, struct pic_chip_view view[2]);
void board_pit_reset(struct board *b, uint64_t now_ns);
bool board_pit_out(const struct board *b, unsigned channel, uint64_t now_ns);
uint64_t board_pit_edges(struct board *b, uint64_t until_ns);
bool board_uart_receive(struct board *b, uint8_t byte, uint64_t now_ns);
int board_uart_take_tx(struct board *b);
bool board_uart_irq(const struct board *b, uint64_t now_ns);

void assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

static void claim(struct board *b, struct io_claim claim)
{
	if (io_bus_claim(&b->io, &claim) != OK)
		abort();
}

static void wire(struct board *b)
{
	io_bus_init(&b->io);
	claim(b, (struct io_claim){.name = "pic",
				   .access = vpic_access,
				   .state = &b->pic,
				   .first = 0x20,
				   .count = 2,
				   .offset = 0});
	claim(b, (struct io_claim){.name = "pic",
				   .access = vpic_access,
				   .state = &b->pic,
				   .first = 0xa0,
				   .count = 2,
				   .offset = 2});
	claim(b, (struct io_claim){.name = "pic",
				   .access = vpic_access,
				   .state = &b->pic,
				   .first = 0x4d0,
				   .count = 2,
				   .offset = 4});
	claim(b, (struct io_claim){.name = "pit",
				   .access = vpit_access,
				   .state = &b->pit,
				   .first = 0x40,
				   .count = 4,
				   .offset = 0});
	claim(b, (struct io_claim){.name = "pit",
				   .access = vpit_access,
				   .state = &b->pit,
				   .first = 0x61,
				   .count = 1,
				   .offset = 4});
	claim(b, (struct io_claim){.name = "uart",
				   .access = vuart_access,
				   .state = &b->uart,
				   .first = 0x3f8,
				   .count = 8,
				   .offset = 0});
}

struct board *board_new(void)
{
	struct board *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	wire(b);
	vpic_reset(&b->pic);
	vpit_reset(&b->pit, 0);
	vuart_reset(&b->uart);
	return b;
}

struct board *board_copy(const struct board *from)
{
	struct board *b = malloc(sizeof(*b));

	if (!b)
		abort();
	*b = *from;
	wire(b);
	return b;
}

void board_free(struct board *b)
{
	free(b);
}

void board_out(struct board *b, uint16_t port, uint8_t value, uint64_t now_ns)
{
	struct io_access io = {
		.port = port, .size = 1, .write = true, .value = value, .now_ns = now_ns};

	io_bus_access(&b->io, &io);
}

uint8_t board_in(struct board *b, uint16_t port, uint64_t now_ns)
{
	struct io_access io = {.port = port, .size = 1, .now_ns = now_ns};

	io_bus_access(&b->io, &io);
	return (uint8_t)io.value;
}

void board_set_line(struct board *b, unsigned irq, bool level)
{
	vpic_set_line(&b->pic, irq, level);
}

bool board_intr(const struct board *b)
{
	return vpic_intr(&b->pic);
}

uint8_t board_acknowledge(struct board *b)
{
	return vpic_acknowledge(&b->pic);
}

void board_view(const struct board *b, struct pic_chip_view view[2])
{
	for (unsigned i = 0; i < 2; i++) {
		const struct vpic_chip *c = i ? &b->pic.slave : &b->pic.master;
		uint8_t requests = 0;

		for (unsigned level = 0; level < 8; level++)
			if (vpic_requested(&b->pic, 8 * i + level))
				requests |= (uint8_t)(1u << level);
		view[i] = (struct pic_chip_view){
			.requests = requests,
			.latched = c->latched,
			.lines = c->lines,
			.isr = c->isr,
			.imr = c->imr,
			.elcr = c->elcr,
			.icw1 = c->icw1,
			.icw2 = c->icw2,
			.icw3 = c->icw3,
			.icw4 = c->icw4,
			.special_mask = c->special_mask,
			.poll = c->poll,
			.poll_request = c->poll_request,
			.ready = c->ready,
			.int_output = i ? (b->pic.master.lines >> VPIC_CASCADE) & 1 : b->pic.intr,
		};
	}
}

void board_pit_reset(struct board *b, uint64_t now_ns)
{
	vpit_reset(&b->pit, now_ns);
}

bool board_pit_out(const struct board *b, unsigned channel, uint64_t now_ns)
{
	return vpit_out(&b->pit, channel, now_ns);
}

uint64_t board_pit_edges(struct board *b, uint64_t until_ns)
{
	return vpit_take_edges(&b->pit, until_ns);
}

bool board_uart_receive(struct board *b, uint8_t byte, uint64_t now_ns)
{
	return vuart_receive(&b->uart, byte, now_ns);
}

/* The next byte sent, or -1. */
int board_uart_take_tx(struct board *b)
{
	uint8_t byte;

	return vuart_take_tx(&b->uart, &byte) ? byte : -1;
}

bool board_uart_irq(const struct board *b, uint64_t now_ns)
{
	return vuart_irq(&b->uart, now_ns);
}
