/*
 * tests/fuzz/fuzz_emulate.c - guest/emulate.h with random code, registers and tables (libFuzzer).
 *
 * Whatever a guest has there, no ASSERT may fail and the call comes back; a fault and an unknown
 * instruction leave the registers alone, but for what whole elements of REP have done.
 */
#include "tests/fuzz/guest_ram.h"

#include "guest/emulate.h"
#include "guest/segment.h"

#define CODE   0x1ff8u
#define TABLES 0x8000u
#define DEVICE UINT64_C(0xd0000000)

/* 4-level paging; its second level also serves PAE, and 32-bit paging sees large pages in it. */
static void fill_tables(void)
{
	put64(TABLES, (TABLES + 0x1000) | 0x27);
	put64(TABLES + 0x1000, (TABLES + 0x2000) | 0x27);
	put64(TABLES + 0x2000, (TABLES + 0x3000) | 0x27);
	put64(TABLES + 0x2008, DEVICE | 0xe7);
	for (uint64_t i = 0; i < 512; i++)
		put64(TABLES + 0x3000 + i * 8, (i < 64 ? i << 12 : DEVICE + (i << 12)) | 0x67);
}

static void access_device(void *state, struct mmio_access *a)
{
	uint64_t *latch = state;

	ASSERT(a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8);
	if (a->write)
		*latch = a->value;
	else
		a->value = *latch ^ a->at.raw;
}

static void take_state(struct input *in, struct guest_cpu_state *s)
{
	uint64_t mode = take64(in);
	bool paging = mode & 1, wide = mode & 2, pae = mode & 4;

	*s = (struct guest_cpu_state){
		.rflags = (mode >> 16 & 0x47fd5) | RFLAGS_ONE | (mode & 8 ? RFLAGS_VM : 0),
		.cr0 = (mode & 16 ? 0 : CR0_PE) | (paging ? CR0_PG | CR0_PE : 0) | CR0_WP,
		.cr3 = TABLES + (pae || wide ? 0 : 0x2000),
		.cr4 = (pae || wide ? CR4_PAE : CR4_PSE) | (mode & 32 ? CR4_SMAP : 0),
		.efer = wide ? EFER_LME | EFER_LMA | (mode & 64 ? EFER_NXE : 0) : 0,
		.pdpte = {(TABLES + 0x2000) | 1},
		.rip = CODE + (mode >> 8 & 15),
		.maxphyaddr = 39};
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		uint64_t bits = mode >> (32 + i * 5);

		s->segments[i] = (struct guest_segment){
			.access = (i == GUEST_CS ? 0x9b : 0x93) | (bits & 1 ? 0x4000 : 0),
			.limit = bits & 2 ? UINT32_MAX : 0xffff,
			.base = bits & 4 && i != GUEST_CS ? DEVICE : 0};
		if (bits & 8 && i != GUEST_CS)
			s->segments[i].access ^= 6;
	}
	if (wide && (mode & 128))
		s->segments[GUEST_CS].access = 0xa09b;
	for (unsigned i = 0; i < GPR_COUNT; i++) {
		uint8_t how;

		take(in, &how, 1);
		s->gpr[i] = how & 1 ? take64(in) : (how & 0x7e) * UINT64_C(0x201);
		if (how & 0x80)
			s->gpr[i] += DEVICE;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mmio_bus bus;
	struct input in = {.at = data, .left = size};
	struct guest_cpu_state s, old;
	struct emulate_report report;
	struct guest_fault fault;
	uint64_t latch = 0;
	uint8_t code[DECODE_MAX_BYTES + 1];

	start_guest();
	clear_ram();
	fill_tables();
	mmio_bus_init(&bus);
	if (mmio_bus_claim(&bus, "device", access_device, &latch, gpa(DEVICE), 0x1803) != OK)
		abort();
	take(&in, code, sizeof(code));
	take_state(&in, &s);
	if (guest_memory_write(&memory, gpa(s.rip), code, sizeof(code)) != OK)
		abort();
	patch_ram(&in);
	old = s;
	switch (emulate_instruction(&s, &memory, &bus, 1, &report, &fault)) {
	case EMULATE_DONE:
		ASSERT(report.length >= 1 && report.length <= report.count);
		ASSERT(s.rip == old.rip + report.length || s.rip == (uint32_t)s.rip);
		break;
	case EMULATE_AGAIN:
		ASSERT(s.rip == old.rip);
		break;
	case EMULATE_FAULT:
		ASSERT(fault.vector == EXC_UD ||
		       (fault.vector >= EXC_SS && fault.vector <= EXC_PF));
		ASSERT(s.rip == old.rip);
		s.gpr[RCX] = old.gpr[RCX];
		s.gpr[RSI] = old.gpr[RSI];
		s.gpr[RDI] = old.gpr[RDI];
		s.gpr[RAX] = old.gpr[RAX];
		s.rflags = old.rflags;
		ASSERT(same_bytes(&old, &s, sizeof(s)));
		break;
	case EMULATE_UNKNOWN:
		ASSERT(same_bytes(&old, &s, sizeof(s)));
		break;
	case EMULATE_UNSUPPORTED:
		abort(); /* only with 5-level paging */
	}
	return 0;
}
