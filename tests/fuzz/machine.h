/*
 * tests/fuzz/machine.h - a machine of 16 MiB: RAM from 1 MiB on, all of it free frames.
 */
#pragma once

#include "tests/fuzz/fuzzer.h"

#include "mm/frames.h"
#include "mm/phys.h"

#define MACHINE_BYTES (16 * MIB)

uintptr_t phys_window_base;

static struct frames frames;

/* At the first input; later it does nothing. */
static inline void start_machine(void)
{
	static struct regions raw, ram;

	if (phys_window_base)
		return;
	phys_window_base = (uintptr_t)aligned_alloc(PAGE_2M, MACHINE_BYTES);
	regions_init(&raw);
	if (regions_add(&raw, MIB, MACHINE_BYTES - MIB, REGION_RAM) != OK ||
	    regions_normalise(&raw, &ram) != OK || frames_init(&frames, &ram, GIB) != OK)
		abort();
}
