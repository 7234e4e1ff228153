/*
 * debug/debug.h - the debugger's side of start-up and of each core's regular service.
 */
#pragma once

/* Reads the options gdb=, monitor= and trace=, and opens their lines. Boot processor, when the
 * console, the other cores' start and interrupts work, before the first VM. */
void debug_start(void);

/* What waits for the monitor, gdb and the trace, unless another core does it at this moment. Each
 * core, between two runs of guests, interrupts off, no lock held. Cheap if nothing waits. */
void debug_service(void);
