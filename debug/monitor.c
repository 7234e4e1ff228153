/* debug/monitor.c - runs a command line, and what all commands need. */
#include "debug/monitor.h"

#include "debug/host_stop.h"
#include "debug/monitor_words.h"
#include "debug/output.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "vmx/call_core.h"
#include "vmx/core.h"
#include "vmx/vm.h"
#include "vmx/vm_debug.h"

#define FIELD_ROW 76u

void monitor_print(const struct monitor_args *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	debug_vprint(a->out, format, args);
	va_end(args);
}

bool monitor_wrong(const struct monitor_args *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	debug_vprint(a->out, format, args);
	va_end(args);
	monitor_print(a, "\n");
	return false;
}

bool monitor_counts(const struct monitor_args *a, unsigned low, unsigned high)
{
	if (a->count < low)
		return monitor_wrong(a, "something is missing");
	if (a->count > high)
		return monitor_wrong(a, "\"%.*s\" is too much", (int)a->words[high].len,
				     a->words[high].at);
	return true;
}

bool monitor_take_number(const struct monitor_args *a, unsigned word, uint64_t low, uint64_t high,
			 uint64_t *value)
{
	struct text t = a->words[word];
	enum status s = monitor_number(t, low, high, value);

	if (s == ERR_RANGE)
		return monitor_wrong(a, "%.*s is not from %#llx to %#llx", (int)t.len, t.at,
				     (unsigned long long)low, (unsigned long long)high);
	return s == OK || monitor_wrong(a, "\"%.*s\" is no number", (int)t.len, t.at);
}

bool monitor_cores_run(const struct monitor_args *a)
{
	if (!host_runs())
		monitor_print(a, "not while the hypervisor is stopped\n");
	return host_runs();
}

struct vm *monitor_vm(const struct monitor_args *a, unsigned word)
{
	struct vm *vm = vm_find(a->words[word]);

	if (vm)
		return vm;
	monitor_print(a, "no VM \"%.*s\"; there is:", (int)a->words[word].len, a->words[word].at);
	for (unsigned i = 0; i < vm_count; i++)
		monitor_print(a, " %s", vms[i]->config.name);
	monitor_print(a, "\n");
	return NULL;
}

void monitor_call(const struct monitor_args *a, const struct vm *vm, void (*fn)(void *arg),
		  void *arg)
{
	if (!vmx_call_core(vm->vcpu.core, fn, arg))
		monitor_print(a, "core %u does not answer\n", vm->vcpu.core);
}

struct core_call {
	const struct monitor_args *a;
	struct vm *vm;
	void (*fn)(struct vm *vm, const struct monitor_args *a, void *context);
	void *context;
};

static void call_on_core(void *arg)
{
	const struct core_call *c = arg;
	struct vm *vm = c->vm;
	struct vcpu *before;

	if (vm->state == VM_READY) {
		monitor_print(c->a, "%s has not started yet\n", vm->config.name);
	} else if (vm->state == VM_ENDED && !vm_debug_is_stopped(vm)) {
		monitor_print(c->a, "%s has ended: %s\n", vm->config.name, vm->end_text);
	} else {
		before = vmx_core_borrow(&vm->vcpu);
		c->fn(vm, c->a, c->context);
		vmx_core_give_back(before);
	}
}

void monitor_on_core(const struct monitor_args *a, struct vm *vm,
		     void (*fn)(struct vm *vm, const struct monitor_args *a, void *context),
		     void *context)
{
	monitor_call(a, vm, call_on_core,
		     &(struct core_call){.a = a, .vm = vm, .fn = fn, .context = context});
}

bool monitor_run_on(const struct monitor_args *a, unsigned most,
		    void (*fn)(struct vm *vm, const struct monitor_args *a, void *context),
		    void *context)
{
	struct vm *vm;

	if (!monitor_counts(a, 2, most))
		return false;
	vm = monitor_vm(a, 1);
	if (vm)
		monitor_on_core(a, vm, fn, context);
	return true;
}

static uint64_t field_value(const void *structure, const struct monitor_field *f)
{
	uint64_t value = 0;

	memcpy(&value, (const uint8_t *)structure + f->offset, f->size ? f->size : 1);
	return value;
}

void monitor_fields(const struct monitor_args *a, const void *structure,
		    const struct monitor_field *fields, unsigned count)
{
	size_t column = 0;
	char text[64];

	for (unsigned i = 0; i < count; i++) {
		const struct monitor_field *f = &fields[i];
		unsigned long long value = field_value(structure, f);
		size_t len = text_format(text, sizeof(text), "  %s %#llx", f->name, value);

		if (!f->size)
			len = text_format(text, sizeof(text), "  %s %s", f->name,
					  value ? "yes" : "no");
		if (column + len > FIELD_ROW) {
			monitor_print(a, "\n");
			column = 0;
		}
		monitor_print(a, "%s", text);
		column += len;
	}
	monitor_print(a, "\n");
}

void monitor_bits(const struct monitor_args *a, const char *name, unsigned value, unsigned count)
{
	monitor_print(a, "  %-5s ", name);
	while (count-- > 0)
		monitor_print(a, "%c", value >> count & 1 ? (char)('0' + count % 10) : '-');
	monitor_print(a, "\n");
}

/* ---- lines ---- */

static void report_unknown(const struct monitor_args *a)
{
	bool any = false;

	monitor_print(a, "unknown command \"%.*s\"", (int)a->words[0].len, a->words[0].at);
	for (unsigned i = 0; monitor_commands[i]; i++) {
		if (!monitor_is_near(a->words[0], monitor_commands[i]->name))
			continue;
		monitor_print(a, "%s %s", any ? "," : "; near:", monitor_commands[i]->name);
		any = true;
	}
	monitor_print(a, "; help lists all\n");
}

void monitor_run_line(struct text line, const struct debug_output *out)
{
	struct monitor_args a = {.out = out};
	const struct monitor_command *c;

	if (!monitor_split(line, &a)) {
		monitor_print(&a, "more than %u words\n", MONITOR_WORDS_MAX);
		return;
	}
	if (a.count == 0)
		return;
	c = monitor_find(monitor_commands, a.words[0]);
	if (!c)
		report_unknown(&a);
	else if (!c->run(&a))
		monitor_print(&a, "usage: %s %s\n", c->name, c->usage);
}
