/*
 * drivers/byte_ring.h - bytes from one writer to one reader, without a lock.
 *
 * Pure. Positions count all bytes ever moved and wrap at 2^32; the size is a power of two.
 */
#pragma once

#include "kernel/types.h"

struct byte_ring {
	uint8_t *bytes;
	uint32_t size;
	uint32_t head; /* atomic: bytes ever put, moved by the writer */
	uint32_t tail; /* atomic: bytes ever taken, moved by the reader */
};

static inline void byte_ring_init(struct byte_ring *r, uint8_t *bytes, uint32_t size)
{
	*r = (struct byte_ring){.bytes = bytes, .size = size};
}

static inline uint32_t byte_ring_used(const struct byte_ring *r)
{
	return __atomic_load_n(&r->head, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
}

static inline uint32_t byte_ring_room(const struct byte_ring *r)
{
	return r->size - byte_ring_used(r);
}

/* Writer. False: full. */
MUST_CHECK static inline bool byte_ring_put(struct byte_ring *r, uint8_t byte)
{
	if (byte_ring_room(r) == 0)
		return false;
	r->bytes[r->head & (r->size - 1)] = byte;
	__atomic_store_n(&r->head, r->head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Reader: the byte at a distance from the oldest one; index is below byte_ring_used(). */
static inline uint8_t byte_ring_peek(const struct byte_ring *r, uint32_t index)
{
	return r->bytes[(r->tail + index) & (r->size - 1)];
}

/* Reader: done with the oldest count bytes. */
static inline void byte_ring_skip(struct byte_ring *r, uint32_t count)
{
	__atomic_store_n(&r->tail, r->tail + count, __ATOMIC_RELEASE);
}
