/* vmx/exit_event.c - exits by events: exceptions, interrupts, windows, timers, HLT. */
#include "kernel/cpu.h"
#include "kernel/percpu.h"
#include "kernel/time.h"
#include "vmx/by_hand.h"
#include "vmx/core.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/vm_break.h"
#include "vmx/vm_machine.h"
#include "vmx/vmcs.h"

#define DR6_FROM_EXIT UINT64_C(0x600f) /* BS, BD, B3-B0 (SDM 3C "Exit Qualification") */

/*
 * The exit came before the exception changed anything; delivering #DB is to set DR6 and clear
 * DR7.GD and two bits of DEBUGCTL, which an injected #DB does not do by itself (SDM 3C
 * "Architectural State Before a VM Exit", "VM Entry: Event Injection").
 */
void exit_debug_side_effects(struct vcpu *v, uint64_t dr6_bits)
{
	cpu_write_dr6((cpu_read_dr6() & ~DR6_TRAPS) | dr6_bits);
	vcpu_set_guest_dr7(v, vcpu_guest_dr7(v) & ~DR7_GD);
	vmcs_write(VMCS_GUEST_DEBUGCTL,
		   vmcs_read(VMCS_GUEST_DEBUGCTL) & ~(DEBUGCTL_LBR | DEBUGCTL_BTF));
}

static enum exit_action debug_exception(struct vcpu *v)
{
	const struct guest_fault db = {.vector = EXC_DB};
	uint64_t bits = v->qualification & DR6_FROM_EXIT;

	bool stops, before = false;
	enum exit_action action;

	if (v->step.trap_is_ours)
		bits &= ~DR6_BS; /* a breakpoint that came with it may be the guest's */
	lock_acquire(&v->vm->lock);
	stops = vm_break_debug_exception(v, &bits, &before);
	lock_release(&v->vm->lock);
	if (before || (!bits && (stops || v->step.trap_is_ours)))
		return stops ? EXIT_YIELD : EXIT_RETRY;
	/* A step over STI: VM entry refuses TF with such blocking unless a single step is pending.
	 * The #DB that goes in ends the blocking anyway (SDM 3C "Checks on Guest Non-Register
	 * State"). */
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
		   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) &
			   ~(INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS));
	exit_debug_side_effects(v, bits);
	action = inject_fault(v, &db);
	return stops && action == EXIT_RETRY ? EXIT_YIELD : action;
}

enum exit_action exit_exception_or_nmi(struct vcpu *v)
{
	uint32_t info = (uint32_t)vmcs_read(VMCS_EXIT_INTERRUPTION_INFO);
	struct guest_fault f = {
		.vector = (uint8_t)info,
		.has_error_code = (info & EVENT_ERROR_CODE) != 0,
	};

	enum event_type type = (enum event_type)((info >> EVENT_TYPE_SHIFT) & 7);

	vcpu_last_exit(v)->key = f.vector;
	if (type == EVENT_NMI) {
		/* A debugger may hold this core there. */
		this_cpu()->vmx->between_runs = true;
		vmx_host_nmi();
		this_cpu()->vmx->between_runs = false;
		return EXIT_YIELD;
	}
	if (f.vector == EXC_MC) {
		vmx_host_machine_check();
		return EXIT_YIELD;
	}
	inject_block_nmis_again(v, info);
	if (type >= EVENT_SOFTWARE_INTERRUPT) {
		/* INT1, which sets nothing in DR6, INT3, INTO: they return behind themselves. */
		inject_software(v, type, f.vector,
				(uint32_t)vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH));
		return EXIT_RETRY;
	}
	if (f.vector == EXC_PF)
		f.cr2 = v->qualification;
	if (f.has_error_code)
		f.error_code = (uint32_t)vmcs_read(VMCS_EXIT_ERROR_CODE);
	if (f.vector == EXC_DB)
		return debug_exception(v);
	return inject_fault(v, &f);
}

/* The interrupt is still pending in the local APIC: the run loop opens a window for it. */
enum exit_action exit_external_interrupt(struct vcpu *v)
{
	(void)v;
	return EXIT_YIELD;
}

enum exit_action exit_triple_fault(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool resumed;
	char by[48];

	lock_acquire(&vm->lock);
	resumed = vm_resume_by_firmware(vm);
	lock_release(&vm->lock);
	if (resumed)
		return EXIT_RETRY;
	vm_stop_fatal(vm, VM_STOP_TRIPLE_FAULT, 0);
	if (!vm->config.restart_on_reset) {
		vm_end(vm, false, "triple fault at %#llx", (unsigned long long)v->rip);
		vcpu_dump(v);
		return EXIT_STOP;
	}
	text_format(by, sizeof(by), "a triple fault at %#llx", (unsigned long long)v->rip);
	return vm_reset(vm, by);
}

enum exit_action exit_window(struct vcpu *v)
{
	v->prepare |= PREPARE_EVENTS;
	return EXIT_RETRY;
}

/* A device's deadline needs no more than a look at the devices; only at the end of a turn the
 * host's own work is due. */
enum exit_action exit_preemption_timer(struct vcpu *v)
{
	if (vcpu_turn_is_over(v, (uint32_t)cpu_rdtsc()))
		return EXIT_YIELD;
	v->prepare |= PREPARE_EVENTS;
	return EXIT_RETRY;
}

/* Is there an interrupt already? Then HLT is over at once. */
static bool wakes_at_once(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t now = vm_now_ns(vm);
	bool wakes;

	lock_acquire(&vm->lock);
	platform_sync(&vm->platform, now, now);
	wakes = platform_intr(&vm->platform);
	lock_release(&vm->lock);
	return wakes;
}

enum exit_action exit_hlt(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool interrupts_on = (vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_IF) != 0;

	if (UNLIKELY(v->nmi_pending | v->stepping) && by_hand_wakes(v, interrupts_on))
		return EXIT_BLOCK;
	if (!interrupts_on)
		return vm_end(vm, true, "halted for good: HLT with interrupts off at %#llx",
			      (unsigned long long)v->rip);
	if (wakes_at_once(v)) {
		v->prepare |= PREPARE_EVENTS;
		return EXIT_SKIP;
	}
	if (!platform_could_wake(&vm->platform))
		return vm_end(vm, true,
			      "halted for good: HLT at %#llx, and no device could wake it",
			      (unsigned long long)v->rip);
	return EXIT_BLOCK;
}
