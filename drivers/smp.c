/*
 * drivers/smp.c - the start of the other cores.
 *
 * All of them get their INIT at once and share its 10 ms. Then each gets its start-up IPI, and the
 * next one follows as soon as it has taken its stack: some microseconds. So cores are numbered in
 * the order of the MADT, and set themselves up at the same time. Who is ready sleeps until all are.
 */
#include "drivers/smp.h"

#include "boot/address_space.h"
#include "boot/core_setup.h"
#include "boot/trampoline.h"
#include "drivers/lapic.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "kernel/trap.h"
#include "mm/phys.h"

#define INIT_WAIT_NS      (10 * NS_PER_MILLISECOND)
#define STARTUP_WAIT_NS   UINT64_C(200000)
#define ANSWER_WAIT_NS    (500 * NS_PER_MILLISECOND)
#define READY_WAIT_NS     (5 * NS_PER_SECOND)
#define CPUID7_TSC_ADJUST BIT(1)

/* What the started cores may do by now. */
enum phase { PHASE_SLEEP, PHASE_COMPARE, PHASE_RUN };

void smp_core_main(struct cpu *c); /* called by boot/trampoline.asm */

static struct trampoline *page;
static void (*core_entry)(struct cpu *c);
static uint64_t boot_tsc_adjust;
static uint32_t ready_count;   /* atomic: cores that are set up */
static uint32_t checked_count; /* atomic: of these, who has compared its TSC with the others' */
static bool skewed;            /* atomic: a core has seen a TSC that is ahead of its own */
static uint32_t phase;         /* atomic: enum phase */

static bool has_tsc_adjust(void)
{
	return cpu_cpuid(0, 0).eax >= 7 && (cpu_cpuid(7, 0).ebx & CPUID7_TSC_ADJUST);
}

/* TSCs that start together are together, unless the firmware has moved one.
 * SDM 3B "Time-Stamp Counter Adjustment". */
static void align_tsc(void)
{
	if (has_tsc_adjust() && cpu_rdmsr(MSR_TSC_ADJUST) != boot_tsc_adjust)
		cpu_wrmsr(MSR_TSC_ADJUST, boot_tsc_adjust);
}

static void check_skew(void)
{
	if (time_check_skew())
		__atomic_store_n(&skewed, true, __ATOMIC_RELAXED);
}

/* Leaves the machine to those that are not so far: in an emulator that matters much. */
static void sleep_until(enum phase wanted)
{
	while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) < wanted)
		cpu_halt_until_irq();
}

void smp_core_main(struct cpu *c)
{
	core_enter(c);
	lapic_init_this_core();
	c->apic_id = lapic_id();
	align_tsc();
	__atomic_add_fetch(&ready_count, 1, __ATOMIC_ACQ_REL);
	sleep_until(PHASE_COMPARE);
	check_skew();
	__atomic_add_fetch(&checked_count, 1, __ATOMIC_ACQ_REL);
	sleep_until(PHASE_RUN);
	core_entry(c);
	cpu_stop();
}

static void on_go(struct trap_frame *f)
{
	(void)f;
	lapic_eoi();
}

static void release_cores(enum phase next)
{
	__atomic_store_n(&phase, next, __ATOMIC_RELEASE);
	for (unsigned i = 1; i < cpu_count; i++)
		lapic_send_ipi(cpus[i]->apic_id, VECTOR_GO);
}

static void fill_page(hpa_t at)
{
	uint32_t base = (uint32_t)at.raw;
	uint32_t gdt = base + (uint32_t)(trampoline_gdt - trampoline_start);

	page = phys_ptr(at);
	memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	page->boot_cr3 = address_space_boot_cr3();
	page->final_cr3 = address_space_cr3();
	page->efer = cpu_rdmsr(MSR_EFER) & (EFER_LME | EFER_NXE);
	page->high = (uintptr_t)trampoline_high;
	page->gdt_limit = TRAMPOLINE_GDT_BYTES - 1;
	page->gdt_base[0] = (uint16_t)gdt;
	page->gdt_base[1] = (uint16_t)(gdt >> 16);
	page->far32 = base + (uint32_t)(trampoline_code32 - trampoline_start);
	page->far64 = base + (uint32_t)(trampoline_code64 - trampoline_start);
}

static bool taken_within(uint64_t ns)
{
	uint64_t start = cpu_rdtsc(), limit = time_ns_to_tsc(ns);

	while (__atomic_load_n(&page->mailbox, __ATOMIC_ACQUIRE) != 0) {
		if (cpu_rdtsc() - start > limit)
			return false;
		cpu_pause();
	}
	return true;
}

/* One core, which has had its INIT. False: it does not answer. */
static bool start_core(struct cpu *c, uint32_t apic_id, uint8_t page_number)
{
	uint64_t *stack = (uint64_t *)(c->stack_top - 16);
	bool taken = false;

	c->apic_id = apic_id;
	*stack = (uintptr_t)c;
	__atomic_store_n(&page->mailbox, (uintptr_t)stack, __ATOMIC_RELEASE);
	for (unsigned try = 0; try < 2 && !taken; try++) {
		if (lapic_send_startup(apic_id, page_number) == OK)
			taken = taken_within(try == 0 ? STARTUP_WAIT_NS : ANSWER_WAIT_NS);
	}
	if (taken)
		return true;
	/* It may take the stack in this very moment. */
	return __atomic_exchange_n(&page->mailbox, 0, __ATOMIC_ACQ_REL) == 0;
}

/* Sends INIT to the first most cores of the list but this one. */
static void send_inits(const struct acpi *acpi, unsigned most)
{
	for (unsigned i = 0, sent = 0; i < acpi->core_count && sent < most; i++) {
		uint32_t id = acpi->cores[i].apic_id;

		if (id == lapic_id())
			continue;
		sent++;
		if (lapic_send_init(id) != OK)
			log_warn(LOG_SMP, "INIT to the core with APIC id %u is not delivered", id);
	}
	time_delay_ns(INIT_WAIT_NS);
}

static unsigned start_cores(const struct acpi *acpi, unsigned most)
{
	struct cpu *spare = NULL; /* of a core that did not answer: the next one gets it */
	unsigned started = 0;

	for (unsigned i = 0, tried = 0; i < acpi->core_count && tried < most; i++) {
		uint32_t id = acpi->cores[i].apic_id;
		enum status s = OK;

		if (id == lapic_id())
			continue;
		tried++;
		if (!spare)
			s = core_create(cpu_count, id, &spare);
		if (s != OK) {
			log_error(LOG_SMP, "no more cores can be started: %s", status_text(s));
			break;
		}
		if (start_core(spare, id, (uint8_t)(boot_trampoline_page.raw / PAGE_4K))) {
			started++;
			spare = NULL;
		} else {
			log_error(LOG_SMP, "the core with APIC id %u does not answer", id);
		}
	}
	__atomic_store_n(&page->closed, 1, __ATOMIC_RELEASE);
	if (spare)
		__atomic_store_n(&cpu_count, cpu_count - 1, __ATOMIC_RELEASE);
	return started;
}

/* False: too long. */
static bool wait_for(const uint32_t *count, uint32_t wanted, void (*meanwhile)(void))
{
	uint64_t start = cpu_rdtsc(), limit = time_ns_to_tsc(READY_WAIT_NS);

	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < wanted) {
		meanwhile();
		if (cpu_rdtsc() - start > limit)
			return false;
	}
	return true;
}

/* All at the same time, and this core as long as another one does: a TSC that is ahead shows in the
 * others, one that is behind in itself. */
static void compare_tscs(unsigned ready)
{
	release_cores(PHASE_COMPARE);
	if (!wait_for(&checked_count, ready, check_skew))
		log_error(LOG_SMP, "some cores got stuck while they compared their TSCs");
	if (__atomic_load_n(&skewed, __ATOMIC_RELAXED))
		time_distrust("the cores' TSCs differ");
}

static unsigned count_online(void)
{
	unsigned online = 0;

	for (unsigned i = 0; i < cpu_count; i++)
		online += __atomic_load_n(&cpus[i]->online, __ATOMIC_ACQUIRE) ? 1 : 0;
	return online;
}

unsigned smp_start(const struct acpi *acpi, unsigned max_cores, void (*entry)(struct cpu *cpu))
{
	unsigned most = max_cores == 0 ? CPU_MAX - 1 : max_cores - 1;
	uint64_t start_ns = now_ns();
	unsigned started;

	this_cpu()->apic_id = lapic_id();
	if (acpi->core_count <= 1 || most == 0)
		return 1;
	if (boot_trampoline_page.raw == 0) {
		log_error(LOG_SMP, "no free page below 1 MiB: only this core is used");
		return 1;
	}
	core_entry = entry;
	if (has_tsc_adjust())
		boot_tsc_adjust = cpu_rdmsr(MSR_TSC_ADJUST);
	trap_set_handler(VECTOR_GO, on_go);
	fill_page(boot_trampoline_page);
	send_inits(acpi, most);
	started = start_cores(acpi, most);
	if (!wait_for(&ready_count, started, cpu_pause))
		log_error(LOG_SMP, "%u of %u cores got stuck on their way", started - ready_count,
			  started);
	compare_tscs(ready_count);
	release_cores(PHASE_RUN);
	log_info(LOG_SMP, "%u of %u cores run, started in %lu us", count_online(), acpi->core_count,
		 (now_ns() - start_ns) / 1000);
	return count_online();
}
