/* vmx/vm_stop.c - a VM stops for a debugger, on its core. */
#include "vmx/vm_stop.h"

#include "kernel/time.h"
#include "vmx/core.h"
#include "vmx/step.h"
#include "vmx/trace.h"
#include "vmx/tsc.h"
#include "vmx/vm.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"

/* All cores are held since then; 0: they are not. */
static struct moment {
	uint64_t ns, tsc;
} hold;

static struct moment now(void)
{
	uint64_t tsc = cpu_rdtsc();

	return (struct moment){time_at_tsc(tsc), tsc};
}

/* By the VMs' clocks. */
static struct moment now_for_vms(void)
{
	return hold.tsc ? hold : now();
}

void vm_stop_hold_time(bool begins)
{
	hold = begins ? now() : (struct moment){0};
}

static void set_event(struct vm *vm, const struct vm_stop *event)
{
	struct vm_debug *d = &vm->debug;

	lock_acquire(&d->lock);
	d->event = *event;
	d->event_waits = true;
	lock_release(&d->lock);
	host_ops->debug_ask();
	host_ops->kick(vm->vcpu.core); /* itself: it looks before it sleeps */
}

void vm_stop_soon(struct vm *vm, const struct vm_stop *why)
{
	vm->debug.next = *why;
	__atomic_fetch_or(&vm->debug.flags, VM_STOP_WANTED, __ATOMIC_RELEASE);
	host_ops->kick(vm->vcpu.core); /* itself: its turn ends */
}

void vm_stop_fatal(struct vm *vm, enum vm_stop_reason reason, uint32_t number)
{
	struct vm_debug *d = &vm->debug;

	if (!d->attached || d->fatal)
		return;
	d->fatal = true;
	d->next = (struct vm_stop){.reason = reason, .number = number};
}

/* From here on the VM's clock stands. */
void vm_stop_now(struct vm *vm)
{
	struct vm_debug *d = &vm->debug;
	struct moment stop = now_for_vms();

	step_cancel(&vm->vcpu, STEP_FOR_USER);
	d->stop_tsc = stop.tsc;
	d->stop_ns = stop.ns;
	set_event(vm, &d->next);
	trace_vm(vm, TRACE_VM_STOP);
	d->next = (struct vm_stop){.reason = VM_STOP_ASKED};
	__atomic_store_n(&d->flags, VM_STOPPED, __ATOMIC_RELEASE);
}

void vm_stop_later(struct vm *vm, uint32_t flags)
{
	__atomic_fetch_or(&vm->debug.flags, flags, __ATOMIC_RELEASE);
	host_ops->kick(vm->vcpu.core);
}

void vm_stop_leave(struct vm *vm)
{
	vm_break_remove_all(vm);
	step_cancel(&vm->vcpu, STEP_FOR_USER);
	vm->debug.next = (struct vm_stop){.reason = VM_STOP_ASKED};
	__atomic_fetch_and(&vm->debug.flags, ~VM_STOP_WANTED, __ATOMIC_RELEASE);
}

static void catch_up(struct vm *vm, uint32_t flags)
{
	struct vcpu *before = vmx_core_borrow(&vm->vcpu);

	if (flags & VM_LEFT_ALONE)
		vm_stop_leave(vm);
	if (flags & VM_STOPPED)
		vm_stop_resume(vm, (flags & VM_STEPS) != 0);
	vmx_core_give_back(before);
	__atomic_fetch_and(&vm->debug.flags, ~(VM_GOES_ON | VM_STEPS | VM_LEFT_ALONE),
			   __ATOMIC_RELEASE);
}

bool vm_stop_look(struct vm *vm)
{
	uint32_t flags = __atomic_load_n(&vm->debug.flags, __ATOMIC_ACQUIRE);

	if (flags & VM_GOES_ON) {
		catch_up(vm, flags);
		flags = __atomic_load_n(&vm->debug.flags, __ATOMIC_ACQUIRE);
	}
	if ((flags & (VM_STOP_WANTED | VM_STOPPED)) != VM_STOP_WANTED || vm->state != VM_RUNNING)
		return (flags & VM_STOPPED) != 0;
	vm_stop_now(vm);
	return true;
}

bool vm_stop_at_end(struct vm *vm)
{
	if (!vm->debug.fatal)
		return false;
	vm->debug.fatal = false;
	vm_stop_now(vm);
	return true;
}

/* The vCPU's VMCS is this core's current one. */
static void start_clock(struct vm *vm, struct moment stop, struct moment start)
{
	vm->paused_ns += start.ns - stop.ns;
	if (!vm->config.debug_tsc_runs)
		vmcs_write(VMCS_TSC_OFFSET, vmcs_read(VMCS_TSC_OFFSET) -
						    tsc_for_guest(&vm->vcpu, start.tsc - stop.tsc));
}

void vm_stop_skip_time(struct vm *vm)
{
	struct vcpu *before = vmx_core_borrow(&vm->vcpu);
	struct moment start = now();
	uint32_t held;

	start_clock(vm, hold, start);
	vmx_core_give_back(before);
	/* It may be in the middle of a turn and of an exit, which count by the host's TSC. */
	held = (uint32_t)(start.tsc - hold.tsc);
	vcpu_last_exit(&vm->vcpu)->start_tsc += held;
	vcpu_last_exit(&vm->vcpu)->end_tsc += held; /* if it has one */
	vm->vcpu.turn_start_tsc += held;
	vm->vcpu.turn_end_tsc += held;
	vm->vcpu.deadline_tsc += held;
}

void vm_stop_resume(struct vm *vm, bool step)
{
	start_clock(vm, (struct moment){vm->debug.stop_ns, vm->debug.stop_tsc}, now_for_vms());
	vm_break_go_on(&vm->vcpu);
	if (step)
		step_begin(&vm->vcpu, STEP_FOR_USER);
	__atomic_fetch_and(&vm->debug.flags, ~VM_STOPPED, __ATOMIC_RELEASE);
}

void vm_stop_ended(struct vm *vm, bool well)
{
	const struct vm_stop ended = {.reason = VM_STOP_ENDED, .number = well ? 0 : 1};

	vm->debug.attached = false; /* what it may become is another process for the debugger */
	vm->debug.fatal = false;
	vm->debug.next = (struct vm_stop){.reason = VM_STOP_ASKED};
	__atomic_store_n(&vm->debug.flags, 0, __ATOMIC_RELEASE);
	set_event(vm, &ended);
}
