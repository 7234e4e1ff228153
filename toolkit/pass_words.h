/*
 * toolkit/pass_words.h - pass=GPA:HPA+LEN[:rwx],...: memory of the machine that a guest gets.
 *
 * Pure. Numbers are hexadecimal, multiples of 1000h; without rights it has all three. Whether there
 * is such memory, and whether it may be given away, is for toolkit/pass.c to say.
 */
#pragma once

#include "kernel/text.h"
#include "kernel/types.h"

#define PASS_LEN_MAX (4 * GIB)

struct pass_range {
	gpa_t at;
	hpa_t to;
	uint64_t len_bytes; /* 4 KiB to PASS_LEN_MAX */
	unsigned rights;    /* EPT_READ... */
	struct text place;  /* HPA+LEN, as it stands in the word */
};

/* One word. On failure *what is a sentence, and *bad the part of the word at fault. ERR_INVALID,
 * ERR_RANGE, ERR_ALIGNMENT. */
MUST_CHECK enum status pass_read(struct text word, struct pass_range *range, struct text *bad,
				 const char **what);
