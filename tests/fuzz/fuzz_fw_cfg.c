/*
 * tests/fuzz/fuzz_fw_cfg.c - guest/fw_cfg.h with random accesses and descriptors (libFuzzer).
 *
 * The input is a program: accesses of any size to any register, descriptors that are written into
 * guest RAM and started, and runs. No ASSERT may fail, no byte outside of an item may be read or
 * outside of guest RAM be written, items stay as they are, and the offset never leaves its item.
 */
#include "tests/fuzz/guest_ram.h"

#include "guest/fw_cfg.h"

#define DESCRIPTOR 0x1000u

static uint8_t *short_item, *long_item; /* on the heap, where a read past the end is seen */

enum {
	SHORT = 7,
	LONG = 5000,
};

static void make_items(void)
{
	if (short_item)
		return;
	short_item = malloc(SHORT);
	long_item = malloc(LONG);
	if (!short_item || !long_item)
		abort();
	memset(short_item, 's', SHORT);
	memset(long_item, 'l', LONG);
}

static void check_state(struct fw_cfg *f)
{
	ASSERT(f->file_count == 2);
	ASSERT(f->offset <= LONG);
	ASSERT(f->errors <= f->transfers);
}

static void random_access(struct fw_cfg *f, struct input *in)
{
	uint8_t what = take8(in);
	struct io_access io = {.port = what % FW_CFG_PORTS,
			       .size = (uint8_t)(1u << what / 16 % 3),
			       .write = what >= 0x80,
			       .value = take32(in)};

	fw_cfg_access(f, &io);
	if (!io.write && io.size < 4)
		ASSERT(io.value >> (8 * io.size) == 0);
}

/* A descriptor and its start, nearly always in RAM. */
static void random_transfer(struct fw_cfg *f, struct input *in)
{
	uint32_t words[4], at = DESCRIPTOR + take8(in) % 64u;
	uint8_t where = take8(in);
	struct io_access io = {.port = 8, .size = 4, .write = true};

	words[0] = take32(in);
	words[1] = where & 1 ? take32(in) : take8(in) * 64u;
	words[2] = where & 2 ? take32(in) : 0;
	words[3] = where & 4 ? take32(in) : take8(in) * 1024u;
	if (where == 0xff)
		at = RAM_BYTES - take8(in) % 32u;
	for (unsigned i = 0; i < 4; i++) {
		words[i] = __builtin_bswap32(words[i]);
		if (guest_memory_write(&memory, gpa(at + 4 * i), &words[i], 4) != OK)
			break;
	}
	io.value = __builtin_bswap32(at);
	fw_cfg_access(f, &io);
}

static void random_run(struct fw_cfg *f, struct input *in)
{
	uint8_t *to = malloc(256);
	struct io_run run = {
		.port = take8(in) % FW_CFG_PORTS, .size = 1, .count = take8(in), .at = to};

	if (to)
		ASSERT(fw_cfg_some(f, &run) <= run.count);
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fw_cfg dev;
	struct input in = {.at = data, .left = size};

	start_guest();
	make_items();
	fw_cfg_init(&dev, size % 16 ? &memory : NULL, RAM_BYTES, 1);
	if (fw_cfg_add_file(&dev, "short", short_item, SHORT) != OK ||
	    fw_cfg_add_file(&dev, "long", long_item, LONG) != OK)
		abort();
	while (in.left > 0) {
		uint8_t what = take8(&in);

		if (what & 1)
			random_access(&dev, &in);
		else if (what & 2)
			random_transfer(&dev, &in);
		else
			random_run(&dev, &in);
		check_state(&dev);
	}
	for (unsigned i = 0; i < SHORT; i++)
		ASSERT(short_item[i] == 's');
	for (unsigned i = 0; i < LONG; i++)
		ASSERT(long_item[i] == 'l');
	return 0;
}
