/*
 * tests/unit/test_platform_quick.c - the short way of a port access: what it does, and when it
 * leaves the access to the board.
 */
#include "tests/unit/platform_guest.h"

#include "guest/platform_quick.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 400000, OUTSIDE_MAX = 64 };

/* A guest's board, and the bytes that it has sent last. */
struct side {
	struct platform p;
	uint8_t sent[OUTSIDE_MAX];
	unsigned sent_count;
};

static void send_out(struct side *s, uint8_t byte)
{
	s->sent[s->sent_count++ % OUTSIDE_MAX] = byte;
}

/* What a hypervisor does after an access. */
static void follow(struct side *s, uint64_t now_ns)
{
	uint8_t byte;

	while (platform_take_tx(&s->p, &byte))
		send_out(s, byte);
	platform_sync(&s->p, now_ns, now_ns);
	platform_deadline_ns(&s->p, now_ns);
}

static unsigned long_way(struct side *s, unsigned port, bool write, unsigned value, uint64_t now_ns)
{
	if (write)
		outb(&s->p, port, value, now_ns);
	else
		value = inb(&s->p, port, now_ns);
	if (platform_needs_sync(&s->p))
		follow(s, now_ns);
	return value;
}

/* *quick: it went the short way. */
static unsigned short_way(struct side *s, unsigned port, bool write, unsigned value,
			  uint64_t now_ns, bool *quick)
{
	uint8_t byte = (uint8_t)value;

	if (!write && port >= PLATFORM_PIT_FIRST && port <= PLATFORM_PIT_LAST) {
		*quick = vpit_read_quick(&s->p.pit, port - PLATFORM_PIT_FIRST, now_ns, &byte);
	} else if (!write) {
		*quick = platform_quick_in(&s->p, (uint16_t)port, &byte);
	} else if (port == 0x3f8) {
		*quick = platform_quick_send(&s->p, &byte);
		if (*quick) {
			send_out(s, byte);
			platform_quick_sent(&s->p);
		}
	} else {
		*quick = platform_quick_out(&s->p, (uint16_t)port, byte);
	}
	if (!*quick)
		return long_way(s, port, write, value, now_ns);
	return write ? value : byte;
}

/* Without the places of the bytes that have gone. */
static struct vuart visible(const struct side *s)
{
	struct vuart u = s->p.com1;

	u.tx_head = 0;
	memset(u.tx, 0, sizeof(u.tx));
	return u;
}

static void assert_same(struct side *a, struct side *b, uint64_t now_ns)
{
	struct vuart com1_a, com1_b;

	follow(a, now_ns);
	follow(b, now_ns);
	com1_a = visible(a);
	com1_b = visible(b);
	assert_int_equal(platform_intr(&a->p), platform_intr(&b->p));
	assert_memory_equal(&a->p.pic, &b->p.pic, sizeof(a->p.pic));
	assert_memory_equal(&com1_a, &com1_b, sizeof(com1_a));
	assert_int_equal(a->p.owed_ticks, b->p.owed_ticks);
	assert_int_equal(a->p.chipset.post, b->p.chipset.post);
	assert_int_equal(a->p.chipset.post_count, b->p.chipset.post_count);
	assert_int_equal(a->sent_count, b->sent_count);
	assert_memory_equal(a->sent, b->sent, sizeof(a->sent));
}

static unsigned random_value(unsigned port, unsigned dice)
{
	static const uint8_t masks[] = {0xff, 0xfe, 0xfb, 0xee, 0x00};
	static const uint8_t commands[] = {0x20, 0x0a, 0x0b, 0x0c, 0x68, 0x48, 0x60, 0xa0};
	static const uint8_t controls[] = {0x34, 0x36, 0x30, 0x00, 0xe2, 0x14};

	switch (port) {
	case 0x21:
	case 0xa1:
		return masks[dice % ARRAY_SIZE(masks)];
	case 0x20:
	case 0xa0:
		return commands[dice % ARRAY_SIZE(commands)];
	case 0x43:
		return controls[dice % ARRAY_SIZE(controls)];
	case 0x3fc:
		return dice % 8 ? 0x08 : 0x1b; /* OUT2; now and then loopback */
	case 0x3fb:
		return dice % 8 ? 0x03 : dice % 16 ? 0x83 : 0x00;
	default:
		return dice & 0xff;
	}
}

static void both_ways_lead_to_the_same(void **state)
{
	static const uint16_t ports[] = {0x21,  0x21,  0xa1,  0x20,  0xa0,  0x40,  0x40,  0x42,
					 0x43,  0x61,  0x80,  0x3f8, 0x3f8, 0x3f9, 0x3fa, 0x3fb,
					 0x3fc, 0x3fd, 0x3fd, 0x3ff, 0x4d0, 0x3ff};
	static struct side a, b;
	uint64_t now_ns = START_NS;
	unsigned quick_ones = 0;

	(void)state;
	start(&a.p, 0x11);
	start(&b.p, 0x11);
	srand(1);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned port = ports[(unsigned)rand() % ARRAY_SIZE(ports)];
		bool write = rand() % 2, quick = false;
		unsigned value = random_value(port, (unsigned)rand());

		now_ns += (unsigned)rand() % 20000;
		if (rand() % 64 == 0 && vuart_can_receive(&a.p.com1))
			assert_int_equal(platform_receive(&a.p, (uint8_t)i, now_ns),
					 platform_receive(&b.p, (uint8_t)i, now_ns));
		assert_int_equal(long_way(&a, port, write, value, now_ns),
				 short_way(&b, port, write, value, now_ns, &quick));
		quick_ones += quick;
		assert_same(&a, &b, now_ns);
		if (platform_intr(&a.p) && rand() % 4)
			assert_int_equal(platform_acknowledge(&a.p), platform_acknowledge(&b.p));
	}
	assert_true(quick_ones > STEPS / 5);
}

/* The deadline that stands may come too soon after a short access, never too late. */
static void masking_moves_no_deadline_away(void **state)
{
	struct platform p;
	uint64_t before;

	(void)state;
	start_ticking(&p, 1, PERIOD);
	before = platform_deadline_ns(&p, START_NS);
	assert_true(platform_quick_out(&p, 0x21, 0xff));
	assert_false(platform_needs_sync(&p));
	assert_int_equal(platform_deadline_ns(&p, START_NS), before);
	assert_false(platform_quick_out(&p, 0x21, 0xfe)); /* opens: the board has to look */
	run_until(&p, before);
	assert_false(platform_intr(&p));
	assert_int_equal(platform_deadline_ns(&p, before), NS_NEVER);
}

static void what_has_consequences_is_left_to_the_board(void **state)
{
	struct platform p;
	uint8_t value = 'x';

	(void)state;
	start(&p, 1);
	outb(&p, 0x20, 0x0c, START_NS); /* poll: the next read of the chip is an acknowledge */
	assert_false(platform_quick_in(&p, 0x21, &value));
	outb(&p, 0xa0, 0x0c, START_NS);
	assert_false(platform_quick_in(&p, 0xa1, &value));
	outb(&p, 0x20, 0x11, START_NS); /* ICW1: what comes to 21h now is no mask */
	assert_false(platform_quick_out(&p, 0x21, 0xff));
	outb(&p, IER, 0x02, START_NS); /* the transmitter's interrupt */
	assert_false(platform_quick_send(&p, &value));
	outb(&p, IER, 0x00, START_NS);
	assert_true(platform_quick_send(&p, &value));
	outb(&p, 0x3f8, 'x', START_NS); /* waits for the outside */
	assert_false(platform_quick_send(&p, &value));
	assert_false(platform_quick_in(&p, 0x3fd, &value));
	assert_false(platform_quick_in(&p, 0x3f8, &value));
	assert_false(platform_quick_in(&p, 0x92, &value));
	assert_false(platform_quick_out(&p, 0x92, 3));
	assert_int_equal(value, 'x');
}

/* POST codes and nobody's ports take any number of bytes: by OUTS at once, or by a run. */
static void what_only_counts_takes_many_bytes_at_once(void **state)
{
	uint8_t bytes[] = {1, 2, 3, 4};
	struct io_run run = {.port = 0x80, .size = 1, .write = true, .count = 4, .at = bytes};
	struct platform p;

	(void)state;
	start(&p, 1);
	assert_true(platform_quick_outs(&p, 0x80, bytes, 3));
	assert_int_equal(p.chipset.post, 3);
	assert_int_equal(p.chipset.post_count, 3);
	assert_int_equal(io_bus_access_some(&p.io, &run), 4);
	assert_int_equal(p.chipset.post, 4);
	assert_int_equal(p.chipset.post_count, 7);
	run.write = false;
	assert_int_equal(io_bus_access_some(&p.io, &run), 0);
	assert_true(platform_quick_outs(&p, 0x1234, bytes, 4));
	assert_int_equal(p.io.unclaimed_total, 4);
	assert_false(platform_quick_outs(&p, 0x3f8, bytes, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_lead_to_the_same),
		cmocka_unit_test(masking_moves_no_deadline_away),
		cmocka_unit_test(what_only_counts_takes_many_bytes_at_once),
		cmocka_unit_test(what_has_consequences_is_left_to_the_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
