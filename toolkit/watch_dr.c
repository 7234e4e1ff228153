/*
 * toolkit/watch_dr.c - watch=dr: MOV to and from debug registers.
 *
 * With "MOV-DR exiting" the exit comes before every fault of the instruction; vmx/exit_dr.c makes
 * them: #UD for DR4 and DR5 with CR4.DE, #GP, and #DB by general detect (DR7.GD).
 * Spec: SDM 3C "Instructions That Cause VM Exits", "Exit Qualification for MOV DR"; SDM 3B "Debug
 * Registers".
 */
#include "guest/segment.h"
#include "toolkit/tools.h"
#include "vmx/vmcs.h"

#define FROM_DR BIT(4) /* of the exit qualification */

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	if (!watch_any(t, WATCH_DR))
		return false;
	c->on[CONTROL_PROC] |= (uint32_t)PROC_MOV_DR;
	return true;
}

static enum exit_action see_dr(struct vcpu *v, struct tool_exit *x)
{
	struct watch *w = watch_find(v->vm->tools, WATCH_DR, 0);
	unsigned n = v->qualification & 7, reg = v->qualification >> 8 & 0xf;
	bool from = v->qualification & FROM_DR;
	struct guest_cpu_state s;
	enum exit_action action;
	char value[32] = "";
	const char *alias;

	if (!w) /* a debugger's points have it on */
		return tool_pass(v, x);
	vcpu_read_state(v, &s);
	alias = s.cr4 & CR4_DE ? "" : n == 4 ? " (DR6)" : n == 5 ? " (DR7)" : "";
	action = tool_pass(v, x);
	if (from && reg == RSP)
		s.gpr[reg] = vmcs_read(VMCS_GUEST_RSP);
	else if (from)
		s.gpr[reg] = v->gpr[reg];
	if (!from || action == EXIT_SKIP)
		text_format(value, sizeof(value), from ? " -> %0*llxh" : " <- %0*llxh",
			    guest_is_64bit(&s) ? 16 : 8,
			    (unsigned long long)(guest_is_64bit(&s) ? s.gpr[reg]
								    : (uint32_t)s.gpr[reg]));
	watch_hit(v, w, "MOV DR%u%s%s%s at %#llx", n, alias, value, watch_outcome(v, action),
		  (unsigned long long)s.rip);
	return action;
}

const struct tool tool_dr = {
	.name = "dr",
	.reasons = BIT(EXIT_REASON_MOV_DR),
	.fit = fit,
	.exit = see_dr,
};
