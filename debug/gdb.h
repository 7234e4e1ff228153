/*
 * debug/gdb.h - the serial line to gdb: between the chip, or the console's line, and the server.
 *
 * What packets mean is the business of debug/gdb_server.h. The line is that of the option gdb=:
 * a port of its own, or the console's, where packets are told from text.
 */
#pragma once

#include "kernel/types.h"

/* For debug/debug.c, which has the debugger's lock. */
void gdb_start(void);
void gdb_service(void);

/* As debug_patience_ns(). */
uint64_t gdb_patience_ns(void);
