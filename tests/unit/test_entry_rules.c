/* tests/unit/test_entry_rules.c - sound states break no rule of VM entry, and one wrong field
 * breaks its own rule and no other one. */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/cpu_state.h"
#include "vmx/entry_rules.h"

#define CHANGES_MAX  4u
#define NOT_A_RULE   UINT32_MAX

#define SET(e, name) ((e)->value[AT_##name])
#define ON(bit)      (UINT64_C(1) << (bit))

/* ---- sound states ---- */

/* Everything may be 1; bit 1 of the first three groups must be. */
static void set_capabilities(struct entry_state *e)
{
	for (unsigned g = 0; g < CONTROL_GROUPS; g++)
		e->msrs.group[g] = UINT64_C(0xffffffff) << 32;
	e->msrs.group[CONTROL_PIN] |= ON(1);
	e->msrs.group[CONTROL_PROC] |= ON(1);
	e->msrs.group[CONTROL_EXIT] |= ON(1);
	e->msrs.group[CONTROL_ENTRY] |= ON(1);
	e->msrs.group[CONTROL_PROC2] &= ~(ON(31) << 32);
	e->msrs.misc = UINT64_C(4) << 16 | ON(6) | ON(7) | ON(8);
	e->msrs.cr0_fixed0 = CR0_PE | CR0_NE | CR0_PG;
	e->msrs.cr0_fixed1 = UINT32_MAX;
	e->msrs.cr4_fixed0 = CR4_VMXE;
	e->msrs.cr4_fixed1 = 0xf7ffff;
	e->msrs.ept_vpid = ON(6) | ON(14);
	e->physical_bits = 40;
	e->linear_bits = 48;
}

static void set_host(struct entry_state *e)
{
	SET(e, HOST_CR0) = CR0_PE | CR0_NE | CR0_PG | CR0_WP;
	SET(e, HOST_CR4) = CR4_VMXE | CR4_PAE;
	SET(e, HOST_EFER) = EFER_LMA | EFER_LME;
	SET(e, HOST_PAT) = UINT64_C(0x0007040600070406);
	SET(e, HOST_CS_SELECTOR) = 8;
	SET(e, HOST_TR_SELECTOR) = 0x18;
	SET(e, HOST_RIP) = UINT64_C(0xffffffff80100000);
}

static struct entry_state real_mode(void)
{
	struct entry_state e = {0};

	set_capabilities(&e);
	set_host(&e);
	SET(&e, PIN_CONTROLS) = ON(0) | ON(1) | ON(3) | ON(5);
	SET(&e, PROC_CONTROLS) = ON(1) | ON(25) | ON(28) | ON(31);
	SET(&e, PROC2_CONTROLS) = ON(1) | ON(5) | ON(7);
	SET(&e, EXIT_CONTROLS) = ON(1) | ON(9) | ON(19) | ON(21);
	SET(&e, ENTRY_CONTROLS) = ON(1) | ON(2) | ON(14) | ON(15);
	SET(&e, VPID) = 1;
	SET(&e, EPT_POINTER) = 0x5000 | 3 << 3 | 6;
	SET(&e, LINK_POINTER) = UINT64_MAX;
	SET(&e, GUEST_CR0) = CR0_ET | CR0_NE;
	SET(&e, GUEST_CR4) = CR4_VMXE;
	SET(&e, GUEST_RIP) = 0x7c00;
	SET(&e, GUEST_RFLAGS) = RFLAGS_ONE;
	SET(&e, GUEST_DR7) = 0x400;
	SET(&e, GUEST_GDTR_LIMIT) = 0xffff;
	SET(&e, GUEST_IDTR_LIMIT) = 0xffff;
	for (unsigned s = 0; s < GUEST_SEGMENTS; s++) {
		e.value[AT_GUEST_ES_ACCESS + s] = 0x93;
		e.value[AT_GUEST_ES_LIMIT + s] = 0xffff;
	}
	SET(&e, GUEST_LDTR_ACCESS) = 0x82;
	SET(&e, GUEST_TR_ACCESS) = 0x8b;
	return e;
}

/* With paging and without unrestricted guest, at CPL 3. */
static struct entry_state restricted(void)
{
	struct entry_state e = real_mode();

	SET(&e, PROC2_CONTROLS) &= ~ON(7);
	SET(&e, GUEST_CR0) |= CR0_PE | CR0_PG;
	for (unsigned s = 0; s < GUEST_LDTR; s++) {
		e.value[AT_GUEST_ES_ACCESS + s] = 0xc0f3;
		e.value[AT_GUEST_ES_LIMIT + s] = UINT32_MAX;
		e.value[AT_GUEST_ES_SELECTOR + s] = 0x23;
	}
	SET(&e, GUEST_CS_ACCESS) = 0xc0fb;
	return e;
}

static struct entry_state protected_mode(void)
{
	struct entry_state e = real_mode();

	SET(&e, GUEST_CR0) |= CR0_PE;
	SET(&e, GUEST_CS_ACCESS) = 0x9b;
	return e;
}

static struct entry_state pae_paging(void)
{
	struct entry_state e = protected_mode();

	SET(&e, GUEST_CR0) |= CR0_PG;
	SET(&e, GUEST_CR4) |= CR4_PAE;
	SET(&e, GUEST_PDPTE0) = 0x1001;
	SET(&e, GUEST_PDPTE1) = ~ON(0); /* not present: anything goes */
	return e;
}

static struct entry_state v86(void)
{
	struct entry_state e = protected_mode();

	SET(&e, GUEST_RFLAGS) |= RFLAGS_VM;
	for (unsigned s = 0; s < GUEST_LDTR; s++) {
		e.value[AT_GUEST_ES_ACCESS + s] = 0xf3;
		e.value[AT_GUEST_ES_SELECTOR + s] = 0x1234;
		e.value[AT_GUEST_ES_BASE + s] = 0x12340;
	}
	return e;
}

static struct entry_state long_mode(void)
{
	struct entry_state e = pae_paging();

	SET(&e, ENTRY_CONTROLS) |= ON(9);
	SET(&e, GUEST_EFER) = EFER_LME | EFER_LMA;
	SET(&e, GUEST_CS_ACCESS) = 0xa09b;
	SET(&e, GUEST_CS_LIMIT) = UINT32_MAX;
	SET(&e, GUEST_LDTR_ACCESS) = SEGMENT_UNUSABLE;
	SET(&e, GUEST_RIP) = UINT64_C(0xffff800000000000);
	return e;
}

/* Every control that has a rule of its own is 1. */
static struct entry_state all_controls(void)
{
	struct entry_state e = long_mode();

	SET(&e, PIN_CONTROLS) |= ON(6) | ON(7);
	SET(&e, PROC_CONTROLS) |= ON(21) | ON(22);
	SET(&e, PROC2_CONTROLS) |= ON(0) | ON(8) | ON(9) | ON(13) | ON(14) | ON(17) | ON(18) |
				   ON(22) | ON(23) | ON(24) | ON(25);
	SET(&e, EXIT_CONTROLS) |= ON(15) | ON(22) | ON(25) | ON(28) | ON(29);
	SET(&e, ENTRY_CONTROLS) |= ON(16) | ON(18) | ON(20) | ON(22);
	SET(&e, TSC_MULTIPLIER) = ON(48);
	SET(&e, VM_FUNCTION_CONTROLS) = 1;
	SET(&e, POSTED_INTERRUPT_VECTOR) = 0xff;
	SET(&e, POSTED_INTERRUPT_ADDRESS) = 0x1040;
	SET(&e, ENTRY_MSR_LOAD_ADDRESS) = ON(40) - 32;
	SET(&e, ENTRY_MSR_LOAD_COUNT) = 2;
	SET(&e, EXIT_MSR_LOAD_ADDRESS) = 0x10;
	SET(&e, EXIT_MSR_LOAD_COUNT) = 1;
	SET(&e, EXIT_MSR_STORE_ADDRESS) = 0x10;
	SET(&e, EXIT_MSR_STORE_COUNT) = 1;
	SET(&e, HOST_CR4) |= CR4_CET;
	SET(&e, GUEST_CR0) |= CR0_WP;
	SET(&e, GUEST_CR4) |= CR4_CET;
	SET(&e, LINK_POINTER) = 0x7000;
	return e;
}

/* ---- what is wrong with them ---- */

struct mutation {
	const char *rule; /* its name */
	struct entry_state (*base)(void);
	struct {
		enum entry_at at;
		uint64_t flip; /* these bits */
	} changes[CHANGES_MAX];
	void (*more)(struct entry_state *e);
};

#define FLIP(name, bits) AT_##name, bits
#define EVENT(info)      FLIP(ENTRY_INTERRUPTION_INFO, ON(31) | (info))
#define EXCEPTION(n)     (3u << 8 | (n))

static void without_mtf(struct entry_state *e)
{
	e->msrs.group[CONTROL_PROC] &= ~(ON(27) << 32);
}

static void any_error_code(struct entry_state *e)
{
	e->msrs.basic = ON(56);
}

static void addresses_of_32_bits(struct entry_state *e)
{
	e->msrs.basic = ON(48);
}

static void without_hlt_state(struct entry_state *e)
{
	e->msrs.misc = 0;
}

static const struct mutation mutations[] = {
	{"pin-reserved", real_mode, {{FLIP(PIN_CONTROLS, ON(1))}}, NULL},
	{"pin-reserved", real_mode, {{FLIP(PIN_CONTROLS, ON(32))}}, NULL},
	{"proc-reserved", real_mode, {{FLIP(PROC_CONTROLS, ON(1))}}, NULL},
	{"proc2-reserved", real_mode, {{FLIP(PROC2_CONTROLS, ON(31))}}, NULL},
	{"cr3-targets", real_mode, {{FLIP(CR3_TARGET_COUNT, 5)}}, NULL},
	{"io-bitmaps", real_mode, {{FLIP(IO_BITMAP_A, 1)}}, NULL},
	{"io-bitmaps", real_mode, {{FLIP(IO_BITMAP_B, ON(40))}}, NULL},
	{"msr-bitmap", real_mode, {{FLIP(MSR_BITMAP, 0x800)}}, NULL},
	{"msr-bitmap", real_mode, {{FLIP(MSR_BITMAP, ON(32))}}, addresses_of_32_bits},
	{"virtual-apic", all_controls, {{FLIP(VIRTUAL_APIC_ADDRESS, 1)}}, NULL},
	{"tpr-threshold",
	 real_mode,
	 {{FLIP(PROC_CONTROLS, ON(21))}, {FLIP(TPR_THRESHOLD, 16)}},
	 NULL},
	{"virtual-nmis", real_mode, {{FLIP(PIN_CONTROLS, ON(3))}}, NULL},
	{"nmi-window",
	 real_mode,
	 {{FLIP(PIN_CONTROLS, ON(5))}, {FLIP(PROC_CONTROLS, ON(22))}},
	 NULL},
	{"apic-access", all_controls, {{FLIP(APIC_ACCESS_ADDRESS, ON(63))}}, NULL},
	{"apic-shadow", real_mode, {{FLIP(PROC2_CONTROLS, ON(8))}}, NULL},
	{"apic-shadow", real_mode, {{FLIP(PROC2_CONTROLS, ON(4))}}, NULL},
	{"apic-shadow", real_mode, {{FLIP(PROC2_CONTROLS, ON(9))}}, NULL},
	{"x2apic", all_controls, {{FLIP(PROC2_CONTROLS, ON(4))}}, NULL},
	{"virtual-interrupts", all_controls, {{FLIP(PIN_CONTROLS, ON(0))}}, NULL},
	{"posted", all_controls, {{FLIP(PROC2_CONTROLS, ON(9))}}, NULL},
	{"posted-ack", all_controls, {{FLIP(EXIT_CONTROLS, ON(15))}}, NULL},
	{"posted-vector", all_controls, {{FLIP(POSTED_INTERRUPT_VECTOR, 0x100)}}, NULL},
	{"posted-descriptor", all_controls, {{FLIP(POSTED_INTERRUPT_ADDRESS, 0x20)}}, NULL},
	{"vpid", real_mode, {{FLIP(VPID, 1)}}, NULL},
	{"ept-type", real_mode, {{FLIP(EPT_POINTER, 6)}}, NULL},
	{"ept-walk", real_mode, {{FLIP(EPT_POINTER, 1 << 3)}}, NULL},
	{"ept-walk", real_mode, {{FLIP(EPT_POINTER, 7 << 3)}}, NULL},
	{"ept-reserved", real_mode, {{FLIP(EPT_POINTER, ON(6))}}, NULL},
	{"ept-reserved", real_mode, {{FLIP(EPT_POINTER, ON(7))}}, NULL},
	{"ept-reserved", real_mode, {{FLIP(EPT_POINTER, ON(40))}}, NULL},
	{"pml-ept", restricted, {{FLIP(PROC2_CONTROLS, ON(1) | ON(17))}}, NULL},
	{"pml", all_controls, {{FLIP(PML_ADDRESS, 8)}}, NULL},
	{"unrestricted-ept", real_mode, {{FLIP(PROC2_CONTROLS, ON(1))}}, NULL},
	{"execute-ept", restricted, {{FLIP(PROC2_CONTROLS, ON(1) | ON(22))}}, NULL},
	{"spp-ept", restricted, {{FLIP(PROC2_CONTROLS, ON(1) | ON(23))}}, NULL},
	{"spp-table", all_controls, {{FLIP(SPP_TABLE_POINTER, 4)}}, NULL},
	{"vm-functions", all_controls, {{FLIP(VM_FUNCTION_CONTROLS, 2)}}, NULL},
	{"vm-functions",
	 restricted,
	 {{FLIP(PROC2_CONTROLS, ON(1) | ON(13))}, {FLIP(VM_FUNCTION_CONTROLS, 1)}},
	 NULL},
	{"eptp-list", all_controls, {{FLIP(EPTP_LIST_ADDRESS, 1)}}, NULL},
	{"shadow-bitmaps", all_controls, {{FLIP(VMREAD_BITMAP, 1)}}, NULL},
	{"shadow-bitmaps", all_controls, {{FLIP(VMWRITE_BITMAP, ON(41))}}, NULL},
	{"ve-information", all_controls, {{FLIP(VE_INFORMATION_ADDRESS, 1)}}, NULL},
	{"pt-ept",
	 restricted,
	 {{FLIP(PROC2_CONTROLS, ON(1) | ON(24))},
	  {FLIP(ENTRY_CONTROLS, ON(18))},
	  {FLIP(EXIT_CONTROLS, ON(25))}},
	 NULL},
	{"pt-load", all_controls, {{FLIP(ENTRY_CONTROLS, ON(18))}}, NULL},
	{"pt-clear", all_controls, {{FLIP(EXIT_CONTROLS, ON(25))}}, NULL},
	{"tsc-multiplier", all_controls, {{FLIP(TSC_MULTIPLIER, ON(48))}}, NULL},
	{"exit-reserved", real_mode, {{FLIP(EXIT_CONTROLS, ON(1))}}, NULL},
	{"save-timer", real_mode, {{FLIP(EXIT_CONTROLS, ON(22))}}, NULL},
	{"exit-msr-store", all_controls, {{FLIP(EXIT_MSR_STORE_ADDRESS, 8)}}, NULL},
	{"exit-msr-load", all_controls, {{FLIP(EXIT_MSR_LOAD_ADDRESS, ON(40))}}, NULL},
	{"entry-reserved", real_mode, {{FLIP(ENTRY_CONTROLS, ON(1))}}, NULL},
	{"event-type", real_mode, {{EVENT(1 << 8)}}, NULL},
	{"event-type", real_mode, {{EVENT(7 << 8)}}, without_mtf},
	{"event-vector", real_mode, {{EVENT(2 << 8 | 3)}}, NULL},
	{"event-vector", real_mode, {{EVENT(EXCEPTION(32))}}, NULL},
	{"event-vector", real_mode, {{EVENT(7 << 8 | 1)}}, NULL},
	{"event-has-code", real_mode, {{EVENT(EXCEPTION(13) | ON(11))}}, NULL},
	{"event-has-code", protected_mode, {{EVENT(EXCEPTION(13))}}, NULL},
	{"event-has-code", protected_mode, {{EVENT(EXCEPTION(6) | ON(11))}}, NULL},
	{"event-has-code",
	 protected_mode,
	 {{EVENT(4 << 8 | ON(11))}, {FLIP(ENTRY_INSTRUCTION_LENGTH, 2)}},
	 any_error_code},
	{"event-reserved", real_mode, {{EVENT(EXCEPTION(6) | ON(12))}}, NULL},
	{"event-code",
	 protected_mode,
	 {{EVENT(EXCEPTION(13) | ON(11))}, {FLIP(ENTRY_ERROR_CODE, ON(16))}},
	 NULL},
	{"event-length", real_mode, {{EVENT(4 << 8 | 0x80)}}, NULL},
	{"event-length",
	 real_mode,
	 {{EVENT(6 << 8 | 3)}, {FLIP(ENTRY_INSTRUCTION_LENGTH, 16)}},
	 NULL},
	{"entry-msr-load", all_controls, {{FLIP(ENTRY_MSR_LOAD_COUNT, 1)}}, NULL},
	{"entry-smm", real_mode, {{FLIP(ENTRY_CONTROLS, ON(10))}}, NULL},
	{"entry-monitor", real_mode, {{FLIP(ENTRY_CONTROLS, ON(11))}}, NULL},

	{"host-cr0", real_mode, {{FLIP(HOST_CR0, CR0_NE)}}, NULL},
	{"host-cr0", real_mode, {{FLIP(HOST_CR0, ON(32))}}, NULL},
	{"host-cr4", real_mode, {{FLIP(HOST_CR4, CR4_VMXE)}}, NULL},
	{"host-cr4", real_mode, {{FLIP(HOST_CR4, ON(30))}}, NULL},
	{"host-cet", all_controls, {{FLIP(HOST_CR0, CR0_WP)}}, NULL},
	{"host-cr3", real_mode, {{FLIP(HOST_CR3, ON(40))}}, NULL},
	{"host-sysenter", real_mode, {{FLIP(HOST_SYSENTER_ESP, ON(47))}}, NULL},
	{"host-sysenter", real_mode, {{FLIP(HOST_SYSENTER_EIP, ON(63))}}, NULL},
	{"host-pat", real_mode, {{FLIP(HOST_PAT, ON(59))}}, NULL},
	{"host-efer", real_mode, {{FLIP(HOST_EFER, ON(1))}}, NULL},
	{"host-efer-mode", real_mode, {{FLIP(HOST_EFER, EFER_LME)}}, NULL},
	{"host-s-cet", all_controls, {{FLIP(HOST_S_CET, 0xc00)}}, NULL},
	{"host-s-cet", all_controls, {{FLIP(HOST_S_CET, ON(6))}}, NULL},
	{"host-ssp-table", all_controls, {{FLIP(HOST_SSP_TABLE, ON(50))}}, NULL},
	{"host-ssp", all_controls, {{FLIP(HOST_SSP, 2)}}, NULL},
	{"host-ssp-64", all_controls, {{FLIP(HOST_SSP, ON(50))}}, NULL},
	{"host-pkrs", all_controls, {{FLIP(HOST_PKRS, ON(32))}}, NULL},
	{"host-selectors", real_mode, {{FLIP(HOST_ES_SELECTOR, 4)}}, NULL},
	{"host-selectors", real_mode, {{FLIP(HOST_TR_SELECTOR, 3)}}, NULL},
	{"host-cs", real_mode, {{FLIP(HOST_CS_SELECTOR, 8)}}, NULL},
	{"host-tr", real_mode, {{FLIP(HOST_TR_SELECTOR, 0x18)}}, NULL},
	{"host-bases", real_mode, {{FLIP(HOST_FS_BASE, ON(47))}}, NULL},
	{"host-bases", real_mode, {{FLIP(HOST_IDTR_BASE, ON(62))}}, NULL},
	{"host-64",
	 real_mode,
	 {{FLIP(EXIT_CONTROLS, ON(9))}, {FLIP(HOST_EFER, EFER_LME | EFER_LMA)}},
	 NULL},
	{"host-pae", real_mode, {{FLIP(HOST_CR4, CR4_PAE)}}, NULL},
	{"host-rip", real_mode, {{FLIP(HOST_RIP, ON(63))}}, NULL},

	{"cr0-fixed", real_mode, {{FLIP(GUEST_CR0, CR0_NE)}}, NULL},
	{"cr0-fixed", restricted, {{FLIP(GUEST_CR0, CR0_PG)}}, NULL},
	{"cr0-paging", real_mode, {{FLIP(GUEST_CR0, CR0_PG)}}, NULL},
	{"cr4-fixed", real_mode, {{FLIP(GUEST_CR4, CR4_VMXE)}}, NULL},
	{"cr4-cet", all_controls, {{FLIP(GUEST_CR0, CR0_WP)}}, NULL},
	{"debugctl", real_mode, {{FLIP(GUEST_DEBUGCTL, ON(3))}}, NULL},
	{"long-mode-paging", long_mode, {{FLIP(GUEST_CR4, CR4_PAE)}}, NULL},
	{"long-mode-paging", long_mode, {{FLIP(GUEST_CR0, CR0_PG)}}, NULL},
	{"cr4-pcide", real_mode, {{FLIP(GUEST_CR4, CR4_PCIDE)}}, NULL},
	{"cr3", real_mode, {{FLIP(GUEST_CR3, ON(40))}}, NULL},
	{"dr7", real_mode, {{FLIP(GUEST_DR7, ON(32))}}, NULL},
	{"sysenter", real_mode, {{FLIP(GUEST_SYSENTER_ESP, ON(47))}}, NULL},
	{"sysenter", real_mode, {{FLIP(GUEST_SYSENTER_EIP, ON(47))}}, NULL},
	{"pat", real_mode, {{FLIP(GUEST_PAT, 2)}}, NULL},
	{"efer-reserved", real_mode, {{FLIP(GUEST_EFER, ON(1))}}, NULL},
	{"efer-lma", real_mode, {{FLIP(GUEST_EFER, EFER_LMA)}}, NULL},
	{"efer-lme", long_mode, {{FLIP(GUEST_EFER, EFER_LME)}}, NULL},
	{"bndcfgs", all_controls, {{FLIP(GUEST_BNDCFGS, ON(2))}}, NULL},
	{"bndcfgs", all_controls, {{FLIP(GUEST_BNDCFGS, ON(60))}}, NULL},
	{"s-cet", all_controls, {{FLIP(GUEST_S_CET, ON(60))}}, NULL},
	{"ssp-table", all_controls, {{FLIP(GUEST_SSP_TABLE, ON(60))}}, NULL},
	{"pkrs", all_controls, {{FLIP(GUEST_PKRS, ON(60))}}, NULL},
	{"table-bases", real_mode, {{FLIP(GUEST_GDTR_BASE, ON(47))}}, NULL},
	{"table-bases", real_mode, {{FLIP(GUEST_IDTR_BASE, ON(47))}}, NULL},
	{"table-limits", real_mode, {{FLIP(GUEST_GDTR_LIMIT, ON(16))}}, NULL},
	{"table-limits", real_mode, {{FLIP(GUEST_IDTR_LIMIT, ON(31))}}, NULL},
	{"rip-32", real_mode, {{FLIP(GUEST_RIP, ON(32))}}, NULL},
	{"rip-64", long_mode, {{FLIP(GUEST_RIP, ON(47))}}, NULL},
	{"rflags-reserved", real_mode, {{FLIP(GUEST_RFLAGS, RFLAGS_ONE)}}, NULL},
	{"rflags-reserved", real_mode, {{FLIP(GUEST_RFLAGS, ON(22))}}, NULL},
	{"rflags-vm", v86, {{FLIP(GUEST_CR0, CR0_PE)}}, NULL},
	{"rflags-if", real_mode, {{EVENT(0x20)}}, NULL},
	{"ssp", all_controls, {{FLIP(GUEST_SSP, 1)}}, NULL},
	{"ssp-mode", all_controls, {{FLIP(GUEST_SSP, ON(60))}}, NULL},
	{"ssp-mode", real_mode, {{FLIP(ENTRY_CONTROLS, ON(20))}, {FLIP(GUEST_SSP, ON(32))}}, NULL},

	{"tr-ti", real_mode, {{FLIP(GUEST_TR_SELECTOR, 4)}}, NULL},
	{"ldtr-ti", real_mode, {{FLIP(GUEST_LDTR_SELECTOR, 4)}}, NULL},
	{"ss-rpl", restricted, {{FLIP(GUEST_CS_SELECTOR, 1)}}, NULL},
	{"v86-base", v86, {{FLIP(GUEST_ES_BASE, 0x10)}}, NULL},
	{"v86-base", v86, {{FLIP(GUEST_GS_SELECTOR, 1)}}, NULL},
	{"v86-limit", v86, {{FLIP(GUEST_SS_LIMIT, 1)}}, NULL},
	{"v86-access", v86, {{FLIP(GUEST_DS_ACCESS, 1)}}, NULL},
	{"base-canonical", real_mode, {{FLIP(GUEST_FS_BASE, ON(47))}}, NULL},
	{"base-canonical", real_mode, {{FLIP(GUEST_LDTR_BASE, ON(47))}}, NULL},
	{"base-canonical", real_mode, {{FLIP(GUEST_TR_BASE, ON(47))}}, NULL},
	{"base-32", real_mode, {{FLIP(GUEST_CS_BASE, ON(32))}}, NULL},
	{"base-32", real_mode, {{FLIP(GUEST_ES_BASE, ON(32))}}, NULL},
	{"cs-type", real_mode, {{FLIP(GUEST_CS_ACCESS, 2)}}, NULL},
	{"cs-type", restricted, {{FLIP(GUEST_CS_ACCESS, 1)}}, NULL},
	{"ss-type", real_mode, {{FLIP(GUEST_SS_ACCESS, 2)}}, NULL},
	{"data-type", real_mode, {{FLIP(GUEST_ES_ACCESS, 1)}}, NULL},
	{"data-type", real_mode, {{FLIP(GUEST_GS_ACCESS, 8 | 2)}}, NULL},
	{"segment-s", real_mode, {{FLIP(GUEST_DS_ACCESS, ON(4))}}, NULL},
	{"segment-s", real_mode, {{FLIP(GUEST_TR_ACCESS, ON(4))}}, NULL},
	{"segment-s", v86, {{FLIP(GUEST_LDTR_ACCESS, ON(4))}}, NULL},
	{"cs-dpl", real_mode, {{FLIP(GUEST_CS_ACCESS, 3 << 5)}}, NULL},
	{"cs-dpl", protected_mode, {{FLIP(GUEST_SS_ACCESS, 3 << 5)}}, NULL},
	{"cs-dpl", protected_mode, {{FLIP(GUEST_CS_ACCESS, 4 | 1 << 5)}}, NULL},
	{"ss-dpl", restricted, {{FLIP(GUEST_SS_SELECTOR, 3)}, {FLIP(GUEST_CS_SELECTOR, 3)}}, NULL},
	{"ss-dpl-0", real_mode, {{FLIP(GUEST_SS_ACCESS, 3 << 5)}}, NULL},
	{"data-dpl", restricted, {{FLIP(GUEST_FS_ACCESS, 1 << 5)}}, NULL},
	{"segment-present", real_mode, {{FLIP(GUEST_CS_ACCESS, ON(7))}}, NULL},
	{"segment-present", long_mode, {{FLIP(GUEST_TR_ACCESS, ON(7))}}, NULL},
	{"segment-reserved", real_mode, {{FLIP(GUEST_FS_ACCESS, ON(8))}}, NULL},
	{"segment-reserved", real_mode, {{FLIP(GUEST_LDTR_ACCESS, ON(17))}}, NULL},
	{"cs-long", long_mode, {{FLIP(GUEST_CS_ACCESS, ON(14))}}, NULL},
	{"segment-limit", real_mode, {{FLIP(GUEST_GS_LIMIT, ON(20))}}, NULL},
	{"segment-limit", restricted, {{FLIP(GUEST_DS_LIMIT, 1)}}, NULL},
	{"tr-type", real_mode, {{FLIP(GUEST_TR_ACCESS, 2)}}, NULL},
	{"tr-type", long_mode, {{FLIP(GUEST_TR_ACCESS, 8)}}, NULL},
	{"tr-usable", real_mode, {{FLIP(GUEST_TR_ACCESS, SEGMENT_UNUSABLE)}}, NULL},
	{"ldtr-type", real_mode, {{FLIP(GUEST_LDTR_ACCESS, 1)}}, NULL},

	{"activity", real_mode, {{FLIP(GUEST_ACTIVITY_STATE, 4)}}, NULL},
	{"activity", real_mode, {{FLIP(GUEST_ACTIVITY_STATE, 1)}}, without_hlt_state},
	{"hlt-dpl", restricted, {{FLIP(GUEST_ACTIVITY_STATE, 1)}}, NULL},
	{"activity-blocked",
	 real_mode,
	 {{FLIP(GUEST_ACTIVITY_STATE, 2)}, {FLIP(GUEST_INTERRUPTIBILITY, 2)}},
	 NULL},
	{"activity-event",
	 real_mode,
	 {{FLIP(GUEST_ACTIVITY_STATE, 1)}, {EVENT(EXCEPTION(6))}},
	 NULL},
	{"activity-event", real_mode, {{FLIP(GUEST_ACTIVITY_STATE, 2)}, {EVENT(7 << 8)}}, NULL},
	{"activity-event", real_mode, {{FLIP(GUEST_ACTIVITY_STATE, 3)}, {EVENT(2 << 8 | 2)}}, NULL},
	{"blocking-reserved", real_mode, {{FLIP(GUEST_INTERRUPTIBILITY, ON(5))}}, NULL},
	{"blocking-both",
	 real_mode,
	 {{FLIP(GUEST_INTERRUPTIBILITY, 3)}, {FLIP(GUEST_RFLAGS, RFLAGS_IF)}},
	 NULL},
	{"blocking-sti", real_mode, {{FLIP(GUEST_INTERRUPTIBILITY, 1)}}, NULL},
	{"blocking-interrupt",
	 real_mode,
	 {{FLIP(GUEST_INTERRUPTIBILITY, 1)}, {FLIP(GUEST_RFLAGS, RFLAGS_IF)}, {EVENT(0x20)}},
	 NULL},
	{"blocking-nmi", real_mode, {{FLIP(GUEST_INTERRUPTIBILITY, 2)}, {EVENT(2 << 8 | 2)}}, NULL},
	{"blocking-smi", real_mode, {{FLIP(GUEST_INTERRUPTIBILITY, 4)}}, NULL},
	{"blocking-virtual-nmi",
	 real_mode,
	 {{FLIP(GUEST_INTERRUPTIBILITY, 8)}, {EVENT(2 << 8 | 2)}},
	 NULL},
	{"blocking-enclave", real_mode, {{FLIP(GUEST_INTERRUPTIBILITY, 0x12)}}, NULL},
	{"pending-reserved", real_mode, {{FLIP(GUEST_PENDING_DEBUG, ON(13))}}, NULL},
	{"pending-step",
	 real_mode,
	 {{FLIP(GUEST_INTERRUPTIBILITY, 2)}, {FLIP(GUEST_RFLAGS, RFLAGS_TF)}},
	 NULL},
	{"pending-step",
	 real_mode,
	 {{FLIP(GUEST_ACTIVITY_STATE, 1)}, {FLIP(GUEST_PENDING_DEBUG, ON(14))}},
	 NULL},
	{"pending-rtm", real_mode, {{FLIP(GUEST_PENDING_DEBUG, ON(16))}}, NULL},
	{"pending-rtm",
	 real_mode,
	 {{FLIP(GUEST_PENDING_DEBUG, ON(16) | ON(12))}, {FLIP(GUEST_INTERRUPTIBILITY, 2)}},
	 NULL},
	{"link-pointer", real_mode, {{FLIP(LINK_POINTER, 1)}}, NULL},
	{"pdpte", pae_paging, {{FLIP(GUEST_PDPTE0, 2)}}, NULL},
	{"pdpte", pae_paging, {{FLIP(GUEST_PDPTE3, 1 | ON(40))}}, NULL},
};

/* What looks like the above, and is sound. */
static const struct mutation variations[] = {
	{"none", real_mode, {{FLIP(EPT_POINTER, 0)}}, NULL},
	{"none",
	 restricted,
	 {{FLIP(GUEST_LDTR_ACCESS, SEGMENT_UNUSABLE | 1)}, {FLIP(GUEST_LDTR_SELECTOR, 4)}},
	 NULL},
	{"none",
	 protected_mode,
	 {{FLIP(GUEST_CS_ACCESS, 4)}, {FLIP(GUEST_SS_ACCESS, 3 << 5)}},
	 NULL},
	{"none",
	 protected_mode,
	 {{FLIP(GUEST_DS_ACCESS, SEGMENT_UNUSABLE | 0xff)}, {FLIP(GUEST_DS_BASE, ON(40))}},
	 NULL},
	{"none",
	 protected_mode,
	 {{EVENT(EXCEPTION(13) | ON(11))}, {FLIP(ENTRY_ERROR_CODE, 0xffff)}},
	 NULL},
	{"none", protected_mode, {{EVENT(EXCEPTION(6) | ON(11))}}, any_error_code},
	{"none", real_mode, {{EVENT(7 << 8)}, {FLIP(GUEST_ACTIVITY_STATE, 1)}}, NULL},
	{"none", real_mode, {{EVENT(EXCEPTION(1))}, {FLIP(GUEST_ACTIVITY_STATE, 1)}}, NULL},
	{"none", real_mode, {{EVENT(EXCEPTION(18))}, {FLIP(GUEST_ACTIVITY_STATE, 2)}}, NULL},
	{"none", real_mode, {{EVENT(4 << 8 | 0x80)}, {FLIP(ENTRY_INSTRUCTION_LENGTH, 15)}}, NULL},
	{"none", real_mode, {{EVENT(0x20)}, {FLIP(GUEST_RFLAGS, RFLAGS_IF)}}, NULL},
	{"none", real_mode, {{FLIP(GUEST_PENDING_DEBUG, ON(16) | ON(12))}}, NULL},
	{"none", real_mode, {{FLIP(GUEST_CR0, CR0_NW | CR0_CD)}}, NULL},
	{"none", v86, {{FLIP(GUEST_CS_ACCESS, 0)}}, NULL},
	{"none", long_mode, {{FLIP(GUEST_CR4, CR4_PCIDE)}}, NULL},
	{"none", all_controls, {{FLIP(TPR_THRESHOLD, 0x10)}}, NULL},
	{"none",
	 all_controls,
	 {{FLIP(VM_FUNCTION_CONTROLS, 1)}, {FLIP(EPTP_LIST_ADDRESS, 1)}},
	 NULL},
	{"none",
	 all_controls,
	 {{FLIP(ENTRY_MSR_LOAD_COUNT, 2)}, {FLIP(ENTRY_MSR_LOAD_ADDRESS, 1)}},
	 NULL},
};

static struct entry_state make(const struct mutation *m)
{
	struct entry_state e = m->base();

	for (unsigned i = 0; i < CHANGES_MAX; i++)
		e.value[m->changes[i].at] ^= m->changes[i].flip;
	if (m->more)
		m->more(&e);
	return e;
}

static bool is_named(unsigned rule, const char *name)
{
	const char *text = entry_rule_text(rule);
	size_t len = strcspn(text, ":");

	return strlen(name) == len && strncmp(text, name, len) == 0;
}

static unsigned rule_named(const char *name)
{
	for (unsigned i = 0; entry_rule_at(i); i++) {
		if (is_named(i, name))
			return i;
	}
	return NOT_A_RULE;
}

/* The number of breaches of all areas, each of which must be of this rule. */
static unsigned count_breaches(const struct entry_state *e, unsigned rule, unsigned row)
{
	unsigned count = 0;

	for (unsigned area = 0; area < ENTRY_AREAS; area++) {
		struct entry_breach b;
		unsigned position = 0;

		while (entry_next_breach(e, (enum entry_area)area, &position, &b)) {
			if (b.number != rule)
				fail_msg("row %u breaks \"%s\"", row, entry_rule_text(b.number));
			assert_ptr_equal(b.rule, entry_rule_at(rule));
			assert_in_range(b.at, b.rule->first, b.rule->last);
			count++;
		}
	}
	return count;
}

static void a_sound_state_breaks_no_rule(void **state)
{
	struct entry_state (*const bases[])(void) = {
		real_mode, restricted, protected_mode, pae_paging, v86, long_mode, all_controls};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bases); i++) {
		struct entry_state e = bases[i]();

		count_breaches(&e, NOT_A_RULE, i);
		assert_int_equal(entry_verdict(&e), ENTRY_AREAS);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(variations); i++) {
		struct entry_state e = make(&variations[i]);

		count_breaches(&e, NOT_A_RULE, i);
	}
}

static void one_wrong_field_breaks_one_rule(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(mutations); i++) {
		const struct mutation *m = &mutations[i];
		struct entry_state e = make(m);
		unsigned rule = rule_named(m->rule);

		if (rule == NOT_A_RULE)
			fail_msg("no rule is called %s", m->rule);
		if (!count_breaches(&e, rule, i))
			fail_msg("row %u does not break %s", i, m->rule);
		assert_int_equal(entry_verdict(&e), entry_rule_area(entry_rule_at(rule)));
	}
}

static void every_rule_can_be_broken(void **state)
{
	(void)state;
	for (unsigned rule = 0; entry_rule_at(rule); rule++) {
		unsigned i = 0;

		while (i < ARRAY_SIZE(mutations) && !is_named(rule, mutations[i].rule))
			i++;
		if (i == ARRAY_SIZE(mutations))
			fail_msg("nothing breaks \"%s\"", entry_rule_text(rule));
	}
}

static void every_rule_has_a_name_words_and_a_title(void **state)
{
	unsigned count = 0;

	(void)state;
	for (; entry_rule_at(count); count++) {
		const struct entry_rule *r = entry_rule_at(count);
		const char *text = entry_rule_text(count);
		size_t len = strcspn(text, ":");
		char name[32];

		assert_in_range(len, 2, sizeof(name) - 1);
		memcpy(name, text, len);
		name[len] = '\0';
		assert_int_equal(rule_named(name), count); /* no name twice */
		assert_true(text[len] ? strlen(text + len) > 2 : entry_rule_words(r) != NULL);
		assert_true(strlen(entry_rule_title(r)) > 15);
		assert_in_range(r->first, AT_NONE + 1, r->last);
		assert_in_range(r->last, r->first, AT_END - 1);
	}
	assert_true(count > 100);
	assert_null(entry_rule_text(count));
}

/* The second register of a kind is named by its own field. */
static void the_field_that_breaks_a_rule_is_named(void **state)
{
	struct entry_state e = real_mode();
	struct entry_breach b;
	unsigned position = 0;

	(void)state;
	SET(&e, GUEST_DS_ACCESS) = 0x13;
	SET(&e, GUEST_GS_ACCESS) = 0x13;
	assert_true(entry_next_breach(&e, ENTRY_GUEST_AREA, &position, &b));
	assert_true(is_named(b.number, "segment-present"));
	assert_int_equal(b.at, AT_GUEST_DS_ACCESS);
	assert_true(entry_next_breach(&e, ENTRY_GUEST_AREA, &position, &b));
	assert_int_equal(b.at, AT_GUEST_GS_ACCESS);
	assert_false(entry_next_breach(&e, ENTRY_GUEST_AREA, &position, &b));
}

static void controls_come_before_the_host_and_the_guest(void **state)
{
	struct entry_state e = real_mode();

	(void)state;
	SET(&e, GUEST_RFLAGS) = 0;
	assert_int_equal(entry_verdict(&e), ENTRY_GUEST_AREA);
	SET(&e, HOST_CR3) = ON(63);
	assert_int_equal(entry_verdict(&e), ENTRY_HOST_AREA);
	SET(&e, PIN_CONTROLS) = 0;
	assert_int_equal(entry_verdict(&e), ENTRY_CONTROLS_AREA);
	assert_string_equal(entry_rule_title(entry_rule_at(rule_named("pin-reserved"))),
			    "VM-Execution Control Fields");
	assert_string_equal(entry_rule_title(entry_rule_at(rule_named("pdpte"))),
			    "Checks on Guest Page-Directory-Pointer-Table Entries");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_state_breaks_no_rule),
		cmocka_unit_test(one_wrong_field_breaks_one_rule),
		cmocka_unit_test(every_rule_can_be_broken),
		cmocka_unit_test(every_rule_has_a_name_words_and_a_title),
		cmocka_unit_test(the_field_that_breaks_a_rule_is_named),
		cmocka_unit_test(controls_come_before_the_host_and_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
