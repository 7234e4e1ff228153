/*
 * kernel/time.h - nanoseconds since the clock was set up, out of the TSC.
 *
 * Kernel mode only. The rate comes from drivers/clock.c; before time_init() the clock stands at 0.
 * now_ns() never goes back, on no core. Where the TSC is not invariant, or the cores' TSCs differ,
 * a warning is logged and every reading is clamped to the highest one that any core has seen.
 * Spec: SDM 3B "Time-Stamp Counter", "Invariant TSC".
 */
#pragma once

#include "kernel/cpu.h"

/* Read-mostly; written by kernel/time.c alone. */
struct time_base {
	uint64_t start_tsc; /* TSC at time_init() */
	uint64_t ns_mult;   /* ns = high half of ((tsc - start_tsc) << tsc_shift) * ns_mult */
	uint64_t tsc_mult;  /* ticks = ns * tsc_mult >> TIME_TSC_SHIFT */
	uint64_t tsc_hz;
	uint8_t tsc_shift;
	bool clamped;
};

#define TIME_TSC_SHIFT 40u

extern struct time_base time_base;

/* The slow way, for clocks that are not trusted. ticks: since the start, may be below zero. */
uint64_t time_clamped_ns(uint64_t ticks);

/* A span of TSC ticks in nanoseconds. */
static inline uint64_t time_tsc_to_ns(uint64_t ticks)
{
	ticks <<= time_base.tsc_shift;
	return (uint64_t)((unsigned __int128)ticks * time_base.ns_mult >> 64);
}

/* A span of nanoseconds in TSC ticks; what does not fit (NS_NEVER) gives UINT64_MAX. */
static inline uint64_t time_ns_to_tsc(uint64_t ns)
{
	unsigned __int128 ticks = (unsigned __int128)ns * time_base.tsc_mult >> TIME_TSC_SHIFT;

	return UNLIKELY((uint64_t)(ticks >> 64) != 0) ? UINT64_MAX : (uint64_t)ticks;
}

/* Nanoseconds since time_init() at a reading of the TSC that was taken just now. */
static inline uint64_t time_at_tsc(uint64_t tsc)
{
	uint64_t ticks = tsc - time_base.start_tsc;

	if (UNLIKELY(time_base.clamped))
		return time_clamped_ns(ticks);
	return time_tsc_to_ns(ticks);
}

/* Nanoseconds since time_init(). Any core, any context. */
static inline uint64_t now_ns(void)
{
	return time_at_tsc(cpu_rdtsc());
}

static inline uint64_t time_tsc_hz(void)
{
	return time_base.tsc_hz;
}

/* Starts the clock. Boot processor, once. tsc_hz is at least 1 MHz; invariant: CPUID says that the
 * TSC keeps its rate in every power state. */
void time_init(uint64_t tsc_hz, bool invariant);

/* Busy waiting; for hardware that asks for it. After time_init(). */
void time_delay_ns(uint64_t ns);

/* One round of comparing this core's TSC with all others that are in here at the same time. True if
 * this core's was behind. smp_start() calls it, on every core. */
bool time_check_skew(void);

/* From now on every reading is clamped; says why in the log. Any core. */
void time_distrust(const char *why);
