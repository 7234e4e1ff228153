/*
 * kernel/text.h - text out of numbers (a small printf) and numbers out of text.
 *
 * Pure. No allocation, no lock, no locale, no floating point.
 * Formats: %d %i %u %x %X %c %s %p %% with flags 0 - # space +, width, precision, * and the lengths
 * hh h l ll z. Anything else prints itself, so that a wrong format is seen.
 */
#pragma once

#include <stdarg.h>

#include "kernel/status.h"

/* Writes at most size bytes with the final NUL (none if size is 0). Returns the length that the
 * whole text has, as C's vsnprintf does. */
size_t text_vformat(char *to, size_t size, const char *format, va_list args);
size_t text_format(char *to, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

/* A piece of a longer text; it is not terminated by NUL. */
struct text {
	const char *at;
	size_t len;
};

struct text text_from(const char *s);
bool text_is(struct text t, const char *s); /* exact, case matters */

/* Is t a piece of whole, not of a copy? It has a byte at least. */
bool text_lies_in(struct text t, struct text whole);

/* Decimal, or hexadecimal after 0x. The whole text must be digits. ERR_INVALID, or ERR_RANGE past
 * 64 bits. */
MUST_CHECK enum status text_to_u64(struct text t, uint64_t *value);

/* As text_to_u64, with an optional suffix K, M, G or T (powers of 1024; lower case too). */
MUST_CHECK enum status text_to_size(struct text t, uint64_t *bytes);

/* Takes the next word (separated by blanks or tabs) off the front of *rest. False at the end. */
bool text_next_word(struct text *rest, struct text *word);

/* Takes the next piece up to a separator off the front of *rest ("a,b" with ','). False at the end.
 * */
bool text_next_piece(struct text *rest, char separator, struct text *piece);

/* Splits key=value at the first '='. Without one, value.at is NULL. */
void text_split(struct text word, struct text *key, struct text *value);
