/*
 * toolkit/watch_words.h - the words of watch=: what is to be seen of a guest.
 *
 * Pure. Words are separated by commas, their parts by colons; numbers are hexadecimal where the
 * manual writes them so (ports, MSR indices, addresses; "0x" may stand before), else decimal:
 *
 *	io:PORT[-PORT]          reads and writes of ports     io:all  by unconditional I/O exiting
 *	msr:INDEX[-INDEX][:r|:w|:rw]
 *	cr0 cr3 cr4 cr8         moves to it (cr3, cr8: from it too)
 *	dr                      MOV DR
 *	exc:VECTOR[:MASK:MATCH] an exception (not 2 and 18); #PF (14) with an error-code mask
 *				and match, both hexadecimal
 *	desc                    LGDT SGDT LIDT SIDT LLDT SLDT LTR STR
 *	tsc                     RDTSC RDTSCP
 *	invlpg hlt pause xsetbv
 *	cpuid[:LEAF]
 *	preempt:N               RIP every N microseconds (1 to 1000000)
 *	step[:ADDR]             every instruction (up to RIP = ADDR)
 *	ept:ADDR+LEN:rwx        accesses to guest-physical memory, 16 MiB at most; any of r, w, x
 *	fresh                   execution of freshly written memory
 *	dirty                   which pages are written
 *	syscall                 SYSCALL and SYSRET
 */
#pragma once

#include "kernel/status.h"
#include "kernel/text.h"

enum watch_kind {
	WATCH_IO,
	WATCH_MSR,
	WATCH_CR0,
	WATCH_CR3,
	WATCH_CR4,
	WATCH_CR8,
	WATCH_DR,
	WATCH_EXC,
	WATCH_DESC,
	WATCH_TSC,
	WATCH_INVLPG,
	WATCH_HLT,
	WATCH_PAUSE,
	WATCH_XSETBV,
	WATCH_CPUID,
	WATCH_PREEMPT,
	WATCH_STEP,
	WATCH_EPT,
	WATCH_FRESH,
	WATCH_DIRTY,
	WATCH_SYSCALL,
	WATCH_KINDS
};

#define WATCH_READ     1u
#define WATCH_WRITE    2u
#define WATCH_EXECUTE  4u

#define WATCH_TEXT_MAX 47u /* characters of a word */

struct watch {
	enum watch_kind kind;
	bool all;             /* io:all; cpuid, step without a number */
	unsigned rights;      /* msr, ept: WATCH_READ, ... */
	uint64_t low, high;   /* port, index, vector, leaf, microseconds, address: both included */
	uint32_t mask, match; /* exc:14; both 0 by default: every one */
	char text[WATCH_TEXT_MAX + 1];

	uint64_t hits; /* in this run */
	uint64_t told; /* of these, how many have a line */
};

/* One word. On failure *what is a sentence, and *bad the part of the word at fault. ERR_INVALID:
 * unknown, or a part that is missing, too much or no number; ERR_RANGE. */
MUST_CHECK enum status watch_read(struct text word, struct watch *w, struct text *bad,
				  const char **what);

/* "io", "msr", ... */
const char *watch_kind_name(enum watch_kind kind);
