/*
 * toolkit/profile.h - a table of where a guest was found, how often, and by what name.
 *
 * Pure. The table is sorted by address and has a fixed size. When it is full, a new address takes
 * the place of one with the fewest hits, which then count as hits elsewhere: what is hit often
 * stays, and no count is too high.
 */
#pragma once

#include "toolkit/code_place.h"
#include "toolkit/symbols.h"

#define PROFILE_PLACES 2040u
#define PROFILE_TEXT   96u /* of a row; longer names are cut */

struct profile_place {
	uint64_t at; /* linear */
	uint64_t hits;
	uint64_t symbol_at; /* of its name, if there is one */
	uint32_t name;      /* where it stands in the text of symbols, plus 1; 0: it has none */
	uint8_t mode;       /* enum code_mode, when it was last found there */
};

struct profile {
	uint64_t hits;      /* all, with those in HLT and elsewhere */
	uint64_t halted;    /* in HLT */
	uint64_t elsewhere; /* of places that are not in the table any more */
	uint32_t count;
	uint32_t hand; /* where the search for a place to give up goes on */
	struct profile_place places[PROFILE_PLACES];
};

/* The guest was found there. */
void profile_add(struct profile *p, const struct code_place *at);

/* Found asleep in HLT. */
void profile_add_halted(struct profile *p);

void profile_reset(struct profile *p);

/* Gives each place the name of the last symbol that is not behind it. Before profile_next(), with
 * the same text. Of several symbols at one address the first counts. An empty text: no names. */
void profile_name(struct profile *p, struct text symbols);

/* A row of what is shown: a place, or all places of one name. */
struct profile_row {
	uint64_t at; /* of the place, or of the symbol */
	uint64_t hits;
	struct text name; /* empty: none */
	enum code_mode mode;
};

/* The row with the most hits behind *row (of equal ones, the lowest address first); before the
 * first, row->hits is UINT64_MAX. False: there is none. */
bool profile_next(const struct profile *p, struct text symbols, struct profile_row *row);

/* " 60.1 %       742  heavy" or " ...  0x7c20 (real)". to has PROFILE_TEXT bytes. */
void profile_row_text(const struct profile *p, const struct profile_row *row, char *to);

/* The same for hits without a place, by a name of the caller's. */
void profile_sum_text(const struct profile *p, uint64_t hits, const char *name, char *to);
