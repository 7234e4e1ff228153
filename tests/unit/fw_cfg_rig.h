/*
 * tests/unit/fw_cfg_rig.h - a fw_cfg device on the workbench, with 1 MiB of guest RAM.
 */
#pragma once

#include "tests/unit/memory_rig.h"

#include "guest/fw_cfg.h"

#define RAM_BYTES MIB /* of the guest */

enum {
	SELECTOR = 0,
	DATA = 1,
	DMA_HIGH = 4,
	DMA_LOW = 8,
	DMA_ERROR = 1,
	DMA_READ = 2,
	DMA_SKIP = 4,
	DMA_SELECT = 8,
	DMA_WRITE = 16,
};

static struct fw_cfg dev;

static inline int setup(void **state)
{
	(void)state;
	open_memory(RAM_BYTES);
	fw_cfg_init(&dev, &memory, RAM_BYTES, 1);
	return 0;
}

static inline int teardown(void **state)
{
	guest_memory_free(&memory);
	return arena_teardown(state);
}

static inline void out(uint16_t port, uint8_t size, uint32_t value)
{
	struct io_access io = {.port = port, .size = size, .write = true, .value = value};

	fw_cfg_access(&dev, &io);
}

static inline uint32_t in(uint16_t port, uint8_t size)
{
	struct io_access io = {.port = port, .size = size, .value = 0xdeadbeef};

	fw_cfg_access(&dev, &io);
	return io.value;
}

static inline void select_key(uint16_t key)
{
	out(SELECTOR, 2, key);
}

/* The next bytes of the selected item, by the data port, are these. */
static inline void expect_bytes(const void *expected, size_t len_bytes)
{
	const uint8_t *bytes = expected;

	for (size_t i = 0; i < len_bytes; i++)
		assert_int_equal(in(DATA, 1), bytes[i]);
}

/* The item is this number, and nothing behind it. */
static inline void expect_number(uint16_t key, uint64_t value, unsigned len_bytes)
{
	static const uint8_t zeros[8];

	select_key(key);
	expect_bytes(&value, len_bytes);
	expect_bytes(zeros, sizeof(zeros));
}

#define FW_CFG_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
