/*
 * kernel/stacks.h - the stacks of a core and the guard pages around them.
 *
 * A core's block of pages, from low to high: guard, main stack, guard, #DF, guard, NMI, guard,
 * #MC, guard, debug (#DB and #BP), guard. A guard page is never mapped, so an overflow is a
 * fault and not silent damage. The boot processor's block is in the kernel image, the others'
 * are at STACKS_BASE + index * STACKS_STRIDE.
 */
#pragma once

#include "kernel/types.h"

#define STACK_MAIN_PAGES  8u
#define STACK_DEBUG_PAGES 8u
#define STACK_IST_PAGES   2u
#define STACKS_PAGES      28u /* boot/header.asm reserves as many */
#define STACKS_STRIDE     (32 * PAGE_4K)

/* Of the debug stack, what a breakpoint has while gdb looks at it; one that is hit meanwhile, in
 * the debugger's own code, has the rest. */
#define STACK_DEBUG_FIRST (7 * PAGE_4K)

/* The order is that of the IST fields, less one. */
enum stack_kind { STACK_DF, STACK_NMI, STACK_MC, STACK_DEBUG, STACK_MAIN };

struct stack_range {
	uintptr_t bottom, top; /* bytes bottom to top - 1 */
};

/* The lowest address (the first guard page) of core index's block. */
uintptr_t stacks_base(unsigned index);

struct stack_range stacks_range(unsigned index, enum stack_kind kind);

const char *stacks_name(enum stack_kind kind);

struct stack_guard_hit {
	unsigned index;       /* of the core that owns the stack */
	enum stack_kind kind; /* the stack that ran over */
	bool below;           /* below: an overflow; above: an underflow */
};

/* Is at in a guard page, and of what? */
bool stacks_find_guard(uintptr_t at, struct stack_guard_hit *hit);

/* Is at inside of a stack, where a backtrace may read? */
bool stacks_contain(uintptr_t at);
