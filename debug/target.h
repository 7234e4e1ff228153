/*
 * debug/target.h - what a debugger sees: processes, threads, registers, memory, stops.
 *
 * Process 1 is the hypervisor, and its cores are threads 1, 2, ...; process 2 + n is VM n, and its
 * vCPUs are threads 1, 2, .... The gdb server (pure) works on a struct debug_target; the machine's
 * is made of debug/host_target.c and debug/guest_target.c, the unit tests have one of their own.
 *
 * Called by one core at a time (who holds the debugger's lock), with interrupts off. Nothing here
 * waits for longer than it takes a core to answer a kick (1 ms), or takes the console's lock.
 */
#pragma once

#include "guest/cpu_state.h"
#include "guest/debug_plan.h"
#include "kernel/status.h"
#include "kernel/text.h"

#define DEBUG_HOST_PID 1u
#define DEBUG_FIRST_VM 2u

/* pid 0: any; tid 0: any of the process. Both count from 1. */
struct debug_thread {
	uint32_t pid, tid;
};

/* What instructions at its RIP are. */
enum debug_mode { DEBUG_16_BIT, DEBUG_32_BIT, DEBUG_64_BIT };

/* RIP is the offset in CS, as the CPU has it. For a host thread only what exists is filled in. */
struct debug_registers {
	struct guest_cpu_state cpu;
	uint64_t dr[4]; /* DR0 to DR3 */
	enum debug_mode mode;
	bool has_fpu;
	uint8_t fpu[GUEST_FPU_BYTES];
};

enum debug_stop_reason {
	DEBUG_STOP_ASKED,       /* stop(), or gdb's Ctrl-C */
	DEBUG_STOP_START,       /* a VM with debug=wait, before its first instruction */
	DEBUG_STOP_STEP,        /* a step is done */
	DEBUG_STOP_BREAKPOINT,  /* of kind SOFTWARE */
	DEBUG_STOP_HARDWARE,    /* of kind HARDWARE */
	DEBUG_STOP_WATCH_WRITE, /* address: the watched linear address */
	DEBUG_STOP_WATCH_READ,
	DEBUG_STOP_WATCH_ACCESS,
	DEBUG_STOP_EXCEPTION, /* number: the vector; a panic of the host: EXC_UD */
	DEBUG_STOP_TRIPLE_FAULT,
	DEBUG_STOP_ENTRY_FAILURE, /* the VM-entry failed */
	DEBUG_STOP_UNHANDLED,     /* an exit that nobody handles; number: its basic reason */
	DEBUG_STOP_EXITED,        /* the process is gone; number: 0 well, else not */
};

struct debug_stop {
	struct debug_thread thread;
	enum debug_stop_reason reason;
	uint64_t address;
	uint32_t number;
};

/* RANGE: steps until RIP (linear) is outside of [start, end). */
enum debug_resume { DEBUG_CONTINUE, DEBUG_STEP, DEBUG_STEP_RANGE };

enum debug_memory_kind { DEBUG_RAM, DEBUG_ROM };

struct debug_region {
	uint64_t start, len_bytes;
	enum debug_memory_kind kind;
};

/* Takes text that a command prints; it comes in pieces of any size. */
struct debug_output {
	void (*write)(void *state, const char *text, size_t len);
	void *state;
};

struct debug_target {
	void *state; /* the first argument of all */

	/* All threads that exist now, by pid and tid; returns how many, which may be above max. */
	unsigned (*threads)(void *state, struct debug_thread *out, unsigned max);
	/* "core 0", "demo: vCPU 0 on core 1, real mode, halted". */
	void (*describe)(void *state, struct debug_thread t, char *text, size_t size);
	/* The process's file name: "lintel", "demo". */
	void (*process_name)(void *state, uint32_t pid, char *text, size_t size);
	/* Is it stopped for the debugger? */
	bool (*is_stopped)(void *state, struct debug_thread t);

	/* Stopped threads only: ERR_INVALID otherwise. ERR_NOT_FOUND: no such thread. write keeps
	 * what the architecture does not let change, and says ERR_UNSUPPORTED if that is all. */
	enum status (*read_registers)(void *state, struct debug_thread t,
				      struct debug_registers *r);
	enum status (*write_registers)(void *state, struct debug_thread t,
				       const struct debug_registers *r);

	/* By linear address in the thread's address space. *done: bytes that were copied before the
	 * first that is not there (ERR_RANGE if that is 0). Never faults; breakpoints of the
	 * debugger do not show. A write may go to read-only pages, not to ROM. */
	enum status (*read_memory)(void *state, struct debug_thread t, uint64_t at, void *to,
				   size_t len_bytes, size_t *done);
	enum status (*write_memory)(void *state, struct debug_thread t, uint64_t at,
				    const void *from, size_t len_bytes, size_t *done);
	/* Regions of RAM and ROM, by address; returns how many there are. */
	unsigned (*memory_map)(void *state, uint32_t pid, struct debug_region *out, unsigned max);

	/* For all threads of the process. insert of one that is there, and remove of one that is
	 * not, are OK. ERR_FULL; ERR_RANGE (nothing is mapped there); ERR_UNSUPPORTED. */
	enum status (*insert)(void *state, uint32_t pid, enum debug_point_kind kind, uint64_t at,
			      uint64_t len_bytes);
	enum status (*remove)(void *state, uint32_t pid, enum debug_point_kind kind, uint64_t at,
			      uint64_t len_bytes);

	/* t.tid 0: all of the process; t.pid 0: everything. Running threads are left alone. */
	void (*resume)(void *state, struct debug_thread t, enum debug_resume how, uint64_t start,
		       uint64_t end);
	/* Asks; each thread's stop comes as an event. A thread that is stopped makes none. */
	void (*stop)(void *state, struct debug_thread t);
	/* True: *s is the next stop. Each is told once. */
	bool (*next_stop)(void *state, struct debug_stop *s);

	/* From attach on, fatal events of the process stop it instead of ending it. detach removes
	 * all of its breakpoints and lets it run. */
	enum status (*attach)(void *state, uint32_t pid);
	void (*detach)(void *state, uint32_t pid);
	/* A VM ends; the hypervisor: ERR_UNSUPPORTED. */
	enum status (*kill)(void *state, uint32_t pid);

	/* One command line of the monitor. */
	void (*command)(void *state, struct text line, const struct debug_output *out);
};
