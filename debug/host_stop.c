/* debug/host_stop.c - see debug/host_stop.h. */
#include "debug/host_stop.h"

#include "debug/debug.h"
#include "debug/gdb.h"
#include "drivers/lapic.h"
#include "kernel/cpu.h"
#include "kernel/hold.h"
#include "kernel/layout.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "vmx/call_core.h"

#define BREAKS       32u
#define INT3         0xccu
#define LOCK_SPINS   2000000u /* a panic does not wait for ever */
#define RANGE_LOOK   64u      /* steps in a range between two looks at gdb's line */
#define CODE_VMX     0x010fu
#define CODE_RESUME  0xc2u /* third byte: VMLAUNCH, and with bit 0 VMRESUME */
#define CODE_STI_HLT 0xf4fbu

enum state { RUNS, STOPPED, STEPS };

struct place {
	uint64_t at; /* 0: free */
	uint8_t original;
	uint8_t kinds; /* bit 0: DEBUG_BREAK_SOFTWARE; bit 1: _HARDWARE, which is INT3, too */
};

extern char vmx_exit[]; /* vmx/entry.asm */

static struct place breaks[BREAKS];
/* What ends a step over an instruction that does not come back with TF. */
static struct place step_ends[2];
/* The breakpoint that a core passes over now, plus 1. */
static uint8_t passing[CPU_MAX];

static enum state state;
static bool attached, panicked, go, has_stop;
static struct debug_stop last_stop;
static struct cpu *server, *stepper; /* who serves gdb; who steps, or is to */
static enum debug_resume how;
static uint64_t range_start, range_end;
static unsigned range_steps;

/* ---- code ---- */

/* Text is read-only for all, but for a core with CR0.WP off. */
NO_BREAKPOINT static void write_code(uint64_t at, uint8_t byte)
{
	uint64_t cr0 = cpu_read_cr0();

	cpu_write_cr0(cr0 & ~CR0_WP);
	*(volatile uint8_t *)at = byte;
	cpu_write_cr0(cr0);
}

NO_BREAKPOINT static struct place *find(uint64_t at)
{
	for (struct place *p = breaks; p < breaks + BREAKS; p++) {
		if (p->at == at)
			return p;
	}
	return NULL;
}

NO_BREAKPOINT static bool is_code(uint64_t at)
{
	return at >= (uintptr_t)kernel_text_start && at < (uintptr_t)kernel_text_end;
}

static void place_int3(struct place *p, uint64_t at)
{
	*p = (struct place){.at = at, .original = *(const uint8_t *)at};
	write_code(at, INT3);
}

NO_BREAKPOINT static void take_int3(struct place *p)
{
	if (p->at != 0)
		write_code(p->at, p->original);
	p->at = 0;
}

/* Other cores leave their hold by IRET, which makes them see the code as it is now. */
static void change_code(struct place *p, uint64_t at)
{
	if (state == RUNS)
		(void)hold_others();
	if (at != 0)
		place_int3(p, at);
	else
		take_int3(p);
	if (state == RUNS)
		hold_release_others();
}

enum status host_insert(uint64_t at, enum debug_break kind)
{
	struct place *p = find(at);

	if (!is_code(at))
		return ERR_RANGE;
	if (at >= (uintptr_t)kernel_no_breakpoint_start && at < (uintptr_t)kernel_no_breakpoint_end)
		return ERR_UNSUPPORTED;
	if (!p) {
		p = find(0);
		if (!p)
			return ERR_FULL;
		change_code(p, at);
	}
	p->kinds |= (uint8_t)BIT(kind);
	return OK;
}

void host_remove(uint64_t at, enum debug_break kind)
{
	struct place *p = at ? find(at) : NULL;

	if (!p)
		return;
	p->kinds &= (uint8_t)~BIT(kind);
	if (!p->kinds)
		change_code(p, 0);
}

void host_hide_breakpoints(uint64_t at, uint8_t *bytes, size_t len_bytes, bool written)
{
	for (struct place *p = breaks; p < breaks + BREAKS; p++) {
		if (p->at == 0 || p->at < at || p->at - at >= len_bytes)
			continue;
		if (written)
			p->original = bytes[p->at - at];
		bytes[p->at - at] = written ? INT3 : p->original;
	}
}

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

struct trap_frame *host_frame(unsigned index)
{
	return state == STOPPED && index < cpu_count ? cpus[index]->frame : NULL;
}

/* ---- on ---- */

void host_resume(unsigned index, enum debug_resume wanted, uint64_t start, uint64_t end)
{
	if (state != STOPPED)
		return;
	go = true;
	if (wanted == DEBUG_CONTINUE)
		return;
	how = wanted;
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

	if (is_code(f->rip)) {
		memcpy(&bytes, code, 3);
		host_hide_breakpoints(f->rip, (uint8_t *)&bytes, 3, false);
	}
	if ((bytes & 0xffff) == CODE_VMX && (bytes >> 16 | 1) == (CODE_RESUME | 1)) {
		place_int3(&step_ends[0], (uintptr_t)vmx_exit);
		place_int3(&step_ends[1], f->rip + 3);
	} else if ((bytes & 0xffff) == CODE_STI_HLT) {
		place_int3(&step_ends[0], f->rip + 2);
	} else {
		f->rflags |= RFLAGS_TF;
	}
}

static void end_step(struct trap_frame *f)
{
	take_int3(&step_ends[1]); /* in the order in which they could hide one another */
	take_int3(&step_ends[0]);
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
			stepper = NULL;
			state = STOPPED;
			has_stop = true;
			go = false;
		}
		if (state == STEPS || !go)
			continue;
		go = false;
		if (!stepper || panicked || !stepper->frame)
			break;
		prepare_step(stepper->frame);
		state = STEPS;
		if (stepper == self)
			return;
		hold_release_one(stepper);
	}
	stepper = NULL;
	if (!panicked) {
		state = RUNS;
		hold_release_others();
	}
}

void host_stay_stopped(struct trap_frame *f)
{
	struct cpu *c = this_cpu();

	(void)f;
	if (state == STOPPED)
		stay(c);
	c->frame = NULL;
	if (state == RUNS)
		debug_unlock();
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
	host_stay_stopped(f);
}

static void step_done(struct cpu *c, struct trap_frame *f)
{
	bool inside = how == DEBUG_STEP_RANGE && f->rip >= range_start && f->rip < range_end;

	note_stop(c, DEBUG_STOP_STEP, 0, 0);
	if (inside && ++range_steps % RANGE_LOOK != 0) {
		end_step(f);
		prepare_step(f);
		return;
	}
	stop_stepper(c, f);
}

/* ---- traps ---- */

static void wait_for_lock(void)
{
	while (!debug_try_lock()) {
		vmx_serve_calls();
		cpu_pause();
	}
}

static void note_breakpoint(const struct cpu *c, const struct trap_frame *f, const struct place *p)
{
	note_stop(c,
		  p->kinds & BIT(DEBUG_BREAK_SOFTWARE) ? DEBUG_STOP_BREAKPOINT
						       : DEBUG_STOP_HARDWARE,
		  f->rip, 0);
}

static void breakpoint(struct cpu *c, struct trap_frame *f)
{
	const struct place *p;

	if (state == STEPS && stepper == c) {
		note_breakpoint(c, f, find(f->rip));
		stop_stepper(c, f);
		return;
	}
	c->frame = f;
	wait_for_lock();
	/* It may be gone by now, or somebody has moved this core. */
	p = find(f->rip);
	if (p) {
		note_breakpoint(c, f, p);
		begin_stop();
	}
	host_stay_stopped(f);
}

NO_BREAKPOINT static void pass_over(const struct cpu *c, struct trap_frame *f, struct place *p)
{
	write_code(p->at, p->original);
	passing[c->index] = (uint8_t)(p - breaks + 1);
	f->rflags |= RFLAGS_TF;
}

NO_BREAKPOINT static bool on_int3(struct cpu *c, struct trap_frame *f)
{
	uint64_t at = f->rip - 1;
	struct place *p = find(at);

	if (!p && state == STEPS && stepper == c && !c->frame &&
	    (at == step_ends[0].at || at == step_ends[1].at)) {
		f->rip = at;
		step_done(c, f);
		return true;
	}
	if (!p && (!is_code(at) || *(const volatile uint8_t *)at == INT3))
		return false;
	f->rip = at;
	if (!p)
		return true; /* it has just gone */
	if (c->frame) {
		pass_over(c, f, p);
		return true;
	}
	breakpoint(c, f);
	return true;
}

/* DR6 is the guest's whose turn it is on this core. */
NO_BREAKPOINT static bool on_step(struct cpu *c, struct trap_frame *f)
{
	unsigned number = passing[c->index];

	if (!(f->rflags & RFLAGS_TF))
		return false;
	cpu_write_dr6(cpu_read_dr6() & ~BIT(14));
	if (number) {
		struct place *p = &breaks[number - 1];

		passing[c->index] = 0;
		f->rflags &= ~RFLAGS_TF;
		if (p->at != 0)
			write_code(p->at, INT3);
	} else if (state == STEPS && stepper == c && !c->frame) {
		step_done(c, f);
	} else {
		f->rflags &= ~RFLAGS_TF; /* from a step that was broken off */
	}
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
	for (struct place *p = breaks; p < breaks + BREAKS && !on; p++) {
		if (p->at != 0)
			change_code(p, 0);
	}
	if (!on)
		go = true;
}
