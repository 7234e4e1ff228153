/*
 * guest/vpit_channel.h - one of the three counters of the 8254 that the guest sees.
 *
 * Pure model, in ticks: the CLK pulse n begins tick n. What is done at tick n comes after that
 * pulse and before the next. Ticks never go back. guest/vpit.h tells what is left open by the data
 * sheet.
 * Spec: 8254 data sheet, "Mode Definitions", "Operation Common to All Modes".
 */
#pragma once

#include "kernel/types.h"

#define VPIT_NO_EVENT UINT64_MAX

/*
 * One counter. Its life is cut into runs: from from_tick up to event_tick OUT is constant and the
 * count falls by step with each tick, so a read needs no more than a multiplication. At event_tick
 * the next run begins. A count is kept as 0 to modulus, where the chip shows modulus as 0.
 */
struct vpit_channel {
	uint64_t from_tick;  /* the run began here, or was cut here by a write */
	uint64_t event_tick; /* the CLK pulse that ends the run; UINT64_MAX: none does by itself */
	uint64_t edges;      /* rising edges of OUT that nobody took yet */
	uint32_t count;      /* counting element at from_tick */
	uint32_t written;    /* count register: what the next load takes, 1 to modulus */
	uint32_t loaded;     /* what the last load took */
	uint8_t step;        /* 0 (stands still), 1, or 2 (mode 3) */
	uint8_t control;     /* bits 0 to 5 of the control word, as written */
	uint8_t mode;        /* 0 to 5 */
	uint8_t access;      /* 1 low byte, 2 high byte, 3 low then high */
	bool bcd, gate, out;
	bool armed;      /* a count was written after the control word */
	bool null_count; /* written is not loaded yet */
	bool load_due;   /* the next CLK pulse loads */
	bool trigger;    /* the gate rose; the next CLK pulse sees it */
	bool counting; /* loaded since the control word, and not stopped by a half-written count */
	bool plain;    /* a read gives the running count, in binary, and zero is not yet past */
	bool expired;  /* modes 0, 1, 4, 5: zero was reached since the last load */
	bool write_high, read_high; /* flip-flops: the second byte of two comes next */
	uint8_t write_low;          /* first byte of two */
	uint8_t latched_bytes;      /* bytes of latch that are still to be read */
	bool status_latched;
	uint8_t status;
	uint16_t latch;
};

/* Power-on: nothing counts, OUT is high. */
void vpit_channel_reset(struct vpit_channel *c, bool gate, uint64_t tick);

/* For vpit_channel_advance(). */
void vpit_channel_advance_slow(struct vpit_channel *c, uint64_t tick);

/* Plays the CLK pulses up to and including tick; all functions below that take a tick do it first.
 * Takes the same short time after days. */
static inline void vpit_channel_advance(struct vpit_channel *c, uint64_t tick)
{
	if (UNLIKELY(tick >= c->event_tick))
		vpit_channel_advance_slow(c, tick);
}

/* The tick at which OUT rises next after the last advance if nobody touches the counter,
 * VPIT_NO_EVENT if it never does. */
uint64_t vpit_channel_next_rise(const struct vpit_channel *c);

/* The short way of a read, for the most common of them: no latch, no BCD, nothing happens up to
 * tick. Ask the first before the second. */
static inline bool vpit_channel_is_plain(const struct vpit_channel *c, uint64_t tick)
{
	return c->plain && tick < c->event_tick;
}

static inline uint8_t vpit_channel_read_plain(struct vpit_channel *c, uint64_t tick)
{
	uint32_t count = c->count - (uint32_t)(tick - c->from_tick) * c->step;
	bool high = c->access == 2;

	if (c->access == 3) {
		high = c->read_high;
		c->read_high = !high;
	}
	return (uint8_t)(count >> (high ? 8 : 0));
}

/* A read or a write of the counter's own register. */
uint8_t vpit_channel_read(struct vpit_channel *c, uint64_t tick);
void vpit_channel_write(struct vpit_channel *c, uint8_t byte, uint64_t tick);

/* A control word for this counter that is not a command; bits 6 and 7 are ignored. */
void vpit_channel_program(struct vpit_channel *c, uint8_t control, uint64_t tick);

/* The two halves of the latch and read-back commands. */
void vpit_channel_latch_count(struct vpit_channel *c, uint64_t tick);
void vpit_channel_latch_status(struct vpit_channel *c, uint64_t tick);

/* The level of the gate from now on. */
void vpit_channel_set_gate(struct vpit_channel *c, bool level, uint64_t tick);
