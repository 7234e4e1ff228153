/* guest/loader_flat.c - kind=flat: an image at segment:offset, and the CPU at its first byte. */
#include "guest/loader.h"

#include "guest/e820.h"
#include "guest/loader_parts.h"
#include "guest/loader_place.h"
#include "guest/segment.h"
#include "kernel/string.h"
#include "kernel/text.h"

#define VECTORS      256u
#define IRET_OPCODE  0xcfu
#define STACK_TOP    0x7c00u /* 0000:7C00 */
#define FIRST_DISK   0x80u
#define BDA_COM1     0x400u
#define BDA_BASE_KIB 0x413u
#define COM1_PORT    0x3f8u
#define BASE_KIB_MAX 640u
#define POST_STACK   0x200u /* bytes below STACK_TOP that Lintel's BIOS may have used by then */

/* Where the IRET of all vectors stands: in the BIOS's place if there is RAM, else in the part of
 * the BIOS data area that is for applications. */
static uint16_t iret_segment(const struct guest_memory *m, uint16_t *offset)
{
	if (m->len_bytes >= REAL_MODE_END) {
		*offset = 0xff53;
		return 0xf000;
	}
	*offset = 0xf0;
	return 0x40;
}

enum status loader_bios_traces(struct guest_memory *m)
{
	uint16_t base_kib = (uint16_t)min_u64(m->len_bytes / KIB, BASE_KIB_MAX);
	uint16_t vectors[VECTORS][2], com1 = COM1_PORT, offset;
	uint16_t segment = iret_segment(m, &offset);
	uint8_t iret = IRET_OPCODE;
	enum status s;

	for (unsigned i = 0; i < VECTORS; i++) {
		vectors[i][0] = offset;
		vectors[i][1] = segment;
	}
	s = guest_memory_write(m, gpa(0), vectors, sizeof(vectors));
	if (s == OK)
		s = guest_memory_write(m, gpa(segment * 16u + offset), &iret, sizeof(iret));
	if (s == OK)
		s = guest_memory_write(m, gpa(BDA_COM1), &com1, sizeof(com1));
	if (s == OK)
		s = guest_memory_write(m, gpa(BDA_BASE_KIB), &base_kib, sizeof(base_kib));
	return s;
}

static enum status check_fit(const struct loader_job *job, uint64_t start)
{
	const struct vm_config *config = job->in->config;
	uint64_t len_bytes = job->in->len_bytes, end = min_u64(job->m->len_bytes, REAL_MODE_END);

	if (len_bytes == 0)
		return loader_fail(job, ERR_INVALID, "the image is empty");
	if (start >= end || len_bytes > end - start)
		return loader_fail(job, ERR_RANGE,
				   "%llu bytes at %04x:%04x end above %llu KiB, which is the end "
				   "of %s",
				   (unsigned long long)len_bytes, config->load_segment,
				   config->load_offset, (unsigned long long)(end / KIB),
				   end == REAL_MODE_END ? "what real mode reaches" : "its memory");
	return OK;
}

/* What Lintel's BIOS writes to before it jumps to the image, or is itself: vectors and data area,
 * its stack, the extended data area, the screen, the ROM's place. */
static const struct {
	uint64_t start, end;
} bios_areas[] = {
	{0, PLACE_LOW_START},          {STACK_TOP - POST_STACK, STACK_TOP},
	{E820_LOW_END, E820_EBDA_END}, {0xb8000, 0xc0000},
	{0xf0000, REAL_MODE_END},
};

/* The BIOS that is there by itself jumps to the image after its POST. */
static enum status start_by_firmware(const struct loader_job *job, uint64_t start)
{
	const struct vm_config *config = job->in->config;
	const struct firmware_entry entry = {
		.ip = config->load_offset, .cs = config->load_segment, .sp = STACK_TOP};

	for (size_t i = 0; i < ARRAY_SIZE(bios_areas); i++)
		if (start < bios_areas[i].end && start + job->in->len_bytes > bios_areas[i].start)
			return loader_fail(job, ERR_RANGE,
					   "the image and the BIOS overlap: %#llx to %#llx are the "
					   "BIOS's",
					   (unsigned long long)bios_areas[i].start,
					   (unsigned long long)bios_areas[i].end - 1);
	return loader_own_bios(job, &entry);
}

enum status loader_run_flat(const struct loader_job *job)
{
	const struct vm_config *config = job->in->config;
	uint64_t start = config->load_segment * UINT64_C(16) + config->load_offset;
	struct guest_cpu_state *s = job->s;
	enum status status = check_fit(job, start);

	if (status == OK && config->own_firmware)
		status = start_by_firmware(job, start);
	else if (status == OK)
		status = loader_bios_traces(job->m);
	if (status == OK)
		status = loader_put(job, start, job->in->image, job->in->len_bytes, "the image");
	if (status != OK || config->own_firmware)
		return status;

	guest_segment_real(&s->segments[GUEST_CS], config->load_segment, 0);
	s->rip = config->load_offset;
	s->gpr[RSP] = STACK_TOP;
	s->gpr[RDX] = (s->gpr[RDX] & ~UINT64_C(0xffff)) | FIRST_DISK;
	s->cr0 = CR0_ET;
	s->rflags = RFLAGS_ONE | RFLAGS_IF;
	s->idtr.limit = VECTORS * 4 - 1;
	return OK;
}

enum status loader_flat(struct guest_memory *m, const struct vm_config *config, const void *image,
			uint64_t len_bytes, struct guest_cpu_state *s, char *message, size_t size)
{
	const struct loader_input in = {.config = config, .image = image, .len_bytes = len_bytes};
	const struct loader_job job = {.m = m, .in = &in, .s = s, .message = message, .size = size};

	return loader_run_flat(&job);
}
