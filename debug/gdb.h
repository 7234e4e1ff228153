/*
 * debug/gdb.h - the serial line to gdb: between the chip, or the console's line, and the server.
 *
 * What packets mean is the business of debug/gdb_server.h. The line is that of the option
 * gdb=com1..com4|PORT: a port of its own, or the console's, where gdb's packets are told from what
 * is typed, and the console's text goes to gdb's terminal while gdb is there.
 */
#pragma once

#include "kernel/types.h"

/* For debug/debug.c, which has the debugger's lock; service also while the hypervisor is stopped,
 * all other cores held: then it takes no lock. */
void gdb_start(void);
void gdb_service(void);

/* Until gdb has heard all that there is to say, or a second has passed. For the end. */
void gdb_flush(void);

/* As debug_patience_ns(). */
uint64_t gdb_patience_ns(void);
