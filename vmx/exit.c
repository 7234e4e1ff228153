/* vmx/exit.c - the table of exits. */
#include "vmx/exit.h"

#include "kernel/log.h"
#include "vmx/entry_failure.h"
#include "vmx/inject.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define IN_DELIVERY BIT(0) /* may come in the middle of an event's delivery */
#define QUALIFIED   BIT(1) /* has an exit qualification */

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
	struct exit_record *r = &v->history[v->exits % EXIT_HISTORY];

	r->reason = v->exit_reason;
	r->rip = v->rip;
	r->qualification = v->qualification;
	v->exits++;
	v->exit_counts[basic < EXIT_REASONS ? basic : EXIT_REASONS - 1]++;
}

enum exit_action exit_handle(struct vcpu *v)
{
	uint32_t reason = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
	uint32_t basic = reason & 0xffff;
	const struct exit_entry *e = basic < ARRAY_SIZE(exits) ? &exits[basic] : NULL;
	enum exit_action action = EXIT_UNHANDLED;

	v->exit_reason = reason;
	v->rip = vmcs_read(VMCS_GUEST_RIP);
	v->qualification = 0;
	if (e && (e->flags & QUALIFIED))
		v->qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
	record(v, basic);
	log_trace(LOG_EXIT, "%s: %s at %#llx, qualification %#llx", v->vm->config.name,
		  e && e->name ? e->name : "?", (unsigned long long)v->rip,
		  (unsigned long long)v->qualification);

	v->step_ended = v->stepping && basic != EXIT_REASON_EPT_VIOLATION;
	if (UNLIKELY(v->step_ended))
		ept_step_end(v);
	if (UNLIKELY(reason & BIT(31)))
		return entry_refused(v);
	if (e && e->handler) {
		if (e->flags & IN_DELIVERY)
			inject_again(v);
		action = e->handler(v);
	}
	if (UNLIKELY(action == EXIT_UNHANDLED)) {
		action = vm_end(v->vm, false, "VM exit that nobody handles: %s (reason %#x)",
				e && e->name ? e->name : "unknown", reason);
		vcpu_dump(v);
	}
	return action;
}
