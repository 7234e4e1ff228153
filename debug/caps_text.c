/* debug/caps_text.c - see debug/caps_text.h. */
#include "debug/caps_text.h"

#include "kernel/text_cr.h"

#define FIXED_ROWS 4u
#define JUST_TOLD  UINT8_MAX /* a number or a property, nothing that could be used */

enum source { BASIC, MISC, EPT_VPID, VMCS_ENUM, VMFUNC, SOURCES };

static const char *const source_names[SOURCES] = {
	[BASIC] = "IA32_VMX_BASIC",           [MISC] = "IA32_VMX_MISC",
	[EPT_VPID] = "IA32_VMX_EPT_VPID_CAP", [VMCS_ENUM] = "IA32_VMX_VMCS_ENUM",
	[VMFUNC] = "IA32_VMX_VMFUNC",
};

/* One bit is a yes or no, more are a number. */
static const struct fact {
	uint8_t source, low, high;
	uint8_t want; /* enum control_want, JUST_TOLD */
	const char *name;
} facts[] = {
	{BASIC, 0, 30, JUST_TOLD, "VMCS revision"},
	{BASIC, 32, 44, JUST_TOLD, "bytes of a VMCS, a VMXON region"},
	{BASIC, 48, 48, JUST_TOLD, "their addresses have 32 bits"},
	{BASIC, 49, 49, WANT_OFF, "dual-monitor treatment of SMM"},
	{BASIC, 50, 53, JUST_TOLD, "their memory type (6: write-back)"},
	{BASIC, 54, 54, WANT_ON, "INS and OUTS tell their operands"},
	{BASIC, 55, 55, WANT_IF_ANY, "true controls"},
	{BASIC, 56, 56, WANT_OFF, "error code with any exception"},
	{MISC, 0, 4, JUST_TOLD, "timer: one tick in 2^N of the TSC"},
	{MISC, 5, 5, WANT_ON, "exits note EFER.LMA"},
	{MISC, 6, 6, WANT_IF_ANY, "activity state HLT"},
	{MISC, 7, 7, WANT_OFF, "activity state shutdown"},
	{MISC, 8, 8, WANT_OFF, "activity state wait-for-SIPI"},
	{MISC, 14, 14, WANT_OFF, "Intel PT in VMX operation"},
	{MISC, 15, 15, WANT_OFF, "IA32_SMBASE is read in SMM"},
	{MISC, 16, 24, JUST_TOLD, "CR3-target values"},
	{MISC, 25, 27, JUST_TOLD, "MSRs in a list: 512 x (N + 1)"},
	{MISC, 28, 28, WANT_OFF, "SMIs blocked behind VMXOFF"},
	{MISC, 29, 29, WANT_OFF, "VMWRITE to the exit's fields"},
	{MISC, 30, 30, WANT_OFF, "INT n injected with length 0"},
	{MISC, 32, 63, JUST_TOLD, "MSEG revision"},
	{EPT_VPID, 0, 0, WANT_BY_TOOL, "pages to execute only"},
	{EPT_VPID, 6, 6, WANT_ON, "page walk of 4 levels"},
	{EPT_VPID, 7, 7, WANT_OFF, "page walk of 5 levels"},
	{EPT_VPID, 8, 8, WANT_OFF, "EPT structures uncached"},
	{EPT_VPID, 14, 14, WANT_ON, "EPT structures write-back"},
	{EPT_VPID, 16, 16, WANT_IF_ANY, "pages of 2 MiB"},
	{EPT_VPID, 17, 17, WANT_IF_ANY, "pages of 1 GiB"},
	{EPT_VPID, 20, 20, WANT_ON, "INVEPT"},
	{EPT_VPID, 21, 21, WANT_BY_TOOL, "accessed and dirty flags"},
	{EPT_VPID, 22, 22, WANT_OFF, "more about EPT violations"},
	{EPT_VPID, 23, 23, WANT_OFF, "supervisor shadow stacks"},
	{EPT_VPID, 25, 25, WANT_IF_ANY, "INVEPT of a single context"},
	{EPT_VPID, 26, 26, WANT_IF_ANY, "INVEPT of all contexts"},
	{EPT_VPID, 32, 32, WANT_IF_ANY, "INVVPID"},
	{EPT_VPID, 40, 40, WANT_OFF, "INVVPID of an address"},
	{EPT_VPID, 41, 41, WANT_IF_ANY, "INVVPID of a single context"},
	{EPT_VPID, 42, 42, WANT_IF_ANY, "INVVPID of all contexts"},
	{EPT_VPID, 43, 43, WANT_OFF, "INVVPID but for global pages"},
	{EPT_VPID, 48, 53, JUST_TOLD, "HLAT prefix, at most"},
	{VMCS_ENUM, 1, 9, JUST_TOLD, "highest index of a field"},
	{VMFUNC, 0, 0, WANT_BY_TOOL, "EPTP switching"},
};

static void fact_row(const struct vmx_msrs *m, const struct fact *f, char *text, size_t size)
{
	const uint64_t values[SOURCES] = {
		[BASIC] = m->basic,         [MISC] = m->misc,     [EPT_VPID] = m->ept_vpid,
		[VMCS_ENUM] = m->vmcs_enum, [VMFUNC] = m->vmfunc,
	};
	unsigned width = f->high - f->low + 1u;
	uint64_t value = values[f->source] >> f->low & (UINT64_MAX >> (64 - width));
	char bits[8], number[24];

	text_format(bits, sizeof(bits), width > 1 ? "%u-%u" : "%u", f->low, f->high);
	text_format(number, sizeof(number), width > 16 ? "%#llx" : "%llu",
		    (unsigned long long)value);
	text_format(text, size, "%-26s %-5s %-38s %-9s %s", source_names[f->source], bits, f->name,
		    f->want == JUST_TOLD
			    ? ""
			    : control_want_text((enum control_want)f->want, value != 0),
		    width > 1 ? number
		    : value   ? "yes"
			      : "no");
}

/* FIXED0 has the bits that are always 1, FIXED1 those that may be. */
static void fixed_row(const struct vmx_msrs *m, unsigned row, char *text, size_t size)
{
	const uint64_t values[] = {m->cr0_fixed0, m->cr0_fixed1, m->cr4_fixed0, m->cr4_fixed1};
	unsigned cr = row < 2 ? 0 : 4;
	uint64_t fixed = row & 1 ? ~values[row] : values[row];
	size_t at = text_format(text, size, "IA32_VMX_CR%u_FIXED%u        %#-10llx always %u:", cr,
				row & 1, (unsigned long long)values[row], row & 1 ? 0u : 1u);

	for (unsigned bit = 0; bit < 64 && at < size; bit++) {
		const char *name = text_cr_bit(cr, bit);

		if (name && (fixed & BIT(bit)))
			at += text_format(text + at, size - at, " %s", name);
	}
	if (at < size && text[at - 1] == ':')
		text_format(text + at, size - at, " none");
}

bool caps_text_row(const struct vmx_msrs *m, unsigned row, char *text, size_t size)
{
	if (row == 0)
		text_format(text, size, "%-26s %-5s %-38s %-9s %s", "capabilities", "bits", "name",
			    "wanted", "value");
	else if (row <= ARRAY_SIZE(facts))
		fact_row(m, &facts[row - 1], text, size);
	else if (row <= ARRAY_SIZE(facts) + FIXED_ROWS)
		fixed_row(m, row - 1 - (unsigned)ARRAY_SIZE(facts), text, size);
	else
		return false;
	return true;
}
