/*
 * boot/features.h - what this CPU has that protects the hypervisor, and turning it on.
 *
 * Read once on the boot processor; all cores of a machine are taken to be alike.
 */
#pragma once

#include "kernel/types.h"

struct cpu_features {
	bool nx, page_1g, smep, smap, umip, xsave, pge;
	uint8_t physical_bits;
};

extern struct cpu_features cpu_features;

/* Fills cpu_features from CPUID, and logs nothing. */
void features_detect(void);

/* Sets CR0, CR4 and EFER of this core: NX, WP, SMEP, SMAP, UMIP where there are, FXSAVE and XSAVE
 * usable, caches on, no FPU traps. */
void features_enable(void);

/* One line: what is on and what the CPU lacks. */
void features_log(void);
