/* tests/unit/vatapi_rig.h - a CD-ROM drive on the workbench: packets, and what comes back. */
#pragma once

#include "tests/unit/vata_rig.h"

#include "guest/vatapi.h"

#define NO_LIMIT 0xfffeu

static uint8_t answer[4096];

/* PACKET with a limit for its blocks, and the twelve bytes. */
static inline void send_packet(const uint8_t packet[12], uint32_t limit)
{
	outb(VATA_FEATURES, 0);
	outb(VATA_MID, (uint8_t)limit);
	outb(VATA_HIGH, (uint8_t)(limit >> 8));
	command(ATA_PACKET);
	assert_false(vata_irq(&ata));
	assert_int_equal(inb(VATA_STATUS), 0x58);
	assert_int_equal(inb(VATA_COUNT), ATAPI_REASON_CD);
	for (unsigned i = 0; i < 12; i += 2)
		out(VATA_DATA, (uint32_t)packet[i] | (uint32_t)packet[i + 1] << 8, 2);
}

#define PACKET(limit, ...) send_packet((const uint8_t[12]){__VA_ARGS__}, limit)

static inline uint32_t block_bytes(void)
{
	return (uint32_t)(inb(VATA_MID) | inb(VATA_HIGH) << 8);
}

static inline void expect_done(void)
{
	assert_int_equal(inb(VATA_COUNT), ATAPI_REASON_CD | ATAPI_REASON_IO);
	expect_end(true);
}

/* Takes one block of len bytes. */
static inline void take_block(void *to, uint32_t len)
{
	uint8_t words[2];
	uint8_t *next = to;

	expect_block(true);
	assert_int_equal(inb(VATA_COUNT), ATAPI_REASON_IO);
	assert_int_equal(block_bytes(), len);
	for (uint32_t i = 0; i < len; i += 2) {
		read_words(words, 1);
		*next++ = words[0];
		if (i + 1 < len)
			*next++ = words[1];
		else
			assert_int_equal(words[1], 0);
	}
}

/* All of the answer comes in one block, and the packet ends well. */
static inline void expect_answer(uint32_t len)
{
	memset(answer, 0xee, sizeof(answer));
	take_block(answer, len);
	expect_done();
}

/* The packet was refused; REQUEST SENSE tells why, once. */
static inline void expect_refused(uint8_t key, uint8_t asc, uint8_t ascq)
{
	assert_int_equal(inb(VATA_COUNT), ATAPI_REASON_CD | ATAPI_REASON_IO);
	expect_error((uint8_t)((unsigned)key << 4 | ATA_ERROR_ABRT));
	for (unsigned i = 0; i < 2; i++) {
		PACKET(NO_LIMIT, 0x03, 0, 0, 0, 18);
		expect_answer(18);
		assert_int_equal(answer[0], 0x70);
		assert_int_equal(answer[2], i ? 0 : key);
		assert_int_equal(answer[7], 10);
		assert_int_equal(answer[12], i ? 0 : asc);
		assert_int_equal(answer[13], i ? 0 : ascq);
	}
}

/* A drive whose unit attention of power-on was taken. */
static inline int setup_ready(void **state)
{
	int result = setup_cdrom(state);

	PACKET(NO_LIMIT, 0x00);
	inb(VATA_STATUS);
	return result;
}

#define VATAPI_TEST(function) cmocka_unit_test_setup_teardown(function, setup_ready, teardown)
