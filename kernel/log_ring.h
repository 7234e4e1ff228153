/*
 * kernel/log_ring.h - the lines that one core has logged and nobody has printed yet.
 *
 * One writer, the core itself, which an NMI may interrupt anywhere and write as well; one reader,
 * who holds the lock of log_drain(). A slot is taken by moving head and is valid once its sequence
 * says so; no lock, and no line waits for another.
 */
#pragma once

#include "kernel/log.h"

#define LOG_RING_LINES 256u /* a power of two */
#define LOG_LINE_BYTES 232u /* longer lines are cut */

struct log_slot {
	uint32_t sequence; /* atomic: position in the stream + 1 when the line is complete */
	uint8_t level, category;
	uint16_t len;
	uint64_t time_ns;
	char text[LOG_LINE_BYTES];
};

struct log_ring {
	uint32_t head;    /* atomic: lines ever begun */
	uint32_t tail;    /* atomic: lines ever taken out */
	uint32_t dropped; /* atomic: lines that found no room, since the last that did */
	struct log_slot slots[LOG_RING_LINES];
};

/* A line as it is shown, of core index; as text_format(). */
size_t log_format_line(const struct log_slot *slot, unsigned index, char *line, size_t size);

_Static_assert((LOG_RING_LINES & (LOG_RING_LINES - 1)) == 0, "positions wrap at 2^32");
