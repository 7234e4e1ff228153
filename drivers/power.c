/* drivers/power.c - power off and reset. */
#include "drivers/power.h"

#include "boot/address_space.h"
#include "drivers/console.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/port.h"
#include "kernel/time.h"

#define PM1_SCI_EN        BIT(0)
#define PM1_SLP_TYP       UINT16_C(0x1c00)
#define PM1_SLP_TYP_AT    10u
#define PM1_SLP_EN        UINT16_C(0x2000)
#define SLEEP_CONTROL_AT  2u
#define SLEEP_CONTROL_EN  0x20u

#define ACPI_ENABLE_MS    3000u
#define POWER_OFF_MS      500u
#define RESET_MS          50u

#define PCI_ADDRESS       0xcf8u
#define PCI_DATA          0xcfcu
#define RESET_CONTROL     0xcf9u
#define RESET_SYSTEM      0x02u
#define RESET_CPU         0x04u
#define KEYBOARD_STATUS   0x64u
#define KEYBOARD_COMMAND  0x64u
#define KEYBOARD_BUSY     0x02u
#define KEYBOARD_RESET    0xfeu
#define KEYBOARD_READS    100000u
#define PORT_READS_PER_MS 1000u

#define EMULATOR_EXIT     0xf4u /* QEMU, "-device isa-debug-exit,iobase=0xf4" */
#define EMULATOR_FAILURE  1u    /* becomes status 3 */
#define CPUID1_HYPERVISOR BIT(31)

/* A register that is an I/O port or, mapped, in memory. */
struct reg {
	bool there;
	uint16_t port;
	void *memory; /* NULL: the port */
};

static const struct acpi *tables;
static struct reg pm1a, pm1b, sleep_control, reset;

static struct reg open_register(const struct acpi_register *from)
{
	struct reg r = {0};

	if (from->address == 0)
		return r;
	if (from->space == ACPI_SPACE_IO) {
		r.port = (uint16_t)from->address;
		r.there = true;
	} else if (from->space == ACPI_SPACE_MEMORY) {
		r.memory = mmio_map(hpa(from->address), 4);
		r.there = r.memory != NULL;
	}
	return r;
}

static uint16_t read16(const struct reg *r)
{
	return r->memory ? mmio_read16(r->memory, 0) : port_read16(r->port);
}

static void write16(const struct reg *r, uint16_t value)
{
	if (r->memory)
		mmio_write16(r->memory, 0, value);
	else
		port_write16(r->port, value);
}

static void write8(const struct reg *r, uint8_t value)
{
	if (r->memory)
		mmio_write8(r->memory, 0, value);
	else
		port_write8(r->port, value);
}

void power_init(const struct acpi *acpi)
{
	tables = acpi;
	pm1a = open_register(&acpi->pm1a_control);
	pm1b = open_register(&acpi->pm1b_control);
	sleep_control = open_register(&acpi->sleep_control);
	reset = open_register(&acpi->reset);
	if (!acpi->has_s5)
		log_warn(LOG_ACPI, "the firmware does not say how to power off");
}

/* Also before the clock runs: a port read takes about a microsecond. */
static void wait_ms(unsigned ms)
{
	if (time_tsc_hz() != 0) {
		time_delay_ns(ms * NS_PER_MILLISECOND);
		return;
	}
	for (unsigned i = 0; i < ms * PORT_READS_PER_MS; i++)
		(void)port_read8(KEYBOARD_STATUS);
}

/* Where ACPI mode is off, the PM1 registers are the firmware's. "SMI Command Port". */
static void enable_acpi(void)
{
	if ((read16(&pm1a) & PM1_SCI_EN) || tables->smi_command_port == 0 ||
	    tables->acpi_enable == 0)
		return;
	port_write8((uint16_t)tables->smi_command_port, tables->acpi_enable);
	for (unsigned ms = 0; ms < ACPI_ENABLE_MS && !(read16(&pm1a) & PM1_SCI_EN); ms++)
		wait_ms(1);
}

static uint16_t with_sleep_type(const struct reg *r, uint8_t type)
{
	uint32_t value = read16(r);

	value &= ~((uint32_t)PM1_SLP_TYP | PM1_SLP_EN);
	return (uint16_t)(value | (uint32_t)type << PM1_SLP_TYP_AT);
}

/* First the type into both, then the go into both: the last write may not be reached. */
static void enter_s5(void)
{
	uint16_t a, b = 0;

	enable_acpi();
	a = with_sleep_type(&pm1a, tables->s5_a);
	write16(&pm1a, a);
	if (pm1b.there) {
		b = with_sleep_type(&pm1b, tables->s5_b);
		write16(&pm1b, b);
	}
	write16(&pm1a, a | PM1_SLP_EN);
	if (pm1b.there)
		write16(&pm1b, b | PM1_SLP_EN);
}

/* A real machine may have something else at that port; an emulator without the device ignores
 * it. */
static void fail_emulator(void)
{
	if (cpu_cpuid(1, 0).ecx & CPUID1_HYPERVISOR)
		port_write8(EMULATOR_EXIT, EMULATOR_FAILURE);
}

void power_off(bool well)
{
	cpu_irq_off();
	console_flush();
	if (!well)
		fail_emulator();
	if (tables && tables->has_s5 && tables->hardware_reduced && sleep_control.there)
		write8(&sleep_control,
		       (uint8_t)((unsigned)tables->s5_a << SLEEP_CONTROL_AT | SLEEP_CONTROL_EN));
	else if (tables && tables->has_s5 && pm1a.there)
		enter_s5();
	wait_ms(POWER_OFF_MS);
	log_error(LOG_ACPI, "cannot power off: switch the machine off by hand");
	console_flush();
	cpu_stop();
}

/* Bus 0; device, function and offset are packed into the address. "Generic Address Structure". */
static void reset_by_pci(uint64_t address, uint8_t value)
{
	uint32_t device = (uint32_t)(address >> 32) & 0x1fu;
	uint32_t function = (uint32_t)(address >> 16) & 7u;
	uint32_t offset = (uint32_t)address & 0xffu;

	port_write32(PCI_ADDRESS, 0x80000000u | device << 11 | function << 8 | (offset & 0xfcu));
	port_write8((uint16_t)(PCI_DATA + (offset & 3u)), value);
}

static void reset_by_keyboard_controller(void)
{
	for (unsigned i = 0; i < KEYBOARD_READS; i++) {
		if (!(port_read8(KEYBOARD_STATUS) & KEYBOARD_BUSY))
			break;
	}
	port_write8(KEYBOARD_COMMAND, KEYBOARD_RESET);
}

void power_reset(void)
{
	cpu_irq_off();
	console_flush();
	if (reset.there) {
		write8(&reset, tables->reset_value);
		wait_ms(RESET_MS);
	} else if (tables && tables->reset.address != 0) {
		reset_by_pci(tables->reset.address, tables->reset_value);
		wait_ms(RESET_MS);
	}
	port_write8(RESET_CONTROL, RESET_SYSTEM);
	port_write8(RESET_CONTROL, RESET_SYSTEM | RESET_CPU);
	wait_ms(RESET_MS);
	reset_by_keyboard_controller();
	wait_ms(RESET_MS);
	cpu_triple_fault();
}
