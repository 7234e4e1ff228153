/*
 * boot/address_space.h - the hypervisor's memory: which RAM is free, and the final page tables.
 *
 * The tables map the kernel image (text executable, rodata readable, data writable, never two of
 * them), all RAM and the ACPI regions at the direct map, stacks between guard pages, and windows on
 * device registers. Nothing else: no identity map, no page 0. The layout is in kernel/layout.h.
 */
#pragma once

#include "boot/multiboot2.h"
#include "mm/frames.h"

extern struct frames host_frames;

/* Takes over the machine's memory and loads the final tables on this, the boot processor. info is
 * the boot loader's block, at info_at. What is wrong has been logged. ERR_NO_MEMORY, ERR_FULL. */
MUST_CHECK enum status address_space_init(const struct multiboot2 *m, hpa_t info_at);

/* CR3 of the final tables, for other cores and for VM exits; EFER.NXE must be on before it is
 * loaded where the CPU has NX. Above 4 GiB never. */
uint64_t address_space_cr3(void);

/* CR3 of the tables that boot/header.asm built: the first 4 GiB as they are (and executable), the
 * direct map of them, the kernel. Below 4 GiB. Application processors pass through them. */
uint64_t address_space_boot_cr3(void);

/* A page below 1 MiB that belongs to nobody, for the application processors' first steps; raw is 0
 * if there is none. */
extern hpa_t boot_trampoline_page;

/* A window on device registers: uncached, writable, never given back. NULL: no memory for tables,
 * or past the CPU's physical addresses. Any core. */
void *mmio_map(hpa_t at, uint64_t len_bytes);

/* Makes firmware tables readable at phys_ptr(at), also where the memory map says reserved or
 * nothing. NULL as above. Any core. */
const void *firmware_map(hpa_t at, uint64_t len_bytes);

/* Maps frames at virt, which is page aligned, with PAGING_... flags. Any core. */
MUST_CHECK enum status address_space_map(uintptr_t virt, hpa_t at, uint64_t len_bytes,
					 unsigned flags);

/* Takes a mapping away, on this core's TLB too. For what no other core has touched. */
MUST_CHECK enum status address_space_unmap(uintptr_t virt, uint64_t len_bytes);

/* All RAM, of whatever use, by address. After address_space_init(). */
const struct regions *address_space_ram(void);

/* Is there RAM, of whatever use, at all of the range? After address_space_init(). */
bool address_space_is_ram(hpa_t at, uint64_t len_bytes);

/* Why a range of whole pages must not be given to a guest; NULL: it may be. That is RAM of whatever
 * use, what the firmware's map calls ACPI's or bad, and registers behind mmio_map(). What the map
 * calls reserved, or does not have, is none of these. After address_space_init(), any core. */
const char *address_space_bar(hpa_t at, uint64_t len_bytes);
