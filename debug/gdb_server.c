/* debug/gdb_server.c - see debug/gdb_server.h. Who serves which packet, and when. */
#include "debug/gdb_parts.h"

#include "kernel/string.h"

/* Less than gdb's patience. */
#define LATER_NS     (1500 * NS_PER_MILLISECOND)
#define OUTPUT_BYTES 1024u

bool gdb_is_late(const struct gdb_server *s)
{
	return s->held_ns != 0 && s->packet.now_ns - s->held_ns > LATER_NS;
}

static enum gdb_answer extend(struct gdb_server *s, struct gdb_args *a)
{
	(void)a;
	s->extended = true;
	return GDB_OK;
}

static enum gdb_answer stop_acknowledging(struct gdb_server *s, struct gdb_args *a)
{
	(void)s;
	(void)a;
	return GDB_OK; /* only when this is on its way: serve() */
}

static enum gdb_answer choose_non_stop(struct gdb_server *s, struct gdb_args *a)
{
	bool on = gdb_take_char(a, '1');

	if ((!on && !gdb_take_char(a, '0')) || a->at < a->end)
		return GDB_WRONG;
	s->non_stop = on;
	return GDB_OK;
}

/* They were there before gdb, so gdb is to leave them when it goes. */
static enum gdb_answer was_attached(struct gdb_server *s, struct gdb_args *a)
{
	(void)a;
	gdb_put_byte(&s->packet, '1');
	return GDB_COMPOSED;
}

static enum gdb_answer no_more_threads(struct gdb_server *s, struct gdb_args *a)
{
	(void)a;
	gdb_put_byte(&s->packet, 'l');
	return GDB_COMPOSED;
}

static enum gdb_answer run(struct gdb_server *s, struct gdb_args *a)
{
	(void)s;
	(void)a;
	return gdb_answer_of(ERR_UNSUPPORTED);
}

/* gdb waits for no answer; `monitor vm reset NAME` is what it would mean. */
static enum gdb_answer restart(struct gdb_server *s, struct gdb_args *a)
{
	(void)s;
	(void)a;
	return GDB_SILENT;
}

static const char no_ack_packet[] = "QStartNoAckMode";

/* By the beginning of the packet; the first that fits. '.' at the end: nothing may follow. */
static const struct {
	const char *name;
	gdb_handler *serve;
} handlers[] = {
	{"qSupported", gdb_supported},
	{no_ack_packet, stop_acknowledging},
	{"QNonStop:", choose_non_stop},
	{"!.", extend},
	{"?.", gdb_question},
	{"H", gdb_select},
	{"T", gdb_alive},
	{"qC.", gdb_current},
	{"qAttached", was_attached},
	{"qfThreadInfo.", gdb_first_threads},
	{"qsThreadInfo.", no_more_threads},
	{"qThreadExtraInfo,", gdb_extra_info},
	{"qRcmd,", gdb_command},
	{"qXfer:features:read:target.xml:", gdb_read_features},
	{"qXfer:threads:read::", gdb_read_threads},
	{"qXfer:memory-map:read::", gdb_read_map},
	{"g", gdb_read_all},
	{"G", gdb_write_all},
	{"p", gdb_read_one},
	{"P", gdb_write_one},
	{"m", gdb_read_memory},
	{"M", gdb_write_memory},
	{"X", gdb_write_binary},
	{"Z", gdb_insert},
	{"z", gdb_remove},
	{"vCont", gdb_cont},
	{"vStopped.", gdb_stopped},
	{"vCtrlC.", gdb_ctrl_c},
	{"vAttach;", gdb_attach_packet},
	{"vKill;", gdb_kill_packet},
	{"vRun", run},
	{"D", gdb_detach_packet},
	{"k", gdb_kill_old},
	{"c", gdb_continue_old},
	{"C", gdb_continue_old},
	{"s", gdb_step_old},
	{"S", gdb_step_old},
	{"R", restart},
};

static enum gdb_answer dispatch(struct gdb_server *s)
{
	struct gdb_args all = {.at = s->packet.in, .end = s->packet.in + s->packet.in_len};

	for (unsigned i = 0; i < ARRAY_SIZE(handlers); i++) {
		struct gdb_args a = all;
		const char *name = handlers[i].name;

		while (a.at < a.end && *name != '\0' && *name == (char)*a.at) {
			a.at++;
			name++;
		}
		if (*name == '\0' || (*name == '.' && a.at == a.end))
			return handlers[i].serve(s, &a);
	}
	return GDB_EMPTY;
}

/* Errors by the numbers of errno, which gdb's users know. */
static uint8_t error_number(enum status status)
{
	static const uint8_t numbers[STATUS_COUNT] = {
		[ERR_INVALID] = 22,     [ERR_RANGE] = 14,  [ERR_ALIGNMENT] = 22,
		[ERR_NOT_FOUND] = 3,    [ERR_EXISTS] = 17, [ERR_NO_MEMORY] = 12,
		[ERR_UNSUPPORTED] = 95, [ERR_BUSY] = 16,   [ERR_FULL] = 28,
		[ERR_TIMEOUT] = 110,
	};

	return status < STATUS_COUNT && numbers[status] != 0 ? numbers[status] : 1;
}

static void put_answer(struct gdb_server *s, enum gdb_answer answer)
{
	uint8_t number = answer > GDB_FAILED ? error_number((enum status)(answer - GDB_FAILED)) : 1;

	if (answer == GDB_OK)
		gdb_put_text(&s->packet, "OK");
	if (answer == GDB_WRONG || answer > GDB_FAILED) {
		/* What the handler may have put before it failed is no answer. */
		gdb_packet_begin(&s->packet, false);
		gdb_put_byte(&s->packet, 'E');
		gdb_put_hex(&s->packet, &number, 1);
	}
	gdb_packet_end(&s->packet);
}

/* Serves the request that waits, unless a packet is just on its way. */
static void serve(struct gdb_server *s)
{
	bool no_ack = s->packet.in_len == sizeof(no_ack_packet) - 1 &&
		      memcmp(s->packet.in, no_ack_packet, s->packet.in_len) == 0;
	enum gdb_answer answer;

	if (s->packet.out_at < s->packet.out_len)
		return;
	/* gdb waits for no command any more. */
	if (s->commanding)
		s->text_len = 0;
	s->commanding = false;
	gdb_packet_begin(&s->packet, false);
	answer = s->packet.in_wrong ? GDB_WRONG : dispatch(s);
	if (answer == GDB_LATER && gdb_is_late(s))
		answer = gdb_answer_of(ERR_BUSY);
	if (answer == GDB_LATER || answer == GDB_SILENT) {
		s->packet.out_len = s->packet.out_at = 0;
		s->packet.out_waits = false;
		if (answer == GDB_LATER) {
			if (s->held_ns == 0)
				s->held_ns = s->packet.now_ns;
			return;
		}
	} else {
		put_answer(s, answer);
	}
	s->held_ns = 0;
	gdb_packet_done(&s->packet, answer != GDB_SILENT);
	if (no_ack) {
		s->packet.no_ack = true;
		s->packet.out_waits = false;
	}
}

/* Console text while gdb's program runs, and a command's; and the OK behind the latter. */
static void send_text(struct gdb_server *s)
{
	unsigned len = s->text_len < OUTPUT_BYTES ? s->text_len : OUTPUT_BYTES;

	if (!gdb_packet_free(&s->packet) || s->packet.held || !(s->running || s->commanding))
		return;
	if (len > 0) {
		gdb_packet_begin(&s->packet, false);
		gdb_put_byte(&s->packet, 'O');
		for (; len > 0; len--, s->text_len--) {
			gdb_put_hex(&s->packet, &s->text[s->text_at], 1);
			s->text_at = (s->text_at + 1) % GDB_TEXT_BYTES;
		}
		gdb_packet_end(&s->packet);
	} else if (s->text_lost) {
		static const char lost[] = "(the rest had no room)\n";

		s->text_lost = false;
		gdb_packet_begin(&s->packet, false);
		gdb_put_byte(&s->packet, 'O');
		gdb_put_hex(&s->packet, lost, sizeof(lost) - 1);
		gdb_packet_end(&s->packet);
	} else if (s->commanding) {
		s->commanding = false;
		gdb_packet_begin(&s->packet, false);
		put_answer(s, GDB_OK);
		s->packet.answered = true;
	}
}

static void close_line(struct gdb_server *s)
{
	s->talking = s->closing = s->running = false;
	gdb_packet_init(&s->packet, s->config.text_line, s->config.sink);
}

void gdb_server_init(struct gdb_server *s, const struct debug_target *target,
		     const struct gdb_config *config)
{
	memset(s, 0, offsetof(struct gdb_server, packet));
	memset(&s->extended, 0,
	       offsetof(struct gdb_server, registers) - offsetof(struct gdb_server, extended));
	s->target = target;
	s->config = *config;
	s->text_at = s->text_len = 0;
	close_line(s);
}

void gdb_server_input(struct gdb_server *s, uint8_t byte, uint64_t now_ns)
{
	switch (gdb_packet_input(&s->packet, byte, now_ns)) {
	case GDB_NOTHING:
		break;
	case GDB_BREAK:
		gdb_interrupt(s);
		break;
	case GDB_PACKET:
		s->packet.text_line = false;
		s->talking = true;
		s->closing = false;
		serve(s);
		break;
	}
}

void gdb_server_poll(struct gdb_server *s, uint64_t now_ns)
{
	gdb_packet_poll(&s->packet, now_ns);
	if (s->packet.lost) {
		gdb_server_gone(s);
		return;
	}
	gdb_collect_stops(s);
	if (s->packet.held)
		serve(s);
	gdb_report_stops(s);
	send_text(s);
	if (s->closing && gdb_packet_free(&s->packet) && !s->packet.held)
		close_line(s);
}

bool gdb_server_output(struct gdb_server *s, uint8_t *byte)
{
	return gdb_packet_output(&s->packet, byte);
}

size_t gdb_server_console_output(struct gdb_server *s, const char *text, size_t len)
{
	size_t taken = 0;

	if (!s->running || s->non_stop)
		return 0;
	for (; taken < len && s->text_len < GDB_TEXT_BYTES; taken++, s->text_len++)
		s->text[(s->text_at + s->text_len) % GDB_TEXT_BYTES] = text[taken];
	return taken;
}

void gdb_server_gone(struct gdb_server *s)
{
	if (s->config.when_gone == GDB_GONE_RUN)
		gdb_detach_all(s);
	s->commanding = s->noticed = false;
	s->text_len = 0;
	close_line(s);
}

bool gdb_server_attached(const struct gdb_server *s)
{
	return s->talking;
}
