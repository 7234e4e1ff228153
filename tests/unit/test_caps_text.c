/* tests/unit/test_caps_text.c - the tables of the monitor's caps. */
#include "tests/unit/support.h"

#include <string.h>

#include "debug/caps_text.h"
#include "kernel/text_cr.h"

static struct vmx_msrs cpu(void)
{
	struct vmx_msrs m = {
		.basic = UINT64_C(0x00d810000000002b),
		.misc = UINT64_C(0x7004c1e7),
		.ept_vpid = UINT64_C(0xf0106334141),
		.vmcs_enum = 0x34,
		.vmfunc = 1,
		.cr0_fixed0 = 0x80000021,
		.cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = 0x2000,
		.cr4_fixed1 = 0x3727ff,
	};

	for (unsigned g = 0; g < CONTROL_GROUPS; g++)
		m.group[g] = UINT64_C(0xffffffff) << 32;
	return m;
}

/* The row that begins with start, of the capabilities; else the test fails. */
static void expect_row(const struct vmx_msrs *m, const char *start, const char *end)
{
	char row[VMX_CAPS_ROW];

	for (unsigned i = 0; caps_text_row(m, i, row, sizeof(row)); i++) {
		size_t len = strlen(row), end_len = strlen(end);

		assert_true(len <= 100);
		if (strncmp(row, start, strlen(start)) != 0)
			continue;
		if (len < end_len || strcmp(row + len - end_len, end) != 0)
			fail_msg("\"%s\" does not end with \"%s\"", row, end);
		return;
	}
	fail_msg("no row begins with \"%s\"", start);
}

static void numbers_and_answers_are_told(void **state)
{
	struct vmx_msrs m = cpu();

	(void)state;
	expect_row(&m, "capabilities               bits  name", "wanted    value");
	expect_row(&m, "IA32_VMX_BASIC             0-30  VMCS revision", "         0x2b");
	expect_row(&m, "IA32_VMX_BASIC             32-44 ", " 4096");
	expect_row(&m, "IA32_VMX_BASIC             50-53 ", " 6");
	expect_row(&m, "IA32_VMX_MISC              0-4   ", " 7");
	expect_row(&m, "IA32_VMX_MISC              16-24 ", " 4");
	expect_row(&m, "IA32_VMX_VMCS_ENUM         1-9   ", " 26");
	expect_row(&m, "IA32_VMX_EPT_VPID_CAP      6     page walk of 4", "must      yes");
	expect_row(&m, "IA32_VMX_EPT_VPID_CAP      7     page walk of 5", "no        no");
	expect_row(&m, "IA32_VMX_EPT_VPID_CAP      0     ", "by a tool yes");
	m.ept_vpid = 0;
	expect_row(&m, "IA32_VMX_EPT_VPID_CAP      0     ", "by a tool no");
}

static void what_is_there_and_not_used_is_available(void **state)
{
	struct vmx_msrs m = cpu();

	(void)state;
	expect_row(&m, "IA32_VMX_MISC              7     ", "available yes");
	m.misc = 0;
	expect_row(&m, "IA32_VMX_MISC              7     ", "no        no");
}

static void fixed_bits_have_names(void **state)
{
	struct vmx_msrs m = cpu();

	(void)state;
	expect_row(&m, "IA32_VMX_CR0_FIXED0        0x80000021 ", "always 1: PE NE PG");
	expect_row(&m, "IA32_VMX_CR0_FIXED1        0xffffffff ", "always 0: none");
	expect_row(&m, "IA32_VMX_CR4_FIXED0        0x2000     ", "always 1: VMXE");
	expect_row(&m, "IA32_VMX_CR4_FIXED1        0x3727ff   ",
		   "always 0: UMIP LA57 SMXE PKE CET PKS");
	assert_string_equal(text_cr_bit(0, 31), "PG");
	assert_string_equal(text_cr_bit(4, 9), "OSFXSR");
	assert_null(text_cr_bit(0, 9));
	assert_null(text_cr_bit(3, 3));
}

/* The same word for controls. */
static void each_control_has_a_row(void **state)
{
	struct vmx_msrs m = cpu();
	struct vmx_caps caps = {.controls = {[CONTROL_PIN] = 1}};
	char row[VMX_CAPS_ROW];
	unsigned rows = 0, available = 0, by_tool = 0;

	(void)state;
	m.group[CONTROL_PIN] |= 2;
	m.group[CONTROL_EXIT] = 0;
	for (; vmx_caps_row(&m, &caps, rows, row, sizeof(row)); rows++) {
		available += strstr(row, " available ") != NULL;
		by_tool += strstr(row, " by a tool ") != NULL;
		if (rows == 0)
			assert_string_equal(row + strlen(row) - 7, "granted");
		if (strstr(row, "external-interrupt exiting"))
			assert_string_equal(row + strlen(row) - 21, "must      0 or 1    1");
		if (strstr(row, "save IA32_EFER"))
			assert_string_equal(row + strlen(row) - 21, "must      always 0  0");
		if (strstr(row, "interrupt-window"))
			assert_string_equal(row + strlen(row) - 21, "at times  0 or 1    0");
		if (strstr(row, "clear IA32_BNDCFGS"))
			assert_string_equal(row + strlen(row) - 21, "no        always 0  0");
	}
	assert_int_equal(rows, control_bit_count + 1);
	assert_true(available > 10);
	assert_true(by_tool > 5);
	m.group[CONTROL_PIN] |= BIT(7); /* what must be 1 is not to be had: it is there */
	assert_true(vmx_caps_row(&m, &caps, 5, row, sizeof(row)));
	assert_string_equal(row + strlen(row) - 21, "no        always 1  0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_answers_are_told),
		cmocka_unit_test(what_is_there_and_not_used_is_available),
		cmocka_unit_test(fixed_bits_have_names),
		cmocka_unit_test(each_control_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
