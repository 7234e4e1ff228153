/* debug/debug.c - see debug/debug.h. */
#include "debug/debug.h"

#include "debug/gdb.h"
#include "debug/host_stop.h"
#include "debug/monitor.h"
#include "debug/trace.h"
#include "kernel/cpu.h"
#include "kernel/lock.h"
#include "kernel/percpu.h"
#include "kernel/time.h"
#include "kernel/trap.h"

#define LOOK_NS NS_PER_MILLISECOND /* between two looks that nobody asked for */

/* In the order of their turns. */
static const struct {
	void (*start)(void);
	void (*service)(void);
} parts[] = {
	{gdb_start, gdb_service},
	{monitor_start, monitor_service},
	{trace_start, trace_service},
};

static struct lock lock;   /* all parts, and what a debugger does to the machine */
static bool work;          /* atomic: do not wait for the next look */
static uint64_t next_look; /* atomic: TSC */

void debug_ask(void)
{
	__atomic_store_n(&work, true, __ATOMIC_SEQ_CST);
}

uint64_t debug_patience_ns(void)
{
	return min_u64(gdb_patience_ns(), trace_patience_ns());
}

bool debug_try_lock(void)
{
	return lock_try(&lock);
}

void debug_unlock(void)
{
	lock_release(&lock);
}

/* In a trap of this core's own, so that a gdb which stops the hypervisor now finds its registers,
 * and can change them. */
static void serve(struct trap_frame *f)
{
	struct cpu *c = this_cpu();

	/* Before the lock: a breakpoint between the two would wait for this very core. */
	c->frame = f;
	if (!debug_try_lock()) {
		c->frame = NULL;
		return;
	}
	__atomic_store_n(&work, false, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i].service();
	__atomic_store_n(&next_look, cpu_rdtsc() + time_ns_to_tsc(LOOK_NS), __ATOMIC_RELAXED);
	host_stay_stopped();
}

void debug_start(void)
{
	trap_set_handler(VECTOR_SELF, serve);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i].start();
}

void debug_finish(void)
{
	trap_self();
	gdb_flush();
	trace_finish();
}

void debug_service(void)
{
	if (__atomic_load_n(&work, __ATOMIC_RELAXED) ||
	    cpu_rdtsc() >= __atomic_load_n(&next_look, __ATOMIC_RELAXED))
		trap_self();
}
