/*
 * guest/loader.h - puts boot modules into guest memory and sets up the CPU that will run them.
 *
 * Pure; nothing runs meanwhile. By kind (guest/vm_line.h):
 *
 * flat: an image that runs at segment:offset in real mode, with the registers that a PC BIOS leaves
 * to a boot sector: CS:IP = load address, SS:SP = 0000:7C00, DS = ES = FS = GS = 0000, DL = 80h
 * (first disk), the other general registers 0 but EDX's upper half; CR0 = 10h (ET: caches on),
 * RFLAGS = IF. There is no BIOS below it, but all 256 real-mode vectors point to an IRET (at
 * F000:FF53 as in IBM's, or 0040:00F0 with less than 1 MiB of RAM), so that a stray interrupt is
 * harmless; and the BIOS data area has the first serial port (0040:0000) and the KiB of base memory
 * (0040:0013). The image is copied last: it may bring its own vectors. Interrupts are on as under a
 * BIOS; no device raises one before the guest has programmed the interrupt controller. With
 * firmware=own: Lintel's BIOS jumps to it, interrupts off, general registers 0, SS:SP and the data
 * segments as above; the image keeps clear of 0-4FFh, 7A00h-7BFFh (the BIOS's stack),
 * 9FC00h-9FFFFh, B8000h-BFFFFh and F0000h-FFFFFh.
 *
 * bios: the ROM ends at 4 GiB; a copy that can be written ends at 1 MiB (all of a ROM up to 256
 * KiB, the last 128 KiB of a larger one). The CPU is as after reset.
 *
 * disk: the same with the ROM of role=bios, or with Lintel's BIOS. The image is not touched here.
 *
 * linux: a bzImage (16-bit entry: a zImage too) of boot protocol 2.00 to 2.15, with at most one
 * role=initrd, page-aligned and as high as the kernel takes it. 16-bit entry: setup code at
 * 9000:0000, run by Lintel's BIOS after its POST. 32- and 64-bit entry: zero page at 90000h, flat
 * segments; page tables for the first 4 GiB. Not there: setup_data, kernels above 4 GiB.
 *
 * multiboot: Multiboot 1 or 2 (which goes first where a kernel has both), ELF32, ELF64 or with
 * addresses in the header; modules above the kernel, page-aligned; information below 1 MiB. Not
 * there: ELF sections and symbols, graphics, EFI, and what a BIOS does on a call.
 *
 * Spec: The Linux/x86 Boot Protocol; Multiboot Specification 0.6.96; Multiboot2 Specification 2.0.
 */
#pragma once

#include "guest/cpu_state.h"
#include "guest/memory.h"
#include "guest/vm_line.h"

#define LOADER_MESSAGE_SIZE 160u

/* The state after power-up or INIT: F000:FFF0 with CS.base = FFFF0000h. signature: CPUID 1 EAX as
 * the guest sees it (goes to EDX). SDM 3A "Processor State After Reset". */
void guest_cpu_reset_state(struct guest_cpu_state *s, uint32_t signature, uint8_t maxphyaddr);

struct loader_module {
	enum vm_role role;
	const void *at;
	uint64_t len_bytes;
	struct text args;
	bool read_only;
	struct text file;
};

struct loader_input {
	const struct vm_config *config;
	const void *image; /* the VM's first module */
	uint64_t len_bytes;
	const struct loader_module *modules; /* the others, in their order */
	unsigned module_count;
	const void *firmware; /* Lintel's own BIOS, 16 KiB; NULL: there is none */
	uint64_t firmware_len_bytes;
};

/*
 * Loads by in->config->kind and turns *s, which guest_cpu_reset_state() filled, into the state at
 * the first instruction. m is fresh from guest_memory_init(). On failure message (size bytes) is
 * one line that says what is wrong, and m holds nothing that can run: ERR_INVALID (no image, a
 * header that makes no sense), ERR_CORRUPT (checksum, a length that lies), ERR_RANGE (does not fit
 * into memory), ERR_UNSUPPORTED (a version or feature that is not known), ERR_NOT_FOUND (something
 * that it needs is missing), ERR_EXISTS (two of what there can be one of), ERR_NO_MEMORY and
 * ERR_FULL (no frames for a ROM).
 */
MUST_CHECK enum status loader_load(struct guest_memory *m, const struct loader_input *in,
				   struct guest_cpu_state *s, char *message, size_t size);

/* Whether Lintel's own BIOS is what runs below this guest. */
bool loader_own_firmware(const struct loader_input *in);

/* kind=flat by itself, errors as loader_load(). */
MUST_CHECK enum status loader_flat(struct guest_memory *m, const struct vm_config *config,
				   const void *image, uint64_t len_bytes, struct guest_cpu_state *s,
				   char *message, size_t size);
