/*
 * drivers/uart16550.h - a real 16550 serial chip: 115200 8N1, FIFOs on.
 *
 * The caller has the lock. Nothing waits.
 * Spec: PC16550D data sheet, "Registers", "FIFO Polled Mode Operation".
 */
#pragma once

#include "kernel/status.h"
#include "kernel/text.h"

struct uart16550 {
	uint16_t port;
	uint8_t ier, mcr;     /* as last written */
	uint8_t fifo_bytes;   /* that an empty transmitter takes: 16, or 1 without FIFOs */
	uint64_t overruns;    /* times that the receiver had no room */
	uint64_t line_errors; /* parity, framing, break */
};

/* "com1" to "com4", or a port number: *port, and *irq, its ISA interrupt (0: not known).
 * ERR_INVALID: neither. */
MUST_CHECK enum status uart16550_parse_option(struct text option, uint16_t *port, uint8_t *irq);

/* Looks whether a chip is there (scratch register, then a byte through the loopback) and sets it
 * up; all interrupts off, DTR, RTS and OUT2 on. ERR_NOT_FOUND. */
MUST_CHECK enum status uart16550_init(struct uart16550 *u, uint16_t port);

/* Hands the transmitter up to len bytes, if it is empty; returns how many it took. */
size_t uart16550_send(struct uart16550 *u, const uint8_t *bytes, size_t len);

/* True when nothing is left in the FIFO and in the shift register. */
bool uart16550_idle(struct uart16550 *u);

/* A byte that has come in. False: none. */
bool uart16550_receive(struct uart16550 *u, uint8_t *byte);

/* Which of the two events interrupt. */
void uart16550_set_irq(struct uart16550 *u, bool receive, bool transmit);

/* Acknowledges what the chip asked for; returns whether it had asked. */
bool uart16550_take_irq(struct uart16550 *u);

/* RTS: on, the other side may send. */
void uart16550_set_rts(struct uart16550 *u, bool on);

/* Does the other side show itself by DSR or DCD? Cables of three wires never do. */
bool uart16550_peer(const struct uart16550 *u);
