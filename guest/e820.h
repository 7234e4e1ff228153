/*
 * guest/e820.h - the guest's memory map as its firmware tells it (int 15h, AX=E820h).
 *
 * Pure. RAM below 9FC00h, the EBDA's place (reserved), the BIOS at F0000h (reserved), RAM from
 * 1 MiB to the hole, ROM below 4 GiB (reserved), RAM from 4 GiB. A0000h to EFFFFh stand in no
 * entry, as on a PC. Not there: ACPI tables, since there are none.
 * Spec: ACPI "System Address Map Interfaces", "INT 15H, E820H".
 */
#pragma once

#include "guest/memory.h"

#define E820_RAM      1u
#define E820_RESERVED 2u
#define E820_MAX      16u      /* more entries than e820_build() ever makes */
#define E820_LOW_END  0x9fc00u /* of RAM below the EBDA */
#define E820_EBDA_END 0xa0000u

struct e820_entry {
	uint64_t base, len;
	uint32_t type;
} PACKED;

/* Writes up to max entries, sorted and without overlap. Returns how many. */
unsigned e820_build(const struct guest_memory *m, struct e820_entry *out, unsigned max);
