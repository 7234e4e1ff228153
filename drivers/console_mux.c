/* drivers/console_mux.c - many texts, one line. */
#include "drivers/console_mux.h"

#include "kernel/assert.h"
#include "kernel/string.h"

#define BREAK_BYTES     4u    /* what end_line() writes at most */
#define TURN_BYTES      1024u /* what one guest may send before the next one's turn */
/* A background line at its longest: line break, name, a whole ring, line end. */
#define LINE_MOST_BYTES (BREAK_BYTES + CONSOLE_NAME_BYTES + 2 + CONSOLE_PORT_BYTES + 2)

void console_mux_init(struct console_mux *m)
{
	m->foreground = NULL;
	m->used = 0;
	m->line_open = false;
	m->line_of = NULL;
	byte_ring_init(&m->output, m->output_bytes, CONSOLE_OUTPUT_BYTES);
	byte_ring_init(&m->input, m->input_bytes, CONSOLE_INPUT_BYTES);
}

struct console_port *console_mux_open(struct console_mux *m, const char *name)
{
	for (unsigned i = 0; i < CONSOLE_PORTS; i++) {
		struct console_port *p = &m->ports[i];
		size_t len = strlen(name);

		if (p->state != CONSOLE_FREE)
			continue;
		len = len < CONSOLE_NAME_BYTES ? len : CONSOLE_NAME_BYTES - 1;
		memcpy(p->name, name, len);
		p->name[len] = '\0';
		p->opened = ++m->opens;
		p->raw = p->erase = false;
		p->scanned = 0;
		byte_ring_init(&p->out, p->bytes, CONSOLE_PORT_BYTES);
		p->state = CONSOLE_OPEN;
		if (m->used <= i)
			m->used = i + 1;
		if (!m->foreground)
			m->foreground = p;
		return p;
	}
	return NULL;
}

static struct console_port *oldest_open(struct console_mux *m)
{
	struct console_port *best = NULL;

	for (unsigned i = 0; i < m->used; i++) {
		struct console_port *p = &m->ports[i];

		if (p->state == CONSOLE_OPEN && (!best || p->opened < best->opened))
			best = p;
	}
	return best;
}

void console_mux_close(struct console_mux *m, struct console_port *p)
{
	ASSERT(p->state == CONSOLE_OPEN);
	p->state = CONSOLE_CLOSING;
	if (m->foreground == p) {
		p->raw = true;
		m->foreground = oldest_open(m);
	}
}

bool console_mux_put(struct console_port *p, uint8_t byte)
{
	return byte_ring_put(&p->out, byte);
}

bool console_mux_get(struct console_mux *m, const struct console_port *p, uint8_t *byte)
{
	if (m->foreground != p || byte_ring_used(&m->input) == 0)
		return false;
	*byte = byte_ring_peek(&m->input, 0);
	byte_ring_skip(&m->input, 1);
	return true;
}

/* The callers have looked for room. */
static void emit(struct console_mux *m, uint8_t byte)
{
	bool taken = byte_ring_put(&m->output, byte);

	ASSERT(taken);
}

static void emit_text(struct console_mux *m, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		emit(m, (uint8_t)text[i]);
}

static bool may_erase(const struct console_port *p)
{
	return p && __atomic_load_n(&p->erase, __ATOMIC_RELAXED);
}

static void end_line(struct console_mux *m)
{
	if (m->line_open && m->line_of)
		__atomic_fetch_add(&m->line_of->breaks, 1, __ATOMIC_RELAXED);
	if (m->line_open && may_erase(m->line_of))
		emit_text(m, "\r\x1b[K", 4);
	else if (m->line_open)
		emit_text(m, "\r\n", 2);
	m->line_open = false;
	m->line_of = NULL;
}

/* A line that may be erased, and whose writer has nothing more for it on the way: that would stand
 * alone where the line was. */
static bool is_prompt(const struct console_port *p)
{
	return may_erase(p) && byte_ring_used(&p->out) == 0;
}

/* May somebody else write now? */
static bool may_break(struct console_mux *m, uint64_t now_ns)
{
	bool may = !m->line_open || !m->line_of || is_prompt(m->line_of) ||
		   now_ns - m->line_last_ns >= CONSOLE_LINE_WAIT_NS ||
		   now_ns - m->line_start_ns >= CONSOLE_LINE_MOST_NS;

	if (!may)
		m->waiting = true;
	return may;
}

/* A carriage return alone at the start begins no line: some guests end theirs with "\n\r". */
static void note_byte(struct console_mux *m, struct console_port *p, uint8_t byte, uint64_t now_ns)
{
	if (byte == '\n') {
		m->line_open = false;
		m->line_of = NULL;
	} else if (m->line_open || byte != '\r') {
		if (!m->line_open)
			m->line_start_ns = now_ns;
		m->line_open = true;
		m->line_of = p;
		m->line_last_ns = now_ns;
	}
}

/* A turn. Where more is waiting, it ends with a line, so that others can have theirs. */
static uint32_t turn_bytes(const struct byte_ring *r, uint32_t used)
{
	if (used <= TURN_BYTES)
		return used;
	for (uint32_t len = TURN_BYTES; len > 0; len--) {
		if (byte_ring_peek(r, len - 1) == '\n')
			return len;
	}
	return TURN_BYTES;
}

static bool pump_raw(struct console_mux *m, struct console_port *p, uint64_t now_ns, bool all)
{
	uint32_t count = byte_ring_used(&p->out);

	p->scanned = 0;
	if (count == 0)
		return false;
	if (m->line_open && m->line_of != p) {
		if (!all && !may_break(m, now_ns))
			return false;
		end_line(m);
	}
	count = turn_bytes(&p->out, count);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t byte = byte_ring_peek(&p->out, i);

		emit(m, byte);
		note_byte(m, p, byte, now_ns);
	}
	byte_ring_skip(&p->out, count);
	return true;
}

/* How many bytes of p make up a line that can go out (its end included); 0: none yet. */
static uint32_t whole_line(struct console_port *p, bool all)
{
	uint32_t used = byte_ring_used(&p->out);

	for (; p->scanned < used; p->scanned++) {
		if (byte_ring_peek(&p->out, p->scanned) == '\n')
			return p->scanned + 1;
	}
	return all || p->state == CONSOLE_CLOSING || used == p->out.size ? used : 0;
}

static bool pump_line(struct console_mux *m, struct console_port *p, uint64_t now_ns, bool all)
{
	uint32_t len = whole_line(p, all), text = len;

	if (len == 0 || (!all && !may_break(m, now_ns)))
		return false;
	while (text > 0 && (byte_ring_peek(&p->out, text - 1) == '\n' ||
			    byte_ring_peek(&p->out, text - 1) == '\r'))
		text--;
	end_line(m);
	emit_text(m, p->name, strlen(p->name));
	emit_text(m, "| ", 2);
	for (uint32_t i = 0; i < text; i++)
		emit(m, byte_ring_peek(&p->out, i));
	emit_text(m, "\r\n", 2);
	byte_ring_skip(&p->out, len);
	p->scanned = 0;
	return true;
}

/* A turn of whole lines. */
static bool pump_lines(struct console_mux *m, struct console_port *p, uint64_t now_ns, bool all)
{
	uint32_t before = byte_ring_room(&m->output), room = before;
	bool moved = false;

	while (before - room < TURN_BYTES && room >= LINE_MOST_BYTES &&
	       pump_line(m, p, now_ns, all)) {
		moved = true;
		room = byte_ring_room(&m->output);
	}
	return moved;
}

/* All that a closed port held is out: its place is free again. */
static void release_port(struct console_mux *m, struct console_port *p)
{
	if (m->line_of == p)
		m->line_of = NULL;
	p->state = CONSOLE_FREE;
}

bool console_mux_pump(struct console_mux *m, uint64_t now_ns, bool all)
{
	bool moved = false;

	m->waiting = false;
	for (unsigned i = 0; i < m->used; i++) {
		unsigned at = m->next + i < m->used ? m->next + i : m->next + i - m->used;
		struct console_port *p = &m->ports[at];

		if (p->state == CONSOLE_FREE)
			continue;
		if (byte_ring_room(&m->output) < LINE_MOST_BYTES) {
			m->next = at;
			m->waiting = true;
			break;
		}
		if (p == m->foreground || p->raw)
			moved |= pump_raw(m, p, now_ns, all);
		else
			moved |= pump_lines(m, p, now_ns, all);
		if (p->state == CONSOLE_CLOSING && byte_ring_used(&p->out) == 0)
			release_port(m, p);
	}
	return moved;
}

unsigned console_mux_log_room(struct console_mux *m, uint64_t now_ns, bool urgent)
{
	unsigned lines = byte_ring_room(&m->output) / CONSOLE_LINE_BYTES;

	return urgent || may_break(m, now_ns) ? lines : 0;
}

void console_mux_log(struct console_mux *m, const char *line, size_t len)
{
	uint32_t room = byte_ring_room(&m->output);

	if (room < BREAK_BYTES + 2)
		return;
	end_line(m);
	emit_text(m, line, min_u64(len, room - BREAK_BYTES - 2));
	emit_text(m, "\r\n", 2);
}

bool console_mux_has_output(const struct console_mux *m)
{
	for (unsigned i = 0; i < m->used; i++) {
		const struct console_port *p = &m->ports[i];

		if (p->state != CONSOLE_FREE && byte_ring_used(&p->out) > 0)
			return true;
	}
	return false;
}
