/* guest/vm_line.c - a module's command line into a struct vm_config, or into words about what is
 * wrong with it. */
#include "guest/vm_line.h"

#include "kernel/string.h"

#define QUOTE_COLUMNS 72u /* of a quoted line; longer ones are cut */
#define QUOTE_BEFORE  24u /* columns before the word at fault that stay when a line is cut */

struct parser {
	struct text line;
	struct vm_config *config;
	char *message;
	size_t size;
	uint32_t seen; /* bit n: key n was there */
	struct text key, value;
};

const char *vm_kind_name(enum vm_kind kind)
{
	return kind == VM_KIND_FLAT ? "flat" : "unknown";
}

/* Copies len bytes of the line for the eye: a control character would move the caret. */
static size_t append_quote(char *to, struct text from)
{
	for (size_t i = 0; i < from.len; i++)
		to[i] = from.at[i] >= ' ' && from.at[i] <= '~' ? from.at[i] : '?';
	return from.len;
}

/* The message for a fault in word, which lies in the line: what, the line, the caret line. */
static enum status fail(struct parser *p, enum status s, struct text word, const char *what)
{
	char quote[QUOTE_COLUMNS + 8], mark[QUOTE_COLUMNS + 8];
	size_t column = (size_t)(word.at - p->line.at), start = 0, used = 0, length, marked;

	if (p->line.len > QUOTE_COLUMNS && column > QUOTE_BEFORE)
		start = column - QUOTE_BEFORE;
	length = min_u64(p->line.len - start, QUOTE_COLUMNS);
	if (start > 0) {
		memcpy(quote, "...", 3);
		used = 3;
	}
	column = column - start + used;
	used += append_quote(quote + used, (struct text){.at = p->line.at + start, .len = length});
	if (start + length < p->line.len) {
		memcpy(quote + used, "...", 3);
		used += 3;
	}
	quote[used] = '\0';
	marked = min_u64(word.len ? word.len : 1, sizeof(mark) - 1 - column);
	memset(mark, ' ', column);
	memset(mark + column, '~', marked);
	mark[column] = '^';
	mark[column + marked] = '\0';
	text_format(p->message, p->size, "%s\n  %s\n  %s", what, quote, mark);
	return s;
}

static enum status fail_value(struct parser *p, enum status s, const char *what)
{
	return fail(p, s, p->value, what);
}

static bool name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

static enum status parse_name(struct parser *p)
{
	struct text v = p->value;

	if (v.len == 0 || v.len >= VM_NAME_SIZE)
		return fail_value(p, ERR_INVALID, "vm= takes a name of 1 to 31 characters");
	for (size_t i = 0; i < v.len; i++) {
		struct text bad = {.at = v.at + i, .len = 1};

		if (!name_character(v.at[i]))
			return fail(p, ERR_INVALID, bad,
				    "a vm= name has letters, digits, '-', '_' and '.' only");
	}
	memcpy(p->config->name, v.at, v.len);
	p->config->name[v.len] = '\0';
	return OK;
}

static enum status parse_kind(struct parser *p)
{
	static const char *const later[] = {"linux", "multiboot", "bios"};

	if (text_is(p->value, "flat")) {
		p->config->kind = VM_KIND_FLAT;
		return OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (text_is(p->value, later[i]))
			return fail_value(p, ERR_UNSUPPORTED,
					  "this kind is not in this version; kind=flat is");
	return fail_value(p, ERR_INVALID, "unknown kind; kind=flat is the one there is");
}

static enum status parse_mem(struct parser *p)
{
	uint64_t bytes = 0;
	enum status s = text_to_size(p->value, &bytes);

	if (s == ERR_INVALID)
		return fail_value(p, s, "mem= takes a number with K, M, G or T, such as 64M");
	if (s != OK || bytes < VM_MEM_MIN || bytes > VM_MEM_MAX)
		return fail_value(p, ERR_RANGE, "mem= goes from 64K to 1T");
	if (!is_aligned(bytes, PAGE_4K))
		return fail_value(p, ERR_RANGE, "mem= must be a multiple of 4K");
	p->config->mem_bytes = bytes;
	return OK;
}

/* One to four hexadecimal digits. */
static bool parse_hex16(struct text t, uint16_t *value)
{
	uint16_t sum = 0;

	if (t.len == 0 || t.len > 4)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];
		int digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10;
		else
			return false;
		sum = (uint16_t)(sum << 4 | digit);
	}
	*value = sum;
	return true;
}

static enum status parse_load(struct parser *p)
{
	struct text offset = p->value, segment = {.at = p->value.at, .len = 0};

	while (segment.len < p->value.len && p->value.at[segment.len] != ':')
		segment.len++;
	if (segment.len < p->value.len) {
		offset.at += segment.len + 1;
		offset.len -= segment.len + 1;
		if (parse_hex16(segment, &p->config->load_segment) &&
		    parse_hex16(offset, &p->config->load_offset))
			return OK;
	}
	return fail_value(p, ERR_INVALID, "load= takes segment:offset in hex, such as 0000:7C00");
}

/* What a key with a number takes, and what is said of any other value. */
struct number_rule {
	uint64_t least, most;
	const char *not_a_number, *out_of_range;
};

static enum status take_number(struct parser *p, const struct number_rule *rule, uint64_t *number)
{
	enum status s = text_to_u64(p->value, number);

	if (s == ERR_INVALID)
		return fail_value(p, s, rule->not_a_number);
	if (s != OK || *number < rule->least || *number > rule->most)
		return fail_value(p, ERR_RANGE, rule->out_of_range);
	return OK;
}

static enum status parse_core(struct parser *p)
{
	static const struct number_rule rule = {0, VM_CORE_LAST, "core= takes a number, or any",
						"core= goes from 0 to 255"};
	uint64_t core = 0;
	enum status s;

	if (text_is(p->value, "any")) {
		p->config->core = VM_CORE_ANY;
		return OK;
	}
	s = take_number(p, &rule, &core);
	if (s == OK)
		p->config->core = (int)core;
	return s;
}

static enum status parse_repeat(struct parser *p)
{
	static const struct number_rule rule = {1, VM_REPEAT_MAX, "repeat= takes a number",
						"repeat= goes from 1 to 1000000"};

	return take_number(p, &rule, &p->config->repeat);
}

static enum status parse_limit(struct parser *p)
{
	static const struct number_rule rule = {1, VM_LIMIT_MAX_S,
						"limit= takes a number of seconds",
						"limit= goes from 1 to 1000000 seconds"};

	return take_number(p, &rule, &p->config->limit_s);
}

static enum status parse_cpus(struct parser *p)
{
	static const struct number_rule rule = {1, VM_CORE_LAST + 1, "cpus= takes a number",
						"cpus= goes from 1 to 256"};
	uint64_t cpus = 0;
	enum status s = take_number(p, &rule, &cpus);

	if (s != OK)
		return s;
	if (cpus > 1)
		return fail_value(p, ERR_UNSUPPORTED,
				  "more than one CPU in a VM is not in this version");
	p->config->cpus = (unsigned)cpus;
	return OK;
}

static enum status parse_poke(struct parser *p)
{
	struct text rest = p->value, field;

	if (!text_next_piece(&rest, ':', &field) || field.len == 0 ||
	    text_to_u64(rest, &p->config->poke_value) != OK)
		return fail_value(p, ERR_INVALID,
				  "poke= takes a VMCS field and a number, such as GUEST_RFLAGS:0");
	p->config->poke_field = field;
	return OK;
}

static enum status parse_role(struct parser *p)
{
	return fail(p, ERR_UNSUPPORTED, p->key, "role= is not in this version");
}

struct key {
	const char *name;
	enum status (*parse)(struct parser *p);
};

static const struct key keys[] = {
	{"vm", parse_name},   {"kind", parse_kind},     {"mem", parse_mem},   {"load", parse_load},
	{"core", parse_core}, {"repeat", parse_repeat}, {"cpus", parse_cpus}, {"role", parse_role},
	{"poke", parse_poke}, {"limit", parse_limit},
};

static enum status parse_word(struct parser *p, struct text word)
{
	text_split(word, &p->key, &p->value);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!text_is(p->key, keys[i].name))
			continue;
		if (!p->value.at)
			return fail(p, ERR_INVALID, word, "this word needs a value, as in vm=demo");
		if (p->seen & BIT(i))
			return fail(p, ERR_EXISTS, p->key, "this word is there twice");
		p->seen |= (uint32_t)BIT(i);
		return keys[i].parse(p);
	}
	return fail(p, ERR_INVALID, p->key.len ? p->key : word, "unknown word");
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

enum status vm_line_parse(struct text line, struct vm_config *config, char *message, size_t size)
{
	struct parser p = {.line = trim(line), .config = config, .message = message, .size = size};
	struct text rest = p.line, word, first = {.at = p.line.at, .len = 0};

	*config = (struct vm_config){
		.line = p.line,
		.mem_bytes = VM_MEM_DEFAULT,
		.load_offset = 0x7c00,
		.core = VM_CORE_ANY,
		.repeat = 1,
		.cpus = 1,
	};
	while (text_next_word(&rest, &word)) {
		enum status s;

		if (text_is(word, "--")) {
			config->args = trim(rest);
			break;
		}
		if (first.len == 0)
			first = word;
		s = parse_word(&p, word);
		if (s != OK)
			return s;
	}
	if (!(p.seen & BIT(0)))
		return fail(&p, ERR_NOT_FOUND, first, "vm=NAME is missing");
	return OK;
}
