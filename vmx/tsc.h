/*
 * vmx/tsc.h - the guest's TSC: the machine's, scaled, plus VMCS_TSC_OFFSET.
 *
 * Spec: SDM 3C "Time-Stamp Counter Offset and Multiplier".
 */
#pragma once

#include "vmx/vcpu.h"

/* Ticks of the machine as the guest counts them, without the offset. */
static inline uint64_t tsc_for_guest(const struct vcpu *v, uint64_t ticks)
{
	if (LIKELY(!v->tsc_multiplier))
		return ticks;
	return (uint64_t)((unsigned __int128)ticks * v->tsc_multiplier >> 48);
}
