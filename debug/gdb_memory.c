/* debug/gdb_memory.c - memory, breakpoints and watchpoints: m M X, Z and z. */
#include "debug/gdb_parts.h"

/* The general thread, standing still: its address space is the one that gdb means. */
static enum gdb_answer need_thread(struct gdb_server *s)
{
	if (!gdb_choose(s) || !gdb_resolve(s, &s->general))
		return gdb_answer_of(ERR_NOT_FOUND);
	return s->non_stop ? GDB_OK : gdb_need_stopped(s, s->general);
}

enum gdb_answer gdb_read_memory(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = need_thread(s);
	uint64_t at, len;
	size_t done = 0;
	enum status status;

	if (answer != GDB_OK)
		return answer;
	if (!gdb_take_range(a, &at, &len) || a->at < a->end || len == 0)
		return GDB_WRONG;
	/* The request is read: its place serves for the bytes. Less than asked for is allowed. */
	status = s->target->read_memory(s->target->state, s->general, at, s->packet.in,
					min_u64(len, GDB_PACKET_BYTES / 2), &done);
	if (done == 0)
		return gdb_answer_of(status == OK ? ERR_RANGE : status);
	gdb_put_hex(&s->packet, s->packet.in, done);
	return GDB_COMPOSED;
}

static enum gdb_answer write_bytes(struct gdb_server *s, uint64_t at, const void *from, size_t len)
{
	size_t done = 0;
	enum status status;

	if (len == 0) /* gdb asks whether X is known */
		return GDB_OK;
	status = s->target->write_memory(s->target->state, s->general, at, from, len, &done);
	return gdb_answer_of(done == len ? OK : status == OK ? ERR_RANGE : status);
}

enum gdb_answer gdb_write_memory(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = need_thread(s);
	uint64_t at, len;
	size_t have;

	if (answer != GDB_OK)
		return answer;
	if (!gdb_take_range(a, &at, &len) || !gdb_take_char(a, ':') ||
	    !gdb_take_bytes(a, s->packet.in, GDB_PACKET_BYTES, &have) || have != len)
		return GDB_WRONG;
	return write_bytes(s, at, s->packet.in, have);
}

enum gdb_answer gdb_write_binary(struct gdb_server *s, struct gdb_args *a)
{
	enum gdb_answer answer = need_thread(s);
	uint64_t at, len;

	if (answer != GDB_OK)
		return answer;
	if (!gdb_take_range(a, &at, &len) || !gdb_take_char(a, ':') ||
	    (uint64_t)(a->end - a->at) != len)
		return GDB_WRONG;
	return write_bytes(s, at, a->at, (size_t)len);
}

/* "KIND,ADDRESS,LENGTH"; a breakpoint's length is that of its instruction. */
static bool take_break(struct gdb_args *a, enum debug_point_kind *kind, uint64_t *at, uint64_t *len)
{
	uint64_t number;

	if (!gdb_take_number(a, &number) || number > DEBUG_POINT_ACCESS || !gdb_take_char(a, ',') ||
	    !gdb_take_range(a, at, len) || a->at < a->end)
		return false;
	*kind = (enum debug_point_kind)number;
	return true;
}

static enum gdb_answer change_break(struct gdb_server *s, struct gdb_args *a, bool insert)
{
	enum gdb_answer answer = need_thread(s);
	enum debug_point_kind kind;
	uint64_t at, len;

	if (answer != GDB_OK)
		return answer;
	if (!take_break(a, &kind, &at, &len))
		return GDB_WRONG;
	return gdb_answer_of((insert ? s->target->insert : s->target->remove)(
		s->target->state, s->general.pid, kind, at, len));
}

enum gdb_answer gdb_insert(struct gdb_server *s, struct gdb_args *a)
{
	return change_break(s, a, true);
}

enum gdb_answer gdb_remove(struct gdb_server *s, struct gdb_args *a)
{
	return change_break(s, a, false);
}
