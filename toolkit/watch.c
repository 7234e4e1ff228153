/* toolkit/watch.c - what a watch has seen: counted, and told. */
#include <stdarg.h>

#include "kernel/log.h"
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
