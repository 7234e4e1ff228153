/* guest/linear.c - copying by guest-linear address. */
#include "guest/linear.h"

#include "guest/segment.h"
#include "kernel/assert.h"
#include "kernel/string.h"

static gva_t advance(const struct guest_cpu_state *s, gva_t at, uint64_t by)
{
	uint64_t sum = at.raw + by;

	return gva(guest_is_64bit(s) ? sum : (uint32_t)sum);
}

static size_t bytes_in_page(gva_t at, size_t len_bytes)
{
	return min_u64(len_bytes, PAGE_4K - (at.raw & (PAGE_4K - 1)));
}

#define PAGES_MAX 2u /* of a copy */

/* Walks each page; at_page, if not NULL, has room for PAGES_MAX of them. */
static enum guest_result each_page(const struct guest_cpu_state *s, struct guest_memory *m,
				   gva_t at, size_t len_bytes, unsigned access, gpa_t *at_page,
				   struct guest_fault *fault)
{
	at = advance(s, at, 0);
	while (len_bytes > 0) {
		size_t piece = bytes_in_page(at, len_bytes);
		struct guest_translation t;
		enum guest_result result = guest_walk(s, m, at, access, &t, fault);

		if (result != GUEST_OK)
			return result;
		if (at_page)
			*at_page++ = t.at;
		at = advance(s, at, piece);
		len_bytes -= piece;
	}
	return GUEST_OK;
}

enum guest_result guest_linear_probe(const struct guest_cpu_state *s, struct guest_memory *m,
				     gva_t at, size_t len_bytes, unsigned access,
				     struct guest_fault *fault)
{
	return each_page(s, m, at, len_bytes, access | WALK_NO_UPDATE, NULL, fault);
}

static void copy_piece(struct guest_memory *m, gpa_t at, uint8_t *to, const uint8_t *from,
		       size_t piece, unsigned access)
{
	if (to) {
		const void *source = access & WALK_FETCH ? guest_memory_code(m, at) : NULL;

		if (!source)
			source = guest_memory_read_ptr(m, at, piece);
		if (source)
			memcpy(to, source, piece);
		else
			memset(to, 0xff, piece);
	} else {
		void *target = guest_memory_ptr(m, at, piece);

		if (target)
			memcpy(target, from, piece);
	}
}

/* One of to and from is NULL. */
static enum guest_result copy(const struct guest_cpu_state *s, struct guest_memory *m, gva_t at,
			      uint8_t *to, const uint8_t *from, size_t len_bytes, unsigned access,
			      struct guest_fault *fault)
{
	size_t first = bytes_in_page(at, len_bytes);
	enum guest_result result = GUEST_OK;
	gpa_t pages[PAGES_MAX] = {{0}};

	ASSERT(len_bytes <= GUEST_LINEAR_MAX);
	if (first < len_bytes)
		result = guest_linear_probe(s, m, at, len_bytes, access, fault);
	if (result == GUEST_OK)
		result = each_page(s, m, at, len_bytes, access, pages, fault);
	if (result != GUEST_OK)
		return result;
	if (first > 0)
		copy_piece(m, pages[0], to, from, first, access);
	if (first < len_bytes)
		copy_piece(m, pages[1], to ? to + first : NULL, from ? from + first : NULL,
			   len_bytes - first, access);
	return GUEST_OK;
}

enum guest_result guest_linear_read(const struct guest_cpu_state *s, struct guest_memory *m,
				    gva_t at, void *to, size_t len_bytes, unsigned access,
				    struct guest_fault *fault)
{
	return copy(s, m, at, to, NULL, len_bytes, access, fault);
}

enum guest_result guest_linear_write(const struct guest_cpu_state *s, struct guest_memory *m,
				     gva_t at, const void *from, size_t len_bytes, unsigned access,
				     struct guest_fault *fault)
{
	return copy(s, m, at, NULL, from, len_bytes, access | WALK_WRITE, fault);
}

bool guest_linear_find(const struct guest_cpu_state *s, struct guest_memory *m, uint64_t linear,
		       gpa_t *at)
{
	struct guest_translation t;
	struct guest_fault fault;

	if (guest_is_ia32e(s) ? !guest_is_canonical(linear) : linear >> 32 != 0)
		return false;
	if (guest_walk(s, m, gva(linear), WALK_NO_UPDATE | WALK_ALL_RIGHTS, &t, &fault) != GUEST_OK)
		return false;
	*at = t.at;
	return true;
}
