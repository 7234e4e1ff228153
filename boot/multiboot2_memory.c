/* boot/multiboot2_memory.c - the boot loader's memory maps as a list of regions. */
#include "boot/multiboot2.h"

#include "kernel/string.h"

/* Multiboot2 Specification, "Memory map"; types 1 to 5 are those of ACPI's INT 15h E820h. */
struct memory_entry {
	uint64_t start, len_bytes;
	uint32_t type, reserved;
};

/* UEFI Specification, EFI_MEMORY_DESCRIPTOR. */
struct efi_entry {
	uint32_t type, padding;
	uint64_t start, virtual_start, pages, attributes;
};

static enum region_kind kind_of(uint32_t type)
{
	switch (type) {
	case 1:
		return REGION_RAM;
	case 3:
		return REGION_ACPI_RECLAIM;
	case 4:
		return REGION_ACPI_NVS;
	case 5:
		return REGION_BAD;
	default:
		return REGION_RESERVED;
	}
}

/* UEFI Specification, "Memory Type Usage after ExitBootServices()". */
static enum region_kind efi_kind_of(uint32_t type, bool boot_services)
{
	switch (type) {
	case 1: /* loader code and data; the kernel and modules among it are taken out later */
	case 2:
	case 7: /* conventional */
		return REGION_RAM;
	case 3: /* boot services code and data */
	case 4:
		return boot_services ? REGION_RESERVED : REGION_RAM;
	case 8:
		return REGION_BAD;
	case 9:
		return REGION_ACPI_RECLAIM;
	case 10:
		return REGION_ACPI_NVS;
	default:
		return REGION_RESERVED;
	}
}

static enum status add_efi(const struct multiboot2 *m, struct regions *r)
{
	bool ram_too = m->memory.entries == NULL;

	for (uint32_t i = 0; i < m->efi_memory.count; i++) {
		struct efi_entry e;
		enum region_kind kind;
		uint64_t len_bytes;
		enum status s;

		memcpy(&e, m->efi_memory.entries + (size_t)i * m->efi_memory.entry_bytes,
		       sizeof(e));
		kind = efi_kind_of(e.type, m->efi_boot_services);
		if (kind == REGION_RAM && !ram_too)
			continue;
		if (__builtin_mul_overflow(e.pages, PAGE_4K, &len_bytes))
			len_bytes = UINT64_MAX;
		s = regions_add(r, e.start, len_bytes, kind);
		if (s != OK)
			return s;
	}
	return OK;
}

enum status multiboot2_add_memory(const struct multiboot2 *m, struct regions *r)
{
	for (uint32_t i = 0; i < m->memory.count; i++) {
		struct memory_entry e;
		enum status s;

		memcpy(&e, m->memory.entries + (size_t)i * m->memory.entry_bytes, sizeof(e));
		s = regions_add(r, e.start, e.len_bytes, kind_of(e.type));
		if (s != OK)
			return s;
	}
	return add_efi(m, r);
}
