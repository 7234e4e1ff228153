/*
 * tests/unit/test_platform_lines.c - the guest's board: the interrupt lines of keyboard, clock and
 * ATA channels, when they want to be looked at, and what could wake a guest that sleeps.
 */
#include "tests/unit/platform_board_rig.h"

#include <string.h>

static void quiet(void)
{
	assert_int_equal(take_interrupt(), 0);
}

static void a_board_that_is_left_alone_asks_for_nothing(void **state)
{
	(void)state;
	wait_ns(NS_PER_SECOND);
	quiet();
	assert_int_equal(platform_deadline_ns(&board, now_ns), NS_NEVER);
	assert_false(platform_could_wake(&board));
}

static void a_command_written_while_intrq_is_up_gives_a_new_edge(void **state)
{
	uint16_t words[256];

	(void)state;
	ata_command(0xec, 0, 1);
	assert_int_equal(take_interrupt(), VECTOR_ATA);
	assert_int_equal(in(PORT_ATA_CONTROL)&0x08, 0x08);
	assert_int_equal(run_port(PORT_ATA, 2, false, 256, words), 256);
	run_until(&board, now_ns);
	out(PORT_ATA + VATA_COMMAND, 0xec);
	assert_int_equal(take_interrupt(), VECTOR_ATA);
}

/* ---- keyboard ---- */

static void typed_keys_come_by_irq_1_with_an_edge_for_each_byte(void **state)
{
	static const uint8_t codes[] = {0x1e, 0x9e, 0x30, 0xb0};

	(void)state;
	assert_true(platform_type(&board, 'a', now_ns));
	assert_true(platform_type(&board, 'b', now_ns));
	for (size_t i = 0; i < sizeof(codes); i++) {
		uint64_t deadline_ns;

		assert_int_equal(take_interrupt(), VECTOR_KEYBOARD);
		quiet(); /* the line is up, but an edge is what counts */
		assert_int_equal(in(PORT_KEYBOARD), codes[i]);
		quiet();
		deadline_ns = platform_deadline_ns(&board, now_ns);
		if (i + 1 == sizeof(codes)) {
			assert_int_equal(deadline_ns, NS_NEVER);
			break;
		}
		assert_in_range(deadline_ns, now_ns + 1, now_ns + VI8042_BYTE_NS);
		wait_ns(deadline_ns - now_ns - 1);
		quiet();
		wait_ns(1);
	}
}

static void a_masked_keyboard_has_no_deadline(void **state)
{
	(void)state;
	out(0x21, 0x02);
	out(0xa1, 0x01); /* the clock counts with it */
	assert_true(platform_type(&board, 'a', now_ns));
	run_until(&board, now_ns);
	in(PORT_KEYBOARD);
	run_until(&board, now_ns);
	assert_int_equal(platform_deadline_ns(&board, now_ns), NS_NEVER);
	assert_false(platform_could_wake(&board));
	out(0x21, 0);
	run_until(&board, now_ns);
	assert_true(platform_could_wake(&board));
}

static void keys_wait_where_they_are_when_the_keyboard_is_full(void **state)
{
	unsigned taken = 0;

	(void)state;
	while (platform_type(&board, 'a', now_ns))
		assert_in_range(++taken, 1, 100);
	assert_int_not_equal(taken, 0);
	run_until(&board, now_ns);
	assert_false(platform_type(&board, 'a', now_ns));
}

static void somebody_who_types_could_wake_a_guest(void **state)
{
	struct platform_setup typed = usual_setup();

	(void)state;
	typed.typed = true;
	open_board(&typed);
	assert_true(platform_could_wake(&board));
	out(0x21, 0x02);
	assert_false(platform_could_wake(&board));
}

static void a_byte_for_the_mouse_raises_irq_12(void **state)
{
	(void)state;
	out(PORT_KEYBOARD_COMMAND, 0x60);
	out(PORT_KEYBOARD, 0x47);
	out(PORT_KEYBOARD_COMMAND, 0xd3);
	quiet();
	out(PORT_KEYBOARD, 0x5a);
	assert_int_equal(take_interrupt(), VECTOR_AUX);
	assert_int_equal(in(PORT_KEYBOARD), 0x5a);
	quiet();
}

/* ---- clock ---- */

static void the_periodic_interrupt_comes_1024_times_a_second(void **state)
{
	const uint64_t end_ns = START_NS + NS_PER_SECOND;
	unsigned count = 0;

	(void)state;
	set_cmos(RTC_B, RTC_B_24 | RTC_B_PIE);
	run_until(&board, now_ns);
	assert_true(platform_could_wake(&board));
	for (;;) {
		uint64_t deadline_ns = platform_deadline_ns(&board, now_ns);

		assert_true(deadline_ns > now_ns);
		if (deadline_ns > end_ns)
			break;
		wait_ns(deadline_ns - now_ns);
		if (take_interrupt() != VECTOR_RTC)
			continue; /* woken early: no harm */
		assert_int_equal(cmos(RTC_C),
				 RTC_C_IRQF | RTC_C_PF | (board.rtc.cmos[RTC_C] & RTC_C_UF));
		quiet();
		count++;
	}
	assert_in_range(count, 1023, 1025);
}

static void the_line_of_the_clock_stays_up_until_register_c_is_read(void **state)
{
	(void)state;
	set_cmos(RTC_B, RTC_B_24 | RTC_B_UIE);
	wait_ns(NS_PER_SECOND + 10 * MS);
	assert_int_equal(take_interrupt(), VECTOR_RTC);
	wait_ns(NS_PER_SECOND);
	quiet();
	assert_int_equal(cmos(RTC_C) & RTC_C_IRQF, RTC_C_IRQF);
	run_until(&board, now_ns);
	wait_ns(NS_PER_SECOND);
	assert_int_equal(take_interrupt(), VECTOR_RTC);
}

static void a_masked_clock_wakes_nobody(void **state)
{
	(void)state;
	set_cmos(RTC_B, RTC_B_24 | RTC_B_PIE);
	out(0x21, 0x02); /* the keyboard counts with it */
	out(0xa1, 0x01);
	run_until(&board, now_ns);
	assert_false(platform_could_wake(&board));
	assert_int_equal(platform_deadline_ns(&board, now_ns), NS_NEVER);
	out(0xa1, 0);
	out(0x21, 0x06); /* the cascade and the keyboard */
	run_until(&board, now_ns);
	assert_false(platform_could_wake(&board));
	assert_int_equal(platform_deadline_ns(&board, now_ns), NS_NEVER);
}

static void the_index_of_the_clock_needs_no_sync(void **state)
{
	(void)state;
	run_until(&board, now_ns);
	platform_deadline_ns(&board, now_ns);
	out(PORT_RTC, RTC_C);
	assert_false(platform_needs_sync(&board));
	in(PORT_RTC + 1);
	assert_true(platform_needs_sync(&board));
}

/* ---- drives ---- */

static void a_command_of_the_first_channel_raises_irq_14(void **state)
{
	(void)state;
	ata_command(0x20, 1, 1);
	assert_true(platform_needs_sync(&board));
	assert_int_equal(take_interrupt(), VECTOR_ATA);
	in(PORT_ATA_CONTROL); /* the alternate status leaves the line */
	assert_true(vata_irq(&board.ata[0]));
	assert_int_equal(ata_status(), 0x58);
	quiet();
	ata_command(0xec, 0, 0); /* data is to be read first: ignored */
	quiet();
}

static void runs_of_words_move_sectors_and_their_interrupts(void **state)
{
	uint8_t sectors[2 * DISK_SECTOR];

	(void)state;
	ata_command(0x20, 5, 2);
	assert_int_equal(take_interrupt(), VECTOR_ATA);
	assert_int_equal(ata_status(), 0x58);
	assert_int_equal(run_port(PORT_ATA, 2, false, 512, sectors), 256);
	assert_int_equal(take_interrupt(), VECTOR_ATA);
	assert_int_equal(ata_status(), 0x58);
	assert_int_equal(run_port(PORT_ATA, 4, false, UINT64_C(1) << 40, sectors + DISK_SECTOR),
			 128);
	quiet();
	assert_memory_equal(sectors, disk_image + 5 * DISK_SECTOR, sizeof(sectors));
	/* Nothing is left; and a run elsewhere is none. */
	assert_int_equal(run_port(PORT_ATA, 2, false, 1, sectors), 0);
	assert_int_equal(run_port(PORT_ATA + VATA_STATUS, 1, false, 4, sectors), 0);
	assert_int_equal(run_port(PORT_ATA + VATA_COUNT, 2, true, 1, sectors), 0);
}

static void a_written_sector_is_read_back_and_the_image_stays(void **state)
{
	uint8_t sector[DISK_SECTOR], back[DISK_SECTOR];

	(void)state;
	memset(sector, 0x77, sizeof(sector));
	ata_command(0x30, 9, 1);
	quiet();
	assert_int_equal(run_port(PORT_ATA, 2, true, 256, sector), 256);
	assert_int_equal(take_interrupt(), VECTOR_ATA);
	assert_int_equal(ata_status(), 0x50);
	ata_command(0x20, 9, 1);
	assert_int_equal(run_port(PORT_ATA, 2, false, 256, back), 256);
	assert_memory_equal(back, sector, sizeof(back));
	assert_int_equal(disk_image[9 * DISK_SECTOR], (uint8_t)(9 * DISK_SECTOR * 7 + 9));
}

static void a_channel_without_a_drive_is_nobodys(void **state)
{
	struct platform_setup bare = usual_setup();

	(void)state;
	assert_int_equal(in(0x177), 0xff);
	assert_int_equal(in(0x376), 0xff);
	bare.drives[0][0] = (struct vata_drive){.kind = VATA_NONE};
	open_board(&bare);
	assert_null(io_bus_owner(&board.io, PORT_ATA));
	assert_null(io_bus_owner(&board.io, PORT_ATA_CONTROL));
}

static void the_second_channel_has_its_own_ports_and_irq_15(void **state)
{
	struct platform_setup second = usual_setup();
	uint8_t sector[DISK_SECTOR];

	(void)state;
	second.drives[1][1] = second.drives[0][0];
	second.drives[0][0] = (struct vata_drive){.kind = VATA_NONE};
	open_board(&second);
	assert_null(io_bus_owner(&board.io, PORT_ATA));
	out(0x176, 0xb0); /* device 1: there; device 0 is not */
	assert_int_equal(in(0x177), 0x50);
	out(0x177, 0xec);
	assert_int_equal(take_interrupt(), VECTOR_ATA + 1);
	assert_int_equal(in(0x177), 0x58);
	assert_int_equal(run_port(0x170, 2, false, 256, sector), 256);
	assert_int_equal(in(0x376), 0x50);
	out(0x177, 0xec);
	out(0x376, 0x02); /* nIEN */
	quiet();
	out(0x376, 0x00);
	assert_int_equal(take_interrupt(), VECTOR_ATA + 1);
}

#define LINE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE_TEST(a_board_that_is_left_alone_asks_for_nothing),
		LINE_TEST(a_command_written_while_intrq_is_up_gives_a_new_edge),
		LINE_TEST(typed_keys_come_by_irq_1_with_an_edge_for_each_byte),
		LINE_TEST(a_masked_keyboard_has_no_deadline),
		LINE_TEST(keys_wait_where_they_are_when_the_keyboard_is_full),
		LINE_TEST(somebody_who_types_could_wake_a_guest),
		LINE_TEST(a_byte_for_the_mouse_raises_irq_12),
		LINE_TEST(the_periodic_interrupt_comes_1024_times_a_second),
		LINE_TEST(the_line_of_the_clock_stays_up_until_register_c_is_read),
		LINE_TEST(a_masked_clock_wakes_nobody),
		LINE_TEST(the_index_of_the_clock_needs_no_sync),
		LINE_TEST(a_command_of_the_first_channel_raises_irq_14),
		LINE_TEST(runs_of_words_move_sectors_and_their_interrupts),
		LINE_TEST(a_written_sector_is_read_back_and_the_image_stays),
		LINE_TEST(a_channel_without_a_drive_is_nobodys),
		LINE_TEST(the_second_channel_has_its_own_ports_and_irq_15),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
