/*
 * kernel/gdt.h - the GDT and TSS of each core, with the interrupt stacks for #DF, NMI, #MC,
 * #DB and #BP.
 *
 * The user segments serve one purpose: the self test of UMIP runs an instruction in ring 3.
 * Spec: SDM 3A "Segment Descriptors", "Task Management in 64-bit Mode", "Interrupt Stack Table".
 */
#pragma once

#include "kernel/percpu.h"

#define GDT_KERNEL_CODE 0x08u
#define GDT_KERNEL_DATA 0x10u
#define GDT_USER_DATA   0x1bu /* with RPL 3 */
#define GDT_USER_CODE   0x23u /* with RPL 3 */
#define GDT_TSS         0x28u

#define GDT_ENTRIES     7u /* the TSS takes two */

#define GDT_IST_DF      1u
#define GDT_IST_NMI     2u
#define GDT_IST_MC      3u
#define GDT_IST_DEBUG   4u

/* The 64-bit task state segment, unaligned fields and all. */
struct PACKED tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7]; /* ist[n - 1] is IST n */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map_offset;
};

struct cpu_arch {
	struct tss tss;
	uint64_t gdt[GDT_ENTRIES] ALIGNED(8);
	uint64_t debug_low; /* kernel/stacks.h: STACK_DEBUG_FIRST below the top */
};

/* Builds a core's tables; its stacks are those of kernel/stacks.h. c->arch points at memory for
 * them, or is NULL for the boot processor, whose tables are here. */
void gdt_init(struct cpu *c);

/* Loads GDTR, all segment registers but FS and GS, and TR on this core. */
void gdt_load(struct cpu *c);

/* For the host state of a VMCS and for putting right the limits after a VM exit. */
uintptr_t gdt_base(const struct cpu *c);
uintptr_t gdt_tss_base(const struct cpu *c);

/* From here on a #DB or #BP of core c is one in the debugger's own work, and has the lower part of
 * the debug stack. Returns where that began before, for the way back. */
uint64_t gdt_nest_debug(struct cpu *c);
void gdt_unnest_debug(struct cpu *c, uint64_t before);
void gdt_reload_limits(struct cpu *c);
