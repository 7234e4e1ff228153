/* tests/unit/test_syscall.c - SYSCALL and SYSRET in software, to the last bit. */
#include "tests/unit/support.h"

#include "guest/segment.h"
#include "guest/syscall.h"

#define STAR UINT64_C(0x003b002800000000)

static const struct syscall_msrs msrs = {
	.star = STAR, .lstar = UINT64_C(0xffff800000001000), .fmask = 0x47700};

static void expect_segment(const struct guest_segment *g, uint16_t selector, uint32_t access)
{
	assert_int_equal(g->selector, selector);
	assert_int_equal(g->access, access);
	assert_int_equal(g->limit, UINT32_MAX);
	assert_int_equal(g->base, 0);
}

static void prefixes_may_stand_before_the_opcode(void **state)
{
	static const struct {
		unsigned count;
		uint8_t bytes[8];
		enum syscall_kind kind;
		unsigned length;
		bool wide;
	} samples[] = {
		{2, {0x0f, 0x05}, SYSCALL_CALL, 2, false},
		{3, {0x48, 0x0f, 0x05}, SYSCALL_CALL, 3, true},
		{4, {0x66, 0x41, 0x0f, 0x05}, SYSCALL_CALL, 4, false},
		{2, {0x0f, 0x07}, SYSCALL_RETURN, 2, false},
		{3, {0x48, 0x0f, 0x07}, SYSCALL_RETURN, 3, true},
		{5, {0xf2, 0x2e, 0x4f, 0x0f, 0x07}, SYSCALL_RETURN, 5, true},
		/* not these */
		{2, {0x0f, 0x0b}, SYSCALL_NONE, 0, false},
		{2, {0x05, 0x0f}, SYSCALL_NONE, 0, false},
		{3, {0xf0, 0x0f, 0x05}, SYSCALL_NONE, 0, false},       /* LOCK */
		{4, {0x48, 0x66, 0x0f, 0x0b}, SYSCALL_NONE, 0, false}, /* REX is not last */
		{1, {0x0f}, SYSCALL_NONE, 0, false},
		{3, {0x66, 0x67, 0x48}, SYSCALL_NONE, 0, false},
		{0, {0}, SYSCALL_NONE, 0, false},
	};

	(void)state;
	for (unsigned n = 0; n < ARRAY_SIZE(samples); n++) {
		struct syscall_instruction i = syscall_at(samples[n].bytes, samples[n].count);

		assert_int_equal(i.kind, samples[n].kind);
		if (!i.kind)
			continue;
		assert_int_equal(i.length, samples[n].length);
		assert_int_equal(i.wide, samples[n].wide);
	}
}

static void a_call_loads_what_the_manual_says(void **state)
{
	struct guest_cpu_state s = {
		.rip = UINT64_C(0x7fffffffe000),
		.rflags = 0x50fd7, /* with RF and AC */
		.gpr = {[RAX] = 1, [RCX] = 5, [RSP] = 6, [R11] = 7},
	};

	(void)state;
	syscall_enter(&s, &msrs, 2);
	assert_int_equal(s.rip, UINT64_C(0xffff800000001000));
	assert_int_equal(s.gpr[RCX], UINT64_C(0x7fffffffe002));
	assert_int_equal(s.gpr[R11], 0x40fd7);
	assert_int_equal(s.rflags, 0x8d7);
	assert_int_equal(s.gpr[RAX], 1);
	assert_int_equal(s.gpr[RSP], 6);
	assert_int_equal(guest_cpl(&s), 0);
	expect_segment(&s.segments[GUEST_CS], 0x28, 0xa09b);
	expect_segment(&s.segments[GUEST_SS], 0x30, 0xc093);
}

static void a_call_drops_the_privilege_of_its_selector_and_keeps_bit_1(void **state)
{
	const struct syscall_msrs odd = {.star = UINT64_C(0x2b) << 32, .fmask = UINT32_MAX};
	struct guest_cpu_state s = {.rflags = 0x246};

	(void)state;
	syscall_enter(&s, &odd, 3);
	assert_int_equal(s.segments[GUEST_CS].selector, 0x28);
	assert_int_equal(s.segments[GUEST_SS].selector, 0x33);
	assert_int_equal(s.rflags, RFLAGS_ONE);
	assert_int_equal(s.gpr[RCX], 3);
}

static void a_return_loads_what_the_manual_says(void **state)
{
	struct guest_cpu_state s = {
		.gpr = {[RCX] = UINT64_C(0x7fff12345678), [R11] = UINT64_MAX, [RAX] = 9},
		.segments[GUEST_SS].access = 0xc093,
	};

	(void)state;
	assert_true(syscall_return(&s, &msrs, true));
	assert_int_equal(s.rip, UINT64_C(0x7fff12345678));
	assert_int_equal(s.rflags, 0x3c7fd7);
	assert_int_equal(s.gpr[RAX], 9);
	assert_int_equal(guest_cpl(&s), 3);
	expect_segment(&s.segments[GUEST_CS], 0x4b, 0xa0fb);
	expect_segment(&s.segments[GUEST_SS], 0x43, 0xc0f3);
}

static void a_return_to_compatibility_mode_cuts_rip(void **state)
{
	struct guest_cpu_state s = {
		.gpr = {[RCX] = UINT64_C(0x8000000012345678), [R11] = 0},
		.segments[GUEST_SS].access = 0xc093,
	};

	(void)state;
	assert_true(syscall_return(&s, &msrs, false));
	assert_int_equal(s.rip, 0x12345678);
	assert_int_equal(s.rflags, RFLAGS_ONE);
	expect_segment(&s.segments[GUEST_CS], 0x3b, 0xc0fb);
	expect_segment(&s.segments[GUEST_SS], 0x43, 0xc0f3);
}

static void a_return_that_faults_changes_nothing(void **state)
{
	struct guest_cpu_state s = {
		.rip = 0x1000,
		.rflags = 0x202,
		.gpr = {[RCX] = UINT64_C(0x800000000000)},
		.segments[GUEST_SS].access = 0xc093,
	};
	struct guest_cpu_state before = s;

	(void)state;
	assert_false(syscall_return(&s, &msrs, true));
	assert_memory_equal(&s, &before, sizeof(s));
	s.gpr[RCX] = 0;
	s.segments[GUEST_SS].access = 0xc0f3; /* CPL 3 */
	before = s;
	assert_false(syscall_return(&s, &msrs, true));
	assert_false(syscall_return(&s, &msrs, false));
	assert_memory_equal(&s, &before, sizeof(s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_may_stand_before_the_opcode),
		cmocka_unit_test(a_call_loads_what_the_manual_says),
		cmocka_unit_test(a_call_drops_the_privilege_of_its_selector_and_keeps_bit_1),
		cmocka_unit_test(a_return_loads_what_the_manual_says),
		cmocka_unit_test(a_return_to_compatibility_mode_cuts_rip),
		cmocka_unit_test(a_return_that_faults_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
