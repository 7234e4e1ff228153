/*
 * toolkit/ept_pages.h - guest pages that tools shape: rights are taken away, another frame stands
 * behind them.
 *
 * What a page is for the guest is worked out anew each time: as memory is (RAM rwx, ROM r-x), then
 * each shaper takes from that. An access that needs what a shaper took makes an EPT violation: the
 * page is open for it until the instruction (or event delivery) is over, which is done alone; then
 * the page is as before. So shapers need not know of each other.
 *
 * Pages are known by the address that RAM has behind the A20 line. A debugger's points that would
 * need EPT are refused in a shaped page (vmx/vm_break.c); accesses that are not the CPU's own (INS,
 * disks, instructions that the emulator carries out) are not seen. All on the VM's core.
 * Spec: SDM 3C "EPT Violations", "EPT Misconfigurations", "Monitor Trap Flag".
 */
#pragma once

#include "toolkit/tools.h"

struct ept_shape {
	hpa_t frame;
	unsigned rights; /* EPT_READ... as EPT knows them no sooner than all have had their say */
};

/* A page during an instruction that was stopped at it. */
struct ept_open {
	gpa_t at;    /* the page's address as the guest has it */
	gpa_t page;  /* behind the A20 line */
	gpa_t fetch; /* where the instruction lies, if rights has EPT_EXEC */
	unsigned rights;
};

struct ept_access {
	gpa_t at, page;  /* behind the A20 line */
	unsigned rights; /* wanted */
	unsigned before; /* what the instruction has got of the page already */
	bool ours;       /* it is let through, after being stopped by what a shaper took */
};

/* Members may be NULL. */
struct ept_shaper {
	bool (*wanted)(const struct vm_tools *t);
	/* The page as it shall be, or while it is open: then *s has open->rights behind it. */
	void (*shape)(struct vm *vm, gpa_t page, const struct ept_open *open, struct ept_shape *s);
	/* Taken from all RAM. */
	unsigned (*takes)(struct vm *vm);
	/* Calls settle() with each page of its own that may differ from the rest, and
	 * ept_pages_run_as() if that is run as other bytes. */
	void (*each)(struct vm *vm, void (*settle)(struct vm *vm, gpa_t page));
	/* An access was stopped; without the VM's lock, as the next. */
	void (*see)(struct vcpu *v, const struct ept_access *a);
	/* The instruction is over that had these pages open. */
	void (*over)(struct vcpu *v, const struct ept_open *open, unsigned count);
};

extern const struct ept_shaper shaper_redirect, shaper_hook, shaper_watch, shaper_fresh;

/* All pages anew, after something has changed on which the shapes depend. */
void ept_pages_apply(struct vm *vm);

void views_follow_a20(struct vm *vm); /* toolkit/views.c */

/* For each() alone: the emulator too, and who looks at the next instruction, finds these bytes. */
void ept_pages_run_as(struct vm *vm, gpa_t page, const void *bytes);

/* As struct vmx_tools_ops has them. */
void ept_pages_follow_a20(struct vm *vm);
bool ept_pages_shaped(struct vm *vm, gpa_t at);

/* The 4 KiB of RAM or ROM at a page, whatever the guest sees there; NULL. */
const void *ept_pages_bytes(struct vm *vm, gpa_t page);
