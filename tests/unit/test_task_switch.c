/* tests/unit/test_task_switch.c - hardware task switches: what moves, and what faults where. */
#include "tests/unit/memory_rig.h"

#include <string.h>

#include "guest/segment.h"
#include "guest/task_switch.h"

#define GDT       0x1000u
#define GDT_LIMIT 0x8fu
#define TSS_A     0x3000u /* 32-bit, the running task */
#define TSS_B     0x4000u /* 32-bit */
#define TSS_C     0x5000u /* 16-bit */
#define LDT       0x6000u
#define STACK     0x9000u

enum selector {
	CODE0 = 0x08,
	DATA0 = 0x10,
	CODE3 = 0x1b,
	DATA3 = 0x23,
	TASK_A = 0x28,
	TASK_B = 0x30,
	TASK_C = 0x38,
	LDT_1 = 0x48,
	CONFORMING = 0x50,
	ABSENT_DATA = 0x58,
	EXEC_ONLY = 0x60,
	READ_ONLY = 0x68,
	DATA16 = 0x70,
	ABSENT_CODE = 0x78,
	ABSENT_LDT = 0x80,
	UNTOUCHED = 0x88, /* data that was never accessed */
	IN_LDT = 0x04,
};

static struct guest_cpu_state cpu, before;
static struct guest_fault fault;
static struct task_switch request;

static void put(uint64_t at, const void *from, size_t len)
{
	assert_int_equal(guest_memory_write(&memory, gpa(at), from, len), OK);
}

static void put32(uint64_t at, uint32_t value)
{
	put(at, &value, 4);
}

static void put16(uint64_t at, uint16_t value)
{
	put(at, &value, 2);
}

static uint32_t get32(uint64_t at)
{
	uint32_t value = 0;

	assert_int_equal(guest_memory_read(&memory, gpa(at), &value, 4), OK);
	return value;
}

static uint16_t get16(uint64_t at)
{
	return (uint16_t)get32(at);
}

static void put_descriptor(uint64_t table, unsigned selector, uint32_t base, uint32_t limit,
			   uint32_t access)
{
	uint64_t d = (uint64_t)(base & 0xff000000) << 32 | (uint64_t)(access & 0xf000) << 40 |
		     (uint64_t)(limit & 0xf0000) << 32 | (uint64_t)(access & 0xff) << 40 |
		     (uint64_t)(base & 0xffffff) << 16 | (limit & 0xffff);

	put(table + (selector & 0xfff8), &d, 8);
}

static uint8_t access_of(unsigned selector)
{
	return (uint8_t)(get32(GDT + (selector & 0xfff8) + 4) >> 8);
}

static void fill_tables(void)
{
	put_descriptor(GDT, CODE0, 0, 0xfffff, 0xc09b);
	put_descriptor(GDT, DATA0, 0, 0xfffff, 0xc093);
	put_descriptor(GDT, CODE3, 0, 0xfffff, 0xc0fb);
	put_descriptor(GDT, DATA3, 0, 0xfffff, 0xc0f3);
	put_descriptor(GDT, TASK_A, TSS_A, 0x67, 0x8b);
	put_descriptor(GDT, TASK_B, TSS_B, 0x67, 0x89);
	put_descriptor(GDT, TASK_C, TSS_C, 0x2b, 0x81);
	put_descriptor(GDT, LDT_1, LDT, 7, 0x82);
	put_descriptor(GDT, CONFORMING, 0, 0xfffff, 0xc09f);
	put_descriptor(GDT, ABSENT_DATA, 0, 0xfffff, 0xc013);
	put_descriptor(GDT, EXEC_ONLY, 0, 0xfffff, 0xc099);
	put_descriptor(GDT, READ_ONLY, 0, 0xfffff, 0xc091);
	put_descriptor(GDT, DATA16, 0x10000, 0xffff, 0x0093);
	put_descriptor(GDT, ABSENT_CODE, 0, 0xfffff, 0xc01b);
	put_descriptor(GDT, ABSENT_LDT, LDT, 7, 0x02);
	put_descriptor(GDT, UNTOUCHED, 0, 0xfffff, 0xc092);
	put_descriptor(LDT, IN_LDT, 0x20000, 0xff, 0x4093);
}

/* The new tasks: registers 100h + n (32-bit) and 200h + n (16-bit), flat ring-0 segments. */
static void fill_tasks(void)
{
	put32(TSS_B + 0x20, 0x1234);
	put32(TSS_B + 0x24, RFLAGS_IF | RFLAGS_CF);
	for (unsigned i = 0; i < 8; i++)
		put32(TSS_B + 0x28 + i * 4, 0x100 + i);
	put32(TSS_B + 0x28 + 4 * 4, STACK);
	for (unsigned i = 0; i < 6; i++)
		put32(TSS_B + 0x48 + i * 4, i == GUEST_CS ? CODE0 : DATA0);
	put16(TSS_C + 0x0e, 0x4321);
	put16(TSS_C + 0x10, RFLAGS_ZF);
	for (unsigned i = 0; i < 8; i++)
		put16(TSS_C + 0x12 + i * 2, (uint16_t)(0x200 + i));
	put16(TSS_C + 0x12 + 4 * 2, STACK);
	for (unsigned i = 0; i < 4; i++)
		put16(TSS_C + 0x22 + i * 2, i == GUEST_CS ? CODE0 : DATA0);
	for (unsigned i = 0; i < 6; i++)
		put32(TSS_A + 0x48 + i * 4, 0xabcd0000);
}

static void set_segment(enum guest_segment_name name, uint16_t selector)
{
	uint64_t d;

	assert_int_equal(guest_memory_read(&memory, gpa(GDT + (selector & 0xfff8)), &d, 8), OK);
	guest_segment_from_descriptor(&cpu.segments[name], selector, d);
}

static int start(void **state)
{
	(void)state;
	open_memory(4 * MIB);
	fill_tables();
	fill_tasks();
	cpu = (struct guest_cpu_state){.rip = 0x777,
				       .rflags = RFLAGS_ONE | RFLAGS_OF,
				       .cr0 = CR0_PE | CR0_ET,
				       .dr6 = 0xffff0ff0,
				       .dr7 = 0x7ff,
				       .gdtr = {.base = GDT, .limit = GDT_LIMIT},
				       .maxphyaddr = 39};
	for (unsigned i = 0; i < GPR_COUNT; i++)
		cpu.gpr[i] = 0xa0000000 + i;
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++)
		set_segment(i, i == GUEST_CS ? CODE0 : DATA0);
	set_segment(GUEST_TR, TASK_A);
	cpu.segments[GUEST_LDTR].access = SEGMENT_UNUSABLE;
	request = (struct task_switch){.selector = TASK_B, .return_rip = 0x77a};
	return 0;
}

static enum task_switch_result go(uint16_t selector, enum task_switch_source source)
{
	request.selector = selector;
	request.source = source;
	before = cpu;
	return task_switch(&request, &cpu, &memory, &fault);
}

static void assert_fault(unsigned vector, uint32_t code)
{
	assert_int_equal(fault.vector, vector);
	assert_true(fault.has_error_code);
	assert_int_equal(fault.error_code, code);
}

static void assert_old_fault(enum task_switch_result result, unsigned vector, uint32_t code)
{
	assert_int_equal(result, TASK_SWITCH_FAULT_OLD);
	assert_fault(vector, code);
	assert_memory_equal(&cpu, &before, sizeof(cpu));
	assert_int_equal(get32(TSS_A + 0x20), 0); /* nothing was saved */
	assert_int_equal(access_of(TASK_A) & 2, 2);
}

static void a_jump_moves_the_whole_state(void **state)
{
	(void)state;
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_OK);
	assert_int_equal(cpu.rip, 0x1234);
	assert_int_equal(cpu.rflags, RFLAGS_ONE | RFLAGS_IF | RFLAGS_CF);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(cpu.gpr[i], i == RSP ? STACK : 0x100 + i);
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		assert_int_equal(cpu.segments[i].selector, i == GUEST_CS ? CODE0 : DATA0);
		assert_int_equal(cpu.segments[i].limit, UINT32_MAX);
		assert_int_equal(cpu.segments[i].access, i == GUEST_CS ? 0xc09b : 0xc093);
	}
	assert_true(cpu.segments[GUEST_LDTR].access & SEGMENT_UNUSABLE);
	assert_int_equal(cpu.segments[GUEST_TR].selector, TASK_B);
	assert_int_equal(cpu.segments[GUEST_TR].base, TSS_B);
	assert_int_equal(cpu.segments[GUEST_TR].limit, 0x67);
	assert_int_equal(cpu.segments[GUEST_TR].access, 0x8b);
	assert_int_equal(cpu.cr0, CR0_PE | CR0_ET | CR0_TS);
	assert_int_equal(cpu.dr7, 0x6aa); /* L0-L3 and LE are off, the global ones stay */
	assert_int_equal(cpu.dr6, 0xffff0ff0);
	assert_int_equal(access_of(TASK_A), 0x89);
	assert_int_equal(access_of(TASK_B), 0x8b);
	/* what the old task left in its TSS */
	assert_int_equal(get32(TSS_A + 0x20), 0x77a);
	assert_int_equal(get32(TSS_A + 0x24), RFLAGS_ONE | RFLAGS_OF);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(get32(TSS_A + 0x28 + i * 4), 0xa0000000 + i);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(get32(TSS_A + 0x48 + i * 4),
				 0xabcd0000 | (i == GUEST_CS ? CODE0 : DATA0));
	assert_int_equal(get16(TSS_B), 0);
}

static void a_call_nests_and_iret_comes_back(void **state)
{
	(void)state;
	assert_int_equal(go(TASK_B, TASK_CALL), TASK_SWITCH_OK);
	assert_int_equal(cpu.rflags & RFLAGS_NT, RFLAGS_NT);
	assert_int_equal(get16(TSS_B), TASK_A);
	assert_int_equal(access_of(TASK_A), 0x8b);
	assert_int_equal(access_of(TASK_B), 0x8b);
	request.return_rip = 0x2222;
	assert_int_equal(go(TASK_A, TASK_IRET), TASK_SWITCH_OK);
	assert_int_equal(cpu.rip, 0x77a);
	assert_int_equal(cpu.gpr[RBX], 0xa0000003);
	assert_int_equal(access_of(TASK_A), 0x8b);
	assert_int_equal(access_of(TASK_B), 0x89);
	assert_int_equal(get32(TSS_B + 0x20), 0x2222);
	assert_int_equal(get32(TSS_B + 0x24) & RFLAGS_NT, 0); /* IRET has consumed it */
	assert_int_equal(cpu.segments[GUEST_TR].selector, TASK_A);
}

static void sixteen_bit_tasks_work_both_ways(void **state)
{
	(void)state;
	assert_int_equal(go(TASK_C, TASK_CALL), TASK_SWITCH_OK);
	assert_int_equal(cpu.rip, 0x4321);
	assert_int_equal(cpu.rflags, RFLAGS_ONE | RFLAGS_ZF | RFLAGS_NT);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(cpu.gpr[i], i == RSP ? STACK : 0x200 + i);
	assert_int_equal(cpu.segments[GUEST_DS].selector, DATA0);
	assert_int_equal(cpu.segments[GUEST_FS].selector, 0);
	assert_true(cpu.segments[GUEST_GS].access & SEGMENT_UNUSABLE);
	assert_int_equal(cpu.segments[GUEST_TR].access, 0x83);
	assert_int_equal(get16(TSS_C), TASK_A);
	cpu.gpr[RAX] = 0x99998888;
	request.return_rip = 0x5555;
	assert_int_equal(go(TASK_A, TASK_IRET), TASK_SWITCH_OK);
	assert_int_equal(get16(TSS_C + 0x0e), 0x5555);
	assert_int_equal(get16(TSS_C + 0x10), RFLAGS_ONE | RFLAGS_ZF);
	assert_int_equal(get16(TSS_C + 0x12), 0x8888);
	assert_int_equal(get16(TSS_C + 0x24), CODE0);
	assert_int_equal(access_of(TASK_C), 0x81);
	assert_int_equal(get16(TSS_C + 0x2a), 0); /* LDT: not written */
}

static void a_bad_tss_selector_is_a_fault_of_the_old_task(void **state)
{
	static const uint16_t selectors[] = {0, 3, 0x90, 0xfff8, TASK_B | 4, CODE0, DATA0, LDT_1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(selectors); i++) {
		uint32_t code = selectors[i] & 0xfffc;

		assert_old_fault(go(selectors[i], TASK_JMP), EXC_GP, code);
		assert_old_fault(go(selectors[i], TASK_CALL), EXC_GP, code);
		assert_old_fault(go(selectors[i], TASK_IRET), EXC_TS, code);
		request.external = true;
		assert_old_fault(go(selectors[i], TASK_GATE), EXC_GP, code | 1);
		request.external = false;
	}
}

static void busy_must_be_as_the_source_wants_it(void **state)
{
	(void)state;
	assert_old_fault(go(TASK_A, TASK_JMP), EXC_GP, TASK_A);
	assert_old_fault(go(TASK_A, TASK_CALL), EXC_GP, TASK_A);
	assert_old_fault(go(TASK_A, TASK_GATE), EXC_GP, TASK_A);
	assert_old_fault(go(TASK_B, TASK_IRET), EXC_TS, TASK_B);
	assert_old_fault(go(TASK_C, TASK_IRET), EXC_TS, TASK_C);
}

static void an_absent_or_short_tss_is_a_fault(void **state)
{
	(void)state;
	put_descriptor(GDT, TASK_B, TSS_B, 0x67, 0x09);
	assert_old_fault(go(TASK_B, TASK_JMP), EXC_NP, TASK_B);
	put_descriptor(GDT, TASK_B, TSS_B, 0x66, 0x89);
	assert_old_fault(go(TASK_B, TASK_JMP), EXC_TS, TASK_B);
	put_descriptor(GDT, TASK_C, TSS_C, 0x2a, 0x81);
	assert_old_fault(go(TASK_C, TASK_JMP), EXC_TS, TASK_C);
	cpu.segments[GUEST_TR].limit = 0x66;
	put_descriptor(GDT, TASK_B, TSS_B, 0x67, 0x89);
	assert_old_fault(go(TASK_B, TASK_JMP), EXC_TS, TASK_A);
}

/* What a new task faults with, and that its state is complete otherwise. */
static void assert_new_fault(enum task_switch_result result, unsigned vector, uint32_t code)
{
	assert_int_equal(result, TASK_SWITCH_FAULT_NEW);
	assert_fault(vector, code);
	assert_int_equal(cpu.segments[GUEST_TR].selector, TASK_B);
	assert_int_equal(cpu.rip, 0x1234);
	assert_int_equal(get32(TSS_A + 0x20), 0x77a);
}

struct segment_case {
	enum guest_segment_name name;
	uint16_t selector;
	uint8_t vector; /* 0: loads */
};

/* SDM 3A "Task Switching", the table of exception conditions. CS is CODE0 but where it is
 * tested. */
static void a_bad_segment_is_a_fault_of_the_new_task(void **state)
{
	static const struct segment_case cases[] = {
		{GUEST_CS, 0, EXC_TS},
		{GUEST_CS, DATA0, EXC_TS},
		{GUEST_CS, CODE0 | 3, EXC_TS}, /* DPL is not RPL */
		{GUEST_CS, CODE3 & ~3, EXC_TS},
		{GUEST_CS, ABSENT_CODE, EXC_NP},
		{GUEST_CS, TASK_A, EXC_TS},
		{GUEST_CS, 0x90, EXC_TS},
		{GUEST_CS, IN_LDT, EXC_TS}, /* there is no LDT */
		{GUEST_CS, CONFORMING, 0},
		{GUEST_SS, 0, EXC_TS},
		{GUEST_SS, CODE0, EXC_TS},
		{GUEST_SS, READ_ONLY, EXC_TS},
		{GUEST_SS, DATA3, EXC_TS},
		{GUEST_SS, DATA0 | 3, EXC_TS},
		{GUEST_SS, ABSENT_DATA, EXC_SS},
		{GUEST_SS, DATA16, 0},
		{GUEST_SS, UNTOUCHED, 0},
		{GUEST_DS, 0, 0},
		{GUEST_DS, 3, 0},
		{GUEST_DS, READ_ONLY, 0},
		{GUEST_DS, CODE0, 0},
		{GUEST_DS, CODE3, 0}, /* a lower privilege than ours */
		{GUEST_DS, EXEC_ONLY, EXC_TS},
		{GUEST_DS, DATA0 | 3, EXC_TS}, /* RPL above DPL */
		{GUEST_DS, CONFORMING | 3, 0},
		{GUEST_ES, ABSENT_DATA, EXC_NP},
		{GUEST_FS, 0x91, EXC_TS},
		{GUEST_GS, LDT_1, EXC_TS},
		{GUEST_GS, UNTOUCHED, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct segment_case *c = &cases[i];
		enum task_switch_result result;

		arena_close();
		start(state);
		put32(TSS_B + 0x48 + c->name * 4, c->selector);
		result = go(TASK_B, TASK_JMP);
		if (c->vector)
			assert_new_fault(result, c->vector, c->selector & 0xfffc);
		else
			assert_int_equal(result, TASK_SWITCH_OK);
		assert_int_equal(cpu.segments[c->name].selector, c->selector);
		assert_int_equal(guest_cpl(&cpu), cpu.segments[GUEST_CS].selector & 3);
		if (c->selector == UNTOUCHED)
			assert_int_equal(access_of(UNTOUCHED), 0x93);
		if (c->vector && c->name != GUEST_CS)
			assert_true(cpu.segments[c->name].access & SEGMENT_UNUSABLE);
		if (c->vector && c->name == GUEST_CS) {
			assert_int_equal(cpu.segments[GUEST_CS].access & 0x1009f, 0x9b);
			assert_int_equal(cpu.segments[GUEST_CS].access >> 5 & 3, c->selector & 3);
		}
	}
}

static void a_ring_3_task_may_use_ring_3_segments_only(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++)
		put32(TSS_B + 0x48 + i * 4, i == GUEST_CS ? CODE3 : DATA3);
	assert_int_equal(go(TASK_B, TASK_CALL), TASK_SWITCH_OK);
	assert_int_equal(guest_cpl(&cpu), 3);
	request.return_rip = 0x1234;
	assert_int_equal(go(TASK_A, TASK_IRET), TASK_SWITCH_OK);
	request.return_rip = 0x77a;
	assert_int_equal(guest_cpl(&cpu), 0);
	put32(TSS_B + 0x48, DATA0);
	assert_new_fault(go(TASK_B, TASK_CALL), EXC_TS, DATA0);
}

static void the_ldt_is_loaded_first(void **state)
{
	(void)state;
	put16(TSS_B + 0x60, LDT_1);
	put32(TSS_B + 0x48 + GUEST_DS * 4, IN_LDT);
	assert_int_equal(go(TASK_B, TASK_CALL), TASK_SWITCH_OK);
	assert_int_equal(cpu.segments[GUEST_LDTR].base, LDT);
	assert_int_equal(cpu.segments[GUEST_LDTR].access, 0x82);
	assert_int_equal(cpu.segments[GUEST_DS].base, 0x20000);
	request.return_rip = 0x1234;
	assert_int_equal(go(TASK_A, TASK_IRET), TASK_SWITCH_OK);
	request.return_rip = 0x77a;
	put32(TSS_B + 0x48 + GUEST_DS * 4, IN_LDT | 8); /* past its limit */
	assert_new_fault(go(TASK_B, TASK_JMP), EXC_TS, IN_LDT | 8);
}

static void a_bad_ldt_is_a_ts_fault(void **state)
{
	static const uint16_t selectors[] = {DATA0, TASK_C, ABSENT_LDT, LDT_1 | 4, 0x98};

	for (size_t i = 0; i < ARRAY_SIZE(selectors); i++) {
		arena_close();
		start(state);
		put16(TSS_B + 0x60, selectors[i]);
		assert_new_fault(go(TASK_B, TASK_JMP), EXC_TS, selectors[i]);
		assert_int_equal(cpu.segments[GUEST_LDTR].selector, selectors[i]);
		assert_true(cpu.segments[GUEST_LDTR].access & SEGMENT_UNUSABLE);
		assert_true(cpu.segments[GUEST_SS].access & SEGMENT_UNUSABLE);
	}
}

static void a_virtual_8086_task_has_real_mode_segments(void **state)
{
	(void)state;
	put32(TSS_B + 0x24, (uint32_t)(RFLAGS_VM | RFLAGS_IF) | 0xffc08028); /* reserved bits */
	for (unsigned i = 0; i < 6; i++)
		put32(TSS_B + 0x48 + i * 4, 0x1000 * (i + 1));
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_OK);
	assert_int_equal(cpu.rflags, RFLAGS_VM | RFLAGS_IF | RFLAGS_ONE);
	for (unsigned i = GUEST_ES; i <= GUEST_GS; i++) {
		assert_int_equal(cpu.segments[i].base, 0x10000 * (i + 1));
		assert_int_equal(cpu.segments[i].limit, 0xffff);
		assert_int_equal(cpu.segments[i].access, 0xf3);
	}
	assert_int_equal(guest_cpl(&cpu), 3);
}

static void an_error_code_goes_onto_the_new_stack(void **state)
{
	(void)state;
	request.has_error_code = true;
	request.error_code = 0x12345678;
	request.set_rf = true;
	request.external = true;
	assert_int_equal(go(TASK_B, TASK_GATE), TASK_SWITCH_OK);
	assert_int_equal(cpu.gpr[RSP], STACK - 4);
	assert_int_equal(get32(STACK - 4), 0x12345678);
	assert_int_equal(get32(TSS_A + 0x24), RFLAGS_ONE | RFLAGS_OF | RFLAGS_RF);
	assert_int_equal(get16(TSS_B), TASK_A);
	assert_true(cpu.rflags & RFLAGS_NT);
}

static void a_16_bit_task_gets_a_16_bit_error_code(void **state)
{
	(void)state;
	request.has_error_code = true;
	request.error_code = 0x5678;
	put32(STACK - 4, 0);
	assert_int_equal(go(TASK_C, TASK_GATE), TASK_SWITCH_OK);
	assert_int_equal(cpu.gpr[RSP], STACK - 2);
	assert_int_equal(get32(STACK - 4), 0x56780000);
}

static void a_16_bit_stack_wraps_and_keeps_the_upper_half(void **state)
{
	(void)state;
	request.has_error_code = true;
	request.error_code = 7;
	put32(TSS_B + 0x48 + GUEST_SS * 4, DATA16);
	put32(TSS_B + 0x28 + RSP * 4, 0xabcd0000);
	assert_int_equal(go(TASK_B, TASK_GATE), TASK_SWITCH_OK);
	assert_int_equal(cpu.gpr[RSP], 0xabcdfffc);
	assert_int_equal(get32(0x10000 + 0xfffc), 7);
}

static void a_stack_without_room_is_a_stack_fault_of_the_new_task(void **state)
{
	(void)state;
	request.has_error_code = true;
	request.external = true;
	put_descriptor(GDT, DATA16, 0x10000, 0xfff, 0x0093);
	put32(TSS_B + 0x48 + GUEST_SS * 4, DATA16);
	put32(TSS_B + 0x28 + RSP * 4, 2);
	assert_new_fault(go(TASK_B, TASK_GATE), EXC_SS, 1);
	assert_int_equal(cpu.gpr[RSP], 2);
}

static void the_t_bit_asks_for_a_debug_trap(void **state)
{
	(void)state;
	put16(TSS_B + 0x64, 1);
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_DEBUG);
	assert_int_equal(cpu.dr6, 0xffff0ff0 | BIT(15));
	assert_int_equal(cpu.rip, 0x1234);
}

/* ---- with paging -------------------------------------------------------------------------- */

/* 32-bit paging: identity for the first 4 MiB, directory and table at dir and dir + 1000h. */
static void make_tables(uint32_t dir)
{
	put32(dir, (dir + 0x1000) | 7);
	for (uint32_t i = 0; i < 1024; i++)
		put32(dir + 0x1000 + i * 4, i << 12 | 7);
}

static void start_paging(void)
{
	make_tables(0x10000);
	make_tables(0x20000);
	cpu.cr3 = 0x10000;
	cpu.cr0 |= CR0_PG | CR0_WP;
	put32(TSS_B + 0x1c, 0x20000);
	put32(TSS_A + 0x1c, 0x10000);
}

static uint32_t *page_entry(uint32_t dir, uint32_t at)
{
	return guest_memory_ptr(&memory, gpa(dir + 0x1000 + (at >> 12) * 4), 4);
}

static void cr3_changes_with_the_task(void **state)
{
	(void)state;
	start_paging();
	/* In the new space the stack stands elsewhere. */
	*page_entry(0x20000, STACK - 4) = 0x30007;
	request.has_error_code = true;
	request.error_code = 0x99;
	assert_int_equal(go(TASK_B, TASK_GATE), TASK_SWITCH_OK);
	assert_int_equal(cpu.cr3, 0x20000);
	assert_int_equal(get32(0x30ffc), 0x99);
	assert_int_equal(go(TASK_C, TASK_JMP), TASK_SWITCH_OK);
	assert_int_equal(cpu.cr3, 0x20000); /* a 16-bit TSS has none */
}

static void cr3_is_not_touched_without_paging(void **state)
{
	(void)state;
	put32(TSS_B + 0x1c, 0x20000);
	cpu.cr3 = 0x5000;
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_OK);
	assert_int_equal(cpu.cr3, 0x5000);
}

static void assert_page_fault(enum task_switch_result result, uint32_t at, uint32_t code)
{
	assert_old_fault(result, EXC_PF, code);
	assert_int_equal(fault.cr2, at);
}

static void pages_that_are_needed_are_checked_before_the_commit(void **state)
{
	(void)state;
	start_paging();
	/* Another page for each structure that shares one: the GDT over two pages. */
	*page_entry(0x10000, TSS_A) = 0x3005;
	assert_page_fault(go(TASK_B, TASK_JMP), TSS_A + 0x20, PF_PRESENT | PF_WRITE);
	*page_entry(0x10000, TSS_A) = 0x3007;
	*page_entry(0x10000, TSS_B) = 0;
	assert_page_fault(go(TASK_B, TASK_JMP), TSS_B, 0);
	*page_entry(0x10000, TSS_B) = 0x4005;
	assert_page_fault(go(TASK_B, TASK_CALL), TSS_B, PF_PRESENT | PF_WRITE);
	*page_entry(0x10000, GDT) = 0x1005;
	assert_page_fault(go(TASK_B, TASK_JMP), GDT + TASK_A + 5, PF_PRESENT | PF_WRITE);
	assert_page_fault(go(TASK_C, TASK_CALL), GDT + TASK_C + 5, PF_PRESENT | PF_WRITE);
	*page_entry(0x10000, GDT) = 0;
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_FAULT_OLD);
	assert_int_equal(fault.cr2, GDT + TASK_B);
	*page_entry(0x10000, GDT) = 0x1007;
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_OK); /* reads of TSS B suffice */
}

static void a_page_fault_in_the_new_space_is_the_new_tasks(void **state)
{
	(void)state;
	start_paging();
	*page_entry(0x20000, GDT) = 0;
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_FAULT_NEW);
	assert_int_equal(fault.vector, EXC_PF);
	assert_int_equal(fault.cr2, GDT + CODE0);
	assert_int_equal(cpu.cr3, 0x20000);
	/* An accessed bit that cannot be set. */
	arena_close();
	start(state);
	start_paging();
	*page_entry(0x20000, GDT) = 0x1005;
	put32(TSS_B + 0x48 + GUEST_FS * 4, UNTOUCHED);
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_FAULT_NEW);
	assert_int_equal(fault.cr2, GDT + UNTOUCHED + 5);
	assert_int_equal(fault.error_code, PF_PRESENT | PF_WRITE);
	/* The stack of the error code. */
	arena_close();
	start(state);
	start_paging();
	*page_entry(0x20000, STACK - 4) = 0;
	request.has_error_code = true;
	assert_int_equal(go(TASK_B, TASK_GATE), TASK_SWITCH_FAULT_NEW);
	assert_int_equal(fault.cr2, STACK - 4);
	assert_int_equal(cpu.gpr[RSP], STACK);
}

static void start_pae(void)
{
	cpu.cr0 |= CR0_PG;
	cpu.cr4 |= CR4_PAE;
	cpu.cr3 = 0x10000;
	cpu.pdpte[0] = 0x11001;
	put32(0x11000, 0x83); /* 2 MiB, identity */
	put32(TSS_B + 0x1c, 0x20060 | 0x18);
	put32(0x20060, 0x11001);
	put32(0x20068, 0x22001);
}

static void pae_loads_the_pdptes(void **state)
{
	(void)state;
	start_pae();
	assert_int_equal(go(TASK_B, TASK_JMP), TASK_SWITCH_OK);
	assert_int_equal(cpu.cr3, 0x20078);
	assert_int_equal(cpu.pdpte[0], 0x11001);
	assert_int_equal(cpu.pdpte[1], 0x22001);
	assert_int_equal(cpu.pdpte[2], 0);
}

static void a_bad_pdpte_is_a_fault_of_the_old_task(void **state)
{
	(void)state;
	start_pae();
	put32(0x20070, 0x22003);
	assert_old_fault(go(TASK_B, TASK_JMP), EXC_GP, 0);
	put32(0x20070, 0x22002); /* not present: anything goes */
	put32(0x2007c, 0x80);    /* PDPTE 3, bit 39 = MAXPHYADDR */
	put32(0x20078, 1);
	assert_old_fault(go(TASK_B, TASK_JMP), EXC_GP, 0);
	put32(TSS_B + 0x1c, 0x7000000); /* no RAM: all ones */
	assert_old_fault(go(TASK_B, TASK_JMP), EXC_GP, 0);
}

static void outside_of_protected_mode_it_is_our_bug(void **state)
{
	(void)state;
	cpu.cr0 = CR0_ET;
	expect_assert_failure((void)!go(TASK_B, TASK_JMP));
	cpu.cr0 = CR0_PE | CR0_PG;
	cpu.efer = EFER_LMA;
	expect_assert_failure((void)!go(TASK_B, TASK_JMP));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, arena_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_jump_moves_the_whole_state),
		TEST(a_call_nests_and_iret_comes_back),
		TEST(sixteen_bit_tasks_work_both_ways),
		TEST(a_bad_tss_selector_is_a_fault_of_the_old_task),
		TEST(busy_must_be_as_the_source_wants_it),
		TEST(an_absent_or_short_tss_is_a_fault),
		TEST(a_bad_segment_is_a_fault_of_the_new_task),
		TEST(a_ring_3_task_may_use_ring_3_segments_only),
		TEST(the_ldt_is_loaded_first),
		TEST(a_bad_ldt_is_a_ts_fault),
		TEST(a_virtual_8086_task_has_real_mode_segments),
		TEST(an_error_code_goes_onto_the_new_stack),
		TEST(a_16_bit_task_gets_a_16_bit_error_code),
		TEST(a_16_bit_stack_wraps_and_keeps_the_upper_half),
		TEST(a_stack_without_room_is_a_stack_fault_of_the_new_task),
		TEST(the_t_bit_asks_for_a_debug_trap),
		TEST(cr3_changes_with_the_task),
		TEST(cr3_is_not_touched_without_paging),
		TEST(pages_that_are_needed_are_checked_before_the_commit),
		TEST(a_page_fault_in_the_new_space_is_the_new_tasks),
		TEST(pae_loads_the_pdptes),
		TEST(a_bad_pdpte_is_a_fault_of_the_old_task),
		TEST(outside_of_protected_mode_it_is_our_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
