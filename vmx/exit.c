/* vmx/exit.c - the table of exits. */
#include "vmx/exit.h"

#include "kernel/log.h"
#include "vmx/vm.h"

const struct exit_entry exit_table[EXIT_TABLE_SIZE] = {
	[EXIT_REASON_EXCEPTION_OR_NMI] = {"exception or NMI", exit_exception_or_nmi,
					  EXIT_IN_DELIVERY | EXIT_QUALIFIED},
	[EXIT_REASON_EXTERNAL_INTERRUPT] = {"external interrupt", exit_external_interrupt, 0},
	[EXIT_REASON_TRIPLE_FAULT] = {"triple fault", exit_triple_fault, 0},
	[EXIT_REASON_INIT] = {"INIT signal", exit_unhandled, 0},
	[EXIT_REASON_SIPI] = {"start-up IPI", exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_IO_SMI] = {"I/O SMI", exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_OTHER_SMI] = {"SMI", exit_unhandled, 0},
	[EXIT_REASON_INTERRUPT_WINDOW] = {"interrupt window", exit_window, 0},
	[EXIT_REASON_NMI_WINDOW] = {"NMI window", exit_window, 0},
	[EXIT_REASON_TASK_SWITCH] = {"task switch", exit_task_switch,
				     EXIT_IN_DELIVERY | EXIT_QUALIFIED},
	[EXIT_REASON_CPUID] = {"CPUID", exit_cpuid, 0},
	[EXIT_REASON_GETSEC] = {"GETSEC", exit_undefined, 0},
	[EXIT_REASON_HLT] = {"HLT", exit_hlt, 0},
	[EXIT_REASON_INVD] = {"INVD", exit_cache, 0},
	[EXIT_REASON_INVLPG] = {"INVLPG", exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_RDPMC] = {"RDPMC", exit_rdpmc, 0},
	[EXIT_REASON_RDTSC] = {"RDTSC", exit_unhandled, 0},
	[EXIT_REASON_RSM] = {"RSM", exit_unhandled, 0},
	[EXIT_REASON_VMCALL] = {"VMCALL", exit_vmcall, 0},
	[EXIT_REASON_VMCLEAR] = {"VMCLEAR", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_VMLAUNCH] = {"VMLAUNCH", exit_undefined, 0},
	[EXIT_REASON_VMPTRLD] = {"VMPTRLD", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_VMPTRST] = {"VMPTRST", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_VMREAD] = {"VMREAD", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_VMRESUME] = {"VMRESUME", exit_undefined, 0},
	[EXIT_REASON_VMWRITE] = {"VMWRITE", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_VMXOFF] = {"VMXOFF", exit_undefined, 0},
	[EXIT_REASON_VMXON] = {"VMXON", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_CR_ACCESS] = {"control-register access", exit_cr_access, EXIT_QUALIFIED},
	[EXIT_REASON_MOV_DR] = {"MOV DR", exit_mov_dr, EXIT_QUALIFIED},
	[EXIT_REASON_IO_INSTRUCTION] = {"I/O instruction", exit_io, EXIT_QUALIFIED},
	[EXIT_REASON_RDMSR] = {"RDMSR", exit_rdmsr, 0},
	[EXIT_REASON_WRMSR] = {"WRMSR", exit_wrmsr, 0},
	[EXIT_REASON_INVALID_GUEST_STATE] = {"VM-entry failure: invalid guest state",
					     exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_MSR_LOADING] = {"VM-entry failure: MSR loading", exit_unhandled,
				     EXIT_QUALIFIED},
	[EXIT_REASON_35] = {"reason 35", exit_unhandled, 0},
	[EXIT_REASON_MWAIT] = {"MWAIT", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_MTF] = {"monitor trap flag", exit_mtf, 0},
	[EXIT_REASON_38] = {"reason 38", exit_unhandled, 0},
	[EXIT_REASON_MONITOR] = {"MONITOR", exit_undefined, 0},
	[EXIT_REASON_PAUSE] = {"PAUSE", exit_unhandled, 0},
	[EXIT_REASON_MACHINE_CHECK_AT_ENTRY] = {"VM-entry failure: machine check", exit_unhandled,
						0},
	[EXIT_REASON_42] = {"reason 42", exit_unhandled, 0},
	[EXIT_REASON_TPR_BELOW_THRESHOLD] = {"TPR below threshold", exit_unhandled, 0},
	[EXIT_REASON_APIC_ACCESS] = {"APIC access", exit_unhandled,
				     EXIT_IN_DELIVERY | EXIT_QUALIFIED},
	[EXIT_REASON_VIRTUALIZED_EOI] = {"virtualized EOI", exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_GDTR_IDTR] = {"GDTR or IDTR access", exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_LDTR_TR] = {"LDTR or TR access", exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_EPT_VIOLATION] = {"EPT violation", exit_ept_violation,
				       EXIT_IN_DELIVERY | EXIT_QUALIFIED},
	[EXIT_REASON_EPT_MISCONFIG] = {"EPT misconfiguration", exit_ept_misconfiguration,
				       EXIT_IN_DELIVERY},
	[EXIT_REASON_INVEPT] = {"INVEPT", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_RDTSCP] = {"RDTSCP", exit_unhandled, 0},
	[EXIT_REASON_PREEMPTION_TIMER] = {"VMX-preemption timer", exit_preemption_timer, 0},
	[EXIT_REASON_INVVPID] = {"INVVPID", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_WBINVD] = {"WBINVD", exit_cache, 0},
	[EXIT_REASON_XSETBV] = {"XSETBV", exit_xsetbv, 0},
	[EXIT_REASON_APIC_WRITE] = {"APIC write", exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_RDRAND] = {"RDRAND", exit_unhandled, 0},
	[EXIT_REASON_INVPCID] = {"INVPCID", exit_unhandled, EXIT_QUALIFIED},
	[EXIT_REASON_VMFUNC] = {"VMFUNC", exit_undefined, 0},
	[EXIT_REASON_ENCLS] = {"ENCLS", exit_undefined, 0},
	[EXIT_REASON_RDSEED] = {"RDSEED", exit_unhandled, 0},
	[EXIT_REASON_PML_FULL] = {"page-modification log full", exit_unhandled,
				  EXIT_IN_DELIVERY | EXIT_QUALIFIED},
	[EXIT_REASON_XSAVES] = {"XSAVES", exit_undefined, EXIT_QUALIFIED},
	[EXIT_REASON_XRSTORS] = {"XRSTORS", exit_undefined, EXIT_QUALIFIED},
};

const char *exit_reason_name(uint32_t basic_reason)
{
	return basic_reason < EXIT_TABLE_SIZE ? exit_table[basic_reason].name : NULL;
}

enum exit_action exit_unhandled(struct vcpu *v)
{
	uint32_t reason = vcpu_last_exit(v)->reason;
	const char *name = exit_reason_name(reason & 0xffff);
	enum exit_action action;

	vm_stop_fatal(v->vm, VM_STOP_UNHANDLED, reason & 0xffff);
	action = vm_end(v->vm, false, "VM exit that nobody handles: %s (reason %#x)",
			name ? name : "unknown", reason);
	vcpu_dump(v);
	return action;
}

void exit_trace(const struct vcpu *v)
{
	const struct exit_record *last = vcpu_last_exit(v);

	log_trace(LOG_EXIT, "%s: %s at %#llx, qualification %#llx", v->vm->config.name,
		  exit_reason_name(last->reason), (unsigned long long)v->rip,
		  (unsigned long long)last->qualification);
}
