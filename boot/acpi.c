/* boot/acpi.c - RSDP, RSDT and XSDT, and the way to the tables they name. */
#include "boot/acpi.h"

#include "boot/acpi_table.h"
#include "kernel/string.h"

#define RSDP_V1_BYTES      20u
#define RSDP_V2_BYTES      36u
#define TABLE_MAX_BYTES    (16 * MIB) /* more is a damaged length: the largest DSDTs have 1 MiB */
#define BDA_EBDA_SEGMENT   0x40eu
#define EBDA_SEARCH_BYTES  1024u
#define ROM_SEARCH_START   0xe0000u
#define ROM_SEARCH_BYTES   0x20000u
#define CONVENTIONAL_BYTES 0xa0000u

static bool sum_is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

static void copy_name(char to[5], const char *from)
{
	bool ended = false;

	for (unsigned i = 0; i < 4; i++) {
		char c = ended ? '\0' : from[i];

		ended = ended || c == '\0';
		to[i] = ended || (c >= ' ' && c <= '~') ? c : '?';
	}
	to[4] = '\0';
}

void acpi_note(struct acpi *a, const char *table, const char *what, uint64_t value)
{
	if (a->fault_count < ACPI_FAULTS_MAX) {
		struct acpi_fault *f = &a->faults[a->fault_count];

		copy_name(f->table, table);
		f->what = what;
		f->value = value;
	}
	a->fault_count++;
}

void acpi_init(struct acpi *a)
{
	*a = (struct acpi){.lapic_at = hpa(ACPI_LAPIC_DEFAULT), .has_8259 = true};
	for (unsigned irq = 0; irq < ACPI_ISA_IRQS; irq++)
		a->routes[irq].gsi = irq;
}

const uint8_t *acpi_find_rsdp(const uint8_t *window, size_t len_bytes)
{
	for (size_t i = 0; i + RSDP_V1_BYTES <= len_bytes; i += 16) {
		if (memcmp(window + i, "RSD PTR ", 8) == 0 &&
		    sum_is_zero(window + i, RSDP_V1_BYTES))
			return window + i;
	}
	return NULL;
}

const uint8_t *acpi_scan_rsdp(const struct acpi_memory *memory)
{
	const uint8_t *bda = memory->map(memory->context, hpa(BDA_EBDA_SEGMENT), 2);
	uint64_t ebda = bda ? (uint64_t)acpi_le16(bda) << 4 : 0;
	const uint8_t *window = NULL;
	const uint8_t *found = NULL;

	if (ebda >= PAGE_4K && ebda + EBDA_SEARCH_BYTES <= CONVENTIONAL_BYTES)
		window = memory->map(memory->context, hpa(ebda), EBDA_SEARCH_BYTES);
	if (window)
		found = acpi_find_rsdp(window, EBDA_SEARCH_BYTES);
	if (found)
		return found;
	window = memory->map(memory->context, hpa(ROM_SEARCH_START), ROM_SEARCH_BYTES);
	return window ? acpi_find_rsdp(window, ROM_SEARCH_BYTES) : NULL;
}

enum status acpi_open_table(struct acpi *a, const struct acpi_memory *memory, hpa_t at,
			    struct acpi_table *t)
{
	const uint8_t *header = memory->map(memory->context, at, ACPI_HEADER_BYTES);

	if (!header) {
		acpi_note(a, "SDT", "address that cannot be read", at.raw);
		return ERR_CORRUPT;
	}
	copy_name(t->name, (const char *)header);
	t->len_bytes = acpi_le32(header + 4);
	if (t->len_bytes < ACPI_HEADER_BYTES || t->len_bytes > TABLE_MAX_BYTES) {
		acpi_note(a, t->name, "impossible length", t->len_bytes);
		return ERR_CORRUPT;
	}
	t->bytes = memory->map(memory->context, at, t->len_bytes);
	if (!t->bytes) {
		acpi_note(a, t->name, "reaches into memory that cannot be read", at.raw);
		return ERR_CORRUPT;
	}
	if (!sum_is_zero(t->bytes, t->len_bytes)) {
		acpi_note(a, t->name, "wrong checksum", at.raw);
		/* Of AML only \_S5_ is looked at, and real machines come with such tables. */
		if (memcmp(t->name, "DSDT", 4) != 0 && memcmp(t->name, "SSDT", 4) != 0)
			return ERR_CORRUPT;
	}
	a->table_count++;
	return OK;
}

/* The first of each kind counts. */
static void read_table(struct acpi *a, const struct acpi_memory *memory, hpa_t at)
{
	struct acpi_table t;

	if (acpi_open_table(a, memory, at, &t) != OK)
		return;
	if (memcmp(t.name, "APIC", 4) == 0) {
		if (a->has_madt)
			acpi_note(a, "MADT", "second one, not used", at.raw);
		else
			acpi_read_madt(a, &t);
	} else if (memcmp(t.name, "FACP", 4) == 0) {
		if (a->has_fadt)
			acpi_note(a, "FADT", "second one, not used", at.raw);
		else
			acpi_read_fadt(a, &t, memory);
	} else if (memcmp(t.name, "HPET", 4) == 0) {
		if (!a->has_hpet)
			acpi_read_hpet(a, &t);
	} else if (memcmp(t.name, "SSDT", 4) == 0) {
		if (!a->has_s5)
			acpi_find_s5(a, &t);
	}
}

/* RSDT (entries of 4 bytes) or XSDT (8). */
static enum status read_root(struct acpi *a, const struct acpi_memory *memory, hpa_t at,
			     const char *name, unsigned entry_bytes)
{
	struct acpi_table root;
	enum status s = acpi_open_table(a, memory, at, &root);

	if (s != OK)
		return s;
	if (memcmp(root.name, name, 4) != 0) {
		acpi_note(a, name, "another table stands at its address", at.raw);
		return ERR_CORRUPT;
	}
	if ((root.len_bytes - ACPI_HEADER_BYTES) % entry_bytes != 0)
		acpi_note(a, name, "length is no whole number of entries", root.len_bytes);
	for (uint32_t i = ACPI_HEADER_BYTES; i + entry_bytes <= root.len_bytes; i += entry_bytes) {
		const uint8_t *entry = root.bytes + i;
		uint64_t table = entry_bytes == 8 ? acpi_le64(entry) : acpi_le32(entry);

		if (table == 0)
			acpi_note(a, name, "empty entry", (i - ACPI_HEADER_BYTES) / entry_bytes);
		else
			read_table(a, memory, hpa(table));
	}
	return OK;
}

/* The XSDT's address if the RSDP is a good one of ACPI 2.0, else 0. */
static uint64_t xsdt_address(struct acpi *a, const uint8_t *rsdp, size_t len_bytes)
{
	uint32_t len;

	if (a->revision < 2)
		return 0;
	len = len_bytes >= RSDP_V2_BYTES ? acpi_le32(rsdp + 20) : 0;
	if (len < RSDP_V2_BYTES || len > len_bytes) {
		acpi_note(a, "RSDP", "impossible length, the RSDT is used", len);
		return 0;
	}
	if (!sum_is_zero(rsdp, len)) {
		acpi_note(a, "RSDP", "wrong extended checksum, the RSDT is used", len);
		return 0;
	}
	return acpi_le64(rsdp + 24);
}

enum status acpi_read(struct acpi *a, const uint8_t *rsdp, size_t len_bytes,
		      const struct acpi_memory *memory)
{
	uint64_t xsdt, rsdt;
	enum status s = ERR_CORRUPT;

	acpi_init(a);
	if (!rsdp || len_bytes < RSDP_V1_BYTES || memcmp(rsdp, "RSD PTR ", 8) != 0) {
		acpi_note(a, "RSDP", "not there", len_bytes);
		return ERR_CORRUPT;
	}
	if (!sum_is_zero(rsdp, RSDP_V1_BYTES)) {
		acpi_note(a, "RSDP", "wrong checksum", len_bytes);
		return ERR_CORRUPT;
	}
	a->has_rsdp = true;
	a->revision = rsdp[15];
	xsdt = xsdt_address(a, rsdp, len_bytes);
	rsdt = acpi_le32(rsdp + 16);
	if (xsdt != 0)
		s = read_root(a, memory, hpa(xsdt), "XSDT", 8);
	if (s != OK && rsdt != 0)
		s = read_root(a, memory, hpa(rsdt), "RSDT", 4);
	if (s != OK)
		acpi_note(a, "RSDP", "leads to no usable RSDT or XSDT", rsdt);
	else if (!a->has_madt)
		acpi_note(a, "MADT", "missing or broken: one core, no I/O APIC", 0);
	return s;
}
