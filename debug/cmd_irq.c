/* debug/cmd_irq.c - the monitor's command on interrupts: the host's, and the guests' lines. */
#include "debug/monitor.h"
#include "drivers/ioapic.h"
#include "kernel/percpu.h"
#include "kernel/trap.h"
#include "vmx/vm.h"

static const struct {
	uint8_t vector;
	const char *name;
} vectors[] = {
	{VECTOR_KICK, "kick"},       {VECTOR_TIMER, "timer"},
	{VECTOR_UART, "console"},    {VECTOR_APIC_ERROR, "APIC error"},
	{VECTOR_GO, "start of all"}, {VECTOR_GDB, "gdb's line"},
};

static void print_vectors(const struct monitor_args *a)
{
	for (size_t n = 0; n < ARRAY_SIZE(vectors); n++) {
		monitor_print(a, "vector %02x %-12s ", vectors[n].vector, vectors[n].name);
		for (unsigned i = 0; i < cpu_count; i++)
			monitor_print(a, " %10llu",
				      (unsigned long long)cpus[i]
					      ->irq_counts[vectors[n].vector % CPU_IRQ_COUNTS]);
		monitor_print(a, "\n");
	}
	monitor_print(a, "NMI                    ");
	for (unsigned i = 0; i < cpu_count; i++)
		monitor_print(a, " %10llu", (unsigned long long)cpus[i]->nmi_count);
	monitor_print(a, "\n");
}

static void print_routes(const struct monitor_args *a)
{
	unsigned masked = 0;
	uint64_t entry;

	for (unsigned gsi = 0; ioapic_entry(gsi, &entry); gsi++) {
		if (entry & IOAPIC_MASKED)
			masked++;
		else
			monitor_print(a, "I/O APIC input %u: vector %02x, APIC id %u, %s, %s\n",
				      gsi, (unsigned)entry & 0xff, (unsigned)(entry >> 56),
				      entry & IOAPIC_LEVEL ? "level" : "edge",
				      entry & IOAPIC_ACTIVE_LOW ? "active low" : "active high");
	}
	monitor_print(a, "I/O APIC inputs masked: %u\n", masked);
}

static void print_lines(struct vm *vm, const struct monitor_args *a, void *context)
{
	const struct vpic *p = &vm->platform.pic;

	(void)context;
	monitor_print(a, "%s: INT %s\n", vm->config.name, p->intr ? "high" : "low");
	monitor_bits(a, "line", (unsigned)p->slave.lines << 8 | p->master.lines, 16);
	monitor_bits(a, "mask", (unsigned)p->slave.imr << 8 | p->master.imr, 16);
	monitor_bits(a, "isr", (unsigned)p->slave.isr << 8 | p->master.isr, 16);
}

static bool irq(const struct monitor_args *a)
{
	if (!monitor_counts(a, 1, 1))
		return false;
	print_vectors(a);
	print_routes(a);
	for (unsigned i = 0; i < vm_count; i++)
		monitor_on_core(a, vms[i], print_lines, NULL);
	return true;
}

const struct monitor_command command_irq = {
	.name = "irq",
	.usage = "",
	.help = "interrupts of the host by core, its I/O APIC, and the VMs' lines",
	.run = irq,
};
