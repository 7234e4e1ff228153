/*
 * guest/cpuid.h - what CPUID tells a guest.
 *
 * Pure. An allow list: a feature bit that is not known here is hidden, and so are features that
 * need what the guest does not have: a local APIC, MTRRs, machine-check banks, VMX, a performance
 * monitor, thermal sensors, MSRs that guest/msr.h does not know. The answers are computed once for
 * each VM; a lookup is an index into a table but for the few leaves with subleaves or live bits.
 * Spec: SDM 2A "CPUID - CPU Identification".
 */
#pragma once

#include "kernel/status.h"
#include "kernel/x86.h"

#define CPUID_BASIC_LEAVES      32u /* 0 to 1Fh */
#define CPUID_EXTENDED_LEAVES   9u  /* 80000000h to 80000008h */
#define CPUID_HYPERVISOR_LEAVES 2u  /* 40000000h, 40000001h */
#define CPUID_HYPERVISOR        0x40000000u
#define CPUID_EXTENDED          0x80000000u
#define CPUID_CACHES            8u  /* subleaves of leaf 4 */
#define CPUID_XSAVE_COMPONENTS  32u /* subleaves of leaf Dh that can be */
#define CPUID_INTERFACE         1u  /* 40000001h EAX: revision of the hypercall interface */

/* The host's CPUID instruction, or a test's table. */
typedef struct cpuid_regs (*cpuid_host_fn)(uint32_t leaf, uint32_t subleaf);

struct cpuid_options {
	bool rdtscp;      /* the VMX control "enable RDTSCP" is granted: shows RDTSCP and RDPID */
	uint32_t version; /* Lintel's, for 40000001h EBX: major << 16 | minor << 8 | patch */
	uint64_t tsc_hz;  /* for leaf 15h, as it was measured; 0: what the host's leaf says */
};

/* What a guest can change about its CPUID. */
struct cpuid_dynamic {
	uint64_t cr4, xcr0; /* as the guest sees them */
};

struct cpuid_policy {
	struct cpuid_regs basic[CPUID_BASIC_LEAVES];
	struct cpuid_regs extended[CPUID_EXTENDED_LEAVES];
	struct cpuid_regs hypervisor[CPUID_HYPERVISOR_LEAVES];
	uint32_t special; /* bit n: basic leaf n has subleaves or live bits */
	uint32_t max_basic, max_extended;
	struct cpuid_regs caches[CPUID_CACHES];
	struct cpuid_regs features1; /* leaf 7, subleaf 1 */
	struct cpuid_regs xsave[CPUID_XSAVE_COMPONENTS];
	uint64_t cr4_allowed, xcr0_allowed;
	uint8_t maxphyaddr; /* bits, as the guest sees it (the host's) */
};

/* Computes all answers out of the host's. */
void cpuid_policy_build(struct cpuid_policy *p, cpuid_host_fn host,
			const struct cpuid_options *options);

/* Registers of one answer: bit n of named is EAX, EBX, ECX, EDX. */
struct cpuid_override {
	uint32_t leaf, subleaf;
	unsigned named;
	struct cpuid_regs regs;
};

/* Only what the guest is told changes, not what it may do (CR4, XCR0, address width). Bits that
 * follow the guest's state still do: OSXSAVE. ERR_NOT_FOUND: no such leaf; ERR_UNSUPPORTED: this
 * answer is worked out when it is asked for (Bh; EBX of Dh). cpuid_fixed_leaves() stays. */
MUST_CHECK enum status cpuid_override(struct cpuid_policy *p, const struct cpuid_override *o);

/* Leaf 15h, if there is one, for a TSC of this frequency. */
void cpuid_set_tsc_hz(struct cpuid_policy *p, uint64_t hz);

/* One CPUID instruction. A leaf out of range gets the data of the highest basic one, as on Intel
 * CPUs; 40000002h to 400000FFh get zeros. Any context. */
void cpuid_answer(const struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf,
		  const struct cpuid_dynamic *now, struct cpuid_regs *out);

/* The answer of a basic leaf that is always the same, without a copy; NULL: ask cpuid_answer(). */
static inline const struct cpuid_regs *cpuid_fixed(const struct cpuid_policy *p, uint32_t leaf)
{
	if (leaf > p->max_basic || (p->special >> leaf & 1))
		return NULL;
	return &p->basic[leaf];
}

/* Bit n: cpuid_fixed() has an answer for leaf n. */
static inline uint32_t cpuid_fixed_leaves(const struct cpuid_policy *p)
{
	uint32_t out_of_range = p->max_basic < 31 ? ~UINT32_C(0) << (p->max_basic + 1) : 0;

	return ~(p->special | out_of_range);
}

/* The bits of CR4 that the guest may set; any other is #GP. */
static inline uint64_t cr4_guest_allowed(const struct cpuid_policy *p)
{
	return p->cr4_allowed;
}

/* The bits of XCR0 that the guest may set; 0 if it has no XSAVE. */
static inline uint64_t xcr0_allowed(const struct cpuid_policy *p)
{
	return p->xcr0_allowed;
}

/* May XSETBV load this value? SDM 1 "Enabling the XSAVE Feature Set and XSAVE-Enabled Features". */
bool xcr0_valid(const struct cpuid_policy *p, uint64_t value);

/* CPUID 1 EAX: family, model, stepping; goes to EDX at reset. */
static inline uint32_t cpuid_signature(const struct cpuid_policy *p)
{
	return p->basic[1].eax;
}
