/* toolkit/watch_words.c - see toolkit/watch_words.h. */
#include "toolkit/watch_words.h"

#include "kernel/string.h"
#include "toolkit/hex_words.h"

#define VECTOR_NMI       2u
#define VECTOR_PF        14u
#define VECTOR_MC        18u
#define MICROSECONDS_MAX 1000000u
#define EPT_WATCH_MAX    (16 * MIB) /* each page becomes a small one */

/* What may stand behind a name. */
enum form {
	FORM_ALONE,
	FORM_RANGE,
	FORM_MSR,
	FORM_VECTOR,
	FORM_NUMBER,
	FORM_OPTIONAL,
	FORM_MEMORY
};

struct kind_words {
	const char *name;
	enum form form;
	uint64_t least, most;
	bool is_hex;
};

static const struct kind_words kinds[WATCH_KINDS] = {
	[WATCH_IO] = {"io", FORM_RANGE, 0, 0xffff, true},
	[WATCH_MSR] = {"msr", FORM_MSR, 0, UINT32_MAX, true},
	[WATCH_CR0] = {"cr0", FORM_ALONE, 0, 0, false},
	[WATCH_CR3] = {"cr3", FORM_ALONE, 0, 0, false},
	[WATCH_CR4] = {"cr4", FORM_ALONE, 0, 0, false},
	[WATCH_CR8] = {"cr8", FORM_ALONE, 0, 0, false},
	[WATCH_DR] = {"dr", FORM_ALONE, 0, 0, false},
	[WATCH_EXC] = {"exc", FORM_VECTOR, 0, 31, false},
	[WATCH_DESC] = {"desc", FORM_ALONE, 0, 0, false},
	[WATCH_TSC] = {"tsc", FORM_ALONE, 0, 0, false},
	[WATCH_INVLPG] = {"invlpg", FORM_ALONE, 0, 0, false},
	[WATCH_HLT] = {"hlt", FORM_ALONE, 0, 0, false},
	[WATCH_PAUSE] = {"pause", FORM_ALONE, 0, 0, false},
	[WATCH_XSETBV] = {"xsetbv", FORM_ALONE, 0, 0, false},
	[WATCH_CPUID] = {"cpuid", FORM_OPTIONAL, 0, UINT32_MAX, true},
	[WATCH_PREEMPT] = {"preempt", FORM_NUMBER, 1, MICROSECONDS_MAX, false},
	[WATCH_STEP] = {"step", FORM_OPTIONAL, 0, UINT64_MAX, true},
	[WATCH_EPT] = {"ept", FORM_MEMORY, 0, BIT(48) - 1, true},
	[WATCH_FRESH] = {"fresh", FORM_ALONE, 0, 0, false},
	[WATCH_DIRTY] = {"dirty", FORM_ALONE, 0, 0, false},
	[WATCH_SYSCALL] = {"syscall", FORM_ALONE, 0, 0, false},
};

const char *watch_kind_name(enum watch_kind kind)
{
	return kinds[kind].name;
}

struct reader {
	struct watch *w;
	const struct kind_words *k;
	struct text word, rest; /* what is not read yet */
	struct text *bad;
	const char **what;
};

static enum status fail(struct reader *r, enum status s, struct text bad, const char *what)
{
	*r->bad = bad;
	*r->what = what;
	return s;
}

/* What stands before mark, or all of it; true if the mark was there. */
static bool split_at(struct text *rest, char mark, struct text *piece)
{
	size_t whole = rest->len;

	*piece = *rest; /* empty, if nothing is left to take */
	text_next_piece(rest, mark, piece);
	return piece->len < whole;
}

static enum status take_number(struct reader *r, struct text piece, uint64_t *number)
{
	enum status s =
		r->k->is_hex ? hex_read(piece, r->k->most, number) : text_to_u64(piece, number);

	if (piece.len == 0)
		return fail(r, ERR_INVALID, r->word, "a number is missing");
	if (s == ERR_INVALID)
		return fail(r, s, piece, "not a number");
	if (s != OK || *number < r->k->least || *number > r->k->most)
		return fail(r, ERR_RANGE, piece, "this number is out of range");
	return OK;
}

static enum status take_single(struct reader *r, struct text piece)
{
	enum status s = take_number(r, piece, &r->w->low);

	r->w->high = r->w->low;
	return s;
}

static enum status take_range(struct reader *r, struct text piece)
{
	struct text first = piece, rest = piece;
	bool two = split_at(&rest, '-', &first);
	enum status s = take_number(r, first, &r->w->low);

	r->w->high = r->w->low;
	if (s == OK && two)
		s = take_number(r, rest, &r->w->high);
	if (s == OK && r->w->high < r->w->low)
		s = fail(r, ERR_RANGE, piece, "the range is upside down");
	return s;
}

static enum status take_rights(struct reader *r, struct text piece, const char *letters,
			       const char *what)
{
	r->w->rights = 0;
	for (size_t i = 0; i < piece.len; i++) {
		unsigned bit = 0;

		for (unsigned k = 0; letters[k]; k++)
			bit |= letters[k] == piece.at[i] ? 1u << k : 0;
		if (!bit || (r->w->rights & bit))
			return fail(r, ERR_INVALID, piece, what);
		r->w->rights |= bit;
	}
	return r->w->rights ? OK : fail(r, ERR_INVALID, r->word, what);
}

static enum status read_msr(struct reader *r)
{
	struct text range;
	bool more = split_at(&r->rest, ':', &range), last = true;
	enum status s = take_range(r, range);

	r->w->rights = WATCH_READ | WATCH_WRITE;
	if (s == OK && more) {
		struct text rights;

		last = !split_at(&r->rest, ':', &rights);
		s = take_rights(r, rights, "rw", "behind the index comes r, w or rw");
	}
	if (s == OK && !last)
		s = fail(r, ERR_INVALID, r->word, "this is too much");
	return s;
}

static enum status read_vector(struct reader *r)
{
	static const struct kind_words error_code = {.most = UINT32_MAX, .is_hex = true};
	struct text vector, mask;
	uint64_t numbers[2];
	bool more = split_at(&r->rest, ':', &vector);
	enum status s = take_single(r, vector);

	if (s == OK && (r->w->low == VECTOR_NMI || r->w->low == VECTOR_MC))
		return fail(r, ERR_RANGE, vector, "NMI and #MC are the host's");
	if (s != OK || !more)
		return s;
	if (r->w->low != VECTOR_PF)
		return fail(r, ERR_INVALID, r->rest.len ? r->rest : r->word,
			    "only #PF, exc:14, has a mask and a match");
	if (!split_at(&r->rest, ':', &mask))
		return fail(r, ERR_INVALID, r->word, "exc:14 has both, a mask and a match");
	r->k = &error_code;
	s = take_number(r, mask, &numbers[0]);
	if (s == OK)
		s = take_number(r, r->rest, &numbers[1]);
	if (s == OK) {
		r->w->mask = (uint32_t)numbers[0];
		r->w->match = (uint32_t)numbers[1];
	}
	return s;
}

static enum status read_memory(struct reader *r)
{
	struct text at, len;
	uint64_t len_bytes;
	enum status s;

	if (!split_at(&r->rest, '+', &at) || !split_at(&r->rest, ':', &len))
		return fail(r, ERR_INVALID, r->word, "ept takes ADDR+LEN:rwx, as in ept:8000+10:w");
	s = take_number(r, at, &r->w->low);
	if (s == OK)
		s = take_number(r, len, &len_bytes);
	if (s != OK)
		return s;
	if (len_bytes == 0 || len_bytes > EPT_WATCH_MAX || len_bytes > BIT(48) - r->w->low)
		return fail(r, ERR_RANGE, len,
			    "this length is out of range (1 to 1000000, 16 MiB)");
	r->w->high = r->w->low + len_bytes - 1;
	return take_rights(r, r->rest, "rwx", "behind the length come r, w, x or some of them");
}

static enum status read_rest(struct reader *r, bool more)
{
	enum form form = r->k->form;

	if (form == FORM_ALONE || (form == FORM_OPTIONAL && !more)) {
		r->w->all = form == FORM_OPTIONAL;
		r->w->high = form == FORM_OPTIONAL ? r->k->most : 0;
		return more ? fail(r, ERR_INVALID, r->word, "this word stands alone") : OK;
	}
	if (!more)
		return fail(r, ERR_INVALID, r->word, "something must follow, with a colon");
	switch (form) {
	case FORM_MSR:
		return read_msr(r);
	case FORM_VECTOR:
		return read_vector(r);
	case FORM_MEMORY:
		return read_memory(r);
	case FORM_RANGE:
		if (text_is(r->rest, "all")) {
			r->w->all = true;
			r->w->high = r->k->most;
			return OK;
		}
		return take_range(r, r->rest);
	default:
		return take_single(r, r->rest);
	}
}

enum status watch_read(struct text word, struct watch *w, struct text *bad, const char **what)
{
	struct reader r = {.w = w, .word = word, .rest = word, .bad = bad, .what = what};
	struct text name;
	bool more = split_at(&r.rest, ':', &name);

	*w = (struct watch){0};
	if (word.len > WATCH_TEXT_MAX)
		return fail(&r, ERR_INVALID, word, "this word is too long");
	for (unsigned i = 0; i < WATCH_KINDS; i++) {
		if (!text_is(name, kinds[i].name))
			continue;
		w->kind = (enum watch_kind)i;
		memcpy(w->text, word.at, word.len);
		r.k = &kinds[i];
		return read_rest(&r, more);
	}
	return fail(&r, ERR_INVALID, name.len ? name : word, "unknown word in watch=");
}
