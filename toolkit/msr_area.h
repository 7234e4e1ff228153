/* toolkit/msr_area.h - msrarea=: where the guest's value of an MSR is. */
#pragma once

#include "vmx/vcpu.h"

/* Is the MSR in the VM's area? Then *value is the guest's. After an exit. */
bool msr_area_has(const struct vcpu *v, uint32_t index, uint64_t *value);

/* The guest's value of an MSR that msr_caller_switches() names: out of the area, or out of the CPU.
 * On its core, after an exit. */
uint64_t msr_area_read(const struct vcpu *v, uint32_t index);
