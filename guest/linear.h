/*
 * guest/linear.h - guest memory by linear address, over page boundaries.
 *
 * Pure. What is mapped to no RAM behaves like an empty bus: it reads as all ones, writes vanish;
 * ROM can be read. A linear address wraps at 4 GiB outside of 64-bit mode.
 */
#pragma once

#include "guest/walk.h"

#define GUEST_LINEAR_MAX PAGE_4K /* bytes of a copy */

/* len_bytes: up to GUEST_LINEAR_MAX. access: WALK_USER or WALK_IMPLICIT as it applies
 * (walk_access()). With a fault, which is the #PF of the lowest address that faults, no byte and no
 * accessed or dirty flag has changed. */
MUST_CHECK enum guest_result guest_linear_read(const struct guest_cpu_state *s,
					       struct guest_memory *m, gva_t at, void *to,
					       size_t len_bytes, unsigned access,
					       struct guest_fault *fault);

/* The same the other way. All pages are found before the first byte is written, which may change
 * the tables. */
MUST_CHECK enum guest_result guest_linear_write(const struct guest_cpu_state *s,
						struct guest_memory *m, gva_t at, const void *from,
						size_t len_bytes, unsigned access,
						struct guest_fault *fault);

/* Would it fault? access has WALK_WRITE for a write. Changes nothing. */
MUST_CHECK enum guest_result guest_linear_probe(const struct guest_cpu_state *s,
						struct guest_memory *m, gva_t at, size_t len_bytes,
						unsigned access, struct guest_fault *fault);

/* Where a byte is, for a debugger: whatever its page allows, and nothing changes. False: the
 * tables map it nowhere, it is not canonical, or past 4 GiB outside of IA-32e mode. */
MUST_CHECK bool guest_linear_find(const struct guest_cpu_state *s, struct guest_memory *m,
				  uint64_t linear, gpa_t *at);
