/* tests/unit/test_cpuid.c - the CPU that a guest is shown. */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/cpuid.h"

/* A host with every bit set that can be set: what is not on the list must not come out. */
static uint32_t host_max_basic, host_xcr0;

static struct cpuid_regs full_host(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs ones = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};

	switch (leaf) {
	case 0:
		memcpy(&ones.ebx, "Genu", 4);
		memcpy(&ones.edx, "ineI", 4);
		memcpy(&ones.ecx, "ntel", 4);
		ones.eax = host_max_basic;
		return ones;
	case 1:
		ones.eax = 0x50654;
		return ones;
	case 2:
		return (struct cpuid_regs){0xff01, 2, 3, 4};
	case 4:
		if (subleaf > 3)
			return (struct cpuid_regs){0};
		ones.eax = 0xfc000000 | 63u << 14 | (subleaf + 1) << 5 | 1;
		return ones;
	case 7:
		ones.eax = subleaf == 0 ? 2 : UINT32_MAX;
		return ones;
	case 0xd:
		if (subleaf == 0)
			return (struct cpuid_regs){host_xcr0, 2696, 2696, 0};
		if (subleaf == 2)
			return (struct cpuid_regs){256, 576, 0, 0};
		if (subleaf == 5)
			return (struct cpuid_regs){64, 1088, 0, 0};
		if (subleaf == 6)
			return (struct cpuid_regs){512, 1152, 2, 0};
		if (subleaf == 7)
			return (struct cpuid_regs){1024, 1664, 0, 0};
		return ones;
	case 0x15:
		return (struct cpuid_regs){2, 292, 24000000, 0};
	case 0x16:
		return (struct cpuid_regs){3500, 4000, 100, 0};
	case 0x80000000:
		return (struct cpuid_regs){0x80000008, 0, 0, 0};
	case 0x80000002:
		return (struct cpuid_regs){0x41424344, 0, 0, 0};
	case 0x80000008:
		return (struct cpuid_regs){0x3027, UINT32_MAX, UINT32_MAX, UINT32_MAX};
	default:
		return ones;
	}
}

static struct cpuid_policy policy;

static void build(bool rdtscp)
{
	const struct cpuid_options options = {.rdtscp = rdtscp, .version = 0x00010203};

	cpuid_policy_build(&policy, full_host, &options);
}

static int full(void **state)
{
	(void)state;
	host_max_basic = 0x20;
	host_xcr0 = 0x2ff;
	build(true);
	return 0;
}

static struct cpuid_regs ask_with(uint32_t leaf, uint32_t subleaf, uint64_t cr4, uint64_t xcr0)
{
	const struct cpuid_dynamic now = {.cr4 = cr4, .xcr0 = xcr0};
	struct cpuid_regs out;

	memset(&out, 0xa5, sizeof(out));
	cpuid_answer(&policy, leaf, subleaf, &now, &out);
	return out;
}

static struct cpuid_regs ask(uint32_t leaf, uint32_t subleaf)
{
	return ask_with(leaf, subleaf, 0, 1);
}

static void assert_regs(struct cpuid_regs r, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	assert_int_equal(r.eax, eax);
	assert_int_equal(r.ebx, ebx);
	assert_int_equal(r.ecx, ecx);
	assert_int_equal(r.edx, edx);
}

static void the_vendor_stays_and_the_range_ends_at_16h(void **state)
{
	struct cpuid_regs r = ask(0, 0);

	(void)state;
	assert_int_equal(r.eax, 0x16);
	assert_memory_equal(&r.ebx, "Genu", 4);
	assert_memory_equal(&r.edx, "ineI", 4);
	assert_memory_equal(&r.ecx, "ntel", 4);
}

static void what_the_guest_lacks_is_hidden(void **state)
{
	/* 1 ECX: MONITOR VMX SMX EIST TM2 SDBG PDCM PCID DCA x2APIC TSC-deadline OSXSAVE */
	static const uint8_t ecx[] = {2, 3, 4, 5, 6, 7, 8, 10, 11, 14, 15, 16, 17, 18, 21, 24, 27};
	/* 1 EDX: APIC MTRR MCA PSN DS ACPI HTT TM PBE */
	static const uint8_t edx[] = {9, 10, 12, 14, 18, 20, 21, 22, 28, 29, 30, 31};
	/* 7 EBX: TSC_ADJUST SGX HLE INVPCID RTM PQM MPX PQE PT */
	static const uint8_t ebx7[] = {1, 2, 4, 10, 11, 12, 14, 15, 22, 25};
	/* 7 ECX: PKU OSPKE WAITPKG CET TME LA57 MAWAU KL bus-lock ENQCMD SGX_LC PKS */
	static const uint8_t ecx7[] = {3, 4, 5, 7, 13, 15, 16, 17, 21, 23, 24, 26, 29, 30, 31};
	/* 7 EDX: UINTR RTM_ALWAYS_ABORT HYBRID TSXLDTRK PCONFIG LBR CET AMX SPEC_CTRL ... SSBD */
	static const uint8_t edx7[] = {0,  1,  5,  6,  7,  9,  11, 12, 13, 15, 16, 17, 18,
				       19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31};
	struct cpuid_regs one = ask(1, 0), seven = ask(7, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(ecx); i++)
		assert_false(one.ecx >> ecx[i] & 1);
	for (size_t i = 0; i < sizeof(edx); i++)
		assert_false(one.edx >> edx[i] & 1);
	for (size_t i = 0; i < sizeof(ebx7); i++)
		assert_false(seven.ebx >> ebx7[i] & 1);
	for (size_t i = 0; i < sizeof(ecx7); i++)
		assert_false(seven.ecx >> ecx7[i] & 1);
	for (size_t i = 0; i < sizeof(edx7); i++)
		assert_false(seven.edx >> edx7[i] & 1);
	assert_int_equal(one.eax, 0x50654);
	assert_int_equal(cpuid_signature(&policy), 0x50654);
	assert_int_equal(one.ebx >> 16, 1); /* one logical CPU with APIC ID 0 */
	assert_true(one.ecx >> 31);         /* a hypervisor is there */
	assert_true(one.ecx >> 26 & 1);     /* XSAVE */
	assert_int_equal(seven.eax, 1);
}

static void leaves_of_hidden_features_are_zero(void **state)
{
	static const uint8_t leaves[] = {3, 5, 6, 8, 9, 0xa, 0xc, 0xe, 0xf, 0x10, 0x11, 0x12, 0x14};

	(void)state;
	for (size_t i = 0; i < sizeof(leaves); i++)
		assert_regs(ask(leaves[i], 0), 0, 0, 0, 0);
	assert_regs(ask(7, 2), 0, 0, 0, 0);
}

static void numbers_pass(void **state)
{
	(void)state;
	assert_regs(ask(2, 0), 0xff01, 2, 3, 4);
	assert_regs(ask(0x15, 0), 2, 292, 24000000, 0);
	assert_regs(ask(0x16, 0), 3500, 4000, 100, 0);
	assert_int_equal(ask(0x80000002, 0).eax, 0x41424344);
}

static void topology_is_one_core(void **state)
{
	struct cpuid_regs cache = ask(4, 1);

	(void)state;
	assert_int_equal(cache.eax, 2u << 5 | 1);
	assert_int_equal(cache.ebx, UINT32_MAX);
	assert_regs(ask(4, 4), 0, 0, 0, 0);
	assert_regs(ask(4, 100), 0, 0, 0, 0);
	assert_regs(ask(0xb, 0), 0, 1, 0x100, 0);
	assert_regs(ask(0xb, 1), 0, 1, 0x201, 0);
	assert_regs(ask(0xb, 2), 0, 0, 2, 0);
	assert_regs(ask(0xb, 0x1ff), 0, 0, 0xff, 0);
}

static void osxsave_follows_cr4(void **state)
{
	(void)state;
	assert_false(ask_with(1, 0, 0, 1).ecx >> 27 & 1);
	assert_true(ask_with(1, 0, CR4_OSXSAVE, 1).ecx >> 27 & 1);
	assert_false(ask_with(7, 0, CR4_PKE, 1).ecx >> 4 & 1);
}

static void xsave_sizes_follow_xcr0(void **state)
{
	(void)state;
	/* PKRU (bit 9) and MPX (3, 4) are not offered: the area ends with ZMM_Hi256's 1664 +
	 * 1024. */
	assert_regs(ask_with(0xd, 0, 0, 1), 0xe7, 576, 2688, 0);
	assert_regs(ask_with(0xd, 0, 0, 3), 0xe7, 576, 2688, 0);
	assert_regs(ask_with(0xd, 0, 0, 7), 0xe7, 832, 2688, 0);
	assert_regs(ask_with(0xd, 0, 0, 0xe7), 0xe7, 2688, 2688, 0);
	/* XSAVEC is not offered, so there is no compact area to tell the size of. */
	assert_regs(ask_with(0xd, 1, 0, 0xe7), 5, 0, 0, 0);
	assert_regs(ask(0xd, 2), 256, 576, 0, 0);
	assert_regs(ask(0xd, 6), 512, 1152, 2, 0);
	assert_regs(ask(0xd, 3), 0, 0, 0, 0);
	assert_regs(ask(0xd, 9), 0, 0, 0, 0);
	assert_regs(ask(0xd, 62), 0, 0, 0, 0);
	assert_int_equal(xcr0_allowed(&policy), 0xe7);
}

static void features_without_their_state_are_hidden(void **state)
{
	(void)state;
	host_max_basic = 0x20;
	host_xcr0 = 7;
	build(true);
	assert_int_equal(xcr0_allowed(&policy), 7);
	assert_false(ask(7, 0).ebx >> 16 & 1);
	assert_true(ask(7, 0).ebx >> 5 & 1);
	assert_true(ask(7, 1).eax >> 4 & 1);
	assert_false(ask(7, 1).eax >> 5 & 1);
	host_xcr0 = 3;
	build(true);
	assert_int_equal(xcr0_allowed(&policy), 3);
	assert_false(ask(1, 0).ecx >> 28 & 1);
	assert_false(ask(7, 0).ebx >> 5 & 1);
	assert_int_equal(ask(7, 1).eax & 0x1f, 0);
	/* AVX-512 in parts is none. */
	host_xcr0 = 0x67;
	build(true);
	assert_int_equal(xcr0_allowed(&policy), 7);
}

static void an_old_host_gives_a_short_range(void **state)
{
	(void)state;
	host_max_basic = 4;
	host_xcr0 = 7;
	build(false);
	assert_int_equal(ask(0, 0).eax, 4);
	assert_int_equal(xcr0_allowed(&policy), 0);
	assert_false(ask(1, 0).ecx >> 26 & 1);
	assert_false(cr4_guest_allowed(&policy) & (CR4_OSXSAVE | CR4_SMEP));
	/* Past the end, leaf 4 answers, with its subleaves. */
	assert_int_equal(ask(5, 1).eax, ask(4, 1).eax);
	assert_int_equal(ask(0xd, 2).eax, ask(4, 2).eax);
	assert_int_equal(ask(0x12345678, 3).eax, ask(4, 3).eax);
	host_max_basic = 1;
	build(false);
	assert_true(ask_with(9, 0, CR4_OSXSAVE, 0).ecx >> 27 & 1);
	host_max_basic = 0xd;
	build(false);
	assert_int_equal(ask_with(0x16, 0, 0, 7).ebx, 832);
}

static void out_of_range_gets_the_highest_basic_leaf(void **state)
{
	(void)state;
	assert_regs(ask(0x17, 0), 3500, 4000, 100, 0);
	assert_regs(ask(0x1f, 5), 3500, 4000, 100, 0);
	assert_regs(ask(0x20, 0), 3500, 4000, 100, 0);
	assert_regs(ask(0x40000100, 0), 3500, 4000, 100, 0);
	assert_regs(ask(0x80000009, 0), 3500, 4000, 100, 0);
	assert_regs(ask(0xffffffff, 0), 3500, 4000, 100, 0);
}

static void the_hypervisor_names_itself(void **state)
{
	struct cpuid_regs r = ask(0x40000000, 0);
	char name[13] = "";

	(void)state;
	memcpy(name, &r.ebx, 12);
	assert_string_equal(name, "LintelLintel");
	assert_int_equal(r.eax, 0x40000001);
	assert_regs(ask(0x40000001, 0), CPUID_INTERFACE, 0x00010203, 0, 0);
	assert_regs(ask(0x40000002, 0), 0, 0, 0, 0);
	assert_regs(ask(0x400000ff, 0), 0, 0, 0, 0);
}

static void extended_leaves_are_cut_too(void **state)
{
	struct cpuid_regs one = ask(0x80000001, 0);

	(void)state;
	assert_regs(ask(0x80000000, 0), 0x80000008, 0, 0, 0);
	assert_int_equal(one.ecx, 0x121);
	assert_int_equal(one.edx, 0x2c100800);
	assert_regs(ask(0x80000007, 0), 0, 0, 0, 0x100);
	assert_regs(ask(0x80000008, 0), 0x3027, 0, 0, 0);
	assert_int_equal(policy.maxphyaddr, 39);
	build(false);
	assert_false(ask(0x80000001, 0).edx >> 27 & 1);
	assert_false(ask(7, 0).ecx >> 22 & 1);
}

static struct cpuid_regs ancient_host(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	return (struct cpuid_regs){leaf == 0 ? 2 : 0x633, 0, 0, leaf == 1 ? BIT(3) | BIT(6) : 0};
}

static void a_host_without_extended_leaves_has_36_address_bits(void **state)
{
	const struct cpuid_options options = {.rdtscp = false};

	(void)state;
	cpuid_policy_build(&policy, ancient_host, &options);
	assert_int_equal(policy.maxphyaddr, 36);
	assert_int_equal(ask(0x80000000, 0).eax, 0x80000000);
	assert_int_equal(cr4_guest_allowed(&policy), CR4_TSD | CR4_PCE | CR4_PSE | CR4_PAE);
}

static void fixed_answers_are_those_of_the_long_way(void **state)
{
	static const uint32_t live[] = {1, 4, 7, 0xb, 0xd};
	unsigned fixed = 0;

	(void)state;
	for (uint32_t leaf = 0; leaf < 0x40; leaf++) {
		const struct cpuid_regs *r = cpuid_fixed(&policy, leaf);
		struct cpuid_regs full_answer = ask(leaf, 3);

		if (!r)
			continue;
		fixed++;
		assert_regs(full_answer, r->eax, r->ebx, r->ecx, r->edx);
	}
	assert_int_equal(fixed, 0x17 - ARRAY_SIZE(live));
	for (size_t i = 0; i < ARRAY_SIZE(live); i++)
		assert_null(cpuid_fixed(&policy, live[i]));
	assert_null(cpuid_fixed(&policy, CPUID_HYPERVISOR));
	assert_null(cpuid_fixed(&policy, UINT32_MAX));
}

static void cr4_has_what_cpuid_shows(void **state)
{
	(void)state;
	assert_int_equal(cr4_guest_allowed(&policy),
			 CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE |
				 CR4_PGE | CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_UMIP |
				 CR4_FSGSBASE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP);
}

static void xsetbv_takes_sensible_sets_only(void **state)
{
	(void)state;
	assert_true(xcr0_valid(&policy, 1));
	assert_true(xcr0_valid(&policy, 3));
	assert_true(xcr0_valid(&policy, 7));
	assert_true(xcr0_valid(&policy, 0xe7));
	assert_false(xcr0_valid(&policy, 0));
	assert_false(xcr0_valid(&policy, 2));
	assert_false(xcr0_valid(&policy, 5));    /* AVX without SSE */
	assert_false(xcr0_valid(&policy, 0x27)); /* a part of AVX-512 */
	assert_false(xcr0_valid(&policy, 0xe3)); /* AVX-512 without AVX */
	assert_false(xcr0_valid(&policy, 0x207));
	assert_false(xcr0_valid(&policy, BIT(63) | 7));
}

static struct cpuid_regs wide_host(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0x80000008)
		return (struct cpuid_regs){0x3934, 0, 0, 0}; /* 57 linear bits, 52 physical ones */
	return (struct cpuid_regs){leaf == 0x80000000 ? leaf + 8 : leaf == 0 ? 2 : 0, 0, 0, 0};
}

static void addresses_end_where_ept_ends(void **state)
{
	const struct cpuid_options options = {.rdtscp = false};

	(void)state;
	cpuid_policy_build(&policy, wide_host, &options);
	assert_int_equal(policy.maxphyaddr, 48);
	assert_int_equal(ask(0x80000008, 0).eax, 0x3930);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_vendor_stays_and_the_range_ends_at_16h, full),
		cmocka_unit_test_setup(what_the_guest_lacks_is_hidden, full),
		cmocka_unit_test_setup(leaves_of_hidden_features_are_zero, full),
		cmocka_unit_test_setup(numbers_pass, full),
		cmocka_unit_test_setup(topology_is_one_core, full),
		cmocka_unit_test_setup(osxsave_follows_cr4, full),
		cmocka_unit_test_setup(xsave_sizes_follow_xcr0, full),
		cmocka_unit_test_setup(features_without_their_state_are_hidden, full),
		cmocka_unit_test_setup(an_old_host_gives_a_short_range, full),
		cmocka_unit_test_setup(out_of_range_gets_the_highest_basic_leaf, full),
		cmocka_unit_test_setup(the_hypervisor_names_itself, full),
		cmocka_unit_test_setup(extended_leaves_are_cut_too, full),
		cmocka_unit_test(addresses_end_where_ept_ends),
		cmocka_unit_test_setup(a_host_without_extended_leaves_has_36_address_bits, full),
		cmocka_unit_test_setup(fixed_answers_are_those_of_the_long_way, full),
		cmocka_unit_test_setup(cr4_has_what_cpuid_shows, full),
		cmocka_unit_test_setup(xsetbv_takes_sensible_sets_only, full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
