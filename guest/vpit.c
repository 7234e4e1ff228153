/*
 * guest/vpit.c - the 8254 interval timer that the guest sees; see guest/vpit.h.
 *
 * Here are time, the control register and port 61h; guest/vpit_channel.c has the counters.
 */
#include "guest/vpit.h"

#include "kernel/assert.h"

#define CYCLE_NS      VPIT_CYCLE_NS
#define CYCLE_TICKS   VPIT_CYCLE_TICKS

/* Channel 1 of a PC asks for a memory refresh every 18 ticks, and port 61h bit 4 toggles. */
#define REFRESH_TICKS 18u

enum {
	REG_CONTROL = 3,
	REG_PORT61 = 4,
	SELECT_READ_BACK = 3,
	ACCESS_LATCH = 0,
	READ_BACK_NO_COUNT = 0x20,
	READ_BACK_NO_STATUS = 0x10,
	PORT61_GATE2 = 0x01,
	PORT61_STORED = 0x0f,
	PORT61_REFRESH = 0x10,
	PORT61_OUT2 = 0x20,
	UNDRIVEN_BUS = 0xff,
};

/* The first nanosecond of a tick. */
static uint64_t ns_from_ticks(uint64_t ticks)
{
	uint64_t cycles;

	if (ticks == VPIT_NO_EVENT)
		return NS_NEVER;
	cycles = ticks / CYCLE_TICKS;
	if (cycles >= UINT64_MAX / CYCLE_NS)
		return NS_NEVER;
	return cycles * CYCLE_NS + (ticks % CYCLE_TICKS * CYCLE_NS + CYCLE_TICKS - 1) / CYCLE_TICKS;
}

static uint64_t tick_at(const struct vpit *p, uint64_t now_ns)
{
	return max_u64(p->tick, vpit_ticks_from_ns(now_ns));
}

/* Keeps rise_ns right, after channel 0 was touched. */
static void channel0_changed(struct vpit *p)
{
	p->rise_ns = ns_from_ticks(vpit_channel_next_rise(&p->channels[0]));
}

static void read_back(struct vpit *p, uint8_t command, uint64_t tick)
{
	for (unsigned i = 0; i < VPIT_CHANNELS; i++) {
		if (!(command & 2u << i))
			continue;
		if (!(command & READ_BACK_NO_COUNT))
			vpit_channel_latch_count(&p->channels[i], tick);
		if (!(command & READ_BACK_NO_STATUS))
			vpit_channel_latch_status(&p->channels[i], tick);
	}
}

static void write_control(struct vpit *p, uint8_t value, uint64_t tick)
{
	unsigned select = value >> 6;

	if (select == SELECT_READ_BACK) {
		read_back(p, value, tick);
	} else if ((value >> 4 & 3) == ACCESS_LATCH) {
		vpit_channel_latch_count(&p->channels[select], tick);
	} else {
		vpit_channel_program(&p->channels[select], value, tick);
		if (select == 0)
			channel0_changed(p);
	}
}

static uint8_t read_port61(struct vpit *p, uint64_t tick)
{
	unsigned value = p->port61;

	vpit_channel_advance(&p->channels[2], tick);
	if (tick / REFRESH_TICKS % 2)
		value |= PORT61_REFRESH;
	if (p->channels[2].out)
		value |= PORT61_OUT2;
	return (uint8_t)value;
}

static uint8_t read_register(struct vpit *p, unsigned reg, uint64_t tick)
{
	if (LIKELY(reg < VPIT_CHANNELS))
		return vpit_channel_read(&p->channels[reg], tick);
	return reg == REG_PORT61 ? read_port61(p, tick) : UNDRIVEN_BUS;
}

static void write_register(struct vpit *p, unsigned reg, uint8_t value, uint64_t tick)
{
	switch (reg) {
	case REG_CONTROL:
		write_control(p, value, tick);
		break;
	case REG_PORT61:
		p->port61 = value & PORT61_STORED;
		vpit_channel_set_gate(&p->channels[2], value & PORT61_GATE2, tick);
		break;
	default:
		vpit_channel_write(&p->channels[reg], value, tick);
		if (reg == 0)
			channel0_changed(p);
	}
}

/* Not inlined, so that the short way below need not save registers for it. */
static __attribute__((noinline)) void access_any(struct vpit *p, struct io_access *io)
{
	uint64_t tick = tick_at(p, io->now_ns);

	ASSERT(io->port < VPIT_PORTS);
	p->tick = tick;
	if (io->write)
		write_register(p, io->port, (uint8_t)io->value, tick);
	else
		io->value = read_register(p, io->port, tick);
}

/* Guests measure time by reading a running counter, so that goes a short way. */
void vpit_access(void *state, struct io_access *io)
{
	struct vpit *p = state;

	uint8_t value;

	if (LIKELY(!io->write && io->port < VPIT_CHANNELS) &&
	    LIKELY(vpit_read_quick(p, io->port, io->now_ns, &value)))
		io->value = value;
	else
		access_any(p, io);
}

void vpit_reset(struct vpit *p, uint64_t now_ns)
{
	static const uint8_t bios[][2] = {
		{REG_CONTROL, 0x36}, {0, 0},  {0, 0}, /* 18.2 Hz */
		{REG_CONTROL, 0x54}, {1, 18},         /* memory refresh */
		{REG_CONTROL, 0xb6}, {2, 0},  {2, 0}, /* speaker */
	};
	uint64_t tick = vpit_ticks_from_ns(now_ns);

	*p = (struct vpit){.tick = tick};
	for (unsigned i = 0; i < VPIT_CHANNELS; i++)
		vpit_channel_reset(&p->channels[i], i != 2, tick);
	for (unsigned i = 0; i < ARRAY_SIZE(bios); i++)
		write_register(p, bios[i][0], bios[i][1], tick);
}

bool vpit_out(const struct vpit *p, unsigned channel, uint64_t now_ns)
{
	uint64_t tick = tick_at(p, now_ns);
	struct vpit_channel c;

	ASSERT(channel < VPIT_CHANNELS);
	if (LIKELY(tick < p->channels[channel].event_tick))
		return p->channels[channel].out;
	c = p->channels[channel];
	vpit_channel_advance(&c, tick);
	return c.out;
}

bool vpit_follow_out_slow(struct vpit *p, uint64_t now_ns)
{
	p->tick = tick_at(p, now_ns);
	vpit_channel_advance(&p->channels[0], p->tick);
	return p->channels[0].out;
}

uint64_t vpit_take_edges_slow(struct vpit *p, uint64_t until_ns)
{
	struct vpit_channel *c = &p->channels[0];
	uint64_t edges;

	p->tick = tick_at(p, until_ns);
	vpit_channel_advance(c, p->tick);
	edges = c->edges;
	c->edges = 0;
	channel0_changed(p);
	return edges;
}

uint64_t vpit_deadline_ns_slow(const struct vpit *p, uint64_t now_ns)
{
	struct vpit_channel c = p->channels[0];

	vpit_channel_advance(&c, tick_at(p, now_ns));
	return ns_from_ticks(vpit_channel_next_rise(&c));
}
