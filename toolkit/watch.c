/* toolkit/watch.c - the watches of a VM: their words, added and removed; hits counted and told. */
#include <stdarg.h>

#include "kernel/log.h"
#include "kernel/panic.h"
#include "toolkit/tools.h"
#include "vmx/inject.h"

struct watch *watch_find(struct vm_tools *t, enum watch_kind kind, uint64_t value)
{
	for (unsigned i = 0; i < t->watch_count; i++) {
		struct watch *w = &t->watches[i];

		if (w->kind == kind && value >= w->low && value <= w->high)
			return w;
	}
	return NULL;
}

/* watch_count: there is none. */
static unsigned index_of(const struct vm_tools *t, enum watch_kind kind)
{
	unsigned i = 0;

	while (i < t->watch_count && t->watches[i].kind != kind)
		i++;
	return i;
}

struct watch *watch_first(struct vm_tools *t, enum watch_kind kind)
{
	unsigned i = index_of(t, kind);

	return i < t->watch_count ? &t->watches[i] : NULL;
}

bool watch_any(const struct vm_tools *t, enum watch_kind kind)
{
	return index_of(t, kind) < t->watch_count;
}

bool watch_tells(const struct vm_tools *t, const struct watch *w)
{
	return w->told < t->log_lines;
}

void watch_hit(struct vcpu *v, struct watch *w, const char *format, ...)
{
	const struct vm_tools *t = v->vm->tools;
	const char *name = v->vm->config.name;
	char text[TOOL_TEXT];
	va_list args;

	w->hits++;
	if (!watch_tells(t, w))
		return;
	va_start(args, format);
	text_vformat(text, sizeof(text), format, args);
	va_end(args);
	log_info(LOG_WATCH, "%s: watch %s: %s", name, w->text, text);
	w->told++;
	if (!watch_tells(t, w))
		log_info(LOG_WATCH, "%s: watch %s: from here on it only counts (watchlog=%llu)",
			 name, w->text, (unsigned long long)t->log_lines);
}

const char *watch_outcome(const struct vcpu *v, enum exit_action action)
{
	if (action != EXIT_RETRY || !(v->event.info & EVENT_VALID))
		return "";
	switch ((uint8_t)v->event.info) {
	case EXC_DB:
		return ": #DB into the guest";
	case EXC_UD:
		return ": #UD into the guest";
	case EXC_GP:
		return ": #GP(0) into the guest";
	default:
		return ": an exception into the guest";
	}
}

/* ---- words ---- */

void tool_quote(char *message, struct text word, const char *what)
{
	const size_t most = 60;
	bool cut = word.len > most;

	text_format(message, TOOL_TEXT, "\"%.*s%s\": %s", (int)(cut ? most : word.len), word.at,
		    cut ? "..." : "", what);
}

enum status tool_refuse(struct tool_refusal *r, enum status s, struct text word, const char *what)
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
		return tool_refuse(r, s, bad, what);
	for (unsigned i = 0; i < t->watch_count; i++) {
		if (same_watch(&t->watches[i], word))
			return tool_refuse(r, ERR_EXISTS, word, "this is there twice");
	}
	if (t->watch_count == WATCHES_MAX)
		return tool_refuse(r, ERR_FULL, word, "there is no room for so many words");
	t->watches[t->watch_count++] = w;
	return OK;
}

enum status watches_read(struct vm_tools *t, struct text value, struct tool_refusal *r)
{
	struct text word;
	enum status s = OK;

	while (s == OK && text_next_piece(&value, ',', &word))
		s = add_watch(t, word, r);
	return s;
}

enum status tools_add_watch(struct vm *vm, struct text word, char *message)
{
	struct tool_refusal r;
	enum status s = add_watch(vm->tools, word, &r);

	if (s != OK) {
		tool_quote(message, r.word, r.what);
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
