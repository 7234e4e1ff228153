/* vmx/vcpu.c - a vCPU's life, and the loop that runs it. */
#include "vmx/vcpu.h"

#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/entry_failure.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"
#include "vmx/vmcs_setup.h"

/* No run of guest code is longer, whatever its devices ask for: the bound for everything that the
 * host has to do (input, log, other cores' wishes) where an interrupt does not end the run. */
#define RUN_MAX_NS NS_PER_MILLISECOND

_Static_assert(offsetof(struct vcpu, gpr) == 0, "VCPU_GPR in vmx/vcpu_layout.inc");
_Static_assert(offsetof(struct vcpu, host_rsp) == 128, "VCPU_HOST_RSP in vmx/vcpu_layout.inc");
_Static_assert(offsetof(struct vcpu, launched) == 136, "VCPU_LAUNCHED in vmx/vcpu_layout.inc");

int vmx_enter(struct vcpu *v); /* vmx/entry.asm */

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
			   .prepare = true,
			   .flush_ept = true,
			   .flush_vpid = true};
	v->parked.xcr0 = vmx_xcr0_all ? 1 : 0;
	v->ran_until_ns = now_ns();
	s = frames_alloc_zeroed(vmx_frames, 0, &v->vmcs);
	if (s != OK)
		return s;
	s = frames_alloc_zeroed(vmx_frames, vmx_fpu_order, &fpu);
	if (s != OK)
		goto undo;
	v->fpu = phys_ptr(fpu);
	fpu_reset(v->fpu);
	*(uint32_t *)phys_ptr(v->vmcs) = vmx_caps.revision;
	if (vmcs_clear(v->vmcs) != OK)
		panic("VMCLEAR of a new VMCS refused");
	vmx_core_load(v);
	vmcs_setup(v);
	vcpu_write_state(v, start);
	return OK;

undo:
	if (frames_free(vmx_frames, v->vmcs, 0) != OK)
		panic("a VMCS page cannot be given back");
	return s;
}

void vcpu_destroy(struct vcpu *v)
{
	vmx_core_unload(v);
	if (frames_free(vmx_frames, v->vmcs, 0) != OK ||
	    frames_free(vmx_frames, phys_of(v->fpu), vmx_fpu_order) != OK)
		panic("a vCPU's pages cannot be given back");
	v->fpu = NULL;
}

static void flush_ept(struct ept *e)
{
	if (vmx_invept(vmx_caps.invept_single ? INVEPT_SINGLE : INVEPT_ALL,
		       ept_pointer(e, false)) != OK)
		panic("INVEPT refused");
	ept_flushed(e);
}

/* SDM 3C "Invalidating Cached Information from Paging Structures". The VM's lock is held. */
static void flush(struct vcpu *v)
{
	if (v->flush_ept) {
		flush_ept(&v->vm->ept);
		if (v->vm->ept_a20_made)
			flush_ept(&v->vm->ept_a20);
		v->flush_ept = false;
	}
	if (v->flush_vpid) {
		if (vmx_caps.vpid &&
		    vmx_invvpid(vmx_caps.invvpid_single ? INVVPID_SINGLE : INVVPID_ALL, v->vpid,
				0) != OK)
			panic("INVVPID refused");
		v->flush_vpid = false;
	}
}

/* Everything that is not needed before every entry: devices up to date, serial bytes moved, an event
 * chosen, the next deadline found. */
static void prepare(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t now = now_ns();
	uint64_t deadline = min_u64(now + RUN_MAX_NS, max_u64(v->slice_end_ns, now));

	lock_acquire(&vm->lock);
	vm_pump_serial(vm, now);
	platform_sync(&vm->platform, now, v->ran_until_ns ? v->ran_until_ns : now);
	deadline = min_u64(deadline, platform_deadline_ns(&vm->platform, now));
	inject_prepare(v);
	if (UNLIKELY(v->flush_ept || v->flush_vpid))
		flush(v);
	lock_release(&vm->lock);
	v->ran_until_ns = 0;
	v->deadline_tsc = cpu_rdtsc() + (deadline > now ? time_ns_to_tsc(deadline - now) : 0) + 1;
	if (!vmx_caps.preemption_timer)
		host_ops->timer_arm_ns(deadline > now ? deadline - now : 0);
	v->prepare = false;
}

/* The timer counts while the guest runs only, so it is set anew for each entry. 1 is the least: with 0
 * the CPU would exit before the first instruction. */
static void set_timer(const struct vcpu *v)
{
	uint64_t now = cpu_rdtsc();
	uint64_t ticks =
		v->deadline_tsc > now ? (v->deadline_tsc - now) >> vmx_caps.preemption_shift : 0;

	vmcs_write(VMCS_PREEMPTION_TIMER, ticks > UINT32_MAX ? UINT32_MAX : ticks ? ticks : 1);
}

enum exit_action vcpu_run(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	vmx_core_load(v);
	v->prepare = true;
	for (;;) {
		enum exit_action action;
		int failed;

		if (v->prepare)
			prepare(v);
		if (vmx_caps.preemption_timer)
			set_timer(v);
		failed = vmx_enter(v);
		if (UNLIKELY(failed))
			return entry_failed(v, failed);
		v->launched = 1;
		action = exit_handle(v);
		if (LIKELY(action == EXIT_RETRY))
			continue;
		v->prepare = true;
		v->ran_until_ns = now_ns();
		if (action == EXIT_BLOCK) {
			v->halted = true;
			v->wake_ns = 0;
			return EXIT_BLOCK;
		}
		if (action != EXIT_YIELD)
			return EXIT_STOP;
		cpu_irq_window();
		host_ops->service();
		if (now_ns() >= v->slice_end_ns || __atomic_load_n(&c->pending, __ATOMIC_ACQUIRE))
			return EXIT_YIELD;
	}
}

bool vcpu_try_wake(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t now = now_ns();
	bool wake;

	if (v->nmi_pending || (v->event.info & EVENT_VALID)) {
		v->halted = false;
		return true;
	}
	lock_acquire(&vm->lock);
	vm_pump_serial(vm, now);
	platform_sync(&vm->platform, now, v->ran_until_ns);
	wake = platform_intr(&vm->platform);
	v->wake_ns = platform_deadline_ns(&vm->platform, now);
	if (vm->tx_held)
		v->wake_ns = min_u64(v->wake_ns, now + RUN_MAX_NS);
	lock_release(&vm->lock);
	if (wake)
		v->halted = false;
	return wake;
}
