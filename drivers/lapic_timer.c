/*
 * drivers/lapic_timer.c - one-shot interrupts: the TSC deadline, or the counter where that is
 * missing.
 *
 * Spec: SDM 3A "APIC Timer", "TSC-Deadline Mode".
 */
#include "drivers/lapic.h"

#include "drivers/lapic_regs.h"
#include "kernel/log.h"
#include "kernel/time.h"
#include "kernel/trap.h"

#define CPUID1_ECX_TSC_DEADLINE BIT(24)
#define TIMER_SHIFT             32u
#define MEASURE_NS              (3 * NS_PER_MILLISECOND)
#define MEASUREMENTS            4u

static uint64_t measure_once(void)
{
	uint64_t start, ticks;
	uint32_t left;

	start = cpu_rdtsc();
	lapic_write(LAPIC_TIMER_INITIAL, UINT32_MAX);
	time_delay_ns(MEASURE_NS);
	left = lapic_read(LAPIC_TIMER_CURRENT);
	ticks = cpu_rdtsc() - start;
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	return cpu_mul_div(UINT32_MAX - left, NS_PER_SECOND, max_u64(time_tsc_to_ns(ticks), 1));
}

/* The lower one of two is the one that was disturbed: the counter was read, and then came an SMI.
 * */
static uint64_t measure_counter_hz(void)
{
	uint64_t hz = 0;

	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	for (unsigned i = 0; i < MEASUREMENTS; i++)
		hz = max_u64(hz, measure_once());
	return max_u64(hz, 1);
}

void lapic_timer_init(void)
{
	if (cpu_cpuid(1, 0).ecx & CPUID1_ECX_TSC_DEADLINE) {
		log_debug(LOG_APIC, "timer: TSC deadline");
	} else {
		lapic.timer_hz = measure_counter_hz();
		lapic.timer_mult =
			cpu_mul_div(lapic.timer_hz, UINT64_C(1) << TIMER_SHIFT, NS_PER_SECOND);
		log_info(LOG_APIC, "timer: no TSC deadline, counter runs at %lu kHz",
			 lapic.timer_hz / 1000);
	}
	lapic_timer_init_this_core();
}

void lapic_timer_init_this_core(void)
{
	if (lapic.timer_hz == 0 && !(cpu_cpuid(1, 0).ecx & CPUID1_ECX_TSC_DEADLINE))
		return; /* boot processor: lapic_timer_init() comes next */
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER | (lapic.timer_hz ? 0 : LVT_TIMER_DEADLINE));
	/* In xAPIC mode the write may be slower than a WRMSR to the deadline. */
	cpu_fence();
	lapic_timer_stop();
}

void lapic_timer_arm_ns(uint64_t delay_ns)
{
	unsigned __int128 count;

	if (delay_ns == NS_NEVER) {
		lapic_timer_stop();
	} else if (lapic.timer_hz == 0) {
		uint64_t now = cpu_rdtsc(), delay = time_ns_to_tsc(delay_ns);

		/* A deadline of 0 would stop the timer. */
		cpu_wrmsr(MSR_TSC_DEADLINE, delay > UINT64_MAX - now ? UINT64_MAX : now + delay);
	} else {
		count = ((unsigned __int128)delay_ns * lapic.timer_mult >> TIMER_SHIFT) + 1;
		lapic_write(LAPIC_TIMER_INITIAL, count > UINT32_MAX ? UINT32_MAX : (uint32_t)count);
	}
}

void lapic_timer_stop(void)
{
	if (lapic.timer_hz == 0)
		cpu_wrmsr(MSR_TSC_DEADLINE, 0);
	else
		lapic_write(LAPIC_TIMER_INITIAL, 0);
}
