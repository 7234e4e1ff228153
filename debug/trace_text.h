/*
 * debug/trace_text.h - a record of the trace in words.
 *
 * Pure. debug/lintel-trace says the same with the same words.
 */
#pragma once

#include "debug/trace_filter.h"

#define TRACE_TEXT_BYTES 160u

/* "out 40h <- 36h at 0x7c10, 812 ticks, skip"; without time, core and VM. A reason without a name
 * is shown by its number. */
void trace_text(char *to, size_t size, const struct trace_record *r, trace_reason_fn reason_name);
