/*
 * tests/unit/test_fw_cfg.c - the promises of guest/fw_cfg.h: items, files and the data port.
 */
#include "tests/unit/fw_cfg_rig.h"

#include <string.h>

static const uint8_t zeros[256];

static void it_says_who_it_is(void **state)
{
	(void)state;
	expect_bytes("QEMU", 4); /* selected at power-on */
	expect_bytes(zeros, 16);
	select_key(FW_CFG_SIGNATURE);
	expect_bytes("QEMU", 4);
	expect_number(FW_CFG_ID, 3, 4);
	assert_int_equal(in(4, 4), 0x554d4551);
	assert_int_equal(in(8, 4), 0x47464320);
}

static void without_memory_there_is_no_dma_interface(void **state)
{
	(void)state;
	fw_cfg_init(&dev, NULL, RAM_BYTES, 1);
	expect_number(FW_CFG_ID, 1, 4);
	assert_int_equal(in(4, 4), UINT32_MAX);
	assert_int_equal(in(8, 4), UINT32_MAX);
	assert_int_equal(in(11, 1), 0xff);
	out(DMA_HIGH, 4, 0);
	out(DMA_LOW, 4, 0x1000);
	assert_int_equal(dev.transfers, 0);
}

static void the_machine_stands_in_its_items(void **state)
{
	(void)state;
	fw_cfg_init(&dev, &memory, UINT64_C(0x123456789abc), 4);
	expect_number(FW_CFG_RAM_SIZE, UINT64_C(0x123456789abc), 8);
	expect_number(FW_CFG_CPUS, 4, 2);
	expect_number(FW_CFG_MAX_CPUS, 4, 2);
	expect_number(FW_CFG_NO_GRAPHIC, 1, 2);
	expect_number(FW_CFG_BOOT_MENU, 0, 2);
	expect_number(FW_CFG_FILE_DIRECTORY, 0, 4);
}

static void an_unknown_selector_reads_zeros(void **state)
{
	static const uint16_t keys[] = {0x02,   0x06,   0x1a,   0x1f,   0x20,   0x3f,
					0x40,   0x3fff, 0x8000, 0x8007, 0x8008, 0x8019,
					0xbfff, 0xffff, 0x7fff, 0xc000};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		select_key(keys[i]);
		expect_bytes(zeros, 8);
	}
}

static void bit_14_of_a_key_means_nothing(void **state)
{
	(void)state;
	select_key(0x4000 | FW_CFG_SIGNATURE);
	expect_bytes("QEMU", 4);
}

static void selecting_begins_an_item_anew(void **state)
{
	(void)state;
	select_key(FW_CFG_SIGNATURE);
	expect_bytes("QE", 2);
	select_key(FW_CFG_SIGNATURE);
	expect_bytes("QEMU", 4);
}

static void reset_selects_the_signature_and_keeps_the_items(void **state)
{
	(void)state;
	assert_int_equal(fw_cfg_set_number(&dev, FW_CFG_BOOT_MENU, 1, 2), OK);
	assert_int_equal(fw_cfg_add_file(&dev, "a", "xyz", 3), OK);
	select_key(FW_CFG_FILE_FIRST);
	expect_bytes("x", 1);
	out(DMA_HIGH, 4, 0x12345678);
	fw_cfg_reset(&dev);
	assert_int_equal(dev.dma_address, 0);
	expect_bytes("QEMU", 4);
	expect_number(FW_CFG_BOOT_MENU, 1, 2);
	select_key(FW_CFG_FILE_FIRST);
	expect_bytes("xyz", 3);
}

static void what_is_no_byte_of_data_is_as_in_qemu(void **state)
{
	(void)state;
	assert_int_equal(in(SELECTOR, 1), 'Q'); /* a byte of either register */
	assert_int_equal(in(DATA, 1), 'E');
	assert_int_equal(in(SELECTOR, 2), 0); /* takes nothing */
	assert_int_equal(in(SELECTOR, 4), 0xffff0000);
	assert_int_equal(in(DATA, 2), 0xff00 | 'M');
	assert_int_equal(in(DATA, 4), 0x51ffff00 | 'U');
	assert_int_equal(in(2, 1), 0xff);
	assert_int_equal(in(2, 4), 0x4551ffff);
	assert_int_equal(in(6, 2), 'M' | 'U' << 8);
	assert_int_equal(in(7, 4), 'U' | ' ' << 8 | 'C' << 16 | 'F' << 24);
	assert_int_equal(in(10, 4), 0xffff0000 | 'F' | 'G' << 8);

	select_key(
		FW_CFG_SIGNATURE); /* these are not for the selector, and nothing can be written */
	out(SELECTOR, 1, FW_CFG_ID);
	out(SELECTOR, 4, FW_CFG_ID);
	out(DATA, 1, 'x');
	out(DATA, 2, FW_CFG_ID);
	out(2, 4, FW_CFG_ID);
	expect_bytes("QEMU", 4);
	select_key(FW_CFG_SIGNATURE);
	expect_bytes("QEMU", 4);
}

static void items_have_their_bytes_or_their_number(void **state)
{
	static const uint8_t kernel[] = {1, 2, 3, 4, 5};

	(void)state;
	assert_int_equal(fw_cfg_set_item(&dev, FW_CFG_KERNEL_DATA, kernel, sizeof(kernel)), OK);
	assert_int_equal(fw_cfg_set_number(&dev, FW_CFG_KERNEL_SIZE, sizeof(kernel), 4), OK);
	assert_int_equal(fw_cfg_set_number(&dev, FW_CFG_LOCAL + 7, UINT64_C(0x1122334455667788), 8),
			 OK);
	assert_int_equal(fw_cfg_set_item(&dev, FW_CFG_LOCAL, "L", 1), OK);
	select_key(FW_CFG_KERNEL_DATA);
	expect_bytes(kernel, sizeof(kernel));
	expect_bytes(zeros, 3);
	expect_number(FW_CFG_KERNEL_SIZE, sizeof(kernel), 4);
	expect_number(FW_CFG_LOCAL + 7, UINT64_C(0x1122334455667788), 8);
	select_key(FW_CFG_LOCAL);
	expect_bytes("L\0", 2);
	assert_int_equal(fw_cfg_set_number(&dev, FW_CFG_KERNEL_DATA, 0x99, 1), OK); /* again */
	expect_number(FW_CFG_KERNEL_DATA, 0x99, 1);
	assert_int_equal(fw_cfg_set_item(&dev, FW_CFG_KERNEL_DATA, NULL, 0), OK);
	expect_number(FW_CFG_KERNEL_DATA, 0, 1);
}

static void keys_that_are_not_for_items_are_refused(void **state)
{
	static const uint16_t keys[] = {0x00,   0x01,   0x19,   0x20,  0x3f,
					0x4002, 0x8008, 0xc000, 0xffff};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		assert_int_equal(fw_cfg_set_item(&dev, keys[i], "x", 1), ERR_RANGE);
		assert_int_equal(fw_cfg_set_number(&dev, keys[i], 1, 1), ERR_RANGE);
	}
	assert_int_equal(fw_cfg_set_number(&dev, FW_CFG_CPUS, 1, 0), ERR_RANGE);
	assert_int_equal(fw_cfg_set_number(&dev, FW_CFG_CPUS, 1, 9), ERR_RANGE);
	expect_assert_failure((void)!fw_cfg_set_item(&dev, FW_CFG_CPUS, NULL, 1));
}

static void the_directory_lists_files_as_they_were_added(void **state)
{
	static const uint8_t expected[] = {
		0, 0,    0,   2, /* files */
		0, 0,    1,   4, /* bytes of the first */
		0, 0x20,         /* its key */
		0, 0,    'o', 'p', 't', '/', 'b', 0,
	};
	static const uint8_t big[0x104] = {[0x103] = 0x77};

	(void)state;
	assert_int_equal(fw_cfg_add_file(&dev, "opt/b", big, sizeof(big)), OK);
	assert_int_equal(fw_cfg_add_number(&dev, "etc/a", 0x3f8, 8), OK);
	select_key(FW_CFG_FILE_DIRECTORY);
	expect_bytes(expected, sizeof(expected));
	expect_bytes(zeros, 4 + 64 - sizeof(expected));
	expect_bytes("\0\0\0\x08\0\x21\0\0etc/a", 14);
	expect_bytes(zeros, 64);
	expect_number(0x21, 0x3f8, 8);
	select_key(0x20);
	expect_bytes(big, 0x103);
	expect_bytes("\x77\0", 2);
}

static void names_have_1_to_55_characters_and_are_different(void **state)
{
	char name[57] = "";

	(void)state;
	memset(name, 'n', 56);
	assert_int_equal(fw_cfg_add_file(&dev, "", "x", 1), ERR_RANGE);
	assert_int_equal(fw_cfg_add_file(&dev, name, "x", 1), ERR_RANGE);
	name[55] = '\0';
	assert_int_equal(fw_cfg_add_file(&dev, name, "x", 1), OK);
	assert_int_equal(fw_cfg_add_file(&dev, name, "y", 1), ERR_EXISTS);
	assert_int_equal(fw_cfg_add_number(&dev, name, 1, 1), ERR_EXISTS);
	assert_int_equal(fw_cfg_add_number(&dev, "n", 1, 0), ERR_RANGE);
	assert_int_equal(fw_cfg_add_number(&dev, "n", 1, 9), ERR_RANGE);
	assert_int_equal(fw_cfg_add_file(&dev, "empty", NULL, 0), OK);
	expect_assert_failure((void)!fw_cfg_add_file(&dev, "bad", NULL, 1));
	expect_number(0x20, 'x', 1);
	expect_number(0x21, 0, 1);
}

static void there_is_room_for_32_files(void **state)
{
	char name[] = "file/0";

	(void)state;
	for (unsigned i = 0; i < FW_CFG_FILES; i++) {
		name[5] = (char)('0' + i);
		assert_int_equal(fw_cfg_add_number(&dev, name, i, 4), OK);
	}
	assert_int_equal(fw_cfg_add_number(&dev, "one more", 1, 4), ERR_FULL);
	for (unsigned i = 0; i < FW_CFG_FILES; i++)
		expect_number((uint16_t)(0x20 + i), i, 4);
	select_key(FW_CFG_FILE_DIRECTORY);
	expect_bytes("\0\0\0\x20", 4);
	for (unsigned i = 4; i < 4 + 64 * FW_CFG_FILES; i++)
		in(DATA, 1);
	expect_bytes(zeros, 16);
}

static void a_run_reads_as_many_bytes_as_single_reads(void **state)
{
	static const char text[] = "a long item that is read in runs";
	struct io_run run = {.port = DATA, .size = 1, .count = 12};
	uint8_t got[64];

	(void)state;
	assert_int_equal(fw_cfg_add_file(&dev, "f", text, sizeof(text)), OK);
	select_key(0x20);
	run.at = got;
	assert_int_equal(fw_cfg_some(&dev, &run), 12);
	assert_memory_equal(got, text, 12);
	fw_cfg_read_run(&dev, got, 0);
	expect_bytes(text + 12, 1);
	memset(got, 0xaa, sizeof(got));
	fw_cfg_read_run(&dev, got, 60);
	assert_memory_equal(got, text + 13, sizeof(text) - 13);
	assert_memory_equal(got + sizeof(text) - 13, zeros, 60 - (sizeof(text) - 13));
	assert_int_equal(got[60], 0xaa);
	expect_bytes(zeros, 4);
}

static void other_runs_go_one_by_one(void **state)
{
	uint8_t got[8];
	const struct io_run runs[] = {
		{.port = DATA, .size = 1, .write = true, .count = 2, .at = got},
		{.port = DATA, .size = 2, .count = 2, .at = got},
		{.port = DMA_HIGH, .size = 1, .count = 2, .at = got},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(runs); i++)
		assert_int_equal(fw_cfg_some(&dev, &runs[i]), 0);
	expect_bytes("QEMU", 4);
}

static void it_has_12_registers(void **state)
{
	struct io_access io = {.port = FW_CFG_PORTS, .size = 1};

	(void)state;
	expect_assert_failure(fw_cfg_access(&dev, &io));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FW_CFG_TEST(it_says_who_it_is),
		FW_CFG_TEST(without_memory_there_is_no_dma_interface),
		FW_CFG_TEST(the_machine_stands_in_its_items),
		FW_CFG_TEST(an_unknown_selector_reads_zeros),
		FW_CFG_TEST(bit_14_of_a_key_means_nothing),
		FW_CFG_TEST(selecting_begins_an_item_anew),
		FW_CFG_TEST(reset_selects_the_signature_and_keeps_the_items),
		FW_CFG_TEST(what_is_no_byte_of_data_is_as_in_qemu),
		FW_CFG_TEST(items_have_their_bytes_or_their_number),
		FW_CFG_TEST(keys_that_are_not_for_items_are_refused),
		FW_CFG_TEST(the_directory_lists_files_as_they_were_added),
		FW_CFG_TEST(names_have_1_to_55_characters_and_are_different),
		FW_CFG_TEST(there_is_room_for_32_files),
		FW_CFG_TEST(a_run_reads_as_many_bytes_as_single_reads),
		FW_CFG_TEST(other_runs_go_one_by_one),
		FW_CFG_TEST(it_has_12_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
