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

struct frames; /* defined at the end of mm/frames.h by its owner */

/* Takes over all RAM of the map. Its own tables come out of that RAM. ERR_NO_MEMORY if no region
 * can hold them; ERR_INVALID if the map is not normalised. */
MUST_CHECK enum status frames_init(struct frames *f, const struct regions *ram);

/* 4 KiB << order bytes, aligned to their size, contents undefined. Order 0 to FRAMES_MAX_ORDER.
 * ERR_NO_MEMORY leaves everything as it was; ERR_RANGE for a wrong order. */
MUST_CHECK enum status frames_alloc(struct frames *f, unsigned order, hpa_t *at);

/* As frames_alloc(), and filled with zero bytes. */
MUST_CHECK enum status frames_alloc_zeroed(struct frames *f, unsigned order, hpa_t *at);

/* Gives back what frames_alloc() gave, with the same order. ERR_DOUBLE_FREE, ERR_FOREIGN (never
 * handed out, or outside of RAM), ERR_ALIGNMENT, ERR_INVALID (another order): nothing changes. */
MUST_CHECK enum status frames_free(struct frames *f, hpa_t at, unsigned order);
