/*
 * toolkit/watch_cr.c - watch=cr0, cr3, cr4, cr8: moves to control registers; and cr3target=.
 *
 * For CR0 and CR4 all bits get into the guest/host mask; the guest reads the shadow, which is what
 * it has written. A move that changes no masked bit makes no exit. What CR0, CR4 and CR8 do is
 * vmx/exit_cr.c's; CR3 exits only for this, so it is carried out here.
 * Spec: SDM 2B "MOV-Move to/from Control Registers"; SDM 3C "Guest/Host Masks and Read Shadows for
 * CR0 and CR4", "CR3-Target Controls", "Exit Qualification for Control-Register Accesses"; SDM 3A
 * "Operations that Invalidate TLBs and Paging-Structure Caches", "PDPTE Registers".
 */
#include "guest/segment.h"
#include "toolkit/cr_words.h"
#include "toolkit/tools.h"
#include "vmx/core.h"
#include "vmx/inject.h"
#include "vmx/vmcs.h"

/* CR0's other bits are reserved: they read as 0 whatever is written, which a shadow would not. */
#define CR0_DEFINED                                                                                \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define CR3_NO_FLUSH BIT(63)
#define MISC_TARGETS (vmx_cpu_msrs.misc >> 16 & 0x1ff)

enum cr_access { CR_TO, CR_FROM, CR_CLTS, CR_LMSW };

extern const struct tool tool_cr;

static enum status read(struct vm_tools *t, enum vm_tool_word word, struct text value,
			struct tool_refusal *refusal)
{
	(void)word;
	return cr3_targets_read(value, tool_state(t, &tool_cr), &refusal->word, &refusal->what);
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	const struct cr3_targets *targets = tool_state(t, &tool_cr);
	bool cr0 = watch_any(t, WATCH_CR0), cr3 = watch_any(t, WATCH_CR3),
	     cr4 = watch_any(t, WATCH_CR4), cr8 = watch_any(t, WATCH_CR8);

	if (cr0)
		c->cr0_mask |= CR0_DEFINED;
	if (cr4)
		c->cr4_mask |= UINT64_MAX;
	if (cr3)
		c->on[CONTROL_PROC] |= (uint32_t)(PROC_CR3_LOAD | PROC_CR3_STORE);
	if (cr8)
		c->on[CONTROL_PROC] |= (uint32_t)(PROC_CR8_LOAD | PROC_CR8_STORE);
	if (targets->count > MISC_TARGETS)
		tool_lacks(c, "room for so many CR3-target values (IA32_VMX_MISC, bits 24:16)",
			   VM_TOOL_CR3TARGET);
	return cr0 || cr3 || cr4 || cr8;
}

static void change(struct vm *vm)
{
	static const enum vmcs_field fields[CR3_TARGETS_MAX] = {VMCS_CR3_TARGET0, VMCS_CR3_TARGET1,
								VMCS_CR3_TARGET2, VMCS_CR3_TARGET3};
	const struct cr3_targets *targets = tool_state(vm->tools, &tool_cr);

	for (unsigned i = 0; i < targets->count; i++)
		vmcs_write(fields[i], targets->at[i]);
	vmcs_write(VMCS_CR3_TARGET_COUNT, targets->count);
}

/* With CR4.PCIDE, bit 63 says that the TLB may be kept, and is not stored. INVVPID flushes more
 * than the CPU has to, which is allowed. */
static enum exit_action load_cr3(struct vcpu *v, const struct guest_cpu_state *s, uint64_t value)
{
	bool keep = (s->cr4 & CR4_PCIDE) && (value & CR3_NO_FLUSH);

	if (s->cr4 & CR4_PCIDE)
		value &= ~CR3_NO_FLUSH;
	if (value >> s->maxphyaddr)
		return inject_gp(v, 0);
	vmcs_write(VMCS_GUEST_CR3, value);
	if ((s->cr0 & CR0_PG) && (s->cr4 & CR4_PAE) && !(s->efer & EFER_LMA) &&
	    !vcpu_load_pdptes(v)) {
		vmcs_write(VMCS_GUEST_CR3, s->cr3);
		return inject_gp(v, 0);
	}
	if (!keep) {
		v->flush_vpid = true;
		v->prepare |= PREPARE_EVENTS;
	}
	return EXIT_SKIP;
}

static enum exit_action store_cr3(struct vcpu *v, const struct guest_cpu_state *s, unsigned reg)
{
	uint64_t value = guest_is_64bit(s) ? s->cr3 : (uint32_t)s->cr3;

	if (reg == RSP)
		vmcs_write(VMCS_GUEST_RSP, value);
	else
		v->gpr[reg] = value;
	return EXIT_SKIP;
}

static uint64_t value_of(const struct guest_cpu_state *s, unsigned cr)
{
	const uint64_t values[] = {s->cr0, s->cr2, s->cr2, s->cr3, s->cr4};

	return cr < ARRAY_SIZE(values) ? values[cr] : s->cr8;
}

static void tell(struct vcpu *v, struct watch *w, const struct guest_cpu_state *before,
		 uint64_t value, enum exit_action action)
{
	static const char *const names[] = {"MOV CR", "MOV from CR", "CLTS, CR", "LMSW, CR"};
	enum cr_access access = (enum cr_access)(v->qualification >> 4 & 3);
	const char *outcome = watch_outcome(v, action), *name = names[access];
	unsigned cr = v->qualification & 0xf;
	uint64_t old = value_of(before, cr);
	char changes[CR_CHANGES_TEXT] = "";
	struct guest_cpu_state now;
	int digits = cr == 8 ? 1 : 16;

	if (access == CR_FROM) {
		watch_hit(v, w, "%s%u: %0*llxh at %#llx", name, cr, digits, (unsigned long long)old,
			  (unsigned long long)before->rip);
		return;
	}
	if (action == EXIT_SKIP) {
		vcpu_read_state(v, &now);
		value = value_of(&now, cr);
	}
	if (cr == 0 || cr == 4)
		cr_changes(cr, old, value, changes);
	watch_hit(v, w, "%s%u: %0*llxh -> %0*llxh%s%s at %#llx", name, cr, digits,
		  (unsigned long long)old, digits, (unsigned long long)value, changes, outcome,
		  (unsigned long long)before->rip);
}

static enum exit_action see_cr(struct vcpu *v, struct tool_exit *x)
{
	unsigned cr = v->qualification & 0xf, reg = v->qualification >> 8 & 0xf;
	enum cr_access access = (enum cr_access)(v->qualification >> 4 & 3);
	enum watch_kind kind = cr == 0   ? WATCH_CR0
			       : cr == 3 ? WATCH_CR3
			       : cr == 4 ? WATCH_CR4
					 : WATCH_CR8;
	struct watch *w = watch_find(v->vm->tools, kind, 0);
	struct guest_cpu_state s;
	enum exit_action action;
	uint64_t value;

	if (!w)
		return tool_pass(v, x);
	vcpu_read_state(v, &s);
	value = guest_is_64bit(&s) ? s.gpr[reg] : (uint32_t)s.gpr[reg];
	if (cr != 3)
		action = tool_pass(v, x);
	else if (access == CR_TO)
		action = load_cr3(v, &s, value);
	else
		action = store_cr3(v, &s, reg);
	tell(v, w, &s, value, action);
	return action;
}

const struct tool tool_cr = {
	.name = "cr",
	.state_bytes = sizeof(struct cr3_targets),
	.words = BIT(VM_TOOL_CR3TARGET),
	.reasons = BIT(EXIT_REASON_CR_ACCESS),
	.read = read,
	.fit = fit,
	.change = change,
	.exit = see_cr,
};
