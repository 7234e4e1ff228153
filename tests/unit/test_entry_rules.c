/* tests/unit/test_entry_rules.c - a sound guest state breaks no rule, and one wrong field breaks
 * its own. */
#include "tests/unit/support.h"

#include <string.h>

#include "vmx/controls.h"
#include "vmx/entry_rules.h"

static struct entry_state real_mode(void)
{
	struct entry_state e = {
		.cr0 = CR0_ET | CR0_NE,
		.cr4 = CR4_VMXE,
		.rip = 0x7c00,
		.rflags = RFLAGS_ONE,
		.dr7 = 0x400,
		.cr0_fixed0 = CR0_PE | CR0_NE | CR0_PG,
		.cr0_fixed1 = UINT32_MAX,
		.cr4_fixed0 = CR4_VMXE,
		.cr4_fixed1 = 0x3767ff,
		.link_pointer = UINT64_MAX,
		.pin_controls = (uint32_t)PIN_VIRTUAL_NMIS,
		.maxphyaddr = 40,
		.gdtr_limit = 0xffff,
		.idtr_limit = 0xffff,
	};

	for (unsigned i = 0; i < GUEST_SEGMENTS; i++)
		e.segments[i] = (struct guest_segment){.access = 0x93, .limit = 0xffff};
	e.segments[GUEST_LDTR].access = 0x82;
	e.segments[GUEST_TR].access = 0x8b;
	return e;
}

static struct entry_state long_mode(void)
{
	struct entry_state e = real_mode();

	e.cr0 |= CR0_PE | CR0_PG;
	e.cr4 |= CR4_PAE;
	e.efer = EFER_LME | EFER_LMA;
	e.entry_controls = (uint32_t)ENTRY_IA32E;
	e.segments[GUEST_CS].access = 0xa09b;
	e.segments[GUEST_CS].limit = UINT32_MAX;
	return e;
}

static unsigned count_broken(const struct entry_state *e, const char **rule)
{
	unsigned broken = 0;

	for (unsigned i = 0; i < entry_rule_count; i++) {
		if (!entry_rules[i].holds(e)) {
			*rule = entry_rules[i].rule;
			broken++;
		}
	}
	return broken;
}

static void expect_broken(const struct entry_state *e, const char *words)
{
	const char *rule = "none";

	for (unsigned i = 0; i < entry_rule_count; i++) {
		if (strstr(entry_rules[i].rule, words)) {
			assert_false(entry_rules[i].holds(e));
			return;
		}
	}
	(void)count_broken(e, &rule);
	fail_msg("no rule says \"%s\"; broken: %s", words, rule);
}

static void a_sound_state_breaks_no_rule(void **state)
{
	struct entry_state real = real_mode(), wide = long_mode();
	const char *rule = "";

	(void)state;
	if (count_broken(&real, &rule) || count_broken(&wide, &rule))
		fail_msg("broken: %s", rule);
}

#define BROKEN_BY(name, base, change, words)                                                       \
	static void name(void **state)                                                             \
	{                                                                                          \
		struct entry_state e = base();                                                     \
                                                                                                   \
		(void)state;                                                                       \
		change;                                                                            \
		expect_broken(&e, words);                                                          \
	}

BROKEN_BY(cr0_ne_clear, real_mode, e.cr0 &= ~CR0_NE, "CR0 has the bits")
BROKEN_BY(paging_without_protection, real_mode, e.cr0 |= CR0_PG, "CR0.PG is 1 only")
BROKEN_BY(cr4_vmxe_clear, real_mode, e.cr4 = 0, "CR4 has the bits")
BROKEN_BY(long_mode_without_pae, long_mode, e.cr4 &= ~CR4_PAE, "IA-32e mode has")
BROKEN_BY(pcid_outside_long_mode, real_mode, e.cr4 |= CR4_PCIDE, "CR4.PCIDE")
BROKEN_BY(cr3_too_wide, real_mode, e.cr3 = BIT(40), "CR3 is within")
BROKEN_BY(lma_without_the_control, real_mode, e.efer = EFER_LMA, "EFER.LMA is")
BROKEN_BY(efer_reserved_bit, real_mode, e.efer = BIT(1), "reserved bits of EFER")
BROKEN_BY(dr7_too_wide, real_mode, e.dr7 = BIT(32), "DR7")
BROKEN_BY(rflags_bit_1_clear, real_mode, e.rflags = 0, "RFLAGS bit 1")
BROKEN_BY(v86_in_real_mode, real_mode, e.rflags |= RFLAGS_VM, "virtual-8086")
BROKEN_BY(interrupt_with_if_clear, real_mode, e.event_info = 0x80000020, "needs RFLAGS.IF")
BROKEN_BY(rip_too_wide, real_mode, e.rip = BIT(32), "RIP fits")
BROKEN_BY(rip_not_canonical, long_mode, e.rip = BIT(47), "RIP fits")
BROKEN_BY(tr_not_busy, real_mode, e.segments[GUEST_TR].access = 0x89, "TR is a busy")
BROKEN_BY(ldtr_not_an_ldt, real_mode, e.segments[GUEST_LDTR].access = 0x8b, "LDTR")
BROKEN_BY(cs_not_present, real_mode, e.segments[GUEST_CS].access = 0x13, "CS is a present")
BROKEN_BY(cs_long_and_db, long_mode, e.segments[GUEST_CS].access |= 0x4000, "CS.L and CS.D")
BROKEN_BY(cs_and_ss_disagree, long_mode, e.segments[GUEST_SS].access = 0xf3, "DPLs of CS")
BROKEN_BY(ss_read_only, real_mode, e.segments[GUEST_SS].access = 0x91, "SS is unusable")
BROKEN_BY(ds_not_accessed, real_mode, e.segments[GUEST_DS].access = 0x92, "DS, ES, FS, GS")
BROKEN_BY(reserved_right, real_mode, e.segments[GUEST_FS].access |= 0x100,
	  "reserved bits of access")
BROKEN_BY(limit_without_g, real_mode, e.segments[GUEST_GS].limit = UINT32_MAX, "granularity")
BROKEN_BY(cs_base_too_high, real_mode, e.segments[GUEST_CS].base = BIT(32), "segment bases")
BROKEN_BY(gdtr_limit_too_wide, real_mode, e.gdtr_limit = 0x10000, "GDTR")
BROKEN_BY(unknown_activity, real_mode, e.activity = 4, "activity")
BROKEN_BY(sti_and_mov_ss_both, real_mode, e.interruptibility = 3, "blocking bits")
BROKEN_BY(nmi_into_blocked_nmis, real_mode, e.event_info = 0x80000202;
	  e.interruptibility = 8, "injected event")
BROKEN_BY(debug_reserved_bit, real_mode, e.pending_debug = BIT(13), "pending debug")
BROKEN_BY(link_pointer_set, real_mode, e.link_pointer = 0, "link pointer")

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_state_breaks_no_rule),
		cmocka_unit_test(cr0_ne_clear),
		cmocka_unit_test(paging_without_protection),
		cmocka_unit_test(cr4_vmxe_clear),
		cmocka_unit_test(long_mode_without_pae),
		cmocka_unit_test(pcid_outside_long_mode),
		cmocka_unit_test(cr3_too_wide),
		cmocka_unit_test(lma_without_the_control),
		cmocka_unit_test(efer_reserved_bit),
		cmocka_unit_test(dr7_too_wide),
		cmocka_unit_test(rflags_bit_1_clear),
		cmocka_unit_test(v86_in_real_mode),
		cmocka_unit_test(interrupt_with_if_clear),
		cmocka_unit_test(rip_too_wide),
		cmocka_unit_test(rip_not_canonical),
		cmocka_unit_test(tr_not_busy),
		cmocka_unit_test(ldtr_not_an_ldt),
		cmocka_unit_test(cs_not_present),
		cmocka_unit_test(cs_long_and_db),
		cmocka_unit_test(cs_and_ss_disagree),
		cmocka_unit_test(ss_read_only),
		cmocka_unit_test(ds_not_accessed),
		cmocka_unit_test(reserved_right),
		cmocka_unit_test(limit_without_g),
		cmocka_unit_test(cs_base_too_high),
		cmocka_unit_test(gdtr_limit_too_wide),
		cmocka_unit_test(unknown_activity),
		cmocka_unit_test(sti_and_mov_ss_both),
		cmocka_unit_test(nmi_into_blocked_nmis),
		cmocka_unit_test(debug_reserved_bit),
		cmocka_unit_test(link_pointer_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
