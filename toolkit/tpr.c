/*
 * toolkit/tpr.c - tpr=THRESHOLD: the TPR shadow. MOV to and from CR8 goes to a virtual-APIC page
 * without an exit; a move that leaves the TPR below the threshold is told.
 *
 * VM entry does not take a threshold above the TPR. So below it, the threshold is the TPR and
 * "CR8-load exiting" is on, until a move raises the TPR again. With watch=cr8 all moves exit.
 * Nothing in Lintel's board looks at the TPR: the guest has no local APIC.
 * Spec: SDM 3C "TPR Virtualization", "Checks on VM-Execution Control Fields".
 */
#include "toolkit/tools.h"

#include "kernel/log.h"
#include "kernel/panic.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/vmcs.h"

#define VTPR_OFFSET 0x80u /* SDM 3C "Virtualized APIC Registers" */
#define TPR_MAX     15u

struct tpr_state {
	bool on;
	uint64_t threshold;
	hpa_t page;
	uint64_t below, told;
};

extern const struct tool tool_tpr;

static struct tpr_state *state_of(const struct vm_tools *t)
{
	return tool_state(t, &tool_tpr);
}

static enum status read_tpr(struct vm_tools *t, enum vm_tool_word word, struct text value,
			    struct tool_refusal *r)
{
	struct tpr_state *p = state_of(t);
	enum status s = text_to_u64(value, &p->threshold);

	(void)word;
	*r = (struct tool_refusal){value, "tpr= goes from 0 to 15"};
	p->on = true;
	return s == OK && p->threshold > TPR_MAX ? ERR_RANGE : s;
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	if (!state_of(t)->on)
		return false;
	c->on[CONTROL_PROC] |= (uint32_t)PROC_TPR_SHADOW;
	if (!watch_any(t, WATCH_CR8))
		c->off[CONTROL_PROC] |= (uint32_t)(PROC_CR8_LOAD | PROC_CR8_STORE);
	return true;
}

static void arm(struct vm *vm)
{
	const struct tpr_state *p = state_of(vm->tools);
	const uint32_t load = (uint32_t)PROC_CR8_LOAD;
	struct vcpu *v = &vm->vcpu;
	uint64_t tpr = vcpu_cr8(v);

	if (!p->on)
		return;
	vmcs_write(VMCS_TPR_THRESHOLD, min_u64(tpr, p->threshold));
	if (tpr < p->threshold || watch_any(vm->tools, WATCH_CR8))
		v->proc_controls |= load;
	else
		v->proc_controls &= ~load;
	vmcs_write(VMCS_PROC_CONTROLS, v->proc_controls);
}

static enum status begin(struct vm *vm, char *message)
{
	struct tpr_state *p = state_of(vm->tools);
	enum status s;

	if (!p->on)
		return OK;
	s = frames_alloc_zeroed(vmx_frames, 0, &p->page);
	if (s != OK) {
		text_format(message, TOOL_TEXT, "its virtual-APIC page: %s", status_text(s));
		return s;
	}
	if (!vm->restart)
		p->below = p->told = 0;
	vm->vcpu.vtpr = (uint8_t *)phys_ptr(p->page) + VTPR_OFFSET;
	vmcs_write(VMCS_VIRTUAL_APIC_ADDRESS, p->page.raw);
	return OK;
}

static void end(struct vm *vm)
{
	struct tpr_state *p = state_of(vm->tools);

	if (p->page.raw && frames_free(vmx_frames, p->page, 0) != OK)
		panic("a virtual-APIC page cannot be given back");
	p->page.raw = 0;
	vm->vcpu.vtpr = NULL;
}

static void report(struct vm *vm)
{
	const struct tpr_state *p = state_of(vm->tools);

	if (p->on)
		log_info(LOG_WATCH, "%s: tpr=%u: %llu times below it", vm->config.name,
			 (unsigned)p->threshold, (unsigned long long)p->below);
}

static void tell(const struct vm *vm, uint64_t next_rip)
{
	struct tpr_state *p = state_of(vm->tools);

	p->below++;
	if (p->told >= vm->tools->log_lines)
		return;
	p->told++;
	log_info(LOG_WATCH, "%s: tpr=%u: TPR %llu before %#llx", vm->config.name,
		 (unsigned)p->threshold, (unsigned long long)vcpu_cr8(&vm->vcpu),
		 (unsigned long long)next_rip);
}

/* The exit "TPR below threshold" is a trap: RIP is behind the move. */
static enum exit_action see(struct vcpu *v, struct tool_exit *x)
{
	struct vm *vm = v->vm;
	bool trap = x->reason == EXIT_REASON_TPR_BELOW_THRESHOLD;
	enum exit_action action = EXIT_RETRY;

	if (!trap) {
		if ((v->qualification & 0x3f) != 8) /* MOV to CR8 */
			return tool_pass(v, x);
		action = tool_pass(v, x);
		if (action != EXIT_SKIP)
			return action;
	}
	arm(vm);
	if (vcpu_cr8(v) < state_of(vm->tools)->threshold)
		tell(vm, v->rip + (trap ? 0 : vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH)));
	return action;
}

const struct tool tool_tpr = {
	.name = "tpr",
	.state_bytes = sizeof(struct tpr_state),
	.words = BIT(VM_TOOL_TPR),
	.reasons = BIT(EXIT_REASON_TPR_BELOW_THRESHOLD) | BIT(EXIT_REASON_CR_ACCESS),
	.read = read_tpr,
	.fit = fit,
	.begin = begin,
	.change = arm,
	.end = end,
	.report = report,
	.exit = see,
};
