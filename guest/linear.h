/*
 * guest/linear.h - guest memory by linear address, over page boundaries.
 *
 * Pure. What is mapped to no RAM behaves like an empty bus: it reads as all ones, writes vanish;
 * ROM can be read. A linear address wraps at 4 GiB outside of 64-bit mode.
 */
#pragma once

#include "guest/walk.h"

/* access: WALK_USER or WALK_IMPLICIT as it applies (walk_access()). On a fault nothing was copied,
 * and *fault is the #PF of the lowest address that faults. */
MUST_CHECK enum guest_result guest_linear_read(const struct guest_cpu_state *s,
					       struct guest_memory *m, gva_t at, void *to,
					       size_t len_bytes, unsigned access,
					       struct guest_fault *fault);

/* The same the other way. All pages are checked first: with a fault, no byte and no accessed or
 * dirty flag has changed. */
MUST_CHECK enum guest_result guest_linear_write(const struct guest_cpu_state *s,
						struct guest_memory *m, gva_t at, const void *from,
						size_t len_bytes, unsigned access,
						struct guest_fault *fault);

/* Would it fault? access has WALK_WRITE for a write. Changes nothing. */
MUST_CHECK enum guest_result guest_linear_probe(const struct guest_cpu_state *s,
						struct guest_memory *m, gva_t at, size_t len_bytes,
						unsigned access, struct guest_fault *fault);
