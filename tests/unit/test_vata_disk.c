/* tests/unit/test_vata_disk.c - what an ATA disk promises about itself and its settings. */
#include "tests/unit/vata_rig.h"

#include "guest/vata_disk.h"
#include "guest/vata_identify.h"

static uint16_t words[256];

static void identify(void)
{
	command(ATA_IDENTIFY);
	expect_block(true);
	read_words(words, 256);
	expect_end(false);
}

static void set_feature(uint8_t feature, uint8_t count)
{
	outb(VATA_FEATURES, feature);
	outb(VATA_COUNT, count);
	command(ATA_SET_FEATURES);
}

static uint32_t double_word(unsigned at)
{
	return words[at] | (uint32_t)words[at + 1] << 16;
}

static void expect_text(unsigned word, const char *text)
{
	for (unsigned i = 0; text[i]; i++)
		assert_int_equal(words[word + i / 2] >> (i % 2 ? 0 : 8) & 0xff, (uint8_t)text[i]);
}

static void identify_says_what_drivers_ask_for(void **state)
{
	uint8_t sum = 0;

	(void)state;
	identify();
	assert_int_equal(words[0], 0x0040);
	assert_int_equal(words[1], 4);
	assert_int_equal(words[3], 16);
	assert_int_equal(words[6], 63);
	expect_text(10, "LINTEL00000         ");
	expect_text(27, "LINTEL ATA DISK     ");
	assert_int_equal(words[47], 0x8010);
	assert_int_equal(words[49], 0x0e00); /* LBA, IORDY, no DMA */
	assert_int_equal(words[53], 3);
	assert_int_equal(words[54], 4);
	assert_int_equal(words[55], 16);
	assert_int_equal(words[56], 63);
	assert_int_equal(double_word(57), 4 * 16 * 63);
	assert_int_equal(words[59], 0x0110);
	assert_int_equal(double_word(60), RIG_SECTORS);
	assert_int_equal(words[62] | words[63] | words[88], 0); /* no DMA */
	assert_int_equal(words[64], 3);
	assert_int_equal(words[83], 0x7400);
	assert_int_equal(words[86], 0x3400);
	assert_int_equal(double_word(100), RIG_SECTORS);
	assert_int_equal(double_word(102), 0);
	for (unsigned i = 0; i < 256; i++)
		sum = (uint8_t)(sum + words[i] + (words[i] >> 8));
	assert_int_equal(sum, 0);
}

static void drives_differ_in_their_serial_numbers(void **state)
{
	const struct vata_drive drives[2] = {{.kind = VATA_NONE},
					     {.kind = VATA_DISK, .disk = &disk, .number = 3}};

	(void)state;
	vata_power_on(&ata, drives);
	outb(VATA_DEVICE, 0xb0);
	identify();
	expect_text(10, "LINTEL00003");
	outb(VATA_DEVICE, 0xa0); /* a lone device 1 */
	assert_int_equal(inb(VATA_STATUS), 0);
	command(ATA_DIAGNOSTIC);
	assert_int_equal(inb(VATA_ERROR), 0xff);
}

static void large_disks_have_the_geometry_of_all_large_disks(void **state)
{
	struct disk large = {.sectors = UINT64_C(0x123456789a)};

	(void)state;
	assert_int_equal(vata_default_geometry(&large).cylinders, 16383);
	assert_int_equal(vata_lba28_sectors(&large), 0x0fffffff);
	large.sectors = 1;
	assert_int_equal(vata_default_geometry(&large).cylinders, 1);
	assert_int_equal(vata_default_geometry(&large).sectors, 1);
	large.sectors = 1007;
	assert_int_equal(vata_default_geometry(&large).heads, 1);
	assert_int_equal(vata_default_geometry(&large).cylinders, 15);
}

static void settings_show_in_identify(void **state)
{
	(void)state;
	outb(VATA_COUNT, 0);
	command(ATA_SET_MULTIPLE);
	expect_end(true);
	set_feature(ATA_FEATURE_CACHE_OFF, 0);
	expect_end(true);
	set_feature(ATA_FEATURE_AHEAD_OFF, 0);
	expect_end(true);
	address_chs(0, 3, 0, 10);
	command(ATA_SET_GEOMETRY);
	expect_end(true);
	identify();
	assert_int_equal(words[59], 0);
	assert_int_equal(words[82], 0x4068);
	assert_int_equal(words[85], 0x4008);
	assert_int_equal(words[54], 125);
	assert_int_equal(words[55], 4);
	assert_int_equal(words[56], 10);
	set_feature(ATA_FEATURE_CACHE_ON, 0);
	set_feature(ATA_FEATURE_AHEAD_ON, 0);
	identify();
	assert_int_equal(words[85], 0x4068);
}

static void a_software_reset_reverts_settings_unless_told_to_keep_them(void **state)
{
	(void)state;
	for (unsigned keep = 0; keep < 2; keep++) {
		outb(VATA_COUNT, 2);
		command(ATA_SET_MULTIPLE);
		expect_end(true);
		set_feature(keep ? ATA_FEATURE_KEEP : ATA_FEATURE_REVERT, 0);
		expect_end(true);
		outb(VATA_CONTROL, ATA_CONTROL_SRST);
		outb(VATA_CONTROL, 0);
		identify();
		assert_int_equal(words[59], keep ? 0x0102 : 0x0110);
	}
}

static void pio_modes_are_taken_and_dma_is_not(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < 256; mode++) {
		set_feature(ATA_FEATURE_TRANSFER, (uint8_t)mode);
		if (mode <= 1 || (mode >= 8 && mode <= 12))
			expect_end(true);
		else
			expect_error(ATA_ERROR_ABRT);
	}
	set_feature(0x05, 0x80);
	expect_error(ATA_ERROR_ABRT);
}

static void check_power(uint8_t expected)
{
	outb(VATA_COUNT, 0x11);
	command(ATA_CHECK_POWER);
	assert_int_equal(inb(VATA_COUNT), expected);
	expect_end(true);
}

static void power_modes_are_told_and_any_access_wakes(void **state)
{
	static const uint8_t codes[] = {ATA_STANDBY_IMMEDIATE, ATA_STANDBY, ATA_SLEEP};

	(void)state;
	check_power(0xff);
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		command(codes[i]);
		expect_end(true);
		check_power(0x00);
		address(0, 1);
		command(ATA_VERIFY);
		expect_end(true);
		check_power(0xff);
	}
	command(ATA_IDLE);
	check_power(0x80);
	command(ATA_IDLE_IMMEDIATE);
	check_power(0x80);
	outb(VATA_CONTROL, ATA_CONTROL_SRST);
	outb(VATA_CONTROL, 0);
	check_power(0xff);
}

static void commands_with_nothing_to_do_end_well(void **state)
{
	(void)state;
	for (unsigned code = ATA_RECALIBRATE; code <= 0x1f; code++) {
		command((uint8_t)code);
		expect_end(true);
	}
	command(ATA_FLUSH);
	expect_end(true);
	command(ATA_FLUSH_EXT);
	expect_end(true);
}

/* The whole list; nothing is added to it by chance. */
static void all_other_commands_abort(void **state)
{
	static const uint8_t known[] = {0x20, 0x21, 0x24, 0x27, 0x29, 0x30, 0x31, 0x34, 0x39, 0x40,
					0x41, 0x42, 0x70, 0x90, 0x91, 0xc4, 0xc5, 0xc6, 0xe0, 0xe1,
					0xe2, 0xe3, 0xe5, 0xe6, 0xe7, 0xea, 0xec, 0xef, 0xf8};

	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		if (memchr(known, (int)code, sizeof(known)) || (code & 0xf0) == 0x10)
			continue;
		command((uint8_t)code);
		expect_error(ATA_ERROR_ABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VATA_TEST(identify_says_what_drivers_ask_for),
		VATA_TEST(drives_differ_in_their_serial_numbers),
		VATA_TEST(large_disks_have_the_geometry_of_all_large_disks),
		VATA_TEST(settings_show_in_identify),
		VATA_TEST(a_software_reset_reverts_settings_unless_told_to_keep_them),
		VATA_TEST(pio_modes_are_taken_and_dma_is_not),
		VATA_TEST(power_modes_are_told_and_any_access_wakes),
		VATA_TEST(commands_with_nothing_to_do_end_well),
		VATA_TEST(all_other_commands_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
