/*
 * toolkit/tsc.c - watch=tsc by RDTSC exiting, and tsc=offset:N,scale:N/M.
 *
 * The control "RDTSC exiting" covers RDTSCP. Both are answered with what they would have read:
 * the machine's TSC, scaled, plus the offset. RDMSR of the TSC is not covered. CR4.TSD's #GP comes
 * before the exit. CPUID 15h follows a scale. Reading the TSC by exits makes it slower for the
 * guest, not other.
 * Spec: SDM 3C "Time-Stamp Counter Offset and Multiplier"; SDM 2B "RDTSC", "RDTSCP".
 */
#include "toolkit/tools.h"

#include "kernel/cpu.h"
#include "toolkit/msr_area.h"
#include "toolkit/tsc_words.h"
#include "vmx/tsc.h"
#include "vmx/vmcs.h"

extern const struct tool tool_tsc;

static struct tsc_words *state_of(const struct vm_tools *t)
{
	return tool_state(t, &tool_tsc);
}

static enum status read_tsc(struct vm_tools *t, enum vm_tool_word word, struct text value,
			    struct tool_refusal *r)
{
	(void)word;
	return tsc_words_read(value, state_of(t), &r->word, &r->what);
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	bool watched = watch_any(t, WATCH_TSC);

	if (state_of(t)->multiplier)
		c->on[CONTROL_PROC2] |= (uint32_t)PROC2_TSC_SCALING;
	if (watched)
		c->on[CONTROL_PROC] |= (uint32_t)PROC_RDTSC;
	return watched;
}

static enum status begin(struct vm *vm, char *message)
{
	const struct tsc_words *w = state_of(vm->tools);

	(void)message;
	vmcs_write(VMCS_TSC_OFFSET, w->offset);
	if (!w->multiplier)
		return OK;
	vmcs_write(VMCS_TSC_MULTIPLIER, w->multiplier);
	vm->vcpu.tsc_multiplier = w->multiplier;
	cpuid_set_tsc_hz(&vm->cpuid, tsc_for_guest(&vm->vcpu, time_tsc_hz()));
	return OK;
}

static enum exit_action see(struct vcpu *v, struct tool_exit *x)
{
	struct watch *w = watch_find(v->vm->tools, WATCH_TSC, 0);
	uint64_t tsc = tsc_for_guest(v, cpu_rdtsc()) + vmcs_read(VMCS_TSC_OFFSET);

	v->gpr[RAX] = (uint32_t)tsc;
	v->gpr[RDX] = tsc >> 32;
	if (x->reason == EXIT_REASON_RDTSCP) {
		v->gpr[RCX] = (uint32_t)msr_area_read(v, MSR_TSC_AUX);
		watch_hit(v, w, "RDTSCP -> %#llx, TSC_AUX %#llx at %#llx", (unsigned long long)tsc,
			  (unsigned long long)v->gpr[RCX], (unsigned long long)v->rip);
	} else {
		watch_hit(v, w, "RDTSC -> %#llx at %#llx", (unsigned long long)tsc,
			  (unsigned long long)v->rip);
	}
	return EXIT_SKIP;
}

const struct tool tool_tsc = {
	.name = "tsc",
	.state_bytes = sizeof(struct tsc_words),
	.words = BIT(VM_TOOL_TSC),
	.reasons = BIT(EXIT_REASON_RDTSC) | BIT(EXIT_REASON_RDTSCP),
	.read = read_tsc,
	.fit = fit,
	.begin = begin,
	.exit = see,
};
