/* vmx/by_hand.c - events from the monitor and by hypercall. */
#include "vmx/by_hand.h"

#include "kernel/string.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/vmcs.h"

static enum status add_exception(struct vcpu_by_hand *h, uint8_t vector, uint32_t error_code)
{
	struct vcpu_hand_exception *last = &h->exceptions[h->exception_count];

	if (h->exception_count && exceptions_make_df(last[-1].vector, vector)) {
		last[-1] = (struct vcpu_hand_exception){.vector = EXC_DF};
		return OK;
	}
	if (h->exception_count == BY_HAND_EXCEPTIONS)
		return ERR_FULL;
	*last = (struct vcpu_hand_exception){.vector = vector, .error_code = error_code};
	h->exception_count++;
	return OK;
}

enum status by_hand_inject(struct vcpu *v, uint8_t vector, bool with_error, uint32_t error_code)
{
	struct vcpu_by_hand *h = &v->by_hand;
	enum status s = OK;

	if (!by_hand_fits(vector, with_error) || (with_error && error_code > UINT16_MAX))
		return ERR_INVALID;
	if (vector == EXC_NMI && v->nmi_pending)
		return ERR_FULL;
	v->wake_ns = 0;
	if (vector == EXC_NMI) {
		inject_nmi(v);
		return OK;
	}
	if (vector < 32)
		s = add_exception(h, vector, error_code);
	else if (h->interrupt_count < BY_HAND_INTERRUPTS)
		h->interrupts[h->interrupt_count++] = vector;
	else
		s = ERR_FULL;
	v->stepping |= STEP_BY_HAND;
	v->prepare |= PREPARE_EVENTS;
	return s;
}

static void follow_counts(struct vcpu *v)
{
	if (!v->by_hand.exception_count && !v->by_hand.interrupt_count)
		v->stepping &= (uint8_t)~STEP_BY_HAND;
}

static struct guest_fault take_exception(struct vcpu *v)
{
	struct vcpu_by_hand *h = &v->by_hand;
	struct guest_fault f = {
		.vector = h->exceptions[0].vector,
		.error_code = h->exceptions[0].error_code,
		.cr2 = cpu_read_cr2(), /* nobody has named an address */
	};

	f.has_error_code = by_hand_fits(f.vector, true);
	h->exception_count--;
	memmove(h->exceptions, h->exceptions + 1, h->exception_count * sizeof(h->exceptions[0]));
	follow_counts(v);
	return f;
}

void by_hand_exception(struct vcpu *v)
{
	uint32_t now = v->event.info;
	struct guest_fault f;

	if (!v->by_hand.exception_count)
		return;
	if ((now & EVENT_VALID) &&
	    (((now >> EVENT_TYPE_SHIFT) & 7) != EVENT_HARDWARE_EXCEPTION ||
	     !exceptions_make_df((uint8_t)now, v->by_hand.exceptions[0].vector)))
		return;
	f = take_exception(v);
	if (f.vector == EXC_DB)
		exit_debug_side_effects(v, 0);
	(void)inject_fault(v, &f); /* never a triple fault: that takes a #DF before it */
}

bool by_hand_interrupt_done(struct vcpu *v)
{
	struct vcpu_by_hand *h = &v->by_hand;

	h->interrupt_count--;
	memmove(h->interrupts, h->interrupts + 1, h->interrupt_count);
	follow_counts(v);
	return h->interrupt_count != 0;
}

bool by_hand_follows(const struct vcpu *v)
{
	return v->by_hand.exception_count != 0 &&
	       (vmcs_read(VMCS_ENTRY_INTERRUPTION_INFO) & EVENT_VALID);
}

bool by_hand_wakes(struct vcpu *v, bool interrupts_on)
{
	struct vcpu *before;
	bool open;

	if ((v->event.info & EVENT_VALID) || v->by_hand.exception_count ||
	    (interrupts_on && v->by_hand.interrupt_count))
		return true;
	if (!v->nmi_pending)
		return false;
	before = vmx_core_borrow(v);
	open = !inject_nmis_blocked(v);
	vmx_core_give_back(before);
	return open;
}
