/*
 * debug/trace.h - the trace: a ring of records for each core, and what is written into it.
 *
 * Rings are made of frames when the trace is first switched on, and stay. A core writes its own
 * ring, without a lock; who reads takes care not to be overtaken (trace_read()). All else here is
 * called under the debugger's lock, but where it says so. docs/trace.md tells how to use it.
 */
#pragma once

#include "debug/trace_filter.h"

#define TRACE_WORDS     120u /* of a filter, as they were given */
#define TRACE_ALL_CORES UINT32_MAX

struct trace_ring {
	uint64_t written; /* atomic: records so far; the next goes to written % capacity */
	uint64_t cleared; /* those before are not shown any more */
	uint64_t sent;    /* those before were sent, or counted as lost (debug/stream.c) */
	uint64_t cursor;  /* of trace_show() */
	struct trace_record records[];
};

/* What is traced: a filter, and its words for `trace status`; empty: no such filter. */
struct trace_want {
	struct trace_filter filter;
	char words[TRACE_WORDS];
};

/* Reads the options trace=, trace-stop=, trace-size= and trace-port=. Boot processor, before the
 * VMs are made. */
void trace_start(void);

/* The stream, and the end of a trace that its condition has stopped. */
void trace_service(void);

/* How long the stream may wait; as debug_patience_ns(). */
uint64_t trace_patience_ns(void);

/* Sends what the stream still has to send; waits for that, at most some seconds. Boot processor,
 * after the last VM. */
void trace_finish(void);

/* What the rings take of the free memory. Anywhere. */
uint64_t trace_memory_bytes(void);

/* The last exits and records of each core, by panic_line(). In a panic. */
void trace_panic(void);

/* ---- for the command ---- */

/* From now on the words say what is traced. False: the message says why not. */
bool trace_on(struct text words, char message[TRACE_MESSAGE]);
void trace_off(void);

/* The trace stops some records after the next one that the words describe. */
bool trace_stop_when(struct text words, char message[TRACE_MESSAGE]);

void trace_clear(void);

typedef void (*trace_emit_fn)(void *state, const char *line);

/* The last count records of a core or of TRACE_ALL_CORES, oldest first. */
void trace_show(unsigned count, uint32_t only, trace_emit_fn emit, void *state);
void trace_status(trace_emit_fn emit, void *state);

/* ---- for debug/stream.c ---- */

/* NULL: there is none. */
struct trace_ring *trace_ring_of(unsigned core);

/* False: the record number n was overwritten, or is not there yet. */
MUST_CHECK bool trace_read(const struct trace_ring *ring, uint64_t n, struct trace_record *r);

/* The oldest one that is still there. */
uint64_t trace_oldest(const struct trace_ring *ring);
