/* debug/cmd_basic.c - the monitor's commands about itself, the log and the cores. */
#include "debug/monitor.h"
#include "debug/monitor_words.h"
#include "kernel/log.h"
#include "kernel/percpu.h"
#include "kernel/version.h"
#include "vmx/core.h"
#include "vmx/vm.h"

#define LOG_SHOWN 32u /* lines */

static bool help(const struct monitor_args *a)
{
	const struct monitor_command *c;

	if (!monitor_counts(a, 1, 2))
		return false;
	if (a->count == 2) {
		c = monitor_find(monitor_commands, a->words[1]);
		if (!c)
			return monitor_wrong(a, "no command \"%.*s\"", (int)a->words[1].len,
					     a->words[1].at);
		monitor_print(a, "%s %s\n%s\n", c->name, c->usage, c->help);
		return true;
	}
	for (unsigned i = 0; monitor_commands[i]; i++)
		monitor_print(a, "%-8s %s\n", monitor_commands[i]->name, monitor_commands[i]->help);
	return true;
}

const struct monitor_command command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.help = "all commands, or how one is used",
	.run = help,
};

static bool leave(const struct monitor_args *a)
{
	if (!monitor_counts(a, 1, 1))
		return false;
	if (!monitor_leave(a->out))
		monitor_print(a, "the monitor is not on the console here\n");
	return true;
}

const struct monitor_command command_exit = {
	.name = "exit",
	.usage = "",
	.help = "back to the guest; so does Ctrl-], which twice in a row goes to the guest",
	.run = leave,
};

static bool version(const struct monitor_args *a)
{
	if (!monitor_counts(a, 1, 1))
		return false;
	monitor_print(a, "Lintel %s\n", lintel_version);
	return true;
}

const struct monitor_command command_version = {
	.name = "version",
	.usage = "",
	.help = "which Lintel this is",
	.run = version,
};

static void print_log_line(void *a, const char *line, size_t len)
{
	monitor_print(a, "%.*s\n", (int)len, line);
}

static void show_levels(const struct monitor_args *a)
{
	for (unsigned i = 0; i < LOG_CATEGORIES; i++)
		monitor_print(a, "%s:%s%s", log_category_name((enum log_category)i),
			      log_level_name((enum log_level)log_limits[i]),
			      i % 6 == 5 || i + 1 == LOG_CATEGORIES ? "\n" : "  ");
}

/* A vCPU that is alone on its core looks at the levels when its turn ends: a kick ends it. */
static enum status set_levels(struct text levels, struct text *bad)
{
	enum status s = log_set_categories(levels, bad);

	vmx_follow_log_levels();
	for (unsigned i = 0; i < cpu_count; i++)
		host_ops->kick(i);
	return s;
}

static bool log_command(const struct monitor_args *a)
{
	struct monitor_args to = *a;
	struct text bad;

	if (!monitor_counts(a, 1, 2))
		return false;
	if (a->count == 1)
		show_levels(a);
	else if (text_is(a->words[1], "show"))
		log_history(LOG_SHOWN, print_log_line, &to);
	else if (set_levels(a->words[1], &bad) != OK)
		return monitor_wrong(a, "do not know \"%.*s\"", (int)bad.len, bad.at);
	return true;
}

static const char *const log_words[] = {"show", NULL};

const struct monitor_command command_log = {
	.name = "log",
	.usage = "[show | CATEGORY[:LEVEL],...]",
	.help = "what is logged, the last lines, or another level (error to trace)",
	.run = log_command,
	.words = log_words,
};

static void print_core(const struct monitor_args *a, const struct cpu *c)
{
	const struct vmx_core *core = c->vmx;

	monitor_print(a, "%4u %5u  %-6s %10llu %5llu  %016llx ", c->index, c->apic_id,
		      core ? "VMX" : "no VMX", (unsigned long long)c->irq_count,
		      (unsigned long long)c->nmi_count, (unsigned long long)c->stack_top);
	for (unsigned i = 0; i < vm_count; i++) {
		const struct vcpu *v = &vms[i]->vcpu;

		if (v->core == c->index && vms[i]->state != VM_ENDED)
			monitor_print(a, " %s%s", vms[i]->config.name,
				      v->halted || v->in_hlt      ? "(halted)"
				      : core && core->loaded == v ? "*"
								  : "");
	}
	monitor_print(a, "\n");
}

static bool cpu(const struct monitor_args *a)
{
	if (!monitor_counts(a, 1, 1))
		return false;
	monitor_print(a,
		      "core  APIC  state  interrupts  NMIs  stack top         VMs (*: loaded)\n");
	for (unsigned i = 0; i < cpu_count; i++)
		print_core(a, cpus[i]);
	return true;
}

const struct monitor_command command_cpu = {
	.name = "cpu",
	.usage = "",
	.help = "the cores: interrupts, stacks, whose VMs they run",
	.run = cpu,
};
