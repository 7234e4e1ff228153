/* toolkit/cpuid_words.c - see toolkit/cpuid_words.h. */
#include "toolkit/cpuid_words.h"

#include "toolkit/hex_words.h"

static enum status read_u32(struct text t, uint32_t *value)
{
	uint64_t number = 0;
	enum status s = hex_read(t, UINT32_MAX, &number);

	*value = (uint32_t)number;
	return s;
}

static enum status read_leaf(struct text t, struct cpuid_override *o)
{
	struct text leaf = {.at = t.at}, rest = t;
	enum status s;

	text_next_piece(&rest, '.', &leaf);
	s = read_u32(leaf, &o->leaf);
	if (s == OK && leaf.len < t.len)
		s = read_u32(rest, &o->subleaf);
	return s;
}

static enum status read_register(struct text word, struct cpuid_override *o)
{
	static const char *const names[] = {"eax", "ebx", "ecx", "edx"};
	uint32_t *const values[] = {&o->regs.eax, &o->regs.ebx, &o->regs.ecx, &o->regs.edx};
	struct text name, value;

	text_split(word, &name, &value);
	for (unsigned i = 0; i < ARRAY_SIZE(names) && value.at; i++) {
		if (!text_is(name, names[i]))
			continue;
		if (o->named & BIT(i))
			return ERR_EXISTS;
		o->named |= 1u << i;
		return read_u32(value, values[i]);
	}
	return ERR_INVALID;
}

static const char *explain(enum status s)
{
	switch (s) {
	case ERR_RANGE:
		return "a number has at most 32 bits";
	case ERR_EXISTS:
		return "this register is there twice";
	case ERR_FULL:
		return "there is no room for so many leaves";
	default:
		return "cpuid= takes LEAF:eax=N:ebx=N..., numbers in hex, such as 1:ecx=0";
	}
}

enum status cpuid_words_read(struct text value, struct cpuid_override *list, unsigned *count,
			     struct text *bad, const char **what)
{
	struct text one, piece;
	enum status s = OK;

	*count = 0;
	while (s == OK && text_next_piece(&value, ',', &one)) {
		struct cpuid_override *o = &list[*count];

		*bad = one;
		if (*count == CPUID_WORDS_MAX) {
			s = ERR_FULL;
			break;
		}
		*o = (struct cpuid_override){0};
		piece = (struct text){.at = one.at};
		text_next_piece(&one, ':', &piece);
		s = read_leaf(piece, o);
		while (s == OK && text_next_piece(&one, ':', &piece)) {
			s = read_register(piece, o);
			*bad = s == OK ? *bad : piece;
		}
		if (s == OK && !o->named)
			s = ERR_INVALID;
		(*count)++;
	}
	*what = explain(s);
	return s;
}
