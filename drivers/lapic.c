/* drivers/lapic.c - the local APIC: mode, set-up, interrupts to other cores. */
#include "drivers/lapic.h"

#include "boot/address_space.h"
#include "drivers/lapic_regs.h"
#include "kernel/assert.h"
#include "kernel/log.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "kernel/trap.h"

#define APIC_BASE_X2APIC  BIT(10)
#define APIC_BASE_ENABLE  BIT(11)
#define APIC_BASE_ADDR    UINT64_C(0x000ffffffffff000)
#define CPUID1_ECX_X2APIC BIT(21)
#define CPUID1_EDX_APIC   BIT(9)
#define XAPIC_ID_MAX      254u /* 255 is everybody */
#define DELIVERY_NS       NS_PER_MILLISECOND

struct lapic lapic;
static const struct acpi *tables; /* NMI pins */

static void on_error(struct trap_frame *f)
{
	uint32_t errors;

	(void)f;
	lapic_write(LAPIC_ESR, 0); /* latches what has come since */
	errors = lapic_read(LAPIC_ESR);
	log_warn(LOG_APIC, "local APIC error, ESR %#x", errors);
	lapic_eoi();
}

/* No EOI: SDM 3A "Spurious Interrupt". */
static void on_spurious(struct trap_frame *f)
{
	(void)f;
}

/* An interrupt that the firmware has left pending, of which nobody here knows. Without an EOI it
 * would hold off ours for ever; what the 8259 throws is in service nowhere, and gets none. */
static void on_stray(struct trap_frame *f)
{
	uint32_t group = (uint32_t)f->vector / 32;

	log_warn(LOG_APIC, "interrupt on vector %#llx, which has no handler",
		 (unsigned long long)f->vector);
	if (lapic_read(LAPIC_ISR + group * 0x10) & BIT(f->vector % 32))
		lapic_eoi();
}

static bool needs_x2apic(const struct acpi *acpi)
{
	for (unsigned i = 0; i < acpi->core_count; i++) {
		if (acpi->cores[i].apic_id > XAPIC_ID_MAX)
			return true;
	}
	return false;
}

static enum status choose_mode(const struct acpi *acpi, const char *option)
{
	struct cpuid_regs features = cpu_cpuid(1, 0);
	bool can = (features.ecx & CPUID1_ECX_X2APIC) != 0;
	bool is_on = (cpu_rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC) != 0;
	bool asked = false, refused = false;

	if (option && strcmp(option, "x2apic") == 0)
		asked = true;
	else if (option && strcmp(option, "xapic") == 0)
		refused = true;
	else if (option && strcmp(option, "auto") != 0)
		return ERR_INVALID;
	if (!(features.edx & CPUID1_EDX_APIC) || (asked && !can))
		return ERR_UNSUPPORTED;
	if (is_on && refused)
		log_warn(LOG_APIC, "the firmware has switched x2APIC on: it stays on");
	lapic.x2apic = is_on || asked || (!refused && can && needs_x2apic(acpi));
	if (!lapic.x2apic && needs_x2apic(acpi))
		log_warn(LOG_APIC, "cores with an id above %u are left out without x2APIC",
			 XAPIC_ID_MAX);
	return OK;
}

/* The pins that the firmware says bring NMIs to this core; uid is its number in the MADT. */
static void open_nmi_pins(uint32_t uid)
{
	for (unsigned i = 0; i < tables->nmi_count; i++) {
		const struct acpi_nmi *n = &tables->nmis[i];

		if (n->uid == uid || n->uid == ACPI_ALL_CORES)
			lapic_write(n->lint == 0 ? LAPIC_LVT_LINT0 : LAPIC_LVT_LINT1,
				    LVT_NMI | (n->active_low ? LVT_ACTIVE_LOW : 0));
	}
}

static uint32_t uid_of(uint32_t apic_id)
{
	for (unsigned i = 0; i < tables->core_count; i++) {
		if (tables->cores[i].apic_id == apic_id)
			return tables->cores[i].uid;
	}
	return ACPI_ALL_CORES - 1; /* nobody's */
}

/* Only entries that this version has exist: a write to another is an error in x2APIC mode. */
static void mask_all_pins(void)
{
	static const uint32_t entries[] = {
		LAPIC_LVT_TIMER,    LAPIC_LVT_LINT0,   LAPIC_LVT_LINT1, LAPIC_LVT_ERROR,
		LAPIC_LVT_COUNTERS, LAPIC_LVT_THERMAL, LAPIC_LVT_CMCI,
	};
	uint32_t count = (lapic_read(LAPIC_VERSION) >> 16 & 0xffu) + 1;

	/* What the firmware has for itself, by SMI (thermal events), stays its own. */
	for (uint32_t i = 0; i < ARRAY_SIZE(entries) && i < count; i++) {
		if ((lapic_read(entries[i]) & LVT_DELIVERY) != LVT_SMI)
			lapic_write(entries[i], LVT_MASKED);
	}
}

void lapic_init_this_core(void)
{
	uint64_t base = cpu_rdmsr(MSR_APIC_BASE);

	/* Never out of x2APIC, and never disabled: only bits are added. */
	base = (base & ~APIC_BASE_ADDR) | lapic.base | APIC_BASE_ENABLE;
	cpu_wrmsr(MSR_APIC_BASE, base);
	if (lapic.x2apic)
		cpu_wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
	lapic_write(LAPIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS_APIC);
	mask_all_pins();
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_LVT_ERROR, VECTOR_APIC_ERROR);
	open_nmi_pins(uid_of(lapic_id()));
	lapic_timer_init_this_core();
	/* What the firmware left in service would block all that is below it. */
	for (unsigned i = 0; i < 8; i++)
		lapic_eoi();
}

enum status lapic_init(const struct acpi *acpi, const char *option)
{
	enum status s = choose_mode(acpi, option);

	if (s != OK)
		return s;
	tables = acpi;
	lapic.base = cpu_rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDR;
	if (acpi->has_madt && lapic.base != acpi->lapic_at.raw)
		log_warn(LOG_APIC, "local APIC at %#lx, and at %#lx for the MADT", lapic.base,
			 acpi->lapic_at.raw);
	if (!lapic.x2apic) {
		lapic.regs = mmio_map(hpa(lapic.base), PAGE_4K);
		if (!lapic.regs)
			return ERR_NO_MEMORY;
	}
	for (unsigned vector = VECTOR_SPURIOUS_PIC; vector < VECTOR_SPURIOUS_APIC; vector++)
		trap_set_handler(vector, on_stray);
	trap_set_handler(VECTOR_APIC_ERROR, on_error);
	trap_set_handler(VECTOR_SPURIOUS_APIC, on_spurious);
	lapic_init_this_core();
	lapic_timer_init();
	log_info(LOG_APIC, "%s at %#lx, id %u, version %#x", lapic_mode_name(), lapic.base,
		 lapic_id(), lapic_read(LAPIC_VERSION) & 0xffu);
	return OK;
}

const char *lapic_mode_name(void)
{
	return lapic.x2apic ? "x2APIC" : "xAPIC";
}

bool lapic_is_x2apic(void)
{
	return lapic.x2apic;
}

uint32_t lapic_id(void)
{
	if (lapic.base == 0)
		return 0;
	return lapic.x2apic ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> 24;
}

void lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

/* In x2APIC mode sends are never busy. SDM 3A "ICR Operation in x2APIC Mode". */
static enum status wait_until_sent(void)
{
	uint64_t start = cpu_rdtsc(), limit = time_ns_to_tsc(DELIVERY_NS);

	if (lapic.x2apic)
		return OK;
	while (lapic_read(LAPIC_ICR) & ICR_BUSY) {
		if (cpu_rdtsc() - start > limit)
			return ERR_TIMEOUT;
		cpu_pause();
	}
	return OK;
}

static enum status send(uint32_t apic_id, uint32_t command)
{
	enum status s;

	if (lapic.base == 0)
		return ERR_UNSUPPORTED;
	if (lapic.x2apic) {
		cpu_fence(); /* what the other core is told about is in memory first */
		cpu_wrmsr(MSR_X2APIC + (LAPIC_ICR >> 4), (uint64_t)apic_id << 32 | command);
		return OK;
	}
	if (apic_id > XAPIC_ID_MAX)
		return ERR_RANGE;
	s = wait_until_sent(); /* the one before: writing now would lose it */
	lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
	lapic_write(LAPIC_ICR, command);
	return s;
}

void lapic_send_ipi(uint32_t apic_id, uint8_t vector)
{
	ASSERT(vector >= 16);
	(void)send(apic_id, ICR_FIXED | ICR_ASSERT | vector);
}

void lapic_send_nmi(uint32_t apic_id)
{
	(void)send(apic_id, ICR_NMI | ICR_ASSERT);
}

void lapic_send_nmi_others(void)
{
	for (unsigned i = 0; i < cpu_count; i++) {
		if (cpus[i] != this_cpu() && __atomic_load_n(&cpus[i]->online, __ATOMIC_ACQUIRE))
			lapic_send_nmi(cpus[i]->apic_id);
	}
}

enum status lapic_send_init(uint32_t apic_id)
{
	enum status s = send(apic_id, ICR_INIT | ICR_ASSERT);

	return s == OK ? wait_until_sent() : s;
}

enum status lapic_send_startup(uint32_t apic_id, uint8_t page)
{
	enum status s = send(apic_id, ICR_STARTUP | ICR_ASSERT | page);

	return s == OK ? wait_until_sent() : s;
}
