/*
 * guest/end_port.h - port 8900h, where a guest ends its machine.
 *
 * Pure model, byte-wide, one register. The bytes "Shutdown", written one after the other, end the
 * machine, as Bochs takes them, so that one guest program ends in both. Any other byte starts the
 * word anew, and an 'S' is its first letter again. Reads give FFh, as if nobody were there.
 */
#pragma once

#include "guest/io.h"

struct end_port {
	uint8_t matched; /* letters of the word that have come */
};

void end_port_reset(struct end_port *e);
void end_port_access(void *state, struct io_access *io);

/* Has the whole word come? It stays so until the reset. */
bool end_port_done(const struct end_port *e);
