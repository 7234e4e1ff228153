/*
 * tests/unit/platform_board_rig.h - a whole board on the workbench: a disk as first drive, 1 MiB of
 * RAM behind fw_cfg, all interrupts open, and a time that the test winds.
 */
#pragma once

#include "tests/unit/memory_rig.h"
#include "tests/unit/platform_guest.h"

#include "guest/vata_registers.h"
#include "guest/vrtc_registers.h"

#define MS          NS_PER_MILLISECOND
#define RIG_SECTORS 64u
#define RIG_UNIX_S  INT64_C(1600000000) /* 2020-09-13 12:26:40 */

enum {
	PORT_KEYBOARD = 0x60,
	PORT_KEYBOARD_COMMAND = 0x64,
	PORT_RTC = 0x70,
	PORT_A20 = 0x92,
	PORT_ATA = 0x1f0,
	PORT_ATA_CONTROL = 0x3f6,
	PORT_FW_CFG = 0x510,
	PORT_RESET = 0xcf9,
	A20_BIT = 0x02,
	VECTOR_KEYBOARD = 0x09,
	VECTOR_RTC = 0x70,
	VECTOR_AUX = 0x74,
	VECTOR_ATA = 0x76,
};

static struct disk disk;
static struct platform board;
static uint64_t now_ns;
static uint8_t disk_image[RIG_SECTORS * DISK_SECTOR];

static inline struct platform_setup usual_setup(void)
{
	return (struct platform_setup){
		.now_ns = START_NS,
		.unix_s = RIG_UNIX_S,
		.memory = &memory,
		.low_bytes = MIB,
		.drives = {{{.kind = VATA_DISK, .disk = &disk}}},
	};
}

/* The guest's handlers stand, every interrupt is open, and OUT 0 is silent. */
static inline void open_board(const struct platform_setup *setup)
{
	now_ns = START_NS;
	assert_int_equal(platform_init(&board, setup), OK);
	platform_set_bios_state(&board, now_ns);
	outb(&board, 0x43, 0x34, now_ns);
	outb(&board, 0x21, 0, now_ns);
	outb(&board, 0xa1, 0, now_ns);
	run_until(&board, now_ns);
	(void)platform_take_switched(&board);
}

static inline int setup(void **state)
{
	const struct platform_setup usual = usual_setup();

	(void)state;
	open_memory(MIB);
	for (size_t i = 0; i < sizeof(disk_image); i++)
		disk_image[i] = (uint8_t)(i * 7 + i / DISK_SECTOR);
	assert_int_equal(disk_init(&disk, &frames, disk_image, sizeof(disk_image), false), OK);
	open_board(&usual);
	return 0;
}

static inline int teardown(void **state)
{
	disk_free(&disk);
	guest_memory_free(&memory);
	return arena_teardown(state);
}

/* One access of size bytes; the answer of a read. */
static inline uint32_t access_port(unsigned port, unsigned size, bool write, uint32_t value)
{
	struct io_access io = {.port = (uint16_t)port,
			       .size = (uint8_t)size,
			       .write = write,
			       .value = write ? value : 0,
			       .now_ns = now_ns};

	platform_io(&board, &io);
	return io.value;
}

static inline void out(unsigned port, uint32_t value)
{
	access_port(port, 1, true, value);
}

static inline uint8_t in(unsigned port)
{
	return (uint8_t)access_port(port, 1, false, 0);
}

static inline uint64_t run_port(unsigned port, unsigned size, bool write, uint64_t count, void *at)
{
	const struct io_run run = {.port = (uint16_t)port,
				   .size = (uint8_t)size,
				   .write = write,
				   .now_ns = now_ns,
				   .count = count,
				   .at = at};

	return io_bus_access_some(&board.io, &run);
}

static inline void wait_ns(uint64_t ns)
{
	now_ns += ns;
	run_until(&board, now_ns);
}

static inline uint8_t cmos(uint8_t index)
{
	out(PORT_RTC, index);
	return in(PORT_RTC + 1);
}

static inline void set_cmos(uint8_t index, uint8_t value)
{
	out(PORT_RTC, index);
	out(PORT_RTC + 1, value);
}

/* The guest takes the interrupt that waits, with EOI at both chips; 0 if there is none. */
static inline unsigned take_interrupt(void)
{
	unsigned vector;

	run_until(&board, now_ns);
	if (!platform_intr(&board))
		return 0;
	vector = platform_acknowledge(&board);
	if (vector >= 0x70)
		out(0xa0, EOI);
	out(0x20, EOI);
	run_until(&board, now_ns);
	return vector;
}

static inline void ata_command(uint8_t command, unsigned lba, unsigned count)
{
	out(PORT_ATA + VATA_COUNT, count);
	out(PORT_ATA + VATA_LOW, lba);
	out(PORT_ATA + VATA_MID, 0);
	out(PORT_ATA + VATA_HIGH, 0);
	out(PORT_ATA + VATA_DEVICE, 0xe0);
	out(PORT_ATA + VATA_COMMAND, command);
}

/* Takes the channel's line down; the board sees it before the next access, as after every exit. */
static inline uint8_t ata_status(void)
{
	uint8_t status = in(PORT_ATA + VATA_STATUS);

	run_until(&board, now_ns);
	return status;
}
