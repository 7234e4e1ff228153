/* guest/memory.c - a guest's RAM and ROM out of host frames. */
#include "guest/memory.h"

#include "kernel/assert.h"
#include "kernel/string.h"
#include "mm/phys.h"

static unsigned order_of(uint64_t len_bytes)
{
	return (unsigned)__builtin_ctzll(len_bytes) - 12;
}

/* The largest block that may start at an address and is not longer than what is left. */
static unsigned largest_order(uint64_t start, uint64_t left_bytes)
{
	unsigned order = 63u - (unsigned)__builtin_clzll(left_bytes) - 12;

	if (start && order_of(start) < order)
		order = order_of(start);
	return order < FRAMES_MAX_ORDER ? order : FRAMES_MAX_ORDER;
}

/* Fills [start, end) with chunks. Sizes that the allocator has run out of are not tried again: a
 * later block of that size could only come from somebody else's free. */
static enum status add_chunks(struct guest_memory *m, uint64_t start, uint64_t end,
			      unsigned *max_order)
{
	while (start < end) {
		unsigned order = largest_order(start, end - start);
		enum status s;
		hpa_t at;

		if (m->count == m->capacity)
			return ERR_FULL;
		if (order > *max_order)
			order = *max_order;
		s = frames_alloc_zeroed(m->frames, order, &at);
		if (s == ERR_NO_MEMORY && order > 0) {
			*max_order = order - 1;
			continue;
		}
		if (s != OK)
			return s;
		m->chunks[m->count++] = (struct guest_chunk){
			.start = gpa(start), .at = at, .len_bytes = PAGE_4K << order};
		start += PAGE_4K << order;
	}
	return OK;
}

static enum status take_table(struct guest_memory *m, uint64_t len_bytes)
{
	uint64_t wanted = GUEST_MEMORY_CHUNKS + len_bytes / GIB;
	uint64_t bytes = wanted * sizeof(struct guest_chunk);
	enum status s;
	hpa_t at;

	m->table_order = frames_order_for(bytes);
	s = frames_alloc(m->frames, m->table_order, &at);
	if (s != OK)
		return s;
	m->chunks = phys_ptr(at);
	m->capacity = (uint32_t)((PAGE_4K << m->table_order) / sizeof(struct guest_chunk));
	return OK;
}

enum status guest_memory_init(struct guest_memory *m, struct frames *frames, uint64_t len_bytes)
{
	unsigned max_order = FRAMES_MAX_ORDER;
	uint64_t low = min_u64(len_bytes, GUEST_MEMORY_LOW_END);
	enum status s;

	*m = (struct guest_memory){.frames = frames, .address_mask = ~UINT64_C(0)};
	if (!is_aligned(len_bytes, PAGE_4K))
		return ERR_ALIGNMENT;
	if (len_bytes == 0 || len_bytes > GUEST_MEMORY_MAX)
		return ERR_RANGE;
	if (len_bytes > frames_free_bytes(frames))
		return ERR_NO_MEMORY; /* at once, not after clearing all that there is */
	s = take_table(m, len_bytes);
	if (s != OK)
		return s;
	m->len_bytes = len_bytes;
	s = add_chunks(m, 0, low, &max_order);
	if (s == OK)
		s = add_chunks(m, GUEST_MEMORY_HIGH_START,
			       GUEST_MEMORY_HIGH_START + len_bytes - low, &max_order);
	if (s != OK)
		guest_memory_free(m);
	return s;
}

/* Gives the frames of all chunks from one on back. */
static void drop_chunks(struct guest_memory *m, uint32_t first)
{
	enum status s = OK;

	for (uint32_t i = first; i < m->count && s == OK; i++)
		s = frames_free(m->frames, m->chunks[i].at, order_of(m->chunks[i].len_bytes));
	ASSERT(s == OK);
	m->count = first;
}

/* The chunks from first on, sorted among themselves, go where they belong among the others. */
static void sort_in(struct guest_memory *m, uint32_t first)
{
	for (uint32_t i = first; i < m->count; i++) {
		struct guest_chunk moved = m->chunks[i];
		uint32_t to = i;

		for (; to > 0 && m->chunks[to - 1].start.raw > moved.start.raw; to--)
			m->chunks[to] = m->chunks[to - 1];
		m->chunks[to] = moved;
	}
}

static bool is_free_range(const struct guest_memory *m, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < m->count; i++) {
		const struct guest_chunk *c = &m->chunks[i];

		if (c->start.raw < end && start < c->start.raw + c->len_bytes)
			return false;
	}
	return true;
}

enum status guest_memory_add_rom(struct guest_memory *m, gpa_t at, const void *image,
				 uint64_t len_bytes)
{
	unsigned max_order = FRAMES_MAX_ORDER;
	uint32_t first = m->count;
	enum status s;

	if (!is_aligned(at.raw, PAGE_4K) || !is_aligned(len_bytes, PAGE_4K))
		return ERR_ALIGNMENT;
	if (len_bytes == 0 || at.raw > 4 * GIB || len_bytes > 4 * GIB - at.raw)
		return ERR_RANGE;
	if (!is_free_range(m, at.raw, at.raw + len_bytes))
		return ERR_EXISTS;
	s = add_chunks(m, at.raw, at.raw + len_bytes, &max_order);
	if (s != OK) {
		drop_chunks(m, first);
		return s;
	}
	for (uint32_t i = first; i < m->count; i++) {
		struct guest_chunk *c = &m->chunks[i];

		c->rom = true;
		memcpy(phys_ptr(c->at), (const uint8_t *)image + (c->start.raw - at.raw),
		       c->len_bytes);
	}
	sort_in(m, first);
	return OK;
}

void guest_memory_free(struct guest_memory *m)
{
	enum status s = OK;

	drop_chunks(m, 0);
	if (m->chunks)
		s = frames_free(m->frames, phys_of(m->chunks), m->table_order);
	ASSERT(s == OK);
	*m = (struct guest_memory){.address_mask = ~UINT64_C(0)};
}

static bool chunk_covers(const struct guest_chunk *c, uint64_t at)
{
	return at - c->start.raw < c->len_bytes;
}

static const struct guest_chunk *search(const struct guest_memory *m, uint64_t at)
{
	uint32_t low = 0, high = m->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct guest_chunk *c = &m->chunks[middle];

		if (chunk_covers(c, at))
			return c;
		if (at < c->start.raw)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool guest_memory_is_rom(const struct guest_memory *m, gpa_t at)
{
	const struct guest_chunk *c = search(m, at.raw);

	return c && c->rom;
}

/* The chunk of an address, which the A20 line may change to *seen. */
static const struct guest_chunk *find(struct guest_memory *m, uint64_t at, uint64_t *seen)
{
	uint32_t last = __atomic_load_n(&m->last, __ATOMIC_RELAXED);
	const struct guest_chunk *c;

	*seen = at & m->address_mask;
	if (LIKELY(*seen == at && last < m->count && chunk_covers(&m->chunks[last], at)))
		return &m->chunks[last];
	if (*seen != at && guest_memory_is_rom(m, gpa(at)))
		*seen = at;
	c = search(m, *seen);
	if (c)
		__atomic_store_n(&m->last, (uint32_t)(c - m->chunks), __ATOMIC_RELAXED);
	return c;
}

/* The host memory at an address, and in *piece how much of it goes on from there without a gap. */
static uint8_t *piece_at(struct guest_memory *m, uint64_t at, bool writes, uint64_t *piece)
{
	uint64_t seen;
	const struct guest_chunk *c = find(m, at, &seen);

	if (!c || (c->rom && (writes || seen != at)))
		return NULL;
	*piece = c->start.raw + c->len_bytes - seen;
	/* With A20 low the next MiB is not the one that follows in memory. */
	if (m->address_mask != ~UINT64_C(0) && !c->rom)
		*piece = min_u64(*piece, MIB - (at & (MIB - 1)));
	return (uint8_t *)phys_ptr(c->at) + (seen - c->start.raw);
}

static bool contains(struct guest_memory *m, gpa_t at, uint64_t len_bytes, bool writes)
{
	uint64_t next = at.raw, left = len_bytes, piece;

	if (len_bytes > UINT64_MAX - at.raw)
		return false;
	while (left > 0) {
		if (!piece_at(m, next, writes, &piece))
			return false;
		piece = min_u64(piece, left);
		next += piece;
		left -= piece;
	}
	return true;
}

/* The range lies in one piece of RAM. */
static NOINLINE void note(const struct guest_memory *m, uint64_t at, uint64_t len_bytes)
{
	guest_written_mark(m->written, at & m->address_mask, len_bytes);
}

bool guest_memory_contains(struct guest_memory *m, gpa_t at, uint64_t len_bytes)
{
	return contains(m, at, len_bytes, true);
}

void *guest_memory_ptr(struct guest_memory *m, gpa_t at, uint64_t len_bytes)
{
	uint64_t piece;
	uint8_t *p = piece_at(m, at.raw, true, &piece);

	if (!p || piece < len_bytes)
		return NULL;
	if (UNLIKELY(m->written))
		note(m, at.raw, len_bytes);
	return p;
}

const void *guest_memory_read_ptr(struct guest_memory *m, gpa_t at, uint64_t len_bytes)
{
	uint64_t piece;
	const uint8_t *p = piece_at(m, at.raw, false, &piece);

	return p && piece >= len_bytes ? p : NULL;
}

/* The range is known to be there. */
static void copy(struct guest_memory *m, uint64_t at, void *to, const void *from,
		 uint64_t len_bytes)
{
	uint64_t done = 0, piece;

	while (done < len_bytes) {
		uint8_t *p = piece_at(m, at + done, !to, &piece);

		ASSERT(p);
		piece = min_u64(piece, len_bytes - done);
		if (!to && m->written)
			note(m, at + done, piece);
		if (to)
			memcpy((uint8_t *)to + done, p, piece);
		else
			memcpy(p, (const uint8_t *)from + done, piece);
		done += piece;
	}
}

enum status guest_memory_read(struct guest_memory *m, gpa_t at, void *to, uint64_t len_bytes)
{
	if (!contains(m, at, len_bytes, false))
		return ERR_RANGE;
	copy(m, at.raw, to, NULL, len_bytes);
	return OK;
}

enum status guest_memory_write(struct guest_memory *m, gpa_t at, const void *from,
			       uint64_t len_bytes)
{
	if (!contains(m, at, len_bytes, true))
		return ERR_RANGE;
	copy(m, at.raw, NULL, from, len_bytes);
	return OK;
}

void guest_memory_set_a20(struct guest_memory *m, bool high)
{
	m->address_mask = high ? ~UINT64_C(0) : ~GUEST_A20_BIT;
}
