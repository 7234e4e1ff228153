/*
 * guest/cpu_state.h - a guest CPU's architectural state as plain data.
 *
 * The pure code that emulates instructions (string I/O, task switches, page walks) works on this;
 * vmx/ fills it from the VMCS and writes back what changed.
 */
#pragma once

#include "kernel/x86.h"

/* Segment number as in VMX instruction information and ModRM sreg. */
enum guest_segment_name {
	GUEST_ES,
	GUEST_CS,
	GUEST_SS,
	GUEST_DS,
	GUEST_FS,
	GUEST_GS,
	GUEST_LDTR,
	GUEST_TR,
	GUEST_SEGMENTS
};

/* access: VMX "Guest segment access rights" layout (type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D/B
 * 14, G 15, unusable 16). limit is in bytes, already scaled by G. */
struct guest_segment {
	uint16_t selector;
	uint32_t access;
	uint32_t limit;
	uint64_t base;
};

#define SEGMENT_UNUSABLE BIT(16)

struct guest_table { /* GDTR, IDTR */
	uint64_t base;
	uint16_t limit;
};

#define GUEST_FPU_BYTES 512u /* FXSAVE's image, SDM 1 "FXSAVE Area" */

struct guest_cpu_state {
	uint64_t gpr[GPR_COUNT];
	uint64_t rip, rflags;
	uint64_t cr0, cr2, cr3, cr4; /* as the guest sees them (masks and shadows applied) */
	uint64_t efer;
	uint64_t dr6, dr7;
	uint64_t cr8;
	uint64_t pdpte[4]; /* valid with PAE paging outside of IA-32e mode */
	struct guest_segment segments[GUEST_SEGMENTS];
	struct guest_table gdtr, idtr;
	uint8_t maxphyaddr; /* bits */
};

/* An exception that an emulated instruction raises. */
struct guest_fault {
	uint8_t vector;
	bool has_error_code;
	uint32_t error_code;
	uint64_t cr2; /* #PF only */
};

static inline unsigned guest_cpl(const struct guest_cpu_state *s)
{
	/* SDM 3C "Guest Register State": the DPL of SS is the CPL. */
	return (s->segments[GUEST_SS].access >> 5) & 3;
}
