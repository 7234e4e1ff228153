/* debug/debug.c - see debug/debug.h. */
#include "debug/debug.h"

#include "debug/gdb.h"
#include "debug/monitor.h"
#include "kernel/cpu.h"
#include "kernel/lock.h"
#include "kernel/time.h"

#define LOOK_NS NS_PER_MILLISECOND /* between two looks that nobody asked for */

/* In the order of their turns. */
static const struct {
	void (*start)(void);
	void (*service)(void);
} parts[] = {
	{gdb_start, gdb_service},
	{monitor_start, monitor_service},
};

static struct lock lock;   /* all parts */
static bool work;          /* atomic: do not wait for the next look */
static uint64_t next_look; /* atomic: TSC */

void debug_start(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i].start();
}

void debug_ask(void)
{
	__atomic_store_n(&work, true, __ATOMIC_SEQ_CST);
}

uint64_t debug_patience_ns(void)
{
	return gdb_patience_ns();
}

static void serve(void)
{
	if (!lock_try(&lock))
		return;
	__atomic_store_n(&work, false, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i].service();
	__atomic_store_n(&next_look, cpu_rdtsc() + time_ns_to_tsc(LOOK_NS), __ATOMIC_RELAXED);
	lock_release(&lock);
}

void debug_service(void)
{
	if (__atomic_load_n(&work, __ATOMIC_RELAXED) ||
	    cpu_rdtsc() >= __atomic_load_n(&next_look, __ATOMIC_RELAXED))
		serve();
}
