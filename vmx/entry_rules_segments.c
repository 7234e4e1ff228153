/* vmx/entry_rules_segments.c - VM entry's checks on the guest's segment registers. */
#include "guest/cpu_state.h"
#include "vmx/entry_rules_parts.h"

/* Of register s; the fields of one kind stand in the order of enum guest_segment_name. */
#define OF(e, part, s)  ((e)->value[AT_GUEST_ES_##part + (s)])
#define DPL(e, s)       ((OF(e, ACCESS, s) >> 5) & 3)
#define RPL(e, s)       (OF(e, SELECTOR, s) & 3)

#define ACCESS_S        BIT(4)
#define ACCESS_PRESENT  BIT(7)
#define ACCESS_DB       BIT(14)
#define ACCESS_G        BIT(15)
#define ACCESS_RESERVED UINT64_C(0xfffe0f00)
#define SELECTOR_TI     BIT(2)

static bool usable(const struct entry_state *e, unsigned s)
{
	return !(OF(e, ACCESS, s) & SEGMENT_UNUSABLE);
}

bool entry_segment_matters(const struct entry_state *e, unsigned s)
{
	if (s != GUEST_LDTR && s != GUEST_TR && entry_v86(e))
		return false;
	return s == GUEST_CS || s == GUEST_TR || usable(e, s);
}

static ENTRY_HOLDS(ti)
{
	return !(value & SELECTOR_TI) || (arg == GUEST_LDTR && !usable(e, arg));
}

static ENTRY_HOLDS(ss_rpl)
{
	return (value & 3) == RPL(e, arg);
}

static ENTRY_HOLDS(v86_base)
{
	return value == OF(e, SELECTOR, arg) << 4;
}

static ENTRY_HOLDS(v86_limit)
{
	return value == 0xffff;
}

static ENTRY_HOLDS(v86_access)
{
	return value == 0xf3;
}

static ENTRY_HOLDS(base_canonical)
{
	return (arg == GUEST_LDTR && !usable(e, arg)) || entry_is_canonical(e, value);
}

static ENTRY_HOLDS(base_32)
{
	return (arg != GUEST_CS && !usable(e, arg)) || !(value >> 32);
}

static ENTRY_HOLDS(cs_type)
{
	unsigned type = value & 0xf;

	return (type & 9) == 9 || (type == 3 && entry_control(e, arg));
}

static ENTRY_HOLDS(ss_type)
{
	return (value & 0xb) == 3;
}

/* DS, ES, FS, GS: accessed, and readable if it is code. */
static ENTRY_HOLDS(data_type)
{
	unsigned type = value & 0xf;

	return arg == GUEST_CS || arg == GUEST_SS || ((type & 1) && (type & 0xa) != 8);
}

static ENTRY_HOLDS(s_bit)
{
	bool system = arg == GUEST_LDTR || arg == GUEST_TR;

	return ((value & ACCESS_S) != 0) != system;
}

static ENTRY_HOLDS(present)
{
	return value & ACCESS_PRESENT;
}

static ENTRY_HOLDS(reserved)
{
	return !(value & ACCESS_RESERVED);
}

static ENTRY_HOLDS(cs_dpl)
{
	unsigned type = value & 0xf, cs = (value >> 5) & 3, ss = DPL(e, arg);

	if (type == 3)
		return cs == 0;
	return type == 9 || type == 11 ? cs == ss : cs <= ss;
}

static ENTRY_HOLDS(ss_dpl)
{
	return ((value >> 5) & 3) == RPL(e, arg);
}

static ENTRY_HOLDS(ss_dpl_real)
{
	bool must_be_0 = (OF(e, ACCESS, arg) & 0xf) == 3 || !(VALUE(e, GUEST_CR0) & CR0_PE);

	return !must_be_0 || !((value >> 5) & 3);
}

static ENTRY_HOLDS(data_dpl)
{
	return arg == GUEST_CS || arg == GUEST_SS || !usable(e, arg) || (value & 0xf) > 11 ||
	       ((value >> 5) & 3) >= RPL(e, arg);
}

static ENTRY_HOLDS(cs_long)
{
	return !(value & ACCESS_DB);
}

static ENTRY_HOLDS(granularity)
{
	bool pages = OF(e, ACCESS, arg) & ACCESS_G;

	return pages ? (value & 0xfff) == 0xfff : !(value >> 20);
}

static ENTRY_HOLDS(tr_type)
{
	unsigned type = value & 0xf;

	return type == 11 || (type == 3 && !entry_ia32e(e));
}

static ENTRY_HOLDS(tr_usable)
{
	return !(value & SEGMENT_UNUSABLE);
}

static ENTRY_HOLDS(ldtr_type)
{
	return (value & 0xf) == 2;
}

/* The argument is the number of the register. */
#define EACH(part, from, to, beside)                                                               \
	GUEST_##from, 1, RANGE(GUEST_##from##_##part, GUEST_##to##_##part, beside)

#define RULES(RULE)                                                                                \
	RULE("tr-ti: the TI flag is 0", ti, IN_GUEST_SEGMENTS, ENTRY_ALWAYS, GUEST_TR, 0,          \
	     ONE(GUEST_TR_SELECTOR))                                                               \
	RULE("ldtr-ti: the TI flag is 0", ti, IN_GUEST_SEGMENTS, ENTRY_ALWAYS, GUEST_LDTR, 0,      \
	     ONE(GUEST_LDTR_SELECTOR))                                                             \
	RULE("ss-rpl: that of CS", ss_rpl, IN_GUEST_SEGMENTS, ENTRY_IF_RESTRICTED, GUEST_CS, 0,    \
	     TWO(GUEST_SS_SELECTOR, GUEST_CS_SELECTOR))                                            \
	RULE("v86-base: 16 times the selector", v86_base, IN_GUEST_SEGMENTS, ENTRY_IF_V86,         \
	     EACH(BASE, ES, GS, GUEST_ES_SELECTOR))                                                \
	RULE("v86-limit: 0xffff", v86_limit, IN_GUEST_SEGMENTS, ENTRY_IF_V86,                      \
	     EACH(LIMIT, ES, GS, NONE))                                                            \
	RULE("v86-access: 0xf3", v86_access, IN_GUEST_SEGMENTS, ENTRY_IF_V86,                      \
	     EACH(ACCESS, ES, GS, NONE))                                                           \
	RULE("base-canonical: canonical", base_canonical, IN_GUEST_SEGMENTS, ENTRY_ALWAYS,         \
	     EACH(BASE, FS, TR, NONE))                                                             \
	RULE("base-32: bits 63:32 are 0", base_32, IN_GUEST_SEGMENTS, ENTRY_ALWAYS,                \
	     EACH(BASE, ES, DS, GUEST_ES_ACCESS))                                                  \
	RULE("cs-type: accessed code (or data, unrestricted)", cs_type, IN_GUEST_SEGMENTS,         \
	     ENTRY_UNLESS_V86, PROC2(7), 0, ONE(GUEST_CS_ACCESS))                                  \
	RULE("ss-type: accessed data that can be written", ss_type, IN_GUEST_SEGMENTS,             \
	     ENTRY_IF_SEGMENT, GUEST_SS, 0, ONE(GUEST_SS_ACCESS))                                  \
	RULE("data-type: accessed, and can be read", data_type, IN_GUEST_SEGMENTS,                 \
	     ENTRY_IF_SEGMENT, EACH(ACCESS, ES, GS, NONE))                                         \
	RULE("segment-s: 0 of LDTR and TR only", s_bit, IN_GUEST_SEGMENTS, ENTRY_IF_SEGMENT,       \
	     EACH(ACCESS, ES, TR, NONE))                                                           \
	RULE("cs-dpl: suits the type and the DPL of SS", cs_dpl, IN_GUEST_SEGMENTS,                \
	     ENTRY_UNLESS_V86, GUEST_SS, 0, TWO(GUEST_CS_ACCESS, GUEST_SS_ACCESS))                 \
	RULE("ss-dpl: the RPL, if not unrestricted", ss_dpl, IN_GUEST_SEGMENTS,                    \
	     ENTRY_IF_RESTRICTED, GUEST_SS, 0, TWO(GUEST_SS_ACCESS, GUEST_SS_SELECTOR))            \
	RULE("ss-dpl-0: 0 in real mode, or if CS is data", ss_dpl_real, IN_GUEST_SEGMENTS,         \
	     ENTRY_UNLESS_V86, GUEST_CS, 0, TWO(GUEST_SS_ACCESS, GUEST_CS_ACCESS))                 \
	RULE("data-dpl: at least the RPL, if not unrestricted", data_dpl, IN_GUEST_SEGMENTS,       \
	     ENTRY_IF_RESTRICTED, EACH(ACCESS, ES, GS, GUEST_ES_SELECTOR))                         \
	RULE("segment-present: P is 1", present, IN_GUEST_SEGMENTS, ENTRY_IF_SEGMENT,              \
	     EACH(ACCESS, ES, TR, NONE))                                                           \
	RULE("segment-reserved: bits 31:17 and 11:8 are 0", reserved, IN_GUEST_SEGMENTS,           \
	     ENTRY_IF_SEGMENT, EACH(ACCESS, ES, TR, NONE))                                         \
	RULE("cs-long: L and D/B not both 1 in IA-32e mode", cs_long, IN_GUEST_SEGMENTS,           \
	     ENTRY_IF_64BIT, 0, 0, ONE(GUEST_CS_ACCESS))                                           \
	RULE("segment-limit: as G has it", granularity, IN_GUEST_SEGMENTS, ENTRY_IF_SEGMENT,       \
	     EACH(LIMIT, ES, TR, GUEST_ES_ACCESS))                                                 \
	RULE("tr-type: a busy TSS that suits the mode", tr_type, IN_GUEST_SEGMENTS, ENTRY_ALWAYS,  \
	     0, 0, ONE(GUEST_TR_ACCESS))                                                           \
	RULE("tr-usable: bit 16 is 0", tr_usable, IN_GUEST_SEGMENTS, ENTRY_ALWAYS, 0, 0,           \
	     ONE(GUEST_TR_ACCESS))                                                                 \
	RULE("ldtr-type: an LDT", ldtr_type, IN_GUEST_SEGMENTS, ENTRY_IF_SEGMENT, GUEST_LDTR, 0,   \
	     ONE(GUEST_LDTR_ACCESS))

ENTRY_TABLE(entry_rules_segments, RULES)
