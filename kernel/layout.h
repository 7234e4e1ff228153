/*
 * kernel/layout.h - where things stand in the hypervisor's virtual address space, and the borders
 * that the linker script gives.
 *
 *   0xffff800000000000  direct map of RAM and firmware tables (mm/phys.h)
 *   0xffffc00000000000  stacks of the other cores (kernel/stacks.h)
 *   0xffffd00000000000  pages that the self test maps for a moment
 *   0xffffe00000000000  uncached windows on device registers (boot/address_space.h)
 *   0xffffffff80000000  the kernel image, + its physical address
 *
 * Everything else is unmapped; page 0 above all.
 */
#pragma once

#include "kernel/types.h"

#define DIRECT_MAP_BASE  UINT64_C(0xffff800000000000)
#define STACKS_BASE      UINT64_C(0xffffc00000000000)
#define SCRATCH_BASE     UINT64_C(0xffffd00000000000)
#define MMIO_BASE        UINT64_C(0xffffe00000000000)
#define KERNEL_VIRT_BASE UINT64_C(0xffffffff80000000)

/* Borders from linker.ld, all page aligned. */
extern char kernel_start[], kernel_end[];
extern char kernel_text_start[], kernel_text_end[];
extern char kernel_no_breakpoint_start[], kernel_no_breakpoint_end[]; /* in text */
extern char kernel_rodata_start[], kernel_rodata_end[];
extern char kernel_data_start[], kernel_data_end[];
extern char kernel_boot_stacks[];

/* The physical address of something in the kernel image. */
static inline hpa_t kernel_image_phys(const void *p)
{
	return hpa((uintptr_t)p - KERNEL_VIRT_BASE);
}
