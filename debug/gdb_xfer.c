/* debug/gdb_xfer.c - qXfer: the documents that gdb reads piece by piece. */
#include "debug/gdb_parts.h"

#define REGIONS_MAX 32u
#define PIECE_BYTES 1024u /* of what gdb asks for; a short packet is soon repeated */

static void window_byte(struct gdb_window *w, char c)
{
	if (w->skip > 0) {
		w->skip--;
	} else if (w->left == 0 || gdb_put_room(w->packet) < 2) {
		w->more = true;
		w->left = 0;
	} else {
		w->left--;
		if (c == '#' || c == '$' || c == '}' || c == '*') {
			gdb_put_byte(w->packet, '}');
			c ^= 0x20;
		}
		gdb_put_byte(w->packet, (uint8_t)c);
	}
}

void gdb_window_text(struct gdb_window *w, const char *format, ...)
{
	char text[192];
	va_list args;

	va_start(args, format);
	(void)text_vformat(text, sizeof(text), format, args);
	va_end(args);
	for (const char *c = text; *c != '\0'; c++)
		window_byte(w, *c);
}

/* As a part of XML. What is no plain character is left out. */
static void window_quoted(struct gdb_window *w, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '<' || *text == '&' || *text == '"')
			gdb_window_text(w, "&#%u;", (unsigned)*text);
		else if (*text >= ' ' && *text <= '~')
			window_byte(w, *text);
}

/* "OFFSET,LENGTH", and the first byte of the answer. */
static bool open_window(struct gdb_server *s, struct gdb_args *a, struct gdb_window *w)
{
	*w = (struct gdb_window){.packet = &s->packet};
	if (!gdb_take_range(a, &w->skip, &w->left) || a->at < a->end)
		return false;
	w->left = min_u64(w->left, PIECE_BYTES);
	gdb_put_byte(&s->packet, 'l');
	return true;
}

static enum gdb_answer close_window(struct gdb_server *s, const struct gdb_window *w)
{
	if (w->more)
		s->packet.out[1] = 'm';
	return GDB_COMPOSED;
}

/* The mode of the general thread. The hypervisor's is known without stopping it. */
static enum gdb_answer fetch_mode(struct gdb_server *s)
{
	enum gdb_answer answer;

	if (!gdb_choose(s) || !gdb_resolve(s, &s->general))
		return gdb_answer_of(ERR_NOT_FOUND);
	if (s->general.pid == DEBUG_HOST_PID) {
		s->registers.mode = DEBUG_64_BIT;
		s->registers.has_fpu = false;
		return GDB_OK;
	}
	answer = gdb_need_stopped(s, s->general);
	return answer == GDB_OK ? gdb_fetch_registers(s) : answer;
}

enum gdb_answer gdb_read_features(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = fetch_mode(s);
	struct gdb_process *p;
	struct gdb_window w;

	if (answer != GDB_OK)
		return answer;
	if (!open_window(s, a, &w))
		return GDB_WRONG;
	p = gdb_process_of(s, s->general.pid);
	if (p != NULL)
		p->layout = s->registers.mode == DEBUG_64_BIT ? GDB_LAYOUT_X86_64 : GDB_LAYOUT_I386;
	gdb_describe_registers(
		&w, s->registers.mode == DEBUG_64_BIT ? GDB_LAYOUT_X86_64 : GDB_LAYOUT_I386,
		s->registers.mode, s->registers.has_fpu);
	if (s->non_stop)
		gdb_release_held(s);
	return close_window(s, &w);
}

enum gdb_answer gdb_read_threads(struct gdb_server *s, struct gdb_args *a)
{
	struct gdb_window w;
	char text[96];

	if (!gdb_choose(s))
		return gdb_answer_of(ERR_NOT_FOUND);
	if (!open_window(s, a, &w))
		return GDB_WRONG;
	gdb_threads(s);
	gdb_window_text(&w, "<?xml version=\"1.0\"?><threads>");
	for (unsigned i = 0; i < s->thread_count; i++) {
		struct debug_thread t = s->threads[i];

		gdb_window_text(&w, "<thread id=\"");
		if (s->multiprocess)
			gdb_window_text(&w, "p%x.", t.pid);
		gdb_window_text(&w, "%x\" name=\"", t.tid);
		s->target->process_name(s->target->state, t.pid, text, sizeof(text));
		window_quoted(&w, text);
		gdb_window_text(&w, "\">");
		s->target->describe(s->target->state, t, text, sizeof(text));
		window_quoted(&w, text);
		gdb_window_text(&w, "</thread>");
	}
	gdb_window_text(&w, "</threads>");
	return close_window(s, &w);
}

static void put_memory(struct gdb_window *w, const char *type, uint64_t start, uint64_t end)
{
	if (start != end)
		gdb_window_text(w, "<memory type=\"%s\" start=\"%#llx\" length=\"%#llx\"/>", type,
				(unsigned long long)start, (unsigned long long)(end - start));
}

/* gdb refuses addresses that are in no region, and thinks of linear ones: whatever is not ROM is
 * called RAM. A last region ends at 2^64, which is 0. With paging physical regions say nothing. */
enum gdb_answer gdb_read_map(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = fetch_mode(s);
	struct debug_region regions[REGIONS_MAX];
	struct gdb_window w;
	unsigned count = 0;
	uint64_t end = 0;

	if (answer != GDB_OK)
		return answer;
	if (!open_window(s, a, &w))
		return GDB_WRONG;
	if (s->general.pid != DEBUG_HOST_PID && (s->registers.cpu.cr0 & CR0_PG) == 0)
		count = s->target->memory_map(s->target->state, s->general.pid, regions,
					      REGIONS_MAX);
	gdb_window_text(&w, "<?xml version=\"1.0\"?><memory-map>");
	for (unsigned i = 0; i < count && i < REGIONS_MAX; i++) {
		if (regions[i].kind != DEBUG_ROM || regions[i].start < end)
			continue;
		put_memory(&w, "ram", end, regions[i].start);
		end = regions[i].start + regions[i].len_bytes;
		put_memory(&w, "rom", regions[i].start, end);
	}
	gdb_window_text(&w, "<memory type=\"ram\" start=\"%#llx\" length=\"%#llx\"/></memory-map>",
			(unsigned long long)end, (unsigned long long)-end);
	if (s->non_stop)
		gdb_release_held(s);
	return close_window(s, &w);
}
