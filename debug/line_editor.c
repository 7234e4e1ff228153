/* debug/line_editor.c - see debug/line_editor.h. */
#include "debug/line_editor.h"

#include "kernel/string.h"

#define CTRL(letter) ((letter)&0x1f)
#define ESCAPE       0x1b
#define DELETE       0x7f

enum escape { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_SS3, ESCAPE_CSI, ESCAPE_CSI_MORE };

static void put(const struct line_editor *e, const char *text, size_t len)
{
	e->out.write(e->out.state, text, len);
}

static void put_text(const struct line_editor *e, const char *text)
{
	put(e, text, strlen(text));
}

static void ring_bell(const struct line_editor *e)
{
	put_text(e, "\a");
}

void line_editor_init(struct line_editor *e, const char *prompt, const struct debug_output *out,
		      const char *(*candidate)(struct text before, unsigned index))
{
	memset(e, 0, sizeof(*e));
	e->prompt = prompt;
	e->out = *out;
	e->candidate = candidate;
}

/* Characters of a line that are shown; the last column stays free for the cursor. */
static unsigned width(const struct line_editor *e)
{
	return LINE_EDITOR_COLUMNS - 1 - (unsigned)strlen(e->prompt);
}

void line_editor_redraw(const struct line_editor *e)
{
	unsigned start = e->at > width(e) ? e->at - width(e) : 0;
	unsigned shown = (unsigned)min_u64(e->len - start, width(e));
	unsigned behind = shown - (e->at - start);
	char back[16];

	put_text(e, "\r");
	put_text(e, e->prompt);
	put(e, e->line + start, shown);
	put_text(e, "\x1b[K");
	if (behind)
		put(e, back, text_format(back, sizeof(back), "\x1b[%uD", behind));
}

static void clear(struct line_editor *e)
{
	e->line[0] = '\0';
	e->len = e->at = e->back = 0;
}

void line_editor_start(struct line_editor *e)
{
	clear(e);
	line_editor_redraw(e);
}

/* False: no room. */
static bool insert(struct line_editor *e, const char *text, size_t len)
{
	if (len > LINE_EDITOR_BYTES - e->len) {
		ring_bell(e);
		return false;
	}
	memmove(e->line + e->at + len, e->line + e->at, e->len + 1 - e->at);
	memcpy(e->line + e->at, text, len);
	e->len += (unsigned)len;
	e->at += (unsigned)len;
	if (e->at == e->len && e->len <= width(e))
		put(e, text, len);
	else
		line_editor_redraw(e);
	return true;
}

/* Takes [from, to) out of the line. */
static void cut(struct line_editor *e, unsigned from, unsigned to)
{
	memmove(e->line + from, e->line + to, e->len + 1 - to);
	e->len -= to - from;
	e->at = from;
	line_editor_redraw(e);
}

static void move(struct line_editor *e, unsigned at)
{
	if (at > e->len) /* -1 as well */
		return;
	e->at = at;
	line_editor_redraw(e);
}

static unsigned word_start(const struct line_editor *e)
{
	unsigned at = e->at;

	while (at > 0 && e->line[at - 1] == ' ')
		at--;
	while (at > 0 && e->line[at - 1] != ' ')
		at--;
	return at;
}

/* ---- history ---- */

static char *history_line(struct line_editor *e, unsigned back)
{
	return back ? e->history[(e->lines - back) % LINE_EDITOR_HISTORY] : e->draft;
}

static void remember(struct line_editor *e)
{
	if (e->len == 0 || (e->lines > 0 && strcmp(history_line(e, 1), e->line) == 0))
		return;
	e->lines++;
	memcpy(history_line(e, 1), e->line, e->len + 1);
}

static void show_history(struct line_editor *e, unsigned back)
{
	if (back > min_u64(e->lines, LINE_EDITOR_HISTORY)) { /* -1 as well */
		ring_bell(e);
		return;
	}
	if (e->back == 0)
		memcpy(e->draft, e->line, e->len + 1);
	e->back = back;
	e->len = (unsigned)strlen(history_line(e, back));
	memcpy(e->line, history_line(e, back), e->len + 1);
	move(e, e->len);
}

/* ---- completion ---- */

struct matches {
	struct text before;
	const char *word; /* what is there of the word */
	size_t word_len;
	const char *first;
	size_t common; /* so many characters of first are in all of them */
	unsigned count;
};

/* The next candidate that fits, from *index on; NULL: no more. */
static const char *next_match(const struct line_editor *e, const struct matches *m, unsigned *index)
{
	const char *name;

	while ((name = e->candidate(m->before, (*index)++)) != NULL) {
		if (strncmp(name, m->word, m->word_len) == 0)
			return name;
	}
	return NULL;
}

static void find_matches(const struct line_editor *e, struct matches *m)
{
	unsigned start = e->at, index = 0;
	const char *name;

	while (start > 0 && e->line[start - 1] != ' ')
		start--;
	*m = (struct matches){
		.before = {.at = e->line, .len = start},
		.word = e->line + start,
		.word_len = e->at - start,
	};
	while ((name = next_match(e, m, &index)) != NULL) {
		size_t same = 0;

		if (m->count++ == 0) {
			m->first = name;
			m->common = strlen(name);
		}
		while (same < m->common && name[same] == m->first[same])
			same++;
		m->common = same;
	}
}

static void list_matches(const struct line_editor *e, const struct matches *m)
{
	unsigned index = 0;
	const char *name;
	size_t column = 0;

	put_text(e, "\r\n");
	while ((name = next_match(e, m, &index)) != NULL) {
		if (column + strlen(name) >= LINE_EDITOR_COLUMNS) {
			put_text(e, "\r\n");
			column = 0;
		}
		column += strlen(name) + 2;
		put_text(e, name);
		put_text(e, "  ");
	}
	put_text(e, "\r\n");
	line_editor_redraw(e);
}

static void complete(struct line_editor *e)
{
	struct matches m;

	if (!e->candidate)
		return;
	find_matches(e, &m);
	if (m.count == 0)
		ring_bell(e);
	else if (m.common > m.word_len || m.count == 1) {
		if (insert(e, m.first + m.word_len, m.common - m.word_len) && m.count == 1)
			(void)insert(e, " ", 1);
	} else {
		list_matches(e, &m);
	}
}

/* ---- keys ---- */

static enum line_event finish(struct line_editor *e, enum line_event event)
{
	put_text(e, "\r\n");
	e->back = 0;
	return event;
}

static enum line_event enter(struct line_editor *e)
{
	remember(e);
	return finish(e, LINE_DONE);
}

static enum line_event cancel(struct line_editor *e)
{
	put_text(e, "^C\r\n");
	line_editor_start(e);
	return LINE_CANCELLED;
}

static void delete_at_cursor(struct line_editor *e)
{
	if (e->at < e->len)
		cut(e, e->at, e->at + 1);
}

static enum line_event control_key(struct line_editor *e, uint8_t byte)
{
	switch (byte) {
	case '\r':
	case '\n':
		return enter(e);
	case CTRL('C'):
		return cancel(e);
	case CTRL('D'):
		if (e->len == 0)
			return finish(e, LINE_CLOSED);
		delete_at_cursor(e);
		break;
	case '\t':
		complete(e);
		break;
	case ESCAPE:
		e->escape = ESCAPE_BEGUN;
		break;
	case '\b':
	case DELETE:
		if (e->at > 0)
			cut(e, e->at - 1, e->at);
		break;
	case CTRL('A'):
		move(e, 0);
		break;
	case CTRL('E'):
		move(e, e->len);
		break;
	case CTRL('B'):
		move(e, e->at - 1);
		break;
	case CTRL('F'):
		move(e, e->at + 1);
		break;
	case CTRL('K'):
		cut(e, e->at, e->len);
		break;
	case CTRL('U'):
		cut(e, 0, e->at);
		break;
	case CTRL('W'):
		cut(e, word_start(e), e->at);
		break;
	case CTRL('P'):
		show_history(e, e->back + 1);
		break;
	case CTRL('N'):
		show_history(e, e->back - 1);
		break;
	case CTRL('L'):
		put_text(e, "\x1b[H\x1b[2J");
		line_editor_redraw(e);
		break;
	default:
		break;
	}
	return LINE_NOTHING;
}

/* ESC [ 3 ~ and the like: what the number says. */
static uint8_t key_of_number(uint8_t number)
{
	switch (number) {
	case 1:
	case 7:
		return 'H';
	case 4:
	case 8:
		return 'F';
	case 3:
		return '~';
	default:
		return 0;
	}
}

static void special_key(struct line_editor *e, uint8_t key)
{
	static const struct {
		uint8_t key, control;
	} keys[] = {
		{'A', CTRL('P')}, {'B', CTRL('N')}, {'C', CTRL('F')},
		{'D', CTRL('B')}, {'H', CTRL('A')}, {'F', CTRL('E')},
	};

	if (key == '~')
		key = key_of_number(e->number);
	if (key == '~')
		delete_at_cursor(e);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].key == key)
			(void)control_key(e, keys[i].control);
	}
}

/* Within a sequence: ESC [ number ; ... letter, or ESC O letter. */
static void continue_escape(struct line_editor *e, uint8_t byte)
{
	bool digit = byte >= '0' && byte <= '9';

	if (e->escape == ESCAPE_BEGUN) {
		e->number = 0;
		e->escape = byte == '[' ? ESCAPE_CSI : byte == 'O' ? ESCAPE_SS3 : ESCAPE_NONE;
	} else if (e->escape != ESCAPE_SS3 && byte >= 0x20 && byte < 0x40) {
		if (!digit)
			e->escape = ESCAPE_CSI_MORE;
		else if (e->escape == ESCAPE_CSI)
			e->number = (uint8_t)(e->number * 10 + byte - '0');
	} else {
		e->escape = ESCAPE_NONE;
		special_key(e, byte);
	}
}

enum line_event line_editor_feed(struct line_editor *e, uint8_t byte)
{
	bool after_cr = e->after_cr;

	e->after_cr = byte == '\r';
	if (e->escape != ESCAPE_NONE && byte != ESCAPE && byte >= ' ') {
		continue_escape(e, byte);
		return LINE_NOTHING;
	}
	e->escape = ESCAPE_NONE;
	if (after_cr && byte == '\n')
		return LINE_NOTHING;
	if (byte >= ' ' && byte < DELETE) {
		char c = (char)byte;

		(void)insert(e, &c, 1);
		return LINE_NOTHING;
	}
	return control_key(e, byte);
}
