/* guest/loader.c - a flat image into guest memory, and the CPU at its first instruction. */
#include "guest/loader.h"

#include "guest/segment.h"
#include "kernel/string.h"
#include "kernel/text.h"

#define REAL_MODE_END    (1 * MIB)
#define VECTORS          256u
#define IRET_OPCODE      0xcfu
#define STACK_TOP        0x7c00u /* 0000:7C00 */
#define FIRST_DISK       0x80u
#define BDA_COM1         0x400u
#define BDA_BASE_KIB     0x413u
#define COM1_PORT        0x3f8u
#define BASE_KIB_MAX     640u
#define RESET_DR6        0xffff0ff0u
#define RESET_DR7        0x400u
#define RIGHTS_REAL_DATA 0x93u /* present, read/write, accessed */
#define RIGHTS_LDT       0x82u
#define RIGHTS_TSS_BUSY                                                                            \
	0x8bu /* VM entry wants a busy TSS: SDM 3C "Checks on Guest Segment Registers" */

void guest_cpu_reset_state(struct guest_cpu_state *s, uint32_t signature, uint8_t maxphyaddr)
{
	*s = (struct guest_cpu_state){
		.gpr[RDX] = signature,
		.rip = 0xfff0,
		.rflags = RFLAGS_ONE,
		.cr0 = CR0_CD | CR0_NW | CR0_ET,
		.dr6 = RESET_DR6,
		.dr7 = RESET_DR7,
		.gdtr.limit = 0xffff,
		.idtr.limit = 0xffff,
		.maxphyaddr = maxphyaddr,
	};
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		s->segments[i] =
			(struct guest_segment){.access = RIGHTS_REAL_DATA, .limit = 0xffff};
	s->segments[GUEST_CS].selector = 0xf000;
	s->segments[GUEST_CS].base = 0xffff0000;
	s->segments[GUEST_LDTR] = (struct guest_segment){.access = RIGHTS_LDT, .limit = 0xffff};
	s->segments[GUEST_TR] = (struct guest_segment){.access = RIGHTS_TSS_BUSY, .limit = 0xffff};
}

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

static enum status write_bios_traces(struct guest_memory *m)
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

static enum status check_fit(const struct guest_memory *m, const struct vm_config *config,
			     uint64_t start, uint64_t len_bytes, char *message, size_t size)
{
	uint64_t end = min_u64(m->len_bytes, REAL_MODE_END);

	if (len_bytes == 0) {
		text_format(message, size, "the image is empty");
		return ERR_INVALID;
	}
	if (start >= end || len_bytes > end - start) {
		text_format(message, size,
			    "%llu bytes at %04x:%04x end above %llu KiB, which is the end of %s",
			    (unsigned long long)len_bytes, config->load_segment,
			    config->load_offset, (unsigned long long)(end / KIB),
			    end == REAL_MODE_END ? "what real mode reaches" : "its memory");
		return ERR_RANGE;
	}
	return OK;
}

enum status loader_flat(struct guest_memory *m, const struct vm_config *config, const void *image,
			uint64_t len_bytes, struct guest_cpu_state *s, char *message, size_t size)
{
	uint64_t start = config->load_segment * UINT64_C(16) + config->load_offset;
	enum status status = check_fit(m, config, start, len_bytes, message, size);

	if (status == OK)
		status = write_bios_traces(m);
	if (status == OK)
		status = guest_memory_write(m, gpa(start), image, len_bytes);
	if (status != OK)
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
