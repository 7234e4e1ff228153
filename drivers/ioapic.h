/*
 * drivers/ioapic.h - the I/O APICs: which device interrupt comes as which vector to which core.
 *
 * Spec: 82093AA data sheet, "Register Description"; ACPI specification, "Interrupt Source Override
 * Structure".
 */
#pragma once

#include "boot/acpi.h"

/* Maps every I/O APIC and masks all of its inputs. acpi must stay. ERR_NOT_FOUND: there is none;
 * ERR_NO_MEMORY. Boot processor, once. */
MUST_CHECK enum status ioapic_init(const struct acpi *acpi);

/* Sends an ISA interrupt (0 to 15) as vector to one core, with the polarity and trigger of its
 * source override, and unmasks it. ERR_NOT_FOUND: no I/O APIC has that input; ERR_RANGE: the id
 * needs more than the 8 bits that the chip has. */
MUST_CHECK enum status ioapic_route(unsigned isa_irq, uint8_t vector, uint32_t apic_id);

/* Masks it again. */
void ioapic_mask(unsigned isa_irq);

#define IOAPIC_ACTIVE_LOW BIT(13)
#define IOAPIC_LEVEL      BIT(15)
#define IOAPIC_MASKED     BIT(16)

/* What an input is set to: bits 7:0 the vector, 63:56 the APIC id, and IOAPIC_... False: there is
 * no such input. While no other core routes or masks one. */
bool ioapic_entry(unsigned gsi, uint64_t *entry);
