/*
 * toolkit/watch_step.c - watch=step and watch=step:ADDR: each instruction of a guest, one by one.
 *
 * From the run's first instruction, or from where the watch is added, each gets a line, until RIP
 * (linear) is ADDR or steps= lines are told; then the guest runs on at full speed. An iteration of
 * REP is a step, and so is the delivery of an interrupt or exception. watchlog= does not bound it.
 * Spec: SDM 3C "Monitor Trap Flag"; vmx/step.h has what a step is without it.
 */
#include "kernel/log.h"
#include "toolkit/step_words.h"
#include "toolkit/tools.h"
#include "vmx/inject.h"
#include "vmx/step.h"
#include "vmx/vmcs.h"

struct stepper {
	uint64_t steps; /* steps=; 0: not there */
	bool on;
	bool done;               /* it was on, and is over */
	struct code_place place; /* of the instruction that comes */
	uint8_t bytes[DECODE_MAX_BYTES];
	uint8_t count; /* of bytes */
};

extern const struct tool tool_step;

static enum status read_steps(struct vm_tools *t, enum vm_tool_word word, struct text value,
			      struct tool_refusal *refusal)
{
	struct stepper *s = tool_state(t, &tool_step);
	enum status status = steps_read(value, &s->steps);

	(void)word;
	if (status != OK)
		*refusal = (struct tool_refusal){.word = value,
						 .what = "steps= goes from 1 to 100000"};
	return status;
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	(void)c;
	return watch_any(t, WATCH_STEP);
}

static void tell(struct vcpu *v, struct stepper *s, struct watch *w, const char *what)
{
	char place[CODE_PLACE_TEXT];

	w->hits++;
	code_place_text(&s->place, place);
	log_info(LOG_WATCH, "%s: watch %s: %s: %s", v->vm->config.name, w->text, place, what);
}

static void tell_instruction(struct vcpu *v, struct stepper *s, struct watch *w)
{
	uint64_t moved = vmcs_read(VMCS_GUEST_RIP) - s->place.rip;
	char bytes[STEP_BYTES_TEXT];

	step_bytes_text(s->bytes, s->count, step_length(s->bytes, s->count, s->place.mode, moved),
			bytes);
	tell(v, s, w, bytes);
}

static void stop(struct vcpu *v, struct stepper *s, const struct watch *w, const char *why)
{
	s->on = false;
	s->done = true;
	log_info(LOG_WATCH, "%s: watch %s: %s after %llu steps; it runs on", v->vm->config.name,
		 w->text, why, (unsigned long long)w->hits);
}

/* The next step, if there is to be one. */
static void go_on(struct vcpu *v, struct stepper *s, const struct watch *w)
{
	struct guest_cpu_state state;

	vcpu_read_state(v, &state);
	s->count = (uint8_t)step_fetch(v, &state, s->bytes);
	s->place = code_place_of(&state);
	if (!w->all && s->place.linear == w->low)
		stop(v, s, w, "there");
	else if (w->hits >= (s->steps ? s->steps : STEPS_DEFAULT))
		stop(v, s, w, "enough");
	else
		step_begin_open(v);
}

/* In HLT the step waits for what ends it, so this is the end of the instruction. */
static enum exit_action exit_hlt_seen(struct vcpu *v, struct tool_exit *x)
{
	struct stepper *s = tool_state(v->vm->tools, &tool_step);

	if (s->on) {
		tell(v, s, watch_first(v->vm->tools, WATCH_STEP), "f4");
		s->place.rip++;
		s->place.linear++;
	}
	return tool_pass(v, x);
}

static enum event_type type_of(uint32_t info)
{
	return (enum event_type)((info >> EVENT_TYPE_SHIFT) & 7);
}

static void tell_delivery(struct vcpu *v, struct stepper *s, struct watch *w, uint32_t info)
{
	static const char *const names[] = {
		[EVENT_EXTERNAL] = "interrupt",
		[EVENT_NMI] = "NMI",
		[EVENT_HARDWARE_EXCEPTION] = "exception",
	};
	char what[24];

	text_format(what, sizeof(what), "%s %02xh", names[type_of(info)], info & 0xff);
	tell(v, s, w, what);
}

static void stepped(struct vcpu *v)
{
	struct stepper *s = tool_state(v->vm->tools, &tool_step);
	struct watch *w = watch_first(v->vm->tools, WATCH_STEP);
	uint32_t info = (uint32_t)vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO);

	if (!s->on)
		return;
	if (v->step.delivered && type_of(info) < EVENT_SOFTWARE_INTERRUPT)
		tell_delivery(v, s, w, info);
	else if (vcpu_last_exit(v)->reason != EXIT_REASON_HLT) /* of the guest's end */
		tell_instruction(v, s, w);
	if (v->vm->state == VM_RUNNING)
		go_on(v, s, w);
}

static enum status begin(struct vm *vm, char *message)
{
	struct stepper *s = tool_state(vm->tools, &tool_step);

	(void)message;
	s->on = false;
	if (!vm->restart)
		s->done = false;
	return OK;
}

static void change(struct vm *vm)
{
	struct stepper *s = tool_state(vm->tools, &tool_step);
	struct watch *w = watch_first(vm->tools, WATCH_STEP);

	if (!w) {
		s->on = s->done = false;
	} else if (!s->on && !s->done) {
		s->on = true;
		go_on(&vm->vcpu, s, w);
	}
}

const struct tool tool_step = {
	.name = "step",
	.state_bytes = sizeof(struct stepper),
	.words = BIT(VM_TOOL_STEPS),
	.reasons = BIT(EXIT_REASON_HLT),
	.read = read_steps,
	.fit = fit,
	.begin = begin,
	.change = change,
	.exit = exit_hlt_seen,
	.stepped = stepped,
};
