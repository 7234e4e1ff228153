/*
 * guest/walk.h - the guest's own page tables, walked as the CPU would: linear to guest-physical.
 *
 * Pure. No paging, 32-bit paging (4 MiB pages, PSE-36), PAE paging (PDPTEs given), 4-level paging
 * (2 MiB and 1 GiB pages). A table that lies outside of RAM reads as all ones, as from an empty
 * bus. Not modelled: 5-level paging (hidden from the guest), protection keys (hidden), and a CPU
 * without 1 GiB pages (every CPU with EPT that is in use has them; there the bit would be
 * reserved). A TLB: the guest's own entries live in the CPU; this walk sees memory as it is now.
 * Spec: SDM 3A "Paging".
 */
#pragma once

#include "guest/cpu_state.h"
#include "guest/memory.h"

/* What kind of access it is. */
#define WALK_WRITE      1u
#define WALK_FETCH      2u
#define WALK_USER       4u  /* a user-mode access: CPL 3 and not implicit */
#define WALK_IMPLICIT   8u  /* a supervisor access to a system table (GDT, TSS...): ignores AC */
#define WALK_NO_UPDATE  16u /* leave accessed and dirty flags alone (a probe, a debugger) */
#define WALK_ALL_RIGHTS 32u /* whatever the pages allow: nobody's access (a debugger) */

/* How an operation on guest-linear memory went. */
enum guest_result {
	GUEST_OK,
	GUEST_FAULT,       /* the guest gets *fault */
	GUEST_UNSUPPORTED, /* 5-level paging: nothing here can go on */
};

struct guest_translation {
	gpa_t at;
	uint64_t page_size; /* of the guest's page, 4 KiB without paging */
};

/* Explicit accesses of the CPU now: WALK_USER at CPL 3, else 0. Add WALK_WRITE, WALK_FETCH. */
static inline unsigned walk_access(const struct guest_cpu_state *s)
{
	return guest_cpl(s) == 3 ? WALK_USER : 0;
}

/*
 * Translates one address. at is taken as it is: the caller has cut it to 32 bits outside of 64-bit
 * mode and has checked that it is canonical in it. On success the accessed flags of all entries
 * used are set, and the dirty flag for a write; a fault sets none. *fault is #PF with cr2 = at.
 */
MUST_CHECK enum guest_result guest_walk(const struct guest_cpu_state *s, struct guest_memory *m,
					gva_t at, unsigned access, struct guest_translation *out,
					struct guest_fault *fault);
