/* guest/disk.c - a raw disk image with copy-on-write; see guest/disk.h. */
#include "guest/disk.h"

#include "kernel/assert.h"
#include "kernel/string.h"
#include "mm/phys.h"

#define PAGE_SECTORS (PAGE_4K / DISK_SECTOR)
#define NODE_BITS    9u
#define NODE_ENTRIES (1u << NODE_BITS)
#define PRESENT      UINT64_C(1) /* in an entry of a node: the rest is the frame's address */

enum status disk_init(struct disk *d, struct frames *frames, const void *image, uint64_t len_bytes,
		      bool read_only)
{
	if (len_bytes == 0)
		return ERR_INVALID;
	*d = (struct disk){.frames = frames,
			   .image = image,
			   .len_bytes = len_bytes,
			   .sectors = len_bytes / DISK_SECTOR + (len_bytes % DISK_SECTOR != 0),
			   .read_only = read_only};
	for (uint64_t last = (d->sectors - 1) / PAGE_SECTORS; last > 0; last >>= NODE_BITS)
		d->height++;
	return OK;
}

static unsigned index_at(uint64_t page, unsigned level)
{
	return (unsigned)(page >> (level - 1) * NODE_BITS) % NODE_ENTRIES;
}

/* The frame of a page, or NULL if it was never written. */
static uint8_t *find_page(const struct disk *d, uint64_t page)
{
	hpa_t at = d->root;

	if (!d->has_root)
		return NULL;
	for (unsigned level = d->height; level > 0; level--) {
		const uint64_t *node = phys_ptr(at);
		uint64_t entry = node[index_at(page, level)];

		if (!(entry & PRESENT))
			return NULL;
		at = hpa(entry & ~PRESENT);
	}
	return phys_ptr(at);
}

/* len bytes of the image; past its end there are zeros. */
static void read_image(const struct disk *d, uint64_t offset, void *to, uint64_t len)
{
	uint64_t there = offset < d->len_bytes ? min_u64(len, d->len_bytes - offset) : 0;

	if (there)
		memcpy(to, d->image + offset, there);
	memset((uint8_t *)to + there, 0, len - there);
}

/* A frame: with the page of the image if it shall be a page, else an empty node. */
static enum status take_frame(struct disk *d, uint64_t page, bool is_page, hpa_t *at)
{
	enum status s = frames_alloc(d->frames, 0, at);

	if (s != OK)
		return s;
	if (is_page)
		read_image(d, page * PAGE_4K, phys_ptr(*at), PAGE_4K);
	else
		memset(phys_ptr(*at), 0, PAGE_4K);
	d->frames_used++;
	return OK;
}

/* The page's frame, made if need be. Nodes made on the way stay if a later frame is missing. */
static enum status make_page(struct disk *d, uint64_t page, uint8_t **out)
{
	hpa_t at = d->root;
	enum status s;

	if (!d->has_root) {
		s = take_frame(d, page, d->height == 0, &at);
		if (s != OK)
			return s;
		d->root = at;
		d->has_root = true;
	}
	for (unsigned level = d->height; level > 0; level--) {
		uint64_t *entry = (uint64_t *)phys_ptr(at) + index_at(page, level);

		if (!(*entry & PRESENT)) {
			s = take_frame(d, page, level == 1, &at);
			if (s != OK)
				return s;
			*entry = at.raw | PRESENT;
		}
		at = hpa(*entry & ~PRESENT);
	}
	*out = phys_ptr(at);
	return OK;
}

static bool in_range(const struct disk *d, uint64_t sector, unsigned count)
{
	return sector <= d->sectors && count <= d->sectors - sector;
}

/* Sectors from here to the end of the page, count at most. */
static unsigned in_page(uint64_t sector, unsigned count)
{
	return (unsigned)min_u64(count, PAGE_SECTORS - sector % PAGE_SECTORS);
}

enum status disk_read(const struct disk *d, uint64_t sector, unsigned count, void *to)
{
	uint8_t *next = to;

	if (!in_range(d, sector, count))
		return ERR_RANGE;
	while (count > 0) {
		unsigned n = in_page(sector, count);
		const uint8_t *page = find_page(d, sector / PAGE_SECTORS);
		size_t len = (size_t)n * DISK_SECTOR;

		if (page)
			memcpy(next, page + sector % PAGE_SECTORS * DISK_SECTOR, len);
		else
			read_image(d, sector * DISK_SECTOR, next, len);
		next += len;
		sector += n;
		count -= n;
	}
	return OK;
}

enum status disk_write(struct disk *d, uint64_t sector, unsigned count, const void *from)
{
	const uint8_t *next = from;

	if (!in_range(d, sector, count))
		return ERR_RANGE;
	if (d->read_only)
		return ERR_UNSUPPORTED;
	while (count > 0) {
		unsigned n = in_page(sector, count);
		size_t len = (size_t)n * DISK_SECTOR;
		uint8_t *page;
		enum status s = make_page(d, sector / PAGE_SECTORS, &page);

		if (s != OK)
			return s;
		memcpy(page + sector % PAGE_SECTORS * DISK_SECTOR, next, len);
		next += len;
		sector += n;
		count -= n;
	}
	return OK;
}

/* level 0 is a page. The depth is d->height, 6 at most. */
static void free_tree(struct disk *d, hpa_t at, unsigned level)
{
	const uint64_t *node = phys_ptr(at);
	enum status s;

	for (unsigned i = 0; level > 0 && i < NODE_ENTRIES; i++) {
		if (node[i] & PRESENT)
			free_tree(d, hpa(node[i] & ~PRESENT), level - 1);
	}
	s = frames_free(d->frames, at, 0);
	ASSERT(s == OK);
	d->frames_used--;
}

void disk_free(struct disk *d)
{
	if (d->has_root)
		free_tree(d, d->root, d->height);
	d->has_root = false;
}
