/* tests/unit/test_segment.c - logical to linear addresses, and descriptors. */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/segment.h"

#define REAL_DATA 0x93u
#define DATA      0xc093u
#define CODE      0xc09bu

static struct guest_cpu_state cpu;
static struct guest_fault fault;
static gva_t at;

static void set(enum guest_segment_name name, uint64_t base, uint32_t limit, uint32_t access)
{
	cpu.segments[name] = (struct guest_segment){.base = base, .limit = limit, .access = access};
}

static int protected_mode(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.cr0 = CR0_PE;
	set(GUEST_CS, 0x100000, 0xffff, 0x409b);
	set(GUEST_DS, 0x200000, 0xfff, 0x4093);
	set(GUEST_SS, 0x300000, 0xfff, 0x4093);
	return 0;
}

static bool reach(enum guest_segment_name name, uint64_t offset, uint64_t len,
		  enum segment_access access)
{
	memset(&fault, 0xa5, sizeof(fault));
	return guest_segment_linear(&cpu, name, offset, len, access, &at, &fault);
}

static void assert_gp(bool reached, unsigned vector)
{
	assert_false(reached);
	assert_int_equal(fault.vector, vector);
	assert_int_equal(fault.error_code, 0);
	assert_int_equal(fault.has_error_code, (cpu.cr0 & CR0_PE) != 0);
}

static void an_offset_within_the_limit_is_added_to_the_base(void **state)
{
	(void)state;
	assert_true(reach(GUEST_DS, 0xffc, 4, SEGMENT_WRITE));
	assert_int_equal(at.raw, 0x200ffc);
	assert_gp(reach(GUEST_DS, 0xffd, 4, SEGMENT_WRITE), EXC_GP);
	assert_gp(reach(GUEST_DS, UINT64_MAX, 2, SEGMENT_READ), EXC_GP);
	assert_gp(reach(GUEST_SS, 0x1000, 1, SEGMENT_READ), EXC_SS);
}

static void linear_addresses_wrap_at_4_gib(void **state)
{
	(void)state;
	set(GUEST_DS, 0xfffff000, UINT32_MAX, DATA);
	assert_true(reach(GUEST_DS, 0x1234, 4, SEGMENT_READ));
	assert_int_equal(at.raw, 0x234);
}

static void an_expand_down_segment_lies_above_its_limit(void **state)
{
	(void)state;
	set(GUEST_DS, 0, 0xfff, 0x4097);
	assert_gp(reach(GUEST_DS, 0xfff, 1, SEGMENT_WRITE), EXC_GP);
	assert_true(reach(GUEST_DS, 0x1000, 4, SEGMENT_WRITE));
	assert_true(reach(GUEST_DS, 0xfffffffc, 4, SEGMENT_WRITE));
	assert_gp(reach(GUEST_DS, 0xfffffffd, 4, SEGMENT_WRITE), EXC_GP);
	set(GUEST_DS, 0, 0xfff, 0x0097); /* B = 0: it ends at 64 KiB */
	assert_true(reach(GUEST_DS, 0xfffc, 4, SEGMENT_WRITE));
	assert_gp(reach(GUEST_DS, 0xfffd, 4, SEGMENT_WRITE), EXC_GP);
}

static void the_type_limits_what_may_be_done(void **state)
{
	(void)state;
	assert_true(reach(GUEST_CS, 0, 1, SEGMENT_FETCH));
	assert_true(reach(GUEST_CS, 0, 1, SEGMENT_READ));
	assert_gp(reach(GUEST_CS, 0, 1, SEGMENT_WRITE), EXC_GP);
	assert_gp(reach(GUEST_DS, 0, 1, SEGMENT_FETCH), EXC_GP);
	set(GUEST_CS, 0, 0xffff, 0x4099); /* execute only */
	assert_gp(reach(GUEST_CS, 0, 1, SEGMENT_READ), EXC_GP);
	set(GUEST_DS, 0, 0xffff, 0x4091); /* read only */
	assert_true(reach(GUEST_DS, 0, 1, SEGMENT_READ));
	assert_gp(reach(GUEST_DS, 0, 1, SEGMENT_WRITE), EXC_GP);
	set(GUEST_CS, 0, 0xfff, 0x409f); /* conforming code is not expand-down */
	assert_true(reach(GUEST_CS, 0xfff, 1, SEGMENT_READ));
	assert_gp(reach(GUEST_CS, 0x1000, 1, SEGMENT_READ), EXC_GP);
}

static void a_null_segment_is_refused(void **state)
{
	(void)state;
	set(GUEST_ES, 0, UINT32_MAX, (uint32_t)SEGMENT_UNUSABLE | DATA);
	assert_gp(reach(GUEST_ES, 0, 1, SEGMENT_READ), EXC_GP);
	set(GUEST_SS, 0, UINT32_MAX, (uint32_t)SEGMENT_UNUSABLE);
	assert_gp(reach(GUEST_SS, 0, 1, SEGMENT_READ), EXC_SS);
}

static void real_mode_has_limits_but_no_types_and_no_error_codes(void **state)
{
	(void)state;
	cpu.cr0 = 0;
	guest_segment_real(&cpu.segments[GUEST_CS], 0xffff, 0);
	assert_true(reach(GUEST_CS, 0xffff, 1, SEGMENT_WRITE));
	assert_int_equal(at.raw, 0x10ffef);
	assert_gp(reach(GUEST_CS, 0xffff, 2, SEGMENT_READ), EXC_GP);
	cpu.segments[GUEST_DS].access = 0x91;
	assert_true(reach(GUEST_DS, 0, 1, SEGMENT_WRITE));
	/* "unreal" mode: a limit from protected mode stays */
	set(GUEST_DS, 0, UINT32_MAX, REAL_DATA);
	assert_true(reach(GUEST_DS, 0x12345678, 4, SEGMENT_WRITE));
}

static void virtual_8086_mode_is_like_real_mode_with_error_codes(void **state)
{
	(void)state;
	cpu.rflags = RFLAGS_VM;
	guest_segment_real(&cpu.segments[GUEST_DS], 0x1234, 3);
	assert_int_equal(cpu.segments[GUEST_DS].access, 0xf3);
	assert_true(guest_is_v86(&cpu));
	assert_true(reach(GUEST_DS, 0x10, 2, SEGMENT_WRITE));
	assert_int_equal(at.raw, 0x12350);
	assert_gp(reach(GUEST_DS, 0xffff, 2, SEGMENT_WRITE), EXC_GP);
}

static void in_64_bit_mode_addresses_must_be_canonical(void **state)
{
	(void)state;
	cpu.efer = EFER_LME | EFER_LMA;
	cpu.segments[GUEST_CS].access = 0x209b;
	set(GUEST_FS, 0x7fff00000000, 0, (uint32_t)SEGMENT_UNUSABLE);
	assert_true(
		reach(GUEST_DS, 0x123456789, 8, SEGMENT_WRITE)); /* base and limit are ignored */
	assert_int_equal(at.raw, 0x123456789);
	assert_true(reach(GUEST_FS, 0x1000, 8, SEGMENT_WRITE));
	assert_int_equal(at.raw, 0x7fff00001000);
	assert_true(reach(GUEST_DS, 0x7ffffffffff8, 8, SEGMENT_READ));
	assert_gp(reach(GUEST_DS, 0x7ffffffffff9, 8, SEGMENT_READ), EXC_GP);
	assert_gp(reach(GUEST_DS, 0x800000000000, 1, SEGMENT_READ), EXC_GP);
	assert_true(reach(GUEST_DS, 0xffff800000000000, 1, SEGMENT_READ));
	assert_gp(reach(GUEST_SS, 0x800000000000, 1, SEGMENT_READ), EXC_SS);
	assert_gp(reach(GUEST_DS, UINT64_MAX, 2, SEGMENT_READ), EXC_GP);
	/* compatibility mode has segments */
	cpu.segments[GUEST_CS].access = 0x409b;
	assert_gp(reach(GUEST_DS, 0x1000, 1, SEGMENT_READ), EXC_GP);
}

static void descriptors_come_apart(void **state)
{
	struct guest_segment seg;

	(void)state;
	guest_segment_from_descriptor(&seg, 0x1b, 0x12cffa345678abcd);
	assert_int_equal(seg.selector, 0x1b);
	assert_int_equal(seg.base, 0x12345678);
	assert_int_equal(seg.limit, 0xfabcdfff);
	assert_int_equal(seg.access, 0xc0fa);
	guest_segment_from_descriptor(&seg, 8, 0x004f92000000abcd);
	assert_int_equal(seg.limit, 0xfabcd);
	assert_int_equal(seg.access, 0x4092);
}

static void error_codes_go_with_the_exceptions_that_have_one(void **state)
{
	static const struct {
		enum exception vector;
		bool has;
	} cases[] = {{EXC_DE, false}, {EXC_UD, false}, {EXC_DF, true}, {EXC_TS, true},
		     {EXC_NP, true},  {EXC_SS, true},  {EXC_GP, true}, {EXC_PF, true},
		     {EXC_MF, false}, {EXC_AC, true},  {EXC_MC, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		guest_raise(&cpu, &fault, cases[i].vector, 0x28);
		assert_int_equal(fault.vector, cases[i].vector);
		assert_int_equal(fault.has_error_code, cases[i].has);
		assert_int_equal(fault.error_code, cases[i].has ? 0x28 : 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, protected_mode)
	const struct CMUnitTest tests[] = {
		TEST(an_offset_within_the_limit_is_added_to_the_base),
		TEST(linear_addresses_wrap_at_4_gib),
		TEST(an_expand_down_segment_lies_above_its_limit),
		TEST(the_type_limits_what_may_be_done),
		TEST(a_null_segment_is_refused),
		TEST(real_mode_has_limits_but_no_types_and_no_error_codes),
		TEST(virtual_8086_mode_is_like_real_mode_with_error_codes),
		TEST(in_64_bit_mode_addresses_must_be_canonical),
		TEST(descriptors_come_apart),
		TEST(error_codes_go_with_the_exceptions_that_have_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
