/*
 * toolkit/watch_exc.c - watch=exc:VECTOR[:MASK:MATCH]: exceptions, by the exception bitmap.
 *
 * The exit comes before the exception has changed anything; vmx/exit_event.c puts it into the
 * guest again, with its error code and CR2. For #PF, with bit 14 of the bitmap set, only those
 * exit whose error code is MATCH under MASK; the VMCS has one pair. What is not the guest's is not
 * told: the traps of a step, a debugger's breakpoints.
 * Spec: SDM 3C "Exception Bitmap", "Exceptions" (of "Other Causes of VM Exits"), "Information for
 * VM Exits Due to Vectored Events".
 */
#include "kernel/trap_text.h"
#include "toolkit/tools.h"
#include "vmx/inject.h"
#include "vmx/vmcs.h"

static bool fit(const struct vm_tools *t, struct tool_controls *c)
{
	const struct watch *first = NULL;

	for (unsigned i = 0; i < t->watch_count; i++) {
		const struct watch *w = &t->watches[i];

		if (w->kind != WATCH_EXC)
			continue;
		c->exceptions |= (uint32_t)BIT(w->low);
		if (w->low != EXC_PF)
			continue;
		if (first && (w->mask != first->mask || w->match != first->match))
			c->missing = "second mask and match for exc:14 (the VMCS holds one pair)";
		first = w;
	}
	return watch_any(t, WATCH_EXC);
}

static void change(struct vm *vm)
{
	const struct watch *w = watch_find(vm->tools, WATCH_EXC, EXC_PF);

	vmcs_write(VMCS_PF_ERROR_MASK, w ? w->mask : 0);
	vmcs_write(VMCS_PF_ERROR_MATCH, w ? w->match : 0);
}

static enum exit_action see_exception(struct vcpu *v, struct tool_exit *x)
{
	uint32_t info = (uint32_t)vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);
	struct trap_frame f = {.vector = (uint8_t)info};
	uint64_t cr2 = v->qualification, rip = v->rip;
	struct watch *w = watch_find(v->vm->tools, WATCH_EXC, f.vector);
	char words[TRAP_TEXT_BYTES], code[32] = "";
	enum exit_action action;

	if (info & EVENT_ERROR_CODE)
		f.error_code = vmcs_read(VMCS_EXIT_ERROR_CODE);
	if (!w || (f.vector == EXC_PF && (f.error_code & w->mask) != w->match))
		return tool_pass(v, x);
	action = tool_pass(v, x);
	if (f.vector == EXC_DB && !(v->event.info & EVENT_VALID))
		return action;
	if (info & EVENT_ERROR_CODE)
		text_format(code, sizeof(code), ", error code %llxh",
			    (unsigned long long)f.error_code);
	trap_describe(&f, cr2, words);
	watch_hit(v, w, "%s%s%s%s%s, RIP %#llx", trap_name(f.vector), code, words[0] ? ": " : "",
		  words,
		  action == EXIT_STOP                  ? ", a triple fault"
		  : (uint8_t)v->event.info != f.vector ? ", goes in as #DF"
						       : "",
		  (unsigned long long)rip);
	return action;
}

const struct tool tool_exc = {
	.name = "exc",
	.reasons = BIT(EXIT_REASON_EXCEPTION_OR_NMI),
	.fit = fit,
	.change = change,
	.exit = see_exception,
};
