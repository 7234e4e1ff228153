/* guest/loader_bios.c - kind=bios and kind=disk: a ROM in two places, the CPU as after reset. */
#include "guest/loader_parts.h"

#include "guest/e820.h"
#include "kernel/string.h"

#define ROM_MIN        (4 * KIB)
#define ROM_MAX        (16 * MIB)
#define COPY_ALL_MAX   (256 * KIB) /* a ROM up to this size is copied whole */
#define COPY_OF_LARGER (128 * KIB)
#define OWN_BYTES      (16 * KIB)
#define OWN_AT         (REAL_MODE_END - OWN_BYTES)
#define OWN_SIGNATURE  "LINTELFW"
#define OWN_VERSION    1u
#define OWN_NO_MIRROR  BIT(0) /* flags: the screen is not repeated on the serial port */
#define OWN_E820_MAX   16u

/* The first bytes of Lintel's own BIOS. */
struct firmware_block {
	char signature[8];
	uint16_t version;
	uint16_t boot; /* 0: int 19h, 1: the entry */
	struct firmware_entry entry;
	uint16_t flags;
	uint16_t e820_count;
	uint16_t zero;
	struct e820_entry e820[OWN_E820_MAX];
} PACKED;

_Static_assert(sizeof(struct firmware_block) == 348, "as guest/firmware/ has it");

static enum status check_memory(const struct loader_job *job)
{
	if (job->m->len_bytes >= REAL_MODE_END)
		return OK;
	return loader_fail(job, ERR_RANGE, "a BIOS needs 1024 KiB of memory, there are %llu",
			   (unsigned long long)(job->m->len_bytes / KIB));
}

/* At the top of 4 GiB, where the first instruction is fetched. */
static enum status add_rom(const struct loader_job *job, const void *rom, uint64_t len_bytes)
{
	enum status s = guest_memory_add_rom(job->m, gpa(4 * GIB - len_bytes), rom, len_bytes);

	if (s == OK)
		return OK;
	return loader_fail(job, s, "no memory for a ROM of %llu KiB: %s",
			   (unsigned long long)(len_bytes / KIB), status_text(s));
}

/* Twice: as ROM, and as the RAM copy that a PC's chipset makes of it ("shadow"). */
static enum status load_rom(const struct loader_job *job, const void *rom, uint64_t len_bytes)
{
	uint64_t copy = len_bytes <= COPY_ALL_MAX ? len_bytes : COPY_OF_LARGER;
	enum status s;

	if (len_bytes < ROM_MIN || len_bytes > ROM_MAX || !is_aligned(len_bytes, PAGE_4K))
		return loader_fail(job, ERR_RANGE,
				   "a ROM has 4 KiB to 16 MiB in steps of 4 KiB, this one %llu "
				   "bytes",
				   (unsigned long long)len_bytes);
	s = check_memory(job);
	if (s == OK)
		s = add_rom(job, rom, len_bytes);
	if (s != OK)
		return s;
	return loader_put(job, REAL_MODE_END - copy, (const uint8_t *)rom + len_bytes - copy, copy,
			  "the BIOS");
}

static enum status check_own(const struct loader_job *job)
{
	const struct loader_input *in = job->in;

	if (!in->firmware)
		return loader_fail(job, ERR_NOT_FOUND, "Lintel's own BIOS is not there");
	if (in->firmware_len_bytes != OWN_BYTES ||
	    memcmp(in->firmware, OWN_SIGNATURE, sizeof(OWN_SIGNATURE) - 1) != 0)
		return loader_fail(job, ERR_CORRUPT, "Lintel's own BIOS is broken");
	return check_memory(job);
}

enum status loader_own_bios(const struct loader_job *job, const struct firmware_entry *entry)
{
	const struct loader_input *in = job->in;
	struct firmware_block block = {.version = OWN_VERSION};
	enum status s = check_own(job);

	if (s == OK)
		s = add_rom(job, in->firmware, OWN_BYTES);
	if (s == OK)
		s = loader_put(job, OWN_AT, in->firmware, OWN_BYTES, "the BIOS");
	if (s != OK)
		return s;
	memcpy(block.signature, OWN_SIGNATURE, sizeof(block.signature));
	if (entry) {
		block.boot = 1;
		block.entry = *entry;
	}
	if (in->config->text_display)
		block.flags |= OWN_NO_MIRROR;
	block.e820_count = (uint16_t)e820_build(job->m, block.e820, OWN_E820_MAX);
	return loader_put(job, OWN_AT, &block, sizeof(block), "the BIOS");
}

enum status loader_run_bios(const struct loader_job *job)
{
	return load_rom(job, job->in->image, job->in->len_bytes);
}

enum status loader_run_disk(const struct loader_job *job)
{
	const struct loader_module *bios;
	enum status s = loader_find_only(job, VM_ROLE_BIOS, &bios);

	if (s != OK)
		return s;
	if (job->in->len_bytes == 0)
		return loader_fail(job, ERR_INVALID, "the image is empty");
	if (!bios)
		return loader_own_bios(job, NULL);
	if (job->in->config->own_firmware)
		return loader_fail(job, ERR_EXISTS,
				   "firmware=own and a module with role=bios: one is enough");
	return load_rom(job, bios->at, bios->len_bytes);
}
