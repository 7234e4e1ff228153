/* vmx/controls.c - the table of all VMX controls, and the fitting of them. */
#include "vmx/controls.h"

const char *const control_group_names[CONTROL_GROUPS] = {
	[CONTROL_PIN] = "pin-based",
	[CONTROL_PROC] = "primary processor-based",
	[CONTROL_PROC2] = "secondary processor-based",
	[CONTROL_EXIT] = "VM-exit",
	[CONTROL_ENTRY] = "VM-entry",
};

const struct control_bit control_bits[] = {
	{CONTROL_PIN, 0, WANT_ON, "external-interrupt exiting"},
	{CONTROL_PIN, 3, WANT_ON, "NMI exiting"},
	{CONTROL_PIN, 5, WANT_ON, "virtual NMIs"},
	{CONTROL_PIN, 6, WANT_IF_ANY, "activate VMX-preemption timer"},
	{CONTROL_PIN, 7, WANT_OFF, "process posted interrupts"},

	{CONTROL_PROC, 2, WANT_AT_TIMES, "interrupt-window exiting"}, /* set while one waits */
	{CONTROL_PROC, 3, WANT_ON, "use TSC offsetting"},
	{CONTROL_PROC, 7, WANT_ON, "HLT exiting"},
	{CONTROL_PROC, 9, WANT_BY_TOOL, "INVLPG exiting"},
	{CONTROL_PROC, 10, WANT_ON, "MWAIT exiting"},
	{CONTROL_PROC, 11, WANT_ON, "RDPMC exiting"},
	{CONTROL_PROC, 12, WANT_BY_TOOL, "RDTSC exiting"},
	{CONTROL_PROC, 15, WANT_BY_TOOL, "CR3-load exiting"},
	{CONTROL_PROC, 16, WANT_BY_TOOL, "CR3-store exiting"},
	{CONTROL_PROC, 17, WANT_OFF, "activate tertiary controls"},
	{CONTROL_PROC, 19, WANT_ON, "CR8-load exiting"},
	{CONTROL_PROC, 20, WANT_ON, "CR8-store exiting"},
	{CONTROL_PROC, 21, WANT_BY_TOOL, "use TPR shadow"},
	{CONTROL_PROC, 22, WANT_AT_TIMES, "NMI-window exiting"}, /* set while one waits */
	{CONTROL_PROC, 23, WANT_AT_TIMES, "MOV-DR exiting"},     /* set for a debugger's points */
	{CONTROL_PROC, 24, WANT_BY_TOOL, "unconditional I/O exiting"},
	{CONTROL_PROC, 25, WANT_ON, "use I/O bitmaps"},
	{CONTROL_PROC, 27, WANT_AT_TIMES, "monitor trap flag"}, /* set for a step */
	{CONTROL_PROC, 28, WANT_ON, "use MSR bitmaps"},
	{CONTROL_PROC, 29, WANT_ON, "MONITOR exiting"},
	{CONTROL_PROC, 30, WANT_BY_TOOL, "PAUSE exiting"},
	{CONTROL_PROC, 31, WANT_ON, "activate secondary controls"},

	{CONTROL_PROC2, 0, WANT_OFF, "virtualize APIC accesses"},
	{CONTROL_PROC2, 1, WANT_ON, "enable EPT"},
	{CONTROL_PROC2, 2, WANT_BY_TOOL, "descriptor-table exiting"},
	{CONTROL_PROC2, 3, WANT_IF_ANY, "enable RDTSCP"},
	{CONTROL_PROC2, 4, WANT_OFF, "virtualize x2APIC mode"},
	{CONTROL_PROC2, 5, WANT_IF_ANY, "enable VPID"},
	{CONTROL_PROC2, 6, WANT_IF_ANY, "WBINVD exiting"},
	{CONTROL_PROC2, 7, WANT_ON, "unrestricted guest"},
	{CONTROL_PROC2, 8, WANT_OFF, "APIC-register virtualization"},
	{CONTROL_PROC2, 9, WANT_OFF, "virtual-interrupt delivery"},
	{CONTROL_PROC2, 10, WANT_BY_TOOL, "PAUSE-loop exiting"},
	{CONTROL_PROC2, 11, WANT_OFF, "RDRAND exiting"},
	{CONTROL_PROC2, 12, WANT_OFF, "enable INVPCID"},
	{CONTROL_PROC2, 13, WANT_BY_TOOL, "enable VM functions"},
	{CONTROL_PROC2, 14, WANT_OFF, "VMCS shadowing"},
	{CONTROL_PROC2, 15, WANT_OFF, "enable ENCLS exiting"},
	{CONTROL_PROC2, 16, WANT_OFF, "RDSEED exiting"},
	{CONTROL_PROC2, 17, WANT_BY_TOOL, "enable PML"},
	{CONTROL_PROC2, 18, WANT_OFF, "EPT-violation #VE"},
	{CONTROL_PROC2, 19, WANT_OFF, "conceal VMX from PT"},
	{CONTROL_PROC2, 20, WANT_OFF, "enable XSAVES/XRSTORS"},
	{CONTROL_PROC2, 22, WANT_OFF, "mode-based execute control for EPT"},
	{CONTROL_PROC2, 23, WANT_OFF, "sub-page write permissions for EPT"},
	{CONTROL_PROC2, 24, WANT_OFF, "Intel PT uses guest physical addresses"},
	{CONTROL_PROC2, 25, WANT_BY_TOOL, "use TSC scaling"},
	{CONTROL_PROC2, 26, WANT_OFF, "enable user wait and pause"},
	{CONTROL_PROC2, 28, WANT_OFF, "enable ENCLV exiting"},

	{CONTROL_EXIT, 2, WANT_ON, "save debug controls"},
	{CONTROL_EXIT, 9, WANT_ON, "host address-space size"},
	{CONTROL_EXIT, 12, WANT_OFF, "load IA32_PERF_GLOBAL_CTRL"},
	{CONTROL_EXIT, 15, WANT_OFF, "acknowledge interrupt on exit"},
	{CONTROL_EXIT, 18, WANT_IF_ANY, "save IA32_PAT"},
	{CONTROL_EXIT, 19, WANT_IF_ANY, "load IA32_PAT"},
	{CONTROL_EXIT, 20, WANT_ON, "save IA32_EFER"},
	{CONTROL_EXIT, 21, WANT_ON, "load IA32_EFER"},
	{CONTROL_EXIT, 22, WANT_OFF, "save VMX-preemption timer value"},
	{CONTROL_EXIT, 23, WANT_OFF, "clear IA32_BNDCFGS"},

	{CONTROL_ENTRY, 2, WANT_ON, "load debug controls"},
	{CONTROL_ENTRY, 9, WANT_AT_TIMES, "IA-32e mode guest"}, /* follows EFER.LMA */
	{CONTROL_ENTRY, 10, WANT_OFF, "entry to SMM"},
	{CONTROL_ENTRY, 11, WANT_OFF, "deactivate dual-monitor treatment"},
	{CONTROL_ENTRY, 13, WANT_OFF, "load IA32_PERF_GLOBAL_CTRL"},
	{CONTROL_ENTRY, 14, WANT_IF_ANY, "load IA32_PAT"},
	{CONTROL_ENTRY, 15, WANT_ON, "load IA32_EFER"},
	{CONTROL_ENTRY, 16, WANT_OFF, "load IA32_BNDCFGS"},
};

const unsigned control_bit_count = ARRAY_SIZE(control_bits);

uint32_t controls_fit(enum control_group group, uint64_t capability,
		      const struct control_bit **refused)
{
	uint32_t value = (uint32_t)capability; /* what must be 1 */

	*refused = NULL;
	for (unsigned i = 0; i < control_bit_count; i++) {
		const struct control_bit *b = &control_bits[i];

		if (b->group != group || b->want < WANT_IF_ANY)
			continue;
		if (control_may_be_1(capability, b->bit))
			value |= UINT32_C(1) << b->bit;
		else if (b->want == WANT_ON && !*refused)
			*refused = b;
	}
	return value;
}

const char *control_want_text(enum control_want want, bool could_be_had)
{
	static const char *const words[] = {
		[WANT_OFF] = "no",
		[WANT_AT_TIMES] = "at times",
		[WANT_BY_TOOL] = "by a tool",
		[WANT_IF_ANY] = "if any",
		[WANT_ON] = "must",
	};

	return want == WANT_OFF && could_be_had ? "available" : words[want];
}
