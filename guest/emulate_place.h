/*
 * guest/emulate_place.h - where an operand lies in guest-physical space, and its bytes.
 *
 * Only for guest/emulate*.c. Finding a place makes every check and may fault; loading from it and
 * storing to it does not.
 */
#pragma once

#include "guest/emulate.h"
#include "guest/segment.h"

struct emulation {
	struct guest_cpu_state *s;
	struct guest_memory *m;
	struct mmio_bus *bus;
	struct guest_fault *fault;
	uint64_t now_ns;
	bool wide; /* 64-bit mode */
	struct decoded d;
};

/* 1 to 8 bytes, in at most two pages. */
struct emulate_place {
	gpa_t at, next;   /* next: the first byte of the second page */
	uint8_t size;     /* all bytes */
	uint8_t in_first; /* less than size: the others are at next */
};

/* guest_segment_linear() for up to 15 bytes. In 64-bit mode most addresses are canonical, and most
 * segments have no base. */
MUST_CHECK static inline bool emulate_linear(struct emulation *e, enum guest_segment_name segment,
					     uint64_t offset, unsigned len_bytes,
					     enum segment_access access, gva_t *at)
{
	uint64_t top = (uint64_t)((int64_t)offset >> 47);

	if (LIKELY(e->wide && segment < GUEST_FS && top + 1 <= 1 &&
		   (uint64_t)((int64_t)(offset + DECODE_MAX_BYTES - 1) >> 47) == top)) {
		*at = gva(offset);
		return true;
	}
	return guest_segment_linear(e->s, segment, offset, len_bytes, access, at, e->fault);
}

/* One address through paging, as guest_walk(); quick if no flag of an entry has to be set. */
MUST_CHECK enum emulate_result emulate_translate(const struct guest_cpu_state *s,
						 struct guest_memory *m, gva_t at, unsigned access,
						 gpa_t *out, struct guest_fault *fault);

/* For emulate_find(): both pages are asked before a flag of one is set. The lower address faults
 * first. */
MUST_CHECK enum emulate_result emulate_find_two(struct emulation *e, gva_t at, unsigned access,
						struct emulate_place *place);

/* size bytes at segment:offset. access: SEGMENT_WRITE also for what is read and then written. */
MUST_CHECK static inline enum emulate_result
emulate_find(struct emulation *e, enum guest_segment_name segment, uint64_t offset, uint8_t size,
	     enum segment_access access, struct emulate_place *place)
{
	unsigned rights = walk_access(e->s) | (access == SEGMENT_WRITE ? WALK_WRITE : 0);
	uint64_t left;
	gva_t at;

	if (!emulate_linear(e, segment, offset, size, access, &at))
		return EMULATE_FAULT;
	left = PAGE_4K - (at.raw & (PAGE_4K - 1));
	place->size = size;
	place->in_first = size;
	if (LIKELY(left >= size))
		return emulate_translate(e->s, e->m, at, rights, &place->at, e->fault);
	place->in_first = (uint8_t)left;
	return emulate_find_two(e, at, rights, place);
}

/* One access on the bus; size is 1, 2, 4 or 8, and value is cut to it. */
static inline uint64_t emulate_bus(struct emulation *e, gpa_t at, unsigned size, bool write,
				   uint64_t value)
{
	struct mmio_access a;

	a.at = at;
	a.size = (uint8_t)size;
	a.write = write;
	a.value = value;
	a.now_ns = e->now_ns;
	(void)mmio_bus_access(e->bus, &a);
	e->bus->last_value = a.value;
	return a.value;
}

/* Is all of it the device's that answered last? */
static inline bool emulate_is_usual(const struct emulation *e, const struct emulate_place *place)
{
	return place->in_first == place->size && mmio_bus_was_last(e->bus, place->at, place->size);
}

/* The general way of the two below. */
uint64_t emulate_load_parts(struct emulation *e, const struct emulate_place *place);
void emulate_store_parts(struct emulation *e, const struct emulate_place *place, uint64_t value);

static inline uint64_t emulate_load(struct emulation *e, const struct emulate_place *place)
{
	if (LIKELY(emulate_is_usual(e, place)))
		return emulate_bus(e, place->at, place->size, false, 0);
	return emulate_load_parts(e, place);
}

static inline void emulate_store(struct emulation *e, const struct emulate_place *place,
				 uint64_t value)
{
	if (LIKELY(emulate_is_usual(e, place)))
		emulate_bus(e, place->at, place->size, true, value);
	else
		emulate_store_parts(e, place, value);
}

/* Stores value where old was loaded before. False: another vCPU has changed it since, and nothing
 * was stored. */
MUST_CHECK bool emulate_replace(struct emulation *e, const struct emulate_place *place,
				uint64_t old, uint64_t value);

/* Copies instruction bytes; at and what follows lie in one page. False: that is neither RAM nor
 * ROM. */
MUST_CHECK bool emulate_fetch_bytes(struct guest_memory *m, gpa_t at, uint8_t *to, unsigned count);
