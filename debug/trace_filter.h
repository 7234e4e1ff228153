/*
 * debug/trace_filter.h - which records the trace keeps, and the words that say so.
 *
 * Pure. The words stand behind `trace on` in the monitor, separated by blanks, and in the option
 * trace=, separated by colons:
 *
 *	exit,inject	kinds, first; "all" and no kinds: every one (with reason=, port=, msr= or
 *			addr= and no kinds: exits). "exit" is all exits, io, msr, cpuid and mmio too
 *	vm=demo,b	these VMs; else all
 *	reason=hlt,10	exits of these reasons, by number or name (case and what is no letter or
 *			digit do not matter; the beginning will do if it fits one name only)
 *	port=40-43	accesses to these ports; hexadecimal, as msr= and addr=
 *	msr=c0000080	accesses to these MSRs
 *	addr=a0000-bffff	accesses to this guest-physical memory
 *	after=N		only in a condition: how many records more; else 16
 *
 * reason=, port=, msr= and addr= say which exits are kept: what one of them names. Records that are
 * not exits pass.
 */
#pragma once

#include "kernel/text.h"
#include "vmx/trace_record.h"

#define TRACE_FILTER_VMS   4u
#define TRACE_NAME_BYTES   32u
#define TRACE_REASON_WORDS 2u
#define TRACE_AFTER        16u
#define TRACE_MESSAGE      200u

enum trace_range_of { TRACE_PORTS, TRACE_MSRS, TRACE_ADDRESSES, TRACE_RANGES };

struct trace_filter {
	uint16_t kinds;     /* BIT(enum trace_kind) */
	bool some_exits;    /* reasons or ranges were given */
	uint8_t name_count; /* 0: all VMs */
	char names[TRACE_FILTER_VMS][TRACE_NAME_BYTES];
	uint64_t vms; /* atomic; bit n: VM n, whose name is wanted. The caller sets it */
	uint64_t reasons[TRACE_REASON_WORDS]; /* by basic exit reason */
	struct {
		uint64_t first, last; /* first above last: none */
	} ranges[TRACE_RANGES];
	uint32_t after;
};

/* The name of an exit reason; NULL from a number on that has none. */
typedef const char *(*trace_reason_fn)(uint32_t basic_reason);

/* ERR_INVALID: the message, of at most size bytes, names the word and what is possible; *f is
 * undefined then. condition: "after=" is known. */
MUST_CHECK enum status trace_filter_parse(struct trace_filter *f, struct text words, bool condition,
					  trace_reason_fn reason_name, char *message, size_t size);

bool trace_filter_wants_vm(const struct trace_filter *f, const char *name);
bool trace_filter_match(const struct trace_filter *f, const struct trace_record *r);

/* "exit", "io", ...; "?" from TRACE_KINDS on. */
const char *trace_kind_name(unsigned kind);
