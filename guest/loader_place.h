/*
 * guest/loader_place.h - which parts of a guest's RAM a loader has given away, and where there is
 * room for more.
 *
 * Pure. Only RAM below the hole: loaders' pointers have 32 bits. The first 500h bytes (vectors,
 * BIOS data area) and 9FC00h to FFFFFh (EBDA, video, BIOS) are nobody's.
 */
#pragma once

#include "guest/memory.h"

#define PLACE_LOW_START 0x500u
#define PLACE_RANGES    96u

struct placer {
	uint64_t ram_end; /* below the hole */
	struct {
		uint64_t start, end;
	} used[PLACE_RANGES];
	unsigned count;
};

/* What a range has to be like. */
struct place_wish {
	uint64_t len_bytes;
	uint64_t align;    /* a power of two */
	uint64_t min, end; /* it lies within [min, end) */
	bool high;         /* as high as possible, else as low */
};

void place_init(struct placer *p, const struct guest_memory *m);

/* Takes exactly this range; an empty one always goes. ERR_RANGE: some of it is not RAM; ERR_EXISTS:
 * some of it is taken; ERR_FULL: too many ranges. */
MUST_CHECK enum status place_fixed(struct placer *p, uint64_t start, uint64_t len_bytes);

/* Takes a range that is free. ERR_NO_MEMORY: there is none; ERR_FULL. */
MUST_CHECK enum status place_find(struct placer *p, const struct place_wish *wish, uint64_t *start);
