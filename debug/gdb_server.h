/*
 * debug/gdb_server.h - gdb's remote protocol, spoken for a struct debug_target.
 *
 * Pure: bytes and time come in by arguments, bytes to send are fetched. The caller holds the
 * debugger's lock, and calls gdb_server_poll() now and then: a request may have to wait until a
 * thread stands still.
 *
 * Processes and threads are the target's. A packet of mode all-stop about a thread that runs (gdb
 * believes it stopped) stops it first; it goes on silently with gdb's next "continue". Register
 * layouts are two, i386 (16 and 32 bit) and x86-64; a process keeps the one whose description gdb
 * has read, until it reads again (in gdb: unset tdesc filename).
 *
 * Not supported: signals to the program, tracepoints, files, vRun, conditions at the target's side.
 * Spec: "Debugging with GDB", appendices "GDB Remote Serial Protocol" and "Target Descriptions".
 */
#pragma once

#include "debug/gdb_packet.h"
#include "debug/target.h"

#define GDB_PROCESSES_MAX 65u
#define GDB_CORES_MAX     256u
#define GDB_THREADS_MAX   (GDB_CORES_MAX + 64u)
#define GDB_STOPS_MAX     64u
#define GDB_ACTIONS_MAX   16u
#define GDB_TEXT_BYTES    32768u

/* What happens when gdb goes without saying so (the line is cut, gdb is killed). */
enum gdb_when_gone {
	GDB_GONE_RUN,  /* all is detached and runs on */
	GDB_GONE_STAY, /* what is stopped stays so, until the next gdb */
};

struct gdb_config {
	bool text_line;            /* the line is the console's until gdb begins to speak */
	bool offer_no_ack;         /* the line loses nothing */
	struct gdb_text_sink sink; /* of a text line: what was no packet */
	enum gdb_when_gone when_gone;
};

enum gdb_layout { GDB_LAYOUT_UNREAD, GDB_LAYOUT_I386, GDB_LAYOUT_X86_64 };

struct gdb_process {
	uint32_t pid;
	bool attached;
	enum gdb_layout layout;
};

/* signal: the process gets no say; it is DEBUG_STEP and the like with a signal's number before. */
struct gdb_action {
	struct debug_thread thread; /* pid or tid 0: all */
	bool stop;
	enum debug_resume how;
	uint64_t start, end;
};

struct gdb_server {
	const struct debug_target *target;
	struct gdb_config config;
	struct gdb_packet packet;

	bool talking; /* gdb has spoken, and not said good-bye */
	bool extended, non_stop, multiprocess;
	bool running;     /* all-stop: gdb waits for a stop */
	bool interrupted; /* the next stop that was asked for is Ctrl-C's */
	bool closing;     /* gdb has said good-bye: the line goes back when that is answered */
	bool noticed;     /* %Stop is out, and vStopped did not come yet */
	bool commanding;  /* OK goes out when the command's text has */
	bool text_lost;
	uint64_t notice_ns;
	uint64_t held_ns; /* since when in[] waits for a thread to stop; 0: it does not */
	struct debug_stop notice;

	struct debug_thread general, resumed; /* Hg, Hc */
	uint32_t first;                       /* the process with which the connection began */
	struct gdb_process processes[GDB_PROCESSES_MAX];
	unsigned process_count;
	struct debug_thread threads[GDB_THREADS_MAX]; /* of attached processes, by gdb_threads() */
	unsigned thread_count;

	uint8_t told[GDB_CORES_MAX / 8]; /* non-stop: the cores that gdb knows to stand still */
	struct debug_stop stops[GDB_STOPS_MAX]; /* not told yet, oldest first */
	unsigned stop_count;
	struct debug_thread held[GDB_STOPS_MAX]; /* stopped for a question only */
	unsigned held_count;
	struct gdb_action
		actions[GDB_ACTIONS_MAX]; /* gdb's last vCont, the leftmost match counts */
	unsigned action_count;

	struct debug_registers registers; /* of the request that is being served */
	unsigned text_at, text_len;
	char text[GDB_TEXT_BYTES];
};

void gdb_server_init(struct gdb_server *s, const struct debug_target *target,
		     const struct gdb_config *config);

/* A byte came in. */
void gdb_server_input(struct gdb_server *s, uint8_t byte, uint64_t now_ns);

/* Collects stops, serves what waits, composes what is to be said. */
void gdb_server_poll(struct gdb_server *s, uint64_t now_ns);

/* The next byte to send. False: none at this moment. */
bool gdb_server_output(struct gdb_server *s, uint8_t *byte);

/* Text of the console for gdb's terminal. Returns how much of it was taken: gdb listens only while
 * the program runs, and not in mode non-stop. */
size_t gdb_server_console_output(struct gdb_server *s, const char *text, size_t len);

/* The line is closed, or gdb is known to be dead. */
void gdb_server_gone(struct gdb_server *s);

/* Does gdb speak on the line? Processes may be attached without it (GDB_GONE_STAY). */
bool gdb_server_attached(const struct gdb_server *s);
