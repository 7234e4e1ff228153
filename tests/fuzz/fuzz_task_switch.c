/*
 * tests/fuzz/fuzz_task_switch.c - guest/task_switch.h with random tables and registers (libFuzzer).
 *
 * The input chooses the request and the mode, and then spoils single bytes of tables that are in
 * order. Whatever a guest has there, no ASSERT may fail, a fault of the old task leaves it
 * untouched, and what goes back into the VMCS must be fit for VM entry (SDM 3C "Checks on Guest
 * Segment Registers").
 */
#include "tests/fuzz/guest_ram.h"

#include "guest/segment.h"
#include "guest/task_switch.h"

#define GDT    0x1000u
#define TABLES 0xa000u

/* Tables with which every switch works: what the input changes is what goes wrong. */
static void fill_tables(void)
{
	static const uint64_t gdt[] = {
		0,
		UINT64_C(0x00cf9b000000ffff), /* 08 code, 10 data, 18 and 20 of ring 3 */
		UINT64_C(0x00cf93000000ffff),
		UINT64_C(0x00cffb000000ffff),
		UINT64_C(0x00cff3000000ffff),
		UINT64_C(0x00008b0030000067), /* 28 the running TSS, 30 and 38 others, 40 busy */
		UINT64_C(0x0000890040000067),
		UINT64_C(0x000081005000002b),
		UINT64_C(0x00008b0040000067),
		UINT64_C(0x000082006000000f), /* 48 LDT */
	};

	clear_ram();
	for (unsigned i = 0; i < ARRAY_SIZE(gdt); i++)
		put64(GDT + i * 8, gdt[i]);
	put64(0x6000, UINT64_C(0x00cf93000000ffff));
	put32(0x401c, TABLES);
	put32(0x4020, 0x1234);
	put32(0x4038, 0x8000); /* ESP */
	for (unsigned i = 0; i < 6; i++)
		put32(0x4048 + i * 4, i == GUEST_CS ? 0x08 : 0x10);
	put32(0x4060, 0x48);
	for (unsigned i = 0; i < 4; i++)
		put32(0x5022 + i * 2, i == GUEST_CS ? 0x08 : 0x10);
	/* 32-bit paging at TABLES, PAE's PDPTEs at TABLES + 2000h. */
	put32(TABLES, (TABLES + 0x1000) | 7);
	for (uint32_t i = 0; i < RAM_BYTES / PAGE_4K; i++) {
		put32(TABLES + 0x1000 + i * 4, i << 12 | 7);
		put64(TABLES + 0x4000 + i * 8, i << 12 | 7);
	}
	put64(TABLES + 0x2000, (TABLES + 0x3000) | 1);
	put64(TABLES + 0x3000, (TABLES + 0x4000) | 7);
}

static void take_state(struct input *in, struct guest_cpu_state *s)
{
	uint32_t mode = take32(in), pae = mode & 4;

	*s = (struct guest_cpu_state){
		.rip = 0x4444,
		.rflags = (mode >> 8 & 0x7fd5) | (mode & 64 ? RFLAGS_AC : 0) | RFLAGS_ONE,
		.cr0 = CR0_PE | CR0_ET | (mode & 1 ? CR0_PG : 0) | (mode & 2 ? CR0_WP : 0),
		.cr3 = TABLES + (pae ? 0x2000 : 0),
		.cr4 = (pae ? CR4_PAE : 0) | (mode & 8 ? CR4_PSE : 0) | (mode & 16 ? CR4_SMAP : 0),
		.dr7 = 0x400,
		.gdtr = {.base = GDT, .limit = 0x4f},
		.maxphyaddr = 39};
	if (pae) {
		s->pdpte[0] = (TABLES + 0x3000) | 1;
		put32(0x401c, TABLES + 0x2000);
	}
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		s->segments[i] = (struct guest_segment){.selector = i == GUEST_CS ? 0x08 : 0x10,
							.access = i == GUEST_CS ? 0xc09b : 0xc093,
							.limit = UINT32_MAX};
	s->segments[GUEST_LDTR].access = (uint32_t)SEGMENT_UNUSABLE;
	s->segments[GUEST_TR] = (struct guest_segment){
		.selector = 0x28, .access = mode & 32 ? 0x83 : 0x8b, .base = 0x3000, .limit = 0x67};
}

static void check_access(const struct guest_segment *seg)
{
	if (seg->access & SEGMENT_UNUSABLE)
		return;
	ASSERT((seg->access & 0xfffe0f00u) == 0);
	ASSERT(seg->access & SEGMENT_PRESENT);
	ASSERT((seg->limit & 0xfff) == 0xfff || !(seg->access & SEGMENT_GRANULAR));
	ASSERT((seg->limit & 0xfff00000) == 0 || (seg->access & SEGMENT_GRANULAR));
	ASSERT(seg->base >> 32 == 0);
}

static void check_v86(const struct guest_cpu_state *s)
{
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		const struct guest_segment *seg = &s->segments[i];

		ASSERT(seg->access == 0xf3 && seg->limit == 0xffff);
		ASSERT(seg->base == seg->selector * UINT64_C(16));
	}
}

static void check_protected(const struct guest_cpu_state *s)
{
	const struct guest_segment *cs = &s->segments[GUEST_CS], *ss = &s->segments[GUEST_SS];
	unsigned cpl = guest_cpl(s), dpl = cs->access >> SEGMENT_DPL_SHIFT & 3;

	ASSERT(!(cs->access & SEGMENT_UNUSABLE));
	ASSERT((cs->access & 0x19) == 0x19); /* code, accessed */
	ASSERT(cs->access & SEGMENT_CONFORMING ? dpl <= cpl : dpl == cpl);
	ASSERT(cpl == (cs->selector & SELECTOR_RPL));
	if (!(ss->access & SEGMENT_UNUSABLE))
		ASSERT((ss->access & 0x1b) == 0x13);
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		check_access(&s->segments[i]);
		if (i != GUEST_CS && !(s->segments[i].access & SEGMENT_UNUSABLE))
			ASSERT((s->segments[i].access & 0x11) == 0x11);
	}
}

static void check_new_state(const struct guest_cpu_state *s)
{
	const struct guest_segment *tr = &s->segments[GUEST_TR], *ldtr = &s->segments[GUEST_LDTR];

	ASSERT((s->rflags & ~UINT64_C(0x3f7fd5)) == RFLAGS_ONE);
	ASSERT(s->rip >> 32 == 0);
	if (s->rflags & RFLAGS_VM)
		check_v86(s);
	else
		check_protected(s);
	check_access(tr);
	ASSERT((tr->access & 0x17) == 0x03 && !(tr->selector & SELECTOR_TI));
	check_access(ldtr);
	if (!(ldtr->access & SEGMENT_UNUSABLE))
		ASSERT((ldtr->access & 0x1f) == 0x02 && !(ldtr->selector & SELECTOR_TI));
}

static void check_fault(const struct guest_fault *f)
{
	ASSERT(f->vector >= EXC_TS && f->vector <= EXC_PF);
	ASSERT(f->has_error_code && f->error_code <= UINT16_MAX);
}

static bool memory_is(const uint8_t *expected)
{
	static uint8_t now[RAM_BYTES];

	return guest_memory_read(&memory, gpa(0), now, sizeof(now)) == OK &&
	       memcmp(now, expected, sizeof(now)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t before[RAM_BYTES];
	struct input in = {.at = data, .left = size};
	struct guest_cpu_state s, old;
	struct guest_fault fault;
	struct task_switch t;
	uint32_t word;

	start_guest();
	fill_tables();
	word = take32(&in);
	t = (struct task_switch){.selector = (uint16_t)(word & 0x7f),
				 .source = word >> 16 & 3,
				 .set_rf = word >> 18 & 1,
				 .external = word >> 19 & 1,
				 .has_error_code = word >> 20 & 1,
				 .error_code = word >> 24,
				 .return_rip = 0x1234};
	take_state(&in, &s);
	patch_ram(&in);
	if (guest_memory_read(&memory, gpa(0), before, sizeof(before)) != OK)
		abort();
	old = s;
	switch (task_switch(&t, &s, &memory, &fault)) {
	case TASK_SWITCH_OK:
	case TASK_SWITCH_DEBUG:
		check_new_state(&s);
		break;
	case TASK_SWITCH_FAULT_OLD:
		check_fault(&fault);
		ASSERT(same_bytes(&old, &s, sizeof(s)));
		if (!(s.cr0 & CR0_PG)) /* else accessed flags may have changed */
			ASSERT(memory_is(before));
		break;
	case TASK_SWITCH_FAULT_NEW:
		check_fault(&fault);
		check_new_state(&s);
		break;
	case TASK_SWITCH_UNSUPPORTED:
		abort();
	}
	return 0;
}
