/*
 * debug/stats.h - the statistics of exits: the summary of each VM at its end (option stats=on).
 *
 * debug/stats_report.h says what it looks like; debug/cmd_stats.c is the monitor's command.
 */
#pragma once

#include "debug/stats_report.h"

struct vm;

/* Wants a summary of each VM that ends from now on. Boot processor, before the first VM. */
void stats_start(bool summaries);

/* A VM has ended for good: its summary to the log, if it is wanted. On its core. */
void stats_vm_ended(const struct vm *vm);

/* Where the numbers of a VM are, now. Any core. */
struct stats_source stats_of(const struct vm *vm);

/* All of them begin anew at 0, from its next exit on. False: its core does not answer. Any core,
 * with the debugger's lock. */
MUST_CHECK bool stats_reset(struct vm *vm);
