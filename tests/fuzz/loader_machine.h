/*
 * tests/fuzz/loader_machine.h - a machine for the loaders' fuzzers.
 *
 * The input's first two bytes choose how the file is cut. Then come changes of a seed image, four
 * bytes each: where (16 bits), a new byte, and whether it goes there once or four times; so most
 * inputs are nearly right. The image is in memory of its exact size, for AddressSanitizer.
 */
#pragma once

#include "tests/fuzz/machine.h"

#include "guest/loader.h"

#define RAM_BYTES (2 * MIB)

static uint8_t firmware[16 * KIB] = "LINTELFW";

/* A spoilt copy of the seed; free() it. */
static inline uint8_t *make_image(const uint8_t *seed, size_t seed_bytes, const uint8_t **data,
				  size_t *size, size_t *len_bytes)
{
	uint8_t *image;

	*len_bytes = seed_bytes;
	if (*size >= 2 && ((*data)[0] & 3) == 0)
		*len_bytes = seed_bytes * (*data)[1] / 256;
	image = malloc(*len_bytes > 0 ? *len_bytes : 1);
	if (image == NULL)
		abort();
	memcpy(image, seed, *len_bytes);
	for (size_t i = 2; i + 4 <= *size; i += 4) {
		size_t at = (*data)[i] | (size_t)(*data)[i + 1] << 8;

		if (at >= *len_bytes)
			at %= *len_bytes > 0 ? *len_bytes : 1;
		if (at < *len_bytes)
			image[at] = (*data)[i + 2];
		if ((*data)[i + 3] & 1 && at + 3 < *len_bytes)
			memset(image + at, (*data)[i + 2], 4);
	}
	return image;
}

/* A message is one line, and is there if and only if it failed. */
static inline void run_loader(const struct loader_input *in)
{
	char message[LOADER_MESSAGE_SIZE] = "";
	struct guest_memory memory;
	struct guest_cpu_state cpu;
	uint64_t before = frames_free_bytes(&frames);
	enum status s;

	if (guest_memory_init(&memory, &frames, RAM_BYTES) != OK)
		abort();
	guest_cpu_reset_state(&cpu, 0x50654, 39);
	s = loader_load(&memory, in, &cpu, message, sizeof(message));
	ASSERT((s == OK) == (message[0] == '\0'));
	ASSERT(strchr(message, '\n') == NULL);
	ASSERT(s != OK || cpu.rip < 4 * GIB);
	guest_memory_free(&memory);
	ASSERT(frames_free_bytes(&frames) == before);
}
