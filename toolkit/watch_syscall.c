/*
 * toolkit/watch_syscall.c - watch=syscall: SYSCALL and SYSRET, by EFER.SCE.
 *
 * SCE is kept clear in the CPU, so both raise #UD, which exits; then they are carried out in
 * software. The guest reads EFER with its own SCE: RDMSR and WRMSR of it exit while this is watched
 * (toolkit/watch_msr.c has the bitmap). Every other #UD goes on its way.
 * A return by IRET is not seen. With DEBUGCTL.BTF there is no trap behind the two.
 * Spec: SDM 4 "IA32_EFER"; SDM 2B "SYSCALL", "SYSRET"; SDM 3C "Exceptions" (exception bitmap).
 */
#include "guest/segment.h"
#include "guest/syscall.h"
#include "toolkit/msr_area.h"
#include "toolkit/tools.h"
#include "vmx/inject.h"
#include "vmx/step.h"
#include "vmx/vmcs.h"

#define UD_EXIT (EVENT_VALID | EVENT_HARDWARE_EXCEPTION << EVENT_TYPE_SHIFT | EXC_UD)
#define UD_BITS (EVENT_VALID | 7u << EVENT_TYPE_SHIFT | 0xffu)

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	bool watched = watch_any(t, WATCH_SYSCALL);

	if (watched)
		c->exceptions |= (uint32_t)BIT(EXC_UD);
	return watched;
}

static void change(struct vm *vm)
{
	vcpu_hide_efer(&vm->vcpu, watch_any(vm->tools, WATCH_SYSCALL) ? EFER_SCE : 0);
}

static void write_segment(const struct guest_segment *g, enum guest_segment_name name)
{
	vmcs_write((enum vmcs_field)(VMCS_GUEST_ES_SELECTOR + 2 * name), g->selector);
	vmcs_write((enum vmcs_field)(VMCS_GUEST_ES_ACCESS + 2 * name), g->access);
	vmcs_write((enum vmcs_field)(VMCS_GUEST_ES_LIMIT + 2 * name), g->limit);
	vmcs_write((enum vmcs_field)(VMCS_GUEST_ES_BASE + 2 * name), g->base);
}

/* What both change. A trap that TF owes comes behind them by the new TF. */
static enum exit_action write_back(struct vcpu *v, const struct guest_cpu_state *s)
{
	v->gpr[RCX] = s->gpr[RCX];
	v->gpr[R11] = s->gpr[R11];
	write_segment(&s->segments[GUEST_CS], GUEST_CS);
	write_segment(&s->segments[GUEST_SS], GUEST_SS);
	vmcs_write(VMCS_GUEST_RFLAGS, s->rflags);
	vcpu_advance(v, s->rip);
	return EXIT_RETRY;
}

static void tell_call(struct vcpu *v, struct watch *w, const uint64_t *gpr)
{
	watch_hit(v, w, "SYSCALL %llu (%#llx, %#llx, %#llx) at %#llx", (unsigned long long)gpr[RAX],
		  (unsigned long long)gpr[RDI], (unsigned long long)gpr[RSI],
		  (unsigned long long)gpr[RDX], (unsigned long long)v->rip);
}

static enum exit_action carry_out(struct vcpu *v, struct guest_cpu_state *s,
				  const struct syscall_instruction *i)
{
	struct watch *w = watch_find(v->vm->tools, WATCH_SYSCALL, 0);
	const struct syscall_msrs msrs = {
		.star = msr_area_read(v, MSR_STAR),
		.lstar = msr_area_read(v, MSR_LSTAR),
		.fmask = msr_area_read(v, MSR_FMASK),
	};

	if (i->kind == SYSCALL_CALL) {
		tell_call(v, w, s->gpr);
		syscall_enter(s, &msrs, i->length);
		return write_back(v, s);
	}
	if (!syscall_return(s, &msrs, i->wide)) {
		watch_hit(v, w, "SYSRET at %#llx: #GP(0) into the guest",
			  (unsigned long long)v->rip);
		return inject_gp(v, 0);
	}
	watch_hit(v, w, "-> %#llx, SYSRET to %#llx%s", (unsigned long long)s->gpr[RAX],
		  (unsigned long long)s->rip, i->wide ? "" : " in compatibility mode");
	return write_back(v, s);
}

static enum exit_action see(struct vcpu *v, struct tool_exit *x)
{
	struct syscall_instruction i;
	struct guest_cpu_state s;
	uint8_t bytes[STEP_FETCH_BYTES];

	if ((vmcs_read(VMCS_EXIT_INTERRUPTION_INFO) & UD_BITS) != UD_EXIT ||
	    (v->event.info & EVENT_VALID))
		return tool_pass(v, x);
	vcpu_read_state(v, &s);
	if (!guest_is_64bit(&s) || !(s.efer & EFER_SCE))
		return tool_pass(v, x);
	i = syscall_at(bytes, step_fetch(v, &s, bytes));
	return i.kind ? carry_out(v, &s, &i) : tool_pass(v, x);
}

const struct tool tool_syscall = {
	.name = "syscall",
	.reasons = BIT(EXIT_REASON_EXCEPTION_OR_NMI),
	.fit = fit,
	.change = change,
	.exit = see,
};
