/*
 * drivers/console_mux.h - puts the log and many guests' output on one line, and decides who gets
 * what is typed. The rules stand in drivers/console.h.
 *
 * Pure: compiles for the host; time is an argument. The caller has the console's lock, but for
 * console_mux_put() (one writer for each port).
 */
#pragma once

#include "drivers/byte_ring.h"

#define CONSOLE_PORTS        66u /* one for each VM, the monitor's and the trace's */
#define CONSOLE_PORT_BYTES   4096u
#define CONSOLE_INPUT_BYTES  65536u
#define CONSOLE_OUTPUT_BYTES 16384u
#define CONSOLE_NAME_BYTES   32u
#define CONSOLE_LINE_BYTES   320u /* room that a log line may take, with its line ends */

/* A line that somebody has begun is left alone for so long after its last byte, and in all. */
#define CONSOLE_LINE_WAIT_NS (100 * NS_PER_MILLISECOND)
#define CONSOLE_LINE_MOST_NS NS_PER_SECOND

enum console_port_state { CONSOLE_FREE, CONSOLE_OPEN, CONSOLE_CLOSING };

struct console_port {
	enum console_port_state state;
	char name[CONSOLE_NAME_BYTES];
	uint64_t opened;  /* the how-manieth open it was */
	bool raw;         /* had the focus when it was closed: the rest passes as it is */
	bool erase;       /* atomic: its unfinished line is erased, not broken, by who comes next */
	uint32_t breaks;  /* atomic: how often either has happened */
	uint32_t scanned; /* so many bytes of out are known to hold no line end */
	struct byte_ring out;
	uint8_t bytes[CONSOLE_PORT_BYTES];
};

struct console_mux {
	struct console_port ports[CONSOLE_PORTS];
	struct console_port *foreground;
	uint64_t opens;
	unsigned used; /* ports from here on were never opened */
	unsigned next; /* whose turn it is; below used, or 0 */

	/* The line that is unfinished on the output now. */
	bool line_open;
	struct console_port *line_of; /* NULL: who began it is gone */
	uint64_t line_start_ns, line_last_ns;

	bool waiting;            /* something had to wait for a line to end */
	struct byte_ring output; /* to the chip */
	struct byte_ring input;  /* from the chip */
	uint8_t output_bytes[CONSOLE_OUTPUT_BYTES];
	uint8_t input_bytes[CONSOLE_INPUT_BYTES];
};

void console_mux_init(struct console_mux *m);
struct console_port *console_mux_open(struct console_mux *m, const char *name);
void console_mux_close(struct console_mux *m, struct console_port *p);

MUST_CHECK bool console_mux_put(struct console_port *p, uint8_t byte);
MUST_CHECK bool console_mux_get(struct console_mux *m, const struct console_port *p, uint8_t *byte);

/* Moves guests' output to the output ring as the rules allow and as far as there is room. Returns
 * whether anything moved. all: unfinished lines too, and nobody waits for anybody (the end). */
bool console_mux_pump(struct console_mux *m, uint64_t now_ns, bool all);

/* How many log lines may be written now. */
unsigned console_mux_log_room(struct console_mux *m, uint64_t now_ns, bool urgent);

/* One log line, without a line end. What finds no room is cut. */
void console_mux_log(struct console_mux *m, const char *line, size_t len);

/* Is a guest's output still in a ring? */
bool console_mux_has_output(const struct console_mux *m);
