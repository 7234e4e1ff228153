/* vmx/call_core.c - a letter box for each core. */
#include "vmx/call_core.h"

#include "kernel/percpu.h"
#include "kernel/time.h"
#include "kernel/trap.h"
#include "vmx/core.h"

#define ANSWER_NS NS_PER_SECOND

NO_BREAKPOINT static bool swap_state(struct vmx_call *call, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&call->state, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* The letter is taken back if nobody takes it; one that is being done is waited for. */
static bool wait_for_answer(struct vmx_call *call)
{
	uint64_t start_ns = now_ns();

	while (__atomic_load_n(&call->state, __ATOMIC_ACQUIRE) != VMX_CALL_NONE) {
		cpu_pause();
		if (now_ns() - start_ns > ANSWER_NS &&
		    swap_state(call, VMX_CALL_POSTED, VMX_CALL_NONE))
			return false;
	}
	return true;
}

bool vmx_call_core(unsigned cpu_index, void (*fn)(void *arg), void *arg)
{
	struct vmx_core *core;

	if (cpu_index >= cpu_count)
		return false;
	if (cpus[cpu_index] == this_cpu()) {
		if (!this_cpu()->vmx)
			return false;
		fn(arg);
		return true;
	}
	core = __atomic_load_n(&cpus[cpu_index]->vmx, __ATOMIC_ACQUIRE);
	if (!core)
		return false;
	core->call.fn = fn;
	core->call.arg = arg;
	__atomic_store_n(&core->call.state, VMX_CALL_POSTED, __ATOMIC_RELEASE);
	host_ops->kick(cpu_index);
	return wait_for_answer(&core->call);
}

/*
 * It runs for the debugger meanwhile, and passes over breakpoints as the caller does, who has the
 * debugger's lock: to stop here would be to wait for oneself. The caller alone could hold this core
 * now, and waits, so nobody looks at what c->frame says.
 */
NO_BREAKPOINT void vmx_serve_calls(void)
{
	struct cpu *c = this_cpu();
	struct trap_frame *outer = c->frame, here;
	struct vmx_core *core = c->vmx;

	if (!core || __atomic_load_n(&core->call.state, __ATOMIC_RELAXED) != VMX_CALL_POSTED)
		return;
	trap_capture(&here);
	if (!outer)
		c->frame = &here;
	if (swap_state(&core->call, VMX_CALL_POSTED, VMX_CALL_RUNS)) {
		core->call.fn(core->call.arg);
		c->frame = outer;
		__atomic_store_n(&core->call.state, VMX_CALL_NONE, __ATOMIC_RELEASE);
	}
	c->frame = outer;
}

void vmx_service(void)
{
	struct vmx_core *core = this_cpu()->vmx;

	core->between_runs = true;
	vmx_serve_calls();
	host_ops->service();
	core->between_runs = false;
}
