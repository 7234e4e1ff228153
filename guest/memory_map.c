/* guest/memory_map.c - a guest's RAM and ROM in EPT; see guest/memory.h. */
#include "guest/memory.h"

/* Where the A20 shadow is longer than RAM: it ends with the next odd MiB. */
static enum status unmap_shadow(struct ept *e, uint64_t end)
{
	uint64_t shadow_end = align_up(end, 2 * MIB);

	return shadow_end == end ? OK : ept_unmap(e, gpa(end), shadow_end - end);
}

static uint64_t high_end(const struct guest_memory *m)
{
	return GUEST_MEMORY_HIGH_START + m->len_bytes - min_u64(m->len_bytes, GUEST_MEMORY_LOW_END);
}

enum status guest_memory_map(struct guest_memory *m, struct ept *e)
{
	enum status s = OK;

	for (uint32_t i = 0; i < m->count && s == OK; i++) {
		const struct guest_chunk *c = &m->chunks[i];

		s = ept_map(e, c->start, c->at, c->len_bytes,
			    c->rom ? EPT_READ | EPT_EXEC : EPT_RWX, EPT_WB);
	}
	if (s == OK)
		s = unmap_shadow(e, min_u64(m->len_bytes, GUEST_MEMORY_LOW_END));
	if (s == OK)
		s = unmap_shadow(e, high_end(m));
	return s;
}

/* Maps the part of a chunk that lies in one even MiB at its place and a MiB above it. */
static enum status map_twice(struct ept *e, const struct guest_chunk *c, uint64_t start,
			     uint64_t len_bytes)
{
	hpa_t to = hpa(c->at.raw + (start - c->start.raw));
	enum status s = ept_map(e, gpa(start), to, len_bytes, EPT_RWX, EPT_WB);

	if (s != OK)
		return s;
	return ept_map(e, gpa(start | GUEST_A20_BIT), to, len_bytes, EPT_RWX, EPT_WB);
}

/* The next part of RAM from *at on that has an address with the A20 line low: it lies in one even
 * MiB, and has another address a MiB above. */
static bool next_even(const struct guest_chunk *c, uint64_t *at, uint64_t *len_bytes)
{
	uint64_t end = c->start.raw + c->len_bytes;

	if (*at & GUEST_A20_BIT)
		*at = align_down(*at, MIB) + MIB;
	if (*at >= end)
		return false;
	*len_bytes = min_u64(end, align_down(*at, MIB) + MIB) - *at;
	return true;
}

static enum status map_chunk_a20_off(struct ept *e, const struct guest_chunk *c)
{
	uint64_t at = c->start.raw, len_bytes;
	enum status s = OK;

	if (c->rom)
		return ept_map(e, c->start, c->at, c->len_bytes, EPT_READ | EPT_EXEC, EPT_WB);
	for (; s == OK && next_even(c, &at, &len_bytes); at += len_bytes)
		s = map_twice(e, c, at, len_bytes);
	return s;
}

enum status guest_memory_map_a20_off(struct guest_memory *m, struct ept *e)
{
	enum status s = OK;

	for (uint32_t i = 0; i < m->count && s == OK; i++)
		s = map_chunk_a20_off(e, &m->chunks[i]);
	return s;
}

static enum status protect_twice(struct ept *e, const struct guest_chunk *c, unsigned rights)
{
	uint64_t at = c->start.raw, len_bytes;
	enum status s = OK;

	for (; s == OK && next_even(c, &at, &len_bytes); at += len_bytes) {
		s = ept_protect(e, gpa(at), len_bytes, rights);
		if (s == OK)
			s = ept_protect(e, gpa(at | GUEST_A20_BIT), len_bytes, rights);
	}
	return s;
}

enum status guest_memory_protect(struct guest_memory *m, struct ept *e, bool a20_off,
				 unsigned rights)
{
	enum status s = OK;

	for (uint32_t i = 0; i < m->count && s == OK; i++) {
		const struct guest_chunk *c = &m->chunks[i];

		if (a20_off && !c->rom)
			s = protect_twice(e, c, rights);
		else
			s = ept_protect(e, c->start, c->len_bytes,
					c->rom ? EPT_READ | EPT_EXEC : rights);
	}
	return s;
}
