/*
 * mm/frames.c - the allocator of physical page frames.
 *
 * Each frame has a byte of state, each free block two links in its own first bytes. The byte of a
 * block's first frame says what the block is; the bytes of its other frames are STATE_INSIDE.
 */
#include "mm/frames.h"

#include "kernel/assert.h"
#include "kernel/string.h"
#include "mm/phys.h"

#define STATE_INSIDE 0x00u /* not the first frame of a block */
#define STATE_FREE   0x40u /* | order: the first frame of a free block */
#define STATE_TAKEN  0x80u /* | order: the first frame of a block that was handed out */
#define STATE_OURS   0xc0u /* holds states */
#define STATE_KIND   0xc0u
#define STATE_ORDER  0x3fu

#define NO_BLOCK     UINT64_MAX
#define PHYSICAL_END BIT(52)

/* At the start of every free block. */
struct links {
	uint64_t next, previous; /* host-physical, or NO_BLOCK */
};

static uint64_t block_bytes(unsigned order)
{
	return PAGE_4K << order;
}

static struct links *links_of(uint64_t block)
{
	return phys_ptr(hpa(block));
}

/* The span that holds an address, or NULL. */
static const struct frames_span *span_of(const struct frames *f, uint64_t at)
{
	size_t low = 0;
	size_t high = f->span_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (at >= f->spans[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->span_count && at >= f->spans[low].start ? &f->spans[low] : NULL;
}

/* The state of a frame of the span. */
static uint8_t *state_of(const struct frames_span *span, uint64_t at)
{
	return (uint8_t *)phys_ptr(span->states) + (at - span->start) / PAGE_4K;
}

static void list_add(struct frames *f, const struct frames_span *span, uint64_t block,
		     unsigned order)
{
	uint64_t next = f->free_head[order];

	*links_of(block) = (struct links){.next = next, .previous = NO_BLOCK};
	if (next != NO_BLOCK)
		links_of(next)->previous = block;
	f->free_head[order] = block;
	f->free_count[order]++;
	f->free_orders |= 1u << order;
	*state_of(span, block) = (uint8_t)(STATE_FREE | order);
}

static void list_remove(struct frames *f, const struct frames_span *span, uint64_t block,
			unsigned order)
{
	struct links *links = links_of(block);
	uint8_t *state = state_of(span, block);

	/* Somebody wrote to memory that he had given back, if these do not hold. */
	ASSERT(*state == (STATE_FREE | order));
	ASSERT(links->previous == NO_BLOCK ? f->free_head[order] == block
					   : links_of(links->previous)->next == block);
	ASSERT(links->next == NO_BLOCK || links_of(links->next)->previous == block);

	if (links->previous == NO_BLOCK)
		f->free_head[order] = links->next;
	else
		links_of(links->previous)->next = links->next;
	if (links->next != NO_BLOCK)
		links_of(links->next)->previous = links->previous;

	f->free_count[order]--;
	if (f->free_head[order] == NO_BLOCK)
		f->free_orders &= ~(1u << order);
	*state = STATE_INSIDE;
}

/* The part of a region that lies in [from, end); false if it is empty. */
static bool clip(const struct region *item, uint64_t from, uint64_t end, struct frames_span *span)
{
	span->start = max_u64(item->start.raw, from);
	span->end = min_u64(item->start.raw + item->len_bytes, end);
	return span->start < span->end;
}

static bool is_normalised(const struct regions *ram)
{
	uint64_t previous_end = 0;

	if (ram->count > REGIONS_MAX)
		return false;
	for (size_t i = 0; i < ram->count; i++) {
		const struct region *item = &ram->items[i];
		uint64_t start = item->start.raw;

		if (item->kind != REGION_RAM || item->len_bytes == 0 ||
		    !is_aligned(start | item->len_bytes, PAGE_4K))
			return false;
		if (start > PHYSICAL_END || item->len_bytes > PHYSICAL_END - start)
			return false;
		if (i > 0 && start <= previous_end)
			return false;
		previous_end = start + item->len_bytes;
	}
	return true;
}

/* Makes the frames of a span free, but for those of [ours, ours_end), in the largest blocks. */
static void seed(struct frames *f, const struct frames_span *span, uint64_t ours, uint64_t ours_end)
{
	uint64_t at = span->start;

	while (at < span->end) {
		uint64_t end = at < ours ? min_u64(span->end, ours) : span->end;
		unsigned order = FRAMES_MAX_ORDER;

		if (at >= ours && at < ours_end) {
			*state_of(span, at) = STATE_OURS;
			at += PAGE_4K;
			continue;
		}
		while (!is_aligned(at, block_bytes(order)) || block_bytes(order) > end - at)
			order--;
		list_add(f, span, at, order);
		f->total_bytes += block_bytes(order);
		f->free_bytes += block_bytes(order);
		at += block_bytes(order);
	}
}

/* Takes over what of the map lies in [from, end). */
MUST_CHECK static enum status add_spans(struct frames *f, const struct regions *ram, uint64_t from,
					uint64_t end)
{
	uint64_t states_bytes = 0;
	uint64_t states = NO_BLOCK;
	uint64_t next_states;
	size_t first = f->span_count;
	struct frames_span span;

	for (size_t i = 0; i < ram->count; i++) {
		if (clip(&ram->items[i], from, end, &span))
			states_bytes += (span.end - span.start) / PAGE_4K;
	}
	if (states_bytes == 0)
		return OK;
	states_bytes = align_up(states_bytes, PAGE_4K);

	for (size_t i = 0; i < ram->count && states == NO_BLOCK; i++) {
		if (clip(&ram->items[i], from, end, &span) && span.end - span.start >= states_bytes)
			states = span.start;
	}
	if (states == NO_BLOCK)
		return ERR_NO_MEMORY;
	memset(phys_ptr(hpa(states)), STATE_INSIDE, states_bytes);

	next_states = states;
	for (size_t i = 0; i < ram->count; i++) {
		if (!clip(&ram->items[i], from, end, &span))
			continue;
		ASSERT(f->span_count < FRAMES_MAX_SPANS);
		span.states = hpa(next_states);
		next_states += (span.end - span.start) / PAGE_4K;
		f->spans[f->span_count++] = span;
	}
	for (size_t i = first; i < f->span_count; i++)
		seed(f, &f->spans[i], states, states + states_bytes);
	f->metadata_bytes += states_bytes;
	return OK;
}

enum status frames_init(struct frames *f, const struct regions *ram, uint64_t limit)
{
	enum status s;

	memset(f, 0, sizeof(*f));
	for (unsigned order = 0; order < FRAMES_ORDERS; order++)
		f->free_head[order] = NO_BLOCK;
	if (!is_normalised(ram))
		return ERR_INVALID;
	if (!is_aligned(limit, PAGE_4K))
		return ERR_ALIGNMENT;

	f->limit = limit;
	s = add_spans(f, ram, 0, limit);
	if (s == OK && f->span_count == 0)
		s = ERR_NO_MEMORY;
	return s;
}

enum status frames_add_above(struct frames *f, const struct regions *ram, uint64_t limit)
{
	enum status s;

	if (!is_normalised(ram))
		return ERR_INVALID;
	lock_acquire(&f->lock);
	if (f->limit == UINT64_MAX)
		s = ERR_EXISTS;
	else if (limit != f->limit)
		s = ERR_INVALID;
	else
		s = add_spans(f, ram, limit, PHYSICAL_END);
	if (s == OK)
		f->limit = UINT64_MAX;
	lock_release(&f->lock);
	return s;
}

enum status frames_alloc(struct frames *f, unsigned order, hpa_t *at)
{
	const struct frames_span *span;
	uint32_t large_enough;
	uint64_t block;
	unsigned found;

	if (order > FRAMES_MAX_ORDER)
		return ERR_RANGE;

	lock_acquire(&f->lock);
	large_enough = f->free_orders & ~((1u << order) - 1);
	if (large_enough == 0) {
		f->failures++;
		lock_release(&f->lock);
		return ERR_NO_MEMORY;
	}
	found = (unsigned)__builtin_ctz(large_enough);
	block = f->free_head[found];
	span = span_of(f, block);
	ASSERT(span != NULL);
	list_remove(f, span, block, found);
	while (found > order) { /* the upper halves stay free */
		found--;
		list_add(f, span, block + block_bytes(found), found);
	}
	*state_of(span, block) = (uint8_t)(STATE_TAKEN | order);
	f->free_bytes -= block_bytes(order);
	f->allocs++;
	lock_release(&f->lock);

	*at = hpa(block);
	return OK;
}

enum status frames_alloc_zeroed(struct frames *f, unsigned order, hpa_t *at)
{
	enum status s = frames_alloc(f, order, at);

	if (s == OK)
		memset(phys_ptr(*at), 0, block_bytes(order));
	return s;
}

/* Why what is given back is not the first frame of a block that was handed out. */
static enum status explain_inside(const struct frames_span *span, uint64_t at)
{
	for (unsigned order = 1; order < FRAMES_ORDERS; order++) {
		uint64_t block = align_down(at, block_bytes(order));
		uint8_t state;

		if (block < span->start)
			break;
		state = *state_of(span, block);
		if ((state & STATE_KIND) == STATE_FREE && (state & STATE_ORDER) >= order)
			return ERR_DOUBLE_FREE;
		if ((state & STATE_KIND) == STATE_TAKEN && (state & STATE_ORDER) >= order)
			return ERR_INVALID; /* the middle of a larger block */
	}
	return ERR_CORRUPT;
}

/* Whether the block may be given back. */
MUST_CHECK static enum status check_free(const struct frames_span *span, uint64_t at,
					 unsigned order)
{
	uint8_t state;

	if (!span)
		return ERR_FOREIGN;
	if (!is_aligned(at, block_bytes(order)))
		return ERR_ALIGNMENT;

	state = *state_of(span, at);
	if (state == STATE_INSIDE)
		return explain_inside(span, at);
	if ((state & STATE_KIND) == STATE_FREE)
		return ERR_DOUBLE_FREE;
	if ((state & STATE_KIND) == STATE_OURS)
		return ERR_FOREIGN;
	return (state & STATE_ORDER) == order ? OK : ERR_INVALID;
}

/* Joins a block with its buddy as long as that is free and whole. */
static void coalesce(struct frames *f, const struct frames_span *span, uint64_t block,
		     unsigned order)
{
	while (order < FRAMES_MAX_ORDER) {
		uint64_t buddy = block ^ block_bytes(order);

		if (buddy < span->start || buddy >= span->end ||
		    *state_of(span, buddy) != (STATE_FREE | order))
			break;
		list_remove(f, span, buddy, order);
		block = min_u64(block, buddy);
		order++;
	}
	list_add(f, span, block, order);
}

enum status frames_free(struct frames *f, hpa_t at, unsigned order)
{
	const struct frames_span *span;
	enum status s;

	if (order > FRAMES_MAX_ORDER)
		return ERR_RANGE;

	lock_acquire(&f->lock);
	span = span_of(f, at.raw);
	s = check_free(span, at.raw, order);
	if (s == OK) {
		*state_of(span, at.raw) = STATE_INSIDE;
		coalesce(f, span, at.raw, order);
		f->free_bytes += block_bytes(order);
		f->frees++;
	}
	lock_release(&f->lock);
	return s;
}

uint64_t frames_free_bytes(const struct frames *f)
{
	return __atomic_load_n(&f->free_bytes, __ATOMIC_RELAXED);
}
