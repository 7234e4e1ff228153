/* tests/unit/test_vata_sectors.c - what an ATA disk promises about addresses, reading, writing. */
#include "tests/unit/vata_rig.h"

#include "guest/vata_sectors.h"

static void every_addressing_finds_its_sector(void **state)
{
	(void)state;
	address(0x0003e7, 1);
	command(ATA_READ);
	expect_block(true);
	expect_sectors(999, 1);
	expect_end(false);
	address_chs(1, 2, 3, 1);
	command(ATA_READ_NO_RETRY);
	expect_block(true);
	expect_sectors((1 * 16 + 2) * 63 + 2, 1);
	address_48(4567, 1);
	command(ATA_READ_EXT);
	expect_block(true);
	expect_sectors(4567, 1);
	expect_end(false);
}

static void a_read_asks_for_an_interrupt_for_each_block(void **state)
{
	(void)state;
	address(100, 3);
	command(ATA_READ);
	for (unsigned i = 0; i < 3; i++) {
		expect_block(true);
		assert_int_equal(shown_lba(), 101 + i);
		assert_int_equal(inb(VATA_COUNT), 2 - i);
		expect_sectors(100 + i, 1);
	}
	expect_end(false);
}

static void a_write_asks_for_one_after_each_block(void **state)
{
	(void)state;
	address(100, 3);
	command(ATA_WRITE);
	expect_block(false);
	write_sectors(0xaaaa, 1);
	expect_block(true);
	assert_int_equal(shown_lba(), 101);
	assert_int_equal(inb(VATA_COUNT), 2);
	write_sectors(0xbbbb, 1);
	expect_block(true);
	write_sectors(0xcccc, 1);
	expect_end(true);
	assert_int_equal(shown_lba(), 103);
	assert_int_equal(inb(VATA_COUNT), 0);
	expect_on_disk(100, 0xaaaa);
	expect_on_disk(101, 0xbbbb);
	expect_on_disk(102, 0xcccc);
	address(100, 3);
	command(ATA_READ);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(in(VATA_DATA, 2), 0xaaaa);
}

static void blocks_are_as_set_multiple_says(void **state)
{
	(void)state;
	outb(VATA_COUNT, 4);
	command(ATA_SET_MULTIPLE);
	expect_end(true);
	address(50, 10);
	command(ATA_READ_MULTIPLE);
	expect_block(true);
	expect_sectors(50, 4);
	expect_block(true);
	expect_sectors(54, 4);
	expect_block(true);
	expect_sectors(58, 2);
	expect_end(false);
	address_48(70, 6);
	command(ATA_WRITE_MULTIPLE_EXT);
	expect_block(false);
	write_sectors(0x1111, 4);
	expect_block(true);
	write_sectors(0x2222, 2);
	expect_end(true);
	expect_on_disk(73, 0x1111);
	expect_on_disk(74, 0x2222);
	address(90, 1);
	command(ATA_WRITE_MULTIPLE);
	write_sectors(0x3333, 1);
	expect_end(true);
	address_48(90, 1);
	command(ATA_READ_MULTIPLE_EXT);
	expect_block(true);
	assert_int_equal(in(VATA_DATA, 2), 0x3333);
}

static void multiple_can_be_switched_off(void **state)
{
	static const uint8_t codes[] = {ATA_READ_MULTIPLE, ATA_READ_MULTIPLE_EXT,
					ATA_WRITE_MULTIPLE, ATA_WRITE_MULTIPLE_EXT};

	(void)state;
	outb(VATA_COUNT, 0);
	command(ATA_SET_MULTIPLE);
	expect_end(true);
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		address(0, 1);
		command(codes[i]);
		expect_error(ATA_ERROR_ABRT);
	}
}

static void only_powers_of_two_up_to_16_are_multiples(void **state)
{
	(void)state;
	for (unsigned count = 1; count < 256; count++) {
		outb(VATA_COUNT, (uint8_t)count);
		command(ATA_SET_MULTIPLE);
		if (count == 1 || count == 2 || count == 4 || count == 8 || count == 16)
			expect_end(true);
		else
			expect_error(ATA_ERROR_ABRT);
	}
}

static void count_0_is_256(void **state)
{
	(void)state;
	address(30, 0);
	command(ATA_READ);
	for (unsigned i = 0; i < 256; i++) {
		expect_block(true);
		expect_sectors(30 + i, 1);
	}
	expect_end(false);
}

static void count_0_of_48_bits_is_65536(void **state)
{
	static uint8_t image[70000 * DISK_SECTOR];
	static uint8_t data[16 * DISK_SECTOR];
	unsigned blocks = 0;

	(void)state;
	assert_int_equal(disk_init(&disk, &frames, image, sizeof(image), false), OK);
	power_on(VATA_DISK, VATA_NONE);
	address_48(0, 0);
	command(ATA_READ_MULTIPLE_EXT);
	while (vata_read_run(&ata, data, 4, 16 * 128) == 16 * 128)
		blocks++;
	assert_int_equal(blocks, 4096);
	assert_int_equal(shown_lba() & 0xffffff, 65536);
	address_48(0, 0x0102);
	command(ATA_READ_MULTIPLE_EXT);
	for (blocks = 0; vata_read_run(&ata, data, 4, 16 * 128) != 0;)
		blocks++;
	assert_int_equal(blocks, 17);
}

static void an_address_beyond_the_disk_is_not_found(void **state)
{
	static const uint8_t codes[] = {ATA_READ, ATA_WRITE,         ATA_VERIFY,
					ATA_SEEK, ATA_READ_MULTIPLE, ATA_WRITE_MULTIPLE};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		address(RIG_SECTORS, 1);
		command(codes[i]);
		expect_error(ATA_ERROR_IDNF);
		assert_int_equal(shown_lba(), RIG_SECTORS);
		assert_int_equal(inb(VATA_COUNT), 1);
		address(0xfffffff, 0);
		command(codes[i]);
		expect_error(ATA_ERROR_IDNF);
		assert_int_equal(shown_lba(), 0xfffffff);
	}
	address_48(UINT64_C(0xffffffffffff), 1);
	command(ATA_READ_EXT);
	expect_error(ATA_ERROR_IDNF);
	address_48(UINT64_C(1) << 40 | 5, 1);
	command(ATA_WRITE_EXT);
	expect_error(ATA_ERROR_IDNF);
}

static void a_transfer_stops_at_the_end_of_the_disk(void **state)
{
	(void)state;
	address(RIG_SECTORS - 2, 5);
	command(ATA_READ);
	expect_sectors(RIG_SECTORS - 2, 2);
	expect_error(ATA_ERROR_IDNF);
	assert_int_equal(shown_lba(), RIG_SECTORS);
	address(RIG_SECTORS - 3, 5);
	command(ATA_WRITE);
	write_sectors(0x4444, 3);
	expect_error(ATA_ERROR_IDNF);
	assert_int_equal(shown_lba(), RIG_SECTORS);
	assert_int_equal(inb(VATA_COUNT), 2);
	expect_on_disk(RIG_SECTORS - 1, 0x4444);
	address(RIG_SECTORS - 3, 5); /* in one block: nothing of it, and the first bad sector */
	command(ATA_READ_MULTIPLE);
	expect_error(ATA_ERROR_IDNF);
	assert_int_equal(shown_lba(), RIG_SECTORS);
	address_48(RIG_SECTORS - 3, 5);
	command(ATA_VERIFY_EXT);
	expect_error(ATA_ERROR_IDNF);
	assert_int_equal(shown_lba() & 0xffffff, RIG_SECTORS);
}

static void chs_goes_no_further_than_its_geometry(void **state)
{
	static const uint16_t bad[][3] = {{4, 0, 1}, {0, 0, 0}, {0, 0, 64}, {65535, 15, 63}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		address_chs(bad[i][0], (uint8_t)bad[i][1], (uint8_t)bad[i][2], 1);
		command(ATA_READ);
		expect_error(ATA_ERROR_IDNF);
		assert_int_equal(inb(VATA_LOW), bad[i][2]);
		assert_int_equal(inb(VATA_MID), bad[i][0] & 0xff);
	}
	address_chs(3, 15, 63, 2);
	command(ATA_READ);
	expect_block(true);
	expect_sectors(4 * 16 * 63 - 1, 1);
	expect_error(ATA_ERROR_IDNF);
	assert_int_equal(inb(VATA_MID), 4);
	assert_int_equal(inb(VATA_LOW), 1);
	assert_int_equal(inb(VATA_DEVICE), 0xa0);
}

static void initialize_device_parameters_changes_chs(void **state)
{
	(void)state;
	address_chs(0, 7, 0, 17); /* 8 heads, 17 sectors */
	command(ATA_SET_GEOMETRY);
	expect_end(true);
	address_chs(5, 6, 7, 2);
	command(ATA_READ);
	expect_sectors((5 * 8 + 6) * 17 + 6, 2);
	assert_int_equal(inb(VATA_MID), 5);
	assert_int_equal(inb(VATA_DEVICE), 0xa6);
	assert_int_equal(inb(VATA_LOW), 9);
	address_chs(0, 8, 1, 1);
	command(ATA_READ);
	expect_error(ATA_ERROR_IDNF);
	address_chs(0, 7, 17, 1); /* what comes behind it is on the next cylinder */
	command(ATA_READ);
	expect_block(true);
	expect_sectors(8 * 17 - 1, 1);
	assert_int_equal(inb(VATA_MID), 1);
	assert_int_equal(inb(VATA_DEVICE), 0xa0);
	assert_int_equal(inb(VATA_LOW), 1);
}

static void a_geometry_that_reaches_nothing_is_refused(void **state)
{
	(void)state;
	address_chs(0, 7, 0, 0);
	command(ATA_SET_GEOMETRY);
	expect_error(ATA_ERROR_ABRT);
	assert_int_equal(disk_init(&disk, &frames, disk_image, 100 * DISK_SECTOR, false), OK);
	power_on(VATA_DISK, VATA_NONE);
	address_chs(0, 15, 0, 63);
	command(ATA_SET_GEOMETRY);
	expect_error(ATA_ERROR_ABRT);
	address_chs(0, 0, 63, 1); /* one head for a disk this small */
	command(ATA_READ);
	expect_block(true);
	expect_sectors(62, 1);
}

static void verify_and_seek_move_nothing(void **state)
{
	(void)state;
	address(10, 0);
	command(ATA_VERIFY);
	expect_end(true);
	address(10, 20);
	command(ATA_VERIFY_NO_RETRY);
	expect_end(true);
	address(10, 0);
	command(ATA_SEEK);
	expect_end(true);
	assert_int_equal(shown_lba(), 10);
}

static void a_read_only_disk_says_write_protected(void **state)
{
	static const uint8_t codes[] = {ATA_WRITE, ATA_WRITE_NO_RETRY, ATA_WRITE_EXT,
					ATA_WRITE_MULTIPLE, ATA_WRITE_MULTIPLE_EXT};

	(void)state;
	assert_int_equal(disk_init(&disk, &frames, disk_image, sizeof(disk_image), true), OK);
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		address(0, 1);
		command(codes[i]);
		expect_error(ATA_ERROR_ABRT | ATA_ERROR_WP);
	}
	address(0, 1);
	command(ATA_READ);
	expect_block(true);
	expect_sectors(0, 1);
}

/* Frames run out in the middle of a block of 16. */
static void a_write_that_cannot_be_kept_is_a_device_fault(void **state)
{
	static struct frames none;
	static struct regions ram;

	(void)state;
	regions_init(&ram);
	assert_int_equal(regions_add(&ram, 32 * MIB, 5 * PAGE_4K, REGION_RAM), OK);
	assert_int_equal(frames_init(&none, &ram, BIT(52)), OK);
	assert_int_equal(none.free_bytes, 4 * PAGE_4K);
	assert_int_equal(disk_init(&disk, &none, disk_image, sizeof(disk_image), false), OK);
	address(16, 32);
	command(ATA_WRITE_MULTIPLE);
	write_sectors(0x5555, 16);
	if (inb(VATA_ALTERNATE) == 0x58)
		write_sectors(0x6666, 16);
	assert_true(vata_irq(&ata));
	assert_int_equal(inb(VATA_ERROR), ATA_ERROR_ABRT);
	assert_int_equal(inb(VATA_STATUS), 0x71);
	assert_int_equal(shown_lba() % 8, 0);
	expect_on_disk(16, 0x5555);
	for (uint64_t s = shown_lba(); s < 48; s++) {
		uint8_t data[DISK_SECTOR];

		assert_int_equal(disk_read(&disk, s, 1, data), OK);
		assert_int_equal(data[1], disk_byte(s, 1));
	}
	command(ATA_CHECK_POWER); /* the fault goes with the next command */
	expect_end(true);
	disk_free(&disk);
}

static void native_max_is_the_last_sector(void **state)
{
	(void)state;
	address(0, 0);
	command(ATA_NATIVE_MAX);
	expect_end(true);
	assert_int_equal(shown_lba(), RIG_SECTORS - 1);
	address_48(0, 0);
	outb(VATA_LOW, 0xee);
	command(ATA_NATIVE_MAX_EXT);
	expect_end(true);
	assert_int_equal(shown_lba() & 0xffffff, RIG_SECTORS - 1);
	outb(VATA_CONTROL, ATA_CONTROL_HOB);
	assert_int_equal(inb(VATA_LOW), 0);
	address_chs(0, 0, 0, 0);
	command(ATA_NATIVE_MAX);
	expect_end(true);
	assert_int_equal(inb(VATA_MID), 3);
	assert_int_equal(inb(VATA_LOW), 63);
	assert_int_equal(inb(VATA_DEVICE), 0xaf);
}

static void a_disk_behind_28_bits_is_reached_by_48(void **state)
{
	(void)state;
	disk.len_bytes = UINT64_C(0x20000000) * DISK_SECTOR; /* nothing of it is read here */
	disk.sectors = 0x20000000;
	power_on(VATA_DISK, VATA_NONE);
	address(0, 0);
	command(ATA_NATIVE_MAX);
	assert_int_equal(shown_lba(), 0x0ffffffe);
	address(0x0ffffffe, 2);
	command(ATA_VERIFY);
	expect_error(ATA_ERROR_IDNF);
	address_48(0x1fffffff, 1);
	command(ATA_VERIFY_EXT);
	expect_end(true);
	address_48(0x1fffffff, 2);
	command(ATA_VERIFY_EXT);
	expect_error(ATA_ERROR_IDNF);
	outb(VATA_CONTROL, ATA_CONTROL_HOB);
	assert_int_equal(inb(VATA_LOW), 0x20);
	disk.sectors = RIG_SECTORS;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VATA_TEST(every_addressing_finds_its_sector),
		VATA_TEST(a_read_asks_for_an_interrupt_for_each_block),
		VATA_TEST(a_write_asks_for_one_after_each_block),
		VATA_TEST(blocks_are_as_set_multiple_says),
		VATA_TEST(multiple_can_be_switched_off),
		VATA_TEST(only_powers_of_two_up_to_16_are_multiples),
		VATA_TEST(count_0_is_256),
		VATA_TEST(count_0_of_48_bits_is_65536),
		VATA_TEST(an_address_beyond_the_disk_is_not_found),
		VATA_TEST(a_transfer_stops_at_the_end_of_the_disk),
		VATA_TEST(chs_goes_no_further_than_its_geometry),
		VATA_TEST(initialize_device_parameters_changes_chs),
		VATA_TEST(a_geometry_that_reaches_nothing_is_refused),
		VATA_TEST(verify_and_seek_move_nothing),
		VATA_TEST(a_read_only_disk_says_write_protected),
		VATA_TEST(a_write_that_cannot_be_kept_is_a_device_fault),
		VATA_TEST(native_max_is_the_last_sector),
		VATA_TEST(a_disk_behind_28_bits_is_reached_by_48),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
