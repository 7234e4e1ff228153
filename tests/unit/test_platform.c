/*
 * tests/unit/test_platform.c - the guest's board: ports and wires.
 */
#include "tests/unit/platform_guest.h"

static void every_chip_has_its_ports(void **state)
{
	/* In order, without a gap: the last port of each stretch, and whose it is. */
	static const struct {
		unsigned last;
		const char *name;
	} owners[] = {
		{0x0f, "dma"},     {0x1f, NULL},       {0x21, "pic"},      {0x3f, NULL},
		{0x43, "pit"},     {0x5f, NULL},       {0x60, "keyboard"}, {0x61, "pit"},
		{0x63, NULL},      {0x64, "keyboard"}, {0x6f, NULL},       {0x71, "rtc"},
		{0x7f, NULL},      {0x80, "post"},     {0x8f, "dma"},      {0x91, NULL},
		{0x92, "port92"},  {0x9f, NULL},       {0xa1, "pic"},      {0xbf, NULL},
		{0xdf, "dma"},     {0xe8, NULL},       {0xe9, "debug"},    {0x3b3, NULL},
		{0x3b5, "vga"},    {0x3b9, NULL},      {0x3ba, "vga"},     {0x3bf, NULL},
		{0x3cf, "vga"},    {0x3d3, NULL},      {0x3d5, "vga"},     {0x3d9, NULL},
		{0x3da, "vga"},    {0x3f7, NULL},      {0x3ff, "com1"},    {0x401, NULL},
		{0x402, "debug"},  {0x4cf, NULL},      {0x4d1, "pic"},     {0x50f, NULL},
		{0x511, "fw_cfg"}, {0x513, NULL},      {0x51b, "fw_cfg"},  {0x603, NULL},
		{0x605, "power"},  {0xcf7, NULL},      {0xcff, "pci"},     {0x88ff, NULL},
		{0x8900, "end"},   {0xb003, NULL},     {0xb005, "power"},  {0xffff, NULL},
	};
	struct platform p;
	unsigned port = 0;

	(void)state;
	power_on(&p);
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		for (; port <= owners[i].last; port++) {
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
	power_on(&p);
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
	power_on(&p);
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
	struct io_access io = {.port = 0x300, .size = 1};
	struct platform p;

	(void)state;
	power_on(&p);
	assert_false(platform_io(&p, &io));
	assert_int_equal(io.value, 0xff);
	io.port = 0x21;
	assert_true(platform_io(&p, &io));
}

static void the_word_shutdown_ends_the_machine(void **state)
{
	struct platform p;

	(void)state;
	power_on(&p);
	for (const char *c = "Shutdown"; *c; c++) {
		assert_false(end_port_done(&p.end));
		outb(&p, 0x8900, (uint8_t)*c, START_NS);
	}
	assert_true(end_port_done(&p.end));
}

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
	start_ticking(&p, 0x11, 0);
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
	outb(&p, IER, 0, at_ns + 600000); /* any exit that makes the board look again */
	run_until(&p, at_ns + 600000);
	assert_false(platform_intr(&p));
}

/* A guest that never listened to the tick finds it in IRR, as on hardware. */
static void a_masked_tick_waits_in_irr(void **state)
{
	struct platform p;
	uint64_t at_ns;

	(void)state;
	start_ticking(&p, 0, PERIOD);
	assert_int_equal(platform_deadline_ns(&p, START_NS), NS_NEVER);
	assert_false(platform_could_wake(&p));
	at_ns = rise_ns(&p, 3);
	outb(&p, 0x20, 0x0a, at_ns);
	assert_int_equal(inb(&p, 0x20, at_ns), 0x01);
	outb(&p, 0x21, 0xfa, at_ns);
	assert_true(platform_could_wake(&p));
	assert_int_equal(take_ticks(&p, at_ns), 1);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
