/* vmx/vm_report.c - what the log says of a VM's life. */
#include "vmx/vm_report.h"

#include "kernel/log.h"
#include "kernel/time.h"
#include "vmx/exit.h"

#define RESETS_TOLD 4u /* each of the first so many; then the 8th, the 16th, ... */

void vm_report_start(const struct vm *vm)
{
	log_info(LOG_GUEST, "%s: started: %s, %llu KiB, EPT leaves %llu x 1G %llu x 2M %llu x 4K",
		 vm->config.name, vm_kind_name(vm->config.kind),
		 (unsigned long long)(vm->memory.len_bytes / KIB),
		 (unsigned long long)vm->ept.leaves[2], (unsigned long long)vm->ept.leaves[1],
		 (unsigned long long)vm->ept.leaves[0]);
}

/* A guest that resets itself for ever must not fill the log. */
void vm_report_reset(const struct vm *vm)
{
	uint64_t n = vm->resets;

	if (n > RESETS_TOLD && (n & (n - 1)) != 0)
		return;
	log_info(LOG_GUEST, "%s: %s, starts anew (%llu. time)", vm->config.name, vm->end_text,
		 (unsigned long long)n);
}

/* For those who want to know more: what it did, by exit reason and by port. */
static void report_details(const struct vm *vm)
{
	const struct io_bus *io = &vm->platform.io;
	const struct mmio_bus *mmio = &vm->platform.mmio;

	for (uint32_t i = 0; i < EXIT_STATS_REASONS; i++) {
		const char *name = exit_reason_name(i);
		struct exit_stats_entry sum;
		uint64_t count = exit_stats_by_reason(vm->stats, i, &sum);

		if (count)
			log_debug(LOG_EXIT, "%s: %8llu exits: %s", vm->config.name,
				  (unsigned long long)count, name ? name : "?");
	}
	for (unsigned i = 0; i < io->unclaimed_count; i++)
		log_debug(LOG_IO, "%s: port %04xh, which nobody claims: %llu reads, %llu writes",
			  vm->config.name, io->unclaimed[i].port,
			  (unsigned long long)io->unclaimed[i].reads,
			  (unsigned long long)io->unclaimed[i].writes);
	for (unsigned i = 0; i < mmio->unclaimed_count; i++)
		log_debug(LOG_EPT, "%s: page %#llx, which nobody claims: %llu reads, %llu writes",
			  vm->config.name, (unsigned long long)mmio->unclaimed[i].page.raw,
			  (unsigned long long)mmio->unclaimed[i].reads,
			  (unsigned long long)mmio->unclaimed[i].writes);
	if (vm->platform.chipset.lines_lost)
		log_warn(LOG_GUEST, "%s: %llu lines of debug output were lost", vm->config.name,
			 (unsigned long long)vm->platform.chipset.lines_lost);
	if (vm->platform.chipset.post_count)
		log_at(vm->ended_well && !vm->has_firmware ? LOG_DEBUG : LOG_INFO, LOG_GUEST,
		       "%s: POST code %02xh was the last of %llu", vm->config.name,
		       vm->platform.chipset.post,
		       (unsigned long long)vm->platform.chipset.post_count);
}

void vm_report_end(const struct vm *vm)
{
	uint64_t ms = (vm_now_ns(vm) - vm->started_ns) / NS_PER_MILLISECOND;
	uint64_t memory = vm->platform.mmio.unclaimed_total + vm->void_touches;

	if (vm->runs_left > 1 && vm->ended_well)
		return; /* a line for each of a thousand runs would say nothing */
	log_at(vm->ended_well ? LOG_INFO : LOG_ERROR, LOG_GUEST,
	       "%s: %s (%llu ms, %llu exits, run %llu of %llu)", vm->config.name, vm->end_text,
	       (unsigned long long)ms,
	       (unsigned long long)(vm->exits_before_reset + vcpu_exits(&vm->vcpu)),
	       (unsigned long long)vm->runs_done, (unsigned long long)vm->config.repeat);
	if (vm->platform.io.unclaimed_total || memory)
		log_info(LOG_IO, "%s: nobody answered %llu port accesses, %llu memory accesses",
			 vm->config.name, (unsigned long long)vm->platform.io.unclaimed_total,
			 (unsigned long long)memory);
	report_details(vm);
}

void vm_report_debug_output(struct vm *vm)
{
	enum log_level level = vm->config.debug_console_port ? LOG_INFO : LOG_DEBUG;
	const char *line;

	while ((line = chipset_take_line(&vm->platform.chipset)) != NULL)
		log_at(level, LOG_GUEST, "%s: debug: %s", vm->config.name, line);
}
