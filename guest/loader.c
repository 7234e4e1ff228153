/* guest/loader.c - the CPU after reset, and the choice among the loaders by kind. */
#include "guest/loader.h"

#include "guest/loader_parts.h"
#include "guest/segment.h"
#include "kernel/assert.h"
#include "kernel/string.h"
#include "kernel/text.h"

#define SELECTOR_CODE    0x10u
#define SELECTOR_DATA    0x18u
#define GDT_CODE_32      UINT64_C(0x00cf9b000000ffff)
#define GDT_CODE_64      UINT64_C(0x00af9b000000ffff)
#define GDT_DATA         UINT64_C(0x00cf93000000ffff)
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

enum status loader_fail(const struct loader_job *job, enum status s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vformat(job->message, job->size, format, args);
	va_end(args);
	return s;
}

enum status loader_put(const struct loader_job *job, uint64_t at, const void *from,
		       uint64_t len_bytes, const char *what)
{
	if (guest_memory_write(job->m, gpa(at), from, len_bytes) == OK)
		return OK;
	return loader_fail(job, ERR_RANGE, "%s does not fit into memory: %llu bytes at %#llx", what,
			   (unsigned long long)len_bytes, (unsigned long long)at);
}

enum status loader_protected(const struct loader_job *job, uint64_t gdt, bool wide)
{
	const uint64_t table[LOADER_GDT_BYTES / 8] = {
		[SELECTOR_CODE / 8] = wide ? GDT_CODE_64 : GDT_CODE_32,
		[SELECTOR_DATA / 8] = GDT_DATA,
	};
	struct guest_cpu_state *s = job->s;
	enum status status = loader_put(job, gdt, table, sizeof(table), "the GDT");

	memset(s->gpr, 0, sizeof(s->gpr));
	s->rflags = RFLAGS_ONE;
	s->cr0 = CR0_PE | CR0_ET;
	s->gdtr = (struct guest_table){.base = gdt, .limit = sizeof(table) - 1};
	s->idtr.limit = 0;
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		bool code = i == GUEST_CS;

		guest_segment_from_descriptor(&s->segments[i], code ? SELECTOR_CODE : SELECTOR_DATA,
					      table[(code ? SELECTOR_CODE : SELECTOR_DATA) / 8]);
	}
	return status;
}

const struct loader_module *loader_find(const struct loader_input *in, enum vm_role role)
{
	for (unsigned i = 0; i < in->module_count; i++)
		if (in->modules[i].role == role)
			return &in->modules[i];
	return NULL;
}

enum status loader_find_only(const struct loader_job *job, enum vm_role role,
			     const struct loader_module **found)
{
	const struct loader_input *in = job->in;

	*found = loader_find(in, role);
	for (unsigned i = 0; i < in->module_count; i++)
		if (in->modules[i].role == role && &in->modules[i] != *found)
			return loader_fail(job, ERR_EXISTS, "two modules with role=%s",
					   vm_role_name(role));
	return OK;
}

bool loader_own_firmware(const struct loader_input *in)
{
	return in->config->own_firmware ||
	       (in->config->kind == VM_KIND_DISK && !loader_find(in, VM_ROLE_BIOS));
}

enum status loader_load(struct guest_memory *m, const struct loader_input *in,
			struct guest_cpu_state *s, char *message, size_t size)
{
	static enum status (*const loaders[VM_KINDS])(const struct loader_job *job) = {
		[VM_KIND_FLAT] = loader_run_flat,           [VM_KIND_BIOS] = loader_run_bios,
		[VM_KIND_DISK] = loader_run_disk,           [VM_KIND_LINUX] = loader_run_linux,
		[VM_KIND_MULTIBOOT] = loader_run_multiboot,
	};
	const struct loader_job job = {.m = m, .in = in, .s = s, .message = message, .size = size};

	ASSERT((unsigned)in->config->kind < VM_KINDS);
	return loaders[in->config->kind](&job);
}
