/* debug/gdb_stop.c - stops: collected from the target, kept, and told in gdb's words. */
#include "debug/gdb_parts.h"

/* A notice is not acknowledged, so on a line that loses bytes it is repeated until gdb asks on. */
#define NOTICE_AGAIN_NS (3 * NS_PER_SECOND)

/* Signals by gdb's numbers. */
enum {
	SIG_NONE = 0,
	SIG_INT = 2,
	SIG_ILL = 4,
	SIG_TRAP = 5,
	SIG_ABRT = 6,
	SIG_FPE = 8,
	SIG_BUS = 10,
	SIG_SEGV = 11,
	SIG_SYS = 12
};

/* Made by a wish of gdb's that may be over: told only to whom waits for it. */
static bool is_wished(const struct debug_stop *stop)
{
	return stop->reason == DEBUG_STOP_ASKED || stop->reason == DEBUG_STOP_STEP;
}

static void drop(struct gdb_server *s, unsigned i)
{
	s->stop_count--;
	for (; i < s->stop_count; i++)
		s->stops[i] = s->stops[i + 1];
}

void gdb_drop_stops(struct gdb_server *s, uint32_t pid)
{
	for (unsigned i = s->stop_count; i-- > 0;)
		if (s->stops[i].thread.pid == pid)
			drop(s, i);
}

bool gdb_take_stop(struct gdb_server *s, struct debug_thread t, struct debug_stop *stop)
{
	for (unsigned i = 0; i < s->stop_count; i++) {
		if (gdb_is_same(s->stops[i].thread, t)) {
			*stop = s->stops[i];
			drop(s, i);
			return true;
		}
	}
	return false;
}

/* Was it made for a question? The hypervisor's cores stop together, and any of them may tell. */
static bool is_silent(const struct gdb_server *s, const struct debug_stop *stop)
{
	bool held = gdb_is_held(s, stop->thread);

	for (unsigned i = 0; i < s->held_count && stop->thread.pid == DEBUG_HOST_PID; i++)
		held |= s->held[i].pid == DEBUG_HOST_PID;
	return held && stop->reason == DEBUG_STOP_ASKED;
}

void gdb_collect_stops(struct gdb_server *s)
{
	struct debug_stop stop, old;

	while (s->stop_count < GDB_STOPS_MAX && s->target->next_stop(s->target->state, &stop)) {
		if (!gdb_is_attached(s, stop.thread.pid))
			continue;
		if (is_silent(s, &stop))
			continue;
		(void)gdb_take_stop(s, stop.thread, &old); /* a later one says more */
		s->stops[s->stop_count++] = stop;
	}
}

static unsigned signal_of_exception(uint32_t vector)
{
	/* A digit for each vector: 0 for what is a SIGSEGV. */
	static const uint8_t signals[] = {
		[EXC_DE] = SIG_FPE,  [EXC_DB] = SIG_TRAP, [EXC_NMI] = SIG_INT, [EXC_BP] = SIG_TRAP,
		[EXC_UD] = SIG_ILL,  [EXC_NM] = SIG_FPE,  [EXC_MF] = SIG_FPE,  [EXC_AC] = SIG_BUS,
		[EXC_MC] = SIG_ABRT, [EXC_XM] = SIG_FPE,
	};

	return vector < sizeof(signals) && signals[vector] != 0 ? signals[vector] : SIG_SEGV;
}

static unsigned signal_of(const struct gdb_server *s, const struct debug_stop *stop)
{
	switch (stop->reason) {
	case DEBUG_STOP_ASKED:
		if (s->non_stop && !s->interrupted)
			return SIG_NONE; /* as vCont;t wants it */
		return SIG_INT;
	case DEBUG_STOP_EXCEPTION:
		return signal_of_exception(stop->number);
	case DEBUG_STOP_TRIPLE_FAULT:
		return SIG_SEGV;
	case DEBUG_STOP_ENTRY_FAILURE:
		return SIG_ABRT;
	case DEBUG_STOP_UNHANDLED:
		return SIG_SYS;
	default:
		return SIG_TRAP;
	}
}

static void put_exit(struct gdb_server *s, const struct debug_stop *stop)
{
	static const uint8_t abort_signal = SIG_ABRT;
	uint8_t code = (uint8_t)stop->number;

	gdb_put_byte(&s->packet, code == 0 ? 'W' : 'X');
	gdb_put_hex(&s->packet, code == 0 ? &code : &abort_signal, 1);
	if (s->multiprocess) {
		gdb_put_text(&s->packet, ";process:");
		gdb_put_number(&s->packet, stop->thread.pid);
	}
	gdb_forget(s, stop->thread.pid);
	gdb_goodbye_if_alone(s);
}

void gdb_put_stop(struct gdb_server *s, const struct debug_stop *stop)
{
	static const char *const words[] = {
		[DEBUG_STOP_BREAKPOINT] = "swbreak:",  [DEBUG_STOP_HARDWARE] = "hwbreak:",
		[DEBUG_STOP_WATCH_WRITE] = "watch:",   [DEBUG_STOP_WATCH_READ] = "rwatch:",
		[DEBUG_STOP_WATCH_ACCESS] = "awatch:",
	};
	uint8_t signal;

	if (stop->reason == DEBUG_STOP_EXITED) {
		put_exit(s, stop);
		return;
	}
	gdb_set_told(s, stop->thread, true);
	signal = (uint8_t)signal_of(s, stop);
	s->interrupted = false;
	gdb_put_byte(&s->packet, 'T');
	gdb_put_hex(&s->packet, &signal, 1);
	gdb_put_text(&s->packet, "thread:");
	gdb_put_thread(s, stop->thread);
	gdb_put_byte(&s->packet, ';');
	if (stop->reason < ARRAY_SIZE(words) && words[stop->reason] != NULL) {
		gdb_put_text(&s->packet, words[stop->reason]);
		if (stop->reason >= DEBUG_STOP_WATCH_WRITE)
			gdb_put_number(&s->packet, stop->address);
		gdb_put_byte(&s->packet, ';');
	}
	gdb_put_expedited(s, stop->thread);
}

/* gdb has let this thread go, or must know at once: the hypervisor holds everything. */
static bool is_awaited(const struct gdb_server *s, const struct debug_stop *stop)
{
	return s->non_stop || gdb_action_for(s, stop->thread) != NULL ||
	       stop->reason == DEBUG_STOP_EXITED ||
	       (stop->thread.pid == DEBUG_HOST_PID && !is_wished(stop));
}

/* The hypervisor's cores stop together, and one of them tells. In mode non-stop gdb waits for each
 * of them. */
static bool next_core(struct gdb_server *s, struct debug_stop *stop)
{
	bool any = false, found = false;

	gdb_threads(s);
	for (unsigned i = 0; i < s->thread_count; i++) {
		struct debug_thread t = s->threads[i];

		if (t.pid != DEBUG_HOST_PID)
			continue;
		any |= gdb_is_told(s, t);
		if (gdb_is_told(s, t) || !s->target->is_stopped(s->target->state, t))
			continue;
		*stop = (struct debug_stop){.thread = t, .reason = DEBUG_STOP_ASKED};
		found = true;
	}
	return any && found;
}

static bool next_awaited(struct gdb_server *s, struct debug_stop *stop)
{
	for (unsigned i = 0; i < s->stop_count; i++) {
		if (is_awaited(s, &s->stops[i])) {
			*stop = s->stops[i];
			drop(s, i);
			return true;
		}
	}
	return s->non_stop && next_core(s, stop);
}

static void tell(struct gdb_server *s, const struct debug_stop *stop)
{
	gdb_packet_begin(&s->packet, false);
	s->running = false;
	s->general = stop->thread;
	s->resumed = stop->thread;
	gdb_put_stop(s, stop);
	gdb_packet_end(&s->packet);
	s->packet.answered = true;
}

static void send_notice(struct gdb_server *s)
{
	gdb_packet_begin(&s->packet, true);
	gdb_put_text(&s->packet, "Stop:");
	gdb_put_stop(s, &s->notice);
	gdb_packet_end(&s->packet);
	s->notice_ns = s->packet.now_ns;
}

void gdb_report_stops(struct gdb_server *s)
{
	struct debug_stop stop;

	if (!gdb_packet_free(&s->packet) || s->packet.held)
		return;
	if (s->running) {
		if (next_awaited(s, &stop))
			tell(s, &stop);
	} else if (s->non_stop && s->noticed) {
		if (!s->packet.no_ack && s->notice.reason != DEBUG_STOP_EXITED &&
		    s->packet.now_ns - s->notice_ns >= NOTICE_AGAIN_NS)
			send_notice(s);
	} else if (s->non_stop && next_awaited(s, &s->notice)) {
		s->noticed = true;
		send_notice(s);
	}
}

enum gdb_answer gdb_stopped(struct gdb_server *s, struct gdb_args *a)
{
	(void)a;
	if (!s->non_stop)
		return GDB_WRONG;
	s->noticed = next_awaited(s, &s->notice);
	if (!s->noticed)
		return GDB_OK;
	gdb_put_stop(s, &s->notice);
	return GDB_COMPOSED;
}

void gdb_find_stopped(struct gdb_server *s, uint32_t pid)
{
	gdb_threads(s);
	for (unsigned i = 0; i < s->thread_count && s->stop_count < GDB_STOPS_MAX; i++) {
		struct debug_stop stop = {.thread = s->threads[i], .reason = DEBUG_STOP_START};

		if ((pid != 0 && pid != s->threads[i].pid) ||
		    !s->target->is_stopped(s->target->state, s->threads[i]))
			continue;
		(void)gdb_take_stop(s, s->threads[i], &stop);
		s->stops[s->stop_count++] = stop;
	}
}

enum gdb_answer gdb_question(struct gdb_server *s, struct gdb_args *a)
{
	struct debug_stop stop = {.reason = DEBUG_STOP_START};
	enum gdb_answer answer;

	if (!gdb_choose(s))
		return gdb_answer_of(ERR_NOT_FOUND);
	gdb_collect_stops(s);
	if (s->non_stop) {
		gdb_find_stopped(s, 0);
		return gdb_stopped(s, a);
	}
	if (!gdb_resolve(s, &s->general))
		return gdb_answer_of(ERR_NOT_FOUND);
	answer = gdb_need_stopped(s, s->general);
	if (answer != GDB_OK)
		return answer;
	stop.thread = s->general;
	(void)gdb_take_stop(s, s->general, &stop);
	s->running = false;
	gdb_put_stop(s, &stop);
	return GDB_COMPOSED;
}
