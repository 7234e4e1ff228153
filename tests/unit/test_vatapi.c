/*
 * tests/unit/test_vatapi.c - what a CD-ROM drive promises about commands, packets, the way of data
 * and errors. test_vatapi_info.c has what it tells of itself.
 */
#include "tests/unit/vatapi_rig.h"

static void a_packet_device_does_not_look_like_a_disk(void **state)
{
	static const uint8_t codes[] = {ATA_IDENTIFY, ATA_READ};

	(void)state;
	assert_int_equal(inb(VATA_STATUS), 0); /* no DRDY before its first command */
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		outb(VATA_MID, 0);
		outb(VATA_HIGH, 0);
		command(codes[i]);
		expect_error(ATA_ERROR_ABRT);
		assert_int_equal(inb(VATA_COUNT), 1);
		assert_int_equal(inb(VATA_LOW), 1);
		assert_int_equal(inb(VATA_MID), 0x14);
		assert_int_equal(inb(VATA_HIGH), 0xeb);
	}
}

static void identify_packet_device_describes_it(void **state)
{
	uint16_t words[256];

	(void)state;
	command(ATA_IDENTIFY_PACKET);
	expect_block(true);
	read_words(words, 256);
	expect_end(false);
	assert_int_equal(words[0], 0x85c0);
	assert_int_equal(words[49], 0x0e00);
	assert_int_equal(words[53], 2);
	assert_int_equal(words[62] | words[63] | words[88] | words[125], 0);
	assert_int_equal(words[64], 3);
	assert_int_equal(words[82], 0x4218);
	assert_int_equal(words[83], 0x4000);
	assert_int_equal(words[27], 'L' << 8 | 'I');
}

static void ata_commands_of_a_packet_device(void **state)
{
	static const uint8_t good[] = {0xe0, 0xe1, 0xe5, 0xe6, 0xe7, 0xef};
	static const uint8_t special[] = {0x08, 0x90, 0xa0, 0xa1};

	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		if (memchr(special, (int)code, sizeof(special)))
			continue;
		outb(VATA_FEATURES, ATA_FEATURE_TRANSFER);
		outb(VATA_COUNT, 0x0c);
		command((uint8_t)code);
		if (memchr(good, (int)code, sizeof(good)))
			expect_end(true);
		else
			expect_error(ATA_ERROR_ABRT);
	}
	command(ATA_CHECK_POWER);
	assert_int_equal(inb(VATA_COUNT), 0xff);
}

static void set_features_of_a_packet_device(void **state)
{
	static const uint8_t good[] = {ATA_FEATURE_TRANSFER, ATA_FEATURE_KEEP, ATA_FEATURE_REVERT};

	(void)state;
	for (unsigned feature = 0; feature < 256; feature++) {
		outb(VATA_FEATURES, (uint8_t)feature);
		outb(VATA_COUNT, 8);
		command(ATA_SET_FEATURES);
		if (memchr(good, (int)feature, sizeof(good)))
			expect_end(true);
		else
			expect_error(ATA_ERROR_ABRT);
	}
	outb(VATA_FEATURES, ATA_FEATURE_TRANSFER);
	outb(VATA_COUNT, 0x42);
	command(ATA_SET_FEATURES);
	expect_error(ATA_ERROR_ABRT);
}

static void device_reset_ends_what_is_going_on(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x28, 0, 0, 0, 0, 0, 0, 0, 2);
	in(VATA_DATA, 2);
	command(ATA_DEVICE_RESET);
	assert_false(vata_irq(&ata));
	assert_int_equal(inb(VATA_STATUS), 0);
	assert_int_equal(inb(VATA_ERROR), 1);
	assert_int_equal(inb(VATA_MID), 0x14);
	assert_int_equal(in(VATA_DATA, 2), 0);
	PACKET(NO_LIMIT, 0x00);
	expect_done();
}

static void dma_and_overlap_are_refused(void **state)
{
	(void)state;
	for (uint8_t features = 1; features < 4; features++) {
		outb(VATA_FEATURES, features);
		command(ATA_PACKET);
		expect_error(ATA_ERROR_ABRT);
	}
}

static void power_on_is_a_unit_attention(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x12, 0, 0, 0, 36); /* INQUIRY does not mind */
	expect_answer(36);
	PACKET(NO_LIMIT, 0x00);
	expect_refused(SENSE_ATTENTION, ASC_POWER_ON, 0);
	PACKET(NO_LIMIT, 0x00);
	expect_done();
	outb(VATA_CONTROL, ATA_CONTROL_SRST);
	outb(VATA_CONTROL, 0);
	PACKET(NO_LIMIT, 0x00);
	expect_done();
}

static void request_sense_alone_takes_the_unit_attention(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x03, 0, 0, 0, 18);
	expect_answer(18);
	assert_int_equal(answer[2], SENSE_ATTENTION);
	assert_int_equal(answer[12], ASC_POWER_ON);
	PACKET(NO_LIMIT, 0x00);
	expect_done();
}

static void sectors_come_in_blocks_of_the_limit(void **state)
{
	static const uint32_t limits[] = {2048, 2,    512,    511,    2047, 3000,
					  4096, 6144, 0xfffe, 0xffff, 2049};
	static uint8_t data[3 * 2048];

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(limits); i++) {
		uint32_t limit = limits[i] == 0xffff ? 0xfffe : limits[i];
		uint32_t done = 0;

		PACKET(limits[i], 0x28, 0, 0, 0, 0, 5, 0, 0, 3);
		while (done < sizeof(data)) {
			uint32_t left = (uint32_t)sizeof(data) - done;
			uint32_t len = left <= limit ? left : limit & ~1u;

			take_block(data + done, len);
			done += len;
		}
		expect_done();
		assert_memory_equal(data, disc_image + 5 * 2048, sizeof(data));
	}
}

static void a_limit_that_cannot_work_aborts(void **state)
{
	(void)state;
	PACKET(0, 0x28, 0, 0, 0, 0, 0, 0, 0, 1);
	expect_error(ATA_ERROR_ABRT);
	PACKET(1, 0x28, 0, 0, 0, 0, 0, 0, 0, 1);
	expect_error(ATA_ERROR_ABRT);
	PACKET(0, 0x00);
	expect_done();
	PACKET(1, 0x12, 0, 0, 0, 1);
	expect_answer(1);
	assert_int_equal(answer[0], 5);
}

static void odd_answers_end_with_a_half_word(void **state)
{
	(void)state;
	PACKET(5, 0x12, 0, 0, 0, 11);
	take_block(answer, 4);
	take_block(answer + 4, 4);
	take_block(answer + 8, 3);
	expect_done();
	assert_memory_equal(answer, "\x05\x80\x00\x21\x1f\x00\x00\x00LIN", 11);
}

static void all_reads_read_the_same(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x28, 0, 0, 0, 1, 2, 0, 0, 1);
	expect_answer(2048);
	assert_memory_equal(answer, disc_image + 258 * 2048, 2048);
	PACKET(NO_LIMIT, 0xa8, 0, 0, 0, 1, 2, 0, 0, 0, 1);
	expect_answer(2048);
	assert_memory_equal(answer, disc_image + 258 * 2048, 2048);
	PACKET(NO_LIMIT, 0xbe, 2 << 2, 0, 0, 1, 2, 0, 0, 1, 0x10);
	expect_answer(2048);
	assert_memory_equal(answer, disc_image + 258 * 2048, 2048);
	PACKET(NO_LIMIT, 0xbe, 0, 0, 0, 1, 2, 0, 0, 1, 0);
	expect_done();
	PACKET(NO_LIMIT, 0x28);
	expect_done();
}

static void the_last_sector_is_filled_up_with_zeros(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x28, 0, 0, 0, 1, 43, 0, 0, 1);
	expect_answer(2048);
	assert_memory_equal(answer, disc_image + 299 * 2048, 2048 - 700);
	for (unsigned i = 2048 - 700; i < 2048; i++)
		assert_int_equal(answer[i], 0);
}

static void what_is_not_on_the_disc_is_refused(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x28, 0, 0, 0, 1, 44, 0, 0, 1);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_LBA, 0);
	PACKET(NO_LIMIT, 0x28, 0, 0, 0, 1, 43, 0, 0, 2);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_LBA, 0);
	PACKET(NO_LIMIT, 0xa8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_LBA, 0);
	PACKET(NO_LIMIT, 0x2b, 0, 0, 0, 1, 44);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_LBA, 0);
	PACKET(NO_LIMIT, 0x2b, 0, 0, 0, 1, 43);
	expect_done();
	PACKET(NO_LIMIT, 0xbe, 1 << 2, 0, 0, 0, 0, 0, 0, 1, 0x10);
	expect_refused(SENSE_ILLEGAL, ASC_WRONG_MODE, 0);
	PACKET(NO_LIMIT, 0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0xf8);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
	PACKET(NO_LIMIT, 0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 1);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
	PACKET(NO_LIMIT, 0x2a);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_OPCODE, 0);
}

static void the_tray_opens_and_closes(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x1e, 0, 0, 0, 1);
	expect_done();
	PACKET(NO_LIMIT, 0x1b, 0, 0, 0, 2);
	expect_refused(SENSE_ILLEGAL, ASC_LOCKED, 2);
	PACKET(NO_LIMIT, 0x1e);
	expect_done();
	PACKET(NO_LIMIT, 0x1b, 0, 0, 0, 0x12); /* a power condition: nothing moves */
	expect_done();
	PACKET(NO_LIMIT, 0x1b, 0, 0, 0, 1);
	expect_done();
	PACKET(NO_LIMIT, 0x00);
	expect_done();
	PACKET(NO_LIMIT, 0x1b, 0, 0, 0, 2);
	expect_done();
	PACKET(NO_LIMIT, 0x28, 0, 0, 0, 0, 0, 0, 0, 1);
	expect_refused(SENSE_NOT_READY, ASC_NO_MEDIUM, 2);
	PACKET(NO_LIMIT, 0x1b, 0, 0, 0, 3);
	expect_done();
	PACKET(NO_LIMIT, 0x1b, 0, 0, 0, 3); /* closed already; and the attention comes first */
	expect_refused(SENSE_ATTENTION, ASC_CHANGED, 0);
	PACKET(NO_LIMIT, 0x00);
	expect_done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VATA_TEST_CDROM(a_packet_device_does_not_look_like_a_disk),
		VATAPI_TEST(identify_packet_device_describes_it),
		VATAPI_TEST(ata_commands_of_a_packet_device),
		VATAPI_TEST(set_features_of_a_packet_device),
		VATAPI_TEST(device_reset_ends_what_is_going_on),
		VATAPI_TEST(dma_and_overlap_are_refused),
		VATA_TEST_CDROM(power_on_is_a_unit_attention),
		VATA_TEST_CDROM(request_sense_alone_takes_the_unit_attention),
		VATAPI_TEST(sectors_come_in_blocks_of_the_limit),
		VATAPI_TEST(a_limit_that_cannot_work_aborts),
		VATAPI_TEST(odd_answers_end_with_a_half_word),
		VATAPI_TEST(all_reads_read_the_same),
		VATAPI_TEST(the_last_sector_is_filled_up_with_zeros),
		VATAPI_TEST(what_is_not_on_the_disc_is_refused),
		VATAPI_TEST(the_tray_opens_and_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
