/*
 * guest/vpic.h - the pair of 8259A interrupt controllers that the guest sees.
 *
 * Pure model: no port, clock, lock or log. The caller holds the VM's lock.
 * Registers (io->port): 0, 1 master (20h, 21h); 2, 3 slave (A0h, A1h); 4, 5 ELCR (4D0h, 4D1h).
 * The slave's INT output drives the master's IR2, as on every PC.
 *
 * A request is what the data sheet calls one: in edge mode the rising edge is latched, and it is
 * withdrawn if the input falls before INTA; in level mode it is there while the input is high. INT
 * follows the requests. So a spurious interrupt only comes if the caller acknowledges an INT that
 * it saw before the request went away.
 *
 * Where the data sheet leaves it open, or a PC cannot show it:
 * - ICW1 clears ISR and poll as well. Until the last ICW has come, a chip requests nothing.
 * - Poll without a request reads 00h. The requests are frozen from the poll command to the read,
 *   but INT goes on.
 * - MCS-80 mode (ICW4 missing, or its bit 0 clear): an x86 CPU gives two INTA pulses where an 8080
 *   gives three. It ignores the CALL opcode and takes the second byte, the low half of the call
 *   address, as the vector: A7-A5 and the interval of ICW1 count. Automatic EOI needs the third
 *   pulse and so never comes, except in a poll. The next interrupt starts with a first pulse again.
 * - A slave whose ID (ICW3) is not 2 does not answer: the vector is FFh, what an undriven bus
 *   reads.
 * - The buffered-mode bits of ICW4 are stored and have no effect: the role of a chip is its place.
 *
 * Spec: 8259A data sheet, "Functional Description", "Programming the 8259A"; ELCR: 82371SB (PIIX3)
 * data sheet, "ELCR1 - Edge/Level Control Register".
 */
#pragma once

#include "guest/io.h"
#include "kernel/assert.h"

#define VPIC_PORTS     6u
#define VPIC_ICW1_LTIM 0x08 /* all inputs are level-triggered */
#define VPIC_CASCADE   2u   /* the master's input that the slave drives */

/* One chip. irr is not stored: it is lines & (level-triggered inputs | latched). */
struct vpic_chip {
	uint8_t lines;   /* level of the eight inputs now */
	uint8_t latched; /* rising edge seen, not yet acknowledged, input still high */
	uint8_t isr, imr, elcr;
	uint8_t icw1, icw2, icw3, icw4;
	uint8_t init_step;    /* 0: none; else the number of the ICW that comes next */
	uint8_t lowest;       /* the input with the lowest priority (7 after ICW1) */
	uint8_t poll_request; /* IRR as the poll command froze it */
	bool is_master; /* its place: only the master's ICW3 is a map of the inputs with slaves */
	bool ready;     /* all ICWs have come since power-on and since the last ICW1 */
	bool read_isr, poll, special_mask, rotate_on_aeoi;
};

struct vpic {
	struct vpic_chip master, slave;
	bool intr;            /* INT of the master; kept up to date by every change */
	uint8_t intr_level;   /* for which of its inputs, while INT is high */
	bool intr_by_cascade; /* the last time that INT was high, it was for the slave */
};

/* Power-on: no chip is initialised, INT is low, all inputs are low. */
void vpic_reset(struct vpic *p);

/* One byte access to register io->port, 0 to 5. */
void vpic_access(void *state, struct io_access *io);

/* For vpic_set_line(): a level that is another one. */
void vpic_change_line(struct vpic *p, unsigned irq, bool level);

/* The INT output of the master now. Two instructions: it is on the exit path. */
static inline bool vpic_intr(const struct vpic *p)
{
	return p->intr;
}

/* The two INTA cycles: returns the vector that the pair puts on the bus. If the request went away
 * since INT was seen, that is a spurious one: IR7 of the chip that the request had come to (data
 * sheet, "Interrupt Sequence"); for the slave the master's ISR bit 2 is set then, and software has
 * to end it. Call it only when the CPU really takes the interrupt. */
uint8_t vpic_acknowledge(struct vpic *p);

/* The chip that has input irq, 0 to 15. */
static inline const struct vpic_chip *vpic_chip_of(const struct vpic *p, unsigned irq)
{
	ASSERT(irq < 16);
	return irq < 8 ? &p->master : &p->slave;
}

/* The level of input 0 to 15 as it was set last; of 2, what the slave drives. */
static inline bool vpic_line(const struct vpic *p, unsigned irq)
{
	return vpic_chip_of(p, irq)->lines >> (irq & 7) & 1;
}

/* The level of input 0 to 15 (2 is the cascade and may not be driven). */
static inline void vpic_set_line(struct vpic *p, unsigned irq, bool level)
{
	if (level != vpic_line(p, irq))
		vpic_change_line(p, irq, level);
}

/* The level-triggered inputs of a chip, by ELCR or by LTIM of ICW1. */
static inline uint8_t vpic_level_inputs(const struct vpic_chip *c)
{
	return c->icw1 & VPIC_ICW1_LTIM ? 0xff : c->elcr;
}

/* Is this input, 0 to 15, level-triggered? */
static inline bool vpic_level_triggered(const struct vpic *p, unsigned irq)
{
	return vpic_level_inputs(vpic_chip_of(p, irq)) >> (irq & 7) & 1;
}

/* IRR of a chip. */
static inline uint8_t vpic_requests(const struct vpic_chip *c)
{
	return c->lines & (vpic_level_inputs(c) | c->latched);
}

/* Is there a request on this input, 0 to 15, that is not yet acknowledged (IRR)? */
static inline bool vpic_requested(const struct vpic *p, unsigned irq)
{
	return vpic_requests(vpic_chip_of(p, irq)) >> (irq & 7) & 1;
}

/* Is this input, 0 to 15, masked: by its IMR bit, or by the cascade's for 8 to 15? */
static inline bool vpic_masked(const struct vpic *p, unsigned irq)
{
	if (irq >= 8 && (p->master.imr >> VPIC_CASCADE & 1))
		return true;
	return vpic_chip_of(p, irq)->imr >> (irq & 7) & 1;
}

/* For vpic_would_interrupt(). */
bool vpic_would_interrupt_slow(const struct vpic *p, unsigned irq);

/* The same for an input of the master in its usual mode: what is in service holds off its own level
 * and all that are lower. False: ask vpic_would_interrupt_slow(). */
static inline bool vpic_is_fully_nested(const struct vpic *p)
{
	return p->master.ready && p->master.lowest == 7 && !p->master.special_mask;
}

/* Would INT be high if a request came on this input now (as the pair is programmed, with what is in
 * service)? A guest that halts can change neither. */
static inline bool vpic_would_interrupt(const struct vpic *p, unsigned irq)
{
	if (p->intr || vpic_masked(p, irq))
		return p->intr;
	if (LIKELY(irq < 8 && vpic_is_fully_nested(p)))
		return (p->master.isr & ((2u << irq) - 1)) == 0;
	return vpic_would_interrupt_slow(p, irq);
}

/* Could an interrupt ever reach the CPU as the pair is programmed now (initialised, and some input
 * not masked)? A guest that halts with none is asleep for good. */
bool vpic_could_interrupt(const struct vpic *p);
