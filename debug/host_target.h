/*
 * debug/host_target.h - the hypervisor itself as a debugger sees it: process 1.
 *
 * Its threads are the cores. All stop together: a step is made by one core alone, while the others
 * are held. Memory is what our page tables map, physical memory in the direct map; windows on
 * device registers are refused, because a read can have effects there. Breakpoints of both
 * kinds are INT3 in the code, and there are no watchpoints: VM entries and exits change DR7.
 * Spec: SDM 3B "Breakpoint Exception (#BP)", "Single-Step Exception Condition".
 */
#pragma once

#include "debug/target.h"

/* state is not used, and command is NULL. Calls for other processes are not for it. */
extern const struct debug_target host_target;
