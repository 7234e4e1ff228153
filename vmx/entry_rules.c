/* vmx/entry_rules.c - rules that VM entry checks in the guest-state area. */
#include "vmx/entry_rules.h"

#include "vmx/controls.h"

#define AR_TYPE(s)    ((s)->access & 0xf)
#define AR_S(s)       (((s)->access >> 4) & 1)
#define AR_DPL(s)     (((s)->access >> 5) & 3)
#define AR_PRESENT(s) (((s)->access >> 7) & 1)
#define AR_L(s)       (((s)->access >> 13) & 1)
#define AR_DB(s)      (((s)->access >> 14) & 1)
#define AR_G(s)       (((s)->access >> 15) & 1)
#define AR_RESERVED   UINT32_C(0xfffe0f00)

static bool usable(const struct guest_segment *s)
{
	return !(s->access & SEGMENT_UNUSABLE);
}

static bool canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

static bool ia32e(const struct entry_state *e)
{
	return (e->entry_controls & ENTRY_IA32E) != 0;
}

static bool v86(const struct entry_state *e)
{
	return (e->rflags & RFLAGS_VM) != 0;
}

static bool cr0_fixed(const struct entry_state *e)
{
	uint64_t must = e->cr0_fixed0 & ~(CR0_PE | CR0_PG);

	return (e->cr0 & must) == must && !(e->cr0 & ~e->cr0_fixed1);
}

static bool cr0_paging(const struct entry_state *e)
{
	return !(e->cr0 & CR0_PG) || (e->cr0 & CR0_PE);
}

static bool cr4_fixed(const struct entry_state *e)
{
	return (e->cr4 & e->cr4_fixed0) == e->cr4_fixed0 && !(e->cr4 & ~e->cr4_fixed1);
}

static bool long_mode_paging(const struct entry_state *e)
{
	return !ia32e(e) || ((e->cr0 & CR0_PG) && (e->cr4 & CR4_PAE));
}

static bool pcid_needs_long_mode(const struct entry_state *e)
{
	return ia32e(e) || !(e->cr4 & CR4_PCIDE);
}

static bool cr3_width(const struct entry_state *e)
{
	return !(e->cr3 >> e->maxphyaddr);
}

static bool efer_agrees(const struct entry_state *e)
{
	bool lma = (e->efer & EFER_LMA) != 0, lme = (e->efer & EFER_LME) != 0;

	return lma == ia32e(e) && (!(e->cr0 & CR0_PG) || lma == lme);
}

static bool efer_reserved(const struct entry_state *e)
{
	return !(e->efer & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE));
}

static bool dr7_width(const struct entry_state *e)
{
	return !(e->dr7 >> 32);
}

static bool rflags_bits(const struct entry_state *e)
{
	const uint64_t reserved = ~UINT64_C(0x3fffff) | BIT(15) | BIT(5) | BIT(3);

	return (e->rflags & RFLAGS_ONE) && !(e->rflags & reserved);
}

static bool rflags_vm(const struct entry_state *e)
{
	return !v86(e) || (!ia32e(e) && (e->cr0 & CR0_PE));
}

static bool rflags_if_for_interrupt(const struct entry_state *e)
{
	bool external = (e->event_info & BIT(31)) && !((e->event_info >> 8) & 7);

	return !external || (e->rflags & RFLAGS_IF);
}

static bool rip_width(const struct entry_state *e)
{
	if (ia32e(e) && AR_L(&e->segments[GUEST_CS]))
		return canonical(e->rip);
	return !(e->rip >> 32);
}

static bool tr_usable(const struct entry_state *e)
{
	const struct guest_segment *tr = &e->segments[GUEST_TR];
	unsigned type = AR_TYPE(tr);

	return usable(tr) && (type == 11 || (type == 3 && !ia32e(e))) && !AR_S(tr) &&
	       AR_PRESENT(tr) && !(tr->selector & 4);
}

static bool ldtr_type(const struct entry_state *e)
{
	const struct guest_segment *l = &e->segments[GUEST_LDTR];

	return !usable(l) || (AR_TYPE(l) == 2 && !AR_S(l) && AR_PRESENT(l) && !(l->selector & 4));
}

static bool cs_type(const struct entry_state *e)
{
	const struct guest_segment *cs = &e->segments[GUEST_CS];
	unsigned type = AR_TYPE(cs);

	if (v86(e))
		return cs->access == 0xf3;
	return usable(cs) && AR_S(cs) && AR_PRESENT(cs) &&
	       (type == 3 || type == 9 || type == 11 || type == 13 || type == 15);
}

static bool cs_not_long_and_db(const struct entry_state *e)
{
	const struct guest_segment *cs = &e->segments[GUEST_CS];

	return !ia32e(e) || !AR_L(cs) || !AR_DB(cs);
}

static bool cs_ss_dpl(const struct entry_state *e)
{
	const struct guest_segment *cs = &e->segments[GUEST_CS], *ss = &e->segments[GUEST_SS];
	unsigned type = AR_TYPE(cs);

	if (v86(e))
		return ss->access == 0xf3;
	if (type == 3)
		return AR_DPL(cs) == 0 && AR_DPL(ss) == 0;
	if (type == 9 || type == 11)
		return AR_DPL(cs) == AR_DPL(ss);
	return AR_DPL(cs) <= AR_DPL(ss);
}

static bool ss_type(const struct entry_state *e)
{
	const struct guest_segment *ss = &e->segments[GUEST_SS];

	return v86(e) || !usable(ss) ||
	       ((AR_TYPE(ss) == 3 || AR_TYPE(ss) == 7) && AR_S(ss) && AR_PRESENT(ss));
}

static bool data_types(const struct entry_state *e)
{
	static const uint8_t names[] = {GUEST_DS, GUEST_ES, GUEST_FS, GUEST_GS};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const struct guest_segment *s = &e->segments[names[i]];
		bool code = AR_TYPE(s) & 8, readable = AR_TYPE(s) & 2, accessed = AR_TYPE(s) & 1;

		if (v86(e) ? s->access != 0xf3
			   : usable(s) && (!accessed || (code && !readable) || !AR_S(s) ||
					   !AR_PRESENT(s)))
			return false;
	}
	return true;
}

static bool reserved_rights(const struct entry_state *e)
{
	for (unsigned i = 0; i < GUEST_SEGMENTS; i++) {
		const struct guest_segment *s = &e->segments[i];

		if (usable(s) && (s->access & AR_RESERVED))
			return false;
	}
	return true;
}

/* Any of limit bits 11:0 clear: G must be 0; any of 31:20 set: G must be 1. */
static bool granularity(const struct entry_state *e)
{
	for (unsigned i = 0; i < GUEST_SEGMENTS; i++) {
		const struct guest_segment *s = &e->segments[i];

		if (!usable(s) || v86(e))
			continue;
		if (((s->limit & 0xfff) != 0xfff && AR_G(s)) ||
		    ((s->limit & 0xfff00000) && !AR_G(s)))
			return false;
	}
	return true;
}

static bool bases(const struct entry_state *e)
{
	if (!canonical(e->segments[GUEST_TR].base) || !canonical(e->segments[GUEST_FS].base) ||
	    !canonical(e->segments[GUEST_GS].base) || e->segments[GUEST_CS].base >> 32)
		return false;
	if (usable(&e->segments[GUEST_LDTR]) && !canonical(e->segments[GUEST_LDTR].base))
		return false;
	for (unsigned i = GUEST_SS; i <= GUEST_DS; i++) {
		if (usable(&e->segments[i]) && e->segments[i].base >> 32)
			return false;
	}
	return !usable(&e->segments[GUEST_ES]) || !(e->segments[GUEST_ES].base >> 32);
}

static bool tables(const struct entry_state *e)
{
	return canonical(e->gdtr.base) && canonical(e->idtr.base) && !(e->gdtr_limit >> 16) &&
	       !(e->idtr_limit >> 16);
}

static bool activity(const struct entry_state *e)
{
	bool blocked = (e->interruptibility & 3) != 0;

	return e->activity <= 3 && (e->activity == 0 || !blocked) &&
	       (e->activity != 1 || AR_DPL(&e->segments[GUEST_SS]) == 0);
}

static bool interruptibility(const struct entry_state *e)
{
	return !(e->interruptibility & ~UINT32_C(0x1f)) && (e->interruptibility & 3) != 3 &&
	       (!(e->interruptibility & 1) || (e->rflags & RFLAGS_IF));
}

static bool event_not_blocked(const struct entry_state *e)
{
	unsigned type = (e->event_info >> 8) & 7;

	if (!(e->event_info & BIT(31)))
		return true;
	if (type == 0)
		return !(e->interruptibility & 3);
	if (type == 2)
		return !(e->interruptibility & 2) &&
		       !((e->pin_controls & PIN_VIRTUAL_NMIS) && (e->interruptibility & 8));
	return true;
}

static bool pending_debug(const struct entry_state *e)
{
	const uint64_t allowed =
		UINT64_C(0xf) | BIT(12) | BIT(14) | BIT(16); /* B3-B0, enabled, BS, RTM */
	bool step = (e->rflags & RFLAGS_TF) && !(e->debugctl & BIT(1));
	bool held = (e->interruptibility & 3) || e->activity == 1;

	if (e->pending_debug & ~allowed)
		return false;
	return !held || step == ((e->pending_debug & BIT(14)) != 0);
}

static bool link_pointer(const struct entry_state *e)
{
	return e->link_pointer == UINT64_MAX;
}

const struct entry_rule entry_rules[] = {
	{cr0_fixed, "CR0 has the bits that VMX operation fixes", "GUEST_CR0"},
	{cr0_paging, "CR0.PG is 1 only with CR0.PE", "GUEST_CR0"},
	{cr4_fixed, "CR4 has the bits that VMX operation fixes", "GUEST_CR4"},
	{long_mode_paging, "IA-32e mode has CR0.PG and CR4.PAE",
	 "ENTRY_CONTROLS GUEST_CR0 GUEST_CR4"},
	{pcid_needs_long_mode, "CR4.PCIDE is 1 only in IA-32e mode", "ENTRY_CONTROLS GUEST_CR4"},
	{cr3_width, "CR3 is within the physical-address width", "GUEST_CR3"},
	{efer_agrees, "EFER.LMA is the IA-32e control, and LME with paging",
	 "GUEST_EFER ENTRY_CONTROLS"},
	{efer_reserved, "reserved bits of EFER are 0", "GUEST_EFER"},
	{dr7_width, "bits 63:32 of DR7 are 0", "GUEST_DR7"},
	{rflags_bits, "RFLAGS bit 1 is 1 and reserved bits are 0", "GUEST_RFLAGS"},
	{rflags_vm, "virtual-8086 mode needs protected mode", "GUEST_RFLAGS GUEST_CR0"},
	{rflags_if_for_interrupt, "an external interrupt needs RFLAGS.IF", "GUEST_RFLAGS"},
	{rip_width, "RIP fits the mode", "GUEST_RIP GUEST_CS_ACCESS"},
	{tr_usable, "TR is a busy TSS that suits the mode", "GUEST_TR_ACCESS GUEST_TR_SELECTOR"},
	{ldtr_type, "LDTR is unusable or an LDT", "GUEST_LDTR_ACCESS GUEST_LDTR_SELECTOR"},
	{cs_type, "CS is a present code segment", "GUEST_CS_ACCESS"},
	{cs_not_long_and_db, "CS.L and CS.D are not both 1", "GUEST_CS_ACCESS"},
	{cs_ss_dpl, "the DPLs of CS and SS agree", "GUEST_CS_ACCESS GUEST_SS_ACCESS"},
	{ss_type, "SS is unusable or writable data", "GUEST_SS_ACCESS"},
	{data_types, "DS, ES, FS, GS are unusable or readable and accessed",
	 "GUEST_DS_ACCESS GUEST_ES_ACCESS GUEST_FS_ACCESS GUEST_GS_ACCESS"},
	{reserved_rights, "reserved bits of access rights are 0", "GUEST_*_ACCESS"},
	{granularity, "limits agree with the granularity bit", "GUEST_*_LIMIT GUEST_*_ACCESS"},
	{bases, "segment bases are canonical, or below 4 GiB", "GUEST_*_BASE"},
	{tables, "GDTR and IDTR are canonical, their limits 16 bits", "GUEST_GDTR_* GUEST_IDTR_*"},
	{activity, "the activity state is possible", "GUEST_ACTIVITY_STATE GUEST_INTERRUPTIBILITY"},
	{interruptibility, "the blocking bits are possible", "GUEST_INTERRUPTIBILITY GUEST_RFLAGS"},
	{event_not_blocked, "the injected event is not blocked",
	 "ENTRY_INTERRUPTION_INFO GUEST_INTERRUPTIBILITY"},
	{pending_debug, "pending debug exceptions suit TF and blocking",
	 "GUEST_PENDING_DEBUG GUEST_RFLAGS"},
	{link_pointer, "the VMCS link pointer is all ones", "LINK_POINTER"},
};

const unsigned entry_rule_count = ARRAY_SIZE(entry_rules);
