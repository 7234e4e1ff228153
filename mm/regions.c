/* mm/regions.c - the firmware's memory map, cleaned up. */
#include "mm/regions.h"

#include "kernel/string.h"

/* No physical address is longer: SDM 3A, "Enumeration of Paging Features by CPUID", MAXPHYADDR. */
#define PHYSICAL_END BIT(52)

/* The end of a range, UINT64_MAX if it goes to 2^64: what is lost there is never RAM of ours. */
static uint64_t end_of(uint64_t start, uint64_t len_bytes)
{
	return start + min_u64(len_bytes, UINT64_MAX - start);
}

static bool is_ram(const struct region *item)
{
	return item->kind == REGION_RAM;
}

void regions_init(struct regions *r)
{
	r->count = 0;
}

enum status regions_add(struct regions *r, uint64_t start, uint64_t len_bytes,
			enum region_kind kind)
{
	if (len_bytes == 0)
		return OK;
	if (r->count == REGIONS_MAX)
		return ERR_FULL;
	if (start != 0)
		len_bytes = min_u64(len_bytes, UINT64_MAX - start + 1);
	r->items[r->count++] = (struct region){
		.start = hpa(start),
		.len_bytes = len_bytes,
		.kind = kind,
	};
	return OK;
}

/* Whether the byte at position is RAM by one entry and nothing else by another. *next becomes the
 * first place after it where that may change; UINT64_MAX if there is none. */
static bool usable_at(const struct regions *in, uint64_t position, uint64_t *next)
{
	bool ram = false;
	bool other = false;

	*next = UINT64_MAX;
	for (size_t i = 0; i < in->count; i++) {
		const struct region *item = &in->items[i];
		uint64_t start = item->start.raw;
		uint64_t end = end_of(start, item->len_bytes);

		if (start > position) {
			*next = min_u64(*next, start);
		} else if (end > position) {
			*next = min_u64(*next, end);
			ram = ram || is_ram(item);
			other = other || !is_ram(item);
		}
	}
	return ram && !other;
}

/* Appends the whole pages of [start, end), if any. */
MUST_CHECK static enum status append_pages(struct regions *out, uint64_t start, uint64_t end)
{
	start = min_u64(start, PHYSICAL_END);
	end = min_u64(end, PHYSICAL_END);
	start = align_up(start, PAGE_4K);
	end = align_down(end, PAGE_4K);
	if (start >= end)
		return OK;
	return regions_add(out, start, end - start, REGION_RAM);
}

/* Walks over every place where an entry begins or ends. That takes n^2 steps, for some dozens of
 * entries, once; and neither order nor overlaps matter to it. */
enum status regions_normalise(const struct regions *in, struct regions *out)
{
	uint64_t run_start = 0;
	uint64_t position = 0;
	bool in_run = false;

	regions_init(out);
	while (position != UINT64_MAX) {
		uint64_t next;
		bool usable = usable_at(in, position, &next);

		if (usable && !in_run)
			run_start = position;
		if (!usable && in_run) {
			enum status s = append_pages(out, run_start, position);

			if (s != OK)
				return s;
		}
		in_run = usable;
		position = next;
	}
	return in_run ? append_pages(out, run_start, UINT64_MAX) : OK;
}

enum status regions_remove(struct regions *r, uint64_t start, uint64_t len_bytes)
{
	uint64_t from = align_down(start, PAGE_4K);
	uint64_t end = end_of(start, len_bytes);
	size_t kept = 0;

	if (len_bytes == 0)
		return OK;
	end = end > PHYSICAL_END ? PHYSICAL_END : align_up(end, PAGE_4K);

	for (size_t i = 0; i < r->count; i++) {
		struct region item = r->items[i];
		uint64_t item_start = item.start.raw;
		uint64_t item_end = item_start + item.len_bytes;

		if (item_start < from && end < item_end) { /* a hole in the middle, and no other */
			if (r->count == REGIONS_MAX)
				return ERR_FULL;
			memmove(&r->items[i + 1], &r->items[i], (r->count - i) * sizeof(item));
			r->count++;
			r->items[i].len_bytes = from - item_start;
			r->items[i + 1].start = hpa(end);
			r->items[i + 1].len_bytes = item_end - end;
			return OK;
		}
		if (from < item_end && item_start < end) {
			if (item_start >= from)
				item_start = min_u64(end, item_end);
			else
				item_end = from;
		}
		if (item_start < item_end) {
			item.start = hpa(item_start);
			item.len_bytes = item_end - item_start;
			r->items[kept++] = item;
		}
	}
	r->count = kept;
	return OK;
}

uint64_t regions_total_bytes(const struct regions *r)
{
	uint64_t total = 0;

	for (size_t i = 0; i < r->count; i++)
		total += r->items[i].len_bytes;
	return total;
}

bool regions_contain(const struct regions *r, uint64_t start, uint64_t len_bytes)
{
	if (len_bytes == 0)
		return true;
	for (size_t i = 0; i < r->count; i++) {
		uint64_t offset = start - r->items[i].start.raw;

		if (start >= r->items[i].start.raw && offset < r->items[i].len_bytes &&
		    len_bytes <= r->items[i].len_bytes - offset)
			return true;
	}
	return false;
}
