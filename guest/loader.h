/*
 * guest/loader.h - puts a boot module into guest memory and sets up the CPU that will run it.
 *
 * Pure. Only kind=flat: an image that runs at segment:offset in real mode, with the registers that
 * a PC BIOS leaves to a boot sector:
 *
 *	CS:IP = load address, SS:SP = 0000:7C00, DS = ES = FS = GS = 0000, DL = 80h (first disk),
 *	the other general registers 0 but EDX's upper half; CR0 = 10h (ET: caches on), RFLAGS = IF.
 *
 * There is no BIOS below the guest, but all 256 real-mode vectors point to an IRET (at F000:FF53 as
 * in IBM's, or 0040:00F0 with less than 1 MiB of RAM), so that a stray interrupt is harmless; and
 * the BIOS data area has the first serial port (0040:0000) and the KiB of base memory (0040:0013).
 * The image is copied last: it may bring its own vectors. Interrupts are on as under a BIOS; no
 * device raises one before the guest has programmed the interrupt controller.
 */
#pragma once

#include "guest/cpu_state.h"
#include "guest/memory.h"
#include "guest/vm_line.h"

#define LOADER_MESSAGE_SIZE 160u

/* The state after power-up or INIT: F000:FFF0 with CS.base = FFFF0000h. signature: CPUID 1 EAX as
 * the guest sees it (goes to EDX). SDM 3A "Processor State After Reset". */
void guest_cpu_reset_state(struct guest_cpu_state *s, uint32_t signature, uint8_t maxphyaddr);

/*
 * Copies the image and turns *s, which guest_cpu_reset_state() filled, into the state above. m is
 * fresh from guest_memory_init(). ERR_INVALID: empty image. ERR_RANGE: it does not fit below 1 MiB
 * or into RAM, then message (size bytes) says it in one line, and nothing was copied.
 */
MUST_CHECK enum status loader_flat(struct guest_memory *m, const struct vm_config *config,
				   const void *image, uint64_t len_bytes, struct guest_cpu_state *s,
				   char *message, size_t size);
