/* tests/unit/test_disk.c - what a copy-on-write disk promises. */
#include "tests/unit/support.h"

#include <string.h>
#include <sys/mman.h>

#include "guest/disk.h"
#include "mm/phys.h"

static struct frames frames;
static struct disk disk;

/* ram_bytes of frames. */
static void start(uint64_t ram_bytes)
{
	static struct regions ram;

	regions_init(&ram);
	assert_int_equal(regions_add(&ram, 0, ram_bytes, REGION_RAM), OK);
	assert_int_equal(frames_init(&frames, &ram, BIT(52)), OK);
}

static void open_disk(const void *image, uint64_t len_bytes)
{
	assert_int_equal(disk_init(&disk, &frames, image, len_bytes, false), OK);
}

static void fill(uint8_t *image, size_t len)
{
	for (size_t i = 0; i < len; i++)
		image[i] = (uint8_t)(i * 7 + i / DISK_SECTOR);
}

static void write_sector(uint64_t sector, uint8_t byte)
{
	uint8_t data[DISK_SECTOR];

	memset(data, byte, sizeof(data));
	assert_int_equal(disk_write(&disk, sector, 1, data), OK);
}

static void expect_sector(uint64_t sector, uint8_t byte)
{
	uint8_t data[DISK_SECTOR];

	assert_int_equal(disk_read(&disk, sector, 1, data), OK);
	for (unsigned i = 0; i < DISK_SECTOR; i++)
		assert_int_equal(data[i], byte);
}

static void an_image_reads_as_it_is(void **state)
{
	static uint8_t image[9 * PAGE_4K], data[sizeof(image)];

	(void)state;
	start(4 * MIB);
	fill(image, sizeof(image));
	open_disk(image, sizeof(image));
	assert_int_equal(disk.sectors, 72);
	assert_int_equal(disk_read(&disk, 0, 72, data), OK);
	assert_memory_equal(data, image, sizeof(image));
	for (unsigned n = 1; n < 20; n++) {
		assert_int_equal(disk_read(&disk, 72 - n, n, data), OK);
		assert_memory_equal(data, image + (72 - n) * DISK_SECTOR, n * DISK_SECTOR);
	}
	assert_int_equal(disk.frames_used, 0);
}

static void the_tail_of_a_part_sector_is_zero(void **state)
{
	uint8_t image[DISK_SECTOR + 3], data[2 * DISK_SECTOR];

	(void)state;
	start(4 * MIB);
	memset(image, 0xab, sizeof(image));
	open_disk(image, sizeof(image));
	assert_int_equal(disk.sectors, 2);
	assert_int_equal(disk_read(&disk, 0, 2, data), OK);
	assert_int_equal(data[DISK_SECTOR + 2], 0xab);
	assert_int_equal(data[DISK_SECTOR + 3], 0);
	assert_int_equal(data[2 * DISK_SECTOR - 1], 0);
	write_sector(0, 0x11); /* takes the page over, tail and all */
	assert_int_equal(disk_read(&disk, 1, 1, data), OK);
	assert_int_equal(data[2], 0xab);
	assert_int_equal(data[3], 0);
	disk_free(&disk);
}

static void a_range_that_is_not_there_is_refused(void **state)
{
	uint8_t image[4 * DISK_SECTOR] = {0}, data[8 * DISK_SECTOR] = {0x5a};

	(void)state;
	start(4 * MIB);
	open_disk(image, sizeof(image));
	assert_int_equal(disk_read(&disk, 4, 1, data), ERR_RANGE);
	assert_int_equal(disk_read(&disk, 3, 2, data), ERR_RANGE);
	assert_int_equal(disk_read(&disk, UINT64_MAX, 2, data), ERR_RANGE);
	assert_int_equal(disk_read(&disk, 0, UINT32_MAX, data), ERR_RANGE);
	assert_int_equal(disk_write(&disk, 3, 2, data), ERR_RANGE);
	assert_int_equal(disk_read(&disk, 4, 0, data), OK);
	assert_int_equal(data[0], 0x5a);
	assert_int_equal(disk.frames_used, 0);
	assert_int_equal(disk_init(&disk, &frames, image, 0, false), ERR_INVALID);
}

static void a_read_only_disk_refuses_writes(void **state)
{
	uint8_t image[DISK_SECTOR] = {1}, data[DISK_SECTOR] = {0};

	(void)state;
	start(4 * MIB);
	assert_int_equal(disk_init(&disk, &frames, image, sizeof(image), true), OK);
	assert_int_equal(disk_write(&disk, 0, 1, data), ERR_UNSUPPORTED);
	assert_int_equal(disk_read(&disk, 0, 1, data), OK);
	assert_int_equal(data[0], 1);
}

static void writes_leave_the_image_alone_and_a_restart_finds_it(void **state)
{
	static uint8_t image[3 * PAGE_4K], before[sizeof(image)], data[sizeof(image)];
	uint64_t free_bytes;

	(void)state;
	start(4 * MIB);
	free_bytes = frames_free_bytes(&frames);
	fill(image, sizeof(image));
	memcpy(before, image, sizeof(image));
	open_disk(image, sizeof(image));
	write_sector(3, 0x33);
	write_sector(23, 0x44);
	expect_sector(3, 0x33);
	expect_sector(23, 0x44);
	assert_int_equal(disk_read(&disk, 4, 1, data), OK);
	assert_memory_equal(data, image + 4 * DISK_SECTOR, DISK_SECTOR);
	assert_memory_equal(image, before, sizeof(image));
	assert_int_equal(disk.frames_used, 3);
	assert_true(frames_free_bytes(&frames) == free_bytes - 3 * PAGE_4K);
	disk_free(&disk);
	assert_int_equal(disk.frames_used, 0);
	assert_true(frames_free_bytes(&frames) == free_bytes);
	assert_int_equal(disk_read(&disk, 0, 24, data), OK);
	assert_memory_equal(data, before, sizeof(image));
	disk_free(&disk);
	memset(&disk, 0, sizeof(disk));
	disk_free(&disk);
}

static void a_write_without_a_frame_fails_and_loses_nothing(void **state)
{
	static uint8_t image[64 * PAGE_4K], data[16 * DISK_SECTOR];
	uint64_t sector = 0;
	hpa_t at;

	(void)state;
	start(64 * KIB);
	open_disk(image, sizeof(image));
	memset(data, 0x77, sizeof(data));
	while (disk_write(&disk, sector, 1, data) == OK)
		sector += 8;
	assert_in_range(sector, 8, 16 * 8);
	assert_int_equal(disk_write(&disk, sector - 8, 16, data), ERR_NO_MEMORY);
	for (uint64_t s = 0; s < sector; s += 8)
		expect_sector(s, 0x77);
	expect_sector(sector, 0);
	disk_free(&disk);
	while (frames_alloc(&frames, 0, &at) == OK)
		continue;
	assert_int_equal(disk_write(&disk, 0, 1, data), ERR_NO_MEMORY);
	assert_int_equal(disk.frames_used, 0);
	expect_sector(0, 0);
}

/* The highest trees: the image is address space that nobody touches. */
static void there_is_no_largest_image(void **state)
{
	static const uint64_t sizes[] = {PAGE_4K, 2 * MIB,   2 * MIB + 1, GIB,
					 GIB + 1, 512 * GIB, 2 * TIB,     16 * TIB};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint8_t *image = mmap(NULL, sizes[i], PROT_READ,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		uint64_t free_bytes, last = (sizes[i] - 1) / DISK_SECTOR;

		assert_true(image != MAP_FAILED);
		start(4 * MIB);
		free_bytes = frames_free_bytes(&frames);
		open_disk(image, sizes[i]);
		assert_true(disk.sectors == last + 1);
		write_sector(last, 0x99);
		expect_sector(last, 0x99);
		write_sector(0, 0x88);
		expect_sector(0, 0x88);
		expect_sector(last, last == 0 ? 0x88 : 0x99);
		expect_sector(last / 2, last / 2 == 0 ? 0x88 : 0);
		assert_int_equal(disk_write(&disk, last + 1, 1, image), ERR_RANGE);
		disk_free(&disk);
		assert_true(frames_free_bytes(&frames) == free_bytes);
		munmap(image, sizes[i]);
	}
}

static void random_writes_are_as_on_an_array(void **state)
{
	enum { SECTORS = 1000 };
	static uint8_t image[SECTORS * DISK_SECTOR - 100], mirror[SECTORS * DISK_SECTOR];
	static uint8_t data[40 * DISK_SECTOR];
	uint64_t seed = 4711;

	(void)state;
	start(4 * MIB);
	fill(image, sizeof(image));
	memset(mirror, 0, sizeof(mirror));
	memcpy(mirror, image, sizeof(image));
	open_disk(image, sizeof(image));
	for (unsigned step = 0; step < 3000; step++) {
		unsigned count = (unsigned)random_below(&seed, 40);
		uint64_t sector = random_below(&seed, SECTORS - count + 1);

		if (random_below(&seed, 2)) {
			for (size_t i = 0; i < sizeof(data); i++)
				data[i] = (uint8_t)(step * 31 + i);
			assert_int_equal(disk_write(&disk, sector, count, data), OK);
			memcpy(mirror + sector * DISK_SECTOR, data, count * DISK_SECTOR);
		} else {
			assert_int_equal(disk_read(&disk, sector, count, data), OK);
			assert_memory_equal(data, mirror + sector * DISK_SECTOR,
					    count * DISK_SECTOR);
		}
	}
	disk_free(&disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_reads_as_it_is),
		cmocka_unit_test(the_tail_of_a_part_sector_is_zero),
		cmocka_unit_test(a_range_that_is_not_there_is_refused),
		cmocka_unit_test(a_read_only_disk_refuses_writes),
		cmocka_unit_test(writes_leave_the_image_alone_and_a_restart_finds_it),
		cmocka_unit_test(a_write_without_a_frame_fails_and_loses_nothing),
		cmocka_unit_test(there_is_no_largest_image),
		cmocka_unit_test(random_writes_are_as_on_an_array),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
