/* toolkit/ept_words.c - see toolkit/ept_words.h. */
#include "toolkit/ept_words.h"

#include "toolkit/hex_words.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands before the colon, and behind it. */
static bool split(struct text word, struct text *before, struct text *behind)
{
	size_t i = 0;

	while (i < word.len && word.at[i] != ':')
		i++;
	*before = (struct text){.at = word.at, .len = i};
	*behind = (struct text){.at = word.at + i + 1, .len = i < word.len ? word.len - i - 1 : 0};
	return behind->len != 0;
}

static enum status take(struct text t, uint64_t *address, bool page, struct text *bad,
			const char **what)
{
	enum status s = hex_read(t, BIT(48) - 1, address);

	if (s == OK && page && *address % PAGE_4K)
		s = ERR_INVALID;
	if (s == OK)
		return OK;
	*bad = t;
	*what = s == ERR_RANGE ? "this address is out of range"
		: page         ? "not the hexadecimal address of a page"
			       : "not a hexadecimal address";
	return s;
}

enum status redirect_read(struct text word, struct redirect *r, struct text *bad, const char **what)
{
	struct text page, other;
	enum status s;

	*r = (struct redirect){0};
	if (!split(word, &page, &other)) {
		*bad = word;
		*what = "redirect= takes ADDR:OTHER; OTHER is a page, zeros or ones";
		return ERR_INVALID;
	}
	s = take(page, &r->page, true, bad, what);
	if (s != OK)
		return s;
	if (text_is(other, "zeros"))
		r->kind = REDIRECT_ZEROS;
	else if (text_is(other, "ones"))
		r->kind = REDIRECT_ONES;
	else
		s = take(other, &r->other, true, bad, what);
	return s;
}

enum status redirects_read(struct text value, struct redirect list[REDIRECTS_MAX], unsigned *count,
			   struct text *bad, const char **what)
{
	struct text piece;

	*count = 0;
	while (text_next_piece(&value, ',', &piece)) {
		struct redirect one;
		enum status s = redirect_read(piece, &one, bad, what);

		if (s != OK)
			return s;
		*bad = piece;
		*what = "this page is there twice";
		for (unsigned i = 0; i < *count; i++) {
			if (list[i].page == one.page)
				return ERR_EXISTS;
		}
		*what = "there is no room for so many pages";
		if (*count == REDIRECTS_MAX)
			return ERR_FULL;
		list[(*count)++] = one;
	}
	return OK;
}

enum status hook_read(struct text word, struct hook *h, struct text *bad, const char **what)
{
	struct text at, bytes;
	enum status s;

	*h = (struct hook){0};
	if (!split(word, &at, &bytes)) {
		*bad = word;
		*what = "hook= takes ADDR:HEXBYTES, as in hook=8123:b001";
		return ERR_INVALID;
	}
	s = take(at, &h->at, false, bad, what);
	if (s != OK)
		return s;
	*bad = bytes;
	*what = "1 to 16 bytes, of two hexadecimal digits each";
	if (bytes.len % 2 || bytes.len / 2 > HOOK_BYTES_MAX)
		return ERR_INVALID;
	for (size_t i = 0; i < bytes.len; i += 2) {
		int high = digit_of(bytes.at[i]), low = digit_of(bytes.at[i + 1]);

		if (high < 0 || low < 0)
			return ERR_INVALID;
		h->bytes[h->count++] = (uint8_t)(high << 4 | low);
	}
	*what = "these bytes do not lie in one page";
	return h->at % PAGE_4K + h->count <= PAGE_4K ? OK : ERR_RANGE;
}
