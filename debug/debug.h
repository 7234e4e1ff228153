/*
 * debug/debug.h - the debugger's side of start-up and of each core's regular service.
 *
 * Its parts (gdb, monitor, trace) stand in one table in debug/debug.c and run under one lock, so
 * each of them has at most one core in it. They take the console's lock only where they print to
 * it, and no part calls another but by the functions in its header.
 */
#pragma once

#include "kernel/types.h"

/* Reads the options gdb=, monitor= and trace=, and opens their lines. Boot processor, when the
 * console, the other cores' start and interrupts work, before the first VM. */
void debug_start(void);

/* What waits for the monitor, gdb and the trace, unless another core does it at this moment. Each
 * core, between two runs of guests, interrupts off, no lock held. Cheap if nothing waits. */
void debug_service(void);

/* Tells gdb how the last VM ended, and sends what the trace still has; some seconds at most. Boot
 * processor, after the last VM. */
void debug_finish(void);

/* The next debug_service() of any core goes through all parts; else they have their turn once a
 * millisecond. From any context, an interrupt handler or NMI too. */
void debug_ask(void);

/* The debugger's lock, for the stop of the hypervisor outside of debug_service(). */
MUST_CHECK bool debug_try_lock(void);
void debug_unlock(void);

/* How long all cores may sleep at most without a debug_service(); NS_NEVER: no limit. */
uint64_t debug_patience_ns(void);
