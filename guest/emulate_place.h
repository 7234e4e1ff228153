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
	struct decoded d;
};

/* 1 to 8 bytes, in at most two pages. */
struct emulate_place {
	gpa_t at, next;   /* next: the first byte of the second page */
	uint8_t size;     /* all bytes */
	uint8_t in_first; /* less than size: the others are at next */
};

/* One address through paging, as guest_walk(); quick if no flag of an entry has to be set. */
MUST_CHECK enum emulate_result emulate_translate(const struct guest_cpu_state *s,
						 struct guest_memory *m, gva_t at, unsigned access,
						 gpa_t *out, struct guest_fault *fault);

/* size bytes at segment:offset. access: SEGMENT_WRITE also for what is read and then written. */
MUST_CHECK enum emulate_result emulate_find(struct emulation *e, enum guest_segment_name segment,
					    uint64_t offset, uint8_t size,
					    enum segment_access access,
					    struct emulate_place *place);

uint64_t emulate_load(struct emulation *e, const struct emulate_place *place);
void emulate_store(struct emulation *e, const struct emulate_place *place, uint64_t value);

/* Stores value where old was loaded before. False: another vCPU has changed it since, and nothing
 * was stored. */
MUST_CHECK bool emulate_replace(struct emulation *e, const struct emulate_place *place,
				uint64_t old, uint64_t value);

/* Copies instruction bytes; at and what follows lie in one page. False: that is neither RAM nor
 * ROM. */
MUST_CHECK bool emulate_fetch_bytes(struct guest_memory *m, gpa_t at, uint8_t *to, unsigned count);
