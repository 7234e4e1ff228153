/* debug/gdb_query.c - what gdb asks and says about itself, threads, and the monitor's commands. */
#include "debug/gdb_parts.h"

#include "kernel/string.h"

static bool has_word(const struct gdb_args *a, const char *word)
{
	struct text all = {.at = (const char *)a->at, .len = (size_t)(a->end - a->at)}, piece;

	while (text_next_piece(&all, ';', &piece))
		if (text_is(piece, word) ||
		    (piece.len > 0 && piece.at[0] == ':' &&
		     text_is((struct text){piece.at + 1, piece.len - 1}, word)))
			return true;
	return false;
}

/* A connection begins. Processes of the one before, if it ended without a word, stay attached. */
enum gdb_answer gdb_supported(struct gdb_server *s, struct gdb_args *a)
{
	s->multiprocess = has_word(a, "multiprocess+");
	s->extended = s->non_stop = s->running = s->interrupted = s->noticed = false;
	s->general = s->resumed = (struct debug_thread){0};
	s->action_count = 0;
	memset(s->told, 0, sizeof(s->told));
	s->first = 0;
	s->text_len = 0;
	for (unsigned i = 0; i < s->process_count; i++)
		s->processes[i].layout = GDB_LAYOUT_UNREAD;
	gdb_put_text(&s->packet, "PacketSize=");
	gdb_put_number(&s->packet, GDB_PACKET_BYTES);
	gdb_put_text(&s->packet,
		     ";multiprocess+;swbreak+;hwbreak+;vContSupported+;no-resumed+;QNonStop+"
		     ";qXfer:features:read+;qXfer:threads:read+;qXfer:memory-map:read+");
	if (s->config.offer_no_ack)
		gdb_put_text(&s->packet, ";QStartNoAckMode+");
	return GDB_COMPOSED;
}

static void take_text(void *state, const char *text, size_t len)
{
	struct gdb_server *s = state;

	for (; len > 0 && s->text_len < GDB_TEXT_BYTES; len--, s->text_len++)
		s->text[(s->text_at + s->text_len) % GDB_TEXT_BYTES] = *text++;
	s->text_lost |= len > 0;
}

/* qRcmd: a line of the monitor. Its text goes in packets of its own, and then OK. */
enum gdb_answer gdb_command(struct gdb_server *s, struct gdb_args *a)
{
	struct debug_output out = {.write = take_text, .state = s};
	struct text line = {.at = (const char *)s->packet.in};

	if (!gdb_take_bytes(a, s->packet.in, GDB_PACKET_BYTES, &line.len))
		return GDB_WRONG;
	s->text_lost = false;
	s->commanding = true;
	s->target->command(s->target->state, line, &out);
	return GDB_SILENT;
}

/* Hg and Hc */
enum gdb_answer gdb_select(struct gdb_server *s, struct gdb_args *a)
{
	bool general = gdb_take_char(a, 'g');
	struct debug_thread t;

	if (!general && !gdb_take_char(a, 'c'))
		return GDB_WRONG;
	if (!gdb_take_thread(s, a, &t) || a->at < a->end)
		return GDB_WRONG;
	if (!gdb_choose(s))
		return gdb_answer_of(ERR_NOT_FOUND);
	if (t.pid == 0)
		t = s->general;
	if (general && !gdb_resolve(s, &t))
		return gdb_answer_of(ERR_NOT_FOUND);
	*(general ? &s->general : &s->resumed) = t;
	return GDB_OK;
}

static enum gdb_answer take_existing(struct gdb_server *s, struct gdb_args *a,
				     struct debug_thread *t)
{
	if (!gdb_take_thread(s, a, t) || a->at < a->end)
		return GDB_WRONG;
	return gdb_answer_of(gdb_resolve(s, t) ? OK : ERR_NOT_FOUND);
}

enum gdb_answer gdb_alive(struct gdb_server *s, struct gdb_args *a)
{
	struct debug_thread t;

	return take_existing(s, a, &t);
}

enum gdb_answer gdb_current(struct gdb_server *s, struct gdb_args *a)
{
	(void)a;
	if (!gdb_choose(s) || !gdb_resolve(s, &s->general))
		return gdb_answer_of(ERR_NOT_FOUND);
	gdb_put_text(&s->packet, "QC");
	gdb_put_thread(s, s->general);
	return GDB_COMPOSED;
}

/* All of them in one packet: 320 of at most 12 characters have room. */
enum gdb_answer gdb_first_threads(struct gdb_server *s, struct gdb_args *a)
{
	(void)a;
	if (!gdb_choose(s))
		return gdb_answer_of(ERR_NOT_FOUND);
	gdb_threads(s);
	for (unsigned i = 0; i < s->thread_count; i++) {
		gdb_put_byte(&s->packet, i == 0 ? 'm' : ',');
		gdb_put_thread(s, s->threads[i]);
	}
	if (s->thread_count == 0)
		gdb_put_byte(&s->packet, 'l');
	return GDB_COMPOSED;
}

enum gdb_answer gdb_extra_info(struct gdb_server *s, struct gdb_args *a)
{
	struct debug_thread t;
	enum gdb_answer answer = take_existing(s, a, &t);
	char text[96];

	if (answer != GDB_OK)
		return answer;
	s->target->describe(s->target->state, t, text, sizeof(text));
	gdb_put_hex(&s->packet, text, strlen(text));
	return GDB_COMPOSED;
}
