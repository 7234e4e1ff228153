/* debug/cmd_tool_profile.c - the monitor's command profile: where a VM spends its time. */
#include "debug/monitor.h"
#include "toolkit/watch_preempt.h"

#define ROWS 30u

static void print_row(void *context, const char *text)
{
	monitor_print(context, "%s\n", text);
}

static void show_or_reset(struct vm *vm, const struct monitor_args *a, void *context)
{
	bool reset = *(const bool *)context;
	enum status s =
		reset ? preempt_reset(vm) : preempt_show(vm, ROWS, print_row, (void *)(uintptr_t)a);

	if (s != OK)
		monitor_print(a, "%s has no profile; watch %s preempt:1000 makes one\n",
			      vm->config.name, vm->config.name);
	else if (reset)
		monitor_print(a, "%s: counted from here on\n", vm->config.name);
}

static bool profile(const struct monitor_args *a)
{
	bool reset = a->count == 3 && text_is(a->words[2], "reset");

	return monitor_run_on(a, reset ? 3 : 2, show_or_reset, &reset);
}

const struct monitor_command command_profile = {
	.name = "profile",
	.usage = "NAME [reset]",
	.help = "where a VM spends its time, by its watch preempt:N",
	.run = profile,
	.vm_names = true,
};
