/* tests/unit/loader_rig.h - a machine for the loaders: RAM, a CPU after reset, a stand-in for
 * Lintel's own BIOS. */
#pragma once

#include "tests/unit/memory_rig.h"

#include <string.h>

#include "guest/loader.h"

#define RIG_FIRMWARE_BYTES (16 * KIB)

struct loader_rig {
	struct guest_cpu_state cpu;
	struct vm_config config;
	struct loader_module modules[8];
	struct loader_input in;
	char message[LOADER_MESSAGE_SIZE];
	uint8_t firmware[RIG_FIRMWARE_BYTES];
};

static struct loader_rig rig;

static inline void rig_start(enum vm_kind kind, uint64_t ram_bytes)
{
	open_frames(MIB, 256 * MIB);
	assert_int_equal(guest_memory_init(&memory, &frames, ram_bytes), OK);
	memset(&rig, 0, sizeof(rig));
	guest_cpu_reset_state(&rig.cpu, 0x50654, 39);
	memset(rig.firmware, 0xf4, sizeof(rig.firmware));
	memcpy(rig.firmware, "LINTELFW", 8);
	rig.config = (struct vm_config){.kind = kind, .load_offset = 0x7c00, .entry = 16};
	rig.in = (struct loader_input){.config = &rig.config,
				       .modules = rig.modules,
				       .firmware = rig.firmware,
				       .firmware_len_bytes = sizeof(rig.firmware)};
}

static inline void rig_add(enum vm_role role, const void *at, uint64_t len_bytes, const char *args)
{
	rig.modules[rig.in.module_count++] = (struct loader_module){
		.role = role, .at = at, .len_bytes = len_bytes, .args = text_from(args)};
}

/* Loads into memory as fresh as it was, so that a test may try again. */
static inline enum status rig_load(const void *image, uint64_t len_bytes)
{
	uint64_t ram_bytes = memory.len_bytes;

	guest_memory_free(&memory);
	assert_int_equal(guest_memory_init(&memory, &frames, ram_bytes), OK);
	guest_cpu_reset_state(&rig.cpu, 0x50654, 39);
	rig.in.image = image;
	rig.in.len_bytes = len_bytes;
	rig.message[0] = '\0';
	return loader_load(&memory, &rig.in, &rig.cpu, rig.message, sizeof(rig.message));
}

/* The load fails with this status, and the message holds the words. */
static inline void rig_refuses(const void *image, uint64_t len_bytes, enum status status,
			       const char *words)
{
	enum status s = rig_load(image, len_bytes);

	if (s != status || !strstr(rig.message, words))
		fail_msg("%s: \"%s\", not %s: \"%s\"", status_text(s), rig.message,
			 status_text(status), words);
	assert_null(strchr(rig.message, '\n'));
	assert_true(strlen(rig.message) < sizeof(rig.message) - 1);
}

static inline uint64_t rig_number(uint64_t at, unsigned size)
{
	uint64_t value = 0;

	assert_int_equal(guest_memory_read(&memory, gpa(at), &value, size), OK);
	return value;
}

static inline void rig_holds(uint64_t at, const void *bytes, uint64_t len_bytes)
{
	static uint8_t seen[4 * MIB];

	assert_true(len_bytes <= sizeof(seen));
	assert_int_equal(guest_memory_read(&memory, gpa(at), seen, len_bytes), OK);
	assert_memory_equal(seen, bytes, len_bytes);
}
