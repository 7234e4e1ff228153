/* kernel/hold.c - see kernel/hold.h. */
#include "kernel/hold.h"

#include "kernel/cpu.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"

#define PATIENT_SPINS 2000000u

static void (*nmi_others)(void);
static void (*serve_held)(void);

void hold_init(void (*send_nmi_others)(void), void (*serve)(void))
{
	serve_held = serve;
	nmi_others = send_nmi_others;
}

/* Waits until all others are held, or none of them is; returns how many are not so. */
static unsigned wait_for_others(bool held)
{
	unsigned missing = 0;

	for (unsigned spin = 0; spin < PATIENT_SPINS; spin++) {
		missing = 0;
		for (unsigned i = 0; i < cpu_count; i++)
			missing += cpus[i] != this_cpu() && cpus[i]->online &&
				   __atomic_load_n(&cpus[i]->held, __ATOMIC_ACQUIRE) != held;
		if (missing == 0)
			break;
		cpu_pause();
	}
	return missing;
}

unsigned hold_others(void)
{
	for (unsigned i = 0; i < cpu_count; i++) {
		if (cpus[i] != this_cpu())
			__atomic_fetch_or(&cpus[i]->pending, (uint32_t)CPU_PENDING_HOLD,
					  __ATOMIC_RELEASE);
	}
	nmi_others();
	return wait_for_others(true);
}

/* Waits too, so that the next NMI finds none of them still in its handler's loop. */
void hold_release_others(void)
{
	for (unsigned i = 0; i < cpu_count; i++)
		__atomic_fetch_and(&cpus[i]->pending, ~(uint32_t)CPU_PENDING_HOLD,
				   __ATOMIC_RELEASE);
	wait_for_others(false);
}

void hold_release_one(struct cpu *c)
{
	__atomic_fetch_and(&c->pending, ~(uint32_t)CPU_PENDING_HOLD, __ATOMIC_RELEASE);
	while (__atomic_load_n(&c->held, __ATOMIC_ACQUIRE))
		cpu_pause();
}

NO_BREAKPOINT static bool is_asked(const struct cpu *c)
{
	return (__atomic_load_n(&c->pending, __ATOMIC_ACQUIRE) & CPU_PENDING_HOLD) != 0;
}

NO_BREAKPOINT bool hold_if_asked(struct trap_frame *f)
{
	struct cpu *c = this_cpu();
	struct trap_frame *outer = c->frame;

	/* One that has come to a breakpoint, and waits there to say so, stands there. */
	if (outer == NULL)
		c->frame = f;
	panic_hold_if_asked();
	if (is_asked(c)) {
		__atomic_store_n(&c->held, true, __ATOMIC_RELEASE);
		while (is_asked(c)) {
			panic_hold_if_asked();
			serve_held();
			cpu_pause();
		}
		__atomic_store_n(&c->frame, outer, __ATOMIC_RELAXED);
		__atomic_store_n(&c->held, false, __ATOMIC_RELEASE);
		return true;
	}
	c->frame = outer;
	return false;
}

NO_BREAKPOINT void hold_again(struct trap_frame *f)
{
	__atomic_fetch_or(&this_cpu()->pending, (uint32_t)CPU_PENDING_HOLD, __ATOMIC_RELEASE);
	(void)hold_if_asked(f);
}
