/* vmx/entry_failure.c - a VM entry that failed, in words. */
#include "vmx/entry_failure.h"

#include "kernel/log.h"
#include "vmx/entry_check.h"
#include "vmx/exit.h"
#include "vmx/trace.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

#define ERROR_CONTROLS 7u
#define ERROR_HOST     8u

const char *vmx_instruction_error_text(uint32_t number)
{
	static const char *const words[] = {
		[1] = "VMCALL executed in VMX root operation",
		[2] = "VMCLEAR with invalid physical address",
		[3] = "VMCLEAR with VMXON pointer",
		[4] = "VMLAUNCH with a VMCS that is not clear",
		[5] = "VMRESUME with a VMCS that is not launched",
		[6] = "VMRESUME after VMXOFF",
		[7] = "VM entry with invalid control fields",
		[8] = "VM entry with invalid host-state fields",
		[9] = "VMPTRLD with invalid physical address",
		[10] = "VMPTRLD with VMXON pointer",
		[11] = "VMPTRLD with incorrect VMCS revision identifier",
		[12] = "VMREAD or VMWRITE of an unsupported VMCS component",
		[13] = "VMWRITE to a read-only VMCS component",
		[15] = "VMXON executed in VMX root operation",
		[16] = "VM entry with an invalid executive-VMCS pointer",
		[17] = "VM entry with a non-launched executive VMCS",
		[18] = "VM entry with an executive-VMCS pointer that is not the VMXON pointer",
		[19] = "VMCALL with a VMCS that is not clear",
		[20] = "VMCALL with invalid VM-exit control fields",
		[22] = "VMCALL with an incorrect MSEG revision identifier",
		[23] = "VMXOFF under dual-monitor treatment of SMIs and SMM",
		[24] = "VMCALL with invalid SMM-monitor features",
		[25] = "VM entry with invalid VM-execution control fields in the executive VMCS",
		[26] = "VM entry with events blocked by MOV SS",
		[28] = "invalid operand to INVEPT or INVVPID",
	};

	if (number >= ARRAY_SIZE(words) || !words[number])
		return "unknown VM-instruction error";
	return words[number];
}

/* SDM 3C "Checks on Guest Non-Register State" gives these three qualifications a meaning. */
static const char *qualification_text(uint64_t qualification)
{
	switch (qualification) {
	case 0:
		return "no further detail";
	case 2:
		return "the PDPTEs could not be loaded";
	case 3:
		return "an NMI cannot be injected while STI or MOV SS blocks events";
	case 4:
		return "the VMCS link pointer is wrong";
	default:
		return "a detail that the manual does not name";
	}
}

enum exit_action entry_failed(struct vcpu *v, uint32_t how)
{
	enum exit_action action;

	v->entry_failures++;
	trace_failure(v, how, how == VMX_ENTER_INVALID ? 0 : vmcs_read(VMCS_INSTRUCTION_ERROR));
	vm_stop_fatal(v->vm, VM_STOP_ENTRY_FAILURE, 0);
	if (how == VMX_ENTER_INVALID) {
		action = vm_end(v->vm, false, "VM entry failed: no current VMCS (VMfailInvalid)");
	} else {
		uint32_t error = (uint32_t)vmcs_read(VMCS_INSTRUCTION_ERROR);

		action = vm_end(v->vm, false, "VM entry failed: %s (VM-instruction error %u)",
				vmx_instruction_error_text(error), error);
		entry_check(v, true,
			    error == ERROR_CONTROLS ? ENTRY_CONTROLS_AREA
			    : error == ERROR_HOST   ? ENTRY_HOST_AREA
						    : ENTRY_AREAS);
	}
	vcpu_dump(v);
	return action;
}

enum exit_action entry_refused(struct vcpu *v)
{
	uint32_t basic = vcpu_last_exit(v)->reason & 0xffff;
	const char *name = exit_reason_name(basic);
	enum exit_action action;

	v->entry_failures++;
	trace_failure(v, (uint32_t)vcpu_last_exit(v)->reason, 0);
	vm_stop_fatal(v->vm, VM_STOP_ENTRY_FAILURE, 0);
	if (basic == EXIT_REASON_MSR_LOADING)
		action = vm_end(v->vm, false, "VM entry failed: MSR-load entry %llu",
				(unsigned long long)v->qualification);
	else
		action = vm_end(v->vm, false, "%s (reason %u): %s", name ? name : "VM entry failed",
				basic, qualification_text(v->qualification));
	if (basic == EXIT_REASON_INVALID_GUEST_STATE)
		entry_check(v, true, ENTRY_GUEST_AREA);
	vcpu_dump(v);
	/* The CPU has reported it by this failure and not by #MC: it is still the host's affair. */
	if (basic == EXIT_REASON_MACHINE_CHECK_AT_ENTRY)
		vmx_host_machine_check();
	return action;
}
