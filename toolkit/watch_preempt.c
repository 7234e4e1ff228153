/*
 * toolkit/watch_preempt.c - watch=preempt:N: a profile by the VMX-preemption timer.
 *
 * Each entry sets the timer to the next thing that is due; here that is also a look at the guest's
 * RIP, N microseconds of the VM's clock after the last one. The table comes from the host's memory
 * when sampling begins, and goes when the run has been told of.
 * Spec: SDM 3C "VMX-Preemption Timer".
 */
#include "toolkit/watch_preempt.h"

#include "kernel/log.h"
#include "kernel/panic.h"
#include "mm/phys.h"
#include "toolkit/profile.h"
#include "vmx/core.h"
#include "vmx/vmcs.h"

#define REPORT_ROWS        10u
#define NS_PER_MICROSECOND 1000u

/* Of the timer, between two samples: the guest gets on, however short the period is. */
#define LEAST_TICKS        32u

extern const struct tool tool_preempt;

struct sampler {
	struct profile *profile; /* NULL: none yet */
	uint64_t period_ns;
	uint64_t missed; /* moments that passed while the guest was not running */
};

static struct sampler *sampler_of(const struct vm *vm)
{
	return tool_state(vm->tools, &tool_preempt);
}

/* Of several the one with the shortest period counts. */
static struct watch *find_watch(struct vm_tools *t)
{
	struct watch *best = NULL;

	for (unsigned i = 0; i < t->watch_count; i++) {
		struct watch *w = &t->watches[i];

		if (w->kind == WATCH_PREEMPT && (!best || w->low < best->low))
			best = w;
	}
	return best;
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	if (!watch_any(t, WATCH_PREEMPT))
		return false;
	if (!vmx_caps.preemption_timer)
		c->missing = "VMX-preemption timer (IA32_VMX_PINBASED_CTLS, bit 38)";
	return true;
}

static void free_profile(struct sampler *s)
{
	if (s->profile && frames_free(vmx_frames, phys_of(s->profile),
				      frames_order_for(sizeof(*s->profile))) != OK)
		panic("a profile's memory cannot be given back");
	s->profile = NULL;
}

static enum status make_profile(struct sampler *s)
{
	hpa_t at;
	enum status status;

	if (s->profile)
		return OK;
	status = frames_alloc_zeroed(vmx_frames, frames_order_for(sizeof(*s->profile)), &at);
	if (status == OK)
		s->profile = phys_ptr(at);
	return status;
}

static void change(struct vm *vm)
{
	struct sampler *s = sampler_of(vm);
	const struct watch *w = find_watch(vm->tools);

	vm->vcpu.device_ns = 0; /* the deadline is to be worked out anew */
	vm->vcpu.sample_ns = 0;
	vm->vcpu.least_ticks = 1;
	if (!w)
		return;
	if (make_profile(s) != OK) {
		log_warn(LOG_WATCH, "%s: watch %s: no memory for a profile", vm->config.name,
			 w->text);
		return;
	}
	s->period_ns = w->low * NS_PER_MICROSECOND;
	vm->vcpu.sample_ns = vm_now_ns(vm) + s->period_ns;
}

static void forget(struct sampler *s)
{
	profile_reset(s->profile);
	s->missed = 0;
}

/* What came before a reset is of the same run. */
static enum status begin(struct vm *vm, char *message)
{
	struct sampler *s = sampler_of(vm);

	(void)message;
	if (s->profile && !vm->restart)
		forget(s);
	return OK;
}

static void look(struct vcpu *v, struct sampler *s)
{
	struct guest_cpu_state state;
	struct code_place place;

	if (v->in_hlt) {
		profile_add_halted(s->profile);
		return;
	}
	vcpu_read_memory_state(v, &state, GUEST_CS);
	state.rip = v->rip;
	place = code_place_of(&state);
	profile_add(s->profile, &place);
}

static enum exit_action exit_timer(struct vcpu *v, struct tool_exit *x)
{
	struct sampler *s = sampler_of(v->vm);
	uint64_t now = vm_now_ns(v->vm);

	if (v->sample_ns && now >= v->sample_ns) {
		look(v, s);
		find_watch(v->vm->tools)->hits++;
		s->missed += (now - v->sample_ns) / s->period_ns;
		v->sample_ns = now + s->period_ns;
		v->least_ticks = LEAST_TICKS;
		v->device_ns = 0;
		v->prepare |= PREPARE_EVENTS;
	}
	return tool_pass(v, x);
}

/* ---- what it shows ---- */

static struct text symbols_of(const struct vm *vm)
{
	for (unsigned i = 0; i < vm->module_count; i++) {
		const struct vm_module *m = &vm->modules[i];

		if (m->role == VM_ROLE_SYMBOLS)
			return (struct text){.at = phys_ptr(m->at), .len = m->len_bytes};
	}
	return (struct text){0};
}

enum status preempt_show(struct vm *vm, unsigned rows,
			 void (*line)(void *context, const char *text), void *context)
{
	const struct sampler *s = sampler_of(vm);
	struct text symbols = symbols_of(vm);
	struct profile_row row = {.hits = UINT64_MAX};
	struct profile *p = s->profile;
	char text[PROFILE_TEXT];
	uint64_t rest;

	if (!p)
		return ERR_NOT_FOUND;
	text_format(text, sizeof(text), "profile: %llu samples, one each %llu us, %llu missed",
		    (unsigned long long)p->hits,
		    (unsigned long long)(s->period_ns / NS_PER_MICROSECOND),
		    (unsigned long long)s->missed);
	line(context, text);
	profile_name(p, symbols);
	rest = p->hits - p->halted;
	while (rows-- > 0 && profile_next(p, symbols, &row)) {
		profile_row_text(p, &row, text);
		line(context, text);
		rest -= row.hits;
	}
	if (rest) {
		profile_sum_text(p, rest, "elsewhere", text);
		line(context, text);
	}
	if (p->halted) {
		profile_sum_text(p, p->halted, "in HLT", text);
		line(context, text);
	}
	return OK;
}

enum status preempt_reset(struct vm *vm)
{
	struct sampler *s = sampler_of(vm);

	if (!s->profile)
		return ERR_NOT_FOUND;
	forget(s);
	return OK;
}

static void log_row(void *context, const char *text)
{
	const struct vm *vm = context;

	log_info(LOG_WATCH, "%s: %s", vm->config.name, text);
}

static void report(struct vm *vm)
{
	if (preempt_show(vm, REPORT_ROWS, log_row, vm) == OK)
		free_profile(sampler_of(vm));
}

const struct tool tool_preempt = {
	.name = "preempt",
	.state_bytes = sizeof(struct sampler),
	.reasons = BIT(EXIT_REASON_PREEMPTION_TIMER),
	.fit = fit,
	.begin = begin,
	.change = change,
	.report = report,
	.exit = exit_timer,
};
