/*
 * vmx/caps.h - can this CPU do what Lintel needs, and how are the controls to be set?
 *
 * vmx_caps_decide() is pure: it works on the values of the MSRs, so that every refusal has a unit
 * test. Spec: SDM 3C "Discovering Support for VMX", "Enabling and Entering VMX Operation"; SDM 3D
 * appendix "VMX Capability Reporting Facility".
 */
#pragma once

#include "kernel/text.h"
#include "vmx/controls.h"

/* What the CPU says of itself, as read. MSRs that are not there are 0. */
struct vmx_msrs {
	bool cpu_has_vmx;  /* CPUID.1:ECX bit 5 */
	bool no_fast_path; /* nothing of the CPU's: by vmx_caps_without() */
	bool intel;        /* CPUID vendor "GenuineIntel" or compatible with VMX */
	bool in_emulator;  /* CPUID.1:ECX bit 31 */
	uint64_t feature_control;
	uint64_t basic;
	uint64_t group[CONTROL_GROUPS]; /* the TRUE ones where basic bit 55 says so */
	uint64_t misc;
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	uint64_t ept_vpid;
	uint64_t vmcs_enum, vmfunc;
};

/* What follows from it. */
struct vmx_caps {
	uint32_t revision; /* of the VMCS */
	uint32_t controls[CONTROL_GROUPS];
	uint64_t cr0_fixed0, cr0_fixed1; /* for the host; a guest may have PE and PG clear */
	uint64_t cr4_fixed0, cr4_fixed1;
	uint64_t ept_max_leaf;
	bool ept_exec_only;
	bool ept_flags, pml; /* accessed and dirty flags in EPT; page-modification logging */
	bool invept_single, invvpid_single;
	bool mtf; /* the monitor trap flag can be set */
	bool mov_dr_exits;
	bool vpid, preemption_timer, guest_pat, rdtscp;
	bool hlt_state;                 /* a guest can be entered in HLT */
	bool fast_path;                 /* of vmx/entry.asm */
	bool must_lock_feature_control; /* the firmware left it open: set and lock it */
	uint8_t preemption_shift;       /* the timer counts once in 2^shift TSC ticks */
};

#define FEATURE_CONTROL_LOCKED          BIT(0)
#define FEATURE_CONTROL_VMX_OUTSIDE_SMX BIT(2)

/* Takes something away from what the CPU has, for experiments: "vmx", "ept", "unrestricted-guest",
 * "vpid", "preemption-timer", "virtual-nmis", "pat", "pml", "ept-flags" (accessed and dirty),
 * "exec-only", "1g", "2m"; and our own "fast-path". ERR_NOT_FOUND: no such word. Pure. */
MUST_CHECK enum status vmx_caps_without(struct vmx_msrs *m, struct text word);

/* Decides. ERR_UNSUPPORTED: text says in one or two sentences what is missing and what to do. */
MUST_CHECK enum status vmx_caps_decide(const struct vmx_msrs *m, struct vmx_caps *caps, char *text,
				       size_t text_size);

/* Reads this core's CPUID and MSRs. Kernel mode only. */
void vmx_caps_read(struct vmx_msrs *m);

#define VMX_CAPS_ROW 120u

/* A row of the table of every control (wanted, allowed, granted), with a heading. What the CPU has
 * and no part of Lintel uses is "available". False: row is past the end. Pure. */
bool vmx_caps_row(const struct vmx_msrs *m, const struct vmx_caps *caps, unsigned row, char *text,
		  size_t size);

/* Logs the table, and the other capabilities as numbers, at level debug, category vmx. */
void vmx_caps_log(const struct vmx_msrs *m, const struct vmx_caps *caps);
