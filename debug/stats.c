/* debug/stats.c - exits by reason, for all VMs. */
#include "debug/stats.h"

#include "kernel/log.h"
#include "vmx/exit.h"
#include "vmx/vm.h"

#define PER_MILLE 1000u

/* The most frequent reason below a count that has been shown, or EXIT_REASONS if none is left.
 * Equal counts come in the order of their numbers. */
static uint32_t next_reason(const struct vm *vm, const bool shown[EXIT_REASONS])
{
	uint32_t best = EXIT_REASONS;

	for (uint32_t i = 0; i < EXIT_REASONS; i++) {
		if (shown[i] || !vm->exit_totals[i])
			continue;
		if (best == EXIT_REASONS || vm->exit_totals[i] > vm->exit_totals[best])
			best = i;
	}
	return best;
}

static void log_vm(const struct vm *vm)
{
	bool shown[EXIT_REASONS] = {false};
	uint64_t sum = 0;
	uint32_t reason;

	for (uint32_t i = 0; i < EXIT_REASONS; i++)
		sum += vm->exit_totals[i];
	log_info(LOG_EXIT, "%s: %llu exits in %llu runs", vm->config.name, (unsigned long long)sum,
		 (unsigned long long)vm->runs_done);
	while ((reason = next_reason(vm, shown)) < EXIT_REASONS) {
		uint64_t count = vm->exit_totals[reason];
		uint64_t share = count * PER_MILLE / sum;
		const char *name = exit_reason_name(reason);

		log_info(LOG_EXIT, "%s: %10llu  %3llu.%llu %%  %s", vm->config.name,
			 (unsigned long long)count, (unsigned long long)(share / 10),
			 (unsigned long long)(share % 10), name ? name : "unknown");
		shown[reason] = true;
	}
}

void stats_log(void)
{
	for (unsigned i = 0; i < vm_count; i++)
		log_vm(vms[i]);
}
