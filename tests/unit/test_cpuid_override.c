/* tests/unit/test_cpuid_override.c - single answers of CPUID are changed for a guest. */
#include "tests/unit/support.h"

#include "guest/cpuid.h"

#define EAX 1u
#define EBX 2u
#define ECX 4u
#define EDX 8u

/* A CPU with all that the guest may have, up to leaf 16h. */
static struct cpuid_regs host(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0)
		return (struct cpuid_regs){.eax = 0x16};
	if (leaf == CPUID_EXTENDED)
		return (struct cpuid_regs){.eax = 0x80000008};
	if (leaf == 0x80000008)
		return (struct cpuid_regs){.eax = 0x3028};
	if (leaf == 0xd)
		return (struct cpuid_regs){.eax = subleaf ? 16 : 7, .ebx = 576};
	return (struct cpuid_regs){~0u, ~0u, ~0u, ~0u};
}

static struct cpuid_policy policy;

static int build(void **state)
{
	const struct cpuid_options options = {0};

	(void)state;
	cpuid_policy_build(&policy, host, &options);
	return 0;
}

static struct cpuid_regs ask(uint32_t leaf, uint32_t subleaf)
{
	const struct cpuid_dynamic now = {.cr4 = CR4_OSXSAVE, .xcr0 = 7};
	struct cpuid_regs r;

	cpuid_answer(&policy, leaf, subleaf, &now, &r);
	return r;
}

static enum status set(uint32_t leaf, uint32_t subleaf, unsigned named)
{
	const struct cpuid_override o = {leaf, subleaf, named, {0x11, 0x22, 0x33, 0x44}};

	return cpuid_override(&policy, &o);
}

static void only_the_named_registers_change(void **state)
{
	static const struct {
		uint32_t leaf, subleaf;
	} places[] = {{0, 0},          {2, 0},          {4, 0},          {4, 7},
		      {7, 0},          {7, 1},          {0xd, 1},        {0xd, 2},
		      {0x16, 0},       {0x40000000, 0}, {0x40000001, 0}, {0x80000000, 0},
		      {0x80000002, 0}, {0x80000008, 0}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		uint32_t leaf = places[i].leaf, subleaf = places[i].subleaf;
		struct cpuid_regs before = ask(leaf, subleaf), after;

		assert_int_equal(set(leaf, subleaf, EAX | EDX), OK);
		after = ask(leaf, subleaf);
		assert_int_equal(after.eax, 0x11);
		assert_int_equal(after.ebx, before.ebx);
		assert_int_equal(after.ecx, before.ecx);
		assert_int_equal(after.edx, 0x44);
		assert_int_equal(set(leaf, subleaf, EBX | ECX), OK);
		after = ask(leaf, subleaf);
		assert_int_equal(after.ebx, 0x22);
		assert_int_equal(after.ecx, 0x33);
	}
}

static void a_fixed_leaf_stays_one_and_its_table_has_the_answer(void **state)
{
	uint32_t fixed = cpuid_fixed_leaves(&policy);

	(void)state;
	assert_int_equal(set(2, 0, ECX), OK);
	assert_int_equal(cpuid_fixed(&policy, 2)->ecx, 0x33);
	assert_int_equal(cpuid_fixed_leaves(&policy), fixed);
}

static void leaves_above_the_highest_follow_it(void **state)
{
	(void)state;
	assert_int_equal(set(0x16, 0, EBX), OK);
	assert_int_equal(ask(0x17, 0).ebx, 0x22);
	assert_int_equal(ask(0x1000, 0).ebx, 0x22);
}

/* What is told is not what is allowed. */
static void the_guest_may_do_no_more_than_before(void **state)
{
	uint64_t cr4 = cr4_guest_allowed(&policy), xcr0 = xcr0_allowed(&policy);
	uint8_t width = policy.maxphyaddr;

	(void)state;
	assert_int_equal(set(1, 0, ECX | EDX), OK);
	assert_int_equal(set(7, 0, EBX | ECX), OK);
	assert_int_equal(set(0xd, 0, EAX | ECX), OK);
	assert_int_equal(set(0x80000008, 0, EAX), OK);
	assert_int_equal(cr4_guest_allowed(&policy), cr4);
	assert_int_equal(xcr0_allowed(&policy), xcr0);
	assert_int_equal(policy.maxphyaddr, width);
}

static void osxsave_still_follows_cr4(void **state)
{
	(void)state;
	assert_int_equal(set(1, 0, ECX), OK);
	assert_int_equal(ask(1, 0).ecx, 0x33 | BIT(27));
}

static void what_is_not_there_or_worked_out_is_refused(void **state)
{
	static const struct {
		uint32_t leaf, subleaf;
		unsigned named;
		enum status status;
	} samples[] = {
		{0x17, 0, EAX, ERR_NOT_FOUND},         {2, 1, EAX, ERR_NOT_FOUND},
		{4, CPUID_CACHES, EAX, ERR_NOT_FOUND}, {7, 2, EAX, ERR_NOT_FOUND},
		{0xd, 32, EAX, ERR_NOT_FOUND},         {0x40000002, 0, EAX, ERR_NOT_FOUND},
		{0x40000000, 1, EAX, ERR_NOT_FOUND},   {0x80000009, 0, EAX, ERR_NOT_FOUND},
		{0x20000000, 0, EAX, ERR_NOT_FOUND},   {0xb, 0, EAX, ERR_UNSUPPORTED},
		{0xd, 0, EBX, ERR_UNSUPPORTED},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++)
		assert_int_equal(set(samples[i].leaf, samples[i].subleaf, samples[i].named),
				 samples[i].status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_the_named_registers_change, build),
		cmocka_unit_test_setup(a_fixed_leaf_stays_one_and_its_table_has_the_answer, build),
		cmocka_unit_test_setup(leaves_above_the_highest_follow_it, build),
		cmocka_unit_test_setup(the_guest_may_do_no_more_than_before, build),
		cmocka_unit_test_setup(osxsave_still_follows_cr4, build),
		cmocka_unit_test_setup(what_is_not_there_or_worked_out_is_refused, build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
