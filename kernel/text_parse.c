/* kernel/text_parse.c - the other half of kernel/text.h: numbers and words out of text. */
#include "kernel/string.h"
#include "kernel/text.h"

struct text text_from(const char *s)
{
	return (struct text){.at = s, .len = s != NULL ? strlen(s) : 0};
}

bool text_is(struct text t, const char *s)
{
	return t.len == strlen(s) && memcmp(t.at, s, t.len) == 0;
}

bool text_lies_in(struct text t, struct text whole)
{
	return t.at >= whole.at && t.at < whole.at + whole.len;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

enum status text_to_u64(struct text t, uint64_t *value)
{
	unsigned base = 10;
	uint64_t sum = 0;

	if (t.len > 2 && t.at[0] == '0' && (t.at[1] == 'x' || t.at[1] == 'X')) {
		base = 16;
		t.at += 2;
		t.len -= 2;
	}
	if (t.len == 0)
		return ERR_INVALID;
	for (size_t i = 0; i < t.len; i++) {
		unsigned digit = (unsigned)digit_value(t.at[i]);

		if (digit >= base)
			return ERR_INVALID;
	}
	for (size_t i = 0; i < t.len; i++) {
		if (__builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, (unsigned)digit_value(t.at[i]), &sum))
			return ERR_RANGE;
	}
	*value = sum;
	return OK;
}

/* The power of two that a suffix stands for; 0 if it is none. */
static unsigned suffix_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	case 't':
	case 'T':
		return 40;
	default:
		return 0;
	}
}

enum status text_to_size(struct text t, uint64_t *bytes)
{
	unsigned shift = t.len > 0 ? suffix_shift(t.at[t.len - 1]) : 0;
	uint64_t value;
	enum status s;

	if (shift != 0)
		t.len--;
	s = text_to_u64(t, &value);
	if (s != OK)
		return s;
	if (value > UINT64_MAX >> shift)
		return ERR_RANGE;
	*bytes = value << shift;
	return OK;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool text_next_word(struct text *rest, struct text *word)
{
	while (rest->len > 0 && is_blank(*rest->at)) {
		rest->at++;
		rest->len--;
	}
	if (rest->len == 0)
		return false;
	*word = (struct text){.at = rest->at};
	while (word->len < rest->len && !is_blank(word->at[word->len]))
		word->len++;
	rest->at += word->len;
	rest->len -= word->len;
	return true;
}

bool text_next_piece(struct text *rest, char separator, struct text *piece)
{
	if (rest->len == 0)
		return false;
	*piece = (struct text){.at = rest->at};
	while (piece->len < rest->len && piece->at[piece->len] != separator)
		piece->len++;

	size_t taken = piece->len < rest->len ? piece->len + 1 : piece->len;

	rest->at += taken;
	rest->len -= taken;
	return true;
}

void text_split(struct text word, struct text *key, struct text *value)
{
	*value = (struct text){.at = NULL};
	*key = word;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] == '=') {
			key->len = i;
			*value = (struct text){.at = word.at + i + 1, .len = word.len - i - 1};
			return;
		}
	}
}
