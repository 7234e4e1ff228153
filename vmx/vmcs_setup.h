/*
 * vmx/vmcs_setup.h - the first contents of a VMCS: controls, host state, masks.
 *
 * The VMCS is this core's current one. Spec: SDM 3C "Virtual-Machine Control Structures".
 */
#pragma once

#include "vmx/vcpu.h"

/* Bits of CR0 and CR4 that stay ours whatever the guest writes; it reads the shadow instead. */
#define VCPU_CR0_HOST_OWNED (CR0_NE | CR0_NW | CR0_CD | UINT64_C(0xffffffff00000000))
#define VCPU_CR4_HOST_OWNED (CR4_VMXE | CR4_MCE)

/*
 * #AC and #DB: a guest could make their delivery raise them again for ever, with no instruction
 * boundary at which the host's timer could end it. #MC is the host's.
 */
#define VCPU_EXCEPTIONS     ((uint32_t)(BIT(EXC_DB) | BIT(EXC_AC) | BIT(EXC_MC)))

void vmcs_setup(struct vcpu *v);

/* CR0 and CR4 as the hardware must have them for the guest's value: fixed bits on, caching on. */
uint64_t vmcs_real_cr0(uint64_t guest_cr0);
uint64_t vmcs_real_cr4(uint64_t guest_cr4);
