/*
 * tests/unit/test_platform_board.c - the guest's board: the devices beside PIC, PIT and COM1, their
 * ports and their wires.
 */
#include "tests/unit/platform_board_rig.h"

#include <string.h>

static void every_port_has_its_chip(void **state)
{
	static const struct {
		uint16_t first, last;
		const char *name;
	} owners[] = {
		{0x00, 0x0f, "dma"},      {0x10, 0x1f, NULL},        {0x20, 0x21, "pic"},
		{0x22, 0x3f, NULL},       {0x40, 0x43, "pit"},       {0x44, 0x5f, NULL},
		{0x60, 0x60, "keyboard"}, {0x61, 0x61, "pit"},       {0x62, 0x63, NULL},
		{0x64, 0x64, "keyboard"}, {0x65, 0x6f, NULL},        {0x70, 0x71, "rtc"},
		{0x72, 0x7f, NULL},       {0x80, 0x80, "post"},      {0x81, 0x8f, "dma"},
		{0x90, 0x91, NULL},       {0x92, 0x92, "port92"},    {0x93, 0x9f, NULL},
		{0xa0, 0xa1, "pic"},      {0xa2, 0xbf, NULL},        {0xc0, 0xdf, "dma"},
		{0xe0, 0xe8, NULL},       {0xe9, 0xe9, "debug"},     {0xea, 0x16f, NULL},
		{0x170, 0x177, NULL},     {0x178, 0x1ef, NULL},      {0x1f0, 0x1f7, "ata"},
		{0x1f8, 0x375, NULL},     {0x376, 0x376, NULL},      {0x377, 0x3b3, NULL},
		{0x3b4, 0x3b5, "vga"},    {0x3b6, 0x3b9, NULL},      {0x3ba, 0x3ba, "vga"},
		{0x3bb, 0x3bf, NULL},     {0x3c0, 0x3cf, "vga"},     {0x3d0, 0x3d3, NULL},
		{0x3d4, 0x3d5, "vga"},    {0x3d6, 0x3d9, NULL},      {0x3da, 0x3da, "vga"},
		{0x3db, 0x3f5, NULL},     {0x3f6, 0x3f6, "ata"},     {0x3f7, 0x3f7, NULL},
		{0x3f8, 0x3ff, "com1"},   {0x400, 0x401, NULL},      {0x402, 0x402, "debug"},
		{0x403, 0x4cf, NULL},     {0x4d0, 0x4d1, "pic"},     {0x4d2, 0x50f, NULL},
		{0x510, 0x511, "fw_cfg"}, {0x512, 0x513, NULL},      {0x514, 0x51b, "fw_cfg"},
		{0x51c, 0x603, NULL},     {0x604, 0x605, "power"},   {0x606, 0xcf7, NULL},
		{0xcf8, 0xcff, "pci"},    {0xd00, 0x88ff, NULL},     {0x8900, 0x8900, "end"},
		{0x8901, 0xb003, NULL},   {0xb004, 0xb005, "power"}, {0xb006, 0xffff, NULL},
	};
	unsigned next = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		assert_int_equal(owners[i].first, next);
		next = owners[i].last + 1u;
		for (unsigned port = owners[i].first; port <= owners[i].last; port++) {
			const char *name = io_bus_owner(&board.io, (uint16_t)port);

			if (owners[i].name)
				assert_string_equal(name, owners[i].name);
			else
				assert_null(name);
		}
	}
	assert_int_equal(next, 0x10000);
}

/* What a register keeps shows that the access came to the right one of the right chip. */
static void each_chip_gets_the_accesses_to_its_ports(void **state)
{
	(void)state;
	out(0x80, 0x5a);
	assert_int_equal(board.chipset.post, 0x5a);
	assert_int_equal(in(0x80), 0x5a);
	set_cmos(0x50, 0xa5);
	assert_int_equal(vrtc_cmos(&board.rtc, 0x50), 0xa5);
	assert_int_equal(cmos(0x50), 0xa5);
	out(0x87, 0x12);
	assert_int_equal(in(0x87), 0x12);
	out(0xd8, 0); /* clears the flip-flop of the second chip */
	out(0xc4, 0x34);
	out(0xc4, 0x56);
	out(0xd8, 0);
	assert_int_equal(in(0xc4), 0x34);
	assert_int_equal(in(0xc4), 0x56);
	out(0x0c, 0);
	out(0x00, 0x78);
	out(0x00, 0x9a);
	out(0x0c, 0);
	assert_int_equal(in(0x00), 0x78);
	out(0x3d4, 0x0f);
	out(0x3d5, 0x42);
	assert_int_equal(board.vga.crtc[0x0f], 0x42);
	assert_int_equal(in(0x3d5), 0x42);
	assert_int_equal(in(0x3b5), 0xff); /* colour: the other place is empty */
	in(0x3da);
	assert_int_equal(in(0x3cc), board.vga.misc);
	assert_int_equal(in(0x3ba), 0xff);
	assert_int_equal(in(0xe9), 0xe9);
	assert_int_equal(in(0x402), 0xe9);
	assert_int_equal(in(PORT_ATA + VATA_STATUS), 0x50);
	assert_int_equal(in(PORT_ATA_CONTROL), 0x50);
	assert_int_equal(in(PORT_KEYBOARD_COMMAND)&0x04, 0x04);
	assert_int_equal(in(0x604), 0);
	assert_int_equal(in(0xb005), 0);
}

static void words_and_dwords_reach_the_wide_chips_whole(void **state)
{
	uint8_t sector[DISK_SECTOR];

	(void)state;
	ata_command(0x20, 3, 1);
	for (unsigned i = 0; i < DISK_SECTOR; i += 4) {
		uint32_t value = access_port(PORT_ATA, 4, false, 0);

		memcpy(sector + i, &value, sizeof(value));
	}
	assert_memory_equal(sector, disk_image + 3 * DISK_SECTOR, DISK_SECTOR);
	access_port(PORT_FW_CFG, 2, true, FW_CFG_RAM_SIZE);
	assert_int_equal(in(PORT_FW_CFG + 1), 0);
	in(PORT_FW_CFG + 1);
	assert_int_equal(in(PORT_FW_CFG + 1), MIB >> 16);
	assert_int_equal(access_port(0x514, 4, false, 0), 0x554d4551); /* "QEMU" */
	assert_int_equal(access_port(0xcf8, 4, false, 0), 0xffffffff);
	assert_int_equal(access_port(0x604, 2, false, 0), 0);
	/* A byte-wide chip sees a word as two bytes. */
	access_port(PORT_RTC, 2, true, 0x3351);
	assert_int_equal(vrtc_cmos(&board.rtc, 0x51), 0x33);
}

static void the_clock_has_the_time_and_the_memory_of_the_setup(void **state)
{
	struct platform_setup big = usual_setup();

	(void)state;
	assert_int_equal(cmos(RTC_YEAR), 0x20);
	assert_int_equal(cmos(RTC_CENTURY), 0x20);
	assert_int_equal(cmos(RTC_MONTH), 0x09);
	assert_int_equal(cmos(RTC_DAY), 0x13);
	assert_int_equal(cmos(RTC_HOUR), 0x12);
	assert_int_equal(cmos(RTC_MINUTE), 0x26);
	assert_int_equal(cmos(RTC_SECOND), 0x40);
	big.low_bytes = 64 * MIB;
	big.high_bytes = 128 * MIB;
	open_board(&big);
	assert_int_equal(cmos(0x34) | cmos(0x35) << 8, 48 * MIB / (64 * KIB));
	assert_int_equal(cmos(0x5b) | cmos(0x5c) << 8, 128 * MIB / (64 * KIB));
}

/* ---- A20 ---- */

static void assert_a20(bool high)
{
	assert_int_equal(board.a20, high);
	assert_int_equal((in(PORT_A20)&A20_BIT) != 0, high);
	out(PORT_KEYBOARD_COMMAND, 0xd0);
	assert_int_equal((in(PORT_KEYBOARD)&A20_BIT) != 0, high);
}

static void both_a20_gates_are_one_line_and_the_last_one_decides(void **state)
{
	(void)state;
	assert_a20(true);
	out(PORT_A20, 0);
	assert_a20(false);
	out(PORT_KEYBOARD_COMMAND, 0xdf);
	assert_a20(true);
	out(PORT_KEYBOARD_COMMAND, 0xd1);
	assert_a20(true); /* the command alone moves nothing */
	out(PORT_KEYBOARD_COMMAND, 0xd1);
	out(PORT_KEYBOARD, 0x01);
	assert_a20(false);
	out(PORT_A20, A20_BIT);
	assert_a20(true);
	out(PORT_KEYBOARD_COMMAND, 0xdd);
	assert_a20(false);
	out(PORT_KEYBOARD_COMMAND, 0xd1);
	out(PORT_KEYBOARD, 0x03);
	assert_a20(true);
	assert_false(vi8042_take_reset(&board.keyboard));
	assert_false(port92_take_reset(&board.port92));
}

/* ---- what the caller has to look at ---- */

static void a_write_that_the_caller_has_to_know_of_is_told_once(void **state)
{
	static const struct {
		uint16_t port;
		bool told;
	} ports[] = {
		{PORT_KEYBOARD, true}, {PORT_KEYBOARD_COMMAND, true},
		{PORT_A20, true},      {PORT_RESET, true},
		{0x604, true},         {0xb004, true},
		{0xe9, true},          {0x402, true},
		{0x8900, true},        {0xf4, true},
		{0xf7, true},          {0x80, false},
		{0x70, false},         {0x71, false},
		{0x3c2, false},        {0x08, false},
		{0x1f2, false},        {0x510, false},
	};
	struct platform_setup debug = usual_setup();

	(void)state;
	debug.debug_exit_port = 0xf4;
	open_board(&debug);
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		in(ports[i].port);
		assert_false(platform_take_switched(&board));
		out(ports[i].port, 0);
		assert_int_equal(platform_needs_sync(&board),
				 ports[i].told || board.stale || board.wake_stale);
		assert_int_equal(platform_take_switched(&board), ports[i].told);
		assert_false(platform_take_switched(&board));
	}
}

static void a_dword_at_cf8_does_not_reset_and_a_byte_at_cf9_does(void **state)
{
	(void)state;
	access_port(0xcf8, 4, true, 0x80000600);
	access_port(0xcf9, 2, true, 0x0606);
	assert_int_equal(chipset_take_request(&board.chipset), CHIPSET_NONE);
	out(PORT_RESET, 0x02);
	assert_int_equal(chipset_take_request(&board.chipset), CHIPSET_NONE);
	out(PORT_RESET, 0x06);
	assert_true(platform_take_switched(&board));
	assert_int_equal(chipset_take_request(&board.chipset), CHIPSET_RESET_HARD);
	out(PORT_RESET, 0x00);
	out(PORT_RESET, 0x04);
	assert_int_equal(chipset_take_request(&board.chipset), CHIPSET_RESET_SOFT);
}

static void the_power_button_is_a_word_at_604h_and_at_b004h(void **state)
{
	(void)state;
	access_port(0x604, 2, true, 0x2000);
	assert_int_equal(chipset_take_request(&board.chipset), CHIPSET_POWER_OFF);
	access_port(0xb004, 2, true, 0x2000);
	assert_int_equal(chipset_take_request(&board.chipset), CHIPSET_POWER_OFF);
}

/* ---- debug ports ---- */

static void debug_ports_are_where_the_setup_wants_them(void **state)
{
	struct platform_setup debug = usual_setup();

	(void)state;
	assert_null(io_bus_owner(&board.io, 0xf4));
	debug.debug_exit_port = 0xf4;
	debug.debug_console_port = 0x3e8;
	open_board(&debug);
	access_port(0xf4, 4, true, 0x21);
	assert_int_equal(chipset_take_request(&board.chipset), CHIPSET_DEBUG_EXIT);
	assert_int_equal(chipset_exit_status(&board.chipset), 0x43);
	out(0x3e8, 'a');
	out(0x3e8, '\n');
	assert_string_equal(chipset_take_line(&board.chipset), "a");
	out(0xe9, 'b');
	out(0xe9, '\n');
	assert_string_equal(chipset_take_line(&board.chipset), "b");
}

static void a_debug_console_may_be_where_one_is_already(void **state)
{
	static const uint16_t ports[] = {0xe9, 0x402};
	struct platform_setup debug = usual_setup();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		debug.debug_console_port = ports[i];
		open_board(&debug);
		out(ports[i], 'x');
		out(ports[i], '\n');
		assert_string_equal(chipset_take_line(&board.chipset), "x");
	}
}

static void a_debug_port_of_another_chip_is_refused(void **state)
{
	static const struct {
		uint16_t exit_port, console_port;
		enum status s;
	} setups[] = {
		{0x20, 0, ERR_EXISTS},    {0x1f, 0, ERR_EXISTS}, {0, 0x3f8, ERR_EXISTS},
		{0xf4, 0xf5, ERR_EXISTS}, {0xe6, 0, ERR_EXISTS}, {0x1f0, 0, ERR_EXISTS},
		{0xfffd, 0, ERR_RANGE},   {0, 0xffff, OK},       {0xfffc, 0, OK},
		{0x170, 0, OK}, /* an empty channel's */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(setups); i++) {
		struct platform_setup debug = usual_setup();

		debug.debug_exit_port = setups[i].exit_port;
		debug.debug_console_port = setups[i].console_port;
		assert_int_equal(platform_init(&board, &debug), setups[i].s);
	}
}

/* ---- fw_cfg ---- */

static void fw_cfg_is_read_by_runs_of_bytes(void **state)
{
	uint8_t bytes[6] = "";

	(void)state;
	access_port(PORT_FW_CFG, 2, true, FW_CFG_SIGNATURE);
	assert_int_equal(run_port(PORT_FW_CFG + 1, 1, false, 4, bytes), 4);
	assert_string_equal(bytes, "QEMU");
	assert_int_equal(run_port(PORT_FW_CFG + 1, 1, true, 4, bytes), 0);
	assert_int_equal(run_port(0x3c9, 1, false, 4, bytes), 0); /* no runs there */
}

static void fw_cfg_copies_into_the_guests_memory(void **state)
{
	static const uint8_t request[16] = {0, 0, 0, 0x0a, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0x20, 0};
	uint8_t bytes[4];

	(void)state;
	assert_int_equal(guest_memory_write(&memory, gpa(0x1000), request, sizeof(request)), OK);
	access_port(0x518, 4, true, 0x00100000); /* 1000h, big-endian */
	assert_int_equal(guest_memory_read(&memory, gpa(0x2000), bytes, sizeof(bytes)), OK);
	assert_memory_equal(bytes, "QEMU", 4);
}

#define BOARD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOARD_TEST(every_port_has_its_chip),
		BOARD_TEST(each_chip_gets_the_accesses_to_its_ports),
		BOARD_TEST(words_and_dwords_reach_the_wide_chips_whole),
		BOARD_TEST(the_clock_has_the_time_and_the_memory_of_the_setup),
		BOARD_TEST(both_a20_gates_are_one_line_and_the_last_one_decides),
		BOARD_TEST(a_write_that_the_caller_has_to_know_of_is_told_once),
		BOARD_TEST(a_dword_at_cf8_does_not_reset_and_a_byte_at_cf9_does),
		BOARD_TEST(the_power_button_is_a_word_at_604h_and_at_b004h),
		BOARD_TEST(debug_ports_are_where_the_setup_wants_them),
		BOARD_TEST(a_debug_console_may_be_where_one_is_already),
		BOARD_TEST(a_debug_port_of_another_chip_is_refused),
		BOARD_TEST(fw_cfg_is_read_by_runs_of_bytes),
		BOARD_TEST(fw_cfg_copies_into_the_guests_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
