/*
 * kernel/percpu.h - what each core has for itself, reached by GS.
 *
 * cpus[i] exists for i < cpu_count; cpu 0 is the boot processor. Only the core itself writes its
 * struct, but for the atomic words.
 */
#pragma once

#include "kernel/types.h"

#define CPU_MAX        256u
#define CPU_IRQ_COUNTS 16u /* a power of two */

struct log_ring;
struct vmx_core;
struct trap_frame;
struct trap_probe;

struct cpu {
	struct cpu *self; /* at GS:0 */
	unsigned index;
	uint32_t apic_id;
	bool online;
	uint32_t pending; /* atomic: CPU_PENDING_... bits set by other cores before a kick */
	struct log_ring *log;
	struct vmx_core *vmx;     /* vmx/: VMXON region, VMCS in use, run queue */
	struct trap_probe *probe; /* kernel/trap.c: set while a fault is expected */
	void *arch;               /* kernel/gdt.c: GDT, TSS */
	uintptr_t stack_top;
	uint64_t irq_count, nmi_count;
	uint64_t irq_counts[CPU_IRQ_COUNTS]; /* by the low half of the vector: 40h to 4Fh */
	bool stopped;                        /* holds for a panic on another core */
	bool held;                           /* atomic: holds for a debugger */
	/* Where a debugger finds this core's registers, while it does not run. */
	struct trap_frame *frame;
};

#define CPU_PENDING_STOP BIT(0) /* a panic elsewhere: hold */
#define CPU_PENDING_WORK BIT(1) /* look at your run queue */
#define CPU_PENDING_HOLD BIT(2) /* a debugger: hold until this goes */

extern struct cpu *cpus[CPU_MAX];
extern unsigned cpu_count;

/* The first line of kernel_main(): this core gets the boot processor's struct, with a log ring. */
void percpu_init_bsp(void);

/* This core is c from now on: GS points at it. */
void percpu_enter(struct cpu *c);

/* Valid after percpu_init_bsp() and, on the others, percpu_enter(). */
static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(c));
	return c;
}
