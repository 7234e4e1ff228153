/* toolkit/tsc_words.c - see toolkit/tsc_words.h. */
#include "toolkit/tsc_words.h"

#define FRACTION_BITS 48u

static enum status read_offset(struct text t, uint64_t *offset)
{
	bool negative = t.len > 0 && t.at[0] == '-';
	enum status s;

	if (negative)
		t = (struct text){t.at + 1, t.len - 1};
	s = text_to_u64(t, offset);
	if (negative)
		*offset = -*offset;
	return s;
}

/* n / m with a fraction of 48 bits, rounded down; n and m have 32 bits. */
static enum status divide(uint64_t n, uint64_t m, uint64_t *multiplier)
{
	uint64_t whole, high, rest;

	if (!m || n >> 32 || m >> 32)
		return ERR_RANGE;
	whole = n / m;
	rest = n % m;
	high = (rest << 32) / m;
	rest = (rest << 32) % m;
	*multiplier = whole << FRACTION_BITS | high << 16 | (rest << 16) / m;
	return whole >> 16 || !*multiplier ? ERR_RANGE : OK;
}

static enum status read_scale(struct text t, uint64_t *multiplier)
{
	struct text rest = t, first;
	uint64_t n, m = 1;
	enum status s;

	if (!text_next_piece(&rest, '/', &first))
		return ERR_INVALID;
	s = text_to_u64(first, &n);
	if (s == OK && first.len < t.len)
		s = text_to_u64(rest, &m);
	return s == OK ? divide(n, m, multiplier) : s;
}

enum status tsc_words_read(struct text value, struct tsc_words *w, struct text *bad,
			   const char **what)
{
	struct text piece, name;
	bool has_offset = false;
	enum status s = OK;

	*w = (struct tsc_words){0};
	*bad = value;
	*what = "tsc= takes offset:N, scale:N or scale:N/M";
	while (s == OK && text_next_piece(&value, ',', &piece)) {
		*bad = piece;
		if (!text_next_piece(&piece, ':', &name))
			return ERR_INVALID;
		if (text_is(name, "offset")) {
			s = has_offset ? ERR_EXISTS : read_offset(piece, &w->offset);
			has_offset = true;
		} else if (text_is(name, "scale")) {
			s = w->multiplier ? ERR_EXISTS : read_scale(piece, &w->multiplier);
		} else {
			return ERR_INVALID;
		}
	}
	if (s == ERR_EXISTS)
		*what = "this is there twice";
	else if (s == ERR_RANGE)
		*what = "an offset has 64 bits; a ratio of 32-bit numbers is below 65536";
	return s;
}
