/*
 * tests/fuzz/guest_ram.h - 256 KiB of a guest's RAM, and the input as values, one after another.
 */
#pragma once

#include "tests/fuzz/machine.h"

#include "guest/memory.h"

#define RAM_BYTES (256 * KIB)

/* The input, as far as it goes; then zeros. */
struct input {
	const uint8_t *at;
	size_t left;
};

static struct guest_memory memory;

static inline void take(struct input *in, void *to, size_t len)
{
	size_t n = in->left < len ? in->left : len;

	memset(to, 0, len);
	if (n > 0)
		memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
}

static inline uint8_t take8(struct input *in)
{
	uint8_t value;

	take(in, &value, sizeof(value));
	return value;
}

static inline uint32_t take32(struct input *in)
{
	uint32_t value;

	take(in, &value, sizeof(value));
	return value;
}

static inline uint64_t take64(struct input *in)
{
	uint64_t value;

	take(in, &value, sizeof(value));
	return value;
}

/* At the first input; later it does nothing. */
static inline void start_guest(void)
{
	start_machine();
	if (memory.count == 0 && guest_memory_init(&memory, &frames, RAM_BYTES) != OK)
		abort();
}

/* For inputs that must not see what others left. */
static inline void clear_ram(void)
{
	for (uint64_t at = 0; at < RAM_BYTES; at += PAGE_4K)
		memset(guest_memory_ptr(&memory, gpa(at), PAGE_4K), 0, PAGE_4K);
}

static inline void put32(uint64_t at, uint32_t value)
{
	if (guest_memory_write(&memory, gpa(at), &value, sizeof(value)) != OK)
		abort();
}

static inline void put64(uint64_t at, uint64_t value)
{
	if (guest_memory_write(&memory, gpa(at), &value, sizeof(value)) != OK)
		abort();
}

/* The rest of the input goes into RAM, three bytes each: an address and what stands there. */
static inline void patch_ram(struct input *in)
{
	while (in->left >= 3) {
		uint64_t at = (uint64_t)in->at[0] | (uint64_t)in->at[1] << 8;

		*(uint8_t *)guest_memory_ptr(&memory, gpa(at), 1) = in->at[2];
		in->at += 3;
		in->left -= 3;
	}
}

static inline bool same_bytes(const void *a, const void *b, size_t len)
{
	return memcmp(a, b, len) == 0;
}
