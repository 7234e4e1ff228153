/*
 * mm/frames.h - the allocator of physical page frames: a buddy system over all RAM regions.
 *
 * Pure: state in, state out, memory reached by mm/phys.h. Blocks are 4 KiB << order, up to 1 GiB,
 * aligned to their size. Allocation and free are O(log n). A lock inside makes every call below
 * but frames_init() safe from any core, with interrupts off; not from an NMI handler.
 */
#pragma once

#include "kernel/lock.h"
#include "kernel/status.h"
#include "mm/regions.h"

#define FRAMES_MAX_ORDER 18u /* 1 GiB */

#define FRAMES_ORDERS    (FRAMES_MAX_ORDER + 1)
#define FRAMES_MAX_SPANS (REGIONS_MAX + 1) /* the limit of frames_init() may cut a region in two */

/* A run of RAM, and one byte of state for each of its frames. Holes have neither. */
struct frames_span {
	uint64_t start, end; /* host-physical, end exclusive */
	hpa_t states;
};

struct frames {
	struct lock lock;
	struct frames_span spans[FRAMES_MAX_SPANS]; /* sorted by start */
	size_t span_count;
	uint64_t limit;                     /* of frames_init(); ~0 once the rest is added */
	uint64_t free_head[FRAMES_ORDERS];  /* first free block of each order; ~0: none */
	uint64_t free_count[FRAMES_ORDERS]; /* blocks in each list */
	uint32_t free_orders;               /* bit n: free_head[n] is not empty */

	/* Counters: read them with frames_free_bytes(), or where nobody else allocates. */
	uint64_t total_bytes;    /* what can be handed out when all is free */
	uint64_t free_bytes;     /* of it, free now */
	uint64_t metadata_bytes; /* RAM that the states took, not in total_bytes */
	uint64_t allocs, frees, failures;
};

/* Takes over the RAM of the map that lies below limit (a multiple of 4 KiB): what phys_ptr()
 * reaches this early. The states come out of the lowest region below limit where they fit. Blocks
 * do not join across limit: let it be a multiple of 1 GiB. Not from several cores. ERR_NO_MEMORY if
 * no region can hold the states or all is above limit; ERR_INVALID if the map is not normalised;
 * ERR_ALIGNMENT. */
MUST_CHECK enum status frames_init(struct frames *f, const struct regions *ram, uint64_t limit);

/* Takes over the rest of the map that frames_init() was given, from the same limit on, once
 * phys_ptr() reaches it. Once only (ERR_EXISTS); another limit is ERR_INVALID. OK if there is none.
 * Errors as frames_init(): nothing changed. */
MUST_CHECK enum status frames_add_above(struct frames *f, const struct regions *ram,
					uint64_t limit);

/* The order of the smallest block that has so many bytes; 0 for none. */
static inline unsigned frames_order_for(uint64_t len_bytes)
{
	unsigned order = 0;

	while ((PAGE_4K << order) < len_bytes)
		order++;
	return order;
}

/* 4 KiB << order bytes, aligned to their size, contents undefined. Order 0 to FRAMES_MAX_ORDER.
 * ERR_NO_MEMORY leaves everything as it was; ERR_RANGE for a wrong order. */
MUST_CHECK enum status frames_alloc(struct frames *f, unsigned order, hpa_t *at);

/* As frames_alloc(), and filled with zero bytes. */
MUST_CHECK enum status frames_alloc_zeroed(struct frames *f, unsigned order, hpa_t *at);

/* Gives back what frames_alloc() gave, with the same order. ERR_DOUBLE_FREE, ERR_FOREIGN (never
 * handed out, or outside of RAM), ERR_ALIGNMENT, ERR_INVALID (another order): nothing changes. */
MUST_CHECK enum status frames_free(struct frames *f, hpa_t at, unsigned order);

/* Bytes that are free now, perhaps not in one piece. From anywhere, without the lock. */
uint64_t frames_free_bytes(const struct frames *f);
