/* kernel/stacks.c - see kernel/stacks.h. */
#include "kernel/stacks.h"

#include "kernel/layout.h"
#include "kernel/percpu.h"

_Static_assert(STACKS_PAGES *PAGE_4K <= STACKS_STRIDE, "a block fits in its stride");

uintptr_t stacks_base(unsigned index)
{
	return index == 0 ? (uintptr_t)kernel_boot_stacks : STACKS_BASE + index * STACKS_STRIDE;
}

/* First page and number of pages of a stack within the block. */
static void stack_pages(enum stack_kind kind, unsigned *first, unsigned *count)
{
	if (kind == STACK_MAIN) {
		*first = 1;
		*count = STACK_MAIN_PAGES;
		return;
	}
	*first = 1 + STACK_MAIN_PAGES + 1 + (unsigned)kind * (STACK_IST_PAGES + 1);
	*count = STACK_IST_PAGES;
}

struct stack_range stacks_range(unsigned index, enum stack_kind kind)
{
	uintptr_t base = stacks_base(index);
	unsigned first, count;

	stack_pages(kind, &first, &count);
	return (struct stack_range){
		.bottom = base + first * PAGE_4K,
		.top = base + (first + count) * PAGE_4K,
	};
}

const char *stacks_name(enum stack_kind kind)
{
	static const char *const names[] = {
		[STACK_DF] = "#DF",
		[STACK_NMI] = "NMI",
		[STACK_MC] = "#MC",
		[STACK_MAIN] = "main",
	};

	return names[kind];
}

/* The core whose block at lies in; CPU_MAX if in none. */
static unsigned block_owner(uintptr_t at)
{
	uintptr_t boot = stacks_base(0);

	if (at >= boot && at < boot + STACKS_PAGES * PAGE_4K)
		return 0;
	if (at < STACKS_BASE + STACKS_STRIDE || at >= STACKS_BASE + CPU_MAX * STACKS_STRIDE)
		return CPU_MAX;
	if ((at - STACKS_BASE) % STACKS_STRIDE >= STACKS_PAGES * PAGE_4K)
		return CPU_MAX;
	return (unsigned)((at - STACKS_BASE) / STACKS_STRIDE);
}

bool stacks_find_guard(uintptr_t at, struct stack_guard_hit *hit)
{
	unsigned index = block_owner(at);

	if (index == CPU_MAX)
		return false;
	/* Guards that lie between two stacks: most likely the upper one has overflowed. */
	for (enum stack_kind kind = STACK_DF; kind <= STACK_MAIN; kind++) {
		struct stack_range r = stacks_range(index, kind);

		if (at < r.bottom && at >= r.bottom - PAGE_4K) {
			*hit = (struct stack_guard_hit){
				.index = index, .kind = kind, .below = true};
			return true;
		}
	}
	if (stacks_contain(at))
		return false;
	*hit = (struct stack_guard_hit){.index = index, .kind = STACK_MC, .below = false};
	return true;
}

bool stacks_contain(uintptr_t at)
{
	unsigned index = block_owner(at);

	if (index == CPU_MAX || index >= cpu_count)
		return false;
	for (enum stack_kind kind = STACK_DF; kind <= STACK_MAIN; kind++) {
		struct stack_range r = stacks_range(index, kind);

		if (at >= r.bottom && at < r.top)
			return true;
	}
	return false;
}
