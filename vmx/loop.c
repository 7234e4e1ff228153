/*
 * vmx/loop.c - what a core does all day: take the next vCPU that can run, run it until it blocks or
 * its slice ends, else sleep until the next deadline.
 */
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/percpu.h"
#include "kernel/time.h"
#include "vmx/call_core.h"
#include "vmx/core.h"
#include "vmx/vm.h"

/* A turn, where several vCPUs share a core: short enough for typing, long enough for the caches. */
#define SLICE_NS (5 * NS_PER_MILLISECOND)

/* Where a VM waits until the log has room, that is looked at so often. */
#define LOG_NS   NS_PER_MILLISECOND

static void add_vcpu(struct vmx_core *core, struct vcpu *v)
{
	struct vcpu **end = &core->first;

	while (*end)
		end = &(*end)->next_on_core;
	v->next_on_core = NULL;
	*end = v;
}

static void remove_vcpu(struct vmx_core *core, struct vcpu *v)
{
	struct vcpu **at = &core->first;

	while (*at != v)
		at = &(*at)->next_on_core;
	*at = v->next_on_core;
	v->next_on_core = NULL;
}

static void start_new_vms(struct vmx_core *core)
{
	while (core->new_vms) {
		struct vm *vm = core->new_vms;

		core->new_vms = vm->next_new;
		if (vm_start(vm))
			add_vcpu(core, &vm->vcpu);
	}
}

static void finish_vm(struct vmx_core *core, struct vm *vm)
{
	remove_vcpu(core, &vm->vcpu);
	if (vm_finish(vm))
		add_vcpu(core, &vm->vcpu);
	if (__atomic_load_n(&vms_alive, __ATOMIC_ACQUIRE) == 0) {
		for (unsigned i = 0; i < cpu_count; i++) {
			if (cpus[i] != this_cpu())
				host_ops->kick(i);
		}
	}
}

/* Can it run now? Else *wake_ns, of the host's clock, is not later than when it could. */
static bool can_run(struct vcpu *v, uint64_t *wake_ns)
{
	struct vm *vm = v->vm;
	uint64_t now, next;

	if (UNLIKELY(__atomic_load_n(&vm->debug.flags, __ATOMIC_RELAXED)) && vm_stop_look(vm))
		return false;
	now = vm_now_ns(vm);
	if (now >= vm->limit_ns || vm->state != VM_RUNNING)
		return true;
	if (vm_waits_for_log(vm)) {
		*wake_ns = min_u64(*wake_ns, now_ns() + LOG_NS);
		return false;
	}
	if (!v->halted)
		return true;
	if ((now >= v->wake_ns || host_ops->line_has_input(vm->line) || vm->tx_held) &&
	    vcpu_try_wake(v))
		return true;
	next = min_u64(v->wake_ns, vm->limit_ns);
	if (next != NS_NEVER)
		*wake_ns = min_u64(*wake_ns, next + vm->paused_ns);
	return false;
}

/* The first of this core's vCPUs that can run now, or NULL; then *wake_ns is when one could. */
static struct vcpu *pick(struct vmx_core *core, uint64_t *wake_ns)
{
	*wake_ns = now_ns() + min_u64(VMX_SLEEP_MAX_NS, host_ops->service_patience_ns());
	for (struct vcpu *v = core->first; v; v = v->next_on_core) {
		if (can_run(v, wake_ns))
			return v;
	}
	return NULL;
}

static void sleep_until(struct vmx_core *core, uint64_t wake_ns)
{
	uint64_t now = now_ns();

	if (wake_ns <= now)
		return;
	host_ops->timer_arm_ns(wake_ns - now);
	core->between_runs = true; /* a hold finds it here most of the time */
	if (!__atomic_load_n(&this_cpu()->pending, __ATOMIC_ACQUIRE))
		cpu_halt_until_irq();
	core->between_runs = false;
	host_ops->timer_stop();
}

static void end_overdue(struct vm *vm)
{
	vm_end(vm, false, "its time limit of %llu s is over",
	       (unsigned long long)vm->config.limit_s);
}

static void take_turn(struct vmx_core *core, struct vcpu *v)
{
	bool alone = !core->first->next_on_core;
	uint64_t now = vm_now_ns(v->vm);
	enum exit_action action = EXIT_STOP;

	v->slice_end_ns = min_u64(alone ? NS_NEVER : now + SLICE_NS, v->vm->limit_ns);
	if (now >= v->vm->limit_ns)
		end_overdue(v->vm);
	else if (LIKELY(v->vm->state == VM_RUNNING)) /* else a debugger has let its end go on */
		action = vcpu_run(v);
	if (action == EXIT_STOP && !vm_stop_at_end(v->vm)) {
		finish_vm(core, v->vm);
		return;
	}
	/* A stop counts from here, not from the next turn that it would have. */
	if (UNLIKELY(__atomic_load_n(&v->vm->debug.flags, __ATOMIC_RELAXED)))
		(void)vm_stop_look(v->vm);
	if (!alone) {
		/* To the end of the queue. */
		remove_vcpu(core, v);
		add_vcpu(core, v);
	}
}

void vmx_core_loop(void)
{
	struct cpu *c = this_cpu();
	struct vmx_core *core = c->vmx;

	while (__atomic_load_n(&vms_alive, __ATOMIC_ACQUIRE) > 0) {
		uint64_t wake_ns;
		struct vcpu *v;

		__atomic_fetch_and(&c->pending, ~(uint32_t)CPU_PENDING_WORK, __ATOMIC_ACQ_REL);
		cpu_irq_window();
		vmx_service();
		start_new_vms(core);
		v = pick(core, &wake_ns);
		if (v)
			take_turn(core, v);
		else
			sleep_until(core, wake_ns);
	}
	if (core->times_off)
		log_info(LOG_VMX, "VMX operation was left and entered again %u times",
			 core->times_off);
}
