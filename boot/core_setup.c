/* boot/core_setup.c - see boot/core_setup.h. */
#include "boot/core_setup.h"

#include "boot/address_space.h"
#include "boot/features.h"
#include "kernel/assert.h"
#include "kernel/cpu.h"
#include "kernel/gdt.h"
#include "kernel/log_ring.h"
#include "kernel/stacks.h"
#include "kernel/trap.h"
#include "mm/paging.h"
#include "mm/phys.h"

#define RING_ORDER       4u /* 64 KiB */
#define STACK_MAIN_ORDER 3u
#define STACK_IST_ORDER  1u

/* What one core needs of its own, in one block. */
struct core_block {
	struct cpu cpu;
	struct cpu_arch arch;
};

_Static_assert(sizeof(struct core_block) <= PAGE_4K, "one page");
_Static_assert(sizeof(struct log_ring) <= PAGE_4K << RING_ORDER, "log ring");
_Static_assert(STACK_MAIN_PAGES == 1u << STACK_MAIN_ORDER, "main stack");
_Static_assert(STACK_DEBUG_PAGES == 1u << STACK_MAIN_ORDER, "debug stack");
_Static_assert(STACK_IST_PAGES == 1u << STACK_IST_ORDER, "interrupt stacks");

static unsigned stack_order(enum stack_kind kind)
{
	return kind == STACK_MAIN || kind == STACK_DEBUG ? STACK_MAIN_ORDER : STACK_IST_ORDER;
}

static void must_free(hpa_t at, unsigned order)
{
	enum status s = frames_free(&host_frames, at, order);

	ASSERT(s == OK);
}

static enum status map_stack(unsigned index, enum stack_kind kind, hpa_t *at)
{
	struct stack_range r = stacks_range(index, kind);
	enum status s = frames_alloc_zeroed(&host_frames, stack_order(kind), at);

	if (s != OK)
		return s;
	s = address_space_map(r.bottom, *at, r.top - r.bottom, PAGING_WRITE);
	if (s != OK)
		must_free(*at, stack_order(kind));
	return s;
}

static void unmap_stack(unsigned index, enum stack_kind kind, hpa_t at)
{
	struct stack_range r = stacks_range(index, kind);
	enum status s = address_space_unmap(r.bottom, r.top - r.bottom);

	ASSERT(s == OK); /* whole 4 KiB pages: nothing to split */
	must_free(at, stack_order(kind));
}

static enum status map_stacks(unsigned index)
{
	hpa_t at[STACK_MAIN + 1];

	for (unsigned kind = STACK_DF; kind <= STACK_MAIN; kind++) {
		enum status s = map_stack(index, (enum stack_kind)kind, &at[kind]);

		if (s == OK)
			continue;
		while (kind-- > STACK_DF)
			unmap_stack(index, (enum stack_kind)kind, at[kind]);
		return s;
	}
	return OK;
}

enum status core_create(unsigned index, uint32_t apic_id, struct cpu **out)
{
	struct core_block *block;
	hpa_t block_at, ring_at;
	enum status s;

	if (index == 0) {
		cpus[0]->apic_id = apic_id;
		*out = cpus[0];
		return OK;
	}
	if (index >= CPU_MAX)
		return ERR_FULL;
	ASSERT(index == cpu_count);
	s = frames_alloc_zeroed(&host_frames, 0, &block_at);
	if (s != OK)
		return s;
	s = frames_alloc_zeroed(&host_frames, RING_ORDER, &ring_at);
	if (s != OK)
		goto undo_block;
	s = map_stacks(index);
	if (s != OK)
		goto undo_ring;

	block = phys_ptr(block_at);
	block->cpu = (struct cpu){
		.self = &block->cpu,
		.index = index,
		.apic_id = apic_id,
		.log = phys_ptr(ring_at),
		.arch = &block->arch,
		.stack_top = stacks_range(index, STACK_MAIN).top,
	};
	gdt_init(&block->cpu);
	cpus[index] = &block->cpu;
	__atomic_store_n(&cpu_count, index + 1, __ATOMIC_RELEASE);
	*out = &block->cpu;
	return OK;

undo_ring:
	must_free(ring_at, RING_ORDER);
undo_block:
	must_free(block_at, 0);
	return s;
}

void core_enter(struct cpu *c)
{
	features_enable();
	if (cpu_read_cr3() != address_space_cr3())
		cpu_write_cr3(address_space_cr3());
	gdt_load(c);
	percpu_enter(c);
	trap_load();
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
}
