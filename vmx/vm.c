/* vmx/vm.c - a virtual machine's life. */
#include "vmx/vm.h"

#include <stdarg.h>

#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "kernel/text.h"
#include "kernel/time.h"
#include "mm/phys.h"
#include "vmx/call_core.h"
#include "vmx/core.h"
#include "vmx/tools.h"
#include "vmx/trace.h"
#include "vmx/vm_break.h"
#include "vmx/vm_machine.h"
#include "vmx/vm_report.h"
#include "vmx/vm_screen.h"

/* How long a guest's last bytes may hold up another VM on its core. */
#define DRAIN_SHARED_NS (5 * NS_PER_MILLISECOND)

struct vm *vms[VM_MAX];
unsigned vm_count;
unsigned vms_alive;
unsigned vms_failed;

/* For its core's loop. */
static void queue(struct vm *vm)
{
	struct vm **last = &vmx_core_of(vm->vcpu.core)->new_vms;

	while (*last)
		last = &(*last)->next_new;
	vm->next_new = NULL;
	*last = vm;
}

struct vm *vm_find(struct text name)
{
	for (unsigned i = 0; i < vm_count; i++) {
		if (text_is(name, vms[i]->config.name))
			return vms[i];
	}
	return NULL;
}

enum status vm_create(const struct vm_config *config, hpa_t image, uint64_t image_len_bytes,
		      unsigned core, struct vm **created)
{
	hpa_t at, stats;
	struct vm *vm;
	enum status s;

	if (vm_count == VM_MAX)
		return ERR_FULL;
	if (vm_find(text_from(config->name)))
		return ERR_EXISTS;
	s = frames_alloc_zeroed(vmx_frames, frames_order_for(sizeof(struct exit_stats)), &stats);
	if (s != OK)
		return s;
	s = frames_alloc_zeroed(vmx_frames, frames_order_for(sizeof(struct vm)), &at);
	if (s != OK)
		goto undo;
	vm = phys_ptr(at);
	vm->stats = phys_ptr(stats);
	*created = vm;
	vm->config = *config;
	vm->image = image;
	vm->image_len_bytes = image_len_bytes;
	vm->index = vm_count;
	vm->runs_left = (unsigned)config->repeat;
	vm->vcpu.core = core;
	vm->line = host_ops->line_open(vm->config.name); /* the first module's is in front */
	queue(vm);
	vms[vm_count++] = vm;
	vms_alive++;
	return OK;

undo:
	if (frames_free(vmx_frames, stats, frames_order_for(sizeof(struct exit_stats))) != OK)
		panic("a VM's statistics cannot be given back");
	return s;
}

enum status vm_revive(struct vm *vm)
{
	unsigned alive = __atomic_load_n(&vms_alive, __ATOMIC_ACQUIRE);

	if (!vm->retired)
		return ERR_INVALID;
	do {
		if (!alive)
			return ERR_BUSY;
	} while (!__atomic_compare_exchange_n(&vms_alive, &alive, alive + 1, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	if (!vm->ended_well)
		__atomic_fetch_sub(&vms_failed, 1, __ATOMIC_RELAXED);
	vm->retired = false;
	vm->state = VM_READY;
	vm->restart = false;
	vm->runs_left = 1;
	vm->runs_done = 0;
	vm->line = host_ops->line_open(vm->config.name);
	queue(vm);
	return OK;
}

enum status vm_add_module(struct vm *vm, const struct vm_module *module)
{
	if (vm->module_count == VM_MODULES_MAX)
		return ERR_FULL;
	vm->modules[vm->module_count++] = *module;
	return OK;
}

void vm_log_line(const struct vm_config *config)
{
	log_error(LOG_GUEST, "  %.*s", (int)config->line.len, config->line.at);
	for (unsigned i = 0; i < VM_TOOL_WORDS; i++) {
		const char *name = vm_tool_word_name((enum vm_tool_word)i);
		struct text value = config->tools[i];

		if (value.len && !text_lies_in(value, config->line))
			log_error(LOG_GUEST, "  but %s=%.*s", name, (int)value.len, value.at);
		else if (value.at && !value.len)
			log_error(LOG_GUEST, "  but no %s=", name);
	}
}

enum exit_action vm_end(struct vm *vm, bool well, const char *format, ...)
{
	va_list args;

	if (vm->state == VM_ENDED)
		return EXIT_STOP;
	vm->state = VM_ENDED;
	vm->ended_well = well;
	va_start(args, format);
	text_vformat(vm->end_text, sizeof(vm->end_text), format, args);
	va_end(args);
	return EXIT_STOP;
}

enum exit_action vm_reset(struct vm *vm, const char *by)
{
	if (vm->state == VM_ENDED)
		return EXIT_STOP;
	vm_end(vm, false, "reset by %s", by);
	vm->restart = vm->config.restart_on_reset;
	return EXIT_STOP;
}

/* The time of the statistics stands still until the next run. */
static void stop_counting(struct vm *vm)
{
	if (vm->stats_since_ns)
		vm->stats_before_ns += vm_now_ns(vm) - vm->stats_since_ns;
	vm->stats_since_ns = 0;
}

/* For good: no run is left, or it could not start. */
static void retire(struct vm *vm, bool well)
{
	vm->state = VM_ENDED;
	vm->retired = true;
	vm->ended_well = well;
	vm_stop_ended(vm, well);
	vm_break_forget(vm);
	stop_counting(vm);
	host_ops->vm_ended(vm);
	if (vm->line)
		host_ops->line_close(vm->line);
	vm->line = NULL;
	if (!well)
		__atomic_fetch_add(&vms_failed, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&vms_alive, 1, __ATOMIC_RELEASE);
}

static void report_refusal(const struct vm *vm, const char *message)
{
	log_error(LOG_GUEST, "%s: not started: %s", vm->config.name, message);
	vm_log_line(&vm->config);
}

/* A run begins: its time counts from here, also through resets. */
static void begin_run(struct vm *vm)
{
	vm->started_ns = vm_now_ns(vm);
	vm->stats_since_ns = vm->started_ns;
	vm->limit_ns = NS_NEVER;
	if (vm->config.limit_s)
		vm->limit_ns = vm->started_ns + vm->config.limit_s * NS_PER_SECOND;
	vm->resets = 0;
	vm->exits_before_reset = 0;
	if (vm->config.debug_wait && !vm->runs_done)
		vm_stop_soon(vm, &(struct vm_stop){.reason = VM_STOP_START});
}

bool vm_start(struct vm *vm)
{
	char message[VM_BUILD_MESSAGE];

	if (vm_build(vm, message, sizeof(message)) != OK) {
		report_refusal(vm, message);
		if (vmx_tools && vm->restart)
			vmx_tools->report(vm); /* of the machine before the reset */
		retire(vm, false);
		return false;
	}
	vm->state = VM_RUNNING;
	trace_vm(vm, TRACE_VM_START);
	if (vm->restart) {
		vm->restart = false;
		return true;
	}
	begin_run(vm);
	if (!vm->runs_done)
		vm_report_start(vm);
	return true;
}

/* What the guest sent last must still come out, and before the line about its end. Others on this
 * core do not wait long for that. */
static void drain_serial(struct vm *vm)
{
	const uint64_t start_ns = now_ns();
	bool alone = !this_cpu()->vmx->first;

	chipset_flush_line(&vm->platform.chipset);
	vm_report_debug_output(vm);
	while (vuart_has_tx(&vm->platform.com1) || vm->tx_held ||
	       (vm->screen && !vm_screen_flush(vm)) ||
	       (vm->line && !host_ops->line_drained(vm->line))) {
		if (now_ns() - start_ns > (alone ? NS_PER_SECOND : DRAIN_SHARED_NS))
			return;
		lock_acquire(&vm->lock);
		vm_pump_serial(vm, vm_now_ns(vm));
		lock_release(&vm->lock);
		vmx_service();
		cpu_irq_window();
	}
}

bool vm_finish(struct vm *vm)
{
	ASSERT(vm->state == VM_ENDED);
	trace_vm(vm, vm->restart ? TRACE_VM_RESET : TRACE_VM_END);
	drain_serial(vm);
	vm_release(vm);
	vmx_core_between();
	if (vm->restart) {
		vm->resets++;
		vm->exits_before_reset += vcpu_exits(&vm->vcpu);
		vm_report_reset(vm);
		return vm_start(vm);
	}
	vm->runs_done++;
	stop_counting(vm);
	vm_report_end(vm);
	if (vmx_tools)
		vmx_tools->report(vm);
	vm->runs_left--;
	if (vm->ended_well && vm->runs_left > 0)
		return vm_start(vm);
	retire(vm, vm->ended_well);
	return false;
}
