/* debug/gdb_resume.c - what makes threads run and stop: vCont, c, s, Ctrl-C. */
#include "debug/gdb_parts.h"

const struct gdb_action *gdb_action_for(const struct gdb_server *s, struct debug_thread t)
{
	for (unsigned i = 0; i < s->action_count; i++)
		if (gdb_covers(s->actions[i].thread, t))
			return &s->actions[i];
	return NULL;
}

/* "c", "C05", "s", "S05", "t", "rSTART,END"; signals are not for machines. */
static bool take_verb(struct gdb_args *a, struct gdb_action *action)
{
	uint64_t signal;

	if (gdb_take_char(a, 't')) {
		action->stop = true;
		return true;
	}
	if (gdb_take_char(a, 'r')) {
		action->how = DEBUG_STEP_RANGE;
		return gdb_take_range(a, &action->start, &action->end);
	}
	if (gdb_take_char(a, 'C') || gdb_take_char(a, 'S')) {
		action->how = a->at[-1] == 'S' ? DEBUG_STEP : DEBUG_CONTINUE;
		return gdb_take_number(a, &signal);
	}
	if (gdb_take_char(a, 's')) {
		action->how = DEBUG_STEP;
		return true;
	}
	return gdb_take_char(a, 'c');
}

static bool take_actions(struct gdb_server *s, struct gdb_args *a)
{
	s->action_count = 0;
	while (gdb_take_char(a, ';')) {
		struct gdb_action *action = &s->actions[s->action_count];

		if (s->action_count == GDB_ACTIONS_MAX)
			return false;
		*action = (struct gdb_action){.how = DEBUG_CONTINUE};
		if (!take_verb(a, action) || (action->stop && !s->non_stop))
			return false;
		if (gdb_take_char(a, ':') && !gdb_take_thread(s, a, &action->thread))
			return false;
		s->action_count++;
	}
	return s->action_count > 0 && a->at == a->end;
}

static void act(struct gdb_server *s, struct debug_thread t, const struct gdb_action *action)
{
	bool told = false;
	struct debug_stop stop;

	if (action->stop) {
		s->target->stop(s->target->state, t);
		return;
	}
	/* What has stopped by itself is told now instead; a step that gdb does not wait for any
	 * more, or its stop, is over. */
	if (gdb_take_stop(s, t, &stop)) {
		told = s->non_stop ||
		       (stop.reason != DEBUG_STOP_ASKED && stop.reason != DEBUG_STOP_STEP);
		if (told)
			s->stops[s->stop_count++] = stop;
	}
	if (told)
		return;
	gdb_set_told(s, t, false);
	s->target->resume(s->target->state, t, action->how, action->start, action->end);
}

/* By s->actions. A thread that is to step must stand still first. */
static enum gdb_answer resume(struct gdb_server *s)
{
	bool any = false;

	gdb_threads(s);
	for (unsigned i = 0; i < s->thread_count && !s->non_stop; i++) {
		const struct gdb_action *action = gdb_action_for(s, s->threads[i]);

		if (action != NULL && action->how != DEBUG_CONTINUE &&
		    gdb_need_stopped(s, s->threads[i]) == GDB_LATER)
			return GDB_LATER;
	}
	gdb_collect_stops(s);
	for (unsigned i = 0; i < s->thread_count; i++) {
		const struct gdb_action *action = gdb_action_for(s, s->threads[i]);

		if (action == NULL)
			continue;
		for (unsigned held = 0; held < s->held_count; held++)
			if (gdb_covers(s->held[held], s->threads[i]))
				s->held[held--] = s->held[--s->held_count];
		act(s, s->threads[i], action);
		any = true;
	}
	gdb_release_held(s);
	if (s->non_stop)
		return GDB_OK;
	if (!any) {
		gdb_put_byte(&s->packet, 'N'); /* nothing is left that could run */
		return GDB_COMPOSED;
	}
	s->running = true;
	return GDB_SILENT;
}

enum gdb_answer gdb_cont(struct gdb_server *s, struct gdb_args *a)
{
	if (a->at < a->end && *a->at == '?') {
		gdb_put_text(&s->packet, "vCont;c;C;s;S;t;r");
		return GDB_COMPOSED;
	}
	return take_actions(s, a) ? resume(s) : GDB_WRONG;
}

/* c and s, C and S with a signal. To go on elsewhere gdb writes the instruction pointer. */
static enum gdb_answer resume_old(struct gdb_server *s, struct gdb_args *a, bool step)
{
	uint64_t signal;
	bool has_signal = a->at[-1] == 'C' || a->at[-1] == 'S';

	if ((has_signal && !gdb_take_number(a, &signal)) || a->at < a->end || s->non_stop)
		return GDB_WRONG;
	s->action_count = 1;
	s->actions[0] = (struct gdb_action){.how = step ? DEBUG_STEP : DEBUG_CONTINUE};
	if (step) {
		s->actions[0].thread = s->resumed;
		if (!gdb_resolve(s, &s->actions[0].thread))
			return gdb_answer_of(ERR_NOT_FOUND);
	}
	return resume(s);
}

enum gdb_answer gdb_continue_old(struct gdb_server *s, struct gdb_args *a)
{
	return resume_old(s, a, false);
}

enum gdb_answer gdb_step_old(struct gdb_server *s, struct gdb_args *a)
{
	return resume_old(s, a, true);
}

/* Of what runs by gdb's word: the thread it looked at last, or else any. */
void gdb_interrupt(struct gdb_server *s)
{
	struct debug_thread victim = {0};

	if (!s->running && !s->non_stop)
		return;
	gdb_threads(s);
	for (unsigned i = 0; i < s->thread_count; i++) {
		struct debug_thread t = s->threads[i];
		bool preferred = gdb_covers(s->general, t);

		if (s->target->is_stopped(s->target->state, t) ||
		    (!s->non_stop && gdb_action_for(s, t) == NULL))
			continue;
		if (preferred || victim.pid == 0)
			victim = t;
		if (preferred)
			break;
	}
	if (victim.pid != 0) {
		s->interrupted = true;
		s->target->stop(s->target->state, victim);
	} else if (s->running && s->stop_count == 0 && gdb_resolve(s, &s->general)) {
		/* Nothing runs, and nothing has stopped: gdb must not wait for ever. */
		s->stops[s->stop_count++] = (struct debug_stop){.thread = s->general};
	}
}

enum gdb_answer gdb_ctrl_c(struct gdb_server *s, struct gdb_args *a)
{
	(void)a;
	gdb_interrupt(s);
	return GDB_OK;
}
