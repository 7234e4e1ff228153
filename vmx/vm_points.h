/*
 * vmx/vm_points.h - what vmx/vm_break.c and vm_break_hit.c know of a VM's breakpoints.
 */
#pragma once

#include "vmx/vm.h"

#define PAGES_MAX  64u
#define HEAD_BYTES 16u /* as far as an access reaches that begins below a point */

struct protected_page {
	gpa_t at;
	uint8_t rights; /* without us */
	uint8_t now;
	bool open; /* for the instruction that is being stepped over */
};

struct vm_points {
	struct debug_point points[DEBUG_POINTS];
	struct debug_plan plan;
	uint64_t dr[DEBUG_SLOTS], dr7; /* the guest's own */
	struct protected_page pages[PAGES_MAX];
	unsigned page_count;
	bool told;          /* that one of them has no effect */
	bool code_off;      /* breakpoints are, for a step from one */
	bool has_heads;     /* taken at the first violation of a step */
	struct vm_stop hit; /* a watchpoint, to be told after the step */
	bool has_hit;
	uint8_t heads[DEBUG_POINTS][HEAD_BYTES];
};

_Static_assert(sizeof(struct vm_points) <= PAGE_4K, "struct vm_points is one frame");

/* The page of that address, if it is one of ours; NULL. */
struct protected_page *vm_points_page(struct vm_points *p, gpa_t page);

/* A page gets its rights. */
void vm_points_set_rights(struct vm *vm, const struct protected_page *page, unsigned rights);
