/*
 * tests/unit/test_platform.c - the promises of guest/platform.h: ports, wires, and no tick lost.
 */
#include "tests/unit/support.h"

#include "guest/platform.h"

enum {
	PERIOD = 1000, /* in PIT ticks: 838096 ns and a bit */
	EOI = 0x20,
	VECTOR_PIT = 0x08,
	VECTOR_COM1 = 0x0c,
	IER = 0x3f9,
	LCR = 0x3fb,
	MCR = 0x3fc,
};

#define START_NS UINT64_C(5000000)

static void outb(struct platform *p, unsigned port, unsigned value, uint64_t now_ns)
{
	struct io_access io = {
		.port = (uint16_t)port, .size = 1, .write = true, .value = value, .now_ns = now_ns};

	platform_io(p, &io);
}

static unsigned inb(struct platform *p, unsigned port, uint64_t now_ns)
{
	struct io_access io = {.port = (uint16_t)port, .size = 1, .now_ns = now_ns};

	platform_io(p, &io);
	return io.value;
}

static void program_pit(struct platform *p, unsigned mode, unsigned count, uint64_t now_ns)
{
	outb(p, 0x43, 0x30 | mode << 1, now_ns);
	outb(p, 0x40, count & 0xff, now_ns);
	outb(p, 0x40, count >> 8, now_ns);
}

/* Vectors 08h and 70h, these interrupts open, the PIT silent (mode 2 before its count, OUT 0 high). */
static void start(struct platform *p, unsigned open)
{
	platform_init(p, START_NS);
	platform_set_bios_state(p, START_NS);
	outb(p, 0x43, 0x34, START_NS);
	outb(p, 0x21, ~open & 0xff, START_NS);
	platform_sync(p, START_NS, START_NS);
	assert_false(platform_intr(p));
}

/* The guest runs until now_ns, with every deadline kept. */
static void run_until(struct platform *p, uint64_t now_ns)
{
	platform_sync(p, now_ns, now_ns);
}

/* Other things run until now_ns. */
static void pause_until(struct platform *p, uint64_t now_ns)
{
	platform_sync(p, now_ns, p->now_ns);
}

/* When OUT 0 rises for the nth time from now on, n from 1, in modes 2 and 3. */
static uint64_t rise_ns(struct platform *p, unsigned n)
{
	struct vpit copy = p->pit;
	uint64_t at_ns = p->now_ns;

	for (unsigned i = 0; i < n; i++) {
		at_ns = vpit_deadline_ns(&copy, at_ns);
		vpit_take_edges(&copy, at_ns);
	}
	return at_ns;
}

/* The guest takes all interrupts that come, each with its EOI; returns how many were ticks. */
static unsigned take_ticks(struct platform *p, uint64_t now_ns)
{
	unsigned ticks = 0;

	while (platform_intr(p)) {
		ticks += platform_acknowledge(p) == VECTOR_PIT;
		outb(p, 0x20, EOI, now_ns);
	}
	return ticks;
}

/* ---- the board ---- */

static void every_chip_has_its_ports(void **state)
{
	static const struct {
		uint16_t first, last;
		const char *name;
	} owners[] = {
		{0x00, 0x1f, NULL},      {0x20, 0x21, "pic"},    {0x22, 0x3f, NULL},
		{0x40, 0x43, "pit"},     {0x44, 0x60, NULL},     {0x61, 0x61, "pit"},
		{0x62, 0x91, NULL},      {0x92, 0x92, "port92"}, {0x93, 0x9f, NULL},
		{0xa0, 0xa1, "pic"},     {0xa2, 0x3f7, NULL},    {0x3f8, 0x3ff, "com1"},
		{0x400, 0x4cf, NULL},    {0x4d0, 0x4d1, "pic"},  {0x4d2, 0x88ff, NULL},
		{0x8900, 0x8900, "end"}, {0x8901, 0xffff, NULL},
	};
	struct platform p;

	(void)state;
	platform_init(&p, START_NS);
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		for (unsigned port = owners[i].first; port <= owners[i].last; port++) {
			const char *name = io_bus_owner(&p.io, (uint16_t)port);

			if (owners[i].name)
				assert_string_equal(name, owners[i].name);
			else
				assert_null(name);
		}
	}
}

static void power_on_is_quiet(void **state)
{
	struct platform p;

	(void)state;
	platform_init(&p, START_NS);
	run_until(&p, START_NS + 10 * NS_PER_SECOND);
	assert_false(platform_intr(&p));
	assert_false(platform_could_wake(&p));
	assert_int_equal(platform_deadline_ns(&p, p.now_ns), NS_NEVER);
	assert_true(port92_a20(&p.port92));
	assert_false(end_port_done(&p.end));
}

static void a_bios_leaves_vectors_masks_and_the_18_hz_tick(void **state)
{
	struct platform p;

	(void)state;
	platform_init(&p, START_NS);
	platform_set_bios_state(&p, START_NS);
	assert_int_equal(inb(&p, 0x21, START_NS), 0xfb);
	assert_int_equal(inb(&p, 0xa1, START_NS), 0xff);
	outb(&p, 0x43, 0xe2, START_NS); /* status of channel 0: mode 2, both bytes */
	assert_int_equal(inb(&p, 0x40, START_NS) & 0x3f, 0x34);
	outb(&p, 0x21, 0x00, START_NS);
	run_until(&p, START_NS);
	assert_false(platform_intr(&p));
	/* 65536 / 1193181.67 Hz = 54.9 ms */
	run_until(&p, START_NS + 54900000);
	assert_false(platform_intr(&p));
	run_until(&p, START_NS + 54940000);
	assert_int_equal(platform_acknowledge(&p), VECTOR_PIT);
	outb(&p, 0xa1, 0x00, p.now_ns);
	vpic_set_line(&p.pic, 9, true);
	outb(&p, 0x20, EOI, p.now_ns);
	assert_int_equal(platform_acknowledge(&p), 0x71);
	assert_int_equal(inb(&p, LCR, p.now_ns), 0x03);
}

static void an_access_to_nobody_is_told(void **state)
{
	struct io_access io = {.port = 0x80, .size = 1};
	struct platform p;

	(void)state;
	platform_init(&p, START_NS);
	assert_false(platform_io(&p, &io));
	assert_int_equal(io.value, 0xff);
	io.port = 0x21;
	assert_true(platform_io(&p, &io));
}

static void the_word_shutdown_ends_the_machine(void **state)
{
	struct platform p;

	(void)state;
	platform_init(&p, START_NS);
	for (const char *c = "Shutdown"; *c; c++) {
		assert_false(end_port_done(&p.end));
		outb(&p, 0x8900, (uint8_t)*c, START_NS);
	}
	assert_true(end_port_done(&p.end));
}

/* ---- the wires ---- */

static void com1_drives_irq_4(void **state)
{
	uint8_t byte;
	struct platform p;

	(void)state;
	start(&p, 0x10);
	outb(&p, MCR, 0x08, START_NS);
	outb(&p, IER, 0x01, START_NS);
	run_until(&p, START_NS);
	assert_false(platform_intr(&p));
	assert_true(platform_receive(&p, 'x', START_NS));
	run_until(&p, START_NS);
	assert_true(platform_intr(&p));
	assert_int_equal(platform_acknowledge(&p), VECTOR_COM1);
	assert_int_equal(inb(&p, 0x3f8, START_NS), 'x');
	outb(&p, 0x20, EOI, START_NS);
	run_until(&p, START_NS);
	assert_false(platform_intr(&p));
	/* The transmitter: taking the byte out raises THRE. */
	outb(&p, IER, 0x02, START_NS);
	inb(&p, 0x3fa, START_NS);
	outb(&p, 0x3f8, 'y', START_NS);
	run_until(&p, START_NS);
	assert_false(platform_intr(&p));
	assert_true(platform_take_tx(&p, &byte));
	assert_int_equal(byte, 'y');
	run_until(&p, START_NS);
	assert_int_equal(platform_acknowledge(&p), VECTOR_COM1);
	assert_false(platform_take_tx(&p, &byte));
}

static void com1_has_a_deadline_for_its_time_out(void **state)
{
	uint64_t deadline_ns;
	struct platform p;

	(void)state;
	start(&p, 0x10);
	outb(&p, 0x3fa, 0xc1, START_NS); /* FIFOs on, trigger at 14 */
	outb(&p, MCR, 0x08, START_NS);
	outb(&p, IER, 0x01, START_NS);
	assert_true(platform_receive(&p, 'x', START_NS));
	run_until(&p, START_NS);
	assert_false(platform_intr(&p));
	deadline_ns = platform_deadline_ns(&p, START_NS);
	assert_true(deadline_ns > START_NS && deadline_ns <= START_NS + NS_PER_MILLISECOND);
	assert_int_equal(platform_deadline_ns(&p, START_NS), deadline_ns);
	pause_until(&p, deadline_ns);
	assert_true(platform_intr(&p));
	/* Not for a guest that does not listen. */
	start(&p, 0);
	outb(&p, 0x3fa, 0xc1, START_NS);
	outb(&p, MCR, 0x08, START_NS);
	outb(&p, IER, 0x01, START_NS);
	assert_true(platform_receive(&p, 'x', START_NS));
	run_until(&p, START_NS);
	assert_int_equal(platform_deadline_ns(&p, START_NS), NS_NEVER);
}

static void a_time_out_counts_from_when_out2_lets_it_through(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x10);
	outb(&p, 0x3fa, 0xc1, START_NS);
	outb(&p, IER, 0x01, START_NS);
	assert_true(platform_receive(&p, 'x', START_NS));
	run_until(&p, START_NS);
	outb(&p, MCR, 0x08, START_NS);
	assert_true(platform_needs_sync(&p));
	run_until(&p, START_NS);
	assert_true(platform_deadline_ns(&p, START_NS) < START_NS + NS_PER_MILLISECOND);
	run_until(&p, START_NS + NS_PER_MILLISECOND);
	assert_true(platform_intr(&p));
}

static void polling_needs_no_sync(void **state)
{
	struct platform p;
	uint8_t byte;

	(void)state;
	start(&p, 0x11);
	program_pit(&p, 2, 0, START_NS);
	run_until(&p, START_NS);
	platform_deadline_ns(&p, START_NS);
	assert_false(platform_needs_sync(&p));
	inb(&p, 0x3fd, START_NS);
	inb(&p, 0x3fa, START_NS);
	inb(&p, 0x40, START_NS);
	inb(&p, 0x20, START_NS);
	inb(&p, 0x61, START_NS);
	inb(&p, 0x80, START_NS);
	assert_false(platform_needs_sync(&p));
	/* But while a character waits to be taken, a guest that polls for that has it taken. */
	outb(&p, 0x3f8, 'x', START_NS);
	run_until(&p, START_NS);
	platform_deadline_ns(&p, START_NS);
	assert_false(platform_needs_sync(&p));
	inb(&p, 0x3fd, START_NS);
	assert_true(platform_needs_sync(&p));
	assert_true(platform_take_tx(&p, &byte));
}

static void a_full_receiver_keeps_its_line_as_it_is(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x10);
	assert_true(platform_receive(&p, 'x', START_NS));
	run_until(&p, START_NS);
	assert_false(platform_receive(&p, 'y', START_NS)); /* FIFOs off: room for one */
	assert_false(p.stale);
}

static void mode_0_raises_irq_0_once(void **state)
{
	uint64_t deadline_ns;
	struct platform p;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 0, PERIOD, START_NS);
	run_until(&p, START_NS);
	deadline_ns = platform_deadline_ns(&p, START_NS);
	assert_in_range(deadline_ns, START_NS + 838000, START_NS + 840000);
	run_until(&p, deadline_ns - 1);
	assert_false(platform_intr(&p));
	run_until(&p, deadline_ns);
	assert_true(platform_intr(&p));
	assert_int_equal(take_ticks(&p, deadline_ns), 1);
	assert_int_equal(platform_deadline_ns(&p, deadline_ns), NS_NEVER);
	assert_false(platform_could_wake(&p));
	run_until(&p, deadline_ns + NS_PER_SECOND);
	assert_false(platform_intr(&p));
}

static void mode_0_programmed_again_withdraws_its_request(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 0, PERIOD, START_NS);
	run_until(&p, START_NS + NS_PER_MILLISECOND);
	assert_true(platform_intr(&p));
	program_pit(&p, 0, PERIOD, p.now_ns); /* OUT goes low */
	run_until(&p, p.now_ns);
	assert_false(platform_intr(&p));
}

static void the_low_phase_of_mode_3_withdraws_nothing(void **state)
{
	struct platform p;
	uint64_t at_ns;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 3, PERIOD, START_NS);
	run_until(&p, START_NS);
	at_ns = rise_ns(&p, 1);
	run_until(&p, at_ns);
	assert_true(platform_intr(&p));
	run_until(&p, at_ns + 600000); /* OUT is low now */
	assert_false(vpit_out(&p.pit, 0, at_ns + 600000));
	assert_true(platform_intr(&p));
	assert_int_equal(take_ticks(&p, p.now_ns), 1);
}

static void a_level_triggered_pic_sees_the_real_level(void **state)
{
	struct platform p;
	uint64_t at_ns;

	(void)state;
	start(&p, 0x01);
	outb(&p, 0x20, 0x19, START_NS); /* LTIM */
	outb(&p, 0x21, 0x08, START_NS);
	outb(&p, 0x21, 0x04, START_NS);
	outb(&p, 0x21, 0x01, START_NS);
	program_pit(&p, 3, PERIOD, START_NS);
	run_until(&p, START_NS);
	at_ns = rise_ns(&p, 1);
	run_until(&p, at_ns);
	assert_true(platform_intr(&p));
	inb(&p, 0x3fd, at_ns);
	outb(&p, 0x3ff, 0, at_ns + 600000); /* any exit that makes the board look again */
	run_until(&p, at_ns + 600000);
	assert_false(platform_intr(&p));
}

/* A guest that never listened to the tick finds it in IRR, as on hardware. */
static void a_masked_tick_waits_in_irr(void **state)
{
	struct platform p;
	uint64_t at_ns;

	(void)state;
	start(&p, 0);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	assert_int_equal(platform_deadline_ns(&p, START_NS), NS_NEVER);
	assert_false(platform_could_wake(&p));
	at_ns = rise_ns(&p, 3);
	outb(&p, 0x20, 0x0a, at_ns);
	assert_int_equal(inb(&p, 0x20, at_ns), 0x01);
	outb(&p, 0x21, 0xfa, at_ns);
	assert_true(platform_could_wake(&p));
	assert_int_equal(take_ticks(&p, at_ns), 1);
}

/* ---- no tick is lost through our fault, and none is invented ---- */

static void a_guest_that_runs_with_interrupts_off_loses_ticks_as_on_hardware(void **state)
{
	struct platform p;
	uint64_t begin_ns;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	begin_ns = p.now_ns;
	for (unsigned i = 1; i <= 10; i++)
		run_until(&p, begin_ns + i * 840000);
	assert_int_equal(take_ticks(&p, p.now_ns), 1);
	assert_int_equal(p.owed_ticks, 0);
}

static void ticks_while_others_run_are_handed_over_one_by_one(void **state)
{
	struct platform p;
	uint64_t at_ns;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	at_ns = rise_ns(&p, 5);
	pause_until(&p, at_ns);
	assert_int_equal(p.owed_ticks, 4);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(platform_acknowledge(&p), VECTOR_PIT);
		assert_false(platform_intr(&p)); /* in service: the next waits for the EOI */
		outb(&p, 0x20, EOI, at_ns);
	}
	assert_false(platform_intr(&p));
	assert_int_equal(p.owed_ticks, 0);
}

static void a_poll_is_paid_like_an_acknowledgement(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	pause_until(&p, rise_ns(&p, 3));
	for (unsigned i = 0; i < 3; i++) {
		outb(&p, 0x20, 0x0c, p.now_ns);
		assert_int_equal(inb(&p, 0x20, p.now_ns), 0x80);
		outb(&p, 0x20, EOI, p.now_ns);
	}
	outb(&p, 0x20, 0x0c, p.now_ns);
	assert_int_equal(inb(&p, 0x20, p.now_ns), 0x00);
}

/* The guest gets a slice now and then, and is busy in it: the last tick of the debt stands in the way
 * of a tick that comes on time. */
static void paying_a_debt_costs_no_tick(void **state)
{
	struct platform p;
	uint64_t last_ns;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	last_ns = rise_ns(&p, 3);
	pause_until(&p, rise_ns(&p, 2));
	run_until(&p, last_ns); /* still with interrupts off */
	assert_int_equal(take_ticks(&p, last_ns), 3);
}

static void a_late_request_saves_one_tick_and_not_more(void **state)
{
	struct platform p;
	uint64_t begin_ns;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	begin_ns = p.now_ns;
	pause_until(&p, rise_ns(&p, 1));
	for (unsigned i = 2; i <= 10; i++)
		run_until(&p, begin_ns + i * 839000);
	assert_int_equal(take_ticks(&p, p.now_ns), 2);
}

static void an_exit_after_its_deadline_loses_no_tick(void **state)
{
	struct platform p;
	uint64_t now_ns;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	assert_int_equal(platform_deadline_ns(&p, START_NS), rise_ns(&p, 1));
	now_ns = rise_ns(&p, 4);
	run_until(&p, now_ns);
	assert_int_equal(take_ticks(&p, now_ns), 4);
}

static void automatic_eoi_has_a_deadline_at_once(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	outb(&p, 0x20, 0x11, START_NS);
	outb(&p, 0x21, 0x08, START_NS);
	outb(&p, 0x21, 0x04, START_NS);
	outb(&p, 0x21, 0x03, START_NS);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	run_until(&p, rise_ns(&p, 1));
	assert_int_equal(platform_deadline_ns(&p, p.now_ns), NS_NEVER);
	assert_int_equal(platform_acknowledge(&p), VECTOR_PIT);
	assert_int_equal(platform_deadline_ns(&p, p.now_ns), rise_ns(&p, 1));
}

static void debt_is_at_most_a_second(void **state)
{
	static const struct {
		unsigned count, most;
	} cases[] = {{1193, 1000}, {0, 18}, {65535, 18}, {2, 596591}};
	struct platform p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(&p, 0x01);
		program_pit(&p, 2, cases[i].count, START_NS);
		run_until(&p, START_NS);
		pause_until(&p, START_NS + 3600 * NS_PER_SECOND);
		assert_int_equal(p.owed_ticks, cases[i].most);
	}
}

static void debt_ends_when_the_guest_turns_away(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} ways[] = {
		{0x21, 0xff}, /* masks IRQ 0 */
		{0x20, 0x11}, /* initialises the PIC */
		{0x43, 0x34}, /* programs channel 0 */
		{0x40, 0x10}, /* gives it another count */
	};
	struct platform p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		start(&p, 0x01);
		program_pit(&p, 2, PERIOD, START_NS);
		run_until(&p, START_NS);
		pause_until(&p, rise_ns(&p, 5));
		assert_int_equal(p.owed_ticks, 4);
		outb(&p, ways[i].port, ways[i].value, p.now_ns);
		assert_int_equal(p.owed_ticks, 0);
		assert_false(p.late_request);
	}
}

static void debt_survives_what_is_not_for_channel_0(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	pause_until(&p, rise_ns(&p, 5));
	outb(&p, 0x43, 0x00, p.now_ns); /* latches the count */
	inb(&p, 0x40, p.now_ns);
	inb(&p, 0x40, p.now_ns);
	outb(&p, 0x43, 0xc2, p.now_ns); /* reads back */
	outb(&p, 0x43, 0xb6, p.now_ns); /* channel 2 */
	outb(&p, 0x42, 0x12, p.now_ns);
	outb(&p, 0x61, 0x03, p.now_ns);
	inb(&p, 0x21, p.now_ns);
	outb(&p, 0xa1, 0xff, p.now_ns);
	assert_int_equal(p.owed_ticks, 4);
}

static void a_masked_tick_is_not_owed(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	pause_until(&p, rise_ns(&p, 5));
	assert_int_equal(p.owed_ticks, 0);
	outb(&p, 0x21, 0xfa, p.now_ns);
	run_until(&p, rise_ns(&p, 1));
	assert_int_equal(take_ticks(&p, p.now_ns), 1);
}

/* 1000 Hz for a minute; slices, pauses and stretches with interrupts off of random length, the last
 * shorter than a period, as a guest must keep them. */
static void no_tick_is_lost_in_a_minute_at_1000_hz(void **state)
{
	uint64_t seed = 1000, begin_ns, now_ns, ticks = 0, expected;
	struct platform p;
	struct vpit twin;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, 1193, START_NS);
	run_until(&p, START_NS);
	twin = p.pit;
	begin_ns = now_ns = START_NS;
	while (now_ns < begin_ns + 60 * NS_PER_SECOND) {
		uint64_t deadline_ns = platform_deadline_ns(&p, now_ns);
		uint64_t run_ns = random_below(&seed, 900000); /* until some exit */

		/* Runs with interrupts on if one is due, off for up to 0.9 ms otherwise. */
		ticks += take_ticks(&p, now_ns);
		deadline_ns = platform_deadline_ns(&p, now_ns);
		now_ns = min_u64(now_ns + run_ns, max_u64(deadline_ns, now_ns));
		run_until(&p, now_ns);
		if (random_below(&seed, 4) == 0) {
			now_ns += random_below(&seed, 20000000); /* others run */
			pause_until(&p, now_ns);
		}
	}
	ticks += take_ticks(&p, now_ns);
	expected = vpit_take_edges(&twin, now_ns);
	assert_true(expected > 59000);
	assert_int_equal(ticks, expected);
}

/* ---- sleep ---- */

static void the_deadline_is_the_next_tick_that_can_interrupt(void **state)
{
	struct platform p;
	uint64_t at_ns;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	at_ns = rise_ns(&p, 1);
	assert_int_equal(platform_deadline_ns(&p, START_NS), at_ns);
	run_until(&p, at_ns);
	assert_int_equal(platform_deadline_ns(&p, at_ns), NS_NEVER); /* waiting already */
	platform_acknowledge(&p);
	assert_int_equal(platform_deadline_ns(&p, at_ns), NS_NEVER); /* in service */
	outb(&p, 0x20, EOI, at_ns);
	assert_int_equal(platform_deadline_ns(&p, at_ns), rise_ns(&p, 1));
}

static void nothing_due_is_not_looked_at(void **state)
{
	struct platform p, before;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS);
	before = p;
	run_until(&p, rise_ns(&p, 1) - 1);
	assert_memory_equal(&p, &before, sizeof(p));
}

static void a_halted_guest_can_be_woken_by_what_it_listens_to(void **state)
{
	struct platform p;
	uint8_t byte;

	(void)state;
	start(&p, 0x01);
	assert_false(platform_could_wake(&p)); /* the PIT has no count yet */
	program_pit(&p, 2, PERIOD, START_NS);
	assert_true(platform_could_wake(&p));
	outb(&p, 0x21, 0xff, START_NS);
	assert_false(platform_could_wake(&p));
	outb(&p, 0x21, 0xef, START_NS);
	assert_false(platform_could_wake(&p)); /* COM1 is not told to interrupt */
	outb(&p, IER, 0x01, START_NS);
	assert_false(platform_could_wake(&p)); /* OUT2 holds it back */
	outb(&p, MCR, 0x08, START_NS);
	assert_true(platform_could_wake(&p));
	outb(&p, MCR, 0x18, START_NS);
	assert_false(platform_could_wake(&p)); /* looped back: nothing comes from outside */
	outb(&p, MCR, 0x08, START_NS);
	outb(&p, IER, 0x02, START_NS);
	inb(&p, 0x3fa, START_NS);
	run_until(&p, START_NS);
	assert_false(platform_could_wake(&p)); /* nothing is being sent */
	outb(&p, 0x3f8, 'x', START_NS);
	run_until(&p, START_NS);
	assert_true(platform_could_wake(&p)); /* when it has gone out */
	assert_true(platform_take_tx(&p, &byte));
	assert_true(platform_could_wake(&p)); /* it has, and the PIC will hear of it */
	run_until(&p, START_NS);
	assert_int_equal(platform_acknowledge(&p), VECTOR_COM1);
	outb(&p, 0x20, EOI, START_NS);
	assert_false(platform_could_wake(&p)); /* the line is still high, but it was heard */
}

static void a_request_that_waits_can_wake(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 0, PERIOD, START_NS);
	run_until(&p, START_NS + NS_PER_MILLISECOND);
	assert_true(platform_could_wake(&p));
	assert_int_equal(take_ticks(&p, p.now_ns), 1);
	assert_false(platform_could_wake(&p));
}

static void without_an_eoi_nothing_wakes(void **state)
{
	struct platform p;

	(void)state;
	start(&p, 0x01);
	program_pit(&p, 2, PERIOD, START_NS);
	run_until(&p, START_NS + NS_PER_MILLISECOND);
	platform_acknowledge(&p);
	assert_false(platform_could_wake(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_chip_has_its_ports),
		cmocka_unit_test(power_on_is_quiet),
		cmocka_unit_test(a_bios_leaves_vectors_masks_and_the_18_hz_tick),
		cmocka_unit_test(an_access_to_nobody_is_told),
		cmocka_unit_test(the_word_shutdown_ends_the_machine),
		cmocka_unit_test(com1_drives_irq_4),
		cmocka_unit_test(com1_has_a_deadline_for_its_time_out),
		cmocka_unit_test(a_time_out_counts_from_when_out2_lets_it_through),
		cmocka_unit_test(polling_needs_no_sync),
		cmocka_unit_test(a_full_receiver_keeps_its_line_as_it_is),
		cmocka_unit_test(mode_0_raises_irq_0_once),
		cmocka_unit_test(mode_0_programmed_again_withdraws_its_request),
		cmocka_unit_test(the_low_phase_of_mode_3_withdraws_nothing),
		cmocka_unit_test(a_level_triggered_pic_sees_the_real_level),
		cmocka_unit_test(a_masked_tick_waits_in_irr),
		cmocka_unit_test(a_guest_that_runs_with_interrupts_off_loses_ticks_as_on_hardware),
		cmocka_unit_test(ticks_while_others_run_are_handed_over_one_by_one),
		cmocka_unit_test(a_poll_is_paid_like_an_acknowledgement),
		cmocka_unit_test(paying_a_debt_costs_no_tick),
		cmocka_unit_test(a_late_request_saves_one_tick_and_not_more),
		cmocka_unit_test(an_exit_after_its_deadline_loses_no_tick),
		cmocka_unit_test(automatic_eoi_has_a_deadline_at_once),
		cmocka_unit_test(debt_is_at_most_a_second),
		cmocka_unit_test(debt_ends_when_the_guest_turns_away),
		cmocka_unit_test(debt_survives_what_is_not_for_channel_0),
		cmocka_unit_test(a_masked_tick_is_not_owed),
		cmocka_unit_test(no_tick_is_lost_in_a_minute_at_1000_hz),
		cmocka_unit_test(the_deadline_is_the_next_tick_that_can_interrupt),
		cmocka_unit_test(nothing_due_is_not_looked_at),
		cmocka_unit_test(a_halted_guest_can_be_woken_by_what_it_listens_to),
		cmocka_unit_test(a_request_that_waits_can_wake),
		cmocka_unit_test(without_an_eoi_nothing_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
