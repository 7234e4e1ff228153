/* kernel/options.c - see kernel/options.h. */
#include "kernel/options.h"

#include "kernel/string.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes one word off the line; blanks in quotes belong to it. False at the end of the line. */
static bool next_word(const char **line, struct text *word, bool *open_quote)
{
	const char *p = *line;
	bool quoted = false;

	while (is_blank(*p))
		p++;
	if (*p == '\0')
		return false;
	*word = (struct text){.at = p};
	while (*p != '\0' && (quoted || !is_blank(*p))) {
		if (*p == '"')
			quoted = !quoted;
		p++;
	}
	word->len = (size_t)(p - word->at);
	*open_quote = quoted;
	*line = p;
	return true;
}

/* Takes the quotes off a text that stands in a pair of them. False: quotes anywhere else. */
static bool unquote(struct text *t)
{
	if (t->len >= 2 && t->at[0] == '"' && t->at[t->len - 1] == '"') {
		t->at++;
		t->len -= 2;
	}
	return t->len == 0 || memchr(t->at, '"', t->len) == NULL;
}

static bool parse_word(struct text word, struct option *option)
{
	/* Not unquote() at once: in key="a b" only the value is quoted. */
	if (word.at[0] == '"' && !unquote(&word))
		return false;
	*option = (struct option){.asked_for = false};
	text_split(word, &option->key, &option->value);
	if (option->key.len == 0 || memchr(option->key.at, '"', option->key.len) != NULL)
		return false;
	return option->value.at == NULL || unquote(&option->value);
}

enum status options_parse(struct options *o, const char *line, struct text *bad)
{
	bool open_quote;
	struct text word;

	o->count = 0;
	while (next_word(&line, &word, &open_quote)) {
		*bad = word;
		if (o->count == OPTIONS_MAX)
			return ERR_FULL;
		if (open_quote || !parse_word(word, &o->items[o->count]))
			return ERR_INVALID;
		o->count++;
	}
	return OK;
}

/* The last one with this key; all of them are known from now on. */
static const struct option *find(struct options *o, const char *key)
{
	const struct option *found = NULL;

	for (unsigned i = 0; i < o->count; i++) {
		if (text_is(o->items[i].key, key)) {
			o->items[i].asked_for = true;
			found = &o->items[i];
		}
	}
	return found;
}

enum status options_text(struct options *o, const char *key, struct text *value)
{
	const struct option *option = find(o, key);

	if (option == NULL)
		return ERR_NOT_FOUND;
	if (option->value.at == NULL)
		return ERR_INVALID;
	*value = option->value;
	return OK;
}

enum status options_u64(struct options *o, const char *key, uint64_t most, uint64_t *value)
{
	struct text text;
	uint64_t number;
	enum status s = options_text(o, key, &text);

	if (s == OK)
		s = text_to_u64(text, &number);
	if (s != OK)
		return s;
	if (number > most)
		return ERR_RANGE;
	*value = number;
	return OK;
}

enum status options_size(struct options *o, const char *key, uint64_t *value)
{
	struct text text;
	enum status s = options_text(o, key, &text);

	return s == OK ? text_to_size(text, value) : s;
}

static bool find_word(struct text t, const char *const *words, unsigned count, unsigned *index)
{
	for (unsigned i = 0; i < count; i++) {
		if (text_is(t, words[i])) {
			*index = i;
			return true;
		}
	}
	return false;
}

enum status options_flag(struct options *o, const char *key, bool *value)
{
	static const char *const words[] = {"off", "on", "no", "yes", "0", "1"};
	const struct option *option = find(o, key);
	unsigned index;

	if (option == NULL)
		return ERR_NOT_FOUND;
	if (option->value.at == NULL) {
		*value = true;
		return OK;
	}
	if (!find_word(option->value, words, ARRAY_SIZE(words), &index))
		return ERR_INVALID;
	*value = index % 2 == 1;
	return OK;
}

enum status options_choice(struct options *o, const char *key, const char *const *words,
			   unsigned count, unsigned *value)
{
	struct text text;
	enum status s = options_text(o, key, &text);

	if (s != OK)
		return s;
	return find_word(text, words, count, value) ? OK : ERR_INVALID;
}

struct text options_given(const struct options *o, const char *key)
{
	for (unsigned i = o->count; i-- > 0;) {
		if (text_is(o->items[i].key, key) && o->items[i].value.at != NULL)
			return o->items[i].value;
	}
	return text_from("");
}

bool options_next_unknown(const struct options *o, unsigned *position, struct text *word)
{
	while (*position < o->count) {
		const struct option *option = &o->items[(*position)++];

		if (!option->asked_for) {
			*word = option->key;
			return true;
		}
	}
	return false;
}
