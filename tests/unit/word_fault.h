/*
 * tests/unit/word_fault.h - a table of words that a reader of the toolkit refuses: how, because of
 * which part, and in which words it says so.
 */
#pragma once

#include "tests/unit/support.h"

#include <string.h>

#include "kernel/status.h"
#include "kernel/text.h"

struct word_fault {
	const char *word;
	const char *bad; /* the part at fault, where it is found last; NULL: all of the word */
	const char *what;
	enum status status;
};

/* The reader came back with these three. */
static inline void assert_word_fault(const struct word_fault *f, enum status s, struct text bad,
				     const char *what)
{
	const char *at = f->word;

	if (s != f->status || strcmp(what, f->what) != 0)
		fail_msg("%s: %s, %s", f->word, status_text(s), what ? what : "");
	if (!text_is(bad, f->bad ? f->bad : f->word))
		fail_msg("%s: at fault is %.*s", f->word, (int)bad.len, bad.at);
	if (f->bad) {
		for (const char *next = strstr(at, f->bad); next; next = strstr(next + 1, f->bad))
			at = next;
	}
	assert_ptr_equal(bad.at, at);
}
