/*
 * guest/loader_elf.h - an ELF program as a list of segments at physical addresses.
 *
 * Pure; reads the file, writes nothing. ELF32 and ELF64, little-endian, for x86. Not here:
 * relocation entries, the dynamic section, symbols.
 * Spec: Tool Interface Standard "Executable and Linking Format", "Program Header"; System V ABI.
 */
#pragma once

#include "guest/loader_parts.h"

#define LOADER_SEGMENTS 32u

struct loader_segment {
	uint64_t file_at, file_bytes; /* inside the file */
	uint64_t at, len_bytes;       /* guest-physical; len_bytes >= file_bytes */
};

struct loader_program {
	struct loader_segment segments[LOADER_SEGMENTS];
	unsigned count;
	uint64_t entry; /* guest-physical */
};

bool loader_is_elf(const struct loader_input *in);

/*
 * The segments to load and the entry, which the file gives as a virtual address. Everything lies
 * inside of the file and below 4 GiB. ERR_CORRUPT, ERR_INVALID, ERR_RANGE, ERR_UNSUPPORTED (another
 * machine or byte order), ERR_FULL, each with a message.
 */
MUST_CHECK enum status loader_read_elf(const struct loader_job *job, struct loader_program *out);
