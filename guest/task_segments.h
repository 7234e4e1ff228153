/*
 * guest/task_segments.h - the second half of a task switch: the new task's descriptors.
 *
 * Pure. Only for guest/task_switch.c, which has committed to the new task before.
 * Spec: SDM 3A "Task Switching", the table of the exceptions that are checked for.
 */
#pragma once

#include "guest/linear.h"

/* The linear address of a selector's descriptor in the table at base. */
gva_t task_descriptor_at(uint64_t table, uint16_t selector);

/* Fills in *fault, its error code from a selector and the EXT bit. Returns GUEST_FAULT. */
enum guest_result task_raise(const struct guest_cpu_state *s, struct guest_fault *fault,
			     enum exception vector, uint32_t selector, bool external);

/*
 * Loads LDTR from ldt and the six segment registers from the selectors that they hold. The first
 * that fails ends it with *fault; those not yet loaded stay as the caller made them (unusable). In
 * virtual-8086 mode only LDTR is loaded.
 */
MUST_CHECK enum guest_result task_load_segments(struct guest_cpu_state *s, struct guest_memory *m,
						uint16_t ldt, bool external,
						struct guest_fault *fault);
