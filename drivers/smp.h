/*
 * drivers/smp.h - starts the other cores by INIT-SIPI-SIPI.
 *
 * Spec: SDM 3A "Multiple-Processor (MP) Initialization", "Typical BSP Initialization Sequence".
 */
#pragma once

#include "boot/acpi.h"
#include "kernel/percpu.h"

/* Starts all cores of the MADT but this one, all at once, at most max_cores with this one (0: no
 * limit). Each gets its struct cpu (core_create()), sets itself up (core_enter(), its local APIC,
 * TSC check), then calls entry(cpu) on its own stack, with interrupts off; entry does not return.
 * A core that does not answer is reported in the log and left out: cpus[] has no gap. Returns how
 * many cores are online, this one counted. Boot processor, once, after lapic_init(). */
unsigned smp_start(const struct acpi *acpi, unsigned max_cores, void (*entry)(struct cpu *cpu));
