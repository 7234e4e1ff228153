/*
 * debug/monitor.h - the monitor: command lines, from the console (Ctrl-]) or from gdb.
 *
 * Everything here is for the core that holds the debugger's lock, with interrupts off.
 */
#pragma once

#include "debug/monitor_command.h"

struct vm;

/* Parts of debug/debug.c. start reads the option monitor=on|off. */
void monitor_start(void);
void monitor_service(void);

/* Runs one line; what it prints has lines that end in "\n". An empty line does nothing. */
void monitor_run_line(struct text line, const struct debug_output *out);

/* For the command exit: true if out was the console's, whose monitor closes now. */
bool monitor_leave(const struct debug_output *out);

/* VM index becomes the one that the console belongs to, now or when the monitor is left. False: it
 * has no line. */
bool monitor_set_front(unsigned index);
bool monitor_is_front(unsigned index);

/* ---- for the commands ---- */

/* What is wrong with the words, as a line; returns false, for run() to return. */
bool monitor_wrong(const struct monitor_args *a, const char *format, ...) PRINTF_LIKE(2, 3);

/* The words of the command are neither fewer nor more; else it says so. */
bool monitor_counts(const struct monitor_args *a, unsigned low, unsigned high);

/* A word as a number from low to high, decimal or 0x...; false: it says what is wrong. */
bool monitor_take_number(const struct monitor_args *a, unsigned word, uint64_t low, uint64_t high,
			 uint64_t *value);

/* The cores run: none is held by a debugger with a lock that the command would wait for. False: it
 * says that it cannot be done now. */
bool monitor_cores_run(const struct monitor_args *a);

/* The VM that a word names; NULL: it says that there is none. */
struct vm *monitor_vm(const struct monitor_args *a, unsigned word);

/* Runs fn(arg) on the VM's core, in whatever state the VM is; else says that the core does not
 * answer. fn may print. */
void monitor_call(const struct monitor_args *a, const struct vm *vm, void (*fn)(void *arg),
		  void *arg);

/* Runs fn(vm, a, context) on the VM's core between two runs of it, with its VMCS loaded (but not
 * its FPU, debug and SYSCALL registers), if the VM is running now; else says why not. fn may
 * print. */
void monitor_on_core(const struct monitor_args *a, struct vm *vm,
		     void (*fn)(struct vm *vm, const struct monitor_args *a, void *context),
		     void *context);

/* The whole of a command "NAME [WORD]": words from 2 to most, then fn as above. For run() to
 * return. */
bool monitor_run_on(const struct monitor_args *a, unsigned most,
		    void (*fn)(struct vm *vm, const struct monitor_args *a, void *context),
		    void *context);

/* Members of a structure, for monitor_fields(). */
struct monitor_field {
	const char *name;
	uint16_t offset; /* in the structure */
	uint8_t size;    /* 1, 2, 4, 8 bytes; MONITOR_FLAG: a bool */
};

#define MONITOR_FLAG 0u
#define MONITOR_FIELD(type, member)                                                                \
	{                                                                                          \
#member, offsetof(type, member), sizeof(((type *)0)->member)                       \
	}
#define MONITOR_BOOL(type, member)                                                                 \
	{                                                                                          \
#member, offsetof(type, member), MONITOR_FLAG                                      \
	}

/* Prints "name value" pairs, in rows that fit a terminal. */
void monitor_fields(const struct monitor_args *a, const void *structure,
		    const struct monitor_field *fields, unsigned count);

/* A row of so many bits by number, the highest first: those that are set show their number's last
 * digit. */
void monitor_bits(const struct monitor_args *a, const char *name, unsigned value, unsigned count);
