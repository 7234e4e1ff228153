/*
 * guest/loader_parts.h - what the loaders of the single kinds share. For guest/loader*.c only.
 */
#pragma once

#include "guest/loader.h"

#define REAL_MODE_END (1 * MIB)

struct loader_job {
	struct guest_memory *m;
	const struct loader_input *in;
	struct guest_cpu_state *s;
	char *message; /* of size bytes */
	size_t size;
};

/* Where Lintel's own BIOS jumps to after its POST. */
struct firmware_entry {
	uint16_t ip, cs, ss, sp, ds; /* ds goes to ES, FS and GS too */
};

/* One by kind; the errors are those of loader_load(). */
MUST_CHECK enum status loader_run_flat(const struct loader_job *job);
MUST_CHECK enum status loader_run_bios(const struct loader_job *job);
MUST_CHECK enum status loader_run_disk(const struct loader_job *job);

MUST_CHECK enum status loader_run_linux(const struct loader_job *job);
MUST_CHECK enum status loader_run_multiboot(const struct loader_job *job);

/* The message, one line; returns s. */
MUST_CHECK enum status loader_fail(const struct loader_job *job, enum status s, const char *format,
				   ...) PRINTF_LIKE(3, 4);

/* Copies into RAM. ERR_RANGE with a message that names what, its length and its place. */
MUST_CHECK enum status loader_put(const struct loader_job *job, uint64_t at, const void *from,
				  uint64_t len_bytes, const char *what);

/* The first module of a role, or NULL. */
const struct loader_module *loader_find(const struct loader_input *in, enum vm_role role);

/* The only module of a role; *found is NULL if there is none. ERR_EXISTS with a message: there are
 * two. */
MUST_CHECK enum status loader_find_only(const struct loader_job *job, enum vm_role role,
					const struct loader_module **found);

/* Puts Lintel's own BIOS in place with its parameter block; *s stays as after reset. It boots from
 * disk if entry is NULL. */
MUST_CHECK enum status loader_own_bios(const struct loader_job *job,
				       const struct firmware_entry *entry);

/* What a PC BIOS leaves below 500h, for software that looks there but calls nobody. */
MUST_CHECK enum status loader_bios_traces(struct guest_memory *m);

/* Flat 32-bit (or 64-bit: wide) segments, 10h for code and 18h for data, with a GDT of
 * LOADER_GDT_BYTES at gdt; interrupts off, no IDT, all general registers 0. rip is the caller's. */
#define LOADER_GDT_BYTES 32u
MUST_CHECK enum status loader_protected(const struct loader_job *job, uint64_t gdt, bool wide);

/* Numbers in a file, little-endian, at any address. */
static inline uint16_t loader_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t loader_u32(const uint8_t *at)
{
	return loader_u16(at) | (uint32_t)loader_u16(at + 2) << 16;
}

static inline uint64_t loader_u64(const uint8_t *at)
{
	return loader_u32(at) | (uint64_t)loader_u32(at + 4) << 32;
}
