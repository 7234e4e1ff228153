/* kernel/gdt.c - see kernel/gdt.h. */
#include "kernel/gdt.h"

#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/stacks.h"

/* Descriptors of flat segments: accessed, present; L for 64-bit code. */
#define DESCRIPTOR_KERNEL_CODE UINT64_C(0x00af9b000000ffff)
#define DESCRIPTOR_KERNEL_DATA UINT64_C(0x00cf93000000ffff)
#define DESCRIPTOR_USER_DATA   UINT64_C(0x00cff3000000ffff)
#define DESCRIPTOR_USER_CODE   UINT64_C(0x00affb000000ffff)
#define DESCRIPTOR_TSS_PRESENT (UINT64_C(0x89) << 40) /* present, 64-bit TSS, not busy */
#define DESCRIPTOR_TSS_BUSY    (UINT64_C(0x02) << 40)

_Static_assert(sizeof(struct tss) == 104, "SDM 3A, Figure \"64-Bit TSS Format\"");
_Static_assert(offsetof(struct tss, ist) == 36, "IST1 is at 36");
_Static_assert(offsetof(struct tss, io_map_offset) == 102, "the I/O map's offset ends the TSS");

static struct cpu_arch boot_arch;

static void set_tss_descriptor(struct cpu_arch *arch)
{
	uint64_t base = (uintptr_t)&arch->tss;
	uint64_t limit = sizeof(arch->tss) - 1;

	arch->gdt[GDT_TSS / 8] = DESCRIPTOR_TSS_PRESENT | limit | (base & 0xffffff) << 16 |
				 (base >> 24 & 0xff) << 56;
	arch->gdt[GDT_TSS / 8 + 1] = base >> 32;
}

void gdt_init(struct cpu *c)
{
	if (c->arch == NULL) {
		ASSERT(c->index == 0);
		c->arch = &boot_arch;
	}

	struct cpu_arch *arch = c->arch;

	*arch = (struct cpu_arch){
		.tss =
			{
				.rsp[0] = stacks_range(c->index, STACK_MAIN).top,
				.ist[GDT_IST_DF - 1] = stacks_range(c->index, STACK_DF).top,
				.ist[GDT_IST_NMI - 1] = stacks_range(c->index, STACK_NMI).top,
				.ist[GDT_IST_MC - 1] = stacks_range(c->index, STACK_MC).top,
				.ist[GDT_IST_DEBUG - 1] = stacks_range(c->index, STACK_DEBUG).top,
				.io_map_offset = sizeof(struct tss),
			},
		.gdt =
			{
				[GDT_KERNEL_CODE / 8] = DESCRIPTOR_KERNEL_CODE,
				[GDT_KERNEL_DATA / 8] = DESCRIPTOR_KERNEL_DATA,
				[GDT_USER_DATA / 8] = DESCRIPTOR_USER_DATA,
				[GDT_USER_CODE / 8] = DESCRIPTOR_USER_CODE,
			},
		.debug_low = stacks_range(c->index, STACK_DEBUG).top - STACK_DEBUG_FIRST,
	};
	set_tss_descriptor(arch);
}

void gdt_load(struct cpu *c)
{
	gdt_reload_limits(c);
	cpu_load_segments(GDT_KERNEL_CODE, GDT_KERNEL_DATA);
}

void gdt_reload_limits(struct cpu *c)
{
	struct cpu_arch *arch = c->arch;
	const struct cpu_table_pointer pointer = {
		.limit = sizeof(arch->gdt) - 1,
		.base = (uintptr_t)arch->gdt,
	};

	cpu_lgdt(&pointer);
	arch->gdt[GDT_TSS / 8] &= ~DESCRIPTOR_TSS_BUSY; /* LTR faults on a busy one */
	cpu_ltr(GDT_TSS);
}

uintptr_t gdt_base(const struct cpu *c)
{
	const struct cpu_arch *arch = c->arch;

	return (uintptr_t)arch->gdt;
}

uintptr_t gdt_tss_base(const struct cpu *c)
{
	const struct cpu_arch *arch = c->arch;

	return (uintptr_t)&arch->tss;
}

NO_BREAKPOINT uint64_t gdt_nest_debug(struct cpu *c)
{
	struct cpu_arch *arch = c->arch;
	uint64_t before = arch->tss.ist[GDT_IST_DEBUG - 1];

	arch->tss.ist[GDT_IST_DEBUG - 1] = arch->debug_low;
	return before;
}

NO_BREAKPOINT void gdt_unnest_debug(struct cpu *c, uint64_t before)
{
	struct cpu_arch *arch = c->arch;

	arch->tss.ist[GDT_IST_DEBUG - 1] = before;
}
