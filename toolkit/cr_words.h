/*
 * toolkit/cr_words.h - control registers in words, and cr3target=.
 *
 * Pure. Spec: SDM 3A "Control Registers"; SDM 3C "CR3-Target Controls".
 */
#pragma once

#include "kernel/status.h"
#include "kernel/text.h"

#define CR3_TARGETS_MAX 4u
#define CR_CHANGES_TEXT 96u

struct cr3_targets {
	unsigned count;
	uint64_t at[CR3_TARGETS_MAX];
};

/* A,B,C,D: one to four hexadecimal numbers, with or without "0x". On failure *what is a sentence
 * and *bad the piece at fault. ERR_INVALID: no number; ERR_RANGE: past 64 bits; ERR_FULL: a fifth.
 */
MUST_CHECK enum status cr3_targets_read(struct text value, struct cr3_targets *targets,
					struct text *bad, const char **what);

/* What differs between two values of CR0 or CR4: " (+PE +PG -TS)", nothing if nothing does. Bits
 * without a name show by their number. to has CR_CHANGES_TEXT; what has no room is left out. */
void cr_changes(unsigned cr, uint64_t old, uint64_t now, char *to);
