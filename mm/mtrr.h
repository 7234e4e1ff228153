/*
 * mm/mtrr.h - which memory type the machine has set for a physical address: the MTRRs, decoded.
 *
 * Pure: the caller reads the MSRs. For memory of the machine that a guest gets: under EPT the CPU
 * does not look at the MTRRs, so the EPT entry must have their type. Not here: SMRR, and the PAT,
 * which is the guest's. What the manual calls undefined, and types that do not exist, are UC.
 * Spec: SDM 3A "Memory Type Range Registers (MTRRs)", "MTRR Precedences".
 */
#pragma once

#include "mm/ept.h"

#define MTRR_VARIABLE_MAX 32u
#define MTRR_FIXED        11u
#define MTRR_CAP_COUNT(c) ((unsigned)((c)&0xff))
#define MTRR_VALID        BIT(11) /* in a mask */
#define MTRR_ENABLE       BIT(11) /* in IA32_MTRR_DEF_TYPE */
#define MTRR_FIXED_ENABLE BIT(10)

struct mtrr_variable {
	uint64_t base, mask; /* IA32_MTRR_PHYSBASEn, IA32_MTRR_PHYSMASKn */
};

struct mtrrs {
	uint64_t default_type;      /* IA32_MTRR_DEF_TYPE; 0 (all UC) where there are no MTRRs */
	bool has_fixed;             /* IA32_MTRRCAP, bit 8 */
	uint64_t fixed[MTRR_FIXED]; /* in the order of mtrr_fixed_msr[] */
	struct mtrr_variable variable[MTRR_VARIABLE_MAX];
	unsigned count;      /* of them */
	unsigned maxphyaddr; /* bits */
};

/* 64 KiB, twice 16 KiB, eight times 4 KiB: by address. */
extern const uint16_t mtrr_fixed_msr[MTRR_FIXED];

/* The type at an address. *end: it is the same up to there at least, a multiple of 4 KiB. */
enum ept_memtype mtrr_type(const struct mtrrs *m, hpa_t at, uint64_t *end);

/* "UC", "WC", "WT", "WP", "WB". */
const char *ept_memtype_name(enum ept_memtype type);
