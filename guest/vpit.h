/*
 * guest/vpit.h - the 8254 interval timer that the guest sees, with port 61h beside it.
 *
 * Pure model: time is an argument in nanoseconds of the VM's clock; the chip counts ticks of
 * 1193181.666... Hz (14.31818 MHz / 12) in exact integer arithmetic, without drift over days.
 * Registers (io->port): 0 to 2 counters, 3 control (40h-43h), 4 port 61h (bit 0 gate of channel 2,
 * bit 1 speaker data, bit 4 refresh toggle, bit 5 OUT 2).
 * Spec: 8254 data sheet, "Programming the 8254", "Mode Definitions", "Operation Common to All Modes".
 */
#pragma once

#include "guest/io.h"

#define VPIT_PORTS 5u

struct vpit_channel {
	uint8_t mode;	 /* 0 to 5 */
	uint8_t access;	 /* 1 low byte, 2 high byte, 3 low then high */
	bool bcd, gate;
	/* the owner of vpit.c defines the rest */
};

struct vpit;

void vpit_reset(struct vpit *p, uint64_t now_ns);
void vpit_access(void *state, struct io_access *io);

/* Level of a channel's OUT pin at now_ns. channel 0 to 2; now_ns never goes back. */
bool vpit_out(const struct vpit *p, unsigned channel, uint64_t now_ns);

/* Rising edges of OUT 0 in the time since the last call (or reset), up to and including until_ns. */
uint64_t vpit_take_edges(struct vpit *p, uint64_t until_ns);

/* When OUT 0 changes next after now_ns (rising edges at least), so when to look again; NS_NEVER if it
 * never does by itself. */
uint64_t vpit_deadline_ns(const struct vpit *p, uint64_t now_ns);
