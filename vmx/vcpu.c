/* vmx/vcpu.c - a vCPU's life. vmx/run.c has the loop that runs it. */
#include "vmx/vcpu.h"

#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/vm.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"
#include "vmx/vmcs_setup.h"

#define FPU_MXCSR_OFFSET 24u /* SDM 1 "XSAVE Area: Legacy Region" */
#define FPU_FCW_OFFSET   0u

/* The state after FNINIT and at reset, in the form that XRSTOR and FXRSTOR take. */
static void fpu_reset(void *area)
{
	const uint16_t fcw = 0x037f;
	const uint32_t mxcsr = 0x1f80;

	memcpy((uint8_t *)area + FPU_FCW_OFFSET, &fcw, sizeof(fcw));
	memcpy((uint8_t *)area + FPU_MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

enum status vcpu_create(struct vcpu *v, struct vm *vm, unsigned core, uint16_t vpid,
			const struct guest_cpu_state *start)
{
	hpa_t fpu;
	enum status s;

	*v = (struct vcpu){.vm = vm,
			   .core = core,
			   .vpid = vpid,
			   .invvpid = !vmx_caps.vpid            ? 0
				      : vmx_caps.invvpid_single ? INVVPID_SINGLE
								: INVVPID_ALL,
			   .stats = vm->stats,
			   .fold_from = 1, /* the first exit has the ring's second record */
			   .prepare = PREPARE_ALL,
			   .least_ticks = 1,
			   .flush_ept = true,
			   .flush_vpid = true};
	v->code_page = UINT64_MAX;
	v->timer_shift = vmx_caps.preemption_shift;
	v->leaf_answers = vm->cpuid.basic;
	v->fixed_leaves = cpuid_fixed_leaves(&vm->cpuid);
	v->parked.xcr0 = vmx_xcr0_all ? 1 : 0;
	v->ran_until_ns = vm_now_ns(vm);
	s = frames_alloc_zeroed(vmx_frames, 0, &v->vmcs);
	if (s != OK)
		return s;
	s = frames_alloc_zeroed(vmx_frames, vmx_fpu_order, &fpu);
	if (s != OK)
		goto undo;
	fpu_reset(phys_ptr(fpu));
	*(uint32_t *)phys_ptr(v->vmcs) = vmx_caps.revision;
	if (vmcs_clear(v->vmcs) != OK)
		panic("VMCLEAR of a new VMCS refused");
	v->fpu = phys_ptr(fpu); /* from here on a debugger's hold may load it */
	vmx_core_load(v);
	vmcs_setup(v);
	vcpu_write_state(v, start);
	return OK;

undo:
	if (frames_free(vmx_frames, v->vmcs, 0) != OK)
		panic("a VMCS page cannot be given back");
	return s;
}

void vcpu_reset(struct vcpu *v, const struct guest_cpu_state *start)
{
	static const uint64_t no_breakpoints[4];

	v->event = (struct vcpu_event){0};
	v->halted = false;
	v->in_hlt = false;
	v->nmi_pending = false;
	v->nmi_came = false;
	v->by_hand = (struct vcpu_by_hand){0};
	v->stepping &= (uint8_t)~STEP_BY_HAND;
	vmcs_write(VMCS_GUEST_ACTIVITY_STATE, 0);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
	vcpu_write_state(v, start);
	vcpu_set_guest_breakpoints(v, no_breakpoints);
	v->flush_vpid = true;
	v->prepare |= PREPARE_EVENTS;
}

void vcpu_destroy(struct vcpu *v)
{
	hpa_t fpu = phys_of(v->fpu);

	v->fpu = NULL; /* from here on a debugger's hold leaves it alone */
	vmx_core_unload(v);
	if (frames_free(vmx_frames, v->vmcs, 0) != OK ||
	    frames_free(vmx_frames, fpu, vmx_fpu_order) != OK)
		panic("a vCPU's pages cannot be given back");
}

uint64_t vcpu_exits(const struct vcpu *v)
{
	return v->folded + v->history_at / 8u + 1 - v->fold_from;
}

void vcpu_set_slow(struct vcpu *v, uint8_t why, bool slow)
{
	uint8_t all = (uint8_t)(slow ? v->slow | why : v->slow & ~why);

	if (!all != !v->slow)
		vmcs_write(VMCS_HOST_RIP, (uintptr_t)(all ? vmx_exit_long : vmx_exit));
	v->slow = all;
}
