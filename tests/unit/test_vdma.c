/*
 * tests/unit/test_vdma.c - the promises of guest/vdma.h.
 */
#include "tests/unit/support.h"

#include "guest/vdma.h"

/* Registers of one chip; the second has two ports for each. */
enum {
	STATUS = 8,
	COMMAND = 8,
	REQUEST = 9,
	SINGLE_MASK = 10,
	MODE = 11,
	CLEAR_BYTE_POINTER = 12,
	TEMPORARY = 13,
	MASTER_CLEAR = 13,
	CLEAR_MASK = 14,
	ALL_MASK = 15,
};

static struct vdma dma;

static void out(unsigned at, uint8_t value)
{
	struct io_access io = {.port = (uint16_t)at, .size = 1, .write = true, .value = value};

	vdma_access(&dma, &io);
}

static unsigned in(unsigned at)
{
	struct io_access io = {.port = (uint16_t)at, .size = 1, .value = 0xdeadbeef};

	vdma_access(&dma, &io);
	return io.value;
}

/* Register number of a chip's register. */
static unsigned reg(unsigned chip, unsigned at)
{
	return chip ? VDMA_SECOND + 2 * at : at;
}

static unsigned in16(unsigned at)
{
	unsigned low = in(at);

	return low | in(at) << 8;
}

static void out16(unsigned at, uint16_t value)
{
	out(at, (uint8_t)value);
	out(at, (uint8_t)(value >> 8));
}

static int setup(void **state)
{
	(void)state;
	vdma_power_on(&dma);
	return 0;
}

static void power_on_masks_all_channels(void **state)
{
	(void)state;
	for (unsigned chip = 0; chip < 2; chip++) {
		assert_int_equal(in(reg(chip, ALL_MASK)), 0x0f);
		assert_int_equal(in(reg(chip, STATUS)), 0);
		assert_int_equal(in(reg(chip, TEMPORARY)), 0);
		for (unsigned at = 0; at < 8; at++)
			assert_int_equal(in16(reg(chip, at)), 0);
	}
}

static void addresses_and_counts_read_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++)
		out16(reg(i / 8, i % 8), (uint16_t)(0x1234 + 0x1111 * i));
	for (unsigned i = 0; i < 16; i++) {
		const struct vdma_channel *c = &dma.chips[i / 8].channels[i % 8 / 2];
		unsigned expected = (0x1234 + 0x1111 * i) & 0xffff;

		assert_int_equal(in16(reg(i / 8, i % 8)), expected);
		assert_int_equal(i & 1 ? c->base_count : c->base_address, expected);
	}
}

static void one_flip_flop_serves_all_channels_of_a_chip(void **state)
{
	(void)state;
	out(0, 0x11);
	out(3, 0x22); /* the high half of another register */
	assert_int_equal(in(0), 0x11);
	assert_int_equal(in(3), 0x22);
	assert_int_equal(in(VDMA_SECOND), 0);
	out(0, 0x33);
	assert_int_equal(in(0), 0x00); /* high */
	assert_int_equal(in(VDMA_SECOND + 6), 0);
	assert_int_equal(in16(0), 0x33);
}

static void clear_byte_pointer_begins_with_the_low_half(void **state)
{
	(void)state;
	for (unsigned chip = 0; chip < 2; chip++) {
		out(reg(chip, 2), 0x55);
		out(reg(chip, CLEAR_BYTE_POINTER), 0xff);
		out16(reg(chip, 2), 0xabcd);
		assert_int_equal(in16(reg(chip, 2)), 0xabcd);
	}
}

static void half_a_write_keeps_the_other_half(void **state)
{
	(void)state;
	out16(5, 0x1234);
	out(5, 0x99);
	out(CLEAR_BYTE_POINTER, 0);
	assert_int_equal(in16(5), 0x1299);
	in(5);
	out(5, 0x77);
	assert_int_equal(in16(5), 0x7799);
	assert_int_equal(dma.chips[0].channels[2].base_count, 0x7799);
}

static void masks_are_set_one_by_one_and_together(void **state)
{
	(void)state;
	for (unsigned chip = 0; chip < 2; chip++) {
		out(reg(chip, SINGLE_MASK), 0x02);
		assert_int_equal(in(reg(chip, ALL_MASK)), 0x0b);
		out(reg(chip, SINGLE_MASK), 0x00);
		assert_int_equal(in(reg(chip, ALL_MASK)), 0x0a);
		out(reg(chip, SINGLE_MASK), 0x06);
		assert_int_equal(in(reg(chip, ALL_MASK)), 0x0e);
		out(reg(chip, ALL_MASK), 0xf5);
		assert_int_equal(in(reg(chip, ALL_MASK)), 0x05);
		out(reg(chip, CLEAR_MASK), 0xff);
		assert_int_equal(in(reg(chip, ALL_MASK)), 0x00);
	}
}

static void a_request_by_software_shows_in_the_status(void **state)
{
	(void)state;
	for (unsigned chip = 0; chip < 2; chip++) {
		out(reg(chip, REQUEST), 0x04 | 2);
		out(reg(chip, REQUEST), 0x04 | 0);
		assert_int_equal(in(reg(chip, STATUS)), 0x50);
		assert_int_equal(in(reg(chip, STATUS)), 0x50); /* it stays */
		out(reg(chip, REQUEST), 2);
		assert_int_equal(in(reg(chip, STATUS)), 0x10);
	}
}

static void modes_and_commands_are_kept(void **state)
{
	(void)state;
	out(MODE, 0x46); /* channel 2 */
	out(reg(1, MODE), 0xc0);
	out(COMMAND, 0x10);
	assert_int_equal(dma.chips[0].channels[2].mode, 0x44);
	assert_int_equal(dma.chips[1].channels[0].mode, 0xc0);
	assert_int_equal(dma.chips[0].command, 0x10);
	assert_int_equal(dma.chips[1].command, 0x00);
}

static void registers_for_writing_read_as_zero(void **state)
{
	static const uint8_t registers[] = {REQUEST, SINGLE_MASK, MODE, CLEAR_BYTE_POINTER,
					    CLEAR_MASK};

	(void)state;
	out(0, 0x12);
	for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
		out(registers[i] == MODE ? MODE : COMMAND, 0xff);
		assert_int_equal(in(registers[i]), 0);
		assert_int_equal(in(reg(1, registers[i])), 0);
	}
	assert_int_equal(in(0), 0); /* the flip-flop did not move */
	assert_int_equal(in(ALL_MASK), 0x0f);
}

static void master_clear_keeps_modes_addresses_and_pages(void **state)
{
	(void)state;
	for (unsigned chip = 0; chip < 2; chip++) {
		out16(reg(chip, 2), 0xbeef);
		out(reg(chip, MODE), 0x49);
		out(reg(chip, COMMAND), 0x04);
		out(reg(chip, REQUEST), 0x05);
		out(reg(chip, CLEAR_MASK), 0);
		out(reg(chip, 0), 0x77); /* half a write */
	}
	out(VDMA_PAGES + 1, 0x9a);
	out(reg(1, MASTER_CLEAR), 0xff);
	assert_int_equal(dma.chips[0].command, 0x04); /* the other chip sees nothing of it */
	assert_int_equal(in(ALL_MASK), 0x00);
	assert_int_equal(in(STATUS), 0x20);
	out(MASTER_CLEAR, 0xff);
	for (unsigned chip = 0; chip < 2; chip++) {
		assert_int_equal(in16(reg(chip, 2)), 0xbeef);
		assert_int_equal(dma.chips[chip].channels[1].mode, 0x48);
		assert_int_equal(dma.chips[chip].command, 0);
		assert_int_equal(in(reg(chip, STATUS)), 0);
		assert_int_equal(in(reg(chip, ALL_MASK)), 0x0f);
	}
	assert_int_equal(in(VDMA_PAGES + 1), 0x9a);
}

static void the_second_chip_has_two_ports_for_each_register(void **state)
{
	(void)state;
	out(VDMA_SECOND + 4, 0x34);
	out(VDMA_SECOND + 5, 0x12);
	assert_int_equal(in(VDMA_SECOND + 5), 0x34);
	assert_int_equal(in(VDMA_SECOND + 4), 0x12);
	out(VDMA_SECOND + 0x1d, 0); /* clear mask */
	assert_int_equal(in(VDMA_SECOND + 0x1e), 0x00);
	assert_int_equal(in(VDMA_SECOND + 0x1f), 0x00);
}

static void all_page_registers_read_back(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 16; i++)
		assert_int_equal(in(VDMA_PAGES + i), 0);
	for (unsigned i = 1; i < 16; i++)
		out(VDMA_PAGES + i, (uint8_t)(0xf0 - i));
	for (unsigned i = 1; i < 16; i++)
		assert_int_equal(in(VDMA_PAGES + i), 0xf0 - i);
}

static void between_the_registers_there_is_nobody(void **state)
{
	(void)state;
	out(0x10, 0);
	out(0x1f, 0);
	out(VDMA_PAGES, 0);
	assert_int_equal(in(0x10), 0xff);
	assert_int_equal(in(0x1f), 0xff);
	assert_int_equal(in(VDMA_PAGES), 0xff);
	assert_int_equal(in(ALL_MASK), 0x0f);
}

static void accesses_are_bytes_to_registers_that_are_there(void **state)
{
	struct io_access past = {.port = VDMA_REGISTERS, .size = 1}, word = {.size = 2};

	(void)state;
	expect_assert_failure(vdma_access(&dma, &past));
	expect_assert_failure(vdma_access(&dma, &word));
}

#define VDMA_TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VDMA_TEST(power_on_masks_all_channels),
		VDMA_TEST(addresses_and_counts_read_back),
		VDMA_TEST(one_flip_flop_serves_all_channels_of_a_chip),
		VDMA_TEST(clear_byte_pointer_begins_with_the_low_half),
		VDMA_TEST(half_a_write_keeps_the_other_half),
		VDMA_TEST(masks_are_set_one_by_one_and_together),
		VDMA_TEST(a_request_by_software_shows_in_the_status),
		VDMA_TEST(modes_and_commands_are_kept),
		VDMA_TEST(registers_for_writing_read_as_zero),
		VDMA_TEST(master_clear_keeps_modes_addresses_and_pages),
		VDMA_TEST(the_second_chip_has_two_ports_for_each_register),
		VDMA_TEST(all_page_registers_read_back),
		VDMA_TEST(between_the_registers_there_is_nobody),
		VDMA_TEST(accesses_are_bytes_to_registers_that_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
