/*
 * guest/loader_multiboot.h - what the loaders for Multiboot 1 and 2 share. For
 * guest/loader_multiboot*.c only.
 *
 * Spec: Multiboot Specification version 0.6.96; Multiboot2 Specification version 2.0.
 */
#pragma once

#include "guest/loader_elf.h"
#include "guest/loader_place.h"

#define MULTIBOOT_LOADER_NAME "Lintel"
#define MULTIBOOT_MODULES     32u
#define MULTIBOOT_FIXED_BYTES 2048u /* of the information: all but strings and modules */
#define VGA_TEXT_AT           0xb8000u
#define VGA_TEXT_COLUMNS      80u
#define VGA_TEXT_LINES        25u
#define FRAMEBUFFER_IS_TEXT   2u

/* Addresses in a header that stand for those of an ELF file. */
struct multiboot_addresses {
	uint32_t header, load, load_end, bss_end;
};

struct multiboot {
	const struct loader_job *job;
	struct placer placer;
	struct loader_program program;
	uint64_t header_at; /* in the file */
	bool has_addresses, has_entry;
	struct multiboot_addresses addresses;
	uint32_t entry; /* physical, by the header */

	bool relocatable;
	uint32_t min, max, align, preference;
	uint64_t base; /* of the program, once it is placed */

	uint64_t gdt;
	struct {
		uint32_t start, end;
		struct text args;
	} modules[MULTIBOOT_MODULES];
	unsigned module_count;
	uint64_t info_at, info_bytes;
	uint64_t next; /* where the next piece of information goes */
};

/* The offset of a header with this magic number whose words sum up to 0. ERR_NOT_FOUND, or
 * ERR_CORRUPT: there is one with a bad sum; *at is its offset. */
MUST_CHECK enum status multiboot_find(const struct loader_input *in, uint32_t magic,
				      uint64_t limit_bytes, unsigned align, unsigned words,
				      uint64_t *at);

/* Reads the header at mb->header_at, once the version is known. */
MUST_CHECK enum status multiboot1_read(struct multiboot *mb);
MUST_CHECK enum status multiboot2_read(struct multiboot *mb);

/* Writes the information from mb->info_at on; the magic number is for EAX. */
MUST_CHECK enum status multiboot1_write(struct multiboot *mb, uint32_t *magic);
MUST_CHECK enum status multiboot2_write(struct multiboot *mb, uint32_t *magic);

/* The next piece of the information. */
MUST_CHECK enum status multiboot_append(struct multiboot *mb, const void *from, uint64_t len_bytes);
MUST_CHECK enum status multiboot_append_string(struct multiboot *mb, struct text t);
