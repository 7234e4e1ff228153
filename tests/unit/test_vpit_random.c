/*
 * tests/unit/test_vpit_random.c - the guest's interval timer against a second one, which plays
 * every CLK pulse and counts in the chip's own digits. It is written down from the 8254 data sheet,
 * "Mode Definitions" and "Operation Common to All Modes", without a look at how the first one does
 * it.
 */
#include "tests/unit/vpit_rig.h"

struct slow_counter {
	unsigned mode, access, control;
	bool bcd, gate, gate_rose;
	bool out, armed, null_count, load, counting, fired;
	uint16_t cr, ce;
	uint16_t loaded;
	bool write_second, read_second;
	uint8_t first_byte;
	unsigned latched_bytes;
	uint16_t ol;
	bool has_status;
	uint8_t status;
	uint64_t rises;
};

static struct slow_counter slow[3];
static uint8_t slow_port61;
static uint64_t slow_tick;

static uint16_t minus_1(const struct slow_counter *s, uint16_t value)
{
	if (!s->bcd)
		return (uint16_t)(value - 1);
	for (unsigned digit = 0; digit < 16; digit += 4) {
		if (value >> digit & 15)
			return (uint16_t)(value - (1u << digit));
		value = (uint16_t)(value | 9u << digit);
	}
	return 0x9999;
}

static void drive(struct slow_counter *s, bool level)
{
	s->rises += level && !s->out;
	s->out = level;
}

static void transfer(struct slow_counter *s)
{
	s->ce = s->loaded = s->cr;
	if (s->mode == 3)
		s->ce &= 0xfffe;
	s->null_count = false;
}

static void start(struct slow_counter *s)
{
	transfer(s);
	s->load = s->fired = false;
	s->counting = true;
	if (s->mode == 1)
		drive(s, false);
	else if (s->mode != 0)
		drive(s, true);
}

static void count_in_mode_2(struct slow_counter *s)
{
	if (s->ce == 1) {
		transfer(s);
		drive(s, true);
	} else {
		s->ce = minus_1(s, s->ce);
		if (s->ce == 1)
			drive(s, false);
	}
}

static void count_in_mode_3(struct slow_counter *s)
{
	bool odd_and_high = s->loaded % 2 && s->out;

	if (s->ce == (odd_and_high ? 0 : 2)) {
		bool was_1 = s->loaded == 1;

		transfer(s);
		drive(s, was_1 || s->loaded == 1 || !s->out);
	} else {
		s->ce = minus_1(s, minus_1(s, s->ce));
	}
}

static void count_down(struct slow_counter *s)
{
	s->ce = minus_1(s, s->ce);
	if (s->ce == 0 && s->mode < 2)
		drive(s, true);
	if (s->ce == 0 && s->mode > 3 && !s->fired) {
		drive(s, false);
		s->fired = true;
	}
}

static void slow_pulse(struct slow_counter *s)
{
	bool needs_gate = s->mode != 1 && s->mode != 5;

	if (s->mode > 3)
		drive(s, true);
	if (s->load || (s->gate_rose && s->armed && s->mode != 0 && s->mode != 4)) {
		start(s);
	} else if (s->counting && (s->gate || !needs_gate)) {
		if (s->mode == 2)
			count_in_mode_2(s);
		else if (s->mode == 3)
			count_in_mode_3(s);
		else
			count_down(s);
	}
	s->gate_rose = false;
}

static void slow_write(struct slow_counter *s, uint8_t byte)
{
	if (s->mode == 0)
		drive(s, false);
	if (s->access == 3 && !s->write_second) {
		s->first_byte = byte;
		s->write_second = true;
		if (s->mode == 0)
			s->counting = s->load = false;
		return;
	}
	s->cr = (uint16_t)(s->access == 1 ? byte : byte << 8);
	if (s->access == 3)
		s->cr = (uint16_t)(s->cr | s->first_byte);
	s->write_second = false;
	s->null_count = s->armed = true;
	if (s->mode == 0 || s->mode == 4 || (s->mode != 1 && s->mode != 5 && !s->counting))
		s->load = true;
}

static uint8_t slow_read(struct slow_counter *s)
{
	bool second = s->access == 2;
	uint16_t value = s->ce;

	if (s->has_status) {
		s->has_status = false;
		return s->status;
	}
	if (s->latched_bytes) {
		value = s->ol;
		if (s->access == 3)
			second = s->latched_bytes == 1;
		s->latched_bytes--;
	} else if (s->access == 3) {
		second = s->read_second;
		s->read_second = !second;
	}
	return (uint8_t)(second ? value >> 8 : value);
}

static void slow_latch(struct slow_counter *s, bool count, bool status_too)
{
	if (count && !s->latched_bytes) {
		s->ol = s->ce;
		s->latched_bytes = s->access == 3 ? 2 : 1;
	}
	if (status_too && !s->has_status) {
		s->has_status = true;
		s->status =
			(uint8_t)((s->out ? 0x80u : 0) | (s->null_count ? 0x40u : 0) | s->control);
	}
}

/* The number that the digits show stays, whatever digits the next control word asks for. */
static uint16_t with_other_digits(const struct slow_counter *s, bool bcd)
{
	unsigned number = s->ce, digits = 0;

	if (s->bcd == bcd)
		return s->ce;
	if (s->bcd) {
		for (unsigned shift = 12, weight = 1000; weight; shift -= 4, weight /= 10)
			digits += (s->ce >> shift & 15u) * weight;
		return (uint16_t)digits;
	}
	for (unsigned shift = 0; shift < 16; shift += 4, number /= 10)
		digits |= number % 10 << shift;
	return (uint16_t)digits;
}

static void slow_control(uint8_t value)
{
	struct slow_counter *s = &slow[value >> 6 & 3];

	if (value >> 6 == 3) {
		for (unsigned i = 0; i < 3; i++)
			if (value >> (i + 1) & 1)
				slow_latch(&slow[i], !(value & 0x20), !(value & 0x10));
	} else if (!(value & 0x30)) {
		slow_latch(s, true, false);
	} else {
		uint64_t rises = s->rises + (!s->out && (value & 0x0e));
		unsigned mode = value >> 1 & 7;

		*s = (struct slow_counter){
			.mode = mode == 6   ? 2
				: mode == 7 ? 3
					    : mode,
			.access = value >> 4 & 3,
			.control = value & 0x3f,
			.bcd = value & 1,
			.gate = s->gate,
			.out = mode != 0,
			.null_count = true,
			.ce = with_other_digits(s, value & 1),
			.rises = rises,
		};
	}
}

static void slow_gate(struct slow_counter *s, bool level)
{
	if (level && !s->gate)
		s->gate_rose = true;
	if (!level && (s->mode == 2 || s->mode == 3))
		drive(s, true);
	s->gate = level;
}

static void both_outb(uint16_t port, uint8_t value)
{
	outb(port, value);
	if (port < 3) {
		slow_write(&slow[port], value);
	} else if (port == CONTROL) {
		slow_control(value);
	} else {
		slow_port61 = value & 15;
		slow_gate(&slow[2], value & 1);
	}
}

static void both_inb(uint16_t port)
{
	uint8_t expected = 0xff;

	if (port < 3)
		expected = slow_read(&slow[port]);
	else if (port == PORT61)
		expected = (uint8_t)(slow_port61 | slow_tick / 18 % 2 << 4 |
				     (slow[2].out ? 0x20u : 0));
	assert_int_equal(inb(port), expected);
}

static void both_agree(void)
{
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(out(i), slow[i].out);
}

/* Moves to a random nanosecond of the tick that lies so many further. */
static void both_run(uint64_t ticks, uint64_t *seed)
{
	uint64_t rise_ns = vpit_deadline_ns(&pit, now_ns);
	uint64_t seen_ns = NS_NEVER;
	bool look = random_below(seed, 4) == 0;

	for (uint64_t i = 0; i < ticks; i++) {
		uint64_t rises = slow[0].rises;

		slow_tick++;
		for (unsigned c = 0; c < 3; c++)
			slow_pulse(&slow[c]);
		if (rises != slow[0].rises && seen_ns == NS_NEVER)
			seen_ns = exact_ns(slow_tick);
		if (look) {
			now_ns = exact_ns(slow_tick);
			both_agree();
		}
	}
	if (ticks) {
		uint64_t first_ns = exact_ns(slow_tick);

		now_ns = first_ns + random_below(seed, exact_ns(slow_tick + 1) - first_ns);
	}
	if (rise_ns < exact_ns(slow_tick + 1) || seen_ns != NS_NEVER)
		assert_int_equal(rise_ns, seen_ns);
	both_agree();
	if (random_below(seed, 2)) {
		assert_int_equal(vpit_take_edges(&pit, now_ns), slow[0].rises);
		slow[0].rises = 0;
	}
}

/* Valid digits only when the counter counts in BCD; mostly small, so that much happens. */
static uint8_t random_count(unsigned channel, uint64_t *seed)
{
	const struct slow_counter *s = &slow[channel];
	uint64_t kind = random_below(seed, 8);

	if (kind == 0 && !s->bcd)
		return (uint8_t)random_next(seed);
	if (kind == 0)
		return (uint8_t)(random_below(seed, 10) << 4 | random_below(seed, 10));
	if (s->access == 3 && s->write_second)
		return kind == 1;
	return (uint8_t)random_below(seed, kind < 4 ? 4 : 10);
}

static uint64_t random_ticks(uint64_t *seed)
{
	uint64_t kind = random_below(seed, 1000);

	if (kind == 0)
		return random_below(seed, 140000);
	if (kind < 50)
		return random_below(seed, 600);
	return random_below(seed, kind < 600 ? 4 : 24);
}

static uint8_t random_control(uint64_t *seed)
{
	uint8_t value = (uint8_t)random_next(seed);

	/* Enough programming, and mostly latches and read-backs else. */
	return random_below(seed, 3) ? value : value & 0xc0;
}

static void random_operation(uint64_t *seed)
{
	uint16_t channel = (uint16_t)random_below(seed, 3);

	switch (random_below(seed, 16)) {
	case 0:
		both_outb(CONTROL, random_control(seed));
		break;
	case 1:
	case 2:
	case 3:
		both_outb(channel, random_count(channel, seed));
		break;
	case 4:
	case 5:
		both_outb(PORT61, (uint8_t)random_next(seed));
		break;
	case 6:
		both_inb((uint16_t)random_below(seed, 5));
		break;
	case 7:
	case 8:
	case 9:
		both_inb(channel);
		break;
	default:
		both_run(random_ticks(seed), seed);
	}
}

/* From power-on, with each counter programmed once, so that nothing is undefined. */
static void both_start(uint64_t *seed)
{
	now_ns = random_below(seed, 400 * 86400 * NS_PER_SECOND);
	vpit_reset(&pit, now_ns);
	slow_tick = exact_ticks(now_ns);
	slow_port61 = 0;
	for (unsigned i = 0; i < 3; i++) {
		slow[i] = (struct slow_counter){.gate = i != 2, .out = true};
		both_outb(CONTROL, (uint8_t)(i << 6 | 0x30 | random_below(seed, 8) << 1));
		both_outb((uint16_t)i, (uint8_t)random_below(seed, 20));
		both_outb((uint16_t)i, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		slow[i].ce = (uint16_t)pit.channels[i].count;
	both_run(1, seed);
}

static void a_model_of_single_ticks_sees_the_same(void **state)
{
	(void)state;
	for (uint64_t sequence = 1; sequence <= 2000; sequence++) {
		uint64_t seed = sequence;

		both_start(&seed);
		for (unsigned i = 0; i < 150; i++)
			random_operation(&seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VPIT_TEST(a_model_of_single_ticks_sees_the_same),
	};

	return cmocka_run_group_tests_name("vpit random", tests, NULL, NULL);
}
