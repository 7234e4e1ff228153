/*
 * tests/unit/test_trap_text.c - kernel/trap_text.h: exceptions in words.
 */
#include "tests/unit/support.h"

#include "kernel/trap_text.h"

static void check(uint64_t vector, uint64_t error_code, uint64_t cr2, const char *expected)
{
	const struct trap_frame f = {.vector = vector, .error_code = error_code};
	char text[TRAP_TEXT_BYTES];

	trap_describe(&f, cr2, text);
	assert_string_equal(text, expected);
}

static void every_exception_has_a_name_and_words(void **state)
{
	(void)state;
	assert_string_equal(trap_name(EXC_PF), "#PF");
	assert_string_equal(trap_words(EXC_PF), "page fault");
	assert_string_equal(trap_name(EXC_DF), "#DF");
	assert_string_equal(trap_name(31), "#?");
	assert_string_equal(trap_words(31), "reserved exception");
	assert_string_equal(trap_name(32), "interrupt");
	assert_string_equal(trap_words(255), "interrupt");
}

static void a_page_fault_tells_access_reason_and_address(void **state)
{
	(void)state;
	check(EXC_PF, 0, 0x123000, "read, page not present, at 0x0000000000123000");
	check(EXC_PF, PF_WRITE | PF_PRESENT, 0xffff800000001000,
	      "write, protection, at 0xffff800000001000");
	check(EXC_PF, PF_FETCH | PF_PRESENT | PF_USER, 0x400000,
	      "instruction fetch from user mode, protection, at 0x0000000000400000");
	check(EXC_PF, PF_RSVD | PF_PRESENT, 0x5000,
	      "read, reserved bit set in a page table, at 0x0000000000005000");
}

static void an_address_in_page_0_looks_like_a_null_pointer(void **state)
{
	(void)state;
	check(EXC_PF, PF_WRITE, 0xfff,
	      "write, page not present, at 0x0000000000000fff (a null pointer?)");
	check(EXC_PF, PF_WRITE, 0x1000, "write, page not present, at 0x0000000000001000");
}

static void a_selector_error_code_names_its_table(void **state)
{
	(void)state;
	check(EXC_GP, 0, 0, "");
	check(EXC_GP, 0x28, 0, "GDT entry 5");
	check(EXC_NP, 0x2c, 0, "LDT entry 5");
	check(EXC_GP, 0x83 << 3 | 2, 0, "IDT entry 131");
	check(EXC_SS, 0x10 | 1, 0, "GDT entry 2, while an event was being delivered");
	check(EXC_TS, 0x28, 0, "GDT entry 5");
}

static void other_exceptions_have_nothing_to_tell(void **state)
{
	(void)state;
	check(EXC_UD, 0, 0x123, "");
	check(EXC_DF, 0, 0x123, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_exception_has_a_name_and_words),
		cmocka_unit_test(a_page_fault_tells_access_reason_and_address),
		cmocka_unit_test(an_address_in_page_0_looks_like_a_null_pointer),
		cmocka_unit_test(a_selector_error_code_names_its_table),
		cmocka_unit_test(other_exceptions_have_nothing_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
