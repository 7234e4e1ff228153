/* toolkit/cr_words.c - see toolkit/cr_words.h. */
#include "toolkit/cr_words.h"

#include "kernel/text_cr.h"
#include "kernel/x86.h"

#define DIGITS_MAX 16u
#define NAME_MAX   16u

static enum status refuse(struct text piece, const char *sentence, struct text *bad,
			  const char **what, enum status s)
{
	*bad = piece;
	*what = sentence;
	return s;
}

static enum status read_number(struct text piece, uint64_t *number)
{
	bool prefix = piece.len > 2 && piece.at[0] == '0' && (piece.at[1] | 0x20) == 'x';
	size_t first = prefix ? 2 : 0;

	if (piece.len == first)
		return ERR_INVALID;
	*number = 0;
	for (size_t i = first; i < piece.len; i++) {
		char c = piece.at[i], low = (char)(c | 0x20);
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (low >= 'a' && low <= 'f')
			digit = (unsigned)(low - 'a') + 10;
		else
			return ERR_INVALID;
		if (*number >> 60)
			return ERR_RANGE;
		*number = *number << 4 | digit;
	}
	return OK;
}

enum status cr3_targets_read(struct text value, struct cr3_targets *targets, struct text *bad,
			     const char **what)
{
	struct text piece;
	enum status s;

	targets->count = 0;
	while (text_next_piece(&value, ',', &piece)) {
		if (targets->count == CR3_TARGETS_MAX)
			return refuse(piece, "a CPU has four CR3-target values at most", bad, what,
				      ERR_FULL);
		s = read_number(piece, &targets->at[targets->count]);
		if (s != OK)
			return refuse(piece, "not a hexadecimal number of 64 bits", bad, what, s);
		targets->count++;
	}
	return OK;
}

void cr_changes(unsigned cr, uint64_t old, uint64_t now, char *to)
{
	size_t at = 0;

	to[0] = '\0';
	for (unsigned bit = 0; bit < 64 && at + NAME_MAX < CR_CHANGES_TEXT; bit++) {
		const char *name = text_cr_bit(cr, bit);

		if (!((old ^ now) & BIT(bit)))
			continue;
		at += text_format(to + at, CR_CHANGES_TEXT - at, "%s%c", at ? " " : " (",
				  now & BIT(bit) ? '+' : '-');
		at += name ? text_format(to + at, CR_CHANGES_TEXT - at, "%s", name)
			   : text_format(to + at, CR_CHANGES_TEXT - at, "bit %u", bit);
	}
	if (at)
		text_format(to + at, CR_CHANGES_TEXT - at, ")");
}
