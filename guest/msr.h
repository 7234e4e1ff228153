/*
 * guest/msr.h - which model-specific registers a guest has, and what they do.
 *
 * Pure. One table sorted by index gives every MSR a read and a write action; an index that is not
 * in it is #GP. MSRs that the CPU can switch or that only the guest uses are passed through by the
 * MSR bitmap and never exit; if one exits nevertheless (no bitmaps, or its feature is not granted)
 * the value is checked here and the caller moves it.
 * Spec: SDM 4 "Model-Specific Registers (MSRs)"; SDM 3C "MSR-Bitmap Address".
 */
#pragma once

#include "kernel/x86.h"

#define MSR_BITMAP_BYTES 4096u

/* What the caller (VMX controls, CPUID policy) can do. */
struct msr_features {
	bool rdtscp;        /* TSC_AUX exists */
	bool pat_switched;  /* VM entry loads and VM exit saves and loads IA32_PAT */
	bool efer_switched; /* the same for IA32_EFER */
	bool fast_strings;  /* REP MOVS and STOS are fast, as IA32_MISC_ENABLE of the host says */
};

/* The MSRs of one vCPU that live here. */
struct guest_msrs {
	struct msr_features features;
	uint64_t misc_enable;
};

/* What the guest's CPU is doing now; needed for writes only. */
struct msr_context {
	uint64_t cr0, efer; /* as the guest sees them */
};

enum msr_result {
	MSR_DONE,        /* answered */
	MSR_GP,          /* #GP(0): a forbidden value, or not readable/writable */
	MSR_UNKNOWN,     /* #GP(0) too: not in the table; worth a trace line */
	MSR_CALLER_PASS, /* a passed-through MSR exited: the caller reads it, or stores *value */
	MSR_CALLER_TSC,  /* WRMSR to the TSC: the caller sets its offset so that it is *value now */
	MSR_CALLER_DEBUGCTL, /* the caller reads, or stores *value into, the VMCS field */
};

void msr_reset(struct guest_msrs *m, const struct msr_features *features);

/* RDMSR. *value is set with MSR_DONE only. */
enum msr_result msr_read(const struct guest_msrs *m, uint32_t index, uint64_t *value);

/* WRMSR. With MSR_CALLER_..., *value becomes what is really to be stored (read-only bits kept). */
enum msr_result msr_write(struct guest_msrs *m, uint32_t index, uint64_t *value,
			  const struct msr_context *now);

/* Sets the bit of every MSR that must exit: all but the passed-through ones. */
void msr_fill_bitmap(uint8_t bitmap[MSR_BITMAP_BYTES], const struct msr_features *features);

/* Sets more bits: reads, writes of these MSRs exit. Those that have no bit exit anyway. */
void msr_bitmap_exit(uint8_t bitmap[MSR_BITMAP_BYTES], uint32_t first, uint32_t last, bool read,
		     bool write);

/* The MSR's name in the manual without "IA32_", or NULL. */
const char *msr_name(uint32_t index);

/* The i-th passed-through MSR that the CPU does not switch by itself at VM entry and exit, so that
 * the caller does (SYSCALL's, KERNEL_GS_BASE, TSC_AUX). False past the last. */
bool msr_caller_switches(const struct msr_features *features, unsigned i, uint32_t *index);
