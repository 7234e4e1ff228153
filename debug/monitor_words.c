/* debug/monitor_words.c - see debug/monitor_words.h. */
#include "debug/monitor_words.h"

#include "kernel/string.h"

#define NEAR_BYTES 16u /* longer words are near to nothing */

bool monitor_split(struct text line, struct monitor_args *a)
{
	struct text word;

	a->count = 0;
	while (text_next_word(&line, &word)) {
		if (a->count == MONITOR_WORDS_MAX)
			return false;
		a->words[a->count++] = word;
	}
	return true;
}

const struct monitor_command *monitor_find(const struct monitor_command *const *commands,
					   struct text name)
{
	for (; *commands; commands++) {
		if (text_is(name, (*commands)->name))
			return *commands;
	}
	return NULL;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, row by row: [i] is that of b's first i characters. */
static unsigned distance(struct text a, struct text b)
{
	unsigned row[NEAR_BYTES + 1];

	for (unsigned i = 0; i <= b.len; i++)
		row[i] = i;
	for (size_t j = 0; j < a.len; j++) {
		unsigned before = row[0]++; /* above and left of row[i] */

		for (unsigned i = 1; i <= b.len; i++) {
			unsigned changed = before + (a.at[j] != b.at[i - 1]);

			before = row[i];
			row[i] = least(changed, least(row[i], row[i - 1]) + 1);
		}
	}
	return row[b.len];
}

bool monitor_is_near(struct text written, const char *name)
{
	struct text known = text_from(name);

	if (memcmp(written.at, name, least((unsigned)written.len, (unsigned)known.len)) == 0)
		return true;
	if (written.len > NEAR_BYTES || known.len > NEAR_BYTES)
		return false;
	return distance(written, known) <=
	       least(2, least((unsigned)written.len, (unsigned)known.len) - 1);
}

enum status monitor_number(struct text word, uint64_t low, uint64_t high, uint64_t *value)
{
	uint64_t number;
	enum status s = text_to_u64(word, &number);

	if (s == OK && (number < low || number > high))
		s = ERR_RANGE;
	if (s == OK)
		*value = number;
	return s;
}
