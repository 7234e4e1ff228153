/* drivers/clock.c - the rate of the TSC. */
#include "drivers/clock.h"

#include "boot/address_space.h"
#include "drivers/rtc.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/port.h"
#include "kernel/time.h"

#define WINDOW_MS            5u
#define MEASUREMENTS         8u
#define AGREE_PART           500u /* 0.2 % */
#define ASSUMED_HZ           NS_PER_SECOND
#define TSC_HZ_LOWEST        UINT64_C(1000000)
#define STILL_READS          20000u /* a counter that shows the same so often stands still */
#define WINDOW_READS         10000000u
#define SAMPLE_TRIES         4u
#define TOLERANCE_PART       50u /* 2 % */

#define CPUID_TSC            0x15u
#define CPUID_FREQUENCY      0x16u
#define CPUID_POWER          0x80000007u
#define CPUID_INVARIANT_TSC  BIT(8)
#define HPET_CAPABILITIES    0x000u /* high half: femtoseconds a tick */
#define HPET_CONFIGURATION   0x010u
#define HPET_COUNTER         0x0f0u
#define HPET_ENABLE          BIT(0)
#define HPET_PERIOD_MOST_FS  100000000u
#define HPET_BYTES           0x400u
#define FS_PER_SECOND        UINT64_C(1000000000000000)
#define PM_TIMER_HZ          UINT64_C(3579545)
#define PIT_HZ               UINT64_C(1193182)
#define PIT_CHANNEL_2        0x42u
#define PIT_CONTROL          0x43u
#define PIT_2_MODE_2_BOTH    0xb4u /* channel 2, low then high byte, rate generator */
#define PIT_2_LATCH          0x80u
#define SYSTEM_CONTROL       0x61u
#define SYSTEM_CONTROL_GATE  0x01u
#define SYSTEM_CONTROL_SOUND 0x02u

/* A counter of known rate, read through read(). */
struct reference {
	uint32_t (*read)(void);
	uint32_t mask;
	uint64_t hz;
};

static void *hpet_regs;
static struct acpi_register pm_timer;
static int64_t start_unix_s;
static void *pm_timer_regs;

static uint32_t read_hpet(void)
{
	return mmio_read32(hpet_regs, HPET_COUNTER);
}

static uint32_t read_pm_timer(void)
{
	return pm_timer_regs ? mmio_read32(pm_timer_regs, 0)
			     : port_read32((uint16_t)pm_timer.address);
}

/* Counts down. */
static uint32_t read_pit(void)
{
	uint32_t low;

	port_write8(PIT_CONTROL, PIT_2_LATCH);
	low = port_read8(PIT_CHANNEL_2);
	return 0u - (low | (uint32_t)port_read8(PIT_CHANNEL_2) << 8);
}

struct sample {
	uint64_t tsc;
	uint32_t count;
};

/* Counter and TSC at the same moment: of some tries, the one that took the shortest time. */
static struct sample take_sample(const struct reference *r)
{
	struct sample best = {0};
	uint64_t shortest = UINT64_MAX;

	for (unsigned i = 0; i < SAMPLE_TRIES; i++) {
		uint64_t before = cpu_rdtsc_ordered();
		uint32_t count = r->read();
		uint64_t length = cpu_rdtsc_ordered() - before;

		if (length < shortest) {
			shortest = length;
			best = (struct sample){.tsc = before + length / 2, .count = count};
		}
	}
	return best;
}

static bool stands_still(const struct reference *r)
{
	uint32_t first = r->read();

	for (unsigned i = 0; i < STILL_READS; i++) {
		if (r->read() != first)
			return false;
	}
	return true;
}

static uint64_t measure_once(const struct reference *r)
{
	uint64_t window = r->hz * WINDOW_MS / 1000;
	struct sample start = take_sample(r), end;
	uint64_t counted;

	for (unsigned i = 0; i < WINDOW_READS; i++) {
		if (((r->read() - start.count) & r->mask) >= window)
			break;
	}
	end = take_sample(r);
	counted = (end.count - start.count) & r->mask;
	if (counted < window)
		return 0;
	return cpu_mul_div(end.tsc - start.tsc, r->hz, counted);
}

static bool apart(uint64_t a, uint64_t b, uint64_t part)
{
	uint64_t difference = a > b ? a - b : b - a;

	return difference > max_u64(a, b) / part;
}

/* The TSC's rate by a reference; 0: it stands still. Two measurements have to agree: an SMI, or a
 * host that has other work, can make one of them wrong. */
static uint64_t measure(const struct reference *r)
{
	uint64_t last, hz;

	if (stands_still(r))
		return 0;
	hz = measure_once(r);
	for (unsigned i = 0; i < MEASUREMENTS; i++) {
		last = hz;
		hz = measure_once(r);
		if (!apart(last, hz, AGREE_PART))
			return (last + hz) / 2;
	}
	log_warn(LOG_TIME, "no two measurements of the TSC agree: %lu and %lu kHz", last / 1000,
		 hz / 1000);
	return hz;
}

static uint64_t measure_by_hpet(const struct acpi *acpi)
{
	struct reference r = {.read = read_hpet, .mask = UINT32_MAX};
	uint64_t period_fs, configuration;

	hpet_regs = acpi->has_hpet ? mmio_map(acpi->hpet_at, HPET_BYTES) : NULL;
	if (!hpet_regs)
		return 0;
	period_fs = mmio_read64(hpet_regs, HPET_CAPABILITIES) >> 32;
	if (period_fs == 0 || period_fs > HPET_PERIOD_MOST_FS) {
		log_warn(LOG_TIME, "HPET with an impossible period of %lu fs", period_fs);
		return 0;
	}
	r.hz = (FS_PER_SECOND + period_fs / 2) / period_fs;
	configuration = mmio_read64(hpet_regs, HPET_CONFIGURATION);
	mmio_write64(hpet_regs, HPET_CONFIGURATION, configuration | HPET_ENABLE);
	return measure(&r);
}

static uint64_t measure_by_pm_timer(const struct acpi *acpi)
{
	struct reference r = {.read = read_pm_timer,
			      .mask = acpi->pm_timer_32bit ? UINT32_MAX : 0xffffffu,
			      .hz = PM_TIMER_HZ};

	pm_timer = acpi->pm_timer;
	if (pm_timer.address == 0)
		return 0;
	if (pm_timer.space == ACPI_SPACE_MEMORY) {
		pm_timer_regs = mmio_map(hpa(pm_timer.address), sizeof(uint32_t));
		if (!pm_timer_regs)
			return 0;
	}
	return measure(&r);
}

/* Channel 2, whose output only drives the speaker: it goes round every 55 ms. */
static uint64_t measure_by_pit(const struct acpi *acpi)
{
	const struct reference r = {.read = read_pit, .mask = UINT16_MAX, .hz = PIT_HZ};
	uint8_t control = port_read8(SYSTEM_CONTROL) & 0x0fu;
	uint64_t hz;

	(void)acpi;
	control &= (uint8_t) ~(SYSTEM_CONTROL_SOUND | SYSTEM_CONTROL_GATE);
	port_write8(SYSTEM_CONTROL, control | SYSTEM_CONTROL_GATE);
	port_write8(PIT_CONTROL, PIT_2_MODE_2_BOTH);
	port_write8(PIT_CHANNEL_2, 0);
	port_write8(PIT_CHANNEL_2, 0);
	hz = measure(&r);
	port_write8(SYSTEM_CONTROL, control);
	return hz;
}

/* What CPUID says; 0: nothing. *exact: the crystal's rate is given, not only a rounded MHz. */
static uint64_t stated_hz(bool *exact)
{
	uint32_t last = cpu_cpuid(0, 0).eax;
	struct cpuid_regs tsc = {0}, base = {0};

	if (last >= CPUID_TSC)
		tsc = cpu_cpuid(CPUID_TSC, 0);
	if (last >= CPUID_FREQUENCY)
		base = cpu_cpuid(CPUID_FREQUENCY, 0);
	*exact = tsc.eax != 0 && tsc.ebx != 0 && tsc.ecx != 0;
	if (*exact)
		return (uint64_t)tsc.ecx * tsc.ebx / tsc.eax;
	return (uint64_t)(base.eax & 0xffffu) * 1000000;
}

static uint64_t measured_hz(const struct acpi *acpi, const char **by)
{
	static const struct {
		const char *name;
		uint64_t (*measure)(const struct acpi *acpi);
	} ways[] = {
		{"HPET", measure_by_hpet},
		{"ACPI PM timer", measure_by_pm_timer},
		{"PIT", measure_by_pit},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		uint64_t hz = ways[i].measure(acpi);

		*by = ways[i].name;
		if (hz >= TSC_HZ_LOWEST)
			return hz;
		log_debug(LOG_TIME, "%s: not there, or of no use", *by);
	}
	return 0;
}

/* The time of day at the start of the clock. A machine whose own clock is no good counts from
 * 1970. */
static void read_time_of_day(const struct acpi *acpi)
{
	int64_t unix_s = 0;
	enum status s = rtc_read(acpi->century_register, &unix_s);

	if (s != OK)
		log_warn(LOG_TIME, "no time of day from the machine's clock: %s", status_text(s));
	start_unix_s = unix_s - (int64_t)(now_ns() / NS_PER_SECOND);
}

int64_t clock_unix_s(void)
{
	return start_unix_s + (int64_t)(now_ns() / NS_PER_SECOND);
}

enum status clock_init(const struct acpi *acpi)
{
	const char *by;
	bool exact;
	uint64_t stated = stated_hz(&exact), measured = measured_hz(acpi, &by);
	uint64_t hz = measured;
	bool invariant = cpu_cpuid(0x80000000u, 0).eax >= CPUID_POWER &&
			 (cpu_cpuid(CPUID_POWER, 0).edx & CPUID_INVARIANT_TSC) != 0;

	if (measured != 0 && stated != 0 && apart(stated, measured, TOLERANCE_PART)) {
		log_info(LOG_TIME,
			 "TSC: CPUID says %lu kHz, but the %s measures %lu kHz, which counts",
			 stated / 1000, by, measured / 1000);
	} else if (stated >= TSC_HZ_LOWEST && (exact || measured == 0)) {
		hz = stated;
		by = "CPUID";
	}
	if (hz == 0) {
		hz = ASSUMED_HZ;
		by = "nothing at all, this is a guess";
	}
	time_init(hz, invariant);
	log_info(LOG_TIME, "TSC runs at %lu.%03lu MHz, by %s", hz / 1000000, hz / 1000 % 1000, by);
	read_time_of_day(acpi);
	return measured == 0 && stated == 0 ? ERR_UNSUPPORTED : OK;
}
