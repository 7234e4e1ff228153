/*
 * guest/vuart.h - the 16550A serial port that the guest sees.
 *
 * Pure model: no port, clock, lock or log. The caller holds the VM's lock.
 * Registers (io->port): 0 to 7. What the guest sends waits in the transmitter FIFO until the caller
 * takes it; while it waits, THRE and TEMT say so: that is the back-pressure.
 * Not modelled: the time that a byte needs on the line (the divisor is stored, never used), except
 * for the receiver's time-out interrupt (4 character times at 115200 8N1).
 * Spec: PC16550D data sheet, "Registers", "FIFO Interrupt Mode Operation".
 */
#pragma once

#include "guest/io.h"

#define VUART_PORTS 8u
#define VUART_FIFO  16u

struct vuart;

void vuart_reset(struct vuart *u);
void vuart_access(void *state, struct io_access *io);

/* A byte comes in over the line at now_ns. False: no room (or looped back), the byte was not taken
 * and the caller keeps it; nothing is lost and no overrun is flagged. */
MUST_CHECK bool vuart_receive(struct vuart *u, uint8_t byte, uint64_t now_ns);

/* A byte comes in with no regard for room, as from a real line: overrun is flagged; error has LSR
 * bits PE, FE, BI for this byte. For tests and for a line that can't wait. */
void vuart_receive_raw(struct vuart *u, uint8_t byte, uint8_t error, uint64_t now_ns);

/* Is there room for vuart_receive()? */
bool vuart_can_receive(const struct vuart *u);

/* The next byte for the outside, if there is one. Takes it out of the transmitter. */
bool vuart_take_tx(struct vuart *u, uint8_t *byte);

/* Is a byte waiting for the outside? */
bool vuart_has_tx(const struct vuart *u);

/* Level of the interrupt line at now_ns (OUT2 of MCR gates it, as on a PC). */
bool vuart_irq(const struct vuart *u, uint64_t now_ns);

/* When the time-out interrupt would come; NS_NEVER if it would not. */
uint64_t vuart_deadline_ns(const struct vuart *u, uint64_t now_ns);

/* The modem's side: CTS, DSR, RI, DCD levels (MSR bits 4 to 7). Deltas are kept as the chip does. */
void vuart_set_modem(struct vuart *u, uint8_t msr_high);
