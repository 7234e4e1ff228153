/*
 * tests/unit/linux_image.h - a bzImage for tests and fuzzers of what loads one: no code, but a
 * header that is in order.
 * Spec: The Linux/x86 Boot Protocol.
 */
#pragma once

#include <string.h>

#include "kernel/types.h"

/* A relocatable kernel of protocol 2.15, 2 MiB aligned, that needs 3 MiB; xloadflags and
 * pref_address are 0. len_bytes may be more than its two parts. */
static inline void make_bzimage(uint8_t *image, size_t len_bytes, unsigned setup_bytes,
				unsigned kernel_bytes)
{
	const struct {
		unsigned at, size;
		uint32_t value;
	} fields[] = {
		{0x1f1, 1, setup_bytes / 512 - 1},
		{0x1f4, 4, (kernel_bytes + 15) / 16},
		{0x1fe, 2, 0xaa55},
		{0x200, 2, 0x6aeb},
		{0x202, 4, 0x53726448}, /* HdrS */
		{0x206, 2, 0x20f},
		{0x211, 1, 1},
		{0x22c, 4, 0x7fffffff},
		{0x230, 4, 0x200000},
		{0x234, 1, 1},
		{0x238, 4, 100},
		{0x260, 4, 0x300000},
	};

	for (size_t i = 0; i < len_bytes; i++)
		image[i] = (uint8_t)(i * 7 + i / 251);
	memset(image + 0x1f1, 0, 0x290 - 0x1f1);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		memcpy(image + fields[i].at, &fields[i].value, fields[i].size);
}
