/*
 * tests/unit/test_loader_fw_cfg.c - a kernel as QEMU's linuxboot ROM finds it in fw_cfg.
 */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/loader_fw_cfg.h"
#include "tests/unit/linux_image.h"

#define SETUP  (4 * 512u)
#define KERNEL 5000u
#define LOW    (32 * MIB)

static uint8_t image[SETUP + KERNEL];
static uint8_t initrd[777];
static struct fw_cfg device;
static struct fw_linux store;
static struct loader_module modules[3];
static struct vm_config config;
static struct loader_input in;
static char message[LOADER_MESSAGE_SIZE];

static void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(image + at, &value, size);
}

/* A kernel of protocol 2.15 with an initrd. */
static void start(void)
{
	make_bzimage(image, sizeof(image), SETUP, KERNEL);
	memset(initrd, 0x5a, sizeof(initrd));
	config = (struct vm_config){.kind = VM_KIND_BIOS};
	modules[0] = (struct loader_module){
		.role = VM_ROLE_INITRD, .at = initrd, .len_bytes = sizeof(initrd)};
	modules[1] = (struct loader_module){.role = VM_ROLE_KERNEL,
					    .at = image,
					    .len_bytes = sizeof(image),
					    .args = text_from("console=ttyS0 quiet")};
	in = (struct loader_input){.config = &config, .modules = modules, .module_count = 2};
	fw_cfg_init(&device, NULL, LOW, 1);
	memset(message, 0, sizeof(message));
}

static enum status load(uint64_t low_bytes)
{
	return loader_fw_cfg(&device, &store, &in, low_bytes, message, sizeof(message));
}

static void select_item(uint16_t key)
{
	struct io_access io = {.port = 0, .size = 2, .write = true, .value = key};

	fw_cfg_access(&device, &io);
}

static uint32_t number(uint16_t key)
{
	uint32_t value;

	select_item(key);
	fw_cfg_read_run(&device, &value, sizeof(value));
	return value;
}

static const uint8_t *bytes(uint16_t key, uint32_t len)
{
	static uint8_t buffer[64 * KIB];

	select_item(key);
	fw_cfg_read_run(&device, buffer, len);
	return buffer;
}

static void the_rom_finds_kernel_initrd_and_command_line(void **state)
{
	const uint8_t *setup;
	uint32_t at;

	(void)state;
	start();
	assert_int_equal(load(LOW), OK);
	assert_int_equal(number(FW_CFG_KERNEL_ADDRESS), 0x100000);
	assert_int_equal(number(FW_CFG_KERNEL_SIZE), KERNEL);
	assert_memory_equal(bytes(FW_CFG_KERNEL_DATA, KERNEL), image + SETUP, KERNEL);
	at = number(FW_CFG_INITRD_ADDRESS);
	assert_int_equal(at % PAGE_4K, 0);
	assert_true(at + sizeof(initrd) <= LOW - 0x20000 && at > LOW - 0x30000);
	assert_int_equal(number(FW_CFG_INITRD_SIZE), sizeof(initrd));
	assert_memory_equal(bytes(FW_CFG_INITRD_DATA, sizeof(initrd)), initrd, sizeof(initrd));
	assert_int_equal(number(FW_CFG_CMDLINE_ADDRESS), 0x20000);
	assert_int_equal(number(FW_CFG_CMDLINE_SIZE), 20);
	assert_string_equal((const char *)bytes(FW_CFG_CMDLINE_DATA, 20), "console=ttyS0 quiet");
	assert_int_equal(number(FW_CFG_SETUP_ADDRESS), 0x10000);
	assert_int_equal(number(FW_CFG_SETUP_SIZE), SETUP);
	setup = bytes(FW_CFG_SETUP_DATA, SETUP);
	assert_memory_equal(setup, image, 0x1f1);
	assert_memory_equal(setup + 0x290, image + 0x290, SETUP - 0x290);
	assert_int_equal(setup[0x210], 0xff);
	assert_int_equal(setup[0x211], 0x81);
	assert_memory_equal(setup + 0x224, "\x00\xfc\x00\x00\x00\x00\x02\x00", 8);
	assert_memory_equal(setup + 0x218, &at, 4);
}

static void an_initrd_is_no_must(void **state)
{
	(void)state;
	start();
	modules[0].role = VM_ROLE_DISK;
	assert_int_equal(load(LOW), OK);
	assert_int_equal(number(FW_CFG_INITRD_SIZE), 0);
	in.module_count = 1;
	assert_int_equal(load(LOW), ERR_NOT_FOUND);
}

static void of_kernel_and_initrd_there_is_one_each(void **state)
{
	(void)state;
	start();
	in.module_count = 3;
	for (unsigned i = 0; i < 2; i++) {
		modules[2] = modules[i];
		assert_int_equal(load(LOW), ERR_EXISTS);
		assert_non_null(strstr(message, i ? "two modules with role=kernel"
						  : "two modules with role=initrd"));
	}
}

static void what_does_not_fit_is_named(void **state)
{
	static char words[3000];

	(void)state;
	start();
	put(0x260, 0, 4);
	assert_int_equal(load(MIB), ERR_RANGE);
	assert_non_null(strstr(message, "no room for the kernel: 5000 bytes"));
	assert_int_equal(load(MIB + 6000), ERR_RANGE);
	assert_non_null(strstr(message, "no room for the initrd: 777 bytes"));
	assert_int_equal(load(MIB + 0x21000), ERR_RANGE); /* they would overlap */
	put(0x22c, 0x100fff, 4);
	assert_int_equal(load(LOW), ERR_RANGE); /* below initrd_addr_max */
	put(0x22c, 0, 4);
	assert_int_equal(load(LOW), ERR_RANGE);

	start();
	memset(words, 'x', sizeof(words) - 1);
	modules[1].args = text_from(words);
	assert_int_equal(load(LOW), ERR_RANGE);
	assert_non_null(strstr(message, "2999 characters"));
	put(0x238, 4096, 4);
	assert_int_equal(load(LOW), ERR_RANGE);
	assert_non_null(strstr(message, "2047 at most"));
}

/* 3 MiB from 2 MiB on, by kernel_alignment, or from pref_address on. */
static void the_unpacked_kernel_and_the_initrd_do_not_overlap(void **state)
{
	(void)state;
	start();
	assert_int_equal(load(5 * MIB - 1), ERR_RANGE);
	assert_non_null(strstr(message, "no room for the kernel: 5000 bytes, unpacked up to "
					"0x500000"));
	assert_int_equal(load(5 * MIB + 0x20000), ERR_RANGE);
	assert_non_null(strstr(message, "no room for the initrd"));
	assert_int_equal(load(5 * MIB + 0x21000), OK);
	put(0x258, 16 * MIB, 8);
	assert_int_equal(load(19 * MIB + 0x20000), ERR_RANGE);
	assert_int_equal(load(19 * MIB + 0x21000), OK);
	put(0x234, 0, 1);
	assert_int_equal(load(19 * MIB + 0x20000), ERR_RANGE);
	assert_int_equal(load(19 * MIB + 0x21000), OK);
}

static void what_is_no_bzimage_is_refused(void **state)
{
	static uint8_t large[70 * 512 + KERNEL];

	(void)state;
	start();
	put(0x211, 0, 1);
	assert_int_equal(load(LOW), ERR_UNSUPPORTED);
	assert_non_null(strstr(message, "a zImage"));
	start();
	put(0x206, 0x201, 2);
	assert_int_equal(load(LOW), ERR_UNSUPPORTED);
	start();
	put(0x1fe, 0, 2);
	assert_int_equal(load(LOW), ERR_INVALID);
	start();
	memcpy(large, image, sizeof(image));
	large[0x1f1] = 68;
	modules[1].at = large;
	modules[1].len_bytes = sizeof(large);
	assert_int_equal(load(LOW), ERR_RANGE);
	assert_non_null(strstr(message, "setup_sects"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rom_finds_kernel_initrd_and_command_line),
		cmocka_unit_test(an_initrd_is_no_must),
		cmocka_unit_test(of_kernel_and_initrd_there_is_one_each),
		cmocka_unit_test(what_does_not_fit_is_named),
		cmocka_unit_test(the_unpacked_kernel_and_the_initrd_do_not_overlap),
		cmocka_unit_test(what_is_no_bzimage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
