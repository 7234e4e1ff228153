/* guest/loader_place.c - the loaders' bookkeeping of guest RAM. */
#include "guest/loader_place.h"

#include "guest/e820.h"

struct area {
	uint64_t start, end;
};

void place_init(struct placer *p, const struct guest_memory *m)
{
	*p = (struct placer){.ram_end = min_u64(m->len_bytes, GUEST_MEMORY_LOW_END)};
}

static struct area area_of(const struct placer *p, unsigned which)
{
	if (which == 0)
		return (struct area){PLACE_LOW_START, min_u64(p->ram_end, E820_LOW_END)};
	return (struct area){MIB, max_u64(p->ram_end, MIB)};
}

/* The index of a range that is in the way, or count. */
static unsigned find_overlap(const struct placer *p, uint64_t start, uint64_t end)
{
	unsigned i = 0;

	while (i < p->count && !(p->used[i].start < end && start < p->used[i].end))
		i++;
	return i;
}

static enum status take(struct placer *p, uint64_t start, uint64_t end)
{
	if (p->count == PLACE_RANGES)
		return ERR_FULL;
	p->used[p->count].start = start;
	p->used[p->count++].end = end;
	return OK;
}

enum status place_fixed(struct placer *p, uint64_t start, uint64_t len_bytes)
{
	for (unsigned i = 0; i < 2; i++) {
		struct area a = area_of(p, i);

		if (len_bytes == 0)
			return OK;
		if (start < a.start || start >= a.end || len_bytes > a.end - start)
			continue;
		if (find_overlap(p, start, start + len_bytes) < p->count)
			return ERR_EXISTS;
		return take(p, start, start + len_bytes);
	}
	return ERR_RANGE;
}

static bool find_low(const struct placer *p, const struct place_wish *w, struct area a,
		     uint64_t *start)
{
	uint64_t at = align_up(max_u64(a.start, w->min), w->align);
	uint64_t end = min_u64(a.end, w->end);

	/* Each step goes past one range that is taken. */
	while (at < end && w->len_bytes <= end - at) {
		unsigned other = find_overlap(p, at, at + w->len_bytes);

		if (other == p->count) {
			*start = at;
			return true;
		}
		at = align_up(p->used[other].end, w->align);
	}
	return false;
}

static bool find_high(const struct placer *p, const struct place_wish *w, struct area a,
		      uint64_t *start)
{
	uint64_t least = max_u64(a.start, w->min), end = min_u64(a.end, w->end);

	while (end > least && w->len_bytes <= end - least) {
		uint64_t at = align_down(end - w->len_bytes, w->align);
		unsigned other = find_overlap(p, at, at + w->len_bytes);

		if (at < least)
			return false;
		if (other == p->count) {
			*start = at;
			return true;
		}
		end = p->used[other].start;
	}
	return false;
}

enum status place_find(struct placer *p, const struct place_wish *wish, uint64_t *start)
{
	for (unsigned i = 0; i < 2; i++) {
		struct area a = area_of(p, wish->high ? 1 - i : i);

		if (wish->high ? find_high(p, wish, a, start) : find_low(p, wish, a, start))
			return take(p, *start, *start + wish->len_bytes);
	}
	return ERR_NO_MEMORY;
}
