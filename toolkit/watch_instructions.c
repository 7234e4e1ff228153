/*
 * toolkit/watch_instructions.c - watch=hlt, invlpg, xsetbv, cpuid[:LEAF].
 *
 * HLT, XSETBV and CPUID exit in any case; INVLPG does by a control of its own. What the CPU checks
 * itself (CPL, CR4.OSXSAVE) comes before the exit, so a #GP or #UD of that kind is not seen here.
 * Spec: SDM 3C "Instructions That Cause VM Exits Unconditionally", "... Conditionally".
 */
#include "toolkit/tools.h"
#include "vmx/vmcs.h"

#define HALF(n) ((unsigned)(uint32_t)v->gpr[n])

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	bool invlpg = watch_any(t, WATCH_INVLPG);

	if (invlpg)
		c->on[CONTROL_PROC] |= (uint32_t)PROC_INVLPG;
	return invlpg || watch_any(t, WATCH_HLT) || watch_any(t, WATCH_XSETBV) ||
	       watch_any(t, WATCH_CPUID);
}

static enum exit_action see_hlt(struct vcpu *v, struct tool_exit *x, struct watch *w)
{
	watch_hit(v, w, "HLT at %#llx, interrupts %s", (unsigned long long)v->rip,
		  vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_IF ? "on" : "off");
	return tool_pass(v, x);
}

/* INVLPG also empties the paging-structure caches, for all addresses, which INVVPID of one address
 * need not: so all that is cached for the guest goes (SDM 3A "Operations that Invalidate TLBs and
 * Paging-Structure Caches"). */
static enum exit_action do_invlpg(struct vcpu *v, struct tool_exit *x, struct watch *w)
{
	(void)x;
	if (w)
		watch_hit(v, w, "INVLPG %#llx at %#llx", (unsigned long long)v->qualification,
			  (unsigned long long)v->rip);
	v->flush_vpid = true;
	v->prepare |= PREPARE_EVENTS;
	return EXIT_SKIP;
}

static enum exit_action see_xsetbv(struct vcpu *v, struct tool_exit *x, struct watch *w)
{
	uint64_t value = v->gpr[RDX] << 32 | HALF(RAX), old = v->parked.xcr0;
	enum exit_action action = tool_pass(v, x);

	watch_hit(v, w, "XSETBV XCR%u <- %#llx at %#llx, %s %#llx", HALF(RCX),
		  (unsigned long long)value, (unsigned long long)v->rip,
		  action == EXIT_SKIP ? "was" : "#GP, stays", (unsigned long long)old);
	return action;
}

static enum exit_action see_cpuid(struct vcpu *v, struct tool_exit *x, struct watch *w)
{
	unsigned leaf = HALF(RAX), subleaf = HALF(RCX);
	enum exit_action action = tool_pass(v, x);

	watch_hit(v, w, "CPUID %x.%x -> eax %08x, ebx %08x, ecx %08x, edx %08x at %#llx", leaf,
		  subleaf, HALF(RAX), HALF(RBX), HALF(RCX), HALF(RDX), (unsigned long long)v->rip);
	return action;
}

static enum exit_action see(struct vcpu *v, struct tool_exit *x)
{
	struct vm_tools *t = v->vm->tools;
	struct watch *w;

	switch (x->reason) {
	case EXIT_REASON_INVLPG:
		return do_invlpg(v, x, watch_find(t, WATCH_INVLPG, 0));
	case EXIT_REASON_HLT:
		w = watch_find(t, WATCH_HLT, 0);
		return w ? see_hlt(v, x, w) : tool_pass(v, x);
	case EXIT_REASON_XSETBV:
		w = watch_find(t, WATCH_XSETBV, 0);
		return w ? see_xsetbv(v, x, w) : tool_pass(v, x);
	default:
		w = watch_find(t, WATCH_CPUID, HALF(RAX));
		return w ? see_cpuid(v, x, w) : tool_pass(v, x);
	}
}

const struct tool tool_instructions = {
	.name = "instructions",
	.reasons = BIT(EXIT_REASON_INVLPG) | BIT(EXIT_REASON_HLT) | BIT(EXIT_REASON_XSETBV) |
		   BIT(EXIT_REASON_CPUID),
	.fit = fit,
	.exit = see,
};
