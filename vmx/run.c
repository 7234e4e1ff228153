/*
 * vmx/run.c - the loop that runs a vCPU, and the way that every exit takes.
 *
 * What stands here is executed millions of times a second, so it is one function for the compiler:
 * the loop, the look into the table of exits, the move of RIP. An exit that touches the vCPU only
 * goes through it without a lock, and finds its handler by one load.
 */
#include "guest/segment.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/time.h"
#include "vmx/by_hand.h"
#include "vmx/call_core.h"
#include "vmx/core.h"
#include "vmx/entry_failure.h"
#include "vmx/exit.h"
#include "vmx/inject.h"
#include "vmx/step.h"
#include "vmx/trace.h"
#include "vmx/vm.h"
#include "vmx/vm_requests.h"
#include "vmx/vmcs.h"

/* No run of guest code is longer, whatever its devices ask for: the bound for everything that the
 * host has to do (input, log, other cores' wishes) where an interrupt does not end the run. */
#define RUN_MAX_NS NS_PER_MILLISECOND

/* A guest's screen (display=text) is looked at so often while it sleeps. */
#define SCREEN_NS  (50 * NS_PER_MILLISECOND)

_Static_assert(offsetof(struct vcpu, gpr) == 0, "VCPU_GPR in vmx/vcpu_layout.inc");
_Static_assert(offsetof(struct vcpu, host_stack) == 128, "VCPU_HOST_STACK in vmx/vcpu_layout.inc");
_Static_assert(offsetof(struct vcpu, launched) == 136, "VCPU_LAUNCHED in vmx/vcpu_layout.inc");
_Static_assert(offsetof(struct vcpu, history_at) == 137, "VCPU_HISTORY_AT in vmx/vcpu_layout.inc");
_Static_assert(offsetof(struct vcpu, slow) == 138, "VCPU_SLOW in vmx/vcpu_layout.inc");
_Static_assert(offsetof(struct vcpu, timer_shift) == 140, "VCPU_TIMER_SHIFT in ...layout.inc");
_Static_assert(offsetof(struct vcpu, deadline_tsc) == 144, "VCPU_DEADLINE in ...layout.inc");
_Static_assert(offsetof(struct vcpu, turn_ticks) == 148, "VCPU_TURN_TICKS in ...layout.inc");
_Static_assert(offsetof(struct vcpu, fixed_leaves) == 152, "VCPU_FIXED_LEAVES in ...layout.inc");
_Static_assert(offsetof(struct vcpu, leaf_answers) == 160, "VCPU_LEAF_ANSWERS in ...layout.inc");
_Static_assert(offsetof(struct vcpu, history) == 168, "VCPU_HISTORY in vmx/vcpu_layout.inc");
_Static_assert(EXIT_HISTORY * 8 == 256, "history_at is a byte that wraps by itself");
_Static_assert(sizeof(struct cpuid_regs) == 16, "the fast path of CPUID in vmx/entry.asm");

/* ---- before an entry ---- */

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
		if (v->invvpid && vmx_invvpid(v->invvpid, v->vpid, 0) != OK)
			panic("INVVPID refused");
		v->vpid_flushes++;
		v->flush_vpid = false;
	}
}

/* The low half of the TSC at a moment of this turn. Counted from the turn's start, so that it does
 * not matter how long ago somebody has looked at the clock. */
static uint32_t tsc_at(const struct vcpu *v, uint64_t at_ns)
{
	return v->turn_start_tsc + (uint32_t)time_ns_to_tsc(at_ns - v->turn_start_ns);
}

/* A guest in HLT leaves the host in peace for as long as the host's own work can wait; what is left
 * of that when an interrupt wakes it, it may run on. */
static uint64_t longest_turn_ns(const struct vcpu *v)
{
	if (!v->in_hlt || v->vm->tx_held)
		return RUN_MAX_NS;
	return max_u64(RUN_MAX_NS, min_u64(VMX_SLEEP_MAX_NS, host_ops->service_patience_ns()));
}

/* The devices' deadline has to be looked at again after it. tsc is that of now. */
static void begin_turn(struct vcpu *v, uint64_t tsc, uint64_t now)
{
	uint64_t longest = longest_turn_ns(v);

	v->turn_start_tsc = (uint32_t)tsc;
	v->turn_start_ns = now;
	v->turn_end_ns = min_u64(now + longest, max_u64(v->slice_end_ns, now));
	v->turn_end_tsc = tsc_at(v, v->turn_end_ns);
	v->turn_ticks = (uint32_t)time_ns_to_tsc(longest);
	v->device_ns = 0;
}

void vcpu_set_deadline(struct vcpu *v, uint64_t now)
{
	uint64_t wish = platform_deadline_ns(&v->vm->platform, now);

	if (wish == v->device_ns)
		return;
	v->device_ns = wish;
	if (UNLIKELY(v->sample_ns))
		wish = min_u64(wish, v->sample_ns);
	if (wish >= v->turn_end_ns)
		v->deadline_tsc = v->turn_end_tsc;
	else
		v->deadline_tsc = tsc_at(v, max_u64(wish, now));
	if (!vmx_caps.preemption_timer)
		host_ops->timer_arm_ns(min_u64(max_u64(wish, now), v->turn_end_ns) - now);
}

/* What is not needed before every entry: v->prepare says so. */
static void prepare(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t tsc = cpu_rdtsc();
	uint64_t now = vm_time_at_tsc(vm, tsc);

	lock_acquire(&vm->lock);
	if (v->prepare & PREPARE_TURN) {
		begin_turn(v, tsc, now);
		vm_pump_serial(vm, now);
	}
	platform_sync(&vm->platform, now, v->ran_until_ns ? v->ran_until_ns : now);
	inject_prepare(v);
	if (UNLIKELY(v->trace))
		trace_entry(v);
	vcpu_set_deadline(v, now); /* an interrupt that went in may have moved it */
	if (UNLIKELY(v->stepping))
		step_arm(v);
	if (UNLIKELY((v->slow & SLOW_STEPPING) != 0) != (v->stepping != 0))
		vcpu_set_slow(v, SLOW_STEPPING, v->stepping != 0);
	if (UNLIKELY(v->flush_ept | v->flush_vpid))
		flush(v);
	lock_release(&vm->lock);
	v->ran_until_ns = 0;
	v->prepare = 0;
}

/*
 * The timer counts while the guest runs only, so it is set anew for each entry; 1 is the least but
 * for a step: with 0 the CPU exits before the first instruction. The low half of the TSC is enough,
 * since the deadline is never more than a turn ahead: what looks further away is over.
 */
static inline void set_timer(const struct vcpu *v)
{
	uint32_t tsc = (uint32_t)cpu_rdtsc();
	uint32_t left = v->deadline_tsc - tsc;
	uint32_t timer_ticks = v->least_ticks;

	vcpu_last_exit(v)->end_tsc = tsc;
	if (LIKELY(left <= v->turn_ticks))
		timer_ticks += left >> vmx_caps.preemption_shift;
	vmcs_write(VMCS_PREEMPTION_TIMER, timer_ticks);
}

/* ---- after an exit ---- */

static bool in_64bit_mode(void)
{
	return (vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E) &&
	       (vmcs_read(VMCS_GUEST_CS_ACCESS) & SEGMENT_LONG);
}

/* A skipped instruction ends STI and MOV SS blocking, and owes a #DB if TF is set. */
static inline void advance(struct vcpu *v, uint64_t next)
{
	uint64_t interruptibility = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);
	uint64_t rflags = vmcs_read(VMCS_GUEST_RFLAGS);

	vmcs_write(VMCS_GUEST_RIP, next);
	if (UNLIKELY(interruptibility & (INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS)) ||
	    UNLIKELY(rflags & RFLAGS_TF))
		inject_after_skip(v, interruptibility, rflags);
}

void vcpu_advance(struct vcpu *v, uint64_t next_rip)
{
	advance(v, next_rip);
}

/* SDM 3C "VM-Exit Instruction Length": valid for exits that the instruction itself caused. */
static inline void skip_instruction(struct vcpu *v)
{
	uint64_t next = v->rip + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);

	/* EIP wraps at 4 GiB outside of 64-bit mode. */
	if (UNLIKELY((next ^ v->rip) >> 32) && !in_64bit_mode())
		next = (uint32_t)next;
	advance(v, next);
}

void vcpu_skip(struct vcpu *v)
{
	skip_instruction(v);
}

/* The fast path has done an access that may reset the machine or end it. */
static enum exit_action follow_fast_path(struct vcpu *v)
{
	struct vm *vm = v->vm;
	enum exit_action action = EXIT_SKIP;

	v->rip = vcpu_last_exit(v)->rip;
	lock_acquire(&vm->lock);
	if (platform_take_switched(&vm->platform))
		action = vm_follow_requests(v);
	lock_release(&vm->lock);
	return action == EXIT_SKIP ? EXIT_RETRY : action;
}

/* No VM entry, one that failed, or a reason that is in no table. */
static enum exit_action handle_unusual(struct vcpu *v, uint32_t reason)
{
	if (LIKELY(reason == VMX_ENTER_DONE))
		return follow_fast_path(v);
	if (reason == VMX_ENTER_INVALID || reason == VMX_ENTER_REFUSED)
		return entry_failed(v, reason);
	v->rip = vmcs_read(VMCS_GUEST_RIP);
	v->qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
	vcpu_record_exit(v, reason, v->qualification, 0);
	if (v->stepping)
		step_leave(v);
	return reason & EXIT_ENTRY_FAILED ? entry_refused(v) : exit_unhandled(v);
}

static inline enum exit_action call_handler(struct vcpu *v, const struct exit_entry *e)
{
	return UNLIKELY(v->trace) ? trace_exit(v) : e->handler(v);
}

static NOINLINE enum exit_action handle_in_step(struct vcpu *v, const struct exit_entry *e)
{
	enum exit_action action;

	step_leave(v);
	action = call_handler(v, e);
	if (action == EXIT_UNHANDLED)
		action = exit_unhandled(v);
	if (action == EXIT_SKIP || action == EXIT_BLOCK)
		skip_instruction(v);
	return step_follow(v, action == EXIT_SKIP ? EXIT_RETRY : action);
}

/* After an exit: EXIT_RETRY to enter the guest again, else why not. */
static inline enum exit_action handle(struct vcpu *v, uint32_t reason)
{
	const struct exit_entry *e;
	enum exit_action action;
	uint64_t qualification = 0;

	if (UNLIKELY(reason >= EXIT_TABLE_SIZE))
		return handle_unusual(v, reason);
	e = &exit_table[reason];
	v->rip = vmcs_read(VMCS_GUEST_RIP);
	if (e->flags) {
		if (e->flags & EXIT_QUALIFIED)
			v->qualification = qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
		if (UNLIKELY(e->flags & EXIT_IN_DELIVERY))
			inject_again(v);
	}
	vcpu_record_exit(v, reason, qualification, 0);
	if (UNLIKELY(v->stepping))
		return handle_in_step(v, e);
	action = call_handler(v, e);
	if (LIKELY(action == EXIT_SKIP)) {
		skip_instruction(v);
		return EXIT_RETRY;
	}
	if (action == EXIT_BLOCK)
		skip_instruction(v);
	return UNLIKELY(action == EXIT_UNHANDLED) ? exit_unhandled(v) : action;
}

/* A guest that halts waits in the activity state HLT if nobody else wants its core: the timer or an
 * interrupt of the host wakes it without a way round the core's loop. */
static bool waits_in_hlt(struct vcpu *v)
{
	const struct vmx_core *core = this_cpu()->vmx;

	if (!vmx_caps.hlt_state || !vmx_caps.preemption_timer || core->first->next_on_core ||
	    v->stepping)
		return false;
	v->in_hlt = true;
	v->prepare |= PREPARE_ALL;
	return true;
}

/* True: nobody wants the core for something else, and nobody has begun a step over a HLT, which
 * waits outside of the guest (vmx/step.c). */
static bool serve_host(const struct vcpu *v)
{
	vmx_service();
	return !__atomic_load_n(&this_cpu()->pending, __ATOMIC_ACQUIRE) && !v->halted;
}

/* True: the guest may go on. Otherwise *action is what vcpu_run() returns. */
static bool end_turn(struct vcpu *v, enum exit_action *action)
{
	vcpu_fold_exits(v); /* before any sleep */
	v->prepare = PREPARE_ALL;
	v->ran_until_ns = vm_now_ns(v->vm);
	if (*action == EXIT_BLOCK) {
		if (UNLIKELY(v->trace))
			trace_halt(v);
		if (waits_in_hlt(v)) {
			v->ran_until_ns = 0; /* it does */
			/* Each HLT begins a turn, so the end of one may never come. */
			return serve_host(v);
		}
		v->halted = true;
		v->wake_ns = 0;
		return false;
	}
	if (*action != EXIT_YIELD) {
		*action = EXIT_STOP;
		return false;
	}
	cpu_irq_window();
	if (UNLIKELY(v->trace))
		trace_host(v);
	return serve_host(v) && vm_now_ns(v->vm) < v->slice_end_ns && !vm_waits_for_log(v->vm);
}

/* The fast path says nothing to log and trace, and knows one timer only. */
static bool fast_path_is_off(const struct vcpu *v)
{
	return !vmx_caps.fast_path || !vmx_caps.preemption_timer || vmx_trace_ports || v->trace ||
	       log_enabled(LOG_DEBUG, LOG_GUEST) || log_enabled(LOG_DEBUG, LOG_EPT);
}

void vcpu_follow_trace(struct vcpu *v)
{
	v->trace = trace_of_run(v);
	vcpu_set_slow(v, SLOW_WANTED, fast_path_is_off(v));
}

enum exit_action vcpu_run(struct vcpu *v)
{
	enum exit_action action;

	vmx_core_load(v);
	(void)inject_nmis_blocked(v); /* notes an IRET of the last turn */
	vcpu_follow_trace(v);
	v->prepare = PREPARE_ALL;
	do {
		do {
			if (UNLIKELY(v->prepare))
				prepare(v);
			if (LIKELY(vmx_caps.preemption_timer))
				set_timer(v);
			else
				vcpu_last_exit(v)->end_tsc = (uint32_t)cpu_rdtsc();
			action = handle(v, vmx_enter(v));
		} while (LIKELY(action == EXIT_RETRY));
	} while (end_turn(v, &action));
	return action;
}

bool vcpu_try_wake(struct vcpu *v)
{
	struct vm *vm = v->vm;
	uint64_t now = vm_now_ns(vm);
	bool wake;

	if (UNLIKELY(v->nmi_pending || (v->event.info & EVENT_VALID) || v->stepping) &&
	    by_hand_wakes(v, true)) {
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
	if (vm->screen)
		v->wake_ns = min_u64(v->wake_ns, now + SCREEN_NS);
	lock_release(&vm->lock);
	if (wake)
		v->halted = false;
	return wake;
}
