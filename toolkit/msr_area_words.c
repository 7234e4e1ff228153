/* toolkit/msr_area_words.c - see toolkit/msr_area_words.h. */
#include "toolkit/msr_area_words.h"

#include "toolkit/hex_words.h"

static bool is_allowed(const struct msr_features *features, uint64_t index)
{
	uint32_t allowed;

	for (unsigned i = 0; msr_caller_switches(features, i, &allowed); i++) {
		if (allowed == index)
			return true;
	}
	return false;
}

/* As WRMSR checks it. */
static bool value_is_possible(const struct msr_features *features, uint32_t index, uint64_t value)
{
	const struct msr_context now = {0};
	struct guest_msrs msrs;

	msr_reset(&msrs, features);
	return msr_write(&msrs, index, &value, &now) == MSR_CALLER_PASS;
}

static enum status read_one(struct text word, const struct msr_features *features,
			    struct msr_area_entry *e)
{
	struct text index, value;
	uint64_t number;
	enum status s;

	*e = (struct msr_area_entry){0};
	text_split(word, &index, &value);
	s = hex_read(value.at ? index : word, UINT32_MAX, &number);
	if (s != OK)
		return s;
	if (!is_allowed(features, number))
		return ERR_UNSUPPORTED;
	e->index = (uint32_t)number;
	if (value.at)
		s = hex_read(value, UINT64_MAX, &e->value);
	return s == OK && !value_is_possible(features, e->index, e->value) ? ERR_RANGE : s;
}

static const char *explain(enum status s)
{
	switch (s) {
	case ERR_UNSUPPORTED:
		return "only STAR, LSTAR, CSTAR, FMASK, KERNEL_GS_BASE and TSC_AUX can be there";
	case ERR_RANGE:
		return "this MSR does not take such a value";
	case ERR_EXISTS:
		return "this MSR is there twice";
	default:
		return "msrarea= takes INDEX or INDEX=VALUE in hex, such as c0000082=1000";
	}
}

enum status msr_area_words_read(struct text value, const struct msr_features *features,
				struct msr_area_entry *list, unsigned *count, struct text *bad,
				const char **what)
{
	struct text word;
	enum status s = OK;

	*count = 0;
	while (s == OK && text_next_piece(&value, ',', &word)) {
		*bad = word;
		s = read_one(word, features, &list[*count]);
		for (unsigned i = 0; i < *count && s == OK; i++)
			s = list[i].index == list[*count].index ? ERR_EXISTS : OK;
		(*count)++;
	}
	*what = explain(s);
	return s;
}
