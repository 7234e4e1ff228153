/* vmx/entry_rules_other.c - VM entry's checks on the guest's state that is in no register, and on
 * its PDPTEs. */
#include "vmx/entry_rules_parts.h"

enum { ACTIVE, IN_HLT, IN_SHUTDOWN, WAITS_FOR_SIPI };

#define BLOCKED(e) (VALUE(e, GUEST_INTERRUPTIBILITY) & (BLOCKED_BY_STI | BLOCKED_BY_MOV_SS))

static ENTRY_HOLDS(activity_known)
{
	uint64_t activity = value;

	return activity == ACTIVE ||
	       (activity <= WAITS_FOR_SIPI && ((e->msrs.misc >> (arg + activity)) & 1));
}

static ENTRY_HOLDS(hlt_dpl)
{
	return value != IN_HLT || ((e->value[arg] >> 5) & 3) == 0;
}

static ENTRY_HOLDS(not_blocked)
{
	return value == ACTIVE || !BLOCKED(e);
}

/* What may wake it. */
static ENTRY_HOLDS(activity_event)
{
	uint64_t i = e->value[arg];
	unsigned type = EVENT_TYPE_OF(i), vector = EVENT_VECTOR_OF(i);
	bool machine_check = type == 3 && vector == EXC_MC;

	switch (value) {
	case IN_HLT:
		return type == 0 || type == 2 || machine_check || (type == 3 && vector == EXC_DB) ||
		       (type == 7 && vector == 0);
	case IN_SHUTDOWN:
		return type == 2 || machine_check;
	default:
		return value != WAITS_FOR_SIPI;
	}
}

static ENTRY_HOLDS(not_both)
{
	return (value & arg) != arg;
}

static ENTRY_HOLDS(sti_needs_if)
{
	return !(value & BLOCKED_BY_STI) || (e->value[arg] & RFLAGS_IF);
}

/* arg: the bits that must be 0. */
static ENTRY_HOLDS(for_interrupt)
{
	return EVENT_TYPE_OF(VALUE(e, ENTRY_INTERRUPTION_INFO)) != 0 || !(value & arg);
}

static ENTRY_HOLDS(for_nmi)
{
	return EVENT_TYPE_OF(VALUE(e, ENTRY_INTERRUPTION_INFO)) != 2 || !(value & arg);
}

static ENTRY_HOLDS(for_virtual_nmi)
{
	return !entry_control(e, PIN(5)) || for_nmi(e, value, arg);
}

/* B0 to B3, a bus lock, "enabled breakpoint", BS, RTM. */
static ENTRY_HOLDS(pending_reserved)
{
	return !(value & ~(UINT64_C(0xf) | BIT(11) | BIT(12) | BIT(14) | BIT(16)));
}

/* A single step that waits behind blocking or HLT must not be forgotten, nor made up. */
static ENTRY_HOLDS(pending_step)
{
	bool step = (VALUE(e, GUEST_RFLAGS) & RFLAGS_TF) && !(VALUE(e, GUEST_DEBUGCTL) & BIT(1));
	bool held = BLOCKED(e) || e->value[arg] == IN_HLT;

	return !held || step == ((value & BIT(14)) != 0);
}

static ENTRY_HOLDS(pending_rtm)
{
	uint64_t p = value;

	return !(p & BIT(16)) ||
	       ((p & BIT(12)) && !(p & UINT64_C(0xefff)) && !(e->value[arg] & BLOCKED_BY_MOV_SS));
}

static ENTRY_HOLDS(link_pointer)
{
	return value == UINT64_MAX || entry_address(e, value, arg);
}

/* arg: CR0. PAE paging only. */
static ENTRY_HOLDS(pdpte)
{
	bool pae = (e->value[arg] & CR0_PG) && (VALUE(e, GUEST_CR4) & CR4_PAE) && !entry_ia32e(e);
	uint64_t reserved = UINT64_C(0x1e6) | ~(BIT(e->physical_bits) - 1);

	return !pae || !(value & 1) || !(value & reserved);
}

#define RULES(RULE)                                                                                \
	RULE("activity: the CPU has this state", activity_known, IN_GUEST_OTHER, ENTRY_ALWAYS, 5,  \
	     0, ONE(GUEST_ACTIVITY_STATE))                                                         \
	RULE("hlt-dpl: HLT only with 0 as the DPL of SS", hlt_dpl, IN_GUEST_OTHER, ENTRY_ALWAYS,   \
	     AT_GUEST_SS_ACCESS, 0, TWO(GUEST_ACTIVITY_STATE, GUEST_SS_ACCESS))                    \
	RULE("activity-blocked: active while STI or MOV SS blocks", not_blocked, IN_GUEST_OTHER,   \
	     ENTRY_ALWAYS, 0, 0, TWO(GUEST_ACTIVITY_STATE, GUEST_INTERRUPTIBILITY))                \
	RULE("activity-event: the injected event can wake it", activity_event, IN_GUEST_OTHER,     \
	     ENTRY_IF_EVENT, AT_ENTRY_INTERRUPTION_INFO, 0,                                        \
	     TWO(GUEST_ACTIVITY_STATE, ENTRY_INTERRUPTION_INFO))                                   \
	RULE("blocking-reserved: bits 31:5 are 0", entry_width, IN_GUEST_OTHER, ENTRY_ALWAYS, 5,   \
	     0, ONE(GUEST_INTERRUPTIBILITY))                                                       \
	RULE("blocking-both: not by STI and by MOV SS", not_both, IN_GUEST_OTHER, ENTRY_ALWAYS, 3, \
	     0, ONE(GUEST_INTERRUPTIBILITY))                                                       \
	RULE("blocking-sti: only with RFLAGS.IF", sti_needs_if, IN_GUEST_OTHER, ENTRY_ALWAYS,      \
	     AT_GUEST_RFLAGS, 0, TWO(GUEST_INTERRUPTIBILITY, GUEST_RFLAGS))                        \
	RULE("blocking-interrupt: none for an interrupt", for_interrupt, IN_GUEST_OTHER,           \
	     ENTRY_IF_EVENT, 3, 0, TWO(GUEST_INTERRUPTIBILITY, ENTRY_INTERRUPTION_INFO))           \
	RULE("blocking-nmi: none by MOV SS for an NMI", for_nmi, IN_GUEST_OTHER, ENTRY_IF_EVENT,   \
	     2, 0, TWO(GUEST_INTERRUPTIBILITY, ENTRY_INTERRUPTION_INFO))                           \
	RULE("blocking-smi: only in SMM", entry_bits_clear, IN_GUEST_OTHER, ENTRY_ALWAYS, 4, 0,    \
	     ONE(GUEST_INTERRUPTIBILITY))                                                          \
	RULE("blocking-virtual-nmi: none by NMI for an NMI", for_virtual_nmi, IN_GUEST_OTHER,      \
	     ENTRY_IF_EVENT, 8, 0, TWO(GUEST_INTERRUPTIBILITY, ENTRY_INTERRUPTION_INFO))           \
	RULE("blocking-enclave: not with MOV SS", not_both, IN_GUEST_OTHER, ENTRY_ALWAYS, 0x12, 0, \
	     ONE(GUEST_INTERRUPTIBILITY))                                                          \
	RULE("pending-reserved: reserved bits are 0", pending_reserved, IN_GUEST_OTHER,            \
	     ENTRY_ALWAYS, 0, 0, ONE(GUEST_PENDING_DEBUG))                                         \
	RULE("pending-step: in blocking or HLT, BS is TF without BTF", pending_step,               \
	     IN_GUEST_OTHER, ENTRY_ALWAYS, AT_GUEST_ACTIVITY_STATE, 0,                             \
	     TWO(GUEST_PENDING_DEBUG, GUEST_RFLAGS))                                               \
	RULE("pending-rtm: alone with bit 12, and not behind MOV SS", pending_rtm, IN_GUEST_OTHER, \
	     ENTRY_ALWAYS, AT_GUEST_INTERRUPTIBILITY, 0,                                           \
	     TWO(GUEST_PENDING_DEBUG, GUEST_INTERRUPTIBILITY))                                     \
	RULE("link-pointer: all ones or a page", link_pointer, IN_GUEST_OTHER, ENTRY_ALWAYS, 12,   \
	     0, ONE(LINK_POINTER))                                                                 \
	RULE("pdpte: reserved bits are 0", pdpte, IN_GUEST_PDPTES, PROC2(1), AT_GUEST_CR0, 0,      \
	     RANGE(GUEST_PDPTE0, GUEST_PDPTE3, NONE))

ENTRY_TABLE(entry_rules_other, RULES)
