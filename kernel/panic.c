/* kernel/panic.c - see kernel/panic.h. */
#include "kernel/panic.h"

#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic_report.h"
#include "kernel/percpu.h"

#define NOBODY     UINT32_MAX
#define STOP_SPINS 2000000u /* how long the others may take to stop */

static struct panic_drivers drivers;
static enum panic_action action;
static void (*before_panic)(void);
static bool (*show_panic)(struct trap_frame *f);
static uint32_t owner = NOBODY; /* atomic: index of the core that panics */

void panic_set_action(enum panic_action wanted)
{
	action = wanted;
}

void panic_set_drivers(const struct panic_drivers *wanted)
{
	drivers = *wanted;
}

void panic_set_debugger(void (*before)(void), bool (*show)(struct trap_frame *f))
{
	before_panic = before;
	show_panic = show;
}

bool panic_is_on(void)
{
	return __atomic_load_n(&owner, __ATOMIC_ACQUIRE) != NOBODY;
}

NORETURN static void hold(struct cpu *c)
{
	__atomic_store_n(&c->stopped, true, __ATOMIC_RELEASE);
	cpu_stop();
}

NO_BREAKPOINT void panic_hold_if_asked(void)
{
	struct cpu *c = this_cpu();

	if ((__atomic_load_n(&c->pending, __ATOMIC_ACQUIRE) & CPU_PENDING_STOP) != 0)
		hold(c);
}

/* Returns how many cores did not stop in time. */
static unsigned stop_others(const struct cpu *self)
{
	unsigned running = 0;

	for (unsigned i = 0; i < cpu_count; i++) {
		if (cpus[i] != self)
			__atomic_fetch_or(&cpus[i]->pending, CPU_PENDING_STOP, __ATOMIC_RELEASE);
	}
	if (drivers.stop_others == NULL)
		return 0;
	drivers.stop_others();
	for (unsigned spin = 0; spin < STOP_SPINS; spin++) {
		running = 0;
		for (unsigned i = 0; i < cpu_count; i++) {
			if (cpus[i] != self && cpus[i]->online &&
			    !__atomic_load_n(&cpus[i]->stopped, __ATOMIC_ACQUIRE))
				running++;
		}
		if (running == 0)
			break;
		cpu_pause();
	}
	return running;
}

NORETURN static void finish(void)
{
	static bool told; /* what goes wrong in there comes back here */

	if (!told && drivers.last_words != NULL) {
		told = true;
		drivers.last_words();
	}
	if (action == PANIC_RESET && drivers.reset != NULL)
		drivers.reset();
	if (action == PANIC_POWEROFF && drivers.poweroff != NULL)
		drivers.poweroff();
	cpu_stop();
}

static void show_debugger(struct trap_frame *f)
{
	while (show_panic != NULL && show_panic(f) && action == PANIC_HALT)
		;
}

/* The first core goes on, others hold; the same core again: its report went wrong, give up. */
static void begin(void)
{
	struct cpu *c = this_cpu();
	uint32_t expected = NOBODY;

	cpu_irq_off();
	if (__atomic_compare_exchange_n(&owner, &expected, c->index, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		unsigned running;

		c->probe = NULL;
		if (before_panic != NULL)
			before_panic();
		running = stop_others(c);
		log_drain_now();
		panic_line("%s", "");
		panic_line("PANIC on core %u", c->index);
		if (running > 0)
			panic_line("%u other cores did not stop", running);
		return;
	}
	if (expected != c->index)
		hold(c);

	static bool again;

	if (!again) {
		again = true;
		panic_line("another panic in the middle of this one");
		return;
	}
	finish();
}

void panic(const char *format, ...)
{
	struct trap_frame here;
	char text[200];
	va_list args;

	trap_capture(&here);
	begin();
	va_start(args, format);
	text_vformat(text, sizeof(text), format, args);
	va_end(args);
	panic_line("%s", text);
	/* Those of the caller, as far as they can be known. */
	here.gpr[RBP] = *(const uint64_t *)__builtin_frame_address(0);
	here.rsp = (uintptr_t)__builtin_frame_address(0) + 16;
	here.rip = (uintptr_t)__builtin_return_address(0);
	panic_report_here(&here);
	here.vector = EXC_UD;
	show_debugger(&here);
	finish();
}

void panic_trap(struct trap_frame *f)
{
	begin();
	panic_report_trap(f);
	show_debugger(f);
	finish();
}

void assert_failed(const char *condition, const char *file, int line)
{
	panic("assertion failed: %s, %s line %d", condition, file, line);
}

/* What -fstack-protector in the debug build calls and compares with. */
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = UINT64_C(0x5a17e1b4c300d1f6); /* has a zero byte: stops strings */
NORETURN void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	panic("stack protector: a local buffer has been overrun");
}
