/*
 * guest/written.h - which pages of a guest's RAM were written: one bit each.
 *
 * Pure. Who writes says so: the CPU by EPT's dirty flags (toolkit/dirty.c), the host by
 * guest/memory.h. Addresses are guest-physical, with the hole below 4 GiB; what is not RAM is
 * passed over. Marks may come from any core, the rest from one.
 */
#pragma once

#include "kernel/types.h"

struct guest_written {
	uint64_t *bits;
	uint64_t pages; /* of RAM */
};

/* What bits[] needs for so much RAM. */
uint64_t guest_written_bytes(uint64_t ram_bytes);

/* The pages that hold [at, at + len_bytes), len_bytes 1 or more. */
void guest_written_mark(struct guest_written *w, uint64_t at, uint64_t len_bytes);

void guest_written_clear(struct guest_written *w);
uint64_t guest_written_count(const struct guest_written *w);

/* The first run of written pages that begins at *at or later: *at becomes its first byte, *end the
 * one behind it. False: there is none. Begin with 0, go on with *end. */
bool guest_written_next(const struct guest_written *w, uint64_t *at, uint64_t *end);

/* Page number n of RAM, from 0 to pages - 1: its guest-physical address. */
uint64_t guest_written_address(uint64_t page);
