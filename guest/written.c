/* guest/written.c - which pages of a guest's RAM were written. */
#include "guest/written.h"

#include "guest/memory.h"
#include "kernel/string.h"

#define BITS      64u
#define LOW_PAGES (GUEST_MEMORY_LOW_END / PAGE_4K)
#define HOLE      (GUEST_MEMORY_HIGH_START - GUEST_MEMORY_LOW_END)

uint64_t guest_written_address(uint64_t page)
{
	return page * PAGE_4K + (page < LOW_PAGES ? 0 : HOLE);
}

/* The number of the page that holds at; in the hole, of the first page behind it. */
static uint64_t page_of(uint64_t at)
{
	if (at < GUEST_MEMORY_LOW_END)
		return at / PAGE_4K;
	return at < GUEST_MEMORY_HIGH_START ? LOW_PAGES : (at - HOLE) / PAGE_4K;
}

uint64_t guest_written_bytes(uint64_t ram_bytes)
{
	return align_up(ram_bytes / PAGE_4K, BITS) / 8;
}

static bool is_marked(const struct guest_written *w, uint64_t page)
{
	return w->bits[page / BITS] >> (page % BITS) & 1;
}

void guest_written_mark(struct guest_written *w, uint64_t at, uint64_t len_bytes)
{
	uint64_t last = at + (len_bytes - 1);

	for (uint64_t page = page_of(at); page < w->pages; page++) {
		if (guest_written_address(page) > last)
			return;
		__atomic_fetch_or(&w->bits[page / BITS], BIT(page % BITS), __ATOMIC_RELAXED);
	}
}

void guest_written_clear(struct guest_written *w)
{
	memset(w->bits, 0, guest_written_bytes(w->pages * PAGE_4K));
}

uint64_t guest_written_count(const struct guest_written *w)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < guest_written_bytes(w->pages * PAGE_4K) / sizeof(uint64_t); i++)
		for (uint64_t bits = w->bits[i]; bits; bits &= bits - 1)
			count++;
	return count;
}

bool guest_written_next(const struct guest_written *w, uint64_t *at, uint64_t *end)
{
	uint64_t page = page_of(*at), first;

	while (page < w->pages && !is_marked(w, page))
		page = w->bits[page / BITS] ? page + 1 : align_down(page, BITS) + BITS;
	if (page >= w->pages)
		return false;
	first = page;
	do
		page++;
	while (page < w->pages && page != LOW_PAGES && is_marked(w, page));
	*at = guest_written_address(first);
	*end = guest_written_address(page - 1) + PAGE_4K;
	return true;
}
