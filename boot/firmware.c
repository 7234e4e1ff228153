/* boot/firmware.c - finds the ACPI tables and has them read. */
#include "boot/firmware.h"

#include "boot/address_space.h"
#include "kernel/log.h"

static const void *map_for_acpi(void *context, hpa_t at, uint64_t len_bytes)
{
	(void)context;
	return firmware_map(at, len_bytes);
}

void firmware_read_acpi(const struct multiboot2 *boot_info, struct acpi *acpi)
{
	const struct acpi_memory memory = {.map = map_for_acpi};
	const uint8_t *rsdp = NULL;
	size_t len_bytes = MULTIBOOT2_RSDP_OLD_BYTES;
	const char *source = "Multiboot2";

	acpi_init(acpi);
	if (boot_info->has_rsdp_new) {
		rsdp = boot_info->rsdp_new;
		len_bytes = MULTIBOOT2_RSDP_NEW_BYTES;
	} else if (boot_info->has_rsdp_old) {
		rsdp = boot_info->rsdp_old;
	} else {
		rsdp = acpi_scan_rsdp(&memory);
		len_bytes = MULTIBOOT2_RSDP_NEW_BYTES;
		source = "the BIOS area";
	}
	if (!rsdp)
		log_warn(LOG_ACPI,
			 "no RSDP in the boot information, EBDA or ROM: one core, no I/O APIC");
	else if (acpi_read(acpi, rsdp, len_bytes, &memory) != OK)
		log_error(LOG_ACPI, "no ACPI table can be reached: one core, no I/O APIC");
	for (unsigned i = 0; i < acpi->fault_count && i < ACPI_FAULTS_MAX; i++)
		log_warn(LOG_ACPI, "%s: %s (%#llx)", acpi->faults[i].table, acpi->faults[i].what,
			 (unsigned long long)acpi->faults[i].value);
	if (rsdp)
		log_info(LOG_ACPI, "ACPI by %s: %u tables, %u cores, %u I/O APICs, HPET %s", source,
			 acpi->table_count, acpi->core_count, acpi->ioapic_count,
			 acpi->has_hpet ? "yes" : "no");
}
