/*
 * tests/unit/vata_rig.h - an ATA channel on the workbench: a disk and a disc of known content,
 * registers by number, and what a driver does to issue a command.
 */
#pragma once

#include "tests/unit/support.h"

#include <string.h>

#include "guest/vata.h"

#define RIG_SECTORS      5000u /* of the disk: CHS reaches 4 cylinders, 4032 of them */
#define RIG_DISC_SECTORS 300u  /* of the disc; the last one is cut by the image's end */

static struct frames frames;
static struct disk disk, disc;
static struct vata ata;
static uint8_t disk_image[RIG_SECTORS * DISK_SECTOR];
static uint8_t disc_image[RIG_DISC_SECTORS * 2048 - 700];

static inline uint8_t disk_byte(uint64_t sector, unsigned at)
{
	return (uint8_t)(sector * 5 + at * 3 + (sector >> 8));
}

static inline void out(uint16_t port, uint32_t value, uint8_t size)
{
	struct io_access io = {.port = port, .size = size, .write = true, .value = value};

	vata_access(&ata, &io);
}

static inline uint32_t in(uint16_t port, uint8_t size)
{
	struct io_access io = {.port = port, .size = size, .value = 0xdeadbeef};

	vata_access(&ata, &io);
	return io.value;
}

static inline void outb(uint16_t port, uint8_t value)
{
	out(port, value, 1);
}

static inline uint8_t inb(uint16_t port)
{
	return (uint8_t)in(port, 1);
}

static inline void power_on(enum vata_kind first, enum vata_kind second)
{
	static struct disk *const contents[] = {NULL, &disk, &disc};
	const struct vata_drive drives[2] = {{.kind = first, .disk = contents[first]},
					     {.kind = second, .disk = contents[second]}};

	vata_power_on(&ata, drives);
}

/* Device 0 is a disk, device 1 is not there. */
static inline int setup_disk(void **state)
{
	static struct regions ram;

	(void)state;
	arena_open(64 * MIB);
	regions_init(&ram);
	if (regions_add(&ram, 0, 16 * MIB, REGION_RAM) != OK ||
	    frames_init(&frames, &ram, BIT(52)) != OK)
		return -1;
	for (uint64_t s = 0; s < RIG_SECTORS; s++) {
		for (unsigned i = 0; i < DISK_SECTOR; i++)
			disk_image[s * DISK_SECTOR + i] = disk_byte(s, i);
	}
	for (size_t i = 0; i < sizeof(disc_image); i++)
		disc_image[i] = (uint8_t)(i / 2048 + i);
	if (disk_init(&disk, &frames, disk_image, sizeof(disk_image), false) != OK ||
	    disk_init(&disc, &frames, disc_image, sizeof(disc_image), true) != OK)
		return -1;
	power_on(VATA_DISK, VATA_NONE);
	return 0;
}

static inline int teardown(void **state)
{
	disk_free(&disk);
	return arena_teardown(state);
}

/* Device 0 is a disk, device 1 a CD-ROM drive. */
static inline int setup_both(void **state)
{
	int result = setup_disk(state);

	power_on(VATA_DISK, VATA_CDROM);
	return result;
}

static inline int setup_cdrom(void **state)
{
	int result = setup_disk(state);

	power_on(VATA_CDROM, VATA_NONE);
	return result;
}

/* Count and address of 28 bits, for device 0. */
static inline void address(uint32_t lba, uint8_t count)
{
	outb(VATA_COUNT, count);
	outb(VATA_LOW, (uint8_t)lba);
	outb(VATA_MID, (uint8_t)(lba >> 8));
	outb(VATA_HIGH, (uint8_t)(lba >> 16));
	outb(VATA_DEVICE, (uint8_t)(0xe0 | lba >> 24));
}

static inline void address_chs(uint16_t cylinder, uint8_t head, uint8_t sector, uint8_t count)
{
	outb(VATA_COUNT, count);
	outb(VATA_LOW, sector);
	outb(VATA_MID, (uint8_t)cylinder);
	outb(VATA_HIGH, (uint8_t)(cylinder >> 8));
	outb(VATA_DEVICE, (uint8_t)(0xa0 | head));
}

static inline void address_48(uint64_t lba, uint16_t count)
{
	outb(VATA_COUNT, (uint8_t)(count >> 8));
	outb(VATA_LOW, (uint8_t)(lba >> 24));
	outb(VATA_MID, (uint8_t)(lba >> 32));
	outb(VATA_HIGH, (uint8_t)(lba >> 40));
	address((uint32_t)(lba & 0xffffff), (uint8_t)count);
	outb(VATA_DEVICE, 0x40);
}

static inline uint32_t shown_lba(void)
{
	return (uint32_t)(inb(VATA_LOW) | inb(VATA_MID) << 8 | inb(VATA_HIGH) << 16 |
			  (inb(VATA_DEVICE) & 0x0f) << 24);
}

static inline void command(uint8_t code)
{
	outb(VATA_COMMAND, code);
}

/* The command has ended as it should, and asked for an interrupt or not; that is taken here. */
static inline void expect_end(bool interrupt)
{
	assert_int_equal(vata_irq(&ata), interrupt);
	assert_int_equal(inb(VATA_ALTERNATE), 0x50);
	assert_int_equal(inb(VATA_STATUS), 0x50);
	assert_false(vata_irq(&ata));
}

static inline void expect_error(uint8_t error)
{
	assert_true(vata_irq(&ata));
	assert_int_equal(inb(VATA_ERROR), error);
	assert_int_equal(inb(VATA_STATUS), 0x51);
	assert_false(vata_irq(&ata));
}

/* A block waits; its interrupt, if there is one, is taken. */
static inline void expect_block(bool interrupt)
{
	assert_int_equal(vata_irq(&ata), interrupt);
	assert_int_equal(inb(VATA_STATUS), 0x58);
	assert_false(vata_irq(&ata));
}

static inline void read_words(void *to, unsigned words)
{
	uint8_t *next = to;

	for (unsigned i = 0; i < words; i++) {
		uint32_t word = in(VATA_DATA, 2);

		*next++ = (uint8_t)word;
		*next++ = (uint8_t)(word >> 8);
	}
}

static inline void expect_sectors(uint64_t first, unsigned count)
{
	uint8_t data[DISK_SECTOR];

	for (unsigned s = 0; s < count; s++) {
		read_words(data, 256);
		for (unsigned i = 0; i < DISK_SECTOR; i++)
			assert_int_equal(data[i], disk_byte(first + s, i));
	}
}

/* Sectors in which each word is the same. */
static inline void write_sectors(uint16_t word, unsigned count)
{
	for (unsigned i = 0; i < count * 256; i++)
		out(VATA_DATA, word, 2);
}

static inline void expect_on_disk(uint64_t sector, uint16_t word)
{
	uint16_t data[DISK_SECTOR / 2];

	assert_int_equal(disk_read(&disk, sector, 1, data), OK);
	for (unsigned i = 0; i < ARRAY_SIZE(data); i++)
		assert_int_equal(data[i], word);
}

#define VATA_TEST(function)       cmocka_unit_test_setup_teardown(function, setup_disk, teardown)
#define VATA_TEST_BOTH(function)  cmocka_unit_test_setup_teardown(function, setup_both, teardown)
#define VATA_TEST_CDROM(function) cmocka_unit_test_setup_teardown(function, setup_cdrom, teardown)
