/*
 * guest/vrtc.c - the clock that the guest sees: registers, divider and interrupts; see
 * guest/vrtc.h.
 *
 * Nothing happens by itself: each call first brings the registers up to its time. What the time
 * bytes mean stands in guest/vrtc_time.c.
 */
#include "guest/vrtc.h"

#include "guest/vrtc_registers.h"
#include "guest/vrtc_time.h"
#include "kernel/assert.h"

#define TICKS_PER_SECOND  32768u
#define CYCLE_NS          UINT64_C(1984000)
#define BEFORE_CYCLE_NS   UINT64_C(244000)
#define FIRST_CYCLE_NS    (NS_PER_SECOND / 2)
#define FIRST_UPDATE_NS   (FIRST_CYCLE_NS + CYCLE_NS)

/* A tick is 30517.578125 ns. */
#define TICK_NS_NUMERATOR UINT64_C(1953125)
#define TICK_NS_DIVISOR   UINT64_C(64)

enum {
	CMOS_BASE_MEMORY = 0x15,     /* KiB */
	CMOS_EXTENDED_MEMORY = 0x17, /* KiB above 1 MiB */
	CMOS_CHECKED_FIRST = 0x10,
	CMOS_CHECKED_LAST = 0x2d,
	CMOS_CHECKSUM = 0x2e,          /* high byte first */
	CMOS_EXTENDED_MEMORY_2 = 0x30, /* as 17h */
	CMOS_MEMORY_ABOVE_16M = 0x34,  /* 64 KiB */
	CMOS_MEMORY_ABOVE_4G = 0x5b,   /* 64 KiB, three bytes */
};

#define BASE_MEMORY_KIB     640u
#define EQUIPMENT_FPU       0x02u
#define BOOT_DISK_THEN_CD   0x32u
#define NO_FLOPPY_SIGNATURE 0x01u

static bool divider_runs(const struct vrtc *r)
{
	return (r->cmos[RTC_A] & RTC_A_DIVIDER) <= RTC_A_DIVIDER_RUNS;
}

static bool updates(const struct vrtc *r)
{
	return divider_runs(r) && !(r->cmos[RTC_B] & RTC_B_SET);
}

/* Ticks in a period of register A's rate; 0: none. MC146818, table "Periodic Interrupt Rate and
 * Square Wave Output Frequency", 32.768 kHz. */
static uint32_t period_ticks(const struct vrtc *r)
{
	unsigned rate = r->cmos[RTC_A] & RTC_A_RATE;

	if (rate == 0)
		return 0;
	return 1u << (rate < 3 ? rate + 6 : rate - 1);
}

/* Of a time after the divider's start. */
static uint64_t periods_until(uint64_t ns, uint32_t period)
{
	uint64_t ticks = ns % NS_PER_SECOND * TICK_NS_DIVISOR / TICK_NS_NUMERATOR;

	return ns / NS_PER_SECOND * (TICKS_PER_SECOND / period) + (ticks + period / 2) / period;
}

static uint64_t updates_until(uint64_t ns)
{
	return ns < FIRST_UPDATE_NS ? 0 : (ns - FIRST_UPDATE_NS) / NS_PER_SECOND + 1;
}

/* The first update that SET lets happen is at or after this time after the divider's start. */
static uint64_t first_allowed(const struct vrtc *r)
{
	return r->set_ns - r->chain_ns + CYCLE_NS;
}

/* Brings the registers up to now_ns. */
static void catch_up(struct vrtc *r, uint64_t now_ns)
{
	uint64_t from, to, count, lost;
	uint32_t period = period_ticks(r);

	if (now_ns <= r->seen_ns)
		return;
	from = r->seen_ns - r->chain_ns;
	to = now_ns - r->chain_ns;
	r->seen_ns = now_ns;
	if (!divider_runs(r))
		return;
	if (period && periods_until(to, period) != periods_until(from, period))
		r->cmos[RTC_C] |= RTC_C_PF;
	if (!updates(r))
		return;
	lost = updates_until(first_allowed(r) - 1);
	count = updates_until(to);
	if (count <= lost)
		return;
	count -= max_u64(updates_until(from), lost);
	if (count == 0)
		return;
	if (vrtc_time_advance(r->cmos, count))
		r->cmos[RTC_C] |= RTC_C_AF;
	r->cmos[RTC_C] |= RTC_C_UF;
}

/* When the next update ends. updates() holds, and the registers are of now_ns. */
static uint64_t next_update_ns(const struct vrtc *r, uint64_t now_ns)
{
	uint64_t done = updates_until(max_u64(now_ns - r->chain_ns, first_allowed(r) - 1));

	return r->chain_ns + FIRST_UPDATE_NS + done * NS_PER_SECOND;
}

static bool irq_level(const struct vrtc *r)
{
	return r->cmos[RTC_C] & r->cmos[RTC_B] & RTC_C_FLAGS;
}

static uint8_t read_a(const struct vrtc *r, uint64_t now_ns)
{
	bool uip = updates(r) && next_update_ns(r, now_ns) - now_ns <= BEFORE_CYCLE_NS + CYCLE_NS;

	return (uint8_t)(r->cmos[RTC_A] | (uip ? RTC_A_UIP : 0));
}

static uint8_t read_c(struct vrtc *r)
{
	uint8_t c = (uint8_t)(r->cmos[RTC_C] | (irq_level(r) ? RTC_C_IRQF : 0));

	r->cmos[RTC_C] = 0;
	return c;
}

static uint8_t read_register(struct vrtc *r, uint64_t now_ns)
{
	uint8_t index = r->index % VRTC_BYTES;

	switch (index) {
	case RTC_A:
		return read_a(r, now_ns);
	case RTC_C:
		return read_c(r);
	default:
		return r->cmos[index];
	}
}

static void write_a(struct vrtc *r, uint8_t value, uint64_t now_ns)
{
	bool ran = divider_runs(r);

	r->cmos[RTC_A] = value & (uint8_t)~RTC_A_UIP;
	if (!ran)
		r->chain_ns = r->set_ns = now_ns;
}

/* SET ends an update that is under way, and clears UIE. MC146818, "Register B", SET. */
static void write_b(struct vrtc *r, uint8_t value, uint64_t now_ns)
{
	if (value & RTC_B_SET)
		value &= (uint8_t)~RTC_B_UIE;
	else if (r->cmos[RTC_B] & RTC_B_SET)
		r->set_ns = now_ns;
	r->cmos[RTC_B] = value;
}

/* C and D are for reading. */
static void write_register(struct vrtc *r, uint8_t value, uint64_t now_ns)
{
	uint8_t index = r->index % VRTC_BYTES;

	switch (index) {
	case RTC_A:
		write_a(r, value, now_ns);
		break;
	case RTC_B:
		write_b(r, value, now_ns);
		break;
	case RTC_C:
	case RTC_D:
		break;
	default:
		r->cmos[index] = value;
		break;
	}
}

void vrtc_access(void *state, struct io_access *io)
{
	struct vrtc *r = state;

	ASSERT(io->port < VRTC_PORTS);
	if (io->port == 0) {
		if (io->write)
			r->index = (uint8_t)io->value;
		else
			io->value = 0xff; /* 70h is for writing */
		return;
	}
	catch_up(r, io->now_ns);
	if (io->write)
		write_register(r, (uint8_t)io->value, io->now_ns);
	else
		io->value = read_register(r, io->now_ns);
}

bool vrtc_irq(struct vrtc *r, uint64_t now_ns)
{
	catch_up(r, now_ns);
	return irq_level(r);
}

/* When the next periodic interrupt comes. */
static uint64_t next_period_ns(const struct vrtc *r, uint32_t period, uint64_t now_ns)
{
	uint32_t per_second = TICKS_PER_SECOND / period;
	uint64_t done = periods_until(now_ns - r->chain_ns, period);
	uint64_t ticks = done % per_second * period + period / 2;

	return r->chain_ns + done / per_second * NS_PER_SECOND +
	       (ticks * TICK_NS_NUMERATOR + TICK_NS_DIVISOR - 1) / TICK_NS_DIVISOR;
}

uint64_t vrtc_deadline_ns(struct vrtc *r, uint64_t now_ns)
{
	uint8_t enabled = r->cmos[RTC_B];
	uint32_t period = period_ticks(r);
	uint64_t deadline_ns = NS_NEVER;
	uint32_t seconds;

	if (vrtc_irq(r, now_ns) || !divider_runs(r))
		return NS_NEVER;
	if (period && (enabled & RTC_B_PIE))
		deadline_ns = next_period_ns(r, period, now_ns);
	if (!updates(r))
		return deadline_ns;
	if (enabled & RTC_B_UIE)
		return min_u64(deadline_ns, next_update_ns(r, now_ns));
	if (enabled & RTC_B_AIE) {
		seconds = vrtc_time_until_alarm(r->cmos);
		if (seconds)
			return min_u64(deadline_ns,
				       next_update_ns(r, now_ns) + (seconds - 1) * NS_PER_SECOND);
	}
	return deadline_ns;
}

bool vrtc_nmi_masked(const struct vrtc *r)
{
	return r->index & 0x80;
}

uint8_t vrtc_cmos(const struct vrtc *r, uint8_t index)
{
	ASSERT(index < VRTC_BYTES);
	return r->cmos[index];
}

void vrtc_set_cmos(struct vrtc *r, uint8_t index, uint8_t value)
{
	uint16_t sum = 0;

	ASSERT(index >= RTC_RAM && index < VRTC_BYTES);
	r->cmos[index] = value;
	for (unsigned i = CMOS_CHECKED_FIRST; i <= CMOS_CHECKED_LAST; i++)
		sum = (uint16_t)(sum + r->cmos[i]);
	r->cmos[CMOS_CHECKSUM] = (uint8_t)(sum >> 8);
	r->cmos[CMOS_CHECKSUM + 1] = (uint8_t)sum;
}

/* Low byte first; a number that does not fit becomes the largest one. */
static void set_number(struct vrtc *r, uint8_t index, unsigned bytes, uint64_t number)
{
	number = min_u64(number, BIT(8 * bytes) - 1);
	for (unsigned i = 0; i < bytes; i++)
		vrtc_set_cmos(r, (uint8_t)(index + i), (uint8_t)(number >> 8 * i));
}

static uint64_t above(uint64_t bytes, uint64_t start)
{
	return bytes > start ? bytes - start : 0;
}

void vrtc_set_memory(struct vrtc *r, uint64_t below_4g_bytes, uint64_t above_4g_bytes)
{
	set_number(r, CMOS_BASE_MEMORY, 2, min_u64(below_4g_bytes / KIB, BASE_MEMORY_KIB));
	set_number(r, CMOS_EXTENDED_MEMORY, 2, above(below_4g_bytes, MIB) / KIB);
	set_number(r, CMOS_EXTENDED_MEMORY_2, 2, above(below_4g_bytes, MIB) / KIB);
	set_number(r, CMOS_MEMORY_ABOVE_16M, 2, above(below_4g_bytes, 16 * MIB) / (64 * KIB));
	set_number(r, CMOS_MEMORY_ABOVE_4G, 3, above_4g_bytes / (64 * KIB));
}

void vrtc_power_on(struct vrtc *r, uint64_t now_ns, int64_t unix_s)
{
	*r = (struct vrtc){
		.chain_ns = now_ns - FIRST_UPDATE_NS,
		.seen_ns = now_ns,
		.set_ns = now_ns - FIRST_UPDATE_NS,
	};
	r->cmos[RTC_A] = 0x26;
	r->cmos[RTC_B] = RTC_B_24;
	r->cmos[RTC_D] = RTC_D_VRT;
	vrtc_time_set(r->cmos, unix_s);
	vrtc_set_cmos(r, VRTC_CMOS_EQUIPMENT, EQUIPMENT_FPU);
	vrtc_set_cmos(r, VRTC_CMOS_BOOT_THIRD, NO_FLOPPY_SIGNATURE);
	vrtc_set_cmos(r, VRTC_CMOS_BOOT_SEQUENCE, BOOT_DISK_THEN_CD);
	vrtc_set_memory(r, MIB, 0);
}

/* MC146818, "Register B" and "Register C": what RESET clears. */
void vrtc_reset(struct vrtc *r, uint64_t now_ns)
{
	catch_up(r, now_ns);
	r->cmos[RTC_B] &= (uint8_t) ~(RTC_B_PIE | RTC_B_AIE | RTC_B_UIE | RTC_B_SQWE);
	r->cmos[RTC_C] = 0;
}
