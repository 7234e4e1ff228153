/*
 * vmx/host.h - the few things that vmx/ needs of the machine around it.
 *
 * kernel/main.c fills the structure from drivers/; vmx/ itself includes no driver. Every function
 * is called with interrupts off, from any core, and never waits.
 */
#pragma once

#include "kernel/types.h"

struct vm;
struct console_port; /* a guest's serial line, as the console sees it */

struct host_ops {
	/* A line of its own for a VM; NULL if there is no room. */
	struct console_port *(*line_open)(const char *vm_name);
	void (*line_close)(struct console_port *line);
	/* False: full, the caller keeps the byte and tries again. */
	bool (*line_put)(struct console_port *line, uint8_t byte);
	/* Nothing of it waits any more. */
	bool (*line_drained)(const struct console_port *line);
	/* False: nothing typed for this line. */
	bool (*line_get)(struct console_port *line, uint8_t *byte);
	bool (*line_has_input)(const struct console_port *line);
	/* Is it the line that is shown as it is, and that gets what is typed? */
	bool (*line_in_front)(const struct console_port *line);
	/* Moves what waits (log lines, guests' output, input) to where it belongs. */
	void (*service)(void);
	/* A VM has something to tell to a debugger: service() shall look after that soon. */
	void (*debug_ask)(void);
	/* How long a core may sleep at most before it calls service() again; NS_NEVER: no limit. */
	uint64_t (*service_patience_ns)(void);
	/* A VM has ended for good; its core calls it. */
	void (*vm_ended)(const struct vm *vm);
	/* Time of day: seconds since 1970, UTC. */
	int64_t (*wall_clock_s)(void);
	/* Makes a core look at its cpu->pending word soon. */
	void (*kick)(unsigned cpu_index);
	/* One interrupt on this core after the time; a new call replaces the old one. */
	void (*timer_arm_ns)(uint64_t delay_ns);
	void (*timer_stop)(void);
};

extern const struct host_ops *host_ops; /* set once, before the first VM */
