/* debug/cmd_tool_hook.c - the monitor's commands hook and redirect: a VM's pages that are not what
 * they seem, on and off. */
#include "debug/monitor.h"
#include "toolkit/hook.h"
#include "toolkit/redirect.h"

struct switched {
	const char *word;
	bool (*set)(struct vm *vm, bool on);
	bool (*is_on)(const struct vm *vm);
};

static void change(struct vm *vm, const struct monitor_args *a, void *context)
{
	const struct switched *s = context;

	if (!s->set(vm, text_is(a->words[2], "on")))
		monitor_print(a, "%s: it has no %s=\n", vm->config.name, s->word);
}

static bool run(const struct monitor_args *a, struct switched *s)
{
	struct vm *vm;

	if (!monitor_counts(a, 2, 3))
		return false;
	if (a->count == 3 && !text_is(a->words[2], "on") && !text_is(a->words[2], "off"))
		return monitor_wrong(a, "do not know \"%.*s\"", (int)a->words[2].len,
				     a->words[2].at);
	vm = monitor_vm(a, 1);
	if (vm && a->count == 3)
		monitor_on_core(a, vm, change, s);
	if (vm)
		monitor_print(a, "%s: %s= is %s\n", vm->config.name, s->word,
			      s->is_on(vm) ? "on" : "off");
	return true;
}

static bool hook(const struct monitor_args *a)
{
	struct switched s = {"hook", hook_set, hook_is_on};

	return run(a, &s);
}

static bool redirect(const struct monitor_args *a)
{
	struct switched s = {"redirect", redirect_set, redirect_is_on};

	return run(a, &s);
}

const struct monitor_command command_hook = {
	.name = "hook",
	.usage = "NAME [on | off]",
	.help = "the changed copies of hook= are run, or not",
	.run = hook,
	.vm_names = true,
};

const struct monitor_command command_redirect = {
	.name = "redirect",
	.usage = "NAME [on | off]",
	.help = "the pages of redirect= read as others, or not",
	.run = redirect,
	.vm_names = true,
};
