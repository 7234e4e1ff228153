/* debug/gdb_process.c - processes: attach, detach, kill. */
#include "debug/gdb_parts.h"

/* All-stop: the process is stopped, and its stop is the answer. Non-stop: gdb stops it itself and
 * waits for word of that, which one that stands already has none of. */
enum gdb_answer gdb_attach_packet(struct gdb_server *s, struct gdb_args *a)
{
	struct gdb_args none = *a;
	uint32_t pid;
	enum status status;

	if (!gdb_take_pid(a, &pid))
		return GDB_WRONG;
	status = gdb_exists(s, pid) ? gdb_attach(s, pid) : ERR_NOT_FOUND;
	if (status != OK)
		return gdb_answer_of(status);
	s->general = (struct debug_thread){.pid = pid};
	s->resumed = s->general;
	none.at = none.end;
	if (!s->non_stop)
		return gdb_question(s, &none);
	gdb_collect_stops(s);
	gdb_find_stopped(s, pid);
	return GDB_OK;
}

enum gdb_answer gdb_detach_packet(struct gdb_server *s, struct gdb_args *a)
{
	uint32_t pid;

	if (a->at == a->end) {
		gdb_detach_all(s);
	} else {
		if (!gdb_take_char(a, ';') || !gdb_take_pid(a, &pid))
			return GDB_WRONG;
		if (!gdb_is_attached(s, pid))
			return gdb_answer_of(ERR_NOT_FOUND);
		gdb_forget(s, pid);
		s->target->detach(s->target->state, pid);
	}
	if (s->process_count == 0)
		gdb_release_held(s);
	gdb_goodbye_if_alone(s);
	return GDB_OK;
}

static enum status kill(struct gdb_server *s, uint32_t pid)
{
	enum status status = s->target->kill(s->target->state, pid);

	if (status == OK)
		gdb_forget(s, pid);
	return status;
}

enum gdb_answer gdb_kill_packet(struct gdb_server *s, struct gdb_args *a)
{
	uint32_t pid;
	enum status status;

	if (!gdb_take_pid(a, &pid))
		return GDB_WRONG;
	status = gdb_is_attached(s, pid) ? kill(s, pid) : ERR_NOT_FOUND;
	if (status == OK)
		gdb_goodbye_if_alone(s);
	return gdb_answer_of(status);
}

/* The VM that gdb looks at ends; the hypervisor does not. gdb goes, and waits for no answer. */
enum gdb_answer gdb_kill_old(struct gdb_server *s, struct gdb_args *a)
{
	if (a->at < a->end)
		return GDB_WRONG;
	if (gdb_is_attached(s, s->general.pid))
		(void)kill(s, s->general.pid);
	gdb_detach_all(s);
	s->extended = false;
	gdb_goodbye_if_alone(s);
	return GDB_SILENT;
}
