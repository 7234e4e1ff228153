/* toolkit/symbols.c - see toolkit/symbols.h. */
#include "toolkit/symbols.h"

#include "kernel/string.h"

#define DIGITS_MAX 16u

/* memchr() is the quick way through a text of megabytes. */
static struct text take_line(struct text *rest)
{
	const char *end = memchr(rest->at, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->at) : rest->len;
	struct text line = {.at = rest->at, .len = len};

	rest->at += len + (end ? 1 : 0);
	rest->len -= len + (end ? 1 : 0);
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool read_hex(struct text digits, uint64_t *value)
{
	if (digits.len > 2 && digits.at[0] == '0' && (digits.at[1] | 0x20) == 'x')
		digits = (struct text){.at = digits.at + 2, .len = digits.len - 2};
	*value = 0;
	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.at[i], low = c | 0x20;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint64_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			*value = *value << 4 | (uint64_t)(low - 'a' + 10);
		else
			return false;
	}
	return digits.len > 0 && digits.len <= DIGITS_MAX;
}

static bool is_printable(struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '!' || t.at[i] > '~')
			return false;
	}
	return true;
}

static bool is_of_a_place(struct text type)
{
	char c = type.len == 1 ? type.at[0] : '?', low = c | 0x20;

	return low >= 'b' && low <= 'z' && c != 'U';
}

bool symbols_next(struct text *rest, struct symbol *s)
{
	while (rest->len) {
		struct text line = take_line(rest), address, type;

		if (text_next_word(&line, &address) && text_next_word(&line, &type) &&
		    text_next_word(&line, &s->name) && is_of_a_place(type) &&
		    read_hex(address, &s->at) && is_printable(s->name))
			return true;
	}
	return false;
}
