/*
 * guest/vpic.h - the pair of 8259A interrupt controllers that the guest sees.
 *
 * Pure model: no port, clock, lock or log. The caller holds the VM's lock.
 * Registers (io->port): 0, 1 master (20h, 21h); 2, 3 slave (A0h, A1h); 4, 5 ELCR (4D0h, 4D1h).
 * Spec: 8259A data sheet, "Functional Description", "Programming the 8259A"; ELCR: 82371SB (PIIX3)
 * data sheet, "ELCR1 - Edge/Level Control Register".
 */
#pragma once

#include "guest/io.h"

#define VPIC_PORTS 6u

/* One chip. The owner of vpic.c may add fields. */
struct vpic_chip {
	uint8_t irr, isr, imr, elcr;
	uint8_t lines;	  /* level of the eight inputs now */
	uint8_t icw1, icw2, icw3, icw4;
	uint8_t init_step; /* 0: ready; else which ICW comes next */
	uint8_t lowest;	   /* the input with the lowest priority (7 after init) */
	bool read_isr, poll, special_mask, rotate_on_aeoi;
};

struct vpic {
	struct vpic_chip master, slave;
};

void vpic_reset(struct vpic *p);
void vpic_access(void *state, struct io_access *io);

/* The level of input 0 to 15 (2 is the cascade and may not be driven). */
void vpic_set_line(struct vpic *p, unsigned irq, bool level);

/* The INTR output of the master now. */
bool vpic_intr(const struct vpic *p);

/* The two INTA cycles: returns the vector that the pair puts on the bus (a spurious one if the
 * request went away). Call it only when the CPU really takes the interrupt. */
uint8_t vpic_acknowledge(struct vpic *p);

/* Is a request latched on this input and not yet acknowledged (IRR)? Is it masked (IMR)? */
bool vpic_requested(const struct vpic *p, unsigned irq);
bool vpic_masked(const struct vpic *p, unsigned irq);

/* Could an interrupt ever reach the CPU as the pair is programmed now (initialised, and some input
 * not masked)? A guest that halts with none is asleep for good. */
bool vpic_could_interrupt(const struct vpic *p);
