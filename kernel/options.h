/*
 * kernel/options.h - the hypervisor's command line: key=value words.
 *
 * Pure. Words are separated by blanks; a value, or a whole word, may stand in double quotes and
 * hold blanks then. A key given twice: the last one counts. What nobody has asked for is unknown,
 * and can be listed at the end of start-up.
 */
#pragma once

#include "kernel/text.h"

#define OPTIONS_MAX 64u

struct option {
	struct text key, value; /* value.at NULL: the word has no '=' */
	bool asked_for;
};

struct options {
	struct option items[OPTIONS_MAX];
	unsigned count;
};

/* Splits the line, which must live on. ERR_INVALID: a quote that does not end, or no key before
 * '='; ERR_FULL: too many words. *bad is the word then, and what stands before it holds. */
MUST_CHECK enum status options_parse(struct options *o, const char *line, struct text *bad);

/* Each getter says that its key is known, and returns ERR_NOT_FOUND (*value stays as it was) if the
 * key was not given. */

/* ERR_INVALID: no value. */
MUST_CHECK enum status options_text(struct options *o, const char *key, struct text *value);

/* Errors also as text_to_u64(); ERR_RANGE above most. */
MUST_CHECK enum status options_u64(struct options *o, const char *key, uint64_t most,
				   uint64_t *value);

/* Bytes, with K, M, G or T; errors also as text_to_size(). */
MUST_CHECK enum status options_size(struct options *o, const char *key, uint64_t *value);

/* "key", "key=on", "yes", "1" and their opposites. ERR_INVALID: another word. */
MUST_CHECK enum status options_flag(struct options *o, const char *key, bool *value);

/* One of count words; *value is its index. ERR_INVALID: another word, or none. */
MUST_CHECK enum status options_choice(struct options *o, const char *key, const char *const *words,
				      unsigned count, unsigned *value);

/* The raw text of what was given for key, for a message about it. Empty if it was not given. */
struct text options_given(const struct options *o, const char *key);

/* Goes through the words that no getter has asked for: *position starts at 0. False at the end. */
bool options_next_unknown(const struct options *o, unsigned *position, struct text *word);
