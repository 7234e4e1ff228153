/*
 * debug/host_stop.h - how the hypervisor itself stops, steps and goes on: what the core that came
 * to a stop does, while all others are held (kernel/hold.h).
 *
 * Who stops takes the debugger's lock first, so no core is in the middle of the debugger's work.
 * What runs for the debugger (c->frame is set: the core's own registers are put aside) never stops:
 * it passes over breakpoints. That core serves gdb by polling, until gdb lets the machine go on.
 * Not here: hardware breakpoints and watchpoints. Every VM exit clears DR7.
 * Spec: SDM 3B "Debug Exceptions", SDM 3C "Loading Host Control Registers, Debug Registers, MSRs".
 */
#pragma once

#include "debug/target.h"
#include "kernel/trap.h"

/* Hooks for traps, panics and held cores. Boot processor, once. */
void host_start(void);

/* From now on a panic stops for the debugger. Not any more: breakpoints go, all goes on. */
void host_attach(bool on);

/* The rest is for the owner of the debugger's lock. */

/* Stops all other cores now; the caller's own registers are c->frame, and it is to call
 * host_stay_stopped() soon. Nothing if all is stopped already. */
void host_stop_now(void);
bool host_is_stopped(void);
bool host_runs(void); /* neither stopped nor in a step: no core is held */
bool host_next_stop(struct debug_stop *s);

/* A core's registers; NULL: it runs, or has not come when it should stop. */
struct trap_frame *host_frame(unsigned index);

/* How all goes on, after the caller's work. STEP and STEP_RANGE: this core only. */
void host_resume(unsigned index, enum debug_resume how, uint64_t start, uint64_t end);

/* For the end of a core's work for the debugger, in whose trap frame it goes on: gives the lock
 * back, after gdb has let the hypervisor go if it is stopped. */
void host_stay_stopped(void);
