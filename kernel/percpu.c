/* kernel/percpu.c - see kernel/percpu.h. */
#include "kernel/percpu.h"

#include "kernel/cpu.h"
#include "kernel/log_ring.h"
#include "kernel/stacks.h"

struct cpu *cpus[CPU_MAX];
unsigned cpu_count;

static struct log_ring boot_ring;
static struct cpu boot_cpu = {.log = &boot_ring};

void percpu_enter(struct cpu *c)
{
	c->self = c;
	cpu_wrmsr(MSR_GS_BASE, (uintptr_t)c);
}

void percpu_init_bsp(void)
{
	boot_cpu.stack_top = stacks_range(0, STACK_MAIN).top;
	cpus[0] = &boot_cpu;
	cpu_count = 1;
	percpu_enter(&boot_cpu);
}
