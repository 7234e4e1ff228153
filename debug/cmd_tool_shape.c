/* debug/cmd_tool_shape.c - the monitor's command shape: other words of the toolkit for a VM. */
#include "debug/monitor.h"
#include "toolkit/tools.h"

static void list(const struct monitor_args *a, const struct vm *vm)
{
	unsigned count = 0;

	for (unsigned i = 0; i < VM_TOOL_WORDS; i++) {
		struct text value = vm->config.tools[i];

		if (!value.len)
			continue;
		monitor_print(a, "%s=%.*s\n", vm_tool_word_name((enum vm_tool_word)i),
			      (int)value.len, value.at);
		count++;
	}
	if (!count)
		monitor_print(a, "%s has no words of the toolkit\n", vm->config.name);
}

struct change {
	const struct monitor_args *a;
	struct vm *vm;
};

static void change(void *arg)
{
	const struct change *c = arg;
	char message[TOOL_TEXT];

	if (!c->vm->retired)
		monitor_print(c->a, "%s has not ended: vm stop %s\n", c->vm->config.name,
			      c->vm->config.name);
	else if (tools_reshape(c->vm, c->a->words[2], message) != OK)
		monitor_print(c->a, "%s: %s\n", c->vm->config.name, message);
}

static bool shape(const struct monitor_args *a)
{
	struct change c = {.a = a};

	if (!monitor_counts(a, 2, 3))
		return false;
	c.vm = monitor_vm(a, 1);
	if (c.vm && a->count == 2)
		list(a, c.vm);
	else if (c.vm && monitor_cores_run(a))
		monitor_call(a, c.vm, change, &c);
	return true;
}

const struct monitor_command command_shape = {
	.name = "shape",
	.usage = "NAME [WORD=[VALUE]]",
	.help = "the toolkit's words of a VM, or another one for its next start",
	.run = shape,
	.vm_names = true,
};
