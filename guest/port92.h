/*
 * guest/port92.h - system control port A (92h): the A20 gate and the fast reset.
 *
 * Pure model, byte-wide, one register. Bit 1 is the A20 gate, bit 0 resets the CPU when it goes
 * from 0 to 1. A20 is on at power-on.
 * Not modelled: the disk LEDs and the password lock (bits 6, 7 and 3), which read as 0.
 * Spec: ICH data sheet, "PORT92 - Fast A20 and Init Register".
 */
#pragma once

#include "guest/io.h"

struct port92 {
	uint8_t value;
	bool reset_pending;
};

void port92_reset(struct port92 *p);
void port92_access(void *state, struct io_access *io);

/* Is address line 20 let through? If not, guest-physical addresses have bit 20 cleared. */
bool port92_a20(const struct port92 *p);

/* The line was moved by its other gate: bit 1 shows it. */
void port92_set_a20(struct port92 *p, bool high);

/* Did the guest ask for a CPU reset since the last call? Answers true once for each time. */
MUST_CHECK bool port92_take_reset(struct port92 *p);
