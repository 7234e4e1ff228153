/* guest/linear.c - copying by guest-linear address. */
#include "guest/linear.h"

#include "guest/segment.h"
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

/* One of to and from is NULL; both for a walk only. */
static enum guest_result each_page(const struct guest_cpu_state *s, struct guest_memory *m,
				   gva_t at, uint8_t *to, const uint8_t *from, size_t len_bytes,
				   unsigned access, struct guest_fault *fault)
{
	at = advance(s, at, 0);
	while (len_bytes > 0) {
		size_t piece = bytes_in_page(at, len_bytes);
		struct guest_translation t;
		enum guest_result result = guest_walk(s, m, at, access, &t, fault);

		if (result != GUEST_OK)
			return result;
		if (to) {
			const void *source = guest_memory_read_ptr(m, t.at, piece);

			if (source)
				memcpy(to, source, piece);
			else
				memset(to, 0xff, piece);
			to += piece;
		} else if (from) {
			void *target = guest_memory_ptr(m, t.at, piece);

			if (target)
				memcpy(target, from, piece);
			from += piece;
		}
		at = advance(s, at, piece);
		len_bytes -= piece;
	}
	return GUEST_OK;
}

enum guest_result guest_linear_probe(const struct guest_cpu_state *s, struct guest_memory *m,
				     gva_t at, size_t len_bytes, unsigned access,
				     struct guest_fault *fault)
{
	return each_page(s, m, at, NULL, NULL, len_bytes, access | WALK_NO_UPDATE, fault);
}

static enum guest_result copy(const struct guest_cpu_state *s, struct guest_memory *m, gva_t at,
			      void *to, const void *from, size_t len_bytes, unsigned access,
			      struct guest_fault *fault)
{
	if (bytes_in_page(at, len_bytes) < len_bytes) {
		enum guest_result result = guest_linear_probe(s, m, at, len_bytes, access, fault);

		if (result != GUEST_OK)
			return result;
	}
	return each_page(s, m, at, to, from, len_bytes, access, fault);
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
