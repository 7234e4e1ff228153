/* guest/vm_line.c - a module's command line into a struct vm_config, or into words about what is
 * wrong with it: the line as a whole. */
#include "guest/vm_line_parser.h"

#include "kernel/assert.h"
#include "kernel/string.h"

#define QUOTE_COLUMNS 72u /* of a quoted line; longer ones are cut */
#define QUOTE_BEFORE  24u /* columns before the word at fault that stay when a line is cut */

/* Copies len bytes of the line for the eye: a control character would move the caret. */
static size_t append_quote(char *to, struct text from)
{
	for (size_t i = 0; i < from.len; i++)
		to[i] = from.at[i] >= ' ' && from.at[i] <= '~' ? from.at[i] : '?';
	return from.len;
}

void vm_line_quote(struct text line, struct text word, const char *what, char *message, size_t size)
{
	char quote[QUOTE_COLUMNS + 8], mark[QUOTE_COLUMNS + 8];
	size_t column = (size_t)(word.at - line.at), start = 0, used = 0, length, marked;

	if (line.len > QUOTE_COLUMNS && column > QUOTE_BEFORE)
		start = column - QUOTE_BEFORE;
	length = min_u64(line.len - start, QUOTE_COLUMNS);
	if (start > 0) {
		memcpy(quote, "...", 3);
		used = 3;
	}
	column = column - start + used;
	used += append_quote(quote + used, (struct text){.at = line.at + start, .len = length});
	if (start + length < line.len) {
		memcpy(quote + used, "...", 3);
		used += 3;
	}
	quote[used] = '\0';
	marked = min_u64(word.len ? word.len : 1, sizeof(mark) - 1 - column);
	memset(mark, ' ', column);
	memset(mark + column, '~', marked);
	mark[column] = '^';
	mark[column + marked] = '\0';
	text_format(message, size, "%s\n  %s\n  %s", what, quote, mark);
}

enum status line_fail(struct line_parser *p, enum status s, struct text word, const char *what)
{
	vm_line_quote(p->line, word, what, p->message, p->size);
	return s;
}

enum status line_fail_value(struct line_parser *p, enum status s, const char *what)
{
	return line_fail(p, s, p->value, what);
}

static bool name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

enum status line_take_name(struct line_parser *p, char name[VM_NAME_SIZE])
{
	struct text v = p->value;

	if (v.len == 0 || v.len >= VM_NAME_SIZE)
		return line_fail_value(p, ERR_INVALID, "vm= takes a name of 1 to 31 characters");
	for (size_t i = 0; i < v.len; i++) {
		struct text bad = {.at = v.at + i, .len = 1};

		if (!name_character(v.at[i]))
			return line_fail(p, ERR_INVALID, bad,
					 "a vm= name has letters, digits, '-', '_' and '.' only");
	}
	memcpy(name, v.at, v.len);
	name[v.len] = '\0';
	return OK;
}

static enum status parse_word(struct line_parser *p, struct text word)
{
	text_split(word, &p->key, &p->value);
	for (size_t i = 0; i < p->key_count; i++) {
		const struct line_key *key = &p->keys[i];

		if (!text_is(p->key, key->name))
			continue;
		if (!key->is_flag && !p->value.at)
			return line_fail(p, ERR_INVALID, word,
					 "this word needs a value, as in vm=demo");
		if (key->is_flag && p->value.at)
			return line_fail(p, ERR_INVALID, word, "this word takes no value");
		if (p->seen[i].at)
			return line_fail(p, ERR_EXISTS, p->key, "this word is there twice");
		p->seen[i] = p->key;
		return key->parse(p);
	}
	return line_fail(p, ERR_INVALID, p->key.len ? p->key : word, "unknown word");
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text trim(struct text t)
{
	while (t.len > 0 && is_blank(t.at[0])) {
		t.at++;
		t.len--;
	}
	while (t.len > 0 && is_blank(t.at[t.len - 1]))
		t.len--;
	return t;
}

enum status line_parse(struct line_parser *p, struct text line)
{
	struct text rest, word;

	ASSERT(p->key_count <= LINE_KEYS_MAX);
	p->line = trim(line);
	p->first = (struct text){.at = p->line.at, .len = 0};
	rest = p->line;
	while (text_next_word(&rest, &word)) {
		enum status s;

		if (text_is(word, "--")) {
			p->args = trim(rest);
			break;
		}
		if (p->first.len == 0)
			p->first = word;
		s = parse_word(p, word);
		if (s != OK)
			return s;
	}
	if (!p->seen[0].at)
		return line_fail(p, ERR_NOT_FOUND, p->first, "vm=NAME is missing");
	return OK;
}
