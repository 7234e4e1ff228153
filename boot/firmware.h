/*
 * boot/firmware.h - what the firmware says of the machine, by way of the boot loader or by search.
 */
#pragma once

#include "boot/acpi.h"
#include "boot/multiboot2.h"

/* The boot loader's block, checked. What is wrong with it is logged; what cannot be done without is
 * a panic. magic is EAX at the entry. Boot processor, once, with the boot page tables. */
void firmware_read_boot_info(uint32_t magic, hpa_t info_at, struct multiboot2 *boot_info);

/* The RSDP out of the boot information, else out of the EBDA or ROM, and all tables behind it. What
 * is wrong with them is logged; *acpi is always usable, if only for one core. After
 * address_space_init(), boot processor. */
void firmware_read_acpi(const struct multiboot2 *boot_info, struct acpi *acpi);
