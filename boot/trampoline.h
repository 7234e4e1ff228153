/*
 * boot/trampoline.h - the words at the start of boot/trampoline.asm's page, which drivers/smp.c
 * fills in.
 */
#pragma once

#include "kernel/types.h"

struct trampoline {
	uint64_t jump;     /* the first instruction */
	uint64_t boot_cr3; /* below 4 GiB, maps the page where it is */
	uint64_t final_cr3;
	uint64_t efer;
	uint64_t high;    /* trampoline_high */
	uint64_t mailbox; /* atomic: a stack on which the struct cpu's address lies; 0: taken */
	uint64_t closed;  /* atomic: cores that come after it is set halt */
	uint16_t gdt_limit;
	uint16_t gdt_base[2]; /* low half, high half: it is not aligned */
	uint16_t unused0;
	uint32_t far32; /* linear address of trampoline_code32 */
	uint16_t far32_selector, unused1;
	uint32_t far64;
	uint16_t far64_selector, unused2;
};

_Static_assert(offsetof(struct trampoline, mailbox) == 40, "as in trampoline.asm");
_Static_assert(offsetof(struct trampoline, gdt_limit) == 56, "as in trampoline.asm");
_Static_assert(offsetof(struct trampoline, far32) == 64, "as in trampoline.asm");
_Static_assert(offsetof(struct trampoline, far64) == 72, "as in trampoline.asm");

#define TRAMPOLINE_GDT_BYTES 32u

/* Only addresses; what stands there is copied. */
extern const uint8_t trampoline_start[], trampoline_end[];
extern const uint8_t trampoline_code32[], trampoline_code64[], trampoline_gdt[];
void trampoline_high(void);
