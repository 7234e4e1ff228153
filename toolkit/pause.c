/*
 * toolkit/pause.c - watch=pause by PAUSE exiting, and ple=GAP:WINDOW by PAUSE-loop exiting.
 *
 * With ple= only loops exit: PAUSEs at CPL 0 that follow each other within GAP ticks of the TSC,
 * for more than WINDOW ticks. The core is given to another guest then, if one waits for it.
 * Spec: SDM 3C "Instructions That Cause VM Exits Conditionally" (PAUSE), "Controls for PAUSE-Loop
 * Exiting".
 */
#include "toolkit/tools.h"

#include "kernel/log.h"
#include "vmx/vmcs.h"

struct pause_state {
	bool loops; /* ple= is there */
	uint32_t gap_ticks, window_ticks;
	uint64_t exits; /* by it */
};

extern const struct tool tool_pause;

static struct pause_state *state_of(const struct vm_tools *t)
{
	return tool_state(t, &tool_pause);
}

static enum status read_ple(struct vm_tools *t, enum vm_tool_word word, struct text value,
			    struct tool_refusal *r)
{
	struct pause_state *p = state_of(t);
	struct text window = value, gap;
	uint64_t gap_ticks, window_ticks;

	(void)word;
	*r = (struct tool_refusal){value, "ple= takes GAP:WINDOW in TSC ticks, such as 128:4096"};
	if (!text_next_piece(&window, ':', &gap) || text_to_u64(gap, &gap_ticks) != OK ||
	    text_to_u64(window, &window_ticks) != OK)
		return ERR_INVALID;
	*r = (struct tool_refusal){value, "GAP and WINDOW go up to 4294967295"};
	if ((gap_ticks | window_ticks) >> 32)
		return ERR_RANGE;
	p->loops = true;
	p->gap_ticks = (uint32_t)gap_ticks;
	p->window_ticks = (uint32_t)window_ticks;
	return OK;
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	bool loops = state_of(t)->loops, watched = watch_any(t, WATCH_PAUSE);

	if (loops)
		c->on[CONTROL_PROC2] |= (uint32_t)PROC2_PAUSE_LOOP;
	else if (watched)
		c->on[CONTROL_PROC] |= (uint32_t)PROC_PAUSE;
	return loops || watched;
}

static enum status begin(struct vm *vm, char *message)
{
	struct pause_state *p = state_of(vm->tools);

	(void)message;
	if (!p->loops)
		return OK;
	p->exits = vm->restart ? p->exits : 0;
	vmcs_write(VMCS_PLE_GAP, p->gap_ticks);
	vmcs_write(VMCS_PLE_WINDOW, p->window_ticks);
	return OK;
}

static void report(struct vm *vm)
{
	const struct pause_state *p = state_of(vm->tools);

	if (p->loops)
		log_info(LOG_WATCH, "%s: ple=%u:%u: %llu PAUSE loops", vm->config.name,
			 p->gap_ticks, p->window_ticks, (unsigned long long)p->exits);
}

static enum exit_action see(struct vcpu *v, struct tool_exit *x)
{
	struct pause_state *p = state_of(v->vm->tools);
	struct watch *w = watch_find(v->vm->tools, WATCH_PAUSE, 0);

	(void)x;
	if (w)
		watch_hit(v, w, "PAUSE%s at %#llx", p->loops ? " loop" : "",
			  (unsigned long long)v->rip);
	if (!p->loops)
		return EXIT_SKIP;
	p->exits++;
	vcpu_skip(v);
	return EXIT_YIELD;
}

const struct tool tool_pause = {
	.name = "pause",
	.state_bytes = sizeof(struct pause_state),
	.words = BIT(VM_TOOL_PLE),
	.reasons = BIT(EXIT_REASON_PAUSE),
	.read = read_ple,
	.fit = fit,
	.begin = begin,
	.report = report,
	.exit = see,
};
