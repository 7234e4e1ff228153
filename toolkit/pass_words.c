/* toolkit/pass_words.c - see toolkit/pass_words.h. */
#include "toolkit/pass_words.h"

#include "mm/ept.h"
#include "toolkit/hex_words.h"

#define GUEST_END BIT(48) /* of EPT with four levels */
#define HOST_END  BIT(52)

struct reader {
	struct text word;
	struct text *bad;
	const char **what;
};

static enum status fail(struct reader *r, enum status s, struct text bad, const char *what)
{
	*r->bad = bad.len ? bad : r->word;
	*r->what = what;
	return s;
}

static enum status take_number(struct reader *r, struct text piece, uint64_t end, uint64_t *number)
{
	enum status s = hex_read(piece, end - 1, number);

	if (s == ERR_INVALID)
		return fail(r, s, piece, "pass= takes GPA:HPA+LEN[:rwx], in hexadecimal");
	if (s != OK)
		return fail(r, s, piece, "this number is out of range");
	if (!is_aligned(*number, PAGE_4K))
		return fail(r, ERR_ALIGNMENT, piece, "pages are whole: a multiple of 1000");
	return OK;
}

static enum status take_rights(struct reader *r, struct text piece, unsigned *rights)
{
	static const char letters[] = "rwx";

	*rights = 0;
	for (size_t i = 0; i < piece.len; i++) {
		unsigned bit = 0;

		for (unsigned k = 0; k < 3; k++)
			bit |= letters[k] == piece.at[i] ? 1u << k : 0;
		if (!bit || (*rights & bit))
			return fail(r, ERR_INVALID, piece, "rights are r, w, x or some of them");
		*rights |= bit;
	}
	if (!*rights)
		return fail(r, ERR_INVALID, piece, "rights are r, w, x or some of them");
	if ((*rights & EPT_WRITE) && !(*rights & EPT_READ))
		return fail(r, ERR_INVALID, piece, "EPT has no w without r");
	return OK;
}

enum status pass_read(struct text word, struct pass_range *range, struct text *bad,
		      const char **what)
{
	struct reader r = {.word = word, .bad = bad, .what = what};
	struct text rest = word, at = {0}, to = {0}, place = {0}, rights = {0};
	enum status s;

	*range = (struct pass_range){.rights = EPT_RWX};
	text_next_piece(&rest, ':', &at);
	if (text_next_piece(&rest, ':', &place))
		range->place = place;
	rights = rest;
	text_next_piece(&place, '+', &to);
	s = take_number(&r, at, GUEST_END, &range->at.raw);
	if (s == OK)
		s = take_number(&r, to, HOST_END, &range->to.raw);
	if (s == OK)
		s = take_number(&r, place, PASS_LEN_MAX + 1, &range->len_bytes);
	if (s != OK)
		return s;
	if (range->len_bytes == 0 || range->len_bytes > GUEST_END - range->at.raw ||
	    range->len_bytes > HOST_END - range->to.raw)
		return fail(&r, ERR_RANGE, place, "this length is out of range");
	/* A colon at the end wants something behind it. */
	if (rights.len || word.at[word.len - 1] == ':')
		return take_rights(&r, rights, &range->rights);
	return OK;
}
