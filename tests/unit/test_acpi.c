/* tests/unit/test_acpi.c - firmware tables: what good ones say, and that broken ones do no harm. */
#include "tests/unit/acpi_tables.h"

static struct acpi a;
static uint64_t memory_end;

static enum status read_tables(void)
{
	struct acpi_memory memory = {.map = map_arena, .context = &memory_end};

	return acpi_read(&a, bytes_at(RSDP_AT), 36, &memory);
}

static int setup(void **state)
{
	int result = arena_setup(state);

	memory_end = 16 * MIB;
	make_good_tables();
	return result;
}

static bool has_fault(const char *table, const char *what)
{
	unsigned kept = a.fault_count < ACPI_FAULTS_MAX ? a.fault_count : ACPI_FAULTS_MAX;

	for (unsigned i = 0; i < kept; i++) {
		if (strcmp(a.faults[i].table, table) == 0 && strcmp(a.faults[i].what, what) == 0)
			return true;
	}
	return false;
}

static void good_tables_are_read_without_a_fault(void **state)
{
	(void)state;
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.fault_count, 0);
	assert_true(a.has_rsdp && a.has_madt && a.has_fadt && a.has_hpet && a.has_s5);
	assert_int_equal(a.revision, 2);
	assert_int_equal(a.core_count, 2);
	assert_int_equal(a.cores[1].apic_id, 2);
	assert_int_equal(a.cores[1].uid, 1);
	assert_int_equal(a.lapic_at.raw, ACPI_LAPIC_DEFAULT);
	assert_true(a.has_8259);
	assert_int_equal(a.ioapic_count, 1);
	assert_int_equal(a.ioapics[0].at.raw, 0xfec00000);
	assert_int_equal(a.routes[0].gsi, 2);
	assert_int_equal(a.routes[4].gsi, 4);
	assert_int_equal(a.pm1a_control.address, 0x404);
	assert_int_equal(a.pm1a_control.space, ACPI_SPACE_IO);
	assert_int_equal(a.pm1b_control.address, 0);
	assert_int_equal(a.pm_timer.address, 0x408);
	assert_true(a.pm_timer_32bit);
	assert_int_equal(a.reset.address, 0xcf9);
	assert_int_equal(a.reset_value, 6);
	assert_int_equal(a.smi_command_port, 0xb2);
	assert_int_equal(a.acpi_enable, 0xf1);
	assert_int_equal(a.century_register, 0x32);
	assert_int_equal(a.s5_a, 5);
	assert_int_equal(a.s5_b, 6);
	assert_int_equal(a.hpet_at.raw, 0xfed00000);
}

static void acpi_1_0_is_read_by_its_rsdt(void **state)
{
	struct acpi_memory memory = {.map = map_arena, .context = &memory_end};

	(void)state;
	make_rsdp(0);
	memset(bytes_at(XSDT_AT), 0xff, 64);
	assert_int_equal(acpi_read(&a, bytes_at(RSDP_AT), 20, &memory), OK);
	assert_int_equal(a.fault_count, 0);
	assert_int_equal(a.core_count, 2);
}

static void a_broken_xsdt_gives_way_to_the_rsdt(void **state)
{
	(void)state;
	bytes_at(XSDT_AT)[40]++;
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("XSDT", "wrong checksum"));
	assert_int_equal(a.core_count, 2);

	make_table(XSDT_AT, "XXXX", NULL, 0);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("XSDT", "another table stands at its address"));
	assert_int_equal(a.core_count, 2);
}

static void a_broken_extended_rsdp_gives_way_to_the_rsdt(void **state)
{
	(void)state;
	bytes_at(RSDP_AT)[33]++;
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("RSDP", "wrong extended checksum, the RSDT is used"));
	assert_int_equal(a.core_count, 2);

	make_rsdp(2);
	put_le(bytes_at(RSDP_AT) + 20, 0x10000, 4);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("RSDP", "impossible length, the RSDT is used"));
}

static void without_any_root_table_nothing_is_known(void **state)
{
	(void)state;
	bytes_at(RSDP_AT)[9]++;
	assert_int_equal(read_tables(), ERR_CORRUPT);
	assert_true(has_fault("RSDP", "wrong checksum"));

	make_rsdp(2);
	bytes_at(XSDT_AT)[10]++;
	bytes_at(RSDT_AT)[10]++;
	assert_int_equal(read_tables(), ERR_CORRUPT);
	assert_true(has_fault("RSDP", "leads to no usable RSDT or XSDT"));
	assert_int_equal(a.core_count, 0);
	assert_int_equal(a.routes[15].gsi, 15);

	memset(bytes_at(RSDP_AT), 0, 36);
	assert_int_equal(read_tables(), ERR_CORRUPT);
	assert_true(has_fault("RSDP", "not there"));
}

static void a_broken_madt_leaves_one_core_and_says_so(void **state)
{
	(void)state;
	bytes_at(MADT_AT)[50]++;
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("APIC", "wrong checksum"));
	assert_true(has_fault("MADT", "missing or broken: one core, no I/O APIC"));
	assert_false(a.has_madt);
	assert_int_equal(a.core_count, 0);
	assert_true(a.has_fadt && a.has_hpet);
}

static void addresses_outside_of_memory_are_never_read(void **state)
{
	(void)state;
	put_le(bytes_at(XSDT_AT) + 36, UINT64_C(0xdeadbeef000), 8);
	fix_table(XSDT_AT);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("SDT", "address that cannot be read"));

	make_good_tables();
	memory_end = HPET_AT + TABLE_HEADER;
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("HPET", "reaches into memory that cannot be read"));
}

static void impossible_table_lengths_are_refused(void **state)
{
	(void)state;
	put_le(bytes_at(HPET_AT) + 4, 35, 4);
	put_le(bytes_at(MADT_AT) + 4, UINT32_MAX, 4);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("HPET", "impossible length"));
	assert_true(has_fault("APIC", "impossible length"));
}

static void an_empty_or_cut_root_entry_is_a_fault(void **state)
{
	uint8_t rest[9] = {0};

	(void)state;
	add_entry(XSDT_AT, rest, sizeof(rest));
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("XSDT", "empty entry"));
	assert_true(has_fault("XSDT", "length is no whole number of entries"));
	assert_int_equal(a.core_count, 2);
}

static void disabled_and_online_capable_cores_are_counted_apart(void **state)
{
	(void)state;
	add_core(2, 4, 0);
	add_core(3, 6, 2);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.core_count, 2);
	assert_int_equal(a.cores_disabled, 2);
	assert_int_equal(a.fault_count, 0);
}

static void a_core_that_is_listed_twice_counts_once(void **state)
{
	(void)state;
	add_core(9, 2, 1);
	add_x2apic_core(1, 2, 1);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.core_count, 2);
	assert_true(has_fault("MADT", "core listed twice, APIC id"));
}

static void x2apic_cores_have_ids_past_255(void **state)
{
	(void)state;
	add_x2apic_core(300, 0x12345, 1);
	add_x2apic_core(301, UINT32_MAX, 1);
	add_core(5, 255, 1);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.core_count, 3);
	assert_int_equal(a.cores[2].apic_id, 0x12345);
	assert_int_equal(a.cores[2].uid, 300);
	assert_true(has_fault("MADT", "core with the broadcast APIC id"));
	assert_int_equal(a.fault_count, 2);
}

static void more_than_256_cores_are_counted_but_not_kept(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		add_x2apic_core(1000 + i, 1000 + i, 1);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.core_count, ACPI_CORES_MAX);
	assert_int_equal(a.cores_too_many, 302 - ACPI_CORES_MAX);
	assert_true(has_fault("MADT", "cores that we have no room for"));
}

static void overrides_give_polarity_and_trigger(void **state)
{
	(void)state;
	add_override(0, 9, 9, 0x000f);
	add_override(0, 5, 20, 0x0005);
	assert_int_equal(read_tables(), OK);
	assert_true(a.routes[9].active_low && a.routes[9].level);
	assert_false(a.routes[5].active_low || a.routes[5].level);
	assert_int_equal(a.routes[5].gsi, 20);
}

static void bad_overrides_change_nothing(void **state)
{
	(void)state;
	add_override(1, 5, 20, 0);
	add_override(0, 16, 20, 0);
	add_override(0, 6, 21, 2);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.routes[5].gsi, 5);
	assert_int_equal(a.routes[6].gsi, 6);
	assert_true(has_fault("MADT", "source override of what is no ISA interrupt"));
	assert_true(has_fault("MADT", "reserved polarity or trigger mode"));
}

static void nmi_pins_and_sources_are_kept(void **state)
{
	const uint8_t all_lint1[6] = {4, 6, 0xff, 0x05, 0x00, 1};
	const uint8_t one_lint0[12] = {10, 12, 0x0f, 0x00, 7, 1, 0, 0, 0};
	const uint8_t bad_pin[6] = {4, 6, 0xff, 0, 0, 2};
	const uint8_t source[8] = {3, 8, 0x03, 0x00, 17};

	(void)state;
	add_entry(MADT_AT, all_lint1, sizeof(all_lint1));
	add_entry(MADT_AT, one_lint0, sizeof(one_lint0));
	add_entry(MADT_AT, bad_pin, sizeof(bad_pin));
	add_entry(MADT_AT, source, sizeof(source));
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.nmi_count, 2);
	assert_int_equal(a.nmis[0].uid, ACPI_ALL_CORES);
	assert_int_equal(a.nmis[0].lint, 1);
	assert_false(a.nmis[0].active_low);
	assert_int_equal(a.nmis[1].uid, 0x107);
	assert_int_equal(a.nmis[1].lint, 0);
	assert_true(a.nmis[1].active_low && a.nmis[1].level);
	assert_int_equal(a.nmi_source_count, 1);
	assert_int_equal(a.nmi_sources[0].gsi, 17);
	assert_true(a.nmi_sources[0].active_low);
	assert_true(has_fault("MADT", "NMI on a local APIC pin that is not there"));
}

static void the_local_apic_address_may_be_overridden(void **state)
{
	uint8_t e[12] = {5, 12};

	(void)state;
	put_le(e + 4, UINT64_C(0x1fee00000), 8);
	add_entry(MADT_AT, e, sizeof(e));
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.lapic_at.raw, UINT64_C(0x1fee00000));

	put_le(e + 4, 0x123, 8);
	add_entry(MADT_AT, e, sizeof(e));
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.lapic_at.raw, ACPI_LAPIC_DEFAULT);
	assert_true(has_fault("MADT", "local APIC at an impossible address"));
}

static void doubtful_ioapics_are_left_out(void **state)
{
	(void)state;
	add_ioapic(1, 0xfec01000, 24);
	add_ioapic(2, 0xfec01000, 48);
	add_ioapic(3, 0xfec02000, 24);
	add_ioapic(4, 0, 96);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.ioapic_count, 2);
	assert_int_equal(a.fault_count, 3);
}

static void a_table_has_room_for_16_ioapics(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < 20; i++)
		add_ioapic((uint8_t)i, 0xfec00000 + i * 0x1000, 24 * i);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.ioapic_count, ACPI_IOAPICS_MAX);
	assert_true(has_fault("MADT", "more I/O APICs than we keep, id"));
}

static void entries_with_impossible_lengths_end_the_madt(void **state)
{
	const uint8_t endless[2] = {0, 0}, too_long[2] = {0, 8}, short_one[4] = {0, 4, 0, 9};

	(void)state;
	add_entry(MADT_AT, short_one, sizeof(short_one));
	add_core(7, 7, 1);
	add_entry(MADT_AT, too_long, sizeof(too_long));
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("MADT", "entry too short, at byte"));
	assert_true(has_fault("MADT", "entry with an impossible length, at byte"));
	assert_int_equal(a.core_count, 3);

	add_entry(MADT_AT, endless, sizeof(endless));
	assert_int_equal(read_tables(), OK);
	make_table(MADT_AT, "APIC", "1234", 4);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("MADT", "too short"));
}

static void unknown_madt_entries_are_passed_over(void **state)
{
	const uint8_t unknown[4] = {200, 4, 1, 2};

	(void)state;
	add_entry(MADT_AT, unknown, sizeof(unknown));
	add_core(7, 7, 1);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.fault_count, 0);
	assert_int_equal(a.core_count, 3);
}

static void a_madt_without_an_enabled_core_is_a_fault(void **state)
{
	uint8_t body[8] = {0};

	(void)state;
	put_le(body, ACPI_LAPIC_DEFAULT, 4);
	make_table(MADT_AT, "APIC", body, sizeof(body));
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("MADT", "no core is enabled"));
	assert_false(a.has_8259);
}

static void the_first_of_two_tables_counts(void **state)
{
	uint8_t entry[8];

	(void)state;
	put_le(entry, MADT_AT, 8);
	add_entry(XSDT_AT, entry, 8);
	put_le(entry, FADT_AT, 8);
	add_entry(XSDT_AT, entry, 8);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("MADT", "second one, not used"));
	assert_true(has_fault("FADT", "second one, not used"));
	assert_int_equal(a.core_count, 2);
}

static void wide_fadt_registers_win_over_narrow_ones(void **state)
{
	uint8_t *f = bytes_at(FADT_AT);

	(void)state;
	set_register(f + 172, ACPI_SPACE_IO, 16, 0x1804);
	set_register(f + 184, ACPI_SPACE_MEMORY, 16, UINT64_C(0xfe000004));
	set_register(f + 208, ACPI_SPACE_IO, 32, 0x1808);
	put_le(f + 140, DSDT_AT, 8);
	put_le(f + 40, 0, 4);
	fix_table(FADT_AT);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.pm1a_control.address, 0x1804);
	assert_int_equal(a.pm1b_control.space, ACPI_SPACE_MEMORY);
	assert_int_equal(a.pm_timer.address, 0x1808);
	assert_true(a.has_s5);
	assert_int_equal(a.fault_count, 0);
}

static void impossible_fadt_registers_are_not_used(void **state)
{
	uint8_t *f = bytes_at(FADT_AT);

	(void)state;
	put_le(f + 64, 0x12345, 4);
	put_le(f + 48, 0x10000, 4);
	set_register(f + 116, 77, 8, 0x64);
	set_register(f + 244, 77, 8, 0x64);
	fix_table(FADT_AT);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.pm1a_control.address, 0);
	assert_int_equal(a.smi_command_port, 0);
	assert_int_equal(a.reset.address, 0);
	assert_int_equal(a.sleep_control.address, 0);
	assert_int_equal(a.fault_count, 4);
}

static void a_short_fadt_of_acpi_1_0_has_no_reset_register(void **state)
{
	(void)state;
	put_le(bytes_at(FADT_AT) + 4, 116, 4);
	fix_table(FADT_AT);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.reset.address, 0);
	assert_int_equal(a.pm1a_control.address, 0x404);

	put_le(bytes_at(FADT_AT) + 4, 100, 4);
	fix_table(FADT_AT);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("FADT", "too short"));
	assert_false(a.has_fadt);
}

static void reduced_hardware_has_a_sleep_control_register_only(void **state)
{
	uint8_t *f = bytes_at(FADT_AT);

	(void)state;
	put_le(f + 112, BIT(20), 4);
	set_register(f + 244, ACPI_SPACE_IO, 8, 0x600);
	fix_table(FADT_AT);
	assert_int_equal(read_tables(), OK);
	assert_true(a.hardware_reduced);
	assert_int_equal(a.pm1a_control.address, 0);
	assert_int_equal(a.reset.address, 0);
	assert_int_equal(a.sleep_control.address, 0x600);
}

static void expect_s5(const uint8_t *aml, size_t len, bool found, uint8_t type_a, uint8_t type_b)
{
	make_table(DSDT_AT, "DSDT", aml, len);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.has_s5, found);
	if (found) {
		assert_int_equal(a.s5_a, type_a);
		assert_int_equal(a.s5_b, type_b);
	}
}

static void s5_is_understood_in_every_encoding(void **state)
{
	const uint8_t plain[] = {0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0, 1, 0, 0};
	const uint8_t rooted[] = {0x08, 0x5c, '_', 'S', '5',  '_', 0x12, 0x42, 0x01,
				  2,    0x0b, 7,   0,   0x0c, 3,   0,    0,    0};
	const uint8_t single[] = {0x08, '_', 'S', '5', '_', 0x12, 4, 1, 0x0a, 7};
	const uint8_t called_first[] = {'_', 'S', '5',  '_', 0x08, '_',  'S',
					'5', '_', 0x12, 4,   1,    0x0a, 7};

	(void)state;
	expect_s5(plain, sizeof(plain), true, 0, 1);
	expect_s5(rooted, sizeof(rooted), true, 7, 3);
	expect_s5(single, sizeof(single), true, 7, 7);
	expect_s5(called_first, sizeof(called_first), true, 7, 7);
}

static void s5_that_is_not_constant_or_cut_off_is_a_fault(void **state)
{
	const uint8_t method[] = {0x08, '_', 'S', '5', '_', 0x14, 6, 4, 0, 1, 0, 0};
	const uint8_t empty[] = {0x08, '_', 'S', '5', '_', 0x12, 6, 0, 0, 1, 0, 0};
	const uint8_t too_big[] = {0x08, '_', 'S', '5', '_', 0x12, 4, 1, 0x0a, 8};
	const uint8_t variable[] = {0x08, '_', 'S', '5', '_', 0x12, 4, 1, 'A', 'B', 'C', 'D'};
	const uint8_t whole[] = {0x08, '_', 'S', '5', '_', 0x12, 9, 2, 0x0c, 1, 0, 0, 0, 1};

	(void)state;
	expect_s5(method, sizeof(method), false, 0, 0);
	expect_s5(empty, sizeof(empty), false, 0, 0);
	expect_s5(too_big, sizeof(too_big), false, 0, 0);
	expect_s5(variable, sizeof(variable), false, 0, 0);
	assert_true(has_fault("DSDT", "\\_S5_ is not understood, at byte"));
	for (size_t len = 5; len < sizeof(whole); len++)
		expect_s5(whole, len, false, 0, 0);
	expect_s5(whole, sizeof(whole), true, 1, 1);
}

static void a_dsdt_with_a_wrong_checksum_is_reported_and_read(void **state)
{
	(void)state;
	make_table(DSDT_AT, "DSDT", s5_aml, sizeof(s5_aml));
	((uint8_t *)phys_ptr(hpa(DSDT_AT)))[9] ^= 1;
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("DSDT", "wrong checksum"));
	assert_true(a.has_s5);
	assert_int_equal(a.s5_a, 5);
}

static void s5_may_stand_in_an_ssdt(void **state)
{
	(void)state;
	make_table(DSDT_AT, "DSDT", NULL, 0);
	make_table(SSDT_AT, "SSDT", s5_aml, sizeof(s5_aml));
	assert_int_equal(read_tables(), OK);
	assert_true(a.has_s5);
	assert_int_equal(a.s5_a, 5);
}

static void a_missing_or_wrong_dsdt_only_costs_the_power_off(void **state)
{
	(void)state;
	make_table(DSDT_AT, "XXXX", s5_aml, sizeof(s5_aml));
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("DSDT", "another table stands at its address"));
	put_le(bytes_at(FADT_AT) + 40, 0, 4);
	fix_table(FADT_AT);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("FADT", "names no DSDT"));
	assert_false(a.has_s5);
	assert_true(a.has_fadt);
}

static void an_hpet_that_cannot_be_reached_is_not_used(void **state)
{
	uint8_t *h = bytes_at(HPET_AT);

	(void)state;
	set_register(h + 40, ACPI_SPACE_IO, 64, 0xfed00000);
	fix_table(HPET_AT);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("HPET", "at an impossible address"));
	assert_false(a.has_hpet);
	make_table(HPET_AT, "HPET", "1234", 4);
	assert_int_equal(read_tables(), OK);
	assert_true(has_fault("HPET", "too short"));
}

static void faults_past_the_end_of_the_list_are_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++)
		add_override(1, 0, 0, 0);
	assert_int_equal(read_tables(), OK);
	assert_int_equal(a.fault_count, 40);
}

static void a_name_that_is_no_text_is_made_printable(void **state)
{
	(void)state;
	make_table(HPET_AT, "\x01\x80T\0", NULL, 0);
	bytes_at(HPET_AT)[35]++;
	assert_int_equal(read_tables(), OK);
	assert_string_equal(a.faults[0].table, "??T");
}

static void the_rsdp_is_found_on_16_byte_boundaries_only(void **state)
{
	static uint8_t window[256];

	(void)state;
	memcpy(window + 64, bytes_at(RSDP_AT), 36);
	assert_ptr_equal(acpi_find_rsdp(window, sizeof(window)), window + 64);
	assert_null(acpi_find_rsdp(window, 64 + 19));
	assert_null(acpi_find_rsdp(window + 8, sizeof(window) - 8));
	window[70]++;
	assert_null(acpi_find_rsdp(window, sizeof(window)));
}

static void the_scan_looks_into_the_ebda_and_then_into_the_rom(void **state)
{
	struct acpi_memory memory = {.map = map_arena, .context = &memory_end};

	(void)state;
	assert_ptr_equal(acpi_scan_rsdp(&memory), bytes_at(RSDP_AT));
	put_le(bytes_at(0x40e), 0x9fc0, 2);
	memcpy(bytes_at(0x9fc00 + 1008), bytes_at(RSDP_AT), 20);
	assert_ptr_equal(acpi_scan_rsdp(&memory), bytes_at(RSDP_AT));
	memcpy(bytes_at(0x9fc00 + 992), bytes_at(RSDP_AT), 20);
	assert_ptr_equal(acpi_scan_rsdp(&memory), bytes_at(0x9fc00 + 992));
	put_le(bytes_at(0x40e), 0xffff, 2);
	assert_ptr_equal(acpi_scan_rsdp(&memory), bytes_at(RSDP_AT));
	memory_end = 0;
	assert_null(acpi_scan_rsdp(&memory));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, arena_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_tables_are_read_without_a_fault),
		TEST(acpi_1_0_is_read_by_its_rsdt),
		TEST(a_broken_xsdt_gives_way_to_the_rsdt),
		TEST(a_broken_extended_rsdp_gives_way_to_the_rsdt),
		TEST(without_any_root_table_nothing_is_known),
		TEST(a_broken_madt_leaves_one_core_and_says_so),
		TEST(addresses_outside_of_memory_are_never_read),
		TEST(impossible_table_lengths_are_refused),
		TEST(an_empty_or_cut_root_entry_is_a_fault),
		TEST(disabled_and_online_capable_cores_are_counted_apart),
		TEST(a_core_that_is_listed_twice_counts_once),
		TEST(x2apic_cores_have_ids_past_255),
		TEST(more_than_256_cores_are_counted_but_not_kept),
		TEST(overrides_give_polarity_and_trigger),
		TEST(bad_overrides_change_nothing),
		TEST(nmi_pins_and_sources_are_kept),
		TEST(the_local_apic_address_may_be_overridden),
		TEST(doubtful_ioapics_are_left_out),
		TEST(a_table_has_room_for_16_ioapics),
		TEST(entries_with_impossible_lengths_end_the_madt),
		TEST(unknown_madt_entries_are_passed_over),
		TEST(a_madt_without_an_enabled_core_is_a_fault),
		TEST(the_first_of_two_tables_counts),
		TEST(wide_fadt_registers_win_over_narrow_ones),
		TEST(impossible_fadt_registers_are_not_used),
		TEST(a_short_fadt_of_acpi_1_0_has_no_reset_register),
		TEST(reduced_hardware_has_a_sleep_control_register_only),
		TEST(s5_is_understood_in_every_encoding),
		TEST(s5_that_is_not_constant_or_cut_off_is_a_fault),
		TEST(a_dsdt_with_a_wrong_checksum_is_reported_and_read),
		TEST(s5_may_stand_in_an_ssdt),
		TEST(a_missing_or_wrong_dsdt_only_costs_the_power_off),
		TEST(an_hpet_that_cannot_be_reached_is_not_used),
		TEST(faults_past_the_end_of_the_list_are_counted),
		TEST(a_name_that_is_no_text_is_made_printable),
		TEST(the_rsdp_is_found_on_16_byte_boundaries_only),
		TEST(the_scan_looks_into_the_ebda_and_then_into_the_rom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
