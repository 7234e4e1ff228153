/*
 * tests/fuzz/fuzz_ata.c - guest/vata.h with random register programs (libFuzzer).
 *
 * Each step of the input is an access, a run through the data port, or a whole command with its
 * registers. Whatever a guest does, no ASSERT fails, nothing outside of the image is read (the
 * image lies at the end of its allocation) or written (nobody may write to it at all), runs keep
 * to their buffer, and all frames come back.
 */
#include "tests/fuzz/machine.h"

#include "guest/vata.h"

#define IMAGE_BYTES (61 * 512 - 77)
#define RUN_BYTES   4096u

static struct disk disks[2];
static uint8_t *image;

static void make_image(void)
{
	if (image)
		return;
	image = malloc(IMAGE_BYTES);
	if (!image)
		abort();
	memset(image, 0xa5, IMAGE_BYTES);
}

static void access_register(struct vata *c, const uint8_t *step)
{
	struct io_access io = {.port = step[1] % VATA_REGISTERS,
			       .size = (uint8_t)(1u << (step[1] >> 4) % 3),
			       .write = step[0] & 1,
			       .value = step[2] | (uint32_t)step[3] << 8 | 0x55550000u};

	vata_access(c, &io);
	ASSERT(io.write || io.size == 4 || io.value >> 8 * io.size == 0);
}

/* The buffer is as long as the run may be, so that ASan sees a byte too many. */
static void run(struct vata *c, const uint8_t *step)
{
	unsigned size = 1u << step[1] % 3;
	unsigned count = (step[2] | (unsigned)step[3] << 8) % (RUN_BYTES / size);
	uint8_t *buffer = calloc(size, count ? count : 1);

	if (!buffer)
		abort();
	if (step[0] & 1)
		ASSERT(vata_write_run(c, buffer, size, count) <= count);
	else
		ASSERT(vata_read_run(c, buffer, size, count) <= count);
	free(buffer);
}

/* All registers of the command block, the command last. */
static void issue(struct vata *c, const uint8_t *step)
{
	for (uint16_t i = 1; i < VATA_REGISTERS - 1; i++) {
		struct io_access io = {.port = i, .size = 1, .write = true, .value = step[i]};

		vata_access(c, &io);
	}
}

static void packet(struct vata *c, const uint8_t *step)
{
	static const uint8_t begin[8] = {0, 0, 0, 0, 0xfe, 0xff, 0, ATA_PACKET};
	uint8_t registers[8];

	memcpy(registers, begin, sizeof(registers));
	registers[VATA_MID] = step[13];
	registers[VATA_HIGH] = step[14];
	registers[VATA_DEVICE] = step[15];
	issue(c, registers);
	vata_write_run(c, step + 1, 2, 6);
}

static void power_on(struct vata *c, uint8_t kinds)
{
	struct vata_drive drives[2] = {{.kind = kinds % 3, .disk = &disks[0]},
				       {.kind = (kinds >> 2) % 3, .disk = &disks[1]}};

	if (disk_init(&disks[0], &frames, image, IMAGE_BYTES, false) != OK ||
	    disk_init(&disks[1], &frames, image, IMAGE_BYTES, kinds & 16) != OK)
		abort();
	vata_power_on(c, drives);
}

static void check_image(void)
{
	for (size_t i = 0; i < IMAGE_BYTES; i++)
		ASSERT(image[i] == 0xa5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vata c;
	uint64_t free_bytes;

	start_machine();
	make_image();
	free_bytes = frames_free_bytes(&frames);
	power_on(&c, size ? data[0] : 0);
	for (size_t at = 1; at + 16 <= size;) {
		const uint8_t *step = data + at;
		unsigned kind = step[0] >> 6;

		if (kind == 0)
			access_register(&c, step);
		else if (kind == 1)
			run(&c, step);
		else if (kind == 2)
			issue(&c, step);
		else
			packet(&c, step);
		at += kind < 2 ? 4 : kind == 2 ? 8 : 16;
		(void)vata_irq(&c);
	}
	check_image();
	disk_free(&disks[0]);
	disk_free(&disks[1]);
	ASSERT(frames_free_bytes(&frames) == free_bytes);
	return 0;
}
