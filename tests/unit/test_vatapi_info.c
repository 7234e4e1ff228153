/* tests/unit/test_vatapi_info.c - what a CD-ROM drive tells of itself and of its disc. */
#include "tests/unit/vatapi_rig.h"

static void eject(void)
{
	PACKET(NO_LIMIT, 0x1b, 0, 0, 0, 2);
	expect_done();
}

static void expect_bytes(const char *bytes, uint32_t len)
{
	expect_answer(len);
	assert_memory_equal(answer, bytes, len);
}

static void inquiry_is_a_removable_cd_rom(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x12, 0, 0, 0, 255);
	expect_bytes("\x05\x80\x00\x21\x1f\x00\x00\x00LINTEL  CD-ROM          1.0 ", 36);
	PACKET(NO_LIMIT, 0x12, 1, 0, 0, 255);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
	PACKET(NO_LIMIT, 0x12, 0, 3, 0, 255);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
	PACKET(NO_LIMIT, 0x12);
	expect_done();
}

static void capacity_is_the_last_sector(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x25);
	expect_bytes("\x00\x00\x01\x2b\x00\x00\x08\x00", 8);
}

static void the_table_of_contents_has_one_data_track(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x43, 0, 0, 0, 0, 0, 0, 0, 255);
	expect_bytes("\x00\x12\x01\x01"
		     "\x00\x14\x01\x00\x00\x00\x00\x00"
		     "\x00\x14\xaa\x00\x00\x00\x01\x2c",
		     20);
	PACKET(NO_LIMIT, 0x43, 2, 0, 0, 0, 0, 1, 0, 255);
	expect_bytes("\x00\x12\x01\x01"
		     "\x00\x14\x01\x00\x00\x00\x02\x00"
		     "\x00\x14\xaa\x00\x00\x00\x06\x00",
		     20);
	PACKET(NO_LIMIT, 0x43, 0, 0, 0, 0, 0, 0xaa, 0, 255);
	expect_bytes("\x00\x0a\x01\x01\x00\x14\xaa\x00\x00\x00\x01\x2c", 12);
	PACKET(NO_LIMIT, 0x43, 0, 0, 0, 0, 0, 2, 0, 255);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
	PACKET(NO_LIMIT, 0x43, 0, 5, 0, 0, 0, 0, 0, 255);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
	PACKET(NO_LIMIT, 0x43, 0, 0, 0, 0, 0, 0, 0, 4);
	expect_bytes("\x00\x12\x01\x01", 4);
}

/* The format by MMC's field and by the older one. */
static void sessions_and_the_raw_lead_in(void **state)
{
	(void)state;
	for (unsigned old = 0; old < 2; old++) {
		PACKET(NO_LIMIT, 0x43, 0, old ? 0 : 1, 0, 0, 0, 0, 0, 255, old ? 0x40 : 0);
		expect_bytes("\x00\x0a\x01\x01\x00\x14\x01\x00\x00\x00\x00\x00", 12);
		PACKET(NO_LIMIT, 0x43, 2, old ? 0 : 2, 0, 0, 0, 0, 0, 255, old ? 0x80 : 0);
		expect_bytes("\x00\x2e\x01\x01"
			     "\x01\x14\x00\xa0\x00\x00\x00\x00\x01\x00\x00"
			     "\x01\x14\x00\xa1\x00\x00\x00\x00\x01\x00\x00"
			     "\x01\x14\x00\xa2\x00\x00\x00\x00\x00\x06\x00"
			     "\x01\x14\x00\x01\x00\x00\x00\x00\x00\x02\x00",
			     48);
	}
}

static void the_disc_is_complete(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x51, 0, 0, 0, 0, 0, 0, 0, 255);
	expect_answer(34);
	assert_memory_equal(answer, "\x00\x20\x0e\x01\x01\x01\x01\x20", 8);
	PACKET(NO_LIMIT, 0x51, 1, 0, 0, 0, 0, 0, 0, 255);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
}

static void mode_pages(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x5a, 0, 0x01, 0, 0, 0, 0, 0, 255);
	expect_bytes("\x00\x0e\x01\x00\x00\x00\x00\x00\x01\x06\x00\x05\x00\x00\x00\x00", 16);
	PACKET(NO_LIMIT, 0x1a, 0, 0x0d, 0, 255);
	expect_bytes("\x0b\x01\x00\x00\x0d\x06\x00\x0d\x00\x3c\x00\x4b", 12);
	PACKET(NO_LIMIT, 0x1a, 0, 0x4d, 0, 255); /* nothing can be changed */
	expect_bytes("\x0b\x01\x00\x00\x0d\x06\x00\x00\x00\x00\x00\x00", 12);
	PACKET(NO_LIMIT, 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 255);
	expect_answer(30);
	assert_memory_equal(answer + 8, "\x2a\x14\x0b\x00\x70\x00\x29\x00\x02\xc2", 10);
	PACKET(NO_LIMIT, 0x5a, 0, 0xbf, 0, 0, 0, 0, 0, 255); /* all, defaults */
	expect_answer(8 + 8 + 8 + 22);
	PACKET(NO_LIMIT, 0x5a, 0, 0xea, 0, 0, 0, 0, 0, 255);
	expect_refused(SENSE_ILLEGAL, ASC_NO_SAVING, 0);
	PACKET(NO_LIMIT, 0x5a, 0, 0x05, 0, 0, 0, 0, 0, 255);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
}

static void mode_pages_show_lock_and_tray(void **state)
{
	(void)state;
	eject();
	PACKET(NO_LIMIT, 0x1e, 0, 0, 0, 1);
	expect_done();
	PACKET(NO_LIMIT, 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 255);
	expect_answer(30);
	assert_int_equal(answer[2], 0x71);
	assert_int_equal(answer[14], 0x2b);
}

static void features_of_a_cd(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x46, 0, 0, 0, 0, 0, 0, 1, 0);
	expect_answer(8 + 12 + 8 + 8 + 12 + 4 + 4);
	assert_memory_equal(answer,
			    "\x00\x00\x00\x34\x00\x00\x00\x08"
			    "\x00\x00\x03\x08\x00\x10\x00\x00\x00\x08\x01\x00"
			    "\x00\x01\x03\x04\x00\x00\x00\x02",
			    28);
	assert_int_equal(answer[50], 1); /* CD read is current, DVD read is not */
	assert_int_equal(answer[54], 0);
	PACKET(NO_LIMIT, 0x46, 1, 0, 0x10, 0, 0, 0, 1, 0); /* current ones from 10h */
	expect_answer(8 + 12 + 4);
	PACKET(NO_LIMIT, 0x46, 2, 0, 3, 0, 0, 0, 1, 0);
	expect_bytes("\x00\x00\x00\x0c\x00\x00\x00\x08\x00\x03\x03\x04\x29\x00\x00\x00", 16);
	PACKET(NO_LIMIT, 0x46, 2, 1, 7, 0, 0, 0, 1, 0); /* not there: the header alone */
	expect_bytes("\x00\x00\x00\x04\x00\x00\x00\x08", 8);
	PACKET(NO_LIMIT, 0x46, 3, 0, 0, 0, 0, 0, 1, 0);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
}

static void a_large_disc_is_a_dvd_and_no_disc_is_nothing(void **state)
{
	(void)state;
	disc.sectors = 4 * 400000;
	PACKET(NO_LIMIT, 0x46, 1, 0, 0, 0, 0, 0, 1, 0);
	expect_answer(8 + 12 + 8 + 8 + 12 + 4);
	assert_int_equal(answer[7], 0x10);
	assert_int_equal(answer[14], 1);
	assert_int_equal(answer[18], 0);
	assert_int_equal(answer[8 + 40 + 1], 0x1f);
	eject();
	PACKET(NO_LIMIT, 0x46, 1, 0, 0, 0, 0, 0, 1, 0);
	expect_answer(8 + 12 + 8 + 8);
	assert_int_equal(answer[7], 0);
	assert_int_equal(answer[14] | answer[18], 0);
}

static void events_are_told_once(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8);
	expect_bytes("\x00\x06\x04\x10\x00\x02\x00\x00", 8);
	eject();
	PACKET(NO_LIMIT, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8);
	expect_bytes("\x00\x06\x04\x10\x03\x01\x00\x00", 8);
	PACKET(NO_LIMIT, 0x1b, 0, 0, 0, 3);
	expect_done();
	for (unsigned i = 0; i < 2; i++) {
		PACKET(NO_LIMIT, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8);
		expect_answer(8);
		assert_int_equal(answer[4], i ? 0 : 2);
		assert_int_equal(answer[5], 2);
	}
	PACKET(NO_LIMIT, 0x4a, 1, 0, 0, 0x02, 0, 0, 0, 8);
	expect_bytes("\x00\x02\x80\x10", 4);
	PACKET(NO_LIMIT, 0x00); /* what the closed tray left */
	inb(VATA_STATUS);
	PACKET(NO_LIMIT, 0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8);
	expect_refused(SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
}

static void the_mechanism_shows_its_door(void **state)
{
	(void)state;
	PACKET(NO_LIMIT, 0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8);
	expect_answer(8);
	assert_int_equal(answer[1], 0);
	eject();
	PACKET(NO_LIMIT, 0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8);
	expect_answer(8);
	assert_int_equal(answer[1], 0x10);
	PACKET(NO_LIMIT, 0xbb, 0, 0xff, 0xff);
	expect_done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VATAPI_TEST(inquiry_is_a_removable_cd_rom),
		VATAPI_TEST(capacity_is_the_last_sector),
		VATAPI_TEST(the_table_of_contents_has_one_data_track),
		VATAPI_TEST(sessions_and_the_raw_lead_in),
		VATAPI_TEST(the_disc_is_complete),
		VATAPI_TEST(mode_pages),
		VATAPI_TEST(mode_pages_show_lock_and_tray),
		VATAPI_TEST(features_of_a_cd),
		VATAPI_TEST(a_large_disc_is_a_dvd_and_no_disc_is_nothing),
		VATAPI_TEST(events_are_told_once),
		VATAPI_TEST(the_mechanism_shows_its_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
