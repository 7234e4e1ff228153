/*
 * toolkit/ept_words.h - the values of redirect= and hook=: pages that are not what they seem.
 *
 * Pure. Words are separated by commas; addresses are guest-physical and hexadecimal ("0x" may stand
 * before):
 *
 *	redirect=ADDR:OTHER   the page at ADDR reads as the page at OTHER, "zeros" or "ones"
 *	hook=ADDR:HEXBYTES    these 1 to 16 bytes at ADDR, in one page, for execution only
 */
#pragma once

#include "kernel/status.h"
#include "kernel/text.h"

#define HOOK_BYTES_MAX 16u
#define REDIRECTS_MAX  16u

enum redirect_kind { REDIRECT_PAGE, REDIRECT_ZEROS, REDIRECT_ONES };

struct redirect {
	uint64_t page;
	enum redirect_kind kind;
	uint64_t other; /* REDIRECT_PAGE */
};

struct hook {
	uint64_t at;
	uint8_t count;
	uint8_t bytes[HOOK_BYTES_MAX];
};

/* One word. On failure *what is a sentence, and *bad the part of the word at fault. ERR_INVALID,
 * ERR_RANGE (48 bits). */
MUST_CHECK enum status redirect_read(struct text word, struct redirect *r, struct text *bad,
				     const char **what);
/* All words of a value; no page twice. Also ERR_EXISTS, ERR_FULL. */
MUST_CHECK enum status redirects_read(struct text value, struct redirect list[REDIRECTS_MAX],
				      unsigned *count, struct text *bad, const char **what);

MUST_CHECK enum status hook_read(struct text word, struct hook *h, struct text *bad,
				 const char **what);
