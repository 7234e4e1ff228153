/*
 * debug/stream.h - the records of the trace on their way to a serial port, as text
 * (debug/trace_stream.h): the console's, between other lines, or one of its own.
 *
 * What does not get away in time is overwritten in the rings; the stream says how much it was.
 * Under the debugger's lock.
 */
#pragma once

#include "kernel/text.h"

/* trace-port=: "com1" to "com4" or a port number; the console's port: shared with it. ERR_INVALID,
 * ERR_NOT_FOUND: no 16550 there. ERR_EXISTS: the option gdb= names it, too. */
MUST_CHECK enum status stream_set_port(struct text name);

/* Off: what waits stays, for the next time. ERR_FULL: the console has no place for it.
 * ERR_EXISTS: as above. */
MUST_CHECK enum status stream_switch(bool on);

/* finish: half-filled lines too. True: there was something to do. */
bool stream_service(bool finish);

uint64_t stream_patience_ns(void);
bool stream_is_on(void);
uint64_t stream_lost(void); /* records */
