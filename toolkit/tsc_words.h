/*
 * toolkit/tsc_words.h - tsc=offset:N,scale:N/M: the guest's TSC beside the machine's. Pure.
 *
 * The guest reads (machine's TSC * ratio) + offset. offset:N is decimal, or hexadecimal after 0x,
 * and may be negative; scale:N or scale:N/M is a ratio below 65536.
 * Spec: SDM 3C "Time-Stamp Counter Offset and Multiplier".
 */
#pragma once

#include "kernel/text.h"

struct tsc_words {
	uint64_t offset;     /* two's complement */
	uint64_t multiplier; /* 16 integer bits, 48 of fraction; 0: scale: is not there */
};

/* On failure *what is a sentence, and *bad the piece at fault. ERR_INVALID, ERR_RANGE; ERR_EXISTS:
 * a piece twice. */
MUST_CHECK enum status tsc_words_read(struct text value, struct tsc_words *w, struct text *bad,
				      const char **what);
