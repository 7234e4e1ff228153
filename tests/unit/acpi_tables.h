/*
 * tests/unit/acpi_tables.h - builds firmware tables in the arena, good ones, for a test to break.
 */
#pragma once

#include "boot/acpi.h"
#include "kernel/string.h"
#include "mm/phys.h"
#include "tests/unit/support.h"

#define RSDP_AT      UINT64_C(0xf0000)
#define RSDT_AT      UINT64_C(0x100000)
#define XSDT_AT      UINT64_C(0x101000)
#define MADT_AT      UINT64_C(0x102000)
#define FADT_AT      UINT64_C(0x103000)
#define DSDT_AT      UINT64_C(0x104000)
#define HPET_AT      UINT64_C(0x105000)
#define SSDT_AT      UINT64_C(0x106000)

#define TABLE_HEADER 36u

static inline uint8_t *bytes_at(uint64_t at)
{
	return phys_ptr(hpa(at));
}

static inline void put_le(uint8_t *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t get_le(const uint8_t *from, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

static inline void fix_sum(uint8_t *bytes, size_t len, size_t sum_at)
{
	uint8_t sum = 0;

	bytes[sum_at] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[sum_at] = (uint8_t)-sum;
}

/* The length in the header decides. */
static inline void fix_table(uint64_t at)
{
	fix_sum(bytes_at(at), (size_t)get_le(bytes_at(at) + 4, 4), 9);
}

static inline void make_table(uint64_t at, const char *name, const void *body, size_t body_len)
{
	uint8_t *t = bytes_at(at);

	memset(t, 0, TABLE_HEADER);
	memcpy(t, name, 4);
	put_le(t + 4, TABLE_HEADER + body_len, 4);
	if (body_len > 0)
		memcpy(t + TABLE_HEADER, body, body_len);
	fix_table(at);
}

/* Puts one more entry at the end of a table. */
static inline void add_entry(uint64_t at, const void *entry, size_t len)
{
	uint8_t *t = bytes_at(at);
	size_t end = (size_t)get_le(t + 4, 4);

	memcpy(t + end, entry, len);
	put_le(t + 4, end + len, 4);
	fix_table(at);
}

static inline void add_core(uint8_t uid, uint8_t apic_id, uint32_t flags)
{
	uint8_t e[8] = {0, 8, uid, apic_id};

	put_le(e + 4, flags, 4);
	add_entry(MADT_AT, e, sizeof(e));
}

static inline void add_x2apic_core(uint32_t uid, uint32_t apic_id, uint32_t flags)
{
	uint8_t e[16] = {9, 16};

	put_le(e + 4, apic_id, 4);
	put_le(e + 8, flags, 4);
	put_le(e + 12, uid, 4);
	add_entry(MADT_AT, e, sizeof(e));
}

static inline void add_override(uint8_t bus, uint8_t irq, uint32_t gsi, uint16_t flags)
{
	uint8_t e[10] = {2, 10, bus, irq};

	put_le(e + 4, gsi, 4);
	put_le(e + 8, flags, 2);
	add_entry(MADT_AT, e, sizeof(e));
}

static inline void add_ioapic(uint8_t id, uint32_t at, uint32_t gsi_base)
{
	uint8_t e[12] = {1, 12, id};

	put_le(e + 4, at, 4);
	put_le(e + 8, gsi_base, 4);
	add_entry(MADT_AT, e, sizeof(e));
}

static inline void make_rsdp(uint8_t revision)
{
	uint8_t *r = bytes_at(RSDP_AT);

	memset(r, 0, 36);
	memcpy(r, "RSD PTR ", 8);
	r[15] = revision;
	put_le(r + 16, RSDT_AT, 4);
	put_le(r + 20, 36, 4);
	put_le(r + 24, XSDT_AT, 8);
	fix_sum(r, 20, 8);
	fix_sum(r, 36, 32);
}

/* Name (\_S5_, Package () {5, 5, 0, 0}), between other bytes. */
static const uint8_t s5_aml[] = {0x10, 0x08, '_', 'S',  '5', '_',  0x12, 0x08,
				 0x04, 0x0a, 5,   0x0a, 6,   0x00, 0x00, 0xa4};

static inline void set_register(uint8_t *to, uint8_t space, uint8_t bits, uint64_t address)
{
	to[0] = space;
	to[1] = bits;
	put_le(to + 4, address, 8);
}

static inline void make_fadt(void)
{
	uint8_t fadt[276] = {0};

	put_le(fadt + 40, DSDT_AT, 4);
	put_le(fadt + 48, 0xb2, 4);
	fadt[52] = 0xf1;
	put_le(fadt + 64, 0x404, 4);
	put_le(fadt + 76, 0x408, 4);
	fadt[89] = 2;
	fadt[91] = 4;
	fadt[108] = 0x32;
	put_le(fadt + 112, BIT(8) | BIT(10), 4);
	set_register(fadt + 116, ACPI_SPACE_IO, 8, 0xcf9);
	fadt[128] = 6;
	make_table(FADT_AT, "FACP", fadt + TABLE_HEADER, sizeof(fadt) - TABLE_HEADER);
}

/* A machine with two cores, one I/O APIC, HPET and S5, in ACPI 2.0 tables. */
static inline void make_good_tables(void)
{
	const uint64_t list[] = {MADT_AT, FADT_AT, HPET_AT, SSDT_AT};
	uint8_t madt[8] = {0}, hpet[20] = {0}, entry[8];

	make_rsdp(2);
	make_table(RSDT_AT, "RSDT", NULL, 0);
	make_table(XSDT_AT, "XSDT", NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		put_le(entry, list[i], 8);
		add_entry(RSDT_AT, entry, 4);
		add_entry(XSDT_AT, entry, 8);
	}
	put_le(madt, ACPI_LAPIC_DEFAULT, 4);
	put_le(madt + 4, 1, 4);
	make_table(MADT_AT, "APIC", madt, sizeof(madt));
	add_core(0, 0, 1);
	add_core(1, 2, 1);
	add_ioapic(0, 0xfec00000, 0);
	add_override(0, 0, 2, 0);
	make_fadt();
	make_table(DSDT_AT, "DSDT", s5_aml, sizeof(s5_aml));
	make_table(SSDT_AT, "SSDT", "nothing", 7);
	set_register(hpet + 4, ACPI_SPACE_MEMORY, 64, 0xfed00000);
	make_table(HPET_AT, "HPET", hpet, sizeof(hpet));
}

/* The map function: the arena, of which memory from 0 to *(uint64_t *)context is there. */
static inline const void *map_arena(void *context, hpa_t at, uint64_t len_bytes)
{
	uint64_t end = *(const uint64_t *)context;

	if (at.raw > end || len_bytes > end - at.raw)
		return NULL;
	return phys_ptr(at);
}
