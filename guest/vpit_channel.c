/*
 * guest/vpit_channel.c - one counter of the 8254; see guest/vpit_channel.h.
 *
 * Only the CLK pulses at which something happens are played, one by one, by clock_pulse(); whole
 * periods of modes 2 and 3 are leapt over.
 */
#include "guest/vpit_channel.h"

enum {
	ACCESS_LOW = 1,
	ACCESS_HIGH = 2,
	ACCESS_BOTH = 3,
	CONTROL_BCD = 0x01,
	CONTROL_STORED = 0x3f,
	STATUS_OUT = 0x80,
	STATUS_NULL_COUNT = 0x40,
};

static uint32_t modulus(const struct vpit_channel *c)
{
	return c->bcd ? 10000 : 65536;
}

/* The counting element at a tick of this run. */
static uint32_t count_at(const struct vpit_channel *c, uint64_t tick)
{
	uint64_t fallen = (tick - c->from_tick) * c->step;
	uint32_t past_zero;

	if (LIKELY(fallen <= c->count))
		return c->count - (uint32_t)fallen;
	past_zero = (uint32_t)((fallen - c->count) % modulus(c));
	return past_zero ? modulus(c) - past_zero : 0;
}

static uint16_t bcd_from_count(uint32_t count)
{
	return (uint16_t)(count / 1000 % 10 << 12 | count / 100 % 10 << 8 | count / 10 % 10 << 4 |
			  count % 10);
}

static uint32_t count_from_bcd(uint32_t digits)
{
	return ((digits >> 12) * 1000 + (digits >> 8 & 15) * 100 + (digits >> 4 & 15) * 10 +
		(digits & 15)) %
	       10000;
}

static void set_out(struct vpit_channel *c, bool level)
{
	if (level && !c->out)
		c->edges++;
	c->out = level;
}

static bool is_periodic(const struct vpit_channel *c)
{
	return c->mode == 2 || c->mode == 3;
}

static bool is_strobe(const struct vpit_channel *c)
{
	return c->mode >= 4;
}

/* In these modes the level of the gate does nothing; its rising edge loads. */
static bool is_one_shot(const struct vpit_channel *c)
{
	return c->mode == 1 || c->mode == 5;
}

static bool is_running(const struct vpit_channel *c)
{
	return c->counting && (c->gate || is_one_shot(c));
}

/* CLK pulses from from_tick to the end of the run; 0: it does not end by itself. */
static uint64_t run_ticks(const struct vpit_channel *c)
{
	if (c->load_due || c->trigger || (is_strobe(c) && !c->out))
		return 1;
	if (!is_running(c))
		return 0;
	if (!is_periodic(c))
		return c->expired ? 0 : c->count;
	if (c->loaded == 1)
		return c->null_count ? 1 : 0;
	if (c->mode == 2)
		return c->out ? c->count - 1 : 1;
	/* The high half of an odd count is one tick longer. */
	return c->count / 2 + (c->out && c->loaded % 2 ? 1 : 0);
}

/* For vpit_channel_is_plain(); after any change of these. */
static void update_plain(struct vpit_channel *c)
{
	c->plain = !c->status_latched && !c->latched_bytes && !c->bcd && !c->expired;
}

static void begin_run(struct vpit_channel *c)
{
	uint64_t ticks = run_ticks(c);

	c->event_tick = ticks ? c->from_tick + ticks : VPIT_NO_EVENT;
	if (!is_running(c) || (is_periodic(c) && c->loaded == 1))
		c->step = 0;
	else
		c->step = c->mode == 3 ? 2 : 1;
	update_plain(c);
}

/* Ends the run here, for a change that comes between two CLK pulses; begin_run() has to follow. */
static void cut_run(struct vpit_channel *c, uint64_t tick)
{
	c->count = count_at(c, tick);
	c->from_tick = tick;
}

static void load(struct vpit_channel *c)
{
	c->loaded = c->written;
	c->count = c->mode == 3 ? c->written & ~1u : c->written;
	c->null_count = false;
	c->counting = true;
	c->load_due = false;
	c->expired = false;
}

/* The CLK pulse that brings the count to its end, by mode. Data sheet, "Mode Definitions". */
static void end_run(struct vpit_channel *c)
{
	bool was_one = c->loaded == 1;

	switch (c->mode) {
	case 2:
		if (c->out && !was_one) {
			set_out(c, false);
		} else {
			load(c);
			set_out(c, true);
		}
		break;
	case 3:
		load(c);
		set_out(c, !c->out || was_one || c->loaded == 1);
		break;
	default:
		if (c->count != 0 || c->expired)
			break;
		c->expired = true;
		set_out(c, !is_strobe(c));
	}
}

/* The pulse at event_tick. */
static void clock_pulse(struct vpit_channel *c)
{
	cut_run(c, c->event_tick);
	if (is_strobe(c))
		set_out(c, true);
	if (c->load_due || (c->trigger && c->armed)) {
		load(c);
		set_out(c, c->mode > 1);
	} else if (is_running(c)) {
		end_run(c);
	}
	c->trigger = false;
	begin_run(c);
}

/* Leaps over the periods of modes 2 and 3 that are over at tick, from the start of one. */
static void leap(struct vpit_channel *c, uint64_t tick)
{
	uint64_t periods = (tick - c->from_tick) / c->loaded;

	c->edges += periods;
	c->from_tick += periods * c->loaded;
	c->event_tick += periods * c->loaded;
}

static bool at_period_start(const struct vpit_channel *c)
{
	return is_periodic(c) && c->out && c->step && !c->null_count && !c->trigger &&
	       c->count == (c->mode == 3 ? c->loaded & ~1u : c->loaded);
}

void vpit_channel_reset(struct vpit_channel *c, bool gate, uint64_t tick)
{
	*c = (struct vpit_channel){
		.from_tick = tick,
		.event_tick = VPIT_NO_EVENT,
		.access = ACCESS_LOW,
		.gate = gate,
		.out = true,
	};
}

/* Mode 0 from the load that is due to its end, if that is not past tick: no need to play both
 * pulses, and this is what stands before the interrupt of every one-shot. */
static bool run_off(struct vpit_channel *c, uint64_t tick)
{
	uint64_t end = c->event_tick + c->written;

	if (c->mode != 0 || !c->load_due || c->trigger || !c->gate || tick < end)
		return false;
	load(c);
	c->from_tick = end;
	c->count = 0;
	c->expired = true;
	c->plain = false;
	c->step = 1;
	c->event_tick = VPIT_NO_EVENT;
	set_out(c, true);
	return true;
}

void vpit_channel_advance_slow(struct vpit_channel *c, uint64_t tick)
{
	if (run_off(c, tick))
		return;
	if (at_period_start(c))
		leap(c, tick);
	while (tick >= c->event_tick) {
		clock_pulse(c);
		if (at_period_start(c))
			leap(c, tick);
	}
}

/* Four pulses suffice: a load, a reload of another count than 1, a fall, the rise. */
uint64_t vpit_channel_next_rise(const struct vpit_channel *channel)
{
	struct vpit_channel c;

	if (channel->event_tick == VPIT_NO_EVENT)
		return VPIT_NO_EVENT;
	if (at_period_start(channel))
		return channel->from_tick + channel->loaded;
	c = *channel;
	c.edges = 0;
	while (c.event_tick != VPIT_NO_EVENT) {
		clock_pulse(&c);
		if (c.edges)
			return c.from_tick;
	}
	return VPIT_NO_EVENT;
}

static uint16_t read_count(const struct vpit_channel *c, uint64_t tick)
{
	uint32_t count = count_at(c, tick);

	return UNLIKELY(c->bcd) ? bcd_from_count(count) : (uint16_t)count;
}

/* Data sheet, "Read Operations": a latched status comes first, then a latched count, then the count
 * as it runs. */
uint8_t vpit_channel_read(struct vpit_channel *c, uint64_t tick)
{
	bool high = c->access == ACCESS_HIGH;
	uint16_t count;

	vpit_channel_advance(c, tick);
	if (c->status_latched) {
		c->status_latched = false;
		update_plain(c);
		return c->status;
	}
	if (c->latched_bytes) {
		if (c->access == ACCESS_BOTH)
			high = c->latched_bytes == 1;
		c->latched_bytes--;
		update_plain(c);
		count = c->latch;
	} else {
		if (c->access == ACCESS_BOTH) {
			high = c->read_high;
			c->read_high = !high;
		}
		count = read_count(c, tick);
	}
	return (uint8_t)(high ? count >> 8 : count);
}

void vpit_channel_latch_count(struct vpit_channel *c, uint64_t tick)
{
	vpit_channel_advance(c, tick);
	if (c->latched_bytes)
		return;
	c->latch = read_count(c, tick);
	c->latched_bytes = c->access == ACCESS_BOTH ? 2 : 1;
	update_plain(c);
}

void vpit_channel_latch_status(struct vpit_channel *c, uint64_t tick)
{
	vpit_channel_advance(c, tick);
	if (c->status_latched)
		return;
	c->status_latched = true;
	c->status = (uint8_t)(c->control | (c->out ? STATUS_OUT : 0) |
			      (c->null_count ? STATUS_NULL_COUNT : 0));
	update_plain(c);
}

void vpit_channel_write(struct vpit_channel *c, uint8_t byte, uint64_t tick)
{
	uint32_t value = c->access == ACCESS_LOW ? byte : (uint32_t)byte << 8;

	vpit_channel_advance(c, tick);
	cut_run(c, tick);
	if (c->mode == 0)
		set_out(c, false);
	if (c->access == ACCESS_BOTH && !c->write_high) {
		c->write_low = byte;
		c->write_high = true;
		if (c->mode == 0) {
			c->counting = false;
			c->load_due = false;
		}
	} else {
		if (c->access == ACCESS_BOTH)
			value |= c->write_low;
		if (c->bcd)
			value = count_from_bcd(value);
		c->write_high = false;
		c->written = value ? value : modulus(c);
		c->null_count = true;
		c->armed = true;
		if (c->mode == 0 || c->mode == 4 || (is_periodic(c) && !c->counting))
			c->load_due = true;
	}
	begin_run(c);
}

void vpit_channel_program(struct vpit_channel *c, uint8_t control, uint64_t tick)
{
	uint8_t mode = control >> 1 & 7;

	vpit_channel_advance(c, tick);
	cut_run(c, tick);
	c->control = control & CONTROL_STORED;
	c->mode = mode > 5 ? mode & 3 : mode;
	c->access = control >> 4 & 3;
	c->count %= modulus(c);
	c->bcd = control & CONTROL_BCD;
	c->count %= modulus(c);
	c->write_high = c->read_high = false;
	c->latched_bytes = 0;
	c->status_latched = false;
	c->armed = c->load_due = c->trigger = c->counting = c->expired = false;
	c->null_count = true;
	set_out(c, c->mode != 0);
	begin_run(c);
}

/* Data sheet, "Gate" and the table of gate pin operations. */
void vpit_channel_set_gate(struct vpit_channel *c, bool level, uint64_t tick)
{
	if (c->gate == level)
		return;
	vpit_channel_advance(c, tick);
	cut_run(c, tick);
	c->gate = level;
	if (level && (is_periodic(c) || is_one_shot(c)))
		c->trigger = true;
	if (!level && is_periodic(c))
		set_out(c, true);
	begin_run(c);
}
