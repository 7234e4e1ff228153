/*
 * boot/acpi_table.h - what the readers of the single ACPI tables share. Not for use outside of
 * boot/acpi*.c.
 */
#pragma once

#include "boot/acpi.h"

#define ACPI_HEADER_BYTES 36u

/* A whole table with a good checksum. */
struct acpi_table {
	char name[5];
	const uint8_t *bytes;
	uint32_t len_bytes;
};

/* Tables are packed and aligned to nothing. */
static inline uint16_t acpi_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t acpi_le32(const uint8_t *p)
{
	return acpi_le16(p) | (uint32_t)acpi_le16(p + 2) << 16;
}

static inline uint64_t acpi_le64(const uint8_t *p)
{
	return acpi_le32(p) | (uint64_t)acpi_le32(p + 4) << 32;
}

/* Puts a fault into the list. table: up to 4 characters, not all of them printable perhaps. */
void acpi_note(struct acpi *a, const char *table, const char *what, uint64_t value);

/* Checks and maps the table at an address. ERR_CORRUPT: it is in the list of faults. */
MUST_CHECK enum status acpi_open_table(struct acpi *a, const struct acpi_memory *memory, hpa_t at,
				       struct acpi_table *t);

void acpi_read_madt(struct acpi *a, const struct acpi_table *madt);
void acpi_read_hpet(struct acpi *a, const struct acpi_table *hpet);

/* Also opens the DSDT. */
void acpi_read_fadt(struct acpi *a, const struct acpi_table *fadt,
		    const struct acpi_memory *memory);

/* Looks for the package \_S5_ in a DSDT or SSDT. */
void acpi_find_s5(struct acpi *a, const struct acpi_table *aml);
