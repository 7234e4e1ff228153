/* debug/gdb_threads.c - which processes and threads gdb has, and which of them stand still. */
#include "debug/gdb_parts.h"

#include "kernel/string.h"

struct gdb_process *gdb_process_of(struct gdb_server *s, uint32_t pid)
{
	for (unsigned i = 0; i < s->process_count; i++)
		if (s->processes[i].pid == pid)
			return &s->processes[i];
	return NULL;
}

bool gdb_is_attached(struct gdb_server *s, uint32_t pid)
{
	struct gdb_process *p = gdb_process_of(s, pid);

	return p != NULL && p->attached;
}

enum status gdb_attach(struct gdb_server *s, uint32_t pid)
{
	struct gdb_process *p = gdb_process_of(s, pid);
	enum status status;

	if (p != NULL && p->attached)
		return OK;
	if (p == NULL) {
		if (s->process_count == GDB_PROCESSES_MAX)
			return ERR_FULL;
		p = &s->processes[s->process_count];
		*p = (struct gdb_process){.pid = pid};
	}
	status = s->target->attach(s->target->state, pid);
	if (status != OK)
		return status;
	if (p == &s->processes[s->process_count])
		s->process_count++;
	p->attached = true;
	p->layout = GDB_LAYOUT_UNREAD;
	return OK;
}

/* All threads of the target, of which those of attached processes stay if attached_only. Those of
 * the first process come first: gdb gives the description that it read before it knew of any
 * process to the first one in the list. */
static void read_threads(struct gdb_server *s, bool attached_only)
{
	unsigned count = s->target->threads(s->target->state, s->threads, GDB_THREADS_MAX);
	unsigned firsts = 0;

	if (count > GDB_THREADS_MAX)
		count = GDB_THREADS_MAX;
	s->thread_count = 0;
	for (unsigned i = 0; i < count; i++) {
		struct debug_thread t = s->threads[i];
		unsigned to = s->thread_count;

		if (attached_only && !gdb_is_attached(s, t.pid))
			continue;
		if (t.pid == s->first) {
			memmove(s->threads + firsts + 1, s->threads + firsts,
				(to - firsts) * sizeof(t));
			to = firsts++;
		}
		s->threads[to] = t;
		s->thread_count++;
	}
}

void gdb_threads(struct gdb_server *s)
{
	read_threads(s, true);
}

bool gdb_exists(struct gdb_server *s, uint32_t pid)
{
	read_threads(s, false);
	for (unsigned i = 0; i < s->thread_count; i++)
		if (s->threads[i].pid == pid)
			return true;
	return false;
}

bool gdb_resolve(struct gdb_server *s, struct debug_thread *t)
{
	gdb_threads(s);
	for (unsigned i = 0; i < s->thread_count; i++) {
		struct debug_thread have = s->threads[i];

		if (gdb_covers(*t, have)) {
			*t = have;
			return true;
		}
	}
	return false;
}

/* A VM that is stopped, else the hypervisor, else whatever there is. */
static struct debug_thread first_thread(const struct gdb_server *s)
{
	struct debug_thread first = {0};

	for (unsigned i = 0; i < s->thread_count; i++) {
		struct debug_thread t = s->threads[i];

		if (t.pid != DEBUG_HOST_PID && s->target->is_stopped(s->target->state, t))
			return t;
		if (first.pid == 0)
			first = t;
	}
	return first;
}

bool gdb_choose(struct gdb_server *s)
{
	struct debug_thread first;

	if (s->general.pid != 0)
		return true;
	read_threads(s, false);
	first = first_thread(s);
	if (first.pid == 0 || gdb_attach(s, first.pid) != OK)
		return false;
	if (!s->extended)
		for (unsigned i = 0; i < s->thread_count; i++)
			if (gdb_attach(s, s->threads[i].pid) != OK)
				break;
	s->general = first;
	s->resumed = first;
	s->first = first.pid;
	return true;
}

static void drop_held(struct gdb_server *s, unsigned i)
{
	s->held[i] = s->held[--s->held_count];
}

void gdb_forget(struct gdb_server *s, uint32_t pid)
{
	struct gdb_process *p = gdb_process_of(s, pid);

	if (p != NULL)
		*p = s->processes[--s->process_count];
	for (unsigned i = s->held_count; i-- > 0;)
		if (s->held[i].pid == pid)
			drop_held(s, i);
	gdb_drop_stops(s, pid);
	if (s->general.pid == pid)
		s->general.tid = 0;
}

void gdb_detach_all(struct gdb_server *s)
{
	while (s->process_count > 0) {
		uint32_t pid = s->processes[0].pid;

		s->target->detach(s->target->state, pid);
		gdb_forget(s, pid);
	}
}

bool gdb_is_held(const struct gdb_server *s, struct debug_thread t)
{
	for (unsigned i = 0; i < s->held_count; i++)
		if (gdb_is_same(s->held[i], t))
			return true;
	return false;
}

void gdb_set_told(struct gdb_server *s, struct debug_thread t, bool told)
{
	unsigned core = t.tid - 1;

	if (t.pid != DEBUG_HOST_PID || core >= GDB_CORES_MAX)
		return;
	s->told[core / 8] &= (uint8_t)~BIT(core % 8);
	s->told[core / 8] |= (uint8_t)(told << core % 8);
}

bool gdb_is_told(const struct gdb_server *s, struct debug_thread t)
{
	unsigned core = t.tid - 1;

	return core < GDB_CORES_MAX && (s->told[core / 8] >> core % 8 & 1) != 0;
}

enum gdb_answer gdb_need_stopped(struct gdb_server *s, struct debug_thread t)
{
	if (s->target->is_stopped(s->target->state, t))
		return GDB_OK;
	if (gdb_is_held(s, t))
		return GDB_LATER;
	if (s->held_count == GDB_STOPS_MAX)
		return gdb_answer_of(ERR_FULL);
	s->held[s->held_count++] = t;
	s->target->stop(s->target->state, t);
	return GDB_LATER;
}

/* What stopped by itself in the meantime stays stopped. */
void gdb_release_held(struct gdb_server *s)
{
	gdb_collect_stops(s);
	while (s->held_count > 0) {
		struct debug_thread t = s->held[--s->held_count];
		bool told = false;

		for (unsigned i = 0; i < s->stop_count; i++)
			told |= gdb_is_same(s->stops[i].thread, t);
		if (!told)
			s->target->resume(s->target->state, t, DEBUG_CONTINUE, 0, 0);
	}
}

void gdb_put_thread(struct gdb_server *s, struct debug_thread t)
{
	if (s->multiprocess) {
		gdb_put_byte(&s->packet, 'p');
		gdb_put_number(&s->packet, t.pid);
		gdb_put_byte(&s->packet, '.');
	}
	gdb_put_number(&s->packet, t.tid);
}

void gdb_goodbye_if_alone(struct gdb_server *s)
{
	s->running = s->running && s->process_count > 0;
	if (s->process_count == 0 && !s->extended)
		s->closing = true;
}
