/*
 * tests/fuzz/fuzz_acpi.c - boot/acpi.h fed with random tables (libFuzzer).
 *
 * The input is a list of tables, each behind a byte of flags and two bytes of length. Unless a flag
 * says no, a table gets its right length and checksum, so that what is behind them is reached. Each
 * table lies in memory of its exact size, so that AddressSanitizer sees a read past it.
 */
#include "tests/fuzz/fuzzer.h"

#include "boot/acpi.h"

#define TABLES_MAX    32u
#define TABLE_STRIDE  UINT64_C(0x100000)
#define HEADER_BYTES  36u
#define FLAG_RAW      0x01u /* length and checksum as they come */
#define FLAG_SSDT     0x02u /* named so, where the first four bytes do not matter */
#define FLAG_ROOT_RAW 0x04u /* the first one is the XSDT itself */

struct memory {
	uint8_t *tables[TABLES_MAX];
	size_t lens[TABLES_MAX];
	size_t count;
};

static const void *map(void *context, hpa_t at, uint64_t len_bytes)
{
	const struct memory *m = context;
	uint64_t index = at.raw / TABLE_STRIDE, offset = at.raw % TABLE_STRIDE;

	if (index < 1 || index > m->count || len_bytes > TABLE_STRIDE ||
	    offset + len_bytes > m->lens[index - 1])
		return NULL;
	return m->tables[index - 1] + offset;
}

static void put_le(uint8_t *to, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static void fix_sum(uint8_t *bytes, size_t len, size_t sum_at)
{
	uint8_t sum = 0;

	bytes[sum_at] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[sum_at] = (uint8_t)-sum;
}

static void add_table(struct memory *m, const uint8_t *bytes, size_t len, uint8_t flags)
{
	uint8_t *t = malloc(len > 0 ? len : 1);

	if (!t)
		abort();
	memcpy(t, bytes, len);
	if (!(flags & FLAG_RAW) && len >= HEADER_BYTES) {
		if (flags & FLAG_SSDT)
			put_le(t, 0x54445353, 4); /* "SSDT" */
		put_le(t + 4, len, 4);
		fix_sum(t, len, 9);
	}
	m->tables[m->count] = t;
	m->lens[m->count++] = len;
}

/* An XSDT that names all tables which are there. */
static void add_root(struct memory *m)
{
	uint8_t root[HEADER_BYTES + 8 * TABLES_MAX] = "XSDT";
	size_t len = HEADER_BYTES;

	for (size_t i = 0; i < m->count; i++, len += 8)
		put_le(root + len, (i + 1) * TABLE_STRIDE, 8);
	add_table(m, root, len, 0);
}

static void check(const struct acpi *a)
{
	ASSERT(a->core_count <= ACPI_CORES_MAX);
	ASSERT(a->ioapic_count <= ACPI_IOAPICS_MAX);
	ASSERT(a->nmi_count <= ACPI_NMIS_MAX && a->nmi_source_count <= ACPI_NMIS_MAX);
	ASSERT(is_aligned(a->lapic_at.raw, PAGE_4K) && a->lapic_at.raw != 0);
	ASSERT(a->s5_a <= 7 && a->s5_b <= 7);
	ASSERT(a->pm1a_control.space <= ACPI_SPACE_IO || a->pm1a_control.address == 0);
	for (unsigned i = 0; i < a->core_count; i++)
		ASSERT(a->cores[i].apic_id != UINT32_MAX);
	for (unsigned i = 0; i < a->fault_count && i < ACPI_FAULTS_MAX; i++)
		ASSERT(strlen(a->faults[i].table) < sizeof(a->faults[i].table) &&
		       a->faults[i].what != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct acpi a;
	struct memory m = {0};
	struct acpi_memory memory = {.map = map, .context = &m};
	uint8_t rsdp[36] = "RSD PTR ";
	uint8_t first_flags = size > 0 ? data[0] : 0;
	size_t at = 0;

	while (at + 3 <= size && m.count < TABLES_MAX - 1) {
		size_t len = (size_t)(data[at + 1] | data[at + 2] << 8);

		len = len < size - at - 3 ? len : size - at - 3;
		add_table(&m, data + at + 3, len, data[at]);
		at += 3 + len;
	}
	if (!(first_flags & FLAG_ROOT_RAW))
		add_root(&m);
	rsdp[15] = 2;
	put_le(rsdp + 16, TABLE_STRIDE, 4);
	put_le(rsdp + 20, sizeof(rsdp), 4);
	put_le(rsdp + 24, (first_flags & FLAG_ROOT_RAW ? 1 : m.count) * TABLE_STRIDE, 8);
	fix_sum(rsdp, 20, 8);
	fix_sum(rsdp, 36, 32);
	(void)!acpi_read(&a, rsdp, sizeof(rsdp), &memory);
	check(&a);
	(void)acpi_find_rsdp(data, size);
	for (size_t i = 0; i < m.count; i++)
		free(m.tables[i]);
	return 0;
}
