/*
 * debug/trace_stream.h - records as lines of text for a serial port.
 *
 * Pure. A line is "LT:", a number of four hexadecimal digits that counts the lines and wraps, ":",
 * the payload in base64, ":", a checksum of four digits (CRC-16, polynomial 1021h, from FFFFh on,
 * most significant bit first) of all between "LT:" and the last colon. Each line can be read
 * without the ones before it. Numbers are varints: seven bits in a byte, the lowest first, bit 7 if
 * more follow; a signed one is 2n, or -2n - 1 below zero. The payload's first byte says what it is:
 *
 *	'H'	version, TSC in Hz, TSC at the time 0, cores
 *	'V'	a VM: its number, then its name's bytes
 *	'R'	core, TSC, and then records:
 *		kind | action << 4, a byte; VM | vCPU << 6; reason; signed TSC, less the last one in
 *		the line; signed RIP, alike; duration; qualification; value; detail
 *	'L'	core, and how many of its records were overwritten before they were sent
 *
 * RFC 4648 "Base 64 Encoding"; debug/lintel-trace reads it.
 */
#pragma once

#include "vmx/trace_record.h"

#define TRACE_STREAM_VERSION 1u
#define TRACE_LINE_BYTES     120u
/* As text, with "\r\n" and NUL. */
#define TRACE_LINE_TEXT      (3 + 4 + 1 + TRACE_LINE_BYTES / 3 * 4 + 1 + 4 + 3)

struct trace_line {
	uint8_t bytes[TRACE_LINE_BYTES];
	uint8_t used;
	uint64_t tsc, rip; /* of the last record */
};

/* type is a letter from above. What does not fit is left out and makes *l full. */
void trace_line_begin(struct trace_line *l, char type);
void trace_line_number(struct trace_line *l, uint64_t n);
void trace_line_bytes(struct trace_line *l, const char *bytes, size_t len_bytes);

/* For records of one core; the first of them comes right behind the core's number and its TSC.
 * False: it does not fit, and the line is as it was. */
MUST_CHECK bool trace_line_record(struct trace_line *l, const struct trace_record *r);

/* An 'R' line that waits for its first record. */
void trace_line_begin_records(struct trace_line *l, unsigned core, uint64_t tsc);

/* The line as text, with "\r\n"; to has TRACE_LINE_TEXT bytes. Returns its length. */
size_t trace_line_text(const struct trace_line *l, uint16_t number, char *to);
