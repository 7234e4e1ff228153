/* debug/cmd_tool_watch.c - the monitor's command watch: what the toolkit sees of a VM. */
#include "debug/monitor.h"
#include "toolkit/tools.h"

static void list(const struct monitor_args *a, const struct vm *vm)
{
	const struct vm_tools *t = vm->tools;

	if (!t->watch_count)
		monitor_print(a, "%s is not watched\n", vm->config.name);
	for (unsigned i = 0; i < t->watch_count; i++)
		monitor_print(a, "%-24s %llu hits\n", t->watches[i].text,
			      (unsigned long long)t->watches[i].hits);
}

static void change(struct vm *vm, const struct monitor_args *a, void *context)
{
	bool off = *(const bool *)context;
	struct text word = {0};
	char message[TOOL_TEXT];

	if (off && a->count > 3)
		word = a->words[3];
	if (off && tools_remove_watch(vm, word) != OK)
		monitor_print(a, "%s: there is no such watch\n", vm->config.name);
	if (!off && tools_add_watch(vm, a->words[2], message) != OK)
		monitor_print(a, "%s: %s\n", vm->config.name, message);
}

static bool watch(const struct monitor_args *a)
{
	bool off;
	struct vm *vm;

	if (!monitor_counts(a, 2, 4))
		return false;
	off = a->count > 2 && text_is(a->words[2], "off");
	if (!off && !monitor_counts(a, 2, 3))
		return false;
	vm = monitor_vm(a, 1);
	if (!vm)
		return true;
	if (a->count == 2)
		list(a, vm);
	else
		monitor_on_core(a, vm, change, &off);
	return true;
}

const struct monitor_command command_watch = {
	.name = "watch",
	.usage = "NAME [WORD | off [WORD]]",
	.help = "what the toolkit sees of a VM: its watches, one more, one less, none",
	.run = watch,
	.vm_names = true,
};
