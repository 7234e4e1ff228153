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

/* The message, one line; returns s. */
MUST_CHECK enum status loader_fail(const struct loader_job *job, enum status s, const char *format,
				   ...) PRINTF_LIKE(3, 4);

/* Copies into RAM. ERR_RANGE with a message that names what, its length and its place. */
MUST_CHECK enum status loader_put(const struct loader_job *job, uint64_t at, const void *from,
				  uint64_t len_bytes, const char *what);

/* The first module of a role, or NULL. */
const struct loader_module *loader_find(const struct loader_input *in, enum vm_role role);

/* Puts Lintel's own BIOS in place with its parameter block; *s stays as after reset. It boots from
 * disk if entry is NULL. */
MUST_CHECK enum status loader_own_bios(const struct loader_job *job,
				       const struct firmware_entry *entry);
