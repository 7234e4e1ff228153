/* boot/firmware.c - takes over what the boot loader says, finds the ACPI tables. */
#include "boot/firmware.h"

#include "boot/address_space.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "mm/phys.h"

void firmware_read_boot_info(uint32_t magic, hpa_t info_at, struct multiboot2 *boot_info)
{
	enum status s;

	if (magic != MULTIBOOT2_MAGIC)
		panic("not started by a Multiboot2 boot loader (magic %#x)", magic);
	s = multiboot2_parse(boot_info, phys_ptr(info_at), MULTIBOOT2_MOST_BYTES);
	for (unsigned i = 0; i < boot_info->problem_count; i++) {
		const struct multiboot2_problem *p = &boot_info->problems[i];

		log_error(LOG_BOOT, "Multiboot2 tag \"%s\" (type %u, at %#x): %s", p->tag, p->type,
			  p->offset, p->what);
	}
	if (s != OK)
		panic("the boot loader's information is unusable: %s", status_text(s));
}

static const void *map_for_acpi(void *context, hpa_t at, uint64_t len_bytes)
{
	(void)context;
	return firmware_map(at, len_bytes);
}

static void log_faults(const struct acpi *acpi)
{
	for (unsigned i = 0; i < acpi->fault_count && i < ACPI_FAULTS_MAX; i++)
		log_warn(LOG_ACPI, "%s: %s (%#llx)", acpi->faults[i].table, acpi->faults[i].what,
			 (unsigned long long)acpi->faults[i].value);
}

/* False: it is not there, or leads to nothing. */
static bool read_from(struct acpi *acpi, const uint8_t *rsdp, size_t len_bytes, const char *source)
{
	const struct acpi_memory memory = {.map = map_for_acpi};
	enum status s;

	if (!rsdp)
		return false;
	s = acpi_read(acpi, rsdp, len_bytes, &memory);
	log_faults(acpi);
	if (s == OK)
		log_info(LOG_ACPI, "ACPI by %s: %u tables, %u cores, %u I/O APICs, HPET %s", source,
			 acpi->table_count, acpi->core_count, acpi->ioapic_count,
			 acpi->has_hpet ? "yes" : "no");
	else
		log_error(LOG_ACPI, "the RSDP by %s leads to no table", source);
	return s == OK;
}

void firmware_read_acpi(const struct multiboot2 *boot_info, struct acpi *acpi)
{
	const struct acpi_memory memory = {.map = map_for_acpi};

	acpi_init(acpi);
	if (boot_info->has_rsdp_new &&
	    read_from(acpi, boot_info->rsdp_new, MULTIBOOT2_RSDP_NEW_BYTES, "Multiboot2"))
		return;
	if (boot_info->has_rsdp_old &&
	    read_from(acpi, boot_info->rsdp_old, MULTIBOOT2_RSDP_OLD_BYTES, "Multiboot2 (old)"))
		return;
	if (read_from(acpi, acpi_scan_rsdp(&memory), MULTIBOOT2_RSDP_NEW_BYTES, "the BIOS area"))
		return;
	log_warn(LOG_ACPI, "no usable RSDP in the boot information, EBDA or ROM: one core, no I/O "
			   "APIC");
}
