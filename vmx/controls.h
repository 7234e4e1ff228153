/*
 * vmx/controls.h - the VMX controls: every bit that the manual names, and what Lintel wants of it.
 *
 * Spec: SDM 3C "VM-Execution Control Fields", "VM-Exit Control Fields", "VM-Entry Control Fields";
 * SDM 3D appendix "VMX Capability Reporting Facility".
 */
#pragma once

#include "kernel/x86.h"

enum control_group {
	CONTROL_PIN,
	CONTROL_PROC,
	CONTROL_PROC2,
	CONTROL_EXIT,
	CONTROL_ENTRY,
	CONTROL_GROUPS
} PACKED;

enum control_want {
	WANT_OFF,      /* no part of Lintel uses it: 0 unless the CPU insists */
	WANT_AT_TIMES, /* off to begin with: vmx/ sets and clears it as it goes */
	WANT_BY_TOOL,  /* off, but where the toolkit is asked for something that needs it */
	WANT_IF_ANY,   /* taken where the CPU has it */
	WANT_ON,       /* Lintel does not work without it */
} PACKED;

#define PIN_EXTERNAL_INTERRUPT   BIT(0)
#define PIN_NMI                  BIT(3)
#define PIN_VIRTUAL_NMIS         BIT(5)
#define PIN_PREEMPTION_TIMER     BIT(6)

#define PROC_INTERRUPT_WINDOW    BIT(2)
#define PROC_TSC_OFFSET          BIT(3)
#define PROC_HLT                 BIT(7)
#define PROC_INVLPG              BIT(9)
#define PROC_MWAIT               BIT(10)
#define PROC_RDPMC               BIT(11)
#define PROC_RDTSC               BIT(12)
#define PROC_CR3_LOAD            BIT(15)
#define PROC_CR3_STORE           BIT(16)
#define PROC_CR8_LOAD            BIT(19)
#define PROC_CR8_STORE           BIT(20)
#define PROC_TPR_SHADOW          BIT(21)
#define PROC_NMI_WINDOW          BIT(22)
#define PROC_MOV_DR              BIT(23)
#define PROC_UNCONDITIONAL_IO    BIT(24)
#define PROC_IO_BITMAPS          BIT(25)
#define PROC_MTF                 BIT(27)
#define PROC_MSR_BITMAPS         BIT(28)
#define PROC_MONITOR             BIT(29)
#define PROC_PAUSE               BIT(30)
#define PROC_SECONDARY           BIT(31)

#define PROC2_EPT                BIT(1)
#define PROC2_DESCRIPTOR_TABLES  BIT(2)
#define PROC2_RDTSCP             BIT(3)
#define PROC2_VPID               BIT(5)
#define PROC2_WBINVD             BIT(6)
#define PROC2_UNRESTRICTED_GUEST BIT(7)
#define PROC2_PAUSE_LOOP         BIT(10)
#define PROC2_INVPCID            BIT(12)
#define PROC2_VM_FUNCTIONS       BIT(13)
#define PROC2_PML                BIT(17)
#define PROC2_XSAVES             BIT(20)
#define PROC2_TSC_SCALING        BIT(25)

#define EXIT_SAVE_DEBUG          BIT(2)
#define EXIT_HOST_64             BIT(9)
#define EXIT_SAVE_PAT            BIT(18)
#define EXIT_LOAD_PAT            BIT(19)
#define EXIT_SAVE_EFER           BIT(20)
#define EXIT_LOAD_EFER           BIT(21)

#define ENTRY_LOAD_DEBUG         BIT(2)
#define ENTRY_IA32E              BIT(9)
#define ENTRY_LOAD_PAT           BIT(14)
#define ENTRY_LOAD_EFER          BIT(15)

struct control_bit {
	enum control_group group;
	uint8_t bit;
	enum control_want want;
	const char *name; /* as in the manual */
};

extern const struct control_bit control_bits[];
extern const unsigned control_bit_count;
extern const char *const control_group_names[CONTROL_GROUPS];

/* A capability MSR: bits 31:0 are the bits that must be 1, bits 63:32 those that may be 1. */
static inline bool control_may_be_1(uint64_t capability, unsigned bit)
{
	return (capability >> (32 + bit)) & 1;
}

static inline bool control_must_be_1(uint64_t capability, unsigned bit)
{
	return (capability >> bit) & 1;
}

/* The value for one group of controls: what is wanted, as far as allowed, and what must be. Pure.
 * *refused is the first bit that is WANT_ON and not allowed, or NULL. */
uint32_t controls_fit(enum control_group group, uint64_t capability,
		      const struct control_bit **refused);

/* "must", "if any", "no"...; could_be_had: what nobody uses is "available". */
const char *control_want_text(enum control_want want, bool could_be_had);
