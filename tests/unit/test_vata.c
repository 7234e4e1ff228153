/*
 * tests/unit/test_vata.c - what an ATA channel promises about registers, selection, reset, the
 * interrupt and the data port. test_vata_disk.c and test_vata_sectors.c have the disk's commands,
 * test_vatapi.c and test_vatapi_info.c the CD-ROM drive.
 */
#include "tests/unit/vata_rig.h"

static void power_on_shows_a_disk(void **state)
{
	(void)state;
	assert_int_equal(inb(VATA_ERROR), 1);
	assert_int_equal(inb(VATA_COUNT), 1);
	assert_int_equal(inb(VATA_LOW), 1);
	assert_int_equal(inb(VATA_MID), 0);
	assert_int_equal(inb(VATA_HIGH), 0);
	assert_int_equal(inb(VATA_DEVICE), 0xa0);
	assert_int_equal(inb(VATA_STATUS), 0x50);
	assert_false(vata_irq(&ata));
}

static void both_devices_take_what_is_written(void **state)
{
	(void)state;
	for (unsigned number = VATA_COUNT; number <= VATA_HIGH; number++)
		outb((uint16_t)number, (uint8_t)(0x10 + number));
	for (unsigned device = 0; device < 2; device++) {
		outb(VATA_DEVICE, (uint8_t)(device << 4));
		for (unsigned number = VATA_COUNT; number <= VATA_HIGH; number++)
			assert_int_equal(inb((uint16_t)number), 0x10 + number);
		assert_int_equal(inb(VATA_DEVICE), 0xa0 | device << 4);
	}
}

static void hob_shows_the_values_before(void **state)
{
	(void)state;
	outb(VATA_LOW, 0x12);
	outb(VATA_LOW, 0x34);
	outb(VATA_CONTROL, 0x80);
	assert_int_equal(inb(VATA_LOW), 0x12);
	assert_int_equal(inb(VATA_ERROR), 1);
	assert_int_equal(inb(VATA_DEVICE), 0xa0);
	outb(VATA_COUNT, 1); /* any write to the command block ends it */
	assert_int_equal(inb(VATA_LOW), 0x34);
	outb(VATA_CONTROL, 0x80);
	command(ATA_CHECK_POWER);
	assert_int_equal(inb(VATA_LOW), 0x34);
}

/* SeaBIOS and Linux write count and LBA and read them back. */
static void an_absent_slave_keeps_nothing_and_has_status_0(void **state)
{
	(void)state;
	outb(VATA_DEVICE, 0xb0);
	outb(VATA_COUNT, 0x55);
	outb(VATA_LOW, 0xaa);
	for (unsigned number = VATA_COUNT; number <= VATA_HIGH; number++)
		assert_int_equal(inb((uint16_t)number), 0xff);
	assert_int_equal(inb(VATA_ERROR), 1);
	assert_int_equal(inb(VATA_DEVICE), 0xb0);
	assert_int_equal(inb(VATA_STATUS), 0);
	assert_int_equal(inb(VATA_ALTERNATE), 0);
	command(ATA_IDENTIFY);
	assert_int_equal(inb(VATA_STATUS), 0);
	assert_int_equal(in(VATA_DATA, 2), 0);
	assert_false(vata_irq(&ata));
	outb(VATA_DEVICE, 0xa0);
	assert_int_equal(inb(VATA_STATUS), 0x50);
}

static void an_empty_channel_never_looks_busy(void **state)
{
	const struct vata_drive drives[2] = {{.kind = VATA_DISK},
					     {.kind = VATA_NONE, .disk = &disk}};

	(void)state;
	vata_power_on(&ata, drives);
	outb(VATA_COUNT, 0x55);
	assert_int_equal(inb(VATA_COUNT), 0xff);
	assert_int_equal(inb(VATA_ERROR), 0xff);
	command(ATA_IDENTIFY);
	command(ATA_DIAGNOSTIC);
	outb(VATA_CONTROL, ATA_CONTROL_SRST);
	assert_int_equal(inb(VATA_STATUS), 0);
	outb(VATA_CONTROL, 0);
	assert_int_equal(inb(VATA_STATUS), 0);
	assert_false(vata_irq(&ata));
}

static void software_reset_is_busy_and_leaves_signatures(void **state)
{
	(void)state;
	address(0, 1);
	command(ATA_READ);
	outb(VATA_DEVICE, 0xb0); /* ignored: DRQ */
	assert_int_equal(inb(VATA_DEVICE), 0xe0);
	outb(VATA_CONTROL, ATA_CONTROL_SRST);
	assert_false(vata_irq(&ata));
	assert_int_equal(inb(VATA_STATUS), 0x80);
	assert_int_equal(inb(VATA_ALTERNATE), 0x80);
	outb(VATA_COUNT, 9);
	command(ATA_IDENTIFY);
	outb(VATA_CONTROL, ATA_CONTROL_SRST); /* once is enough */
	outb(VATA_CONTROL, 0);
	power_on_shows_a_disk(state);
	outb(VATA_DEVICE, 0xb0);
	assert_int_equal(inb(VATA_ERROR), 1);
	assert_int_equal(inb(VATA_COUNT), 1);
	assert_int_equal(inb(VATA_LOW), 1);
	assert_int_equal(inb(VATA_MID), 0x14);
	assert_int_equal(inb(VATA_HIGH), 0xeb);
	assert_int_equal(inb(VATA_STATUS), 0);
}

static void diagnostics_run_on_both_and_device_0_answers(void **state)
{
	(void)state;
	outb(VATA_DEVICE, 0xb0);
	outb(VATA_COUNT, 77);
	command(ATA_DIAGNOSTIC);
	assert_true(vata_irq(&ata));
	power_on_shows_a_disk(state);
	outb(VATA_DEVICE, 0xb0);
	assert_int_equal(inb(VATA_MID), ata.devices[1].kind == VATA_CDROM ? 0x14 : 0xff);
}

static void only_the_selected_device_drives_the_line(void **state)
{
	(void)state;
	command(ATA_CHECK_POWER);
	assert_true(vata_irq(&ata));
	outb(VATA_DEVICE, 0xb0);
	assert_false(vata_irq(&ata));
	inb(VATA_STATUS);
	outb(VATA_DEVICE, 0xa0);
	assert_true(vata_irq(&ata));
	outb(VATA_CONTROL, ATA_CONTROL_NIEN);
	assert_false(vata_irq(&ata));
	outb(VATA_CONTROL, 0);
	assert_true(vata_irq(&ata));
	assert_int_equal(inb(VATA_ALTERNATE), 0x50);
	assert_true(vata_irq(&ata));
	assert_int_equal(inb(VATA_STATUS), 0x50);
	assert_false(vata_irq(&ata));
}

static void a_command_takes_the_interrupt_before_it_back(void **state)
{
	(void)state;
	command(ATA_CHECK_POWER);
	address(0, 1);
	command(ATA_WRITE);
	assert_false(vata_irq(&ata));
}

static void a_device_with_drq_takes_no_other_command(void **state)
{
	(void)state;
	address(7, 1);
	command(ATA_READ);
	command(ATA_CHECK_POWER);
	command(ATA_DEVICE_RESET);
	outb(VATA_COUNT, 33);
	expect_block(true);
	expect_sectors(7, 1);
	assert_int_equal(inb(VATA_COUNT), 0);
}

/* Four bytes of the disk from there on. */
static uint32_t disk_dword(uint64_t sector, unsigned at)
{
	uint32_t value;

	memcpy(&value, disk_image + sector * DISK_SECTOR + at, sizeof(value));
	return value;
}

static void the_data_port_takes_all_sizes(void **state)
{
	(void)state;
	address(2, 2);
	command(ATA_READ);
	assert_int_equal(in(VATA_DATA, 4), disk_dword(2, 0));
	assert_int_equal(in(VATA_DATA, 1), disk_byte(2, 4)); /* a whole word goes by */
	assert_int_equal(in(VATA_DATA, 2), disk_dword(2, 6) & 0xffff);
	for (unsigned i = 0; i < 251; i++)
		in(VATA_DATA, 2);
	assert_int_equal(in(VATA_DATA, 4),
			 disk_dword(2, 510)); /* half of it is the next sector's */
}

static void writes_of_all_sizes_reach_the_disk(void **state)
{
	uint8_t data[DISK_SECTOR];

	(void)state;
	address(5, 1);
	command(ATA_WRITE);
	out(VATA_DATA, 0x44332211, 4);
	out(VATA_DATA, 0xff55, 1);
	out(VATA_DATA, 0xffff8877, 2);
	for (unsigned i = 0; i < 252; i++)
		out(VATA_DATA, 0, 2);
	expect_end(true);
	assert_int_equal(disk_read(&disk, 5, 1, data), OK);
	assert_memory_equal(data, "\x11\x22\x33\x44\x55\x00\x77\x88\x00", 9);
}

static void wide_accesses_elsewhere_are_one_register_after_the_other(void **state)
{
	(void)state;
	out(VATA_COUNT, 0x44332211, 4);
	assert_int_equal(inb(VATA_COUNT), 0x11);
	assert_int_equal(in(VATA_COUNT, 4), 0x44332211);
	assert_int_equal(in(VATA_MID, 2), 0x4433);
	assert_int_equal(in(VATA_STATUS, 2), 0xff50); /* the port behind is nobody's */
	assert_int_equal(in(VATA_ALTERNATE, 4), 0xffffff50);
	out(VATA_COMMAND, (uint32_t)ATA_CONTROL_SRST << 8 | ATA_CHECK_POWER, 2);
	assert_int_equal(inb(VATA_ALTERNATE), 0x50);
	out(VATA_CONTROL, ATA_CONTROL_NIEN | 0xff00, 2);
	assert_false(vata_irq(&ata));
}

static void without_drq_the_data_port_is_dead(void **state)
{
	uint8_t data[8] = {0};

	(void)state;
	assert_int_equal(in(VATA_DATA, 4), 0);
	out(VATA_DATA, 0x1234, 2);
	assert_int_equal(vata_read_run(&ata, data, 2, 4), 0);
	assert_int_equal(vata_write_run(&ata, data, 2, 4), 0);
	address(0, 1);
	command(ATA_READ);
	out(VATA_DATA, 0x1234, 2); /* wrong direction */
	assert_int_equal(vata_write_run(&ata, data, 2, 4), 0);
	expect_sectors(0, 1);
	command(ATA_WRITE);
	address(0, 1);
	command(ATA_WRITE);
	assert_int_equal(in(VATA_DATA, 2), 0);
	assert_int_equal(vata_read_run(&ata, data, 2, 4), 0);
	assert_int_equal(inb(VATA_STATUS), 0x58);
}

static void a_run_moves_whole_elements_to_the_end_of_the_block(void **state)
{
	static uint8_t data[4 * DISK_SECTOR];

	(void)state;
	address(10, 3);
	command(ATA_READ);
	assert_int_equal(vata_read_run(&ata, data, 1, 1000), 0);
	assert_int_equal(vata_read_run(&ata, data, 2, 3), 3);
	assert_int_equal(vata_read_run(&ata, data + 6, 2, 1000), 253);
	assert_memory_equal(data, disk_image + 10 * DISK_SECTOR, DISK_SECTOR);
	assert_int_equal(vata_read_run(&ata, data, 4, 128), 128);
	assert_memory_equal(data, disk_image + 11 * DISK_SECTOR, DISK_SECTOR);
	in(VATA_DATA, 2);
	assert_int_equal(vata_read_run(&ata, data, 4, 128), 127);
	assert_int_equal(vata_read_run(&ata, data, 4, 128), 0); /* cut by the end */
	assert_int_equal(in(VATA_DATA, 2), disk_dword(12, 510) & 0xffff);
	expect_end(true); /* nobody has read the status since the block was there */
	memset(data, 0x3c, sizeof(data));
	address(20, 2);
	command(ATA_WRITE);
	assert_int_equal(vata_write_run(&ata, data, 2, 1000), 256);
	assert_int_equal(vata_write_run(&ata, data, 4, 100), 100);
	assert_int_equal(vata_write_run(&ata, data, 1, 100), 0);
	assert_int_equal(vata_write_run(&ata, data, 4, 100), 28);
	expect_end(true);
	expect_on_disk(20, 0x3c3c);
	expect_on_disk(21, 0x3c3c);
}

static void a_register_that_is_not_there_is_our_bug(void **state)
{
	struct io_access io = {.port = VATA_REGISTERS, .size = 1};

	(void)state;
	expect_assert_failure(vata_access(&ata, &io));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VATA_TEST(power_on_shows_a_disk),
		VATA_TEST_BOTH(both_devices_take_what_is_written),
		VATA_TEST(hob_shows_the_values_before),
		VATA_TEST(an_absent_slave_keeps_nothing_and_has_status_0),
		VATA_TEST(an_empty_channel_never_looks_busy),
		VATA_TEST_BOTH(software_reset_is_busy_and_leaves_signatures),
		VATA_TEST(diagnostics_run_on_both_and_device_0_answers),
		VATA_TEST_BOTH(diagnostics_run_on_both_and_device_0_answers),
		VATA_TEST_BOTH(only_the_selected_device_drives_the_line),
		VATA_TEST(only_the_selected_device_drives_the_line),
		VATA_TEST(a_command_takes_the_interrupt_before_it_back),
		VATA_TEST(a_device_with_drq_takes_no_other_command),
		VATA_TEST(the_data_port_takes_all_sizes),
		VATA_TEST(writes_of_all_sizes_reach_the_disk),
		VATA_TEST(wide_accesses_elsewhere_are_one_register_after_the_other),
		VATA_TEST(without_drq_the_data_port_is_dead),
		VATA_TEST(a_run_moves_whole_elements_to_the_end_of_the_block),
		VATA_TEST(a_register_that_is_not_there_is_our_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
