/* tests/unit/test_cpuid_tsc.c - CPUID leaf 15h tells guests the frequency that was measured. */
#include "tests/unit/support.h"

#include "guest/cpuid.h"

static uint32_t max_basic;

static struct cpuid_regs host(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0)
		return (struct cpuid_regs){.eax = max_basic};
	if (leaf == 0x15)
		return (struct cpuid_regs){2, 292, 24000000, 0};
	return (struct cpuid_regs){0};
}

/* EAX is 1: a whole multiple of a frequency, which is ECX. */
static void expect_leaf(uint64_t tsc_hz, uint32_t eax, uint32_t ebx, uint32_t ecx)
{
	const struct cpuid_options options = {.tsc_hz = tsc_hz};
	const struct cpuid_dynamic now = {0};
	struct cpuid_policy policy;
	struct cpuid_regs r;

	cpuid_policy_build(&policy, host, &options);
	cpuid_answer(&policy, 0x15, 0, &now, &r);
	assert_int_equal(r.eax, eax);
	assert_int_equal(r.ebx, ebx);
	assert_int_equal(r.ecx, ecx);
	assert_int_equal(r.edx, 0);
}

static void the_measured_frequency_replaces_the_hosts_word(void **state)
{
	(void)state;
	max_basic = 0x16;
	expect_leaf(0, 2, 292, 24000000);
	expect_leaf(50000000, 1, 1, 50000000);
	expect_leaf(UINT32_MAX, 1, 1, UINT32_MAX);
	expect_leaf(5000000001, 1, 2, 2500000000);
}

static void a_cpu_without_the_leaf_gets_none(void **state)
{
	(void)state;
	max_basic = 0xd;
	expect_leaf(50000000, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_measured_frequency_replaces_the_hosts_word),
		cmocka_unit_test(a_cpu_without_the_leaf_gets_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
