/*
 * guest/vpit.h - the 8254 interval timer that the guest sees, with port 61h beside it.
 *
 * Pure model: time is an argument in nanoseconds of the VM's clock; the chip counts ticks of
 * 1193181.666... Hz (14.31818 MHz / 12) in exact integer arithmetic, without drift over days.
 * Registers (io->port): 0 to 2 counters, 3 control (40h-43h), 4 port 61h (bit 0 gate of channel 2,
 * bit 1 speaker data, bits 2 and 3 stored, bit 4 refresh toggle, bit 5 OUT 2).
 *
 * Tick n begins at the first nanosecond that is not before n / 1193181.666... s. What is written in
 * one tick takes effect with the CLK pulse that begins the next one, as on the chip.
 *
 * Where the data sheet leaves it open:
 * - After power-on the chip is undefined. Here it is as a PC's BIOS leaves it: channel 0 in mode 3
 *   with count 65536, channel 1 in mode 2 with count 18, channel 2 in mode 3 with its gate low.
 * - A count of 1 is illegal in modes 2 and 3. Here OUT stays high.
 * - A count of two bytes takes effect as a whole with its second byte; a reload between the two
 *   still takes the old one.
 * - A latched count of two bytes is read low byte first, wherever the reads of the running count
 *   are.
 * - Between a control word and the load of its count the counting element stands still.
 * - BCD digits A to F weigh 10 to 15, and the sum is taken modulo 10000.
 * - The control register cannot be read; it gives FFh, as a bus that nobody drives.
 *
 * Spec: 8254 data sheet, "Programming the 8254", "Mode Definitions", "Operation Common to All
 * Modes"; port 61h: 82371SB (PIIX3) data sheet, "NMI Status and Control Register".
 */
#pragma once

#include "guest/io.h"
#include "guest/vpit_channel.h"

#define VPIT_PORTS    5u
#define VPIT_CHANNELS 3u

struct vpit {
	struct vpit_channel channels[VPIT_CHANNELS];
	uint64_t tick;    /* the latest tick of which the model heard */
	uint64_t rise_ns; /* next rising edge of OUT 0, if nobody touches channel 0 before */
	uint8_t port61;   /* bits 0 to 3 as written */
};

/* Power-on at now_ns. */
void vpit_reset(struct vpit *p, uint64_t now_ns);

/* One byte access to register io->port, 0 to 4. A now_ns before one that was seen already (two
 * cores read the clock, then took the lock the other way round) counts as that one. */
void vpit_access(void *state, struct io_access *io);

/* 600,000,000 ns are 715,909 ticks, and no shorter time is a whole number of ticks. */
#define VPIT_CYCLE_NS    UINT64_C(600000000)
#define VPIT_CYCLE_TICKS UINT64_C(715909)

/* Every division here is by a constant, so it costs a multiplication. */
static inline uint64_t vpit_ticks_from_ns(uint64_t ns)
{
	return ns / VPIT_CYCLE_NS * VPIT_CYCLE_TICKS +
	       ns % VPIT_CYCLE_NS * VPIT_CYCLE_TICKS / VPIT_CYCLE_NS;
}

/* A read of a counter, 0 to 2, the short way: false where it is not plain, and nothing was done. */
static inline bool vpit_read_quick(struct vpit *p, unsigned counter, uint64_t now_ns,
				   uint8_t *value)
{
	struct vpit_channel *c = &p->channels[counter];
	uint64_t tick = max_u64(p->tick, vpit_ticks_from_ns(now_ns));

	if (UNLIKELY(!vpit_channel_is_plain(c, tick)))
		return false;
	p->tick = tick;
	*value = vpit_channel_read_plain(c, tick);
	return true;
}

/* Level of a channel's OUT pin at now_ns. channel 0 to 2. */
bool vpit_out(const struct vpit *p, unsigned channel, uint64_t now_ns);

/* The same of channel 0 for a caller that asks often, with times that do not go back: what has been
 * played up to now_ns is not played again. */
bool vpit_follow_out_slow(struct vpit *p, uint64_t now_ns);
static inline bool vpit_follow_out(struct vpit *p, uint64_t now_ns)
{
	return p->channels[0].event_tick == VPIT_NO_EVENT ? p->channels[0].out
							  : vpit_follow_out_slow(p, now_ns);
}

/* For vpit_take_edges() and vpit_deadline_ns(). */
uint64_t vpit_take_edges_slow(struct vpit *p, uint64_t until_ns);
uint64_t vpit_deadline_ns_slow(const struct vpit *p, uint64_t now_ns);

/* Does OUT 0 not rise up to until_ns, and has nobody to be told of an older edge? */
static inline bool vpit_no_edge(const struct vpit *p, uint64_t until_ns)
{
	return until_ns < p->rise_ns && p->channels[0].edges == 0;
}

/* Rising edges of OUT 0 in the time since the last call (or reset), up to and including until_ns;
 * also those that a control word caused. Takes the same short time after days. */
static inline uint64_t vpit_take_edges(struct vpit *p, uint64_t until_ns)
{
	if (vpit_no_edge(p, until_ns))
		return 0;
	return vpit_take_edges_slow(p, until_ns);
}

/* The first nanosecond after now_ns at which the next rising edge of OUT 0 is there, so when to
 * call vpit_take_edges() again; NS_NEVER if it never rises by itself. Falling edges have no
 * deadline: vpit_out() tells the level. Any access may move it. */
static inline uint64_t vpit_deadline_ns(const struct vpit *p, uint64_t now_ns)
{
	return now_ns < p->rise_ns ? p->rise_ns : vpit_deadline_ns_slow(p, now_ns);
}
