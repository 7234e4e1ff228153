/*
 * boot/multiboot2.h - what the boot loader tells us, checked.
 *
 * Pure. Everything in struct multiboot2 has been looked at: sizes, ends of strings, entry sizes,
 * order of start and end. A damaged tag that we can do without is left out and listed as a problem;
 * one that we need (command line, memory map, modules, the list itself) is an error. Texts and
 * memory maps point into the boot loader's block, which must stay; the rest is copied.
 * Spec: Multiboot2 Specification 2.0, "Boot information format".
 */
#pragma once

#include "kernel/status.h"
#include "mm/regions.h"

#define MULTIBOOT2_MAGIC          0x36d76289u
#define MULTIBOOT2_MOST_BYTES     (4 * MIB) /* of information; a longer block is damaged */
#define MULTIBOOT2_MODULES_MAX    64u
#define MULTIBOOT2_PROBLEMS_MAX   8u

#define MULTIBOOT2_RSDP_OLD_BYTES 20u
#define MULTIBOOT2_RSDP_NEW_BYTES 36u

struct multiboot2_module {
	uint64_t start, end; /* host-physical, end exclusive; start <= end */
	const char *command_line;
};

enum multiboot2_framebuffer_kind { FRAMEBUFFER_INDEXED, FRAMEBUFFER_RGB, FRAMEBUFFER_TEXT };

struct multiboot2_colour {
	uint8_t position, bits;
};

struct multiboot2_framebuffer {
	hpa_t at;
	uint32_t pitch_bytes, width, height; /* in pixels, or in characters for text */
	uint8_t bits_per_pixel;
	enum multiboot2_framebuffer_kind kind;
	struct multiboot2_colour red, green, blue; /* FRAMEBUFFER_RGB only */
};

/* A table of entries in the block. */
struct multiboot2_table {
	const uint8_t *entries; /* NULL: there is none */
	uint32_t entry_bytes, count;
};

/* What is wrong with which tag; type 0 is the list as a whole or its end. */
struct multiboot2_problem {
	uint32_t type;
	uint32_t offset; /* of the tag, in the block */
	const char *tag, *what;
};

struct multiboot2 {
	uint32_t total_bytes;
	const char *command_line; /* "" if there is none */
	const char *loader_name;  /* "" if there is none */
	bool has_basic_memory;
	uint32_t lower_kib, upper_kib;
	struct multiboot2_table memory, efi_memory;
	bool efi_boot_services; /* they still run: their memory is not free */
	struct multiboot2_module modules[MULTIBOOT2_MODULES_MAX];
	unsigned module_count;
	unsigned modules_left_out; /* sound ones, for which there was no room */
	bool has_rsdp_old, has_rsdp_new;
	uint8_t rsdp_old[MULTIBOOT2_RSDP_OLD_BYTES];
	uint8_t rsdp_new[MULTIBOOT2_RSDP_NEW_BYTES];
	bool has_framebuffer;
	struct multiboot2_framebuffer framebuffer;
	struct multiboot2_problem problems[MULTIBOOT2_PROBLEMS_MAX];
	unsigned problem_count;
};

/* Parses the block at info, of which limit_bytes may be read. ERR_ALIGNMENT (info is not on 8
 * bytes), ERR_CORRUPT, ERR_NOT_FOUND (no memory map of either kind), ERR_FULL (too many modules):
 * the last problem names the tag. OK with problems: tags that were left out. */
MUST_CHECK enum status multiboot2_parse(struct multiboot2 *m, const void *info,
					uint64_t limit_bytes);

/* Adds the memory map, and what the EFI map calls not free; without the first, all of the second.
 * ERR_FULL as regions_add(). */
MUST_CHECK enum status multiboot2_add_memory(const struct multiboot2 *m, struct regions *r);

/* The name of a tag by the specification's words; never NULL. */
const char *multiboot2_tag_name(uint32_t type);
