/*
 * mm/ept.h - extended page tables: guest-physical to host-physical, 4 levels.
 *
 * Pure: tables come from a struct frames and are reached by mm/phys.h. The caller holds the VM's
 * lock and does the INVEPT (vmx/) when a call says that a mapping was taken away or changed.
 * Spec: SDM 3C, "The Extended Page Table Mechanism (EPT)".
 */
#pragma once

#include "mm/frames.h"
#include "mm/radix.h"

#define EPT_READ  BIT(0)
#define EPT_WRITE BIT(1)
#define EPT_EXEC  BIT(2)
#define EPT_RWX   (EPT_READ | EPT_WRITE | EPT_EXEC)

enum ept_memtype { EPT_UC = 0, EPT_WC = 1, EPT_WT = 4, EPT_WP = 5, EPT_WB = 6 };

struct ept {
	struct frames *frames;
	hpa_t root;
	uint64_t max_leaf;    /* largest leaf that the CPU allows: PAGE_4K, PAGE_2M or PAGE_1G */
	uint64_t table_count; /* frames in use for tables, the root included */
	uint64_t leaves[3];   /* leaves of 4 KiB, 2 MiB, 1 GiB */
	uint64_t retired;     /* tables that wait for ept_flushed(), a list of frames */
	struct radix_reserve reserve; /* ept_reserve() */
	bool exec_only;               /* the CPU has execute-only translations */
	bool stale;
};

/* Leaf that covers an address. */
struct ept_leaf {
	hpa_t at;      /* host-physical address of the first byte of the leaf */
	gpa_t start;   /* guest-physical address of it */
	uint64_t size; /* PAGE_4K, PAGE_2M or PAGE_1G */
	unsigned perm; /* EPT_READ... */
	enum ept_memtype type;
	bool accessed, dirty; /* as the processor set them, if ept_pointer() asked for it */
};

/* An empty root. max_leaf and exec_only: IA32_VMX_EPT_VPID_CAP. ERR_INVALID if max_leaf is none of
 * PAGE_4K, PAGE_2M, PAGE_1G; ERR_NO_MEMORY. */
MUST_CHECK enum status ept_init(struct ept *e, struct frames *frames, uint64_t max_leaf,
				bool exec_only);

/* Gives back every table; no core may use them any more. Leaves are not ours. */
void ept_destroy(struct ept *e);

/* Maps len_bytes (a multiple of 4 KiB; 0 does nothing) with the largest leaves that alignment and
 * max_leaf allow. What was mapped there is replaced. ERR_ALIGNMENT; ERR_RANGE (guest-physical past
 * 48 bits, host-physical past 52); ERR_INVALID (no permission at all, a memory type that is none,
 * or what hardware takes as misconfiguration: write without read, execute-only where the CPU has it
 * not); ERR_NO_MEMORY: nothing changed. SDM 3C, "EPT Misconfigurations". */
MUST_CHECK enum status ept_map(struct ept *e, gpa_t at, hpa_t to, uint64_t len_bytes, unsigned perm,
			       enum ept_memtype type);

/* Takes mappings away and retires empty tables; large leaves are split where they must be; holes
 * are no error and are skipped by the table. ERR_ALIGNMENT, ERR_RANGE, ERR_NO_MEMORY (no table for
 * a split): nothing changed. */
MUST_CHECK enum status ept_unmap(struct ept *e, gpa_t at, uint64_t len_bytes);

/* Changes permissions of what is mapped; type, accessed and dirty stay; holes stay holes. Errors as
 * ept_unmap(), and ERR_INVALID as ept_map(). */
MUST_CHECK enum status ept_protect(struct ept *e, gpa_t at, uint64_t len_bytes, unsigned perm);

/* Takes so many frames more from the allocator, for ept_split() alone: from now on, even if it was
 * none, a split works without the allocator, or fails. Frames come back by ept_merge() and
 * ept_flushed(). ERR_NO_MEMORY: nothing changed. */
MUST_CHECK enum status ept_reserve(struct ept *e, uint64_t count);

/* Splits the leaf that covers at (any byte of it) down to leaf size (PAGE_4K or PAGE_2M, else
 * ERR_INVALID); type, rights, accessed and dirty stay. ERR_NOT_FOUND, ERR_RANGE, ERR_NO_MEMORY (a
 * reserve that was made has too few frames; two are enough): nothing changed. OK if it is that
 * small already. */
MUST_CHECK enum status ept_split(struct ept *e, gpa_t at, uint64_t size);

/* Splits every leaf that is larger than size (as above) with tables from the allocator, and makes
 * none from now on; or, where size is larger than before, allows that size again: ept_merge() makes
 * such. ERR_INVALID; ERR_NO_MEMORY: nothing changed. */
MUST_CHECK enum status ept_limit(struct ept *e, uint64_t size);

/* Clears the accessed and dirty flags of all leaves. */
void ept_clear_flags(struct ept *e);

/* Joins tables under the 1 GiB region of at whose leaves are one run with equal rights and type;
 * the large leaf is accessed or dirty if one of them was. A dirty bit that a core sets in the same
 * moment may be lost: no core runs on e meanwhile, where that matters. Returns how many tables were
 * retired. */
unsigned ept_merge(struct ept *e, gpa_t at);

/* The leaf that covers at. ERR_NOT_FOUND; ERR_RANGE past 48 bits. Changes nothing. */
MUST_CHECK enum status ept_walk(const struct ept *e, gpa_t at, struct ept_leaf *leaf);

/* Whether something was taken away or changed since ept_flushed(): an INVEPT is due on every core
 * that may have run on e. Adding what was not present needs none. */
bool ept_stale(const struct ept *e);

/* The caller has done the INVEPT on all these cores: retired tables go back now, to the reserve if
 * it lacks any, and not before: a core may walk them still (until then they translate as they did).
 */
void ept_flushed(struct ept *e);

/* The EPTP field: root, write-back, walk length 4, A/D flag as asked. */
uint64_t ept_pointer(const struct ept *e, bool accessed_dirty);
