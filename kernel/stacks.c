/* kernel/stacks.c - see kernel/stacks.h. */
#include "kernel/stacks.h"

#include "kernel/layout.h"
#include "kernel/percpu.h"

_Static_assert(STACKS_PAGES *PAGE_4K <= STACKS_STRIDE, "a block fits in its stride");

uintptr_t stacks_base(unsigned index)
{
	return index == 0 ? (uintptr_t)kernel_boot_stacks : STACKS_BASE + index * STACKS_STRIDE;
}

struct stack_range stacks_range(unsigned index, enum stack_kind kind)
{
	static const struct {
		uint8_t first, count;
	} pages[] = {
		[STACK_MAIN] = {1, STACK_MAIN_PAGES},    [STACK_DF] = {10, STACK_IST_PAGES},
		[STACK_NMI] = {13, STACK_IST_PAGES},     [STACK_MC] = {16, STACK_IST_PAGES},
		[STACK_DEBUG] = {19, STACK_DEBUG_PAGES},
	};
	uintptr_t bottom = stacks_base(index) + pages[kind].first * PAGE_4K;

	return (struct stack_range){.bottom = bottom, .top = bottom + pages[kind].count * PAGE_4K};
}

const char *stacks_name(enum stack_kind kind)
{
	static const char *const names[] = {
		[STACK_DF] = "#DF",      [STACK_NMI] = "NMI",   [STACK_MC] = "#MC",
		[STACK_DEBUG] = "debug", [STACK_MAIN] = "main",
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
	*hit = (struct stack_guard_hit){.index = index, .kind = STACK_DEBUG, .below = false};
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
