/*
 * kernel/status.h - how a function says that it failed.
 *
 * OK is zero. A function that can fail for a reason outside its control returns enum status and is
 * MUST_CHECK; a broken promise of our own code is an ASSERT (kernel/assert.h) instead.
 */
#pragma once

#include "kernel/types.h"

enum status {
	OK = 0,
	ERR_INVALID,     /* the input makes no sense */
	ERR_RANGE,       /* a number outside of what is possible */
	ERR_ALIGNMENT,   /* an address or length that is not a multiple of what it has to be */
	ERR_NO_MEMORY,   /* no free frame, or none large enough */
	ERR_NOT_FOUND,   /* what was asked for is not there */
	ERR_EXISTS,      /* it is there already */
	ERR_DOUBLE_FREE, /* the frame is free already */
	ERR_FOREIGN,     /* the frame was never ours to give or take */
	ERR_CORRUPT,     /* a checksum or a structure is broken */
	ERR_UNSUPPORTED, /* the machine or this version cannot do it */
	ERR_BUSY,        /* try again later */
	ERR_FULL,        /* a table or queue has no room left */
	ERR_TIMEOUT,     /* hardware did not answer in time */
	STATUS_COUNT
};

/* The status in words, for a message; never NULL. May be called from anywhere. */
const char *status_text(enum status s);
