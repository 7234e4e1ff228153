/* vmx/entry_rules.c - going through the rules of VM entry, and what several of them need. */
#include "kernel/string.h"
#include "vmx/entry_rules_parts.h"

#define SIZE_LIMITED BIT(48) /* of IA32_VMX_BASIC: addresses have 32 bits */

static const struct entry_rule_table *const tables[] = {&entry_rules_controls, &entry_rules_host,
							&entry_rules_guest, &entry_rules_segments,
							&entry_rules_other};

/* Of texts that stand one behind the other, each with its NUL. */
static const char *nth_text(const char *texts, unsigned n)
{
	while (n--)
		texts += strlen(texts) + 1;
	return texts;
}

/* *number becomes that in the table. */
static const struct entry_rule_table *table_of(unsigned *number)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tables); i++) {
		if (*number < tables[i]->count)
			return tables[i];
		*number -= tables[i]->count;
	}
	return NULL;
}

const struct entry_rule *entry_rule_at(unsigned number)
{
	const struct entry_rule_table *t = table_of(&number);

	return t ? &t->rules[number] : NULL;
}

const char *entry_rule_text(unsigned number)
{
	const struct entry_rule_table *t = table_of(&number);

	return t ? nth_text(t->texts, number) : NULL;
}

const char *entry_rule_words(const struct entry_rule *r)
{
	static const struct {
		bool (*holds)(const struct entry_state *e, uint64_t value, unsigned arg);
		const char *words;
	} functions[] = {
		{entry_controls_fit, "reserved bits are as its capability MSR says"},
		{entry_address, "aligned, within the address width"},
		{entry_canonical, "canonical"},
		{entry_cr0_fixed, "has the bits that VMX operation fixes"},
		{entry_cr4_fixed, "has the bits that VMX operation fixes"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++) {
		if (functions[i].holds == r->holds)
			return functions[i].words;
	}
	return NULL;
}

enum entry_area entry_rule_area(const struct entry_rule *r)
{
	if (r->section < IN_HOST_REGISTERS)
		return ENTRY_CONTROLS_AREA;
	return r->section < IN_GUEST_REGISTERS ? ENTRY_HOST_AREA : ENTRY_GUEST_AREA;
}

const char *entry_rule_title(const struct entry_rule *r)
{
	static const char titles[] =
		"VM-Execution Control Fields\0"
		"VM-Exit Control Fields\0"
		"VM-Entry Control Fields\0"
		"Checks on Host Control Registers, MSRs, and SSP\0"
		"Checks on Host Segment and Descriptor-Table Registers\0"
		"Checks Related to Address-Space Size\0"
		"Checks on Guest Control Registers, Debug Registers, and MSRs\0"
		"Checks on Guest Segment Registers\0"
		"Checks on Guest Descriptor-Table Registers\0"
		"Checks on Guest RIP, RFLAGS, and SSP\0"
		"Checks on Guest Non-Register State\0"
		"Checks on Guest Page-Directory-Pointer-Table Entries";

	return nth_text(titles, r->section);
}

static bool applies(const struct entry_state *e, unsigned when, unsigned arg)
{
	switch (when) {
	case ENTRY_ALWAYS:
		return true;
	case ENTRY_IF_EVENT:
		return EVENT_IS_VALID(VALUE(e, ENTRY_INTERRUPTION_INFO));
	case ENTRY_IF_V86:
		return entry_v86(e);
	case ENTRY_UNLESS_V86:
		return !entry_v86(e);
	case ENTRY_IF_RESTRICTED:
		return !entry_v86(e) && !entry_control(e, PROC2(7));
	case ENTRY_IF_SEGMENT:
		return entry_segment_matters(e, arg);
	case ENTRY_IF_64BIT:
		return entry_64bit(e);
	case ENTRY_UNLESS_64BIT:
		return !entry_64bit(e);
	default:
		return entry_control(e, when);
	}
}

/* A position is a rule's number times AT_END, and the distance from its first field. */
bool entry_next_breach(const struct entry_state *e, enum entry_area area, unsigned *position,
		       struct entry_breach *breach)
{
	const struct entry_rule *r;

	while ((r = entry_rule_at(*position / AT_END)) != NULL) {
		unsigned number = *position / AT_END, nth = *position % AT_END;
		unsigned at = r->first + nth, arg = r->arg + r->step * nth;

		if (at > r->last || entry_rule_area(r) != area) {
			*position += AT_END - nth;
			continue;
		}
		(*position)++;
		if (applies(e, r->when, arg) && !r->holds(e, e->value[at], arg)) {
			*breach = (struct entry_breach){r, number, at};
			return true;
		}
	}
	return false;
}

enum entry_area entry_verdict(const struct entry_state *e)
{
	enum entry_area area = ENTRY_CONTROLS_AREA;

	for (; area < ENTRY_AREAS; area++) {
		struct entry_breach breach;
		unsigned position = 0;

		if (entry_next_breach(e, area, &position, &breach))
			break;
	}
	return area;
}

/* ---- what rules are made of ---- */

bool entry_control(const struct entry_state *e, unsigned control)
{
	static const uint8_t fields[CONTROL_GROUPS] = {
		[CONTROL_PIN] = AT_PIN_CONTROLS,     [CONTROL_PROC] = AT_PROC_CONTROLS,
		[CONTROL_PROC2] = AT_PROC2_CONTROLS, [CONTROL_EXIT] = AT_EXIT_CONTROLS,
		[CONTROL_ENTRY] = AT_ENTRY_CONTROLS,
	};

	if (control / 32 == CONTROL_PROC2 && !(VALUE(e, PROC_CONTROLS) & PROC_SECONDARY))
		return false;
	return (e->value[fields[control / 32]] >> (control % 32)) & 1;
}

bool entry_ia32e(const struct entry_state *e)
{
	return (VALUE(e, ENTRY_CONTROLS) & ENTRY_IA32E) != 0;
}

bool entry_v86(const struct entry_state *e)
{
	return (VALUE(e, GUEST_RFLAGS) & RFLAGS_VM) != 0;
}

bool entry_64bit(const struct entry_state *e)
{
	return entry_ia32e(e) && ((VALUE(e, GUEST_CS_ACCESS) >> 13) & 1);
}

bool entry_is_canonical(const struct entry_state *e, uint64_t address)
{
	unsigned above = 64u - e->linear_bits;

	return (uint64_t)((int64_t)(address << above) >> above) == address;
}

ENTRY_HOLDS(entry_needs)
{
	return entry_control(e, arg);
}

ENTRY_HOLDS(entry_bars)
{
	return !entry_control(e, arg);
}

ENTRY_HOLDS(entry_controls_fit)
{
	uint64_t must = (uint32_t)e->msrs.group[arg], may = e->msrs.group[arg] >> 32;

	return (value & must) == must && !(value & ~may);
}

ENTRY_HOLDS(entry_address)
{
	unsigned width = e->msrs.basic & SIZE_LIMITED ? 32u : e->physical_bits;

	return !(value >> width) && !(value & (BIT(arg) - 1));
}

ENTRY_HOLDS(entry_width)
{
	return !(value >> arg);
}

ENTRY_HOLDS(entry_not_zero)
{
	return value != 0;
}

ENTRY_HOLDS(entry_canonical)
{
	return entry_is_canonical(e, value);
}

ENTRY_HOLDS(entry_cr3)
{
	return !(value >> e->physical_bits);
}

ENTRY_HOLDS(entry_cet_needs_wp)
{
	return !(value & CR4_CET) || (e->value[arg] & CR0_WP);
}

/* SDM 3A "IA32_PAT MSR": types 2 and 3 are reserved, and what has more than three bits. */
ENTRY_HOLDS(entry_pat)
{
	for (uint64_t rest = value; rest; rest >>= 8) {
		if ((rest & 0xff) > 7 || (rest & 0xfe) == 2)
			return false;
	}
	return true;
}

ENTRY_HOLDS(entry_efer_reserved)
{
	return !(value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE));
}

ENTRY_HOLDS(entry_s_cet)
{
	uint64_t s_cet = value;

	return !(s_cet & UINT64_C(0x3c0)) && (s_cet & 0xc00) != 0xc00 &&
	       entry_is_canonical(e, s_cet);
}

ENTRY_HOLDS(entry_bits_clear)
{
	return !(value & arg);
}

ENTRY_HOLDS(entry_bits_set)
{
	return (value & arg) == arg;
}

static bool is_fixed(uint64_t value, uint64_t must, uint64_t may)
{
	return (value & must) == must && !(value & ~may);
}

/* What no entry and no exit changes is never looked at. */
ENTRY_HOLDS(entry_cr0_fixed)
{
	uint64_t free = CR0_NW | CR0_CD;

	if (arg != ENTRY_ALWAYS && entry_control(e, arg))
		free |= CR0_PE | CR0_PG;
	return is_fixed(value, e->msrs.cr0_fixed0 & ~free, e->msrs.cr0_fixed1 | free);
}

ENTRY_HOLDS(entry_cr4_fixed)
{
	return is_fixed(value, e->msrs.cr4_fixed0, e->msrs.cr4_fixed1);
}
