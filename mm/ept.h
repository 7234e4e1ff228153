/*
 * mm/ept.h - extended page tables: guest-physical to host-physical, 4 levels.
 *
 * Pure: tables come from a struct frames and are reached by mm/phys.h. The caller holds the VM's
 * lock and does the INVEPT (vmx/) when a call says that a mapping was taken away or changed.
 * Spec: SDM 3C, "The Extended Page Table Mechanism (EPT)".
 */
#pragma once

#include "mm/frames.h"

#define EPT_READ  BIT(0)
#define EPT_WRITE BIT(1)
#define EPT_EXEC  BIT(2)
#define EPT_RWX	  (EPT_READ | EPT_WRITE | EPT_EXEC)

enum ept_memtype { EPT_UC = 0, EPT_WC = 1, EPT_WT = 4, EPT_WP = 5, EPT_WB = 6 };

struct ept {
	struct frames *frames;
	hpa_t root;
	uint64_t max_leaf;    /* largest leaf that the CPU allows: PAGE_4K, PAGE_2M or PAGE_1G */
	uint64_t table_count; /* frames in use for tables, the root included */
	uint64_t leaves_4k, leaves_2m, leaves_1g;
	bool exec_only;	      /* the CPU has execute-only translations */
};

/* Leaf that covers an address. */
struct ept_leaf {
	hpa_t at;	/* host-physical address of the first byte of the leaf */
	gpa_t start;	/* guest-physical address of it */
	uint64_t size;	/* PAGE_4K, PAGE_2M or PAGE_1G */
	unsigned perm;	/* EPT_READ... */
	enum ept_memtype type;
	bool accessed, dirty;
};

/* max_leaf: PAGE_4K, PAGE_2M or PAGE_1G. ERR_NO_MEMORY. */
MUST_CHECK enum status ept_init(struct ept *e, struct frames *frames, uint64_t max_leaf,
				bool exec_only);

/* Gives back every table. Leaves are not ours. */
void ept_destroy(struct ept *e);

/* Maps len_bytes (a multiple of 4 KiB) with the largest leaves that alignment and max_leaf allow.
 * What was mapped there is replaced. ERR_ALIGNMENT, ERR_RANGE (past 48 bits), ERR_INVALID (a
 * permission that hardware takes as misconfiguration), ERR_NO_MEMORY: then nothing changed. */
MUST_CHECK enum status ept_map(struct ept *e, gpa_t at, hpa_t to, uint64_t len_bytes, unsigned perm,
			       enum ept_memtype type);

/* Takes mappings away and gives empty tables back; large leaves are split where they must be.
 * ERR_ALIGNMENT, ERR_RANGE, ERR_NO_MEMORY (no table for a split): then nothing changed. */
MUST_CHECK enum status ept_unmap(struct ept *e, gpa_t at, uint64_t len_bytes);

/* Changes permissions of what is mapped; holes stay holes. Errors as ept_unmap(), ERR_INVALID. */
MUST_CHECK enum status ept_protect(struct ept *e, gpa_t at, uint64_t len_bytes, unsigned perm);

/* Splits the leaf that covers at down to leaf size (PAGE_4K or PAGE_2M); type and rights stay.
 * ERR_NOT_FOUND, ERR_NO_MEMORY. OK if it is that small already. */
MUST_CHECK enum status ept_split(struct ept *e, gpa_t at, uint64_t size);

/* Joins tables under the 1 GiB region of at whose leaves are one run with equal rights and type.
 * Returns how many tables went back. */
unsigned ept_merge(struct ept *e, gpa_t at);

/* The leaf that covers at. ERR_NOT_FOUND. */
MUST_CHECK enum status ept_walk(const struct ept *e, gpa_t at, struct ept_leaf *leaf);

/* The EPTP field: root, write-back, walk length 4, A/D flag as asked. */
uint64_t ept_pointer(const struct ept *e, bool accessed_dirty);
