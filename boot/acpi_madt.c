/* boot/acpi_madt.c - cores and interrupt controllers: the Multiple APIC Description Table. */
#include "boot/acpi_table.h"

enum madt_entry {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_NMI_SOURCE = 3,
	MADT_LAPIC_NMI = 4,
	MADT_LAPIC_ADDRESS = 5,
	MADT_X2APIC = 9,
	MADT_X2APIC_NMI = 10,
	MADT_ENTRY_KINDS
};

#define MADT_FIRST_ENTRY    44u
#define MADT_PCAT_COMPAT    1u
#define MADT_CORE_ENABLED   1u
#define XAPIC_BROADCAST_ID  0xffu
#define X2APIC_BROADCAST_ID UINT32_MAX

/* "MPS INTI Flags". ISA interrupts conform to active high, edge. */
static bool inti_flags(struct acpi *a, uint16_t flags, bool *active_low, bool *level)
{
	unsigned polarity = flags & 3, trigger = flags >> 2 & 3;

	if (polarity == 2 || trigger == 2)
		acpi_note(a, "MADT", "reserved polarity or trigger mode", flags);
	*active_low = polarity == 3;
	*level = trigger == 3;
	return polarity != 2 && trigger != 2;
}

static void add_core(struct acpi *a, uint32_t apic_id, uint32_t uid, uint32_t flags)
{
	if ((flags & MADT_CORE_ENABLED) == 0) {
		a->cores_disabled++;
		return;
	}
	for (unsigned i = 0; i < a->core_count; i++) {
		if (a->cores[i].apic_id == apic_id) {
			acpi_note(a, "MADT", "core listed twice, APIC id", apic_id);
			return;
		}
	}
	if (a->core_count == ACPI_CORES_MAX) {
		a->cores_too_many++;
		return;
	}
	a->cores[a->core_count++] = (struct acpi_core){.apic_id = apic_id, .uid = uid};
}

static void read_lapic(struct acpi *a, const uint8_t *e)
{
	uint32_t flags = acpi_le32(e + 4);

	if (e[3] == XAPIC_BROADCAST_ID && (flags & MADT_CORE_ENABLED))
		acpi_note(a, "MADT", "core with the broadcast APIC id", e[3]);
	else
		add_core(a, e[3], e[2], flags);
}

static void read_x2apic(struct acpi *a, const uint8_t *e)
{
	uint32_t id = acpi_le32(e + 4), flags = acpi_le32(e + 8);

	if (id == X2APIC_BROADCAST_ID && (flags & MADT_CORE_ENABLED))
		acpi_note(a, "MADT", "core with the broadcast APIC id", id);
	else
		add_core(a, id, acpi_le32(e + 12), flags);
}

static void read_ioapic(struct acpi *a, const uint8_t *e)
{
	struct acpi_ioapic io = {
		.id = e[2], .at = hpa(acpi_le32(e + 4)), .gsi_base = acpi_le32(e + 8)};

	if (io.at.raw == 0 || !is_aligned(io.at.raw, 16)) {
		acpi_note(a, "MADT", "I/O APIC at an impossible address", io.at.raw);
		return;
	}
	for (unsigned i = 0; i < a->ioapic_count; i++) {
		if (a->ioapics[i].at.raw == io.at.raw || a->ioapics[i].gsi_base == io.gsi_base) {
			acpi_note(a, "MADT", "I/O APIC listed twice, id", io.id);
			return;
		}
	}
	if (a->ioapic_count == ACPI_IOAPICS_MAX) {
		acpi_note(a, "MADT", "more I/O APICs than we keep, id", io.id);
		return;
	}
	a->ioapics[a->ioapic_count++] = io;
}

static void read_override(struct acpi *a, const uint8_t *e)
{
	struct acpi_route r = {.gsi = acpi_le32(e + 4)};

	if (e[2] != 0 || e[3] >= ACPI_ISA_IRQS) {
		acpi_note(a, "MADT", "source override of what is no ISA interrupt", e[3]);
		return;
	}
	if (inti_flags(a, acpi_le16(e + 8), &r.active_low, &r.level))
		a->routes[e[3]] = r;
}

static void read_nmi_source(struct acpi *a, const uint8_t *e)
{
	struct acpi_nmi_source n = {.gsi = acpi_le32(e + 4)};

	if (!inti_flags(a, acpi_le16(e + 2), &n.active_low, &n.level))
		return;
	if (a->nmi_source_count == ACPI_NMIS_MAX)
		acpi_note(a, "MADT", "more NMI sources than we keep, input", n.gsi);
	else
		a->nmi_sources[a->nmi_source_count++] = n;
}

static void add_nmi(struct acpi *a, uint32_t uid, uint16_t flags, uint8_t lint)
{
	struct acpi_nmi n = {.uid = uid, .lint = lint};

	if (!inti_flags(a, flags, &n.active_low, &n.level))
		return;
	if (lint > 1)
		acpi_note(a, "MADT", "NMI on a local APIC pin that is not there", lint);
	else if (a->nmi_count == ACPI_NMIS_MAX)
		acpi_note(a, "MADT", "more NMI pins than we keep, processor", uid);
	else
		a->nmis[a->nmi_count++] = n;
}

static void read_lapic_nmi(struct acpi *a, const uint8_t *e)
{
	add_nmi(a, e[2] == 0xff ? ACPI_ALL_CORES : e[2], acpi_le16(e + 3), e[5]);
}

static void read_x2apic_nmi(struct acpi *a, const uint8_t *e)
{
	add_nmi(a, acpi_le32(e + 4), acpi_le16(e + 2), e[8]);
}

static void read_lapic_address(struct acpi *a, const uint8_t *e)
{
	a->lapic_at = hpa(acpi_le64(e + 4));
}

static const struct {
	uint8_t len_bytes;
	void (*read)(struct acpi *a, const uint8_t *entry);
} entry_kinds[MADT_ENTRY_KINDS] = {
	[MADT_LAPIC] = {8, read_lapic},         [MADT_IOAPIC] = {12, read_ioapic},
	[MADT_OVERRIDE] = {10, read_override},  [MADT_NMI_SOURCE] = {8, read_nmi_source},
	[MADT_LAPIC_NMI] = {6, read_lapic_nmi}, [MADT_LAPIC_ADDRESS] = {12, read_lapic_address},
	[MADT_X2APIC] = {16, read_x2apic},      [MADT_X2APIC_NMI] = {12, read_x2apic_nmi},
};

static void read_entries(struct acpi *a, const struct acpi_table *madt)
{
	uint32_t at = MADT_FIRST_ENTRY;

	while (at < madt->len_bytes) {
		const uint8_t *e = madt->bytes + at;
		uint32_t left = madt->len_bytes - at;
		uint8_t kind = e[0];

		if (left < 2 || e[1] < 2 || e[1] > left) {
			acpi_note(a, "MADT", "entry with an impossible length, at byte", at);
			return;
		}
		if (kind < MADT_ENTRY_KINDS && entry_kinds[kind].read) {
			if (e[1] < entry_kinds[kind].len_bytes)
				acpi_note(a, "MADT", "entry too short, at byte", at);
			else
				entry_kinds[kind].read(a, e);
		}
		at += e[1];
	}
}

void acpi_read_madt(struct acpi *a, const struct acpi_table *madt)
{
	if (madt->len_bytes < MADT_FIRST_ENTRY) {
		acpi_note(a, "MADT", "too short", madt->len_bytes);
		return;
	}
	a->has_madt = true;
	a->lapic_at = hpa(acpi_le32(madt->bytes + 36));
	a->has_8259 = (acpi_le32(madt->bytes + 40) & MADT_PCAT_COMPAT) != 0;
	read_entries(a, madt);
	if (a->lapic_at.raw == 0 || !is_aligned(a->lapic_at.raw, PAGE_4K)) {
		acpi_note(a, "MADT", "local APIC at an impossible address", a->lapic_at.raw);
		a->lapic_at = hpa(ACPI_LAPIC_DEFAULT);
	}
	if (a->core_count == 0)
		acpi_note(a, "MADT", "no core is enabled", 0);
	if (a->cores_too_many > 0)
		acpi_note(a, "MADT", "cores that we have no room for", a->cores_too_many);
}
