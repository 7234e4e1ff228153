/*
 * boot/core_setup.h - what a core needs before it can run C: its struct cpu, stacks, tables, modes.
 */
#pragma once

#include "kernel/percpu.h"
#include "kernel/status.h"

/* Makes the struct cpu of core index with log ring, GDT, TSS and stacks between guard pages, and
 * puts it into cpus[]. index is cpu_count, or 0 once to give the boot processor its APIC ID. The
 * boot processor calls it. ERR_NO_MEMORY: nothing changed; ERR_FULL past CPU_MAX. */
MUST_CHECK enum status core_create(unsigned index, uint32_t apic_id, struct cpu **out);

/* Makes the core that runs this c: CR0, CR4, EFER, the final CR3, GDT, TSS, GS, IDT. On an
 * application processor call it on c's own stack (c->stack_top), thus with the final CR3 loaded; on
 * the boot processor after address_space_init(). Interrupts are off. Sets c->online. */
void core_enter(struct cpu *c);
