/*
 * mm/phys.h - the one window through which C code reaches physical memory.
 *
 * In the hypervisor all RAM stands at phys_window_base (the direct map); in a unit test the base is
 * the address of an array that plays the machine's memory.
 */
#pragma once

#include "kernel/types.h"

extern uintptr_t phys_window_base;

/* A pointer to host-physical memory. at must lie in RAM, or in a region that the kernel has mapped
 * (ACPI tables, modules); nothing checks it. */
static inline void *phys_ptr(hpa_t at)
{
	return (void *)(phys_window_base + at.raw);
}

/* The inverse, for a pointer that came from phys_ptr(). */
static inline hpa_t phys_of(const void *p)
{
	return hpa((uintptr_t)p - phys_window_base);
}
