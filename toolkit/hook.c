/* toolkit/hook.c - see toolkit/hook.h. */
#include "toolkit/hook.h"

#include "guest/hypercall.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/phys.h"
#include "toolkit/ept_pages.h"
#include "toolkit/ept_words.h"
#include "vmx/core.h"

#define HOOKS_MAX 16u

struct hooks {
	struct hook hooks[HOOKS_MAX];
	unsigned count;
	bool on;
	bool starts_off;         /* as the monitor has it */
	hpa_t copies[HOOKS_MAX]; /* of the hook's page; 0: an earlier hook has it */
};

extern const struct tool tool_hook;

static struct hooks *hooks_of(const struct vm_tools *t)
{
	return tool_state(t, &tool_hook);
}

static bool wanted(const struct vm_tools *t)
{
	return hooks_of(t)->count != 0;
}

/* ---- the copy ---- */

static uint64_t page_of(const struct hook *h)
{
	return align_down(h->at, PAGE_4K);
}

/* Which hook has the copy of the page; HOOKS_MAX: it has none. */
static unsigned find(const struct hooks *h, uint64_t page)
{
	unsigned i = 0;

	while (i < h->count && page_of(&h->hooks[i]) != page)
		i++;
	return i < h->count ? i : HOOKS_MAX;
}

/* What a hook has there; NULL. */
static const uint8_t *changed_byte(const struct hooks *h, uint64_t at)
{
	for (unsigned i = 0; i < h->count; i++) {
		if (at - h->hooks[i].at < h->hooks[i].count)
			return &h->hooks[i].bytes[at - h->hooks[i].at];
	}
	return NULL;
}

static void make_copy(struct vm *vm, const struct hooks *h, unsigned k)
{
	uint64_t page = page_of(&h->hooks[k]);
	uint8_t *copy = phys_ptr(h->copies[k]);

	memcpy(copy, ept_pages_bytes(vm, gpa(page)), PAGE_4K);
	for (unsigned i = 0; i < h->count; i++) {
		const struct hook *one = &h->hooks[i];

		if (page_of(one) == page)
			memcpy(copy + one->at % PAGE_4K, one->bytes, one->count);
	}
}

/* An instruction of the changed bytes has run with all rights on the copy: what it wrote there
 * belongs into the page. */
static void take_writes(struct vm *vm, const struct hooks *h, unsigned k)
{
	uint64_t at = page_of(&h->hooks[k]);
	const uint8_t *copy = phys_ptr(h->copies[k]);
	uint8_t *page = guest_memory_ptr(&vm->memory, gpa(at), PAGE_4K);

	for (unsigned i = 0; page && i < PAGE_4K; i++) {
		const uint8_t *hooked = changed_byte(h, at + i);

		if (copy[i] != (hooked ? *hooked : page[i]))
			page[i] = copy[i];
	}
}

/* ---- pages ---- */

static void shape(struct vm *vm, gpa_t page, const struct ept_open *open, struct ept_shape *s)
{
	const struct hooks *h = hooks_of(vm->tools);
	unsigned k = h->on ? find(h, page.raw) : HOOKS_MAX;
	bool runs = open && (open->rights & EPT_EXEC);
	bool touches = open && (open->rights & (EPT_READ | EPT_WRITE)), copied;

	if (k == HOOKS_MAX)
		return;
	copied = runs ? changed_byte(h, open->fetch.raw) != NULL
		      : vmx_caps.ept_exec_only && !touches;
	if (copied)
		s->frame = h->copies[k];
	if (copied && !touches)
		s->rights &= EPT_EXEC;
	else if (!runs)
		s->rights &= EPT_READ | EPT_WRITE;
}

static void each(struct vm *vm, void (*settle)(struct vm *vm, gpa_t page))
{
	const struct hooks *h = hooks_of(vm->tools);

	for (unsigned i = 0; i < h->count; i++) {
		gpa_t page = gpa(page_of(&h->hooks[i]));

		settle(vm, page);
		if (h->on && h->copies[i].raw)
			ept_pages_run_as(vm, page, phys_ptr(h->copies[i]));
	}
}

static void over(struct vcpu *v, const struct ept_open *open, unsigned count)
{
	struct vm *vm = v->vm;
	const struct hooks *h = hooks_of(vm->tools);

	for (unsigned i = 0; h->on && i < count; i++) {
		unsigned k = find(h, open[i].page.raw);

		if (k == HOOKS_MAX || !(open[i].rights & (EPT_READ | EPT_WRITE)))
			continue;
		if ((open[i].rights & EPT_EXEC) && changed_byte(h, open[i].fetch.raw))
			take_writes(vm, h, k);
		make_copy(vm, h, k);
	}
}

const struct ept_shaper shaper_hook = {
	.wanted = wanted, .shape = shape, .each = each, .over = over};

/* ---- a VM's life ---- */

static bool overlap(const struct hook *a, const struct hook *b)
{
	return a->at < b->at + b->count && b->at < a->at + a->count;
}

static enum status read(struct vm_tools *t, enum vm_tool_word word, struct text value,
			struct tool_refusal *refusal)
{
	struct hooks *h = hooks_of(t);
	struct text piece;

	(void)word;
	while (text_next_piece(&value, ',', &piece)) {
		struct hook one;
		enum status s = hook_read(piece, &one, &refusal->word, &refusal->what);

		if (s != OK)
			return s;
		refusal->word = piece;
		refusal->what = "this overlaps another hook";
		for (unsigned i = 0; i < h->count; i++) {
			if (overlap(&h->hooks[i], &one))
				return ERR_EXISTS;
		}
		refusal->what = "there is no room for so many hooks";
		if (h->count == HOOKS_MAX)
			return ERR_FULL;
		h->hooks[h->count++] = one;
	}
	return OK;
}

static void make_copies(struct vm *vm, const struct hooks *h)
{
	for (unsigned k = 0; k < h->count; k++) {
		if (h->copies[k].raw)
			make_copy(vm, h, k);
	}
}

static enum status begin(struct vm *vm, char *message)
{
	struct hooks *h = hooks_of(vm->tools);

	for (unsigned i = 0; i < h->count; i++) {
		uint64_t page = page_of(&h->hooks[i]);
		enum status s = OK;

		if (!ept_pages_bytes(vm, gpa(page)))
			s = ERR_RANGE;
		else if (find(h, page) == i)
			s = frames_alloc(vmx_frames, 0, &h->copies[i]);
		if (s == OK)
			continue;
		if (s != ERR_RANGE)
			h->copies[i].raw = 0;
		text_format(message, TOOL_TEXT, "hook=: %s at %#llx",
			    s == ERR_RANGE ? "there is no memory" : status_text(s),
			    (unsigned long long)h->hooks[i].at);
		return s;
	}
	make_copies(vm, h);
	h->on = h->count && !h->starts_off;
	return OK;
}

static void end(struct vm *vm)
{
	struct hooks *h = hooks_of(vm->tools);

	for (unsigned i = 0; i < h->count; i++) {
		if (h->copies[i].raw && frames_free(vmx_frames, h->copies[i], 0) != OK)
			panic("the copy of a page cannot be given back");
		h->copies[i].raw = 0;
	}
	h->on = false;
}

bool hook_is_on(const struct vm *vm)
{
	const struct hooks *h = hooks_of(vm->tools);

	return vm->tools->running ? h->on : h->count && !h->starts_off;
}

static void turn(struct vm *vm, bool on)
{
	struct hooks *h = hooks_of(vm->tools);

	if (on && !h->on)
		make_copies(vm, h);
	h->on = on;
	ept_pages_apply(vm);
}

bool hook_set(struct vm *vm, bool on)
{
	struct hooks *h = hooks_of(vm->tools);

	if (!h->count)
		return false;
	h->starts_off = !on;
	turn(vm, on);
	return true;
}

/* A device may have written in the page: INS, or a disk that was told to. */
static enum exit_action see_io(struct vcpu *v, struct tool_exit *x)
{
	enum exit_action action = tool_pass(v, x);

	if (hooks_of(v->vm->tools)->on)
		make_copies(v->vm, hooks_of(v->vm->tools));
	return action;
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	(void)c;
	return wanted(t);
}

/* toolkit/hypercalls.c has looked whether it is granted. */
static bool hypercall(struct vcpu *v, uint32_t number, uint32_t *answer)
{
	uint32_t on = (uint32_t)v->gpr[RBX];

	if (number != HYPERCALL_HOOK || !wanted(v->vm->tools))
		return false;
	*answer = on <= 1 ? 0 : HYPERCALL_BAD;
	if (on <= 1)
		turn(v->vm, on);
	return true;
}

const struct tool tool_hook = {
	.name = "hook",
	.state_bytes = sizeof(struct hooks),
	.words = BIT(VM_TOOL_HOOK),
	.reasons = BIT(EXIT_REASON_IO_INSTRUCTION),
	.read = read,
	.fit = fit,
	.begin = begin,
	.end = end,
	.exit = see_io,
	.hypercall = hypercall,
};
