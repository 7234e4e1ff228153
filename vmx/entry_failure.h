/*
 * vmx/entry_failure.h - a VM entry that failed, in words.
 *
 * Spec: SDM 3C "VM Instruction Error Numbers", "VM-Entry Failures During or After Loading Guest
 * State".
 */
#pragma once

#include "vmx/vcpu.h"

/* After vmx_enter() returned VMX_ENTER_INVALID or VMX_ENTER_REFUSED. Ends the VM; EXIT_STOP. */
enum exit_action entry_failed(struct vcpu *v, uint32_t how);

/* After an exit whose reason has bit 31: reason 33, 34 or 41 with the qualification, and what of
 * the guest state breaks a rule. Ends the VM; EXIT_STOP. */
enum exit_action entry_refused(struct vcpu *v);

/* The VM-instruction error number in words; never NULL. */
const char *vmx_instruction_error_text(uint32_t number);
