/* debug/stats.c - see debug/stats.h. */
#include "debug/stats.h"

#include "kernel/log.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "vmx/call_core.h"
#include "vmx/exit.h"
#include "vmx/vm.h"

#define LINE_MAX 160u

static bool wanted;

/* Makes lines of the log out of pieces of text. */
struct log_lines {
	const char *vm;
	size_t len;
	char text[LINE_MAX];
};

static void write_to_log(void *state, const char *text, size_t len)
{
	struct log_lines *l = state;

	for (; len; len--, text++) {
		if (*text == '\n') {
			log_info(LOG_EXIT, "%s: %.*s", l->vm, (int)l->len, l->text);
			l->len = 0;
		} else if (l->len < sizeof(l->text)) {
			l->text[l->len++] = *text;
		}
	}
}

void stats_start(bool summaries)
{
	wanted = summaries;
}

struct stats_source stats_of(const struct vm *vm)
{
	uint64_t since = vm->stats_since_ns;

	return (struct stats_source){
		.name = vm->config.name,
		.stats = vm->stats,
		.io = &vm->platform.io,
		.mmio = &vm->platform.mmio,
		.reason_name = exit_reason_name,
		.ran_ns = vm->stats_before_ns + (since ? vm_clock_ns(vm) - since : 0),
		.tsc_hz = time_tsc_hz(),
		.runs = vm->runs_done,
	};
}

void stats_vm_ended(const struct vm *vm)
{
	struct log_lines lines = {.vm = vm->config.name};
	const struct debug_output out = {.write = write_to_log, .state = &lines};
	struct stats_source source = stats_of(vm);

	if (wanted)
		stats_print(&source, STATS_SUMMARY, &out);
}

/* On the VM's core, which changes these when a run ends. */
static void reset(void *arg)
{
	struct vm *vm = arg;

	__atomic_store_n(&vm->stats->clear, true, __ATOMIC_RELEASE);
	vm->stats_before_ns = 0;
	if (vm->stats_since_ns)
		vm->stats_since_ns = vm_clock_ns(vm);
}

bool stats_reset(struct vm *vm)
{
	return vmx_call_core(vm->vcpu.core, reset, vm);
}
