/*
 * toolkit/msr_area.c - msrarea=INDEX[=VALUE],...: the MSR-load area of VM entry, both of VM exit.
 *
 * VM entry loads the guest's values, VM exit stores them again, both in one list, and then loads
 * the host's. Without it Lintel leaves these MSRs as they are until another guest takes the core
 * (vmx/core.c), which goes on doing that with what the areas leave in the CPU.
 * Spec: SDM 3C "VM-Exit Controls for MSRs", "VM-Entry Controls for MSRs".
 */
#include "toolkit/msr_area.h"

#include "kernel/cpu.h"
#include "kernel/log.h"
#include "mm/phys.h"
#include "toolkit/msr_area_words.h"
#include "toolkit/tools.h"
#include "vmx/core.h"
#include "vmx/inject.h"
#include "vmx/vmcs.h"

struct msr_area_state {
	struct msr_area_entry guest[MSR_AREA_MAX], host[MSR_AREA_MAX]; /* aligned to 16 */
	struct msr_area_entry first[MSR_AREA_MAX];                     /* by the line */
	unsigned count;
};

extern const struct tool tool_msr_area;

static struct msr_area_state *state_of(const struct vm_tools *t)
{
	return tool_state(t, &tool_msr_area);
}

static enum status read_area(struct vm_tools *t, enum vm_tool_word word, struct text value,
			     struct tool_refusal *r)
{
	struct msr_area_state *a = state_of(t);
	const struct msr_features features = vmx_msr_features();

	(void)word;
	return msr_area_words_read(value, &features, a->first, &a->count, &r->word, &r->what);
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	(void)c; /* no control: the counts say that there are areas */
	return state_of(t)->count && (watch_any(t, WATCH_MSR) || watch_any(t, WATCH_SYSCALL));
}

static enum status begin(struct vm *vm, char *message)
{
	struct msr_area_state *a = state_of(vm->tools);
	uint64_t guest = phys_of(a->guest).raw;

	(void)message;
	for (unsigned i = 0; i < a->count; i++) {
		a->guest[i] = a->first[i];
		a->host[i] = (struct msr_area_entry){.index = a->first[i].index,
						     .value = cpu_rdmsr(a->first[i].index)};
	}
	vmcs_write(VMCS_ENTRY_MSR_LOAD_ADDRESS, guest);
	vmcs_write(VMCS_ENTRY_MSR_LOAD_COUNT, a->count);
	vmcs_write(VMCS_EXIT_MSR_STORE_ADDRESS, guest);
	vmcs_write(VMCS_EXIT_MSR_STORE_COUNT, a->count);
	vmcs_write(VMCS_EXIT_MSR_LOAD_ADDRESS, phys_of(a->host).raw);
	vmcs_write(VMCS_EXIT_MSR_LOAD_COUNT, a->count);
	return OK;
}

static void report(struct vm *vm)
{
	const struct msr_area_state *a = state_of(vm->tools);

	for (unsigned i = 0; i < a->count; i++)
		log_info(LOG_WATCH, "%s: msrarea %x: %#llx in the guest, %#llx in the host",
			 vm->config.name, a->guest[i].index, (unsigned long long)a->guest[i].value,
			 (unsigned long long)a->host[i].value);
}

static struct msr_area_entry *find(const struct vm_tools *t, uint32_t index)
{
	struct msr_area_state *a = state_of(t);

	for (unsigned i = 0; i < a->count; i++) {
		if (a->guest[i].index == index)
			return &a->guest[i];
	}
	return NULL;
}

bool msr_area_has(const struct vcpu *v, uint32_t index, uint64_t *value)
{
	const struct msr_area_entry *e = find(v->vm->tools, index);

	if (e)
		*value = e->value;
	return e != NULL;
}

uint64_t msr_area_read(const struct vcpu *v, uint32_t index)
{
	uint64_t value;

	return msr_area_has(v, index, &value) ? value : cpu_rdmsr(index);
}

/* RDMSR and WRMSR exit only if somebody watches them, or all of them where there was no memory for
 * a bitmap (toolkit/watch_msr.c). */
static enum exit_action access_msr(struct vcpu *v, struct tool_exit *x)
{
	struct msr_area_entry *e = find(v->vm->tools, (uint32_t)v->gpr[RCX]);
	uint64_t value = v->gpr[RDX] << 32 | (uint32_t)v->gpr[RAX];
	const struct msr_context now = {0}; /* for EFER only */

	if (!e)
		return tool_pass(v, x);
	if (x->reason == EXIT_REASON_RDMSR) {
		v->gpr[RAX] = (uint32_t)e->value;
		v->gpr[RDX] = e->value >> 32;
		return EXIT_SKIP;
	}
	if (msr_write(&v->vm->msrs, e->index, &value, &now) != MSR_CALLER_PASS)
		return inject_gp(v, 0);
	e->value = value;
	return EXIT_SKIP;
}

const struct tool tool_msr_area = {
	.name = "msrarea",
	.state_bytes = sizeof(struct msr_area_state),
	.words = BIT(VM_TOOL_MSRAREA),
	.reasons = BIT(EXIT_REASON_RDMSR) | BIT(EXIT_REASON_WRMSR),
	.read = read_area,
	.fit = fit,
	.begin = begin,
	.report = report,
	.exit = access_msr,
};
