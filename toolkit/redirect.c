/* toolkit/redirect.c - see toolkit/redirect.h. */
#include "toolkit/redirect.h"

#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/phys.h"
#include "toolkit/ept_pages.h"
#include "toolkit/ept_words.h"
#include "vmx/core.h"

struct redirects {
	struct redirect pages[REDIRECTS_MAX];
	unsigned count;
	bool on;
	bool starts_off; /* as the monitor has it */
	hpa_t fixed;     /* a frame of zeros and one of ones */
};

extern const struct tool tool_redirect;

static struct redirects *redirects_of(const struct vm_tools *t)
{
	return tool_state(t, &tool_redirect);
}

static bool wanted(const struct vm_tools *t)
{
	return redirects_of(t)->count != 0;
}

static hpa_t frame_of(struct vm *vm, const struct redirects *r, const struct redirect *p)
{
	if (p->kind == REDIRECT_PAGE)
		return phys_of(ept_pages_bytes(vm, gpa(p->other)));
	return hpa(r->fixed.raw + (p->kind == REDIRECT_ONES ? PAGE_4K : 0));
}

static void shape(struct vm *vm, gpa_t page, const struct ept_open *open, struct ept_shape *s)
{
	const struct redirects *r = redirects_of(vm->tools);

	for (unsigned i = 0; r->on && i < r->count; i++) {
		const struct redirect *p = &r->pages[i];

		if (p->page != page.raw || (open && (open->rights & EPT_WRITE)))
			continue;
		s->rights &= EPT_READ | EPT_EXEC;
		s->frame = frame_of(vm, r, p);
	}
}

static void each(struct vm *vm, void (*settle)(struct vm *vm, gpa_t page))
{
	const struct redirects *r = redirects_of(vm->tools);

	for (unsigned i = 0; i < r->count; i++) {
		settle(vm, gpa(r->pages[i].page));
		if (r->on)
			ept_pages_run_as(vm, gpa(r->pages[i].page),
					 phys_ptr(frame_of(vm, r, &r->pages[i])));
	}
}

const struct ept_shaper shaper_redirect = {.wanted = wanted, .shape = shape, .each = each};

static enum status read(struct vm_tools *t, enum vm_tool_word word, struct text value,
			struct tool_refusal *refusal)
{
	struct redirects *r = redirects_of(t);

	(void)word;
	return redirects_read(value, r->pages, &r->count, &refusal->word, &refusal->what);
}

static enum status check_ram(struct vm *vm, uint64_t page, char *message)
{
	if (ept_pages_bytes(vm, gpa(page)))
		return OK;
	text_format(message, TOOL_TEXT, "redirect=: there is no memory at %#llx",
		    (unsigned long long)page);
	return ERR_RANGE;
}

static enum status begin(struct vm *vm, char *message)
{
	struct redirects *r = redirects_of(vm->tools);
	enum status s = OK;

	for (unsigned i = 0; i < r->count && s == OK; i++) {
		s = check_ram(vm, r->pages[i].page, message);
		if (s == OK && r->pages[i].kind == REDIRECT_PAGE)
			s = check_ram(vm, r->pages[i].other, message);
	}
	if (!r->count || s != OK)
		return s;
	s = frames_alloc_zeroed(vmx_frames, 1, &r->fixed);
	if (s != OK) {
		text_format(message, TOOL_TEXT, "redirect=: %s", status_text(s));
		r->fixed.raw = 0;
		return s;
	}
	memset((uint8_t *)phys_ptr(r->fixed) + PAGE_4K, 0xff, PAGE_4K);
	r->on = !r->starts_off;
	return OK;
}

static void end(struct vm *vm)
{
	struct redirects *r = redirects_of(vm->tools);

	if (r->fixed.raw && frames_free(vmx_frames, r->fixed, 1) != OK)
		panic("the frames of redirect= cannot be given back");
	r->fixed.raw = 0;
	r->on = false;
}

bool redirect_is_on(const struct vm *vm)
{
	const struct redirects *r = redirects_of(vm->tools);

	return vm->tools->running ? r->on : r->count && !r->starts_off;
}

bool redirect_set(struct vm *vm, bool on)
{
	struct redirects *r = redirects_of(vm->tools);

	if (!r->count)
		return false;
	r->on = on;
	r->starts_off = !on;
	ept_pages_apply(vm);
	return true;
}

const struct tool tool_redirect = {
	.name = "redirect",
	.state_bytes = sizeof(struct redirects),
	.words = BIT(VM_TOOL_REDIRECT),
	.read = read,
	.begin = begin,
	.end = end,
};
