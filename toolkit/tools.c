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

static enum status read_word(struct vm_tools *t, enum vm_tool_word word, struct text value,
			     struct tool_refusal *r)
{
	if (word == VM_TOOL_WATCH)
		return watches_read(t, value, r);
	if (word == VM_TOOL_WATCHLOG) {
		enum status s = text_to_u64(value, &t->log_lines);

		return s == OK && t->log_lines <= WATCHLOG_MAX
			       ? OK
			       : tool_refuse(r, ERR_RANGE, value,
					     "watchlog= goes from 0 to 1000000");
	}
	for (unsigned i = 0; i < tool_count; i++) {
		if (tools[i]->words & BIT(word))
			return tools[i]->read(t, word, value, r);
	}
	return tool_refuse(r, ERR_UNSUPPORTED, value, "no tool knows this word in this version");
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

/* The word among these that has a value. */
static struct text find_value(const struct text *values, uint32_t words)
{
	for (unsigned i = 0; i < VM_TOOL_WORDS; i++) {
		if ((words & BIT(i)) && values[i].len)
			return values[i];
	}
	return (struct text){0};
}

/* Does the tool fit with the first so many watches? */
static bool fits_with(struct vm_tools *t, const struct tool *tool, unsigned watches)
{
	const unsigned count = t->watch_count;
	char ignored[TOOL_TEXT];
	uint32_t word;
	bool fits;

	t->watch_count = watches;
	fits = tool_fits(t, tool, ignored, &word) == OK;
	t->watch_count = count;
	return fits;
}

/* The word of watch= with which alone the tool does not fit either, if it does without any. */
static struct text find_watch(struct vm_tools *t, const struct tool *tool, struct text words)
{
	const struct watch first = t->watches[0];
	struct text piece = {0};
	bool fits = true;

	if (!fits_with(t, tool, 0))
		return piece;
	for (unsigned i = 0; i < t->watch_count && fits && text_next_piece(&words, ',', &piece);
	     i++) {
		t->watches[0] = i ? t->watches[i] : first;
		fits = fits_with(t, tool, 1);
		t->watches[0] = first;
	}
	return fits ? (struct text){0} : piece;
}

/* What wants what the CPU does not have, and of that word what it is. */
static struct text find_unfit(struct vm_tools *t, const struct text *values, char *message)
{
	struct text found = {0};

	for (unsigned i = 0; i < tool_count && !found.at; i++) {
		uint32_t word;

		if (tool_fits(t, tools[i], message, &word) == OK)
			continue;
		found = find_value(values, word);
		if (!found.at)
			found = find_watch(t, tools[i], values[VM_TOOL_WATCH]);
		if (!found.at)
			found = find_value(values, tools[i]->words);
	}
	return found;
}

/* values[i] is that of word i. On failure r->what may lie in message (TOOL_TEXT). */
static enum status read_words(struct vm_tools *t, const struct text *values, struct tool_refusal *r,
			      char *message)
{
	enum status s = OK;

	for (unsigned i = 0; i < VM_TOOL_WORDS && s == OK; i++) {
		if (!values[i].len)
			continue;
		t->asked = true;
		s = read_word(t, (enum vm_tool_word)i, values[i], r);
	}
	if (s != OK)
		return s;
	s = tools_fit(t, message);
	if (s != OK)
		*r = (struct tool_refusal){find_unfit(t, values, message), message};
	return s;
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
	s = read_words(t, config->tools, &r, lack);
	if (s == OK) {
		*made = t;
		return OK;
	}
	if (r.word.at)
		vm_line_quote(config->line, r.word, r.what, message, size);
	else
		text_format(message, size, "%s: %s", config->name, r.what);
	destroy(t);
	return s;
}

/* ---- other words for the next start ---- */

/* What was typed must stay as long as the words do. */
static bool keep_typed(struct vm_tools *t, struct text *value)
{
	char *to = t->typed + t->typed_len;

	if (value->len > TYPED_MAX - t->typed_len)
		return false;
	memcpy(to, value->at, value->len);
	t->typed_len += value->len;
	value->at = to;
	return true;
}

static enum status read_anew(struct vm *vm, struct vm_tools *t, struct text *values, char *message)
{
	struct tool_refusal r;
	enum status s;

	for (unsigned i = 0; i < VM_TOOL_WORDS; i++) {
		if (!values[i].len || text_lies_in(values[i], vm->config.line))
			continue;
		if (!keep_typed(t, &values[i])) {
			text_format(message, TOOL_TEXT, "there is no room for so many words");
			return ERR_FULL;
		}
	}
	s = read_words(t, values, &r, message);
	if (s != OK && r.what != message)
		tool_quote(message, r.word, r.what);
	return s;
}

enum status tools_reshape(struct vm *vm, struct text typed, char *message)
{
	struct text name, value, values[VM_TOOL_WORDS];
	enum vm_tool_word word;
	struct vm_tools *t;
	enum status s;

	memcpy(values, vm->config.tools, sizeof(values));
	text_split(typed, &name, &value);
	if (!vm_tool_word_find(name, &word) || name.len == typed.len) {
		tool_quote(message, typed, "no word of the toolkit with its value");
		return ERR_INVALID;
	}
	values[word] = value.len ? value : (struct text){.at = values[word].at ? "" : NULL};
	s = make(&t);
	if (s != OK) {
		text_format(message, TOOL_TEXT, "%s", status_text(s));
		return s;
	}
	s = read_anew(vm, t, values, message);
	if (s != OK) {
		destroy(t);
		return s;
	}
	destroy(vm->tools);
	vm->tools = t;
	memcpy(vm->config.tools, values, sizeof(values));
	return OK;
}

static enum status begin(struct vm *vm, char *message, size_t size)
{
	struct vm_tools *t = vm->tools;
	char text[TOOL_TEXT] = "";
	enum status s = OK;
	unsigned begun;

	if (!t->asked) {
		vm->tools_on = false; /* its last run may have had some */
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
