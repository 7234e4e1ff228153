/*
 * toolkit/tool_table.c - the tools, in the order in which they begin and see an exit.
 *
 * X(name) stands for `const struct tool tool_name`. cpuid is the last to begin: its answers are
 * asked for one by one, those of tsc and simulate_vmx come with something else.
 */
#include "toolkit/tools.h"

#define TOOLS(X)                                                                                   \
	X(hypercalls)                                                                              \
	X(simulate_vmx)                                                                            \
	X(pool)                                                                                    \
	X(dirty)                                                                                   \
	X(views)                                                                                   \
	X(redirect)                                                                                \
	X(hook)                                                                                    \
	X(ept)                                                                                     \
	X(fresh)                                                                                   \
	X(ept_pages)                                                                               \
	X(io)                                                                                      \
	X(preempt)                                                                                 \
	X(step)                                                                                    \
	X(pass_through)                                                                            \
	X(msr)                                                                                     \
	X(cr)                                                                                      \
	X(dr)                                                                                      \
	X(syscall)                                                                                 \
	X(exc)                                                                                     \
	X(desc)                                                                                    \
	X(instructions)                                                                            \
	X(pause)                                                                                   \
	X(msr_area)                                                                                \
	X(tsc)                                                                                     \
	X(tpr)                                                                                     \
	X(translation)                                                                             \
	X(cpuid)

#define DECLARE(name) extern const struct tool tool_##name;
TOOLS(DECLARE)

#define ADDRESS(name) &tool_##name,
const struct tool *const tools[] = {TOOLS(ADDRESS) NULL};
const unsigned tool_count = ARRAY_SIZE(tools) - 1;

_Static_assert(ARRAY_SIZE(tools) <= TOOLS_MAX, "vm_tools.active has a bit for each");
