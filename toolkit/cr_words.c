/* toolkit/cr_words.c - see toolkit/cr_words.h. */
#include "toolkit/cr_words.h"

#include "kernel/x86.h"

#define DIGITS_MAX 16u
#define NAME_MAX   16u

static const struct {
	uint8_t cr, bit;
	char name[11];
} names[] = {
	{0, 0, "PE"},       {0, 1, "MP"},        {0, 2, "EM"},     {0, 3, "TS"},
	{0, 4, "ET"},       {0, 5, "NE"},        {0, 16, "WP"},    {0, 18, "AM"},
	{0, 29, "NW"},      {0, 30, "CD"},       {0, 31, "PG"},    {4, 0, "VME"},
	{4, 1, "PVI"},      {4, 2, "TSD"},       {4, 3, "DE"},     {4, 4, "PSE"},
	{4, 5, "PAE"},      {4, 6, "MCE"},       {4, 7, "PGE"},    {4, 8, "PCE"},
	{4, 9, "OSFXSR"},   {4, 10, "OSXMMEXC"}, {4, 11, "UMIP"},  {4, 12, "LA57"},
	{4, 13, "VMXE"},    {4, 14, "SMXE"},     {4, 16, "FSGSB"}, {4, 17, "PCIDE"},
	{4, 18, "OSXSAVE"}, {4, 20, "SMEP"},     {4, 21, "SMAP"},  {4, 22, "PKE"},
	{4, 23, "CET"},     {4, 24, "PKS"},
};

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

static const char *name_of(unsigned cr, unsigned bit)
{
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].cr == cr && names[i].bit == bit)
			return names[i].name;
	}
	return NULL;
}

void cr_changes(unsigned cr, uint64_t old, uint64_t now, char *to)
{
	size_t at = 0;

	to[0] = '\0';
	for (unsigned bit = 0; bit < 64 && at + NAME_MAX < CR_CHANGES_TEXT; bit++) {
		const char *name = name_of(cr, bit);

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
