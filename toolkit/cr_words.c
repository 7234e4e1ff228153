/* toolkit/cr_words.c - see toolkit/cr_words.h. */
#include "toolkit/cr_words.h"

#include "kernel/text_cr.h"
#include "kernel/x86.h"
#include "toolkit/hex_words.h"

#define NAME_MAX 16u

static enum status refuse(struct text piece, const char *sentence, struct text *bad,
			  const char **what, enum status s)
{
	*bad = piece;
	*what = sentence;
	return s;
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
		s = hex_read(piece, UINT64_MAX, &targets->at[targets->count]);
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
