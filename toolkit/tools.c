/* toolkit/tools.c - the toolkit in a VM's life: its words, its controls, its exits. */
#include "toolkit/tools.h"

#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/phys.h"
#include "toolkit/ept_pages.h"
#include "vmx/core.h"
#include "vmx/tools.h"

#define WATCHLOG_MAX 1000000u
#define ALIGNMENT    16u

void *tool_state(const struct vm_tools *t, const struct tool *tool)
{
	for (unsigned i = 0; i < tool_count; i++) {
		if (tools[i] == tool)
			return t->state[i];
	}
	return NULL;
}

/* ---- the words of a line ---- */

static enum status refuse(struct tool_refusal *r, enum status s, struct text word, const char *what)
{
	*r = (struct tool_refusal){.word = word, .what = what};
	return s;
}

static bool same_watch(const struct watch *a, struct text word)
{
	return text_is(word, a->text);
}

static enum status add_watch(struct vm_tools *t, struct text word, struct tool_refusal *r)
{
	struct watch w;
	struct text bad;
	const char *what;
	enum status s = watch_read(word, &w, &bad, &what);

	if (s != OK)
		return refuse(r, s, bad, what);
	for (unsigned i = 0; i < t->watch_count; i++) {
		if (same_watch(&t->watches[i], word))
			return refuse(r, ERR_EXISTS, word, "this is there twice");
	}
	if (t->watch_count == WATCHES_MAX)
		return refuse(r, ERR_FULL, word, "there is no room for so many words");
	t->watches[t->watch_count++] = w;
	return OK;
}

static enum status read_watches(struct vm_tools *t, struct text value, struct tool_refusal *r)
{
	struct text word;
	enum status s = OK;

	while (s == OK && text_next_piece(&value, ',', &word))
		s = add_watch(t, word, r);
	return s;
}

static enum status read_word(struct vm_tools *t, enum vm_tool_word word, struct text value,
			     struct tool_refusal *r)
{
	if (word == VM_TOOL_WATCH)
		return read_watches(t, value, r);
	if (word == VM_TOOL_WATCHLOG) {
		enum status s = text_to_u64(value, &t->log_lines);

		return s == OK && t->log_lines <= WATCHLOG_MAX
			       ? OK
			       : refuse(r, ERR_RANGE, value, "watchlog= goes from 0 to 1000000");
	}
	for (unsigned i = 0; i < tool_count; i++) {
		if (tools[i]->words & BIT(word))
			return tools[i]->read(t, word, value, r);
	}
	return refuse(r, ERR_UNSUPPORTED, value, "no tool knows this word in this version");
}

/* ---- watches at run time ---- */

enum status tools_add_watch(struct vm *vm, struct text word, char *message)
{
	struct tool_refusal r;
	enum status s = add_watch(vm->tools, word, &r);

	if (s != OK) {
		text_format(message, TOOL_TEXT, "\"%.*s\": %s", (int)r.word.len, r.word.at, r.what);
		return s;
	}
	s = tools_apply(vm, message);
	if (s != OK) {
		char ignored[TOOL_TEXT];

		vm->tools->watch_count--;
		if (tools_apply(vm, ignored) != OK)
			panic("the controls that a VM had cannot be had again");
	}
	return s;
}

enum status tools_remove_watch(struct vm *vm, struct text word)
{
	struct vm_tools *t = vm->tools;
	char message[TOOL_TEXT];
	unsigned kept = 0;

	for (unsigned i = 0; i < t->watch_count; i++) {
		if (word.len && !same_watch(&t->watches[i], word))
			t->watches[kept++] = t->watches[i];
	}
	if (kept == t->watch_count)
		return word.len ? ERR_NOT_FOUND : OK;
	t->watch_count = kept;
	if (tools_apply(vm, message) != OK)
		panic("the controls that a VM had cannot be had again");
	return OK;
}

/* ---- a VM's life ---- */

static uint64_t bytes_with_states(void)
{
	uint64_t bytes = align_up(sizeof(struct vm_tools), ALIGNMENT);

	for (unsigned i = 0; i < tool_count; i++)
		bytes += align_up(tools[i]->state_bytes, ALIGNMENT);
	return bytes;
}

static void destroy(struct vm_tools *t)
{
	if (frames_free(vmx_frames, phys_of(t), frames_order_for(t->total_bytes)) != OK)
		panic("the toolkit's state of a VM cannot be given back");
}

static enum status make(struct vm_tools **made)
{
	uint64_t bytes = bytes_with_states(), at = align_up(sizeof(struct vm_tools), ALIGNMENT);
	struct vm_tools *t;
	hpa_t frames;
	enum status s = frames_alloc_zeroed(vmx_frames, frames_order_for(bytes), &frames);

	if (s != OK)
		return s;
	t = phys_ptr(frames);
	t->total_bytes = bytes;
	t->log_lines = WATCHLOG;
	for (unsigned i = 0; i < tool_count; i++) {
		t->state[i] = (uint8_t *)t + at;
		at += align_up(tools[i]->state_bytes, ALIGNMENT);
	}
	*made = t;
	return OK;
}

static enum status create(const struct vm_config *config, struct vm_tools **made, char *message,
			  size_t size)
{
	struct vm_tools *t;
	struct tool_refusal r;
	char lack[TOOL_TEXT];
	enum status s = make(&t);

	if (s != OK) {
		text_format(message, size, "%s: its toolkit: %s", config->name, status_text(s));
		return s;
	}
	for (unsigned i = 0; i < VM_TOOL_WORDS && s == OK; i++) {
		if (!config->tools[i].len)
			continue;
		t->asked = true;
		s = read_word(t, (enum vm_tool_word)i, config->tools[i], &r);
		if (s != OK)
			vm_line_quote(config->line, r.word, r.what, message, size);
	}
	if (s == OK) {
		s = tools_fit(t, lack);
		if (s != OK)
			text_format(message, size, "%s: %s", config->name, lack);
	}
	if (s != OK)
		destroy(t);
	else
		*made = t;
	return s;
}

static enum status begin(struct vm *vm, char *message, size_t size)
{
	struct vm_tools *t = vm->tools;
	char text[TOOL_TEXT] = "";
	enum status s = OK;
	unsigned begun;

	if (!t->asked) {
		t->running = true;
		return OK;
	}
	if (!vm->restart) {
		for (unsigned i = 0; i < t->watch_count; i++)
			t->watches[i].hits = t->watches[i].told = 0;
	}
	for (begun = 0; begun < tool_count && s == OK; begun++) {
		if (tools[begun]->begin)
			s = tools[begun]->begin(vm, text);
	}
	if (s == OK) {
		t->running = true;
		s = tools_apply(vm, text);
	}
	if (s == OK)
		return OK;
	t->running = false;
	while (begun-- > 0) {
		if (tools[begun]->end)
			tools[begun]->end(vm);
	}
	text_format(message, size, "%s", text);
	return s;
}

static void end(struct vm *vm)
{
	if (!vm->tools->running)
		return;
	vm->tools->running = false;
	for (unsigned i = vm->tools->asked ? tool_count : 0; i-- > 0;) {
		if (tools[i]->end)
			tools[i]->end(vm);
	}
}

static void report(struct vm *vm)
{
	const struct vm_tools *t = vm->tools;

	/* Of a thousand runs only the last one's, or one that went wrong. */
	for (unsigned i = 0; i < t->watch_count && (vm->runs_left <= 1 || !vm->ended_well); i++)
		log_info(LOG_WATCH, "%s: watch %s: %llu hits", vm->config.name, t->watches[i].text,
			 (unsigned long long)t->watches[i].hits);
	for (unsigned i = 0; i < tool_count && t->asked; i++) {
		if (tools[i]->report)
			tools[i]->report(vm);
	}
}

/* ---- exits ---- */

enum exit_action tool_pass(struct vcpu *v, struct tool_exit *x)
{
	uint32_t active = v->vm->tools->active;

	while (x->at < tool_count) {
		unsigned i = x->at++;

		if ((active >> i & 1) && (tools[i]->reasons >> x->reason & 1))
			return tools[i]->exit(v, x);
	}
	return x->entry->handler(v);
}

/* A log that is crowded gets the time to come out before the guest makes more lines. */
static enum exit_action let_the_log_out(struct vcpu *v, enum exit_action action)
{
	if (action == EXIT_SKIP)
		vcpu_skip(v);
	return action == EXIT_SKIP || action == EXIT_RETRY ? EXIT_YIELD : action;
}

static enum exit_action exit_watched(struct vcpu *v, const struct exit_entry *e)
{
	struct tool_exit x = {.reason = vcpu_last_exit(v)->reason & 0xffff, .entry = e};
	enum exit_action action = tool_pass(v, &x);

	return UNLIKELY(log_crowded()) ? let_the_log_out(v, action) : action;
}

static void stepped(struct vcpu *v)
{
	uint32_t active = v->vm->tools->active;

	for (unsigned i = 0; i < tool_count; i++) {
		if ((active >> i & 1) && tools[i]->stepped)
			tools[i]->stepped(v);
	}
}

static bool hypercall(struct vcpu *v, uint32_t number, uint32_t *answer)
{
	for (unsigned i = 0; i < tool_count; i++) {
		if (tools[i]->hypercall && tools[i]->hypercall(v, number, answer))
			return true;
	}
	return false;
}

static const struct vmx_tools_ops ops = {
	.create = create,
	.destroy = destroy,
	.ept_max_leaf = tools_ept_max_leaf,
	.begin = begin,
	.end = end,
	.report = report,
	.exit = exit_watched,
	.stepped = stepped,
	.follow_a20 = ept_pages_follow_a20,
	.shapes = ept_pages_shaped,
	.hypercall = hypercall,
};

const struct vmx_tools_ops *const vmx_tools = &ops;
