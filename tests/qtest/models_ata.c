/*
 * tests/qtest/models_ata.c - one ATA channel of Lintel as a shared library for Python's ctypes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/vata.h"
#include "kernel/assert.h"
#include "mm/phys.h"

#define RAM_BYTES (16 * MIB)

struct channel {
	struct vata ata;
	struct disk disks[2];
	struct frames frames;
	void *images[2];
};

struct channel *channel_new(int kind0, const void *image0, uint64_t len0, int kind1,
			    const void *image1, uint64_t len1);
void channel_out(struct channel *c, uint16_t number, uint32_t value, uint8_t size);
uint32_t channel_in(struct channel *c, uint16_t number, uint8_t size);
bool channel_irq(const struct channel *c);

uintptr_t phys_window_base;

void assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
	abort();
}

static void start_frames(struct channel *c)
{
	struct regions ram;
	void *memory = aligned_alloc(PAGE_4K, RAM_BYTES);

	if (!memory)
		abort();
	phys_window_base = (uintptr_t)memory;
	regions_init(&ram);
	if (regions_add(&ram, 0, RAM_BYTES, REGION_RAM) != OK ||
	    frames_init(&c->frames, &ram, GIB) != OK)
		abort();
}

static void add_drive(struct channel *c, struct vata_drive *drive, unsigned place, int kind,
		      const void *image, uint64_t len)
{
	if (kind == VATA_NONE)
		return;
	c->images[place] = malloc(len);
	if (!c->images[place])
		abort();
	memcpy(c->images[place], image, len);
	if (disk_init(&c->disks[place], &c->frames, c->images[place], len, kind == VATA_CDROM) !=
	    OK)
		abort();
	*drive = (struct vata_drive){.kind = (enum vata_kind)kind, .disk = &c->disks[place]};
}

/* One at a time, since all share the window to memory; it lives as long as the program. */
struct channel *channel_new(int kind0, const void *image0, uint64_t len0, int kind1,
			    const void *image1, uint64_t len1)
{
	struct channel *c = calloc(1, sizeof(*c));
	struct vata_drive drives[2] = {{.kind = VATA_NONE}, {.kind = VATA_NONE}};

	if (!c)
		abort();
	start_frames(c);
	add_drive(c, &drives[0], 0, kind0, image0, len0);
	add_drive(c, &drives[1], 1, kind1, image1, len1);
	vata_power_on(&c->ata, drives);
	return c;
}

void channel_out(struct channel *c, uint16_t number, uint32_t value, uint8_t size)
{
	struct io_access io = {.port = number, .size = size, .write = true, .value = value};

	vata_access(&c->ata, &io);
}

uint32_t channel_in(struct channel *c, uint16_t number, uint8_t size)
{
	struct io_access io = {.port = number, .size = size};

	vata_access(&c->ata, &io);
	return io.value;
}

bool channel_irq(const struct channel *c)
{
	return vata_irq(&c->ata);
}
