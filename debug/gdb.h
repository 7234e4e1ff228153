/*
 * debug/gdb.h - the serial line to gdb: between the chip, or the console's line, and the server.
 *
 * What packets mean is the business of debug/gdb_server.h. The line is that of the option
 * gdb=com1..com4|PORT: a port of its own, or the console's, where gdb's packets are told from what
 * is typed, and the console's text goes to gdb's terminal while gdb is there. A Ctrl-] takes it
 * back from a gdb that went without a word. On a port of its own that shows when DSR and DCD drop,
 * if the cable has them; gdb-gone=run|stay says what happens then.
 */
#pragma once

#include "kernel/status.h"

/* For debug/debug.c, which has the debugger's lock; service also while the hypervisor is stopped,
 * all other cores held: then it takes no lock. */
void gdb_start(void);
void gdb_service(void);

/* The monitor's switch; ERR_NOT_FOUND: no line; ERR_INVALID: gdb itself asks for it. Off: gdb is
 * gone, and the console has its line for itself. On, without gdb=: the console's line is shared. */
MUST_CHECK enum status gdb_switch(bool on);

/* Is it the line of gdb, or asked for by gdb=, though it may not work? */
bool gdb_has_port(uint16_t port);

/* "com1, shared with the console; gdb is there". */
void gdb_describe(char *text, size_t size);

/* Until gdb has heard all that there is to say, or a second has passed. For the end. */
void gdb_flush(void);

/* As debug_patience_ns(). */
uint64_t gdb_patience_ns(void);
