/* guest/e820.c - the guest's memory map for its firmware. */
#include "guest/e820.h"

#define BIOS_START 0xf0000u

struct list {
	struct e820_entry *out;
	unsigned count, max;
};

static void add(struct list *list, uint64_t start, uint64_t end, uint32_t type)
{
	struct e820_entry *last = list->count > 0 ? &list->out[list->count - 1] : NULL;

	if (start >= end)
		return;
	if (last && last->type == type && last->base + last->len == start)
		last->len += end - start;
	else if (list->count < list->max)
		list->out[list->count++] =
			(struct e820_entry){.base = start, .len = end - start, .type = type};
}

unsigned e820_build(const struct guest_memory *m, struct e820_entry *out, unsigned max)
{
	struct list list = {.out = out, .max = max};
	uint64_t low = min_u64(m->len_bytes, GUEST_MEMORY_LOW_END);

	add(&list, 0, min_u64(low, E820_LOW_END), E820_RAM);
	add(&list, E820_LOW_END, min_u64(low, E820_EBDA_END), E820_RESERVED);
	if (low >= MIB)
		add(&list, BIOS_START, MIB, E820_RESERVED);
	add(&list, MIB, low, E820_RAM);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct guest_chunk *c = &m->chunks[i];

		if (c->rom && c->start.raw >= low)
			add(&list, c->start.raw, c->start.raw + c->len_bytes, E820_RESERVED);
	}
	add(&list, GUEST_MEMORY_HIGH_START, GUEST_MEMORY_HIGH_START + m->len_bytes - low, E820_RAM);
	return list.count;
}
