/* debug/host_stop.c - see debug/host_stop.h. */
#include "debug/host_stop.h"

#include "debug/debug.h"
#include "debug/gdb.h"
#include "debug/host_code.h"
#include "drivers/lapic.h"
#include "kernel/cpu.h"
#include "kernel/hold.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "vmx/call_core.h"
#include "vmx/vm_debug.h"

#define LOCK_SPINS   2000000u /* a panic does not wait for ever */
#define RANGE_LOOK   64u      /* steps in a range between two looks at gdb's line */
#define CODE_VMX     0x010fu
#define CODE_RESUME  0xc2u /* third byte: VMLAUNCH, and with bit 0 VMRESUME */
#define CODE_STI_HLT 0xf4fbu

enum state { RUNS, STOPPED, STEPS };

extern char vmx_exit[], vmx_exit_long[]; /* vmx/entry.asm */

/* What ends a step over an instruction that does not come back with TF. */
static struct code_place step_ends[3];

static enum state state;
static bool attached, panicked, go, has_stop;
static struct debug_stop last_stop;
static struct cpu *server, *stepper; /* who serves gdb; who steps, or is to */
static enum debug_resume step_kind;
static uint64_t range_start, range_end;
static unsigned range_steps;

/* ---- to a stop ---- */

static void note_stop(const struct cpu *c, enum debug_stop_reason reason, uint64_t address,
		      uint32_t number)
{
	last_stop = (struct debug_stop){
		.thread = {DEBUG_HOST_PID, c->index + 1},
		.reason = reason,
		.address = address,
		.number = number,
	};
}

static void begin_stop(void)
{
	if (state == RUNS)
		(void)hold_others();
	if (state != STOPPED)
		vm_debug_hold_time();
	state = STOPPED;
	has_stop = true;
	go = false;
}

void host_stop_now(void)
{
	struct cpu *c = this_cpu();

	if (state == STEPS) {
		/* Another core steps, and does not come back. */
		note_stop(stepper, DEBUG_STOP_ASKED, 0, 0);
		__atomic_fetch_or(&stepper->pending, (uint32_t)CPU_PENDING_HOLD, __ATOMIC_RELEASE);
		lapic_send_nmi(stepper->apic_id);
	} else if (state == RUNS) {
		note_stop(c, DEBUG_STOP_ASKED, 0, 0);
		begin_stop();
	}
}

bool host_is_stopped(void)
{
	return state == STOPPED;
}

bool host_next_stop(struct debug_stop *s)
{
	bool had = has_stop;

	has_stop = false;
	*s = last_stop;
	return had;
}

bool host_runs(void)
{
	return state == RUNS;
}

struct trap_frame *host_frame(unsigned index)
{
	return state == STOPPED && index < cpu_count ? cpus[index]->frame : NULL;
}

/* ---- on ---- */

void host_resume(unsigned index, enum debug_resume how, uint64_t start, uint64_t end)
{
	if (state != STOPPED)
		return;
	go = true;
	if (how == DEBUG_CONTINUE)
		return;
	step_kind = how;
	stepper = cpus[index];
	range_start = start;
	range_end = end;
	range_steps = 0;
}

/* TF does not survive a VM entry: the step ends where the exit comes, or right behind. STI and HLT
 * are one step: between them the interrupt would get lost that HLT waits for. */
static void prepare_step(struct trap_frame *f)
{
	const uint8_t *code = (const uint8_t *)f->rip;
	uint32_t bytes = 0;

	if (host_is_code(f->rip)) {
		memcpy(&bytes, code, 3);
		host_hide_breakpoints(f->rip, (uint8_t *)&bytes, 3, false);
	}
	if ((bytes & 0xffff) == CODE_VMX && (bytes >> 16 | 1) == (CODE_RESUME | 1)) {
		host_place_int3(&step_ends[0], (uintptr_t)vmx_exit);
		host_place_int3(&step_ends[1], (uintptr_t)vmx_exit_long);
		host_place_int3(&step_ends[2], f->rip + 3);
	} else if ((bytes & 0xffff) == CODE_STI_HLT) {
		host_place_int3(&step_ends[0], f->rip + 2);
	} else {
		f->rflags |= RFLAGS_TF;
	}
}

static void end_step(struct trap_frame *f)
{
	for (size_t i = ARRAY_SIZE(step_ends); i-- > 0;) /* as they could hide one another */
		host_take_int3(&step_ends[i]);
	f->rflags &= ~RFLAGS_TF;
}

/* The core that serves gdb; returns when it is to run, alone or like all. */
static void stay(struct cpu *self)
{
	server = self;
	for (;;) {
		gdb_service();
		if (state == STEPS && __atomic_load_n(&stepper->held, __ATOMIC_ACQUIRE)) {
			end_step(stepper->frame);
			vm_debug_hold_time();
			stepper = NULL;
			state = STOPPED;
			has_stop = true;
			go = !attached; /* gdb may have gone meanwhile */
		}
		if (state == STEPS || !go)
			continue;
		go = false;
		if (!stepper || panicked || !stepper->frame)
			break;
		vm_debug_skip_time(); /* a step of ours takes time */
		prepare_step(stepper->frame);
		state = STEPS;
		if (stepper == self)
			return;
		hold_release_one(stepper);
	}
	stepper = NULL;
	if (!panicked) {
		vm_debug_skip_time();
		state = RUNS;
		hold_release_others();
	}
}

void host_stay_stopped(void)
{
	struct cpu *c = this_cpu();

	if (state == STOPPED)
		stay(c);
	if (state == RUNS)
		debug_unlock(); /* a breakpoint in there would wait for this very core */
	c->frame = NULL;
}

/* A stop of the core that steps. The server is this core, or waits for it to be held. */
static void stop_stepper(struct cpu *c, struct trap_frame *f)
{
	if (server != c) {
		hold_again(f);
		return;
	}
	end_step(f);
	stepper = NULL;
	c->frame = f;
	begin_stop();
	host_stay_stopped();
}

static void step_done(struct cpu *c, struct trap_frame *f)
{
	bool inside = step_kind == DEBUG_STEP_RANGE && f->rip >= range_start && f->rip < range_end;

	note_stop(c, DEBUG_STOP_STEP, 0, 0);
	if (inside && ++range_steps % RANGE_LOOK != 0) {
		end_step(f);
		prepare_step(f);
		return;
	}
	stop_stepper(c, f);
}

/* ---- traps ---- */

/* False: this core is to step before, and who has the lock waits for that. */
static bool wait_for_lock(const struct cpu *c)
{
	while (!debug_try_lock()) {
		if (state == STEPS && stepper == c)
			return false;
		vmx_serve_calls();
		cpu_pause();
	}
	return true;
}

static void note_breakpoint(const struct cpu *c, const struct trap_frame *f,
			    const struct code_place *p)
{
	note_stop(c,
		  p->kinds & BIT(DEBUG_POINT_SOFTWARE) ? DEBUG_STOP_BREAKPOINT
						       : DEBUG_STOP_HARDWARE,
		  f->rip, 0);
}

static void breakpoint(struct cpu *c, struct trap_frame *f)
{
	const struct code_place *p;

	if (state == STEPS && stepper == c) {
		note_breakpoint(c, f, host_find(f->rip));
		stop_stepper(c, f);
		return;
	}
	c->frame = f;
	if (!wait_for_lock(c)) {
		c->frame = NULL;
		return;
	}
	/* It may be gone by now, or somebody has moved this core. */
	p = host_find(f->rip);
	if (p) {
		note_breakpoint(c, f, p);
		begin_stop();
	}
	host_stay_stopped();
}

NO_BREAKPOINT static bool ends_step(uint64_t at)
{
	for (size_t i = 0; i < ARRAY_SIZE(step_ends); i++) {
		if (at == step_ends[i].at)
			return true;
	}
	return false;
}

NO_BREAKPOINT static bool on_int3(struct cpu *c, struct trap_frame *f)
{
	uint64_t at = f->rip - 1;
	const struct code_place *p = host_is_code(at) ? host_find(at) : NULL;

	if (!p && state == STEPS && stepper == c && !c->frame && ends_step(at)) {
		f->rip = at;
		step_done(c, f);
		return true;
	}
	if (!p && (!host_is_code(at) || *(const uint8_t *)at == HOST_INT3))
		return false;
	f->rip = at;
	if (!p)
		return true; /* it has just gone */
	if (c->frame) {
		host_pass_begin(c->index, p);
		f->rflags |= RFLAGS_TF;
		return true;
	}
	breakpoint(c, f);
	return true;
}

/* DR6 is the guest's whose turn it is on this core. IRET and POPF trap too, and may leave TF
 * clear. */
NO_BREAKPOINT static bool on_step(struct cpu *c, struct trap_frame *f)
{
	uint64_t dr6 = cpu_read_dr6();

	if (!(dr6 & DR6_BS))
		return false;
	cpu_write_dr6(dr6 & ~DR6_BS);
	if (!host_pass_end(c->index) && state == STEPS && stepper == c && !c->frame)
		step_done(c, f);
	else
		f->rflags &= ~RFLAGS_TF; /* or it is from a step that was broken off */
	return true;
}

NO_BREAKPOINT static bool on_debug_trap(struct trap_frame *f)
{
	struct cpu *c = this_cpu();

	return f->vector == EXC_DB ? on_step(c, f) : on_int3(c, f);
}

/* Not if the debugger itself has gone wrong. Another core may finish what it does for it. */
static void before_panic(void)
{
	struct cpu *c = this_cpu();

	panicked = attached && !c->frame && state == STEPS && stepper == c;
	for (unsigned i = 0; i < LOCK_SPINS && attached && !c->frame && !panicked; i++) {
		panicked = debug_try_lock();
		cpu_pause();
	}
}

static bool on_panic(struct trap_frame *f)
{
	struct cpu *c = this_cpu();

	if (!panicked)
		return false;
	c->frame = f;
	end_step(f);
	note_stop(c, DEBUG_STOP_EXCEPTION, 0, (uint32_t)f->vector);
	state = STOPPED;
	has_stop = true;
	go = false;
	stay(c);
	gdb_flush();
	return true;
}

void host_start(void)
{
	hold_init(lapic_send_nmi_others, vmx_serve_calls);
	trap_set_debug_hook(on_debug_trap);
	panic_set_debugger(before_panic, on_panic);
}

void host_attach(bool on)
{
	attached = on;
	if (on)
		return;
	host_remove_all(state == RUNS);
	go = true;
}
