/* tests/unit/multiboot_image.h - kernels for the Multiboot loaders, made word by word. */
#pragma once

#include "tests/unit/loader_rig.h"

#define IMAGE_BYTES 0x3000u
#define HEADER_AT   0x1000u /* of the Multiboot header */
#define TEXT_AT     0x2000u

static uint8_t image[IMAGE_BYTES];

static inline void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(image + at, &value, size);
}

static inline void clear_image(void)
{
	for (unsigned i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * 5 + i / 255);
}

/* Two segments: code at 1 MiB, whose virtual address is 1 MiB + offset, and 4 KiB data with a BSS
 * right behind. The entry is 10h bytes behind the code's start. */
static inline void make_elf(bool wide, uint64_t offset)
{
	unsigned table = wide ? 64 : 52, step = wide ? 56 : 32, w = wide ? 8 : 4;

	memset(image, 0, 0x200);
	put(0, 0x464c457f, 4);
	put(4, wide ? 2 : 1, 1);
	put(5, 1, 1);
	put(16, 2, 2);
	put(18, wide ? 62 : 3, 2);
	put(24, 0x100010 + offset, w);
	put(24 + w, table, w);
	put(wide ? 54 : 42, step, 2);
	put(wide ? 56 : 44, 3, 2);
	put(table, 4, 4); /* PT_NOTE */
	for (unsigned i = 0; i < 2; i++) {
		unsigned p = table + step * (i + 1), f = p + (wide ? 8 : 4);
		uint64_t at = 0x100000 + i * 0x800;

		put(p, 1, 4);
		put(f, TEXT_AT + i * 0x800, w);
		put(f + w, at + offset, w);
		put(f + 2 * w, at, w);
		put(f + 3 * w, 0x800, w);
		put(f + 4 * w, i ? 0x5000 : 0x800, w);
	}
}

static inline void make_header_1(uint32_t flags)
{
	put(HEADER_AT, 0x1badb002, 4);
	put(HEADER_AT + 4, flags, 4);
	put(HEADER_AT + 8, (uint32_t) - (0x1badb002 + flags), 4);
}

/* a.out kludge: the file from 1000h on goes to 2 MiB, with 64 KiB of BSS. */
static inline void make_addresses_1(void)
{
	make_header_1(0x10003);
	put(HEADER_AT + 12, 0x200000, 4);
	put(HEADER_AT + 16, 0x200000, 4);
	put(HEADER_AT + 20, 0, 4);
	put(HEADER_AT + 24, 0x212000, 4);
	put(HEADER_AT + 28, 0x200020, 4);
}

static unsigned header_end;

static inline void begin_header_2(void)
{
	header_end = HEADER_AT + 16;
}

/* Words are those behind type, flags and size. */
static inline void add_tag(unsigned type, bool optional, const uint32_t *words, unsigned count)
{
	put(header_end, type, 2);
	put(header_end + 2, optional, 2);
	put(header_end + 4, 8 + count * 4, 4);
	for (unsigned i = 0; i < count; i++)
		put(header_end + 8 + i * 4, words[i], 4);
	header_end += (unsigned)align_up(8 + count * 4, 8);
}

static inline void end_header_2(uint32_t architecture)
{
	uint32_t len;

	add_tag(0, false, NULL, 0);
	len = header_end - HEADER_AT;
	put(HEADER_AT, 0xe85250d6, 4);
	put(HEADER_AT + 4, architecture, 4);
	put(HEADER_AT + 8, len, 4);
	put(HEADER_AT + 12, (uint32_t) - (0xe85250d6 + architecture + len), 4);
}
