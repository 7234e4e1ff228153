/*
 * tests/unit/test_fw_cfg_dma.c - the promises of guest/fw_cfg.h: the DMA interface.
 */
#include "tests/unit/fw_cfg_rig.h"

#include <string.h>

enum {
	DESCRIPTOR = 0x1000,
	BUFFER = 0x2000,
	FILE_KEY = FW_CFG_FILE_FIRST,
};

static const char text[] = "what stands in the file";

static int setup_file(void **state)
{
	setup(state);
	assert_int_equal(fw_cfg_add_file(&dev, "f", text, sizeof(text)), OK);
	return 0;
}

static void put_be32(uint64_t at, uint32_t value)
{
	value = __builtin_bswap32(value);
	assert_int_equal(guest_memory_write(&memory, gpa(at), &value, sizeof(value)), OK);
}

static uint32_t get_be32(uint64_t at)
{
	uint32_t value;

	assert_int_equal(guest_memory_read(&memory, gpa(at), &value, sizeof(value)), OK);
	return __builtin_bswap32(value);
}

static void put_descriptor(uint64_t at, uint32_t control, uint32_t len_bytes, uint64_t address)
{
	put_be32(at, control);
	put_be32(at + 4, len_bytes);
	put_be32(at + 8, (uint32_t)(address >> 32));
	put_be32(at + 12, (uint32_t)address);
}

static void start(uint64_t descriptor)
{
	if (descriptor >> 32)
		out(DMA_HIGH, 4, __builtin_bswap32((uint32_t)(descriptor >> 32)));
	out(DMA_LOW, 4, __builtin_bswap32((uint32_t)descriptor));
}

/* One transfer; returns what the control field has then. */
static uint32_t transfer(uint32_t control, uint32_t len_bytes, uint64_t address)
{
	put_descriptor(DESCRIPTOR, control, len_bytes, address);
	start(DESCRIPTOR);
	return get_be32(DESCRIPTOR);
}

static uint32_t select_file(void)
{
	return (uint32_t)FILE_KEY << 16 | DMA_SELECT;
}

static void fill(uint64_t at, uint8_t byte, uint64_t len_bytes)
{
	memset(guest_memory_ptr(&memory, gpa(at), len_bytes), byte, len_bytes);
}

static void expect_ram(uint64_t at, const void *expected, size_t len_bytes)
{
	assert_memory_equal(guest_memory_ptr(&memory, gpa(at), len_bytes), expected, len_bytes);
}

static void expect_filled(uint64_t at, uint8_t byte, uint64_t len_bytes)
{
	const uint8_t *ram = guest_memory_ptr(&memory, gpa(at), len_bytes);

	for (uint64_t i = 0; i < len_bytes; i++)
		assert_int_equal(ram[i], byte);
}

static void an_item_is_selected_and_read_at_once(void **state)
{
	(void)state;
	fill(BUFFER - 1, 0xaa, 64);
	assert_int_equal(transfer(select_file() | DMA_READ, sizeof(text), BUFFER), 0);
	expect_ram(BUFFER, text, sizeof(text));
	expect_filled(BUFFER - 1, 0xaa, 1);
	expect_filled(BUFFER + sizeof(text), 0xaa, 8);
	assert_int_equal(dev.transfers, 1);
	assert_int_equal(dev.errors, 0);
}

static void transfers_and_the_data_port_go_on_where_the_other_ended(void **state)
{
	(void)state;
	select_key(FILE_KEY);
	expect_bytes(text, 2);
	assert_int_equal(transfer(DMA_READ, 3, BUFFER), 0);
	expect_ram(BUFFER, text + 2, 3);
	expect_bytes(text + 5, 1);
	assert_int_equal(transfer(DMA_SKIP, 4, 0), 0);
	expect_bytes(text + 10, 2);
	assert_int_equal(transfer(select_file(), 100, BUFFER), 0); /* selects only */
	expect_bytes(text, 2);
	assert_int_equal(transfer(0, 100, BUFFER), 0); /* nothing at all */
	expect_bytes(text + 2, 2);
	assert_int_equal(transfer(DMA_SKIP, UINT32_MAX, 0), 0);
	expect_bytes("\0\0", 2);
}

static void read_comes_before_write_and_skip(void **state)
{
	(void)state;
	assert_int_equal(transfer(select_file() | DMA_READ | DMA_WRITE | DMA_SKIP, 4, BUFFER), 0);
	expect_ram(BUFFER, text, 4);
	expect_bytes(text + 4, 2);
	assert_int_equal(transfer(select_file() | DMA_WRITE | DMA_SKIP, 4, BUFFER), DMA_ERROR);
	expect_bytes(text + 4, 2);
}

static void zeros_follow_the_end_of_an_item(void **state)
{
	(void)state;
	fill(BUFFER, 0xaa, 0x2000);
	assert_int_equal(transfer(select_file() | DMA_READ, 0x1000, BUFFER), 0);
	expect_ram(BUFFER, text, sizeof(text));
	expect_filled(BUFFER + sizeof(text), 0, 0x1000 - sizeof(text));
	expect_filled(BUFFER + 0x1000, 0xaa, 0x1000);
	assert_int_equal(transfer(0xffff0000 | DMA_SELECT | DMA_READ, 0x1801, BUFFER), 0);
	expect_filled(BUFFER, 0, 0x1801);
	expect_filled(BUFFER + 0x1801, 0xaa, 0x7ff);
}

static void nothing_can_be_written(void **state)
{
	(void)state;
	assert_int_equal(transfer(select_file() | DMA_WRITE, 4, BUFFER), DMA_ERROR);
	assert_int_equal(transfer(DMA_WRITE, 0, BUFFER), 0);
	assert_int_equal(transfer(0xffff0000 | DMA_SELECT | DMA_WRITE, 4, BUFFER), DMA_ERROR);
	assert_int_equal(dev.errors, 2);
	select_key(FILE_KEY);
	expect_bytes(text, sizeof(text));
}

static void a_read_that_leaves_ram_copies_nothing(void **state)
{
	static const uint64_t addresses[] = {RAM_BYTES - 4, RAM_BYTES, 4 * GIB, UINT64_MAX - 3,
					     UINT64_MAX};

	(void)state;
	fill(RAM_BYTES - 16, 0xaa, 16);
	for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++) {
		assert_int_equal(transfer(select_file() | DMA_READ, 8, addresses[i]), DMA_ERROR);
		expect_bytes(text + 8, 1);
	}
	expect_filled(RAM_BYTES - 16, 0xaa, 16);
	assert_int_equal(dev.errors, ARRAY_SIZE(addresses));
	assert_int_equal(transfer(select_file() | DMA_READ, 8, RAM_BYTES - 8), 0);
	expect_ram(RAM_BYTES - 8, text, 8);
}

static void a_transfer_of_no_bytes_may_have_any_address(void **state)
{
	(void)state;
	assert_int_equal(transfer(select_file() | DMA_READ, 0, UINT64_C(1) << 63), 0);
	expect_bytes(text, 2);
}

static void the_zeros_of_one_transfer_have_a_limit(void **state)
{
	uint32_t most = FW_CFG_ZEROS_MAX + sizeof(text);

	(void)state;
	guest_memory_free(&memory);
	assert_int_equal(guest_memory_init(&memory, &frames, 4 * MIB), OK);
	fill(BUFFER, 0xaa, most + 1);
	assert_int_equal(transfer(select_file() | DMA_READ, most + 1, BUFFER), DMA_ERROR);
	assert_int_equal(transfer(select_file() | DMA_READ, UINT32_MAX, BUFFER), DMA_ERROR);
	expect_filled(BUFFER, 0xaa, most + 1);
	assert_int_equal(transfer(select_file() | DMA_READ, most, BUFFER), 0);
	expect_ram(BUFFER, text, sizeof(text));
	expect_filled(BUFFER + sizeof(text), 0, FW_CFG_ZEROS_MAX);
	expect_filled(BUFFER + most, 0xaa, 1);
}

static void an_item_may_be_longer_than_that_limit(void **state)
{
	static uint8_t initrd[3 * MIB];

	(void)state;
	guest_memory_free(&memory);
	assert_int_equal(guest_memory_init(&memory, &frames, 4 * MIB), OK);
	memset(initrd, 0x5a, sizeof(initrd));
	assert_int_equal(fw_cfg_set_item(&dev, FW_CFG_INITRD_DATA, initrd, sizeof(initrd)), OK);
	assert_int_equal(transfer(FW_CFG_INITRD_DATA << 16 | DMA_SELECT | DMA_READ, 3 * MIB, MIB),
			 0);
	expect_filled(MIB, 0x5a, 3 * MIB);
}

static void a_descriptor_outside_ram_is_an_error(void **state)
{
	(void)state;
	start(RAM_BYTES - 8); /* its first half is there and gets the error bit */
	assert_int_equal(get_be32(RAM_BYTES - 8), DMA_ERROR);
	start(RAM_BYTES);
	start(UINT64_C(0xfffffffffffffff8));
	assert_int_equal(dev.transfers, 3);
	assert_int_equal(dev.errors, 3);
	expect_bytes("QEMU", 4);
}

static void the_high_half_counts_for_one_transfer(void **state)
{
	(void)state;
	put_descriptor(DESCRIPTOR, select_file() | DMA_READ, 4, BUFFER);
	out(DMA_HIGH, 4, __builtin_bswap32(1));
	start(DESCRIPTOR); /* at 4 GiB + 1000h there is no RAM */
	assert_int_equal(dev.errors, 1);
	assert_int_equal(get_be32(DESCRIPTOR), select_file() | DMA_READ);
	start(DESCRIPTOR);
	assert_int_equal(dev.errors, 1);
	assert_int_equal(get_be32(DESCRIPTOR), 0);
	expect_ram(BUFFER, text, 4);
}

static void only_dwords_reach_the_address(void **state)
{
	(void)state;
	put_descriptor(DESCRIPTOR, select_file() | DMA_READ, 4, BUFFER);
	for (uint16_t port = DMA_HIGH; port < FW_CFG_PORTS; port++) {
		out(port, 1, 0x10);
		out(port, 2, 0x1000);
		if (port != DMA_HIGH && port != DMA_LOW)
			out(port, 4, 0x00100000);
	}
	assert_int_equal(dev.transfers, 0);
	assert_int_equal(dev.dma_address, 0);
}

static void a_descriptor_may_stand_in_its_own_target(void **state)
{
	uint32_t control = select_file() | DMA_READ;

	(void)state;
	assert_int_equal(transfer(control, sizeof(text), DESCRIPTOR), 0);
	expect_ram(DESCRIPTOR + 4, text + 4, sizeof(text) - 4);
}

static void rom_can_hold_a_descriptor_but_no_answer(void **state)
{
	static uint8_t rom[PAGE_4K] = {[3] = DMA_SKIP, [7] = 3};
	uint64_t at = 4 * GIB - PAGE_4K;

	(void)state;
	assert_int_equal(guest_memory_add_rom(&memory, gpa(at), rom, sizeof(rom)), OK);
	assert_int_equal(transfer(select_file() | DMA_READ, 4, at), DMA_ERROR);
	select_key(FILE_KEY);
	start(at);
	expect_bytes(text + 3, 1);
	assert_int_equal(dev.errors, 2);
}

#define DMA_TEST(function) cmocka_unit_test_setup_teardown(function, setup_file, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DMA_TEST(an_item_is_selected_and_read_at_once),
		DMA_TEST(transfers_and_the_data_port_go_on_where_the_other_ended),
		DMA_TEST(read_comes_before_write_and_skip),
		DMA_TEST(zeros_follow_the_end_of_an_item),
		DMA_TEST(nothing_can_be_written),
		DMA_TEST(a_read_that_leaves_ram_copies_nothing),
		DMA_TEST(a_transfer_of_no_bytes_may_have_any_address),
		DMA_TEST(the_zeros_of_one_transfer_have_a_limit),
		DMA_TEST(an_item_may_be_longer_than_that_limit),
		DMA_TEST(a_descriptor_outside_ram_is_an_error),
		DMA_TEST(the_high_half_counts_for_one_transfer),
		DMA_TEST(only_dwords_reach_the_address),
		DMA_TEST(rom_can_hold_a_descriptor_but_no_answer),
		DMA_TEST(a_descriptor_may_stand_in_its_own_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
