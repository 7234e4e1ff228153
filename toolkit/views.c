/*
 * toolkit/views.c - views=ADDR:OTHER,...: a second view of memory, to which the guest itself turns.
 *
 * View 0 is the guest's memory, view 1 the same but that OTHER stands at ADDR as well. By VMFUNC
 * with EAX = 0 and ECX = the view's number the CPU takes the other EPT from a list of EPTPs, at any
 * CPL and without an exit. CPUID has no bit for it. What is no view makes an exit, is told and is
 * #UD.
 *
 * What exits in view 1 by EPT (devices' memory, a write to ROM) is done in view 0, alone, so the
 * exit's handlers know one EPT only. Likewise all else that Lintel does by EPT is in view 0 alone:
 * other tools, a debugger's points by page. With the A20 line low there is no view 1, and a change
 * of it leads to view 0.
 * Spec: SDM 3C "VM Functions", "EPTP Switching".
 */
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "mm/phys.h"
#include "toolkit/ept_pages.h"
#include "toolkit/ept_words.h"
#include "vmx/core.h"
#include "vmx/inject.h"
#include "vmx/step.h"
#include "vmx/vmcs.h"

#define FUNCTION_SWITCHING BIT(0) /* of IA32_VMX_VMFUNC and of the VM-function controls */

struct views {
	struct redirect pages[REDIRECTS_MAX];
	unsigned count;
	struct ept other;
	hpa_t list;        /* 512 EPTPs; 0: no run is on */
	bool back_to_view; /* an instruction of view 1 is done in view 0 */
	uint64_t wrong;    /* VMFUNCs that were none */
};

extern const struct tool tool_views;

static struct views *views_of(const struct vm_tools *t)
{
	return tool_state(t, &tool_views);
}

static enum status read(struct vm_tools *t, enum vm_tool_word word, struct text value,
			struct tool_refusal *refusal)
{
	struct views *w = views_of(t);
	enum status s = redirects_read(value, w->pages, &w->count, &refusal->word, &refusal->what);

	(void)word;
	for (unsigned i = 0; s == OK && i < w->count; i++) {
		if (w->pages[i].kind == REDIRECT_PAGE)
			continue;
		*refusal = (struct tool_refusal){value, "views= takes ADDR:OTHER, two pages"};
		s = ERR_INVALID;
	}
	return s;
}

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	uint32_t functions = (uint32_t)PROC2_VM_FUNCTIONS;

	if (!views_of(t)->count)
		return false;
	c->on[CONTROL_PROC2] |= functions;
	if ((vmx_cpu_msrs.group[CONTROL_PROC2] >> 32 & functions) &&
	    !(cpu_rdmsr(MSR_VMX_VMFUNC) & FUNCTION_SWITCHING))
		c->missing = "EPTP switching (IA32_VMX_VMFUNC, bit 0)";
	return true;
}

/* ---- a VM's life ---- */

/* The page's frame, if it is RAM. */
static const void *find_ram(struct vm *vm, uint64_t page)
{
	return guest_memory_is_rom(&vm->memory, gpa(page)) ? NULL : ept_pages_bytes(vm, gpa(page));
}

static enum status map_pages(struct vm *vm, struct views *w, char *message)
{
	enum status s = guest_memory_map(&vm->memory, &w->other);

	for (unsigned i = 0; i < w->count && s == OK; i++) {
		const struct redirect *p = &w->pages[i];
		const void *other = find_ram(vm, p->other);

		if (!other || !find_ram(vm, p->page)) {
			text_format(message, TOOL_TEXT, "views=: there is no RAM at %#llx",
				    (unsigned long long)(other ? p->page : p->other));
			return ERR_RANGE;
		}
		s = ept_map(&w->other, gpa(p->page), phys_of(other), PAGE_4K, EPT_RWX, EPT_WB);
	}
	if (s != OK)
		text_format(message, TOOL_TEXT, "views=: %s", status_text(s));
	return s;
}

static void end(struct vm *vm)
{
	struct views *w = views_of(vm->tools);

	if (!w->list.raw)
		return;
	ept_destroy(&w->other);
	if (frames_free(vmx_frames, w->list, 0) != OK)
		panic("a list of EPTPs cannot be given back");
	w->list.raw = 0;
}

/* The frame of its root may have been another VM's. */
static void forget_translations(const struct views *w)
{
	if (vmx_invept(vmx_caps.invept_single ? INVEPT_SINGLE : INVEPT_ALL,
		       ept_pointer(&w->other, false)) != OK)
		panic("INVEPT refused");
}

static enum status begin(struct vm *vm, char *message)
{
	struct views *w = views_of(vm->tools);
	enum status s;

	w->back_to_view = false;
	w->wrong = 0;
	if (!w->count)
		return OK;
	s = frames_alloc_zeroed(vmx_frames, 0, &w->list);
	if (s != OK) {
		w->list.raw = 0;
		text_format(message, TOOL_TEXT, "views=: %s", status_text(s));
		return s;
	}
	s = ept_init(&w->other, vmx_frames, vm->ept.max_leaf, vmx_caps.ept_exec_only);
	if (s != OK) {
		text_format(message, TOOL_TEXT, "views=: %s", status_text(s));
		return s;
	}
	s = map_pages(vm, w, message);
	if (s != OK)
		return s;
	forget_translations(w);
	vmcs_write(VMCS_VM_FUNCTION_CONTROLS, FUNCTION_SWITCHING);
	vmcs_write(VMCS_EPTP_LIST_ADDRESS, w->list.raw);
	return OK;
}

static bool in_other_view(const struct views *w)
{
	return vmcs_read(VMCS_EPT_POINTER) == ept_pointer(&w->other, false);
}

/* An EPTP of 0 is none: VMFUNC exits. */
static void fill_list(struct vm *vm)
{
	struct views *w = views_of(vm->tools);
	uint64_t *list;

	if (!w->list.raw)
		return;
	list = phys_ptr(w->list);
	list[0] = ept_pointer(vm_ept(vm), vm->ept_flags);
	list[1] = vm->a20_off ? 0 : ept_pointer(&w->other, false);
	w->back_to_view = w->back_to_view && !vm->a20_off;
}

void views_follow_a20(struct vm *vm)
{
	fill_list(vm);
}

static void report(struct vm *vm)
{
	const struct views *w = views_of(vm->tools);

	if (w->wrong)
		log_info(LOG_WATCH, "%s: %llu times VMFUNC to no view: #UD", vm->config.name,
			 (unsigned long long)w->wrong);
}

/* ---- exits ---- */

static enum exit_action see_exit(struct vcpu *v, struct tool_exit *x)
{
	struct views *w = views_of(v->vm->tools);

	if (x->reason == EXIT_REASON_VMFUNC) {
		if (w->wrong++ == 0)
			log_info(LOG_WATCH, "%s: VMFUNC EAX=%x ECX=%x at %#llx: no view: #UD",
				 v->vm->config.name, (uint32_t)v->gpr[RAX], (uint32_t)v->gpr[RCX],
				 (unsigned long long)v->rip);
		return tool_pass(v, x);
	}
	if (!in_other_view(w))
		return tool_pass(v, x);
	vmcs_write(VMCS_EPT_POINTER, ept_pointer(vm_ept(v->vm), v->vm->ept_flags));
	w->back_to_view = true;
	step_begin(v, STEP_FOR_TOOL);
	return EXIT_RETRY;
}

static void stepped(struct vcpu *v)
{
	struct views *w = views_of(v->vm->tools);

	if (w->back_to_view)
		vmcs_write(VMCS_EPT_POINTER, ept_pointer(&w->other, false));
	w->back_to_view = false;
}

const struct tool tool_views = {
	.name = "views",
	.state_bytes = sizeof(struct views),
	.words = BIT(VM_TOOL_VIEWS),
	.reasons = BIT(EXIT_REASON_EPT_VIOLATION) | BIT(EXIT_REASON_VMFUNC),
	.read = read,
	.fit = fit,
	.begin = begin,
	.change = fill_list,
	.end = end,
	.report = report,
	.exit = see_exit,
	.stepped = stepped,
};
