/* kernel/time.c - the clock: scaling of the TSC, and what to do when TSCs cannot be trusted. */
#include "kernel/time.h"

#include "kernel/assert.h"
#include "kernel/log.h"

#define TSC_HZ_MIN     UINT64_C(1000000)
#define SKEW_ROUND_NS  UINT64_C(50000) /* of one time_check_skew(), at least */
#define SKEW_ROUND_MIN 100u            /* readings */

struct time_base time_base;

static uint64_t highest_ns ALIGNED(64);
static uint64_t highest_tsc ALIGNED(64);

/* Raises *highest to value if that is more; returns the highest, which may be another core's. */
static uint64_t raise(uint64_t *highest, uint64_t value)
{
	uint64_t seen = __atomic_load_n(highest, __ATOMIC_RELAXED);

	while (value > seen) {
		if (__atomic_compare_exchange_n(highest, &seen, value, true, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return value;
	}
	return seen;
}

uint64_t time_clamped_ns(uint64_t ticks)
{
	return raise(&highest_ns, (int64_t)ticks < 0 ? 0 : time_tsc_to_ns(ticks));
}

void time_init(uint64_t tsc_hz, bool invariant)
{
	uint8_t shift = 0;

	ASSERT(tsc_hz >= TSC_HZ_MIN && tsc_hz < UINT64_C(1) << 40);
	/* ns_mult is a fraction of 2^64, so the shifted rate has to be above 1 GHz. */
	while (tsc_hz << shift <= NS_PER_SECOND)
		shift++;
	time_base.tsc_hz = tsc_hz;
	time_base.tsc_shift = shift;
	time_base.ns_mult = cpu_div128(NS_PER_SECOND, 0, tsc_hz << shift);
	time_base.tsc_mult = cpu_mul_div(tsc_hz, UINT64_C(1) << TIME_TSC_SHIFT, NS_PER_SECOND);
	time_base.start_tsc = cpu_rdtsc();
	if (!invariant)
		time_distrust("this CPU's TSC is not invariant");
}

void time_distrust(const char *why)
{
	log_warn(LOG_TIME, "%s: times are clamped, and may stand still for a while", why);
	__atomic_store_n(&time_base.clamped, true, __ATOMIC_RELAXED);
}

void time_delay_ns(uint64_t ns)
{
	uint64_t start = cpu_rdtsc(), ticks = time_ns_to_tsc(ns);

	ASSERT(time_base.tsc_hz != 0);
	while (cpu_rdtsc() - start < ticks)
		cpu_pause();
}

/*
 * Every reading has to be at least as high as the highest one that any core published before it.
 * The ordered read keeps RDTSC behind the load. SDM 2B "RDTSC - Read Time-Stamp Counter".
 */
bool time_check_skew(void)
{
	uint64_t start = cpu_rdtsc(), length = time_ns_to_tsc(SKEW_ROUND_NS);
	bool behind = false;
	unsigned count = 0;

	do {
		uint64_t highest = __atomic_load_n(&highest_tsc, __ATOMIC_ACQUIRE);
		uint64_t tsc = cpu_rdtsc_ordered();

		behind = behind || tsc < highest;
		raise(&highest_tsc, tsc);
		count++;
	} while (cpu_rdtsc() - start < length || count < SKEW_ROUND_MIN);
	return behind;
}
