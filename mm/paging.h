/*
 * mm/paging.h - the hypervisor's own page tables: 4 levels, built and changed here, loaded by
 * boot/.
 *
 * Pure: tables come from a struct frames and are reached by mm/phys.h. The caller owns the tables
 * (a lock of its own where several cores may change them) and does the INVLPG or the CR3 load when
 * paging_stale() says that the TLBs may hold what is no longer true.
 * Spec: SDM 3A, "4-Level Paging and 5-Level Paging".
 */
#pragma once

#include "mm/frames.h"

#define PAGING_WRITE    BIT(0)
#define PAGING_EXEC     BIT(1) /* without it a page is NX, where the CPU has NX */
#define PAGING_USER     BIT(2)
#define PAGING_UNCACHED BIT(3) /* PCD and PWT: strong UC in the PAT as reset leaves it */
#define PAGING_GLOBAL   BIT(4)

struct paging {
	struct frames *frames;
	hpa_t root; /* for CR3 */
	bool has_1g, has_nx;
	uint64_t table_count; /* frames in use for tables, the root included */
	uint64_t leaves[3];   /* leaves of 4 KiB, 2 MiB, 1 GiB */
	uint64_t retired;     /* tables that wait for paging_flushed(), a list of frames */
	bool stale;
};

/* Leaf that covers an address. Flags are PAGING_... */
struct paging_leaf {
	uint64_t start; /* virtual address of the first byte of the leaf */
	hpa_t at;       /* host-physical address of it */
	uint64_t size;  /* PAGE_4K, PAGE_2M or PAGE_1G */
	unsigned flags;
};

/* An empty root. has_1g: CPUID.80000001H:EDX.Page1GB; has_nx: EFER.NXE is (or will be) on.
 * ERR_NO_MEMORY. */
MUST_CHECK enum status paging_init(struct paging *p, struct frames *frames, bool has_1g,
				   bool has_nx);

/* Gives back every table; they must not be loaded in any CR3. What they map is not ours. */
void paging_destroy(struct paging *p);

/* Maps len_bytes (a multiple of 4 KiB; 0 does nothing) with the largest pages that alignment
 * allows, readable always. What was mapped there is replaced. ERR_ALIGNMENT; ERR_RANGE (not
 * canonical, or physical past 52 bits); ERR_INVALID (PAGING_WRITE with PAGING_EXEC, or an unknown
 * flag); ERR_NO_MEMORY: nothing changed. */
MUST_CHECK enum status paging_map(struct paging *p, uint64_t virt, hpa_t to, uint64_t len_bytes,
				  unsigned flags);

/* Takes mappings away and retires empty tables; splits large pages where it must; holes are no
 * error. ERR_ALIGNMENT, ERR_RANGE, ERR_NO_MEMORY (no table for a split): nothing changed. */
MUST_CHECK enum status paging_unmap(struct paging *p, uint64_t virt, uint64_t len_bytes);

/* Gives what is mapped new rights (PAGING_WRITE, _EXEC, _USER; others are ERR_INVALID); how it is
 * cached, and global, stay; holes stay holes. Errors as paging_map(). */
MUST_CHECK enum status paging_protect(struct paging *p, uint64_t virt, uint64_t len_bytes,
				      unsigned flags);

/* The leaf that covers virt. ERR_NOT_FOUND; ERR_RANGE if virt is not canonical. */
MUST_CHECK enum status paging_walk(const struct paging *p, uint64_t virt, struct paging_leaf *leaf);

/* Whether something was taken away or changed since paging_flushed(): the TLBs (of all cores that
 * use these tables) must be flushed, the paging-structure caches with them. Adding needs no
 * flush. */
bool paging_stale(const struct paging *p);

/* The caller has flushed: tables that went out of use go back to the frames now, and not before,
 * since a stale paging-structure cache may still lead a core through them. */
void paging_flushed(struct paging *p);
