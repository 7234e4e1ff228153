/*
 * toolkit/watch_preempt.h - the profile that watch=preempt:N makes, for those who show it.
 *
 * On the VM's core, between two runs of it or after the last.
 */
#pragma once

#include "toolkit/tools.h"

/* Line by line, without line ends: a heading, then so many rows at most, the rest in one.
 * ERR_NOT_FOUND: the VM has no profile. */
MUST_CHECK enum status preempt_show(struct vm *vm, unsigned rows,
				    void (*line)(void *context, const char *text), void *context);

/* Counts from here on. ERR_NOT_FOUND. */
MUST_CHECK enum status preempt_reset(struct vm *vm);
