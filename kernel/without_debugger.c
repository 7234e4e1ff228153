/*
 * kernel/without_debugger.c - stands in for debug/ in a build with DEBUGGER=0: no monitor, no gdb,
 * no trace, no summary of statistics. What they cost the image is the difference.
 *
 * Their options are words that nobody knows then, which the log says.
 */
#include "debug/debug.h"
#include "debug/stats.h"
#include "debug/trace.h"
#include "kernel/log.h"

void debug_start(void)
{
}

void debug_service(void)
{
}

void debug_ask(void)
{
}

uint64_t debug_patience_ns(void)
{
	return NS_NEVER;
}

void stats_start(bool summaries)
{
	if (summaries)
		log_warn(LOG_BOOT, "stats=on: this build has no statistics to show");
}

void stats_vm_ended(const struct vm *vm)
{
	(void)vm;
}

uint64_t trace_memory_bytes(void)
{
	return 0;
}

void debug_finish(void)
{
}

void trace_panic(void)
{
}
