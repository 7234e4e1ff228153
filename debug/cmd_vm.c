/* debug/cmd_vm.c - the monitor's commands that list VMs and carry them through their lives. */
#include "debug/monitor.h"
#include "vmx/vm.h"
#include "vmx/vm_debug.h"

static const char *state_text(const struct vm *vm)
{
	if (vm->state != VM_RUNNING)
		return vm->state == VM_READY ? "ready" : vm->ended_well ? "ended" : "failed";
	if (vm_debug_is_stopped(vm))
		return "paused";
	return vm->vcpu.halted || vm->vcpu.in_hlt ? "halted" : "running";
}

static void list(const struct monitor_args *a)
{
	monitor_print(a, "  %-16s %-10s %-7s core %8s %12s  resets  runs\n", "name", "kind",
		      "state", "KiB", "exits");
	for (unsigned i = 0; i < vm_count; i++) {
		const struct vm *vm = vms[i];

		monitor_print(a, "%c %-16s %-10s %-7s %4u %8llu %12llu  %6llu  %4llu\n",
			      monitor_is_front(i) ? '*' : ' ', vm->config.name,
			      vm_kind_name(vm->config.kind), state_text(vm), vm->vcpu.core,
			      (unsigned long long)(vm->config.mem_bytes / KIB),
			      (unsigned long long)vcpu_exits(&vm->vcpu),
			      (unsigned long long)vm->resets, (unsigned long long)vm->runs_done);
		if (vm->state == VM_ENDED)
			monitor_print(a, "    %s\n", vm->end_text);
	}
}

static enum status stop(struct vm *vm)
{
	return vm_debug_end(vm, true, "stopped from the monitor");
}

static enum status stop_badly(struct vm *vm)
{
	return vm_debug_end(vm, false, "killed from the monitor");
}

static enum status pause(struct vm *vm)
{
	if (vm->state != VM_RUNNING)
		return ERR_INVALID;
	vm_debug_stop(vm);
	return OK;
}

static enum status resume(struct vm *vm)
{
	if (!vm_debug_is_stopped(vm))
		return ERR_INVALID;
	vm_debug_resume(vm, false);
	return OK;
}

static enum status focus(struct vm *vm)
{
	return monitor_set_front(vm->index) ? OK : ERR_INVALID;
}

static const struct {
	const char *word;
	enum status (*fn)(struct vm *vm);
	bool locks; /* those of the console */
} verbs[] = {
	{"start", vm_debug_start, true},  {"stop", stop, false},
	{"reset", vm_debug_reset, false}, {"pause", pause, false},
	{"resume", resume, false},        {"kill", stop_badly, false},
	{"focus", focus, true},
};

static bool run(const struct monitor_args *a)
{
	struct vm *vm;
	enum status s;

	if (a->count == 1 || (a->count == 2 && text_is(a->words[1], "list"))) {
		list(a);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!text_is(a->words[1], verbs[i].word))
			continue;
		if (!monitor_counts(a, 3, 3))
			return false;
		vm = monitor_vm(a, 2);
		if (!vm || (verbs[i].locks && !monitor_cores_run(a)))
			return true;
		s = verbs[i].fn(vm);
		if (s == ERR_INVALID)
			monitor_print(a, "%s is %s: cannot %s\n", vm->config.name, state_text(vm),
				      verbs[i].word);
		else if (s != OK)
			monitor_print(a, "%s: %s\n", vm->config.name, status_text(s));
		return true;
	}
	return monitor_wrong(a, "do not know \"%.*s\"", (int)a->words[1].len, a->words[1].at);
}

static const char *const vm_words[] = {"list",   "start", "stop",  "reset", "pause",
				       "resume", "kill",  "focus", NULL};

const struct monitor_command command_vm = {
	.name = "vm",
	.usage = "list | start|stop|reset|pause|resume|kill|focus NAME",
	.help = "lists the VMs; starts, ends or stops one, or gives it the console",
	.run = run,
	.words = vm_words,
	.vm_names = true,
};
