/* drivers/ioapic.c - the I/O APICs. */
#include "drivers/ioapic.h"

#include "boot/address_space.h"
#include "kernel/assert.h"
#include "kernel/log.h"
#include "kernel/port.h"

#define IOAPIC_SELECT   0x00u
#define IOAPIC_WINDOW   0x10u
#define IOAPIC_BYTES    0x20u

#define REG_VERSION     0x01u
#define REG_REDIRECTION 0x10u /* two registers for each input, low half first */

static const struct acpi *tables;

static struct ioapic {
	void *regs;
	uint32_t gsi_base, inputs;
} chips[ACPI_IOAPICS_MAX];
static unsigned chip_count;

static uint32_t read_reg(const struct ioapic *c, uint32_t reg)
{
	mmio_write32(c->regs, IOAPIC_SELECT, reg);
	return mmio_read32(c->regs, IOAPIC_WINDOW);
}

static void write_reg(const struct ioapic *c, uint32_t reg, uint32_t value)
{
	mmio_write32(c->regs, IOAPIC_SELECT, reg);
	mmio_write32(c->regs, IOAPIC_WINDOW, value);
}

static const struct ioapic *chip_of(uint32_t gsi)
{
	for (unsigned i = 0; i < chip_count; i++) {
		if (gsi >= chips[i].gsi_base && gsi - chips[i].gsi_base < chips[i].inputs)
			return &chips[i];
	}
	return NULL;
}

/* The half that holds the mask is last when an input is opened: never half written and open. */
static void write_redirection(const struct ioapic *c, uint32_t gsi, uint32_t low, uint32_t dest)
{
	uint32_t reg = REG_REDIRECTION + 2 * (gsi - c->gsi_base);

	write_reg(c, reg, (uint32_t)IOAPIC_MASKED);
	write_reg(c, reg + 1, dest << 24);
	write_reg(c, reg, low);
}

static uint32_t pin_flags(bool active_low, bool level)
{
	return (uint32_t)((active_low ? IOAPIC_ACTIVE_LOW : 0) | (level ? IOAPIC_LEVEL : 0));
}

enum status ioapic_init(const struct acpi *acpi)
{
	tables = acpi;
	for (unsigned i = 0; i < acpi->ioapic_count; i++) {
		const struct acpi_ioapic *from = &acpi->ioapics[i];
		struct ioapic *c = &chips[chip_count];

		*c = (struct ioapic){.gsi_base = from->gsi_base,
				     .regs = mmio_map(from->at, IOAPIC_BYTES)};
		if (!c->regs)
			return ERR_NO_MEMORY;
		if (read_reg(c, REG_VERSION) == UINT32_MAX) {
			log_warn(LOG_APIC, "no I/O APIC answers at %#lx", from->at.raw);
			continue;
		}
		c->inputs = (read_reg(c, REG_VERSION) >> 16 & 0xffu) + 1;
		chip_count++;
		for (uint32_t gsi = c->gsi_base; gsi < c->gsi_base + c->inputs; gsi++)
			write_redirection(c, gsi, (uint32_t)IOAPIC_MASKED, 0);
		log_info(LOG_APIC, "I/O APIC at %#lx, interrupts %u to %u", from->at.raw,
			 c->gsi_base, c->gsi_base + c->inputs - 1);
	}
	return chip_count > 0 ? OK : ERR_NOT_FOUND;
}

enum status ioapic_route(unsigned isa_irq, uint8_t vector, uint32_t apic_id)
{
	const struct acpi_route *r;
	const struct ioapic *c;

	ASSERT(isa_irq < ACPI_ISA_IRQS && vector >= 16);
	if (!tables)
		return ERR_NOT_FOUND;
	if (apic_id > 0xfe)
		return ERR_RANGE;
	r = &tables->routes[isa_irq];
	c = chip_of(r->gsi);
	if (!c)
		return ERR_NOT_FOUND;
	write_redirection(c, r->gsi, pin_flags(r->active_low, r->level) | vector, apic_id);
	log_debug(LOG_APIC, "IRQ %u: input %u, vector %#x, core with id %u", isa_irq, r->gsi,
		  vector, apic_id);
	return OK;
}

void ioapic_mask(unsigned isa_irq)
{
	const struct ioapic *c;

	ASSERT(isa_irq < ACPI_ISA_IRQS);
	c = tables ? chip_of(tables->routes[isa_irq].gsi) : NULL;
	if (c)
		write_redirection(c, tables->routes[isa_irq].gsi, (uint32_t)IOAPIC_MASKED, 0);
}

bool ioapic_entry(unsigned gsi, uint64_t *entry)
{
	const struct ioapic *c = chip_of(gsi);
	uint32_t reg;

	if (!c)
		return false;
	reg = REG_REDIRECTION + 2 * (gsi - c->gsi_base);
	*entry = (uint64_t)read_reg(c, reg + 1) << 32 | read_reg(c, reg);
	return true;
}
