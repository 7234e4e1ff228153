/* tests/unit/test_msr.c - the guest's model-specific registers. */
#include "tests/unit/support.h"

#include "guest/msr.h"

static const struct msr_features all = {
	.rdtscp = true, .pat_switched = true, .efer_switched = true, .fast_strings = true};
static const struct msr_features none;

static uint8_t bitmap[MSR_BITMAP_BYTES];

/* SDM 3C "MSR-Bitmap Address", read independently of the code. */
static bool exits(uint32_t index, bool write)
{
	unsigned offset;

	if (index <= 0x1fff)
		offset = write ? 2048 : 0;
	else if (index >= 0xc0000000 && index <= 0xc0001fff)
		offset = write ? 3072 : 1024;
	else
		return true;
	return bitmap[offset + (index & 0x1fff) / 8] >> (index & 7) & 1;
}

static unsigned count_passing(bool write)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < 0x2000; i++) {
		count += !exits(i, write);
		count += !exits(0xc0000000 + i, write);
	}
	return count;
}

static void only_the_named_msrs_pass(void **state)
{
	static const uint32_t passing[] = {
		0x174,      0x175,      0x176,      0x277,      0xc0000080, 0xc0000081, 0xc0000082,
		0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103};

	(void)state;
	msr_fill_bitmap(bitmap, &all);
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		assert_false(exits(passing[i], false));
		assert_false(exits(passing[i], true));
	}
	assert_false(exits(MSR_TSC, false));
	assert_true(exits(MSR_TSC, true));
	assert_int_equal(count_passing(false), ARRAY_SIZE(passing) + 1);
	assert_int_equal(count_passing(true), ARRAY_SIZE(passing));
}

static void what_the_cpu_does_not_switch_exits(void **state)
{
	(void)state;
	msr_fill_bitmap(bitmap, &none);
	assert_true(exits(MSR_PAT, false) && exits(MSR_PAT, true));
	assert_true(exits(MSR_EFER, false) && exits(MSR_EFER, true));
	assert_true(exits(MSR_TSC_AUX, false) && exits(MSR_TSC_AUX, true));
	assert_false(exits(MSR_STAR, true));
}

static void watched_msrs_exit_too(void **state)
{
	unsigned reads, writes;

	(void)state;
	msr_fill_bitmap(bitmap, &all);
	reads = count_passing(false);
	writes = count_passing(true);
	msr_bitmap_exit(bitmap, MSR_SYSENTER_CS, MSR_SYSENTER_EIP, true, false);
	msr_bitmap_exit(bitmap, MSR_EFER, MSR_EFER, false, true);
	assert_true(exits(MSR_SYSENTER_CS, false) && exits(MSR_SYSENTER_EIP, false));
	assert_false(exits(MSR_SYSENTER_CS, true));
	assert_true(exits(MSR_EFER, true));
	assert_false(exits(MSR_EFER, false));
	assert_int_equal(count_passing(false), reads - 3);
	assert_int_equal(count_passing(true), writes - 1);
}

static void a_watched_range_may_go_over_both_ends_of_the_bitmaps(void **state)
{
	(void)state;
	msr_fill_bitmap(bitmap, &all);
	msr_bitmap_exit(bitmap, 0x2000, 0xbfffffff, true, true);
	msr_bitmap_exit(bitmap, 0xc0002000, 0xffffffff, true, true);
	assert_false(exits(MSR_PAT, true) || exits(MSR_EFER, true));
	msr_bitmap_exit(bitmap, 0, 0xffffffff, true, true);
	assert_int_equal(count_passing(false) + count_passing(true), 0);
}

static enum msr_result write_msr(const struct msr_features *f, uint32_t index, uint64_t *value,
				 uint64_t cr0, uint64_t efer)
{
	const struct msr_context now = {.cr0 = cr0, .efer = efer};
	struct guest_msrs m;

	msr_reset(&m, f);
	return msr_write(&m, index, value, &now);
}

static enum msr_result write_value(uint32_t index, uint64_t value)
{
	return write_msr(&all, index, &value, 0, 0);
}

static enum msr_result read_msr(const struct msr_features *f, uint32_t index, uint64_t *value)
{
	struct guest_msrs m;

	msr_reset(&m, f);
	return msr_read(&m, index, value);
}

static void constants_read_and_do_not_change(void **state)
{
	uint64_t value = 99;

	(void)state;
	assert_int_equal(read_msr(&all, MSR_PLATFORM_ID, &value), MSR_DONE);
	assert_int_equal(value, 0);
	assert_int_equal(write_value(MSR_PLATFORM_ID, 0), MSR_GP);
	assert_int_equal(read_msr(&all, MSR_BIOS_SIGN_ID, &value), MSR_DONE);
	assert_int_equal(value, BIT(32));
	assert_int_equal(write_value(MSR_BIOS_SIGN_ID, 0), MSR_DONE);
	assert_int_equal(read_msr(&all, MSR_MISC_ENABLE, &value), MSR_DONE);
	assert_int_equal(value, 0x1801);
	assert_int_equal(read_msr(&none, MSR_MISC_ENABLE, &value), MSR_DONE);
	assert_int_equal(value, 0x1800); /* no fast strings on such a host */
	assert_int_equal(write_value(MSR_MISC_ENABLE, 0), MSR_DONE);
	assert_int_equal(read_msr(&all, 1, &value), MSR_DONE);
	assert_int_equal(value, 0);
	assert_int_equal(read_msr(&all, 0x79, &value), MSR_GP);
	assert_int_equal(write_value(0x79, 0x1000), MSR_DONE);
}

static void unknown_msrs_are_gp(void **state)
{
	/* VMX, feature control, APIC base, MTRR, machine check, SPEC_CTRL, ARCH_CAPABILITIES,
	 * x2APIC, performance counters, XSS, and the ends of the number space. */
	static const uint32_t hidden[] = {0x480, 0x3a,       0x1b,       0xfe,     0x179,
					  0x48,  0x10a,      0x802,      0xc1,     0x38f,
					  0xda0, 0xffffffff, 0x40000000, 0x277 - 1};
	uint64_t value = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		assert_int_equal(read_msr(&all, hidden[i], &value), MSR_UNKNOWN);
		assert_int_equal(write_value(hidden[i], 0), MSR_UNKNOWN);
		assert_null(msr_name(hidden[i]));
	}
	assert_int_equal(read_msr(&none, MSR_TSC_AUX, &value), MSR_UNKNOWN);
	assert_int_equal(write_msr(&none, MSR_TSC_AUX, &value, 0, 0), MSR_UNKNOWN);
	assert_string_equal(msr_name(MSR_PAT), "PAT");
	assert_string_equal(msr_name(MSR_CSTAR), "CSTAR");
}

static void a_write_to_the_tsc_is_the_callers(void **state)
{
	(void)state;
	assert_int_equal(write_value(MSR_TSC, 5), MSR_CALLER_TSC);
}

static void passed_through_writes_are_checked_when_they_exit(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(read_msr(&none, MSR_PAT, &value), MSR_CALLER_PASS);
	assert_int_equal(write_value(MSR_PAT, 0x0007040600070406), MSR_CALLER_PASS);
	assert_int_equal(write_value(MSR_PAT, 0x0506040107000106), MSR_CALLER_PASS);
	assert_int_equal(write_value(MSR_PAT, 2), MSR_GP);
	assert_int_equal(write_value(MSR_PAT, UINT64_C(3) << 56), MSR_GP);
	assert_int_equal(write_value(MSR_PAT, 8), MSR_GP);
	assert_int_equal(write_value(MSR_LSTAR, 0xffff800000000000), MSR_CALLER_PASS);
	assert_int_equal(write_value(MSR_LSTAR, 0x800000000000), MSR_GP);
	assert_int_equal(write_value(MSR_SYSENTER_EIP, 0x7fffffffffff), MSR_CALLER_PASS);
	assert_int_equal(write_value(MSR_GS_BASE, BIT(63)), MSR_GP);
	assert_int_equal(write_value(MSR_FMASK, BIT(32)), MSR_GP);
	assert_int_equal(write_value(MSR_TSC_AUX, BIT(32)), MSR_GP);
	assert_int_equal(write_value(MSR_TSC_AUX, 7), MSR_CALLER_PASS);
	assert_int_equal(write_value(MSR_STAR, UINT64_MAX), MSR_CALLER_PASS);
}

static void efer_keeps_lma_and_guards_lme(void **state)
{
	uint64_t value = EFER_SCE | EFER_LME | EFER_NXE;

	(void)state;
	assert_int_equal(write_msr(&none, MSR_EFER, &value, 0, 0), MSR_CALLER_PASS);
	assert_int_equal(value, EFER_SCE | EFER_LME | EFER_NXE);
	value = EFER_LME;
	assert_int_equal(write_msr(&none, MSR_EFER, &value, CR0_PG, EFER_LME | EFER_LMA),
			 MSR_CALLER_PASS);
	assert_int_equal(value, EFER_LME | EFER_LMA);
	value = EFER_LMA; /* cannot be set by hand */
	assert_int_equal(write_msr(&none, MSR_EFER, &value, 0, 0), MSR_CALLER_PASS);
	assert_int_equal(value, 0);
	value = 0;
	assert_int_equal(write_msr(&none, MSR_EFER, &value, CR0_PG, EFER_LME | EFER_LMA), MSR_GP);
	assert_int_equal(write_value(MSR_EFER, BIT(1)), MSR_GP);
	assert_int_equal(write_value(MSR_EFER, BIT(12)), MSR_GP);
}

static void debugctl_takes_btf_and_forgets_lbr(void **state)
{
	uint64_t value = 3;

	(void)state;
	assert_int_equal(write_msr(&all, MSR_DEBUGCTL, &value, 0, 0), MSR_CALLER_DEBUGCTL);
	assert_int_equal(value, 2);
	assert_int_equal(write_value(MSR_DEBUGCTL, 4), MSR_GP);
	assert_int_equal(read_msr(&all, MSR_DEBUGCTL, &value), MSR_CALLER_DEBUGCTL);
}

static void the_caller_learns_what_it_switches(void **state)
{
	static const uint32_t expected[] = {MSR_STAR,  MSR_LSTAR,          MSR_CSTAR,
					    MSR_FMASK, MSR_KERNEL_GS_BASE, MSR_TSC_AUX};
	uint32_t index = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(msr_caller_switches(&all, i, &index));
		assert_int_equal(index, expected[i]);
	}
	assert_false(msr_caller_switches(&all, ARRAY_SIZE(expected), &index));
	assert_true(msr_caller_switches(&none, 4, &index));
	assert_false(msr_caller_switches(&none, 5, &index));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_named_msrs_pass),
		cmocka_unit_test(what_the_cpu_does_not_switch_exits),
		cmocka_unit_test(watched_msrs_exit_too),
		cmocka_unit_test(a_watched_range_may_go_over_both_ends_of_the_bitmaps),
		cmocka_unit_test(constants_read_and_do_not_change),
		cmocka_unit_test(unknown_msrs_are_gp),
		cmocka_unit_test(a_write_to_the_tsc_is_the_callers),
		cmocka_unit_test(passed_through_writes_are_checked_when_they_exit),
		cmocka_unit_test(efer_keeps_lma_and_guards_lme),
		cmocka_unit_test(debugctl_takes_btf_and_forgets_lbr),
		cmocka_unit_test(the_caller_learns_what_it_switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
