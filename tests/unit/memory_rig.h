/*
 * tests/unit/memory_rig.h - the arena as a machine's RAM: frames, and a guest's memory made of
 * them.
 */
#pragma once

#include "tests/unit/support.h"

#include "guest/memory.h"

static struct frames frames;
static struct guest_memory memory;

/* An arena of len_bytes, of which all from ram_at on is RAM, and free. */
static inline void open_frames(uint64_t ram_at, uint64_t len_bytes)
{
	struct regions raw, ram;

	arena_open(len_bytes);
	regions_init(&raw);
	assert_int_equal(regions_add(&raw, ram_at, len_bytes - ram_at, REGION_RAM), OK);
	assert_int_equal(regions_normalise(&raw, &ram), OK);
	assert_int_equal(frames_init(&frames, &ram, align_up(len_bytes, GIB)), OK);
}

/* A machine of 32 MiB, and a guest with so much of it. */
static inline void open_memory(uint64_t guest_bytes)
{
	open_frames(MIB, 32 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, guest_bytes), OK);
}
