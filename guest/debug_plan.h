/*
 * guest/debug_plan.h - which of a debugger's breakpoints go into the debug registers.
 *
 * Pure. The guest's own enabled breakpoints keep their slots; the debugger's take free ones, those
 * that want a register first. What finds none, or does not fit (a watched range that is not 1, 2, 4
 * or 8 bytes at a multiple of that), is left for the page that it lies in. The debug registers know
 * no watch of reads alone: such a point watches every access.
 * Spec: SDM 3B "Debug Registers".
 */
#pragma once

#include "kernel/types.h"

#define DEBUG_POINTS 48u
#define DEBUG_SLOTS  4u
#define DEBUG_GUEST  0xffu /* the slot is not the debugger's */

/* In the order of gdb's Z packets. */
enum debug_point_kind {
	DEBUG_POINT_SOFTWARE,
	DEBUG_POINT_HARDWARE,
	DEBUG_POINT_WRITE,
	DEBUG_POINT_READ,
	DEBUG_POINT_ACCESS,
};

struct debug_point {
	uint64_t at; /* linear */
	uint64_t len_bytes;
	uint8_t kind; /* enum debug_point_kind */
	bool used;
	bool by_page; /* it is in no debug register */
};

struct debug_plan {
	uint64_t dr[DEBUG_SLOTS], dr7;
	uint8_t point[DEBUG_SLOTS]; /* whose slot it is: number of the point, or DEBUG_GUEST */
};

static inline bool debug_point_is_code(const struct debug_point *p)
{
	return p->kind <= DEBUG_POINT_HARDWARE;
}

/* dr, dr7: what the guest has. code: breakpoints are on; else they keep their slots and do nothing.
 * Sets by_page of all points. In the plan, DR7.GD is clear. */
void debug_plan_make(struct debug_plan *plan, struct debug_point points[DEBUG_POINTS],
		     const uint64_t dr[DEBUG_SLOTS], uint64_t dr7, bool code);

/* The points that a #DB is for, by bits 3:0 of DR6 or of an exit qualification: the first of them,
 * or DEBUG_GUEST if none is the debugger's. Takes the debugger's bits away. */
uint8_t debug_plan_hit(const struct debug_plan *plan, uint64_t *bits);

/* The breakpoint by page at a linear address, or DEBUG_GUEST. */
uint8_t debug_plan_code_at(const struct debug_point points[DEBUG_POINTS], uint64_t linear);

/* The point by page that watches this byte, or DEBUG_GUEST; write: the access is one. */
uint8_t debug_plan_watched(const struct debug_point points[DEBUG_POINTS], uint64_t linear,
			   bool write);
