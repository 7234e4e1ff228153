/* tests/unit/test_caps.c - what Lintel says to CPUs that will not do, and what it asks of the
 * others. */
#include "tests/unit/support.h"

#include <string.h>

#include "vmx/caps.h"

/* A CPU that has every control and insists on none. */
static struct vmx_msrs good_cpu(void)
{
	struct vmx_msrs m = {
		.cpu_has_vmx = true,
		.feature_control = FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX_OUTSIDE_SMX,
		.basic = 0x12,
		.misc = 5,
		.cr0_fixed0 = 0x80000021,
		.cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = 0x2000,
		.cr4_fixed1 = 0x3767ff,
		.ept_vpid = UINT64_C(0xf0106734141),
	};

	for (unsigned g = 0; g < CONTROL_GROUPS; g++)
		m.group[g] = UINT64_C(0xffffffff) << 32;
	return m;
}

static void expect_refusal(const struct vmx_msrs *m, const char *words)
{
	struct vmx_caps caps;
	char text[256] = "";

	assert_int_equal(vmx_caps_decide(m, &caps, text, sizeof(text)), ERR_UNSUPPORTED);
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static void a_good_cpu_is_taken(void **state)
{
	struct vmx_msrs m = good_cpu();
	struct vmx_caps caps;
	char text[256];

	(void)state;
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_int_equal(caps.revision, 0x12);
	assert_int_equal(caps.preemption_shift, 5);
	assert_false(caps.hlt_state);
	m.misc |= BIT(6);
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_true(caps.hlt_state);
	assert_true(caps.vpid);
	assert_true(caps.preemption_timer);
	assert_true(caps.guest_pat);
	assert_false(caps.must_lock_feature_control);
	assert_int_equal(caps.ept_max_leaf, PAGE_1G);
}

static void without_vmx_it_says_so_and_what_to_do(void **state)
{
	struct vmx_msrs m = good_cpu();

	(void)state;
	m.cpu_has_vmx = false;
	expect_refusal(&m, "this CPU has no VT-x");
	m.in_emulator = true;
	expect_refusal(&m, "-accel kvm -cpu host");
}

static void a_firmware_lock_is_told_from_a_missing_feature(void **state)
{
	struct vmx_msrs m = good_cpu();

	(void)state;
	m.feature_control = FEATURE_CONTROL_LOCKED;
	expect_refusal(&m, "locked by the firmware");
}

static void an_open_feature_control_will_be_locked(void **state)
{
	struct vmx_msrs m = good_cpu();
	struct vmx_caps caps;
	char text[256];

	(void)state;
	m.feature_control = 0;
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_true(caps.must_lock_feature_control);
}

static void each_missing_need_is_named(void **state)
{
	struct vmx_msrs m = good_cpu();

	(void)state;
	m.group[CONTROL_PROC] &= ~BIT(63);
	expect_refusal(&m, "no secondary processor-based controls");
	m = good_cpu();
	m.group[CONTROL_PROC2] &= ~BIT(32 + 1);
	expect_refusal(&m, "no EPT");
	m = good_cpu();
	m.group[CONTROL_PROC2] &= ~BIT(32 + 7);
	expect_refusal(&m, "no unrestricted guest");
	m = good_cpu();
	m.ept_vpid &= ~BIT(6);
	expect_refusal(&m, "four levels");
	m = good_cpu();
	m.ept_vpid &= ~BIT(14);
	expect_refusal(&m, "write-back");
	m = good_cpu();
	m.ept_vpid &= ~BIT(20);
	expect_refusal(&m, "no INVEPT");
}

/* Every control that must be on, one after the other, taken away. */
static void every_refused_control_is_named(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (unsigned i = 0; i < control_bit_count; i++) {
		const struct control_bit *b = &control_bits[i];
		struct vmx_msrs m = good_cpu();

		if (b->want != WANT_ON || (b->group == CONTROL_PROC && b->bit == 31) ||
		    (b->group == CONTROL_PROC2 && (b->bit == 1 || b->bit == 7)))
			continue; /* those have words of their own */
		m.group[b->group] &= ~BIT(32 + b->bit);
		expect_refusal(&m, b->name);
		seen++;
	}
	assert_true(seen > 10);
}

static void every_optional_control_can_be_missing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < control_bit_count; i++) {
		const struct control_bit *b = &control_bits[i];
		struct vmx_msrs m = good_cpu();
		struct vmx_caps caps;
		char text[256];

		if (b->want != WANT_IF_ANY)
			continue;
		m.group[b->group] &= ~BIT(32 + b->bit);
		assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
		assert_false(caps.controls[b->group] & BIT(b->bit));
	}
}

static void what_the_cpu_insists_on_is_kept(void **state)
{
	struct vmx_msrs m = good_cpu();
	struct vmx_caps caps;
	char text[256];

	(void)state;
	m.group[CONTROL_PIN] |= 0x16;
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_int_equal(caps.controls[CONTROL_PIN] & 0x16, 0x16);
}

static void a_vpid_without_invvpid_is_not_used(void **state)
{
	struct vmx_msrs m = good_cpu();
	struct vmx_caps caps;
	char text[256];

	(void)state;
	m.ept_vpid &= ~BIT(32);
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_false(caps.vpid);
	assert_false(caps.controls[CONTROL_PROC2] & PROC2_VPID);
}

static void the_largest_ept_leaf_follows_the_capability(void **state)
{
	struct vmx_msrs m = good_cpu();
	struct vmx_caps caps;
	char text[256];

	(void)state;
	m.ept_vpid &= ~BIT(17);
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_int_equal(caps.ept_max_leaf, PAGE_2M);
	m.ept_vpid &= ~BIT(16);
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_int_equal(caps.ept_max_leaf, PAGE_4K);
}

static void without_takes_away_what_it_names(void **state)
{
	struct vmx_msrs m = good_cpu();
	struct vmx_caps caps;
	char text[256];

	(void)state;
	assert_int_equal(vmx_caps_without(&m, text_from("vpid")), OK);
	assert_int_equal(vmx_caps_without(&m, text_from("preemption-timer")), OK);
	assert_int_equal(vmx_caps_without(&m, text_from("pat")), OK);
	assert_int_equal(vmx_caps_without(&m, text_from("1g")), OK);
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_true(caps.ept_flags && caps.pml);
	assert_int_equal(vmx_caps_without(&m, text_from("pml")), OK);
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_true(caps.fast_path && caps.ept_exec_only);
	assert_int_equal(vmx_caps_without(&m, text_from("exec-only")), OK);
	assert_true(caps.ept_flags && !caps.pml);
	assert_int_equal(vmx_caps_without(&m, text_from("ept-flags")), OK);
	assert_int_equal(vmx_caps_without(&m, text_from("fast-path")), OK);
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_false(caps.fast_path || caps.ept_flags || caps.ept_exec_only);
	assert_false(caps.vpid || caps.preemption_timer || caps.guest_pat);
	assert_int_equal(caps.ept_max_leaf, PAGE_2M);
	assert_int_equal(vmx_caps_without(&m, text_from("2m")), OK);
	assert_int_equal(vmx_caps_decide(&m, &caps, text, sizeof(text)), OK);
	assert_int_equal(caps.ept_max_leaf, PAGE_4K);
	assert_int_equal(vmx_caps_without(&m, text_from("virtual-nmis")), OK);
	expect_refusal(&m, "virtual NMIs");
	assert_int_equal(vmx_caps_without(&m, text_from("unrestricted-guest")), OK);
	expect_refusal(&m, "no unrestricted guest");
	assert_int_equal(vmx_caps_without(&m, text_from("ept")), OK);
	expect_refusal(&m, "no EPT");
	assert_int_equal(vmx_caps_without(&m, text_from("vmx")), OK);
	expect_refusal(&m, "no VT-x");
	assert_int_equal(vmx_caps_without(&m, text_from("wheels")), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_cpu_is_taken),
		cmocka_unit_test(without_vmx_it_says_so_and_what_to_do),
		cmocka_unit_test(a_firmware_lock_is_told_from_a_missing_feature),
		cmocka_unit_test(an_open_feature_control_will_be_locked),
		cmocka_unit_test(each_missing_need_is_named),
		cmocka_unit_test(every_refused_control_is_named),
		cmocka_unit_test(every_optional_control_can_be_missing),
		cmocka_unit_test(what_the_cpu_insists_on_is_kept),
		cmocka_unit_test(a_vpid_without_invvpid_is_not_used),
		cmocka_unit_test(the_largest_ept_leaf_follows_the_capability),
		cmocka_unit_test(without_takes_away_what_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
