/*
 * guest/disk.h - a raw disk image that a guest may write to without harm to the image.
 *
 * Pure. Reads come from the image until a sector is written; from then on its 4 KiB page lives in
 * a frame (copy-on-write), found by a radix tree whose nodes are frames too. The tree is as high
 * as the image needs, so there is no largest image. The caller holds the VM's lock.
 * Not here: geometry, errors of a drive, writing anything back to where the image came from.
 */
#pragma once

#include "kernel/status.h"
#include "mm/frames.h"

#define DISK_SECTOR 512u /* bytes */

struct disk {
	struct frames *frames;
	const uint8_t *image;
	uint64_t len_bytes; /* of the image; what the last sector has beyond it reads as zero */
	uint64_t sectors;
	uint64_t frames_used; /* written pages and nodes of their index */
	hpa_t root;           /* node, or the only page if height is 0 */
	bool has_root;
	uint8_t height; /* levels of nodes above the pages */
	bool read_only;
};

/* image has len_bytes and stays where it is while the disk is in use; nothing writes to it. No
 * frame is taken yet. ERR_INVALID if len_bytes is 0. */
MUST_CHECK enum status disk_init(struct disk *d, struct frames *frames, const void *image,
				 uint64_t len_bytes, bool read_only);

/* Reads count sectors. ERR_RANGE if one of them is not there: then nothing was read. */
MUST_CHECK enum status disk_read(const struct disk *d, uint64_t sector, unsigned count, void *to);

/* Writes count sectors. ERR_RANGE as above; ERR_UNSUPPORTED: read-only; nothing was written.
 * ERR_NO_MEMORY: no frame for a page; some of the sectors before it may be written. */
MUST_CHECK enum status disk_write(struct disk *d, uint64_t sector, unsigned count,
				  const void *from);

/* Gives all frames back. The disk reads as its image again and may be used on: this is the restart
 * of a VM too. Fine on a zeroed struct. */
void disk_free(struct disk *d);
