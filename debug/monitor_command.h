/*
 * debug/monitor_command.h - what a command of the monitor is, and what it prints with.
 *
 * Commands run on whichever core serves the debugger, under its lock, with interrupts off. What
 * belongs to another core (a loaded VMCS) is fetched by vmx_call_core().
 */
#pragma once

#include "debug/target.h"

#define MONITOR_WORDS_MAX 16u

struct monitor_args {
	const struct debug_output *out;
	struct text words[MONITOR_WORDS_MAX]; /* [0]: the command's own name */
	unsigned count;
};

struct monitor_command {
	const char *name;
	const char *usage; /* the words behind the name: "NAME [all]" */
	const char *help;  /* one line */
	/* False: its words are wrong, and the caller prints the usage line. */
	bool (*run)(const struct monitor_args *a);
	/* What may stand as the second word, for completion; ends with NULL. NULL: not known. */
	const char *const *words;
	bool vm_names; /* VM names are completed, too */
};

void monitor_print(const struct monitor_args *a, const char *format, ...) PRINTF_LIKE(2, 3);

/* All commands, in the order of `help`; ends with NULL. debug/monitor_table.c. */
extern const struct monitor_command *const monitor_commands[];
