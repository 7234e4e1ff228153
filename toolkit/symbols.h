/*
 * toolkit/symbols.h - a text with the names of a guest's code, as `nm` prints them.
 *
 * Pure. A line is "ADDRESS TYPE NAME": the address hexadecimal ("0x" may stand before), the type a
 * letter. The lines may stand in any order. What has another form is passed over, and so are
 * symbols that are no places: undefined ones (U), absolute ones (A, a).
 */
#pragma once

#include "kernel/text.h"

struct symbol {
	uint64_t at;
	struct text name; /* in the text; printable characters only */
};

/* Takes the lines up to the next symbol off the front of *rest. False: none is left. */
bool symbols_next(struct text *rest, struct symbol *s);
