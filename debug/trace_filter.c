/* debug/trace_filter.c - see debug/trace_filter.h. */
#include "debug/trace_filter.h"

#include "kernel/string.h"

#define REASONS_MOST (64 * TRACE_REASON_WORDS)
#define NO_REASON    UINT32_MAX

static const char kind_names[TRACE_KINDS][8] = {
	[TRACE_EXIT] = "exit",   [TRACE_IO] = "io",     [TRACE_MSR] = "msr",
	[TRACE_CPUID] = "cpuid", [TRACE_MMIO] = "mmio", [TRACE_INJECT] = "inject",
	[TRACE_IRQ] = "irq",     [TRACE_FAIL] = "fail", [TRACE_VM] = "vm",
	[TRACE_HALT] = "halt",   [TRACE_WAKE] = "wake", [TRACE_HOST] = "host",
};

/* In the order of enum trace_range_of, then the others. */
enum { KEY_REASON = TRACE_RANGES, KEY_VM, KEY_AFTER, KEYS };

static const char keys[KEYS][8] = {"port", "msr", "addr", "reason", "vm", "after"};

struct parse {
	struct trace_filter *f;
	trace_reason_fn reason_name;
	struct text word;
	char *message;
	size_t size;
};

const char *trace_kind_name(unsigned kind)
{
	return kind < TRACE_KINDS ? kind_names[kind] : "?";
}

static enum status complain(const struct parse *p, const char *possible)
{
	size_t len = text_format(p->message, p->size, "\"%.*s\": %s", (int)min_u64(p->word.len, 40),
				 p->word.at, possible);

	/* The kinds come out of their table. */
	if (possible[strlen(possible) - 1] != ':')
		return ERR_INVALID;
	for (unsigned i = 0; i < TRACE_KINDS && len < p->size; i++)
		len += text_format(p->message + len, p->size - len, " %s", kind_names[i]);
	return ERR_INVALID;
}

static enum status parse_kinds(struct parse *p)
{
	struct text rest = p->word, piece;

	while (text_next_piece(&rest, ',', &piece)) {
		unsigned kind = 0;

		if (text_is(piece, "all")) {
			p->f->kinds = (uint16_t)TRACE_ALL;
			continue;
		}
		while (kind < TRACE_KINDS && !text_is(piece, kind_names[kind]))
			kind++;
		p->word = piece;
		if (kind == TRACE_KINDS)
			return complain(p, "no such kind; there are all, or some of:");
		p->f->kinds |= (uint16_t)(kind == TRACE_EXIT ? TRACE_EXITS : BIT(kind));
	}
	return OK;
}

/* ---- values ---- */

static bool parse_hex(struct text t, uint64_t *value)
{
	*value = 0;
	if (t.len > 2 && t.at[0] == '0' && (t.at[1] | 0x20) == 'x')
		t = (struct text){.at = t.at + 2, .len = t.len - 2};
	if (t.len == 0 || t.len > 16)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char c = (char)(t.at[i] | 0x20);

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (unsigned)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

static enum status parse_range(struct parse *p, struct text value, unsigned which)
{
	struct text first;
	uint64_t from = 0, to;
	bool two = memchr(value.at, '-', value.len) != NULL;
	bool good = text_next_piece(&value, '-', &first) && parse_hex(first, &from);

	to = from;
	if (two)
		good = good && parse_hex(value, &to);
	if (!good || to < from)
		return complain(p, "a hexadecimal number, or two as in 40-43, the lower one first");
	p->f->ranges[which].first = from;
	p->f->ranges[which].last = to;
	p->f->some_exits = true;
	return OK;
}

/* The next letter or digit of a name, as a small one; 0 at its end. */
static char next_sign(const char **at, const char *end)
{
	while (*at < end) {
		char c = *(*at)++;

		if (c >= 'A' && c <= 'Z')
			return (char)(c + 'a' - 'A');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			return c;
	}
	return 0;
}

/* 2: the word is the name; 1: its beginning; 0: neither. */
static unsigned likeness(struct text word, const char *name)
{
	const char *a = word.at, *b = name;
	char c, d;

	do {
		c = next_sign(&a, word.at + word.len);
		d = next_sign(&b, name + strlen(name));
	} while (c && c == d);
	return c ? 0 : d ? 1 : 2;
}

static uint32_t find_reason(const struct parse *p, struct text word)
{
	uint32_t found = NO_REASON, begins = 0;
	const char *name;
	uint64_t number;

	if (text_to_u64(word, &number) == OK)
		return number < REASONS_MOST ? (uint32_t)number : NO_REASON;
	for (uint32_t i = 0; word.len && (name = p->reason_name(i)) != NULL; i++) {
		unsigned like = likeness(word, name);

		if (like == 2)
			return i;
		if (like == 1) {
			found = i;
			begins++;
		}
	}
	return begins == 1 ? found : NO_REASON;
}

static enum status parse_reasons(struct parse *p, struct text value)
{
	struct text piece;

	while (text_next_piece(&value, ',', &piece)) {
		uint32_t reason = find_reason(p, piece);

		p->word = piece;
		if (reason == NO_REASON)
			return complain(p, "not one exit reason: its number or name, "
					   "see `trace reasons`");
		p->f->reasons[reason / 64] |= BIT(reason % 64);
		p->f->some_exits = true;
	}
	return OK;
}

static enum status parse_vms(struct parse *p, struct text value)
{
	struct text piece;

	while (text_next_piece(&value, ',', &piece)) {
		p->word = piece;
		if (p->f->name_count == TRACE_FILTER_VMS || piece.len == 0 ||
		    piece.len >= TRACE_NAME_BYTES)
			return complain(p, "at most four VMs, by their names");
		memcpy(p->f->names[p->f->name_count++], piece.at, piece.len);
	}
	return OK;
}

static enum status parse_word(struct parse *p, unsigned key_count)
{
	struct text key, value;
	unsigned k = 0;
	uint64_t number;

	text_split(p->word, &key, &value);
	while (k < key_count && !text_is(key, keys[k]))
		k++;
	if (k == key_count)
		return complain(p,
				key_count == KEYS
					? "vm=, reason=, port=, msr=, addr= or after= is possible"
					: "vm=, reason=, port=, msr= or addr= is possible");
	if (value.len == 0)
		return complain(p, "a value must follow");
	if (k < TRACE_RANGES)
		return parse_range(p, value, k);
	if (k == KEY_REASON)
		return parse_reasons(p, value);
	if (k == KEY_VM)
		return parse_vms(p, value);
	if (text_to_u64(value, &number) != OK || number == 0 || number >= INT32_MAX)
		return complain(p, "a number of records, 1 or more");
	p->f->after = (uint32_t)number;
	return OK;
}

/* Off the front, up to a blank or a colon. */
static bool next_word(struct text *rest, struct text *word)
{
	size_t len = 0;

	while (rest->len && (*rest->at == ' ' || *rest->at == '\t' || *rest->at == ':')) {
		rest->at++;
		rest->len--;
	}
	while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != '\t' &&
	       rest->at[len] != ':')
		len++;
	*word = (struct text){.at = rest->at, .len = len};
	rest->at += len;
	rest->len -= len;
	return len != 0;
}

enum status trace_filter_parse(struct trace_filter *f, struct text words, bool condition,
			       trace_reason_fn reason_name, char *message, size_t size)
{
	struct parse p = {.f = f, .reason_name = reason_name, .message = message, .size = size};
	enum status s = OK;
	bool first = true;

	*f = (struct trace_filter){.after = TRACE_AFTER};
	for (unsigned i = 0; i < TRACE_RANGES; i++)
		f->ranges[i].first = 1;
	for (; s == OK && next_word(&words, &p.word); first = false) {
		if (first && !memchr(p.word.at, '=', p.word.len))
			s = parse_kinds(&p);
		else
			s = parse_word(&p, condition ? KEYS : KEY_AFTER);
	}
	if (!f->kinds)
		f->kinds = (uint16_t)(f->some_exits ? TRACE_EXITS : TRACE_ALL);
	return s;
}

bool trace_filter_wants_vm(const struct trace_filter *f, const char *name)
{
	for (unsigned i = 0; i < f->name_count; i++) {
		if (strcmp(f->names[i], name) == 0)
			return true;
	}
	return f->name_count == 0;
}

static bool in_range(const struct trace_filter *f, unsigned which, uint64_t first, uint64_t last)
{
	return last >= f->ranges[which].first && first <= f->ranges[which].last &&
	       f->ranges[which].first <= f->ranges[which].last;
}

static bool wants_exit(const struct trace_filter *f, const struct trace_record *r)
{
	unsigned reason = r->reason & 0xffff;
	uint64_t q = r->qualification, port = (q >> 16) & 0xffff;

	if (reason < REASONS_MOST && (f->reasons[reason / 64] & BIT(reason % 64)))
		return true;
	switch (r->kind) {
	case TRACE_IO:
		return in_range(f, TRACE_PORTS, port, port + (q & 7));
	case TRACE_MSR:
		return in_range(f, TRACE_MSRS, q, q);
	case TRACE_MMIO:
		return in_range(f, TRACE_ADDRESSES, q, q);
	default:
		return false;
	}
}

bool trace_filter_match(const struct trace_filter *f, const struct trace_record *r)
{
	if (!(f->kinds & BIT(r->kind)) || r->vm >= 64 ||
	    !(__atomic_load_n(&f->vms, __ATOMIC_RELAXED) & BIT(r->vm)))
		return false;
	return !f->some_exits || !(BIT(r->kind) & TRACE_EXITS) || wants_exit(f, r);
}
