/*
 * boot/acpi_fadt.c - power and timers: FADT, HPET, and the sleep type of S5 out of the AML.
 *
 * Sleep types are written in AML, as Name (\_S5_, Package () {a, b, ...}). We read that one name
 * and nothing else: the bytes of it are always the same but for the numbers' encoding.
 * Spec: ACPI specification, "Fixed ACPI Description Table (FADT)", "AML Grammar Definition".
 */
#include "boot/acpi_table.h"
#include "kernel/string.h"

/* Offsets in the FADT. */
#define FADT_DSDT                  40u
#define FADT_SMI_CMD               48u
#define FADT_ACPI_ENABLE           52u
#define FADT_PM1A_CNT              64u
#define FADT_PM1B_CNT              68u
#define FADT_PM_TMR                76u
#define FADT_PM1_CNT_LEN           89u
#define FADT_PM_TMR_LEN            91u
#define FADT_CENTURY               108u
#define FADT_FLAGS                 112u
#define FADT_RESET_REG             116u
#define FADT_RESET_VALUE           128u
#define FADT_X_DSDT                140u
#define FADT_X_PM1A_CNT            172u
#define FADT_X_PM1B_CNT            184u
#define FADT_X_PM_TMR              208u
#define FADT_SLEEP_CONTROL         244u
#define FADT_MIN_BYTES             116u /* ACPI 1.0 */
#define GAS_BYTES                  12u

#define FADT_FLAG_TMR_VAL_EXT      BIT(8)
#define FADT_FLAG_RESET_REG        BIT(10)
#define FADT_FLAG_HARDWARE_REDUCED BIT(20)

#define AML_ZERO                   0x00u
#define AML_ONE                    0x01u
#define AML_NAME                   0x08u
#define AML_BYTE                   0x0au
#define AML_WORD                   0x0bu
#define AML_DWORD                  0x0cu
#define AML_PACKAGE                0x12u
#define AML_ROOT                   0x5cu

#define HPET_BYTES                 56u
#define HPET_ADDRESS               40u

static bool has_field(const struct acpi_table *t, uint32_t at, uint32_t len)
{
	return at + len <= t->len_bytes;
}

static struct acpi_register read_gas(const uint8_t *p)
{
	return (struct acpi_register){
		.space = p[0], .width_bits = p[1], .access = p[3], .address = acpi_le64(p + 4)};
}

/* The new field if it is there and filled in, else the old one, which is a port number. */
static struct acpi_register read_block(const struct acpi_table *t, uint32_t old_at,
				       uint32_t old_len_at, uint32_t new_at)
{
	struct acpi_register r = {.space = ACPI_SPACE_IO};

	if (has_field(t, new_at, GAS_BYTES) && acpi_le64(t->bytes + new_at + 4) != 0)
		return read_gas(t->bytes + new_at);
	r.address = acpi_le32(t->bytes + old_at);
	r.width_bits = (uint8_t)(t->bytes[old_len_at] * 8);
	return r;
}

static void check_register(struct acpi *a, struct acpi_register *r, const char *what)
{
	bool good = r->space == ACPI_SPACE_MEMORY ||
		    (r->space == ACPI_SPACE_IO && r->address <= UINT16_MAX);

	if (r->address != 0 && !good) {
		acpi_note(a, "FADT", what, r->address);
		r->address = 0;
	}
}

static void open_dsdt(struct acpi *a, const struct acpi_table *fadt,
		      const struct acpi_memory *memory)
{
	uint64_t at = acpi_le32(fadt->bytes + FADT_DSDT);
	struct acpi_table dsdt;

	if (has_field(fadt, FADT_X_DSDT, 8) && acpi_le64(fadt->bytes + FADT_X_DSDT) != 0)
		at = acpi_le64(fadt->bytes + FADT_X_DSDT);
	if (at == 0) {
		acpi_note(a, "FADT", "names no DSDT", 0);
		return;
	}
	if (acpi_open_table(a, memory, hpa(at), &dsdt) != OK)
		return;
	if (memcmp(dsdt.name, "DSDT", 4) != 0)
		acpi_note(a, "DSDT", "another table stands at its address", at);
	else
		acpi_find_s5(a, &dsdt);
}

void acpi_read_fadt(struct acpi *a, const struct acpi_table *fadt, const struct acpi_memory *memory)
{
	const uint8_t *b = fadt->bytes;
	uint32_t flags;

	if (fadt->len_bytes < FADT_MIN_BYTES) {
		acpi_note(a, "FADT", "too short", fadt->len_bytes);
		return;
	}
	a->has_fadt = true;
	flags = acpi_le32(b + FADT_FLAGS);
	a->hardware_reduced = (flags & FADT_FLAG_HARDWARE_REDUCED) != 0;
	a->pm_timer_32bit = (flags & FADT_FLAG_TMR_VAL_EXT) != 0;
	a->century_register = b[FADT_CENTURY];
	if (!a->hardware_reduced) {
		a->smi_command_port = acpi_le32(b + FADT_SMI_CMD);
		a->acpi_enable = b[FADT_ACPI_ENABLE];
		a->pm1a_control =
			read_block(fadt, FADT_PM1A_CNT, FADT_PM1_CNT_LEN, FADT_X_PM1A_CNT);
		a->pm1b_control =
			read_block(fadt, FADT_PM1B_CNT, FADT_PM1_CNT_LEN, FADT_X_PM1B_CNT);
		a->pm_timer = read_block(fadt, FADT_PM_TMR, FADT_PM_TMR_LEN, FADT_X_PM_TMR);
	}
	if ((flags & FADT_FLAG_RESET_REG) && has_field(fadt, FADT_RESET_VALUE, 1)) {
		a->reset = read_gas(b + FADT_RESET_REG);
		a->reset_value = b[FADT_RESET_VALUE];
	}
	if (has_field(fadt, FADT_SLEEP_CONTROL, GAS_BYTES))
		a->sleep_control = read_gas(b + FADT_SLEEP_CONTROL);
	check_register(a, &a->pm1a_control, "PM1a control at an impossible address");
	check_register(a, &a->pm1b_control, "PM1b control at an impossible address");
	check_register(a, &a->pm_timer, "PM timer at an impossible address");
	check_register(a, &a->sleep_control, "sleep control at an impossible address");
	if (a->reset.space != ACPI_SPACE_PCI)
		check_register(a, &a->reset, "reset register at an impossible address");
	if (a->smi_command_port > UINT16_MAX) {
		acpi_note(a, "FADT", "SMI command at an impossible port", a->smi_command_port);
		a->smi_command_port = 0;
	}
	open_dsdt(a, fadt, memory);
}

struct aml {
	const uint8_t *at, *end;
};

/* A constant number. False: it is something else, or cut off. */
static bool aml_number(struct aml *s, uint32_t *value)
{
	size_t left = (size_t)(s->end - s->at);
	uint8_t op = left > 0 ? s->at[0] : 0xff;

	if (op == AML_ZERO || op == AML_ONE) {
		*value = op;
		s->at += 1;
	} else if (op == AML_BYTE && left >= 2) {
		*value = s->at[1];
		s->at += 2;
	} else if (op == AML_WORD && left >= 3) {
		*value = acpi_le16(s->at + 1);
		s->at += 3;
	} else if (op == AML_DWORD && left >= 5) {
		*value = acpi_le32(s->at + 1);
		s->at += 5;
	} else {
		return false;
	}
	return true;
}

/* After the name: Package, its length (1 to 4 bytes), the number of elements, the elements. */
static bool aml_s5_package(struct aml s, uint32_t *a_type, uint32_t *b_type)
{
	uint32_t extra;
	uint8_t count;

	if (s.end - s.at < 2 || *s.at++ != AML_PACKAGE)
		return false;
	extra = *s.at >> 6;
	if ((size_t)(s.end - s.at) < extra + 2u)
		return false;
	s.at += 1 + extra;
	count = *s.at++;
	if (count < 1 || !aml_number(&s, a_type))
		return false;
	*b_type = *a_type;
	return count < 2 || aml_number(&s, b_type);
}

void acpi_find_s5(struct acpi *a, const struct acpi_table *aml)
{
	const uint8_t *start = aml->bytes + ACPI_HEADER_BYTES;
	const uint8_t *end = aml->bytes + aml->len_bytes;

	for (const uint8_t *p = start; p + 4 <= end; p++) {
		uint32_t a_type, b_type;
		bool named;

		if (memcmp(p, "_S5_", 4) != 0)
			continue;
		named = (p >= start + 1 && p[-1] == AML_NAME) ||
			(p >= start + 2 && p[-1] == AML_ROOT && p[-2] == AML_NAME);
		if (!named)
			continue;
		if (!aml_s5_package((struct aml){.at = p + 4, .end = end}, &a_type, &b_type) ||
		    a_type > 7 || b_type > 7) {
			acpi_note(a, aml->name, "\\_S5_ is not understood, at byte",
				  (uint64_t)(p - aml->bytes));
			continue;
		}
		a->has_s5 = true;
		a->s5_a = (uint8_t)a_type;
		a->s5_b = (uint8_t)b_type;
		return;
	}
}

void acpi_read_hpet(struct acpi *a, const struct acpi_table *hpet)
{
	struct acpi_register r;

	if (hpet->len_bytes < HPET_BYTES) {
		acpi_note(a, "HPET", "too short", hpet->len_bytes);
		return;
	}
	r = read_gas(hpet->bytes + HPET_ADDRESS);
	if (r.space != ACPI_SPACE_MEMORY || r.address == 0 || !is_aligned(r.address, 8)) {
		acpi_note(a, "HPET", "at an impossible address", r.address);
		return;
	}
	a->has_hpet = true;
	a->hpet_at = hpa(r.address);
}
