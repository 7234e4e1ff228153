/*
 * debug/gdb_parts.h - between the parts of the gdb server; for debug/gdb_*.c only.
 *
 * A packet's handler reads its arguments off the front of struct gdb_args and says how the packet
 * is answered.
 */
#pragma once

#include "debug/gdb_server.h"

enum gdb_answer {
	GDB_COMPOSED, /* it has put its answer (begin and end are done by the caller) */
	GDB_OK,
	GDB_EMPTY,  /* not supported */
	GDB_WRONG,  /* the packet makes no sense */
	GDB_LATER,  /* not yet: serve it again at the next poll */
	GDB_SILENT, /* an answer comes later, or none */
	GDB_FAILED, /* + enum status */
};

struct gdb_args {
	const uint8_t *at, *end;
};

typedef enum gdb_answer gdb_handler(struct gdb_server *s, struct gdb_args *a);

static inline enum gdb_answer gdb_answer_of(enum status s)
{
	return s == OK ? GDB_OK : (enum gdb_answer)(GDB_FAILED + s);
}

/* Is t meant by who, whose 0s stand for any? */
static inline bool gdb_covers(struct debug_thread who, struct debug_thread t)
{
	return (who.pid == 0 || who.pid == t.pid) && (who.tid == 0 || who.tid == t.tid);
}

static inline bool gdb_is_same(struct debug_thread a, struct debug_thread b)
{
	return a.pid == b.pid && a.tid == b.tid;
}

/* gdb_parse.c. Each takes what it reads off the front; false leaves no promise about the rest. */
bool gdb_take_char(struct gdb_args *a, char c);
bool gdb_take_number(struct gdb_args *a, uint64_t *value);
bool gdb_take_pid(struct gdb_args *a, uint32_t *pid);
/* Bytes in hexadecimal, at most max; *len is how many. In place is fine. */
bool gdb_take_bytes(struct gdb_args *a, void *to, size_t max, size_t *len);
/* "ADDRESS,LENGTH" */
bool gdb_take_range(struct gdb_args *a, uint64_t *at, uint64_t *len);
/* p1.2, p1.-1, p-1.-1, p1, 0, -1 and so on: pid or tid 0 is any or all. */
bool gdb_take_thread(const struct gdb_server *s, struct gdb_args *a, struct debug_thread *t);

/* gdb_threads.c */
struct gdb_process *gdb_process_of(struct gdb_server *s, uint32_t pid);
bool gdb_is_attached(struct gdb_server *s, uint32_t pid);
void gdb_threads(struct gdb_server *s);              /* fills s->threads */
bool gdb_exists(struct gdb_server *s, uint32_t pid); /* attached or not */
/* A thread that is there for one that may say any. False: none is. */
bool gdb_resolve(struct gdb_server *s, struct debug_thread *t);
/* The process with which a connection begins, attached and general. */
bool gdb_choose(struct gdb_server *s);
enum status gdb_attach(struct gdb_server *s, uint32_t pid);
void gdb_forget(struct gdb_server *s, uint32_t pid); /* is gone, or detached */
void gdb_detach_all(struct gdb_server *s);
/* What the packet asks has waited for as long as gdb has patience. */
bool gdb_is_late(const struct gdb_server *s);
/* The general thread, stopped. GDB_OK; GDB_LATER; or an error. */
enum gdb_answer gdb_need_stopped(struct gdb_server *s, struct debug_thread t);
void gdb_set_told(struct gdb_server *s, struct debug_thread t, bool told);
bool gdb_is_told(const struct gdb_server *s, struct debug_thread t);
bool gdb_is_held(const struct gdb_server *s, struct debug_thread t);
void gdb_release_held(struct gdb_server *s);
void gdb_put_thread(struct gdb_server *s, struct debug_thread t);
void gdb_goodbye_if_alone(struct gdb_server *s);

/* gdb_stop.c */
void gdb_collect_stops(struct gdb_server *s);
void gdb_drop_stops(struct gdb_server *s, uint32_t pid);
/* Each thread (of that process, unless 0) that stands without a word about it gets one. */
void gdb_find_stopped(struct gdb_server *s, uint32_t pid);
bool gdb_take_stop(struct gdb_server *s, struct debug_thread t, struct debug_stop *stop);
void gdb_put_stop(struct gdb_server *s, const struct debug_stop *stop);
void gdb_report_stops(struct gdb_server *s);
gdb_handler gdb_question, gdb_stopped;

/* gdb_resume.c */
const struct gdb_action *gdb_action_for(const struct gdb_server *s, struct debug_thread t);
void gdb_interrupt(struct gdb_server *s);
gdb_handler gdb_cont, gdb_continue_old, gdb_step_old, gdb_ctrl_c;

/* gdb_memory.c */
gdb_handler gdb_read_memory, gdb_write_memory, gdb_write_binary, gdb_insert, gdb_remove;

/* gdb_registers.c */
enum gdb_answer gdb_fetch_registers(struct gdb_server *s);
void gdb_put_expedited(struct gdb_server *s, struct debug_thread t);
gdb_handler gdb_read_all, gdb_write_all, gdb_read_one, gdb_write_one;

/* gdb_description.c; xfer.c. A document is written from its start each time it is read; what is
 * outside of the window that gdb asked for is left out. */
struct gdb_window {
	struct gdb_packet *packet;
	uint64_t skip, left;
	bool more;
};
void gdb_window_text(struct gdb_window *w, const char *format, ...) PRINTF_LIKE(2, 3);
void gdb_describe_registers(struct gdb_window *w, enum gdb_layout layout, enum debug_mode mode,
			    bool has_fpu);
gdb_handler gdb_read_features, gdb_read_threads, gdb_read_map;

/* gdb_process.c, gdb_query.c */
gdb_handler gdb_attach_packet, gdb_detach_packet, gdb_kill_packet, gdb_kill_old;
gdb_handler gdb_supported, gdb_command, gdb_select, gdb_alive, gdb_current, gdb_first_threads,
	gdb_extra_info;
