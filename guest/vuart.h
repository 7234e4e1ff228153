/*
 * guest/vuart.h - the 16550A serial port that the guest sees.
 *
 * Pure model: no port, clock, lock or log. The caller holds the VM's lock.
 * Registers (io->port): 0 to 7. What the guest sends waits in the transmitter FIFO until the caller
 * takes it; while it waits, THRE and TEMT say so: that is the back-pressure. A guest that writes in
 * spite of that loses the new byte with the FIFOs on, and the waiting one with the FIFOs off.
 * Not modelled: the time that a byte needs on the line (the divisor is stored, never used), except
 * for the receiver's time-out interrupt (4 character times at 115200 8N1); the break that LCR bit 6
 * sends (stored; it acts on SOUT only, so it is not looped back either); the DMA pins.
 * OUT2 gates the interrupt by its MCR bit, in loopback too, as in chip sets that have no such pin.
 * Spec: PC16550D data sheet, "Registers", "FIFO Interrupt Mode Operation".
 */
#pragma once

#include "guest/io.h"

#define VUART_PORTS      8u
#define VUART_FIFO       16u

/* 4 characters of 10 bits at 115200 bit/s. */
#define VUART_TIMEOUT_NS UINT64_C(347222)

struct vuart {
	uint8_t ier, lcr, mcr, scr, dll, dlm;
	uint8_t fcr;     /* bits 0, 3, 6, 7: the others clear themselves */
	uint8_t lsr;     /* as a read gives it */
	uint8_t msr;     /* as a read gives it */
	uint8_t pending; /* interrupt conditions, each at its enable bit in IER; not the time-out */
	uint8_t modem;   /* levels of the modem's pins, MSR bits 4 to 7 */
	uint8_t rx_head, rx_count, tx_head, tx_count;
	uint8_t rx_trigger; /* characters that raise the interrupt; 1 with the FIFOs off */
	uint8_t rbr;        /* what an empty receiver gives: the last character read */
	uint8_t rx_bad;     /* characters in rx with an error */
	bool timed_out;     /* the time-out had come before the last character came in */
	uint8_t rx[VUART_FIFO], rx_error[VUART_FIFO], tx[VUART_FIFO];
	uint64_t rx_touch_ns; /* the last character came in, or was read */
};

/* Power-on. The modem's pins say that somebody is there: CTS, DSR and DCD active. */
void vuart_reset(struct vuart *u);

/* One byte access to register io->port, 0 to 7. */
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

/* The bits that a character has, by LCR: 5 to 8. */
static inline uint8_t vuart_length_mask(const struct vuart *u)
{
	return (uint8_t)(0xff >> (3 - (u->lcr & 3)));
}

/* Is a byte waiting for the outside? */
static inline bool vuart_has_tx(const struct vuart *u)
{
	return u->tx_count != 0;
}

/* Level of the interrupt line at now_ns (OUT2 of MCR gates it, as on a PC). */
bool vuart_irq(const struct vuart *u, uint64_t now_ns);

/* When the time-out interrupt would come, after now_ns; NS_NEVER if it would not, or if the line is
 * high already. */
uint64_t vuart_deadline_ns(const struct vuart *u, uint64_t now_ns);

/* The modem's side: CTS, DSR, RI, DCD levels (MSR bits 4 to 7). The deltas are as the chip's. */
void vuart_set_modem(struct vuart *u, uint8_t msr_high);
