/* debug/cmd_tool_dirty.c - the monitor's command dirty: the pages that a guest has written. */
#include "debug/monitor.h"
#include "toolkit/dirty.h"

#define RUNS_MOST 200u /* lines */

static void list(const struct monitor_args *a, const struct dirty_pages *p)
{
	uint64_t at = 0, end;
	unsigned lines = 0;

	for (; guest_written_next(p->written, &at, &end); at = end) {
		if (lines++ < RUNS_MOST)
			monitor_print(a, "%08llx-%08llx %llu page%s written\n",
				      (unsigned long long)at, (unsigned long long)end - 1,
				      (unsigned long long)(end - at) / PAGE_4K,
				      end - at == PAGE_4K ? "" : "s");
	}
	if (lines > RUNS_MOST)
		monitor_print(a, "and %u ranges more\n", lines - RUNS_MOST);
	monitor_print(a, "%llu pages written, %llu accessed; ",
		      (unsigned long long)guest_written_count(p->written),
		      (unsigned long long)p->accessed);
	if (p->by_log)
		monitor_print(a, "by page-modification logging, full %llu times\n",
			      (unsigned long long)p->log_full);
	else
		monitor_print(a, "by a scan of the tables\n");
}

static void show(struct vm *vm, const struct monitor_args *a, void *context)
{
	struct dirty_pages pages;

	if (!dirty_look(vm, &pages)) {
		monitor_print(a, "%s has no watch for it: watch %s dirty\n", vm->config.name,
			      vm->config.name);
		return;
	}
	list(a, &pages);
	if (*(const bool *)context)
		dirty_reset(vm);
}

static bool dirty(const struct monitor_args *a)
{
	bool reset = a->count == 3 && text_is(a->words[2], "reset");

	return monitor_run_on(a, reset ? 3 : 2, show, &reset);
}

const struct monitor_command command_dirty = {
	.name = "dirty",
	.usage = "NAME [reset]",
	.help = "the pages that a VM has written since its start or the last reset",
	.run = dirty,
	.vm_names = true,
};
