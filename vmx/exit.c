/* vmx/exit.c - the table of exits. */
#include "vmx/exit.h"

#include "kernel/log.h"
#include "vmx/entry_failure.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define IN_DELIVERY 1u /* may come in the middle of an event's delivery */
#define QUALIFIED   2u /* has an exit qualification */
#define UNKNOWN     4u /* nobody handles it */

struct exit_entry {
	const char *name;
	exit_handler_fn handler; /* NULL: known by name, and nobody's to handle */
	uint8_t flags;
};

static const struct exit_entry exits[] = {
	[EXIT_REASON_EXCEPTION_OR_NMI] = {"exception or NMI", exit_exception_or_nmi,
					  IN_DELIVERY | QUALIFIED},
	[EXIT_REASON_EXTERNAL_INTERRUPT] = {"external interrupt", exit_external_interrupt, 0},
	[EXIT_REASON_TRIPLE_FAULT] = {"triple fault", exit_triple_fault, 0},
	[EXIT_REASON_INIT] = {"INIT signal", NULL, 0},
	[EXIT_REASON_SIPI] = {"start-up IPI", NULL, QUALIFIED},
	[EXIT_REASON_INTERRUPT_WINDOW] = {"interrupt window", exit_window, 0},
	[EXIT_REASON_NMI_WINDOW] = {"NMI window", exit_window, 0},
	[EXIT_REASON_TASK_SWITCH] = {"task switch", exit_task_switch, IN_DELIVERY | QUALIFIED},
	[EXIT_REASON_CPUID] = {"CPUID", exit_cpuid, 0},
	[EXIT_REASON_GETSEC] = {"GETSEC", exit_undefined, 0},
	[EXIT_REASON_HLT] = {"HLT", exit_hlt, 0},
	[EXIT_REASON_INVD] = {"INVD", exit_cache, 0},
	[EXIT_REASON_INVLPG] = {"INVLPG", NULL, QUALIFIED},
	[EXIT_REASON_RDPMC] = {"RDPMC", exit_rdpmc, 0},
	[EXIT_REASON_RDTSC] = {"RDTSC", NULL, 0},
	[EXIT_REASON_RSM] = {"RSM", NULL, 0},
	[EXIT_REASON_VMCALL] = {"VMCALL", exit_vmcall, 0},
	[EXIT_REASON_VMCLEAR] = {"VMCLEAR", exit_undefined, QUALIFIED},
	[EXIT_REASON_VMLAUNCH] = {"VMLAUNCH", exit_undefined, 0},
	[EXIT_REASON_VMPTRLD] = {"VMPTRLD", exit_undefined, QUALIFIED},
	[EXIT_REASON_VMPTRST] = {"VMPTRST", exit_undefined, QUALIFIED},
	[EXIT_REASON_VMREAD] = {"VMREAD", exit_undefined, QUALIFIED},
	[EXIT_REASON_VMRESUME] = {"VMRESUME", exit_undefined, 0},
	[EXIT_REASON_VMWRITE] = {"VMWRITE", exit_undefined, QUALIFIED},
	[EXIT_REASON_VMXOFF] = {"VMXOFF", exit_undefined, 0},
	[EXIT_REASON_VMXON] = {"VMXON", exit_undefined, QUALIFIED},
	[EXIT_REASON_CR_ACCESS] = {"control-register access", exit_cr_access, QUALIFIED},
	[EXIT_REASON_MOV_DR] = {"MOV DR", NULL, QUALIFIED},
	[EXIT_REASON_IO_INSTRUCTION] = {"I/O instruction", exit_io, QUALIFIED},
	[EXIT_REASON_RDMSR] = {"RDMSR", exit_rdmsr, 0},
	[EXIT_REASON_WRMSR] = {"WRMSR", exit_wrmsr, 0},
	[EXIT_REASON_INVALID_GUEST_STATE] = {"VM-entry failure: invalid guest state", NULL,
					     QUALIFIED},
	[EXIT_REASON_MSR_LOADING] = {"VM-entry failure: MSR loading", NULL, QUALIFIED},
	[EXIT_REASON_MWAIT] = {"MWAIT", exit_undefined, QUALIFIED},
	[EXIT_REASON_MTF] = {"monitor trap flag", exit_mtf, 0},
	[EXIT_REASON_MONITOR] = {"MONITOR", exit_undefined, 0},
	[EXIT_REASON_PAUSE] = {"PAUSE", NULL, 0},
	[EXIT_REASON_MACHINE_CHECK_AT_ENTRY] = {"VM-entry failure: machine check", NULL, 0},
	[EXIT_REASON_GDTR_IDTR] = {"GDTR or IDTR access", NULL, QUALIFIED},
	[EXIT_REASON_LDTR_TR] = {"LDTR or TR access", NULL, QUALIFIED},
	[EXIT_REASON_EPT_VIOLATION] = {"EPT violation", exit_ept_violation,
				       IN_DELIVERY | QUALIFIED},
	[EXIT_REASON_EPT_MISCONFIG] = {"EPT misconfiguration", exit_ept_misconfiguration,
				       IN_DELIVERY},
	[EXIT_REASON_INVEPT] = {"INVEPT", exit_undefined, QUALIFIED},
	[EXIT_REASON_RDTSCP] = {"RDTSCP", NULL, 0},
	[EXIT_REASON_PREEMPTION_TIMER] = {"VMX-preemption timer", exit_preemption_timer, 0},
	[EXIT_REASON_INVVPID] = {"INVVPID", exit_undefined, QUALIFIED},
	[EXIT_REASON_WBINVD] = {"WBINVD", exit_cache, 0},
	[EXIT_REASON_XSETBV] = {"XSETBV", exit_xsetbv, 0},
	[EXIT_REASON_RDRAND] = {"RDRAND", NULL, 0},
	[EXIT_REASON_INVPCID] = {"INVPCID", NULL, QUALIFIED},
	[EXIT_REASON_VMFUNC] = {"VMFUNC", exit_undefined, 0},
	[EXIT_REASON_ENCLS] = {"ENCLS", exit_undefined, 0},
	[EXIT_REASON_RDSEED] = {"RDSEED", NULL, 0},
	[EXIT_REASON_XSAVES] = {"XSAVES", exit_undefined, QUALIFIED},
	[EXIT_REASON_XRSTORS] = {"XRSTORS", exit_undefined, QUALIFIED},
};

const char *exit_reason_name(uint32_t basic_reason)
{
	return basic_reason < ARRAY_SIZE(exits) ? exits[basic_reason].name : NULL;
}

static void record(struct vcpu *v, uint32_t basic)
{
	v->history[v->exits % EXIT_HISTORY] = (struct exit_record){
		.rip = v->rip,
		.reason = v->exit_reason,
		.qualification = (uint32_t)v->qualification,
	};
	v->exits++;
	v->exit_counts[basic]++;
}

/*
 * SDM 3C "VM-Exit Instruction Length": valid for exits that the instruction itself caused. A skipped
 * instruction ends STI and MOV SS blocking, and owes a #DB if TF is set.
 */
static void skip_instruction(struct vcpu *v)
{
	uint64_t next = v->rip + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
	uint64_t interruptibility = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);
	uint64_t rflags = vmcs_read(VMCS_GUEST_RFLAGS);

	/* EIP wraps at 4 GiB outside of 64-bit mode. */
	if (UNLIKELY((next ^ v->rip) >> 32) && !(vmcs_read(VMCS_ENTRY_CONTROLS) & ENTRY_IA32E))
		next = (uint32_t)next;
	vmcs_write(VMCS_GUEST_RIP, next);
	if (UNLIKELY((interruptibility & (INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS)) |
		     (rflags & RFLAGS_TF)))
		inject_after_skip(v, interruptibility, rflags);
}

static enum exit_action unhandled(struct vcpu *v)
{
	const char *name = exit_reason_name(v->exit_reason & 0xffff);
	enum exit_action action =
		vm_end(v->vm, false, "VM exit that nobody handles: %s (reason %#x)",
		       name ? name : "unknown", v->exit_reason);

	vcpu_dump(v);
	return action;
}

/* What does not happen at every exit. EXIT_SKIP: nothing special, let the handler do it. */
static enum exit_action handle_special(struct vcpu *v, uint32_t basic)
{
	if (v->exit_reason & BIT(31))
		return entry_refused(v);
	if (basic >= ARRAY_SIZE(exits) || !exits[basic].handler)
		return unhandled(v);
	if (v->stepping && basic != EXIT_REASON_EPT_VIOLATION)
		ept_step_end(v);
	if (exits[basic].flags & IN_DELIVERY)
		inject_again(v);
	return EXIT_SKIP;
}

static void trace(const struct vcpu *v, uint32_t basic)
{
	const char *name = exit_reason_name(basic);

	log_write(LOG_TRACE, LOG_EXIT, "%s: %s at %#llx, qualification %#llx", v->vm->config.name,
		  name ? name : "?", (unsigned long long)v->rip,
		  (unsigned long long)v->qualification);
}

enum exit_action exit_handle(struct vcpu *v)
{
	uint32_t reason = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
	uint32_t basic = (uint16_t)reason;
	uint8_t flags = UNKNOWN;
	enum exit_action action;

	if (LIKELY(basic < ARRAY_SIZE(exits)))
		flags = exits[basic].handler ? exits[basic].flags : exits[basic].flags | UNKNOWN;
	v->exit_reason = reason;
	v->rip = vmcs_read(VMCS_GUEST_RIP);
	v->qualification = flags & QUALIFIED ? vmcs_read(VMCS_EXIT_QUALIFICATION) : 0;
	record(v, basic < EXIT_REASONS ? basic : EXIT_REASONS - 1);
	if (log_enabled(LOG_TRACE, LOG_EXIT))
		trace(v, basic);

	if (UNLIKELY((flags & (IN_DELIVERY | UNKNOWN)) || v->stepping || (reason >> 31))) {
		action = handle_special(v, basic);
		if (action != EXIT_SKIP)
			return action;
	}
	action = exits[basic].handler(v);
	if (action == EXIT_SKIP) {
		skip_instruction(v);
		return EXIT_RETRY;
	}
	if (action == EXIT_BLOCK)
		skip_instruction(v);
	return UNLIKELY(action == EXIT_UNHANDLED) ? unhandled(v) : action;
}
