/* tests/unit/test_emulate_string.c - MOVS, CMPS, STOS, LODS and SCAS on a device, with REP. */
#include "tests/unit/emulate_rig.h"

static void a_single_element_leaves_the_count(void **state)
{
	(void)state;
	cpu.gpr[RDI] = DEVICE;
	cpu.gpr[RCX] = 0;
	cpu.gpr[RAX] = 0x1234;
	DO(0x66, 0xab);
	assert_access(0, DEVICE, 2, true, 0x1234);
	assert_int_equal(cpu.gpr[RDI], DEVICE + 2);
	assert_int_equal(cpu.gpr[RCX], 0);
	cpu.gpr[RSI] = DEVICE;
	cpu.gpr[RAX] = 0;
	DO(0xad);
	assert_int_equal(cpu.gpr[RAX], 0x1234);
	assert_int_equal(cpu.gpr[RSI], DEVICE + 4);
}

static void rep_moves_between_ram_and_a_device(void **state)
{
	(void)state;
	put64(0x3000, 0x8877665544332211);
	cpu.gpr[RSI] = 0x3000;
	cpu.gpr[RDI] = DEVICE + 0xffe; /* over a page */
	cpu.gpr[RCX] = 2;
	DO(0xf3, 0xa5);
	assert_int_equal(device_64(0xffe), 0x8877665544332211);
	assert_int_equal(cpu.gpr[RCX], 0);
	cpu.rflags |= RFLAGS_DF;
	cpu.gpr[RSI] = DEVICE + 0x1005;
	cpu.gpr[RDI] = 0x3107;
	cpu.gpr[RCX] = 8;
	DO(0xf3, 0xa4);
	assert_int_equal(get64(0x3100), 0x8877665544332211);
	assert_int_equal(cpu.gpr[RSI], DEVICE + 0xffd);
	/* F2 is REP as well */
	cpu.gpr[RCX] = 3;
	cpu.gpr[RDI] = DEVICE + 2;
	cpu.gpr[RAX] = 0x77;
	DO(0xf2, 0xaa);
	assert_int_equal(device_64(0) & 0xffffff, 0x777777);
	DO(0xf3, 0xaa); /* the count is 0 */
	assert_int_equal(device.count, 0);
}

static void a_long_one_comes_in_chunks(void **state)
{
	(void)state;
	cpu.gpr[RDI] = DEVICE;
	cpu.gpr[RCX] = 2500;
	cpu.gpr[RAX] = 0xab;
	assert_int_equal(RUN(0xf3, 0xaa), EMULATE_AGAIN);
	assert_int_equal(cpu.gpr[RCX], 2500 - EMULATE_CHUNK);
	assert_int_equal(cpu.gpr[RDI], DEVICE + EMULATE_CHUNK);
	assert_int_equal(cpu.rip, CODE);
	assert_int_equal(again(), EMULATE_AGAIN);
	assert_int_equal(again(), EMULATE_DONE);
	assert_int_equal(cpu.rip, CODE + 2);
	assert_int_equal(device.bytes[2499], 0xab);
	assert_int_equal(device.bytes[2500], 0);
	cpu.gpr[RCX] = EMULATE_CHUNK;
	cpu.gpr[RDI] = DEVICE;
	DO(0xf3, 0xaa);
}

static void single_stepping_stops_after_each_element(void **state)
{
	(void)state;
	cpu.rflags |= RFLAGS_TF;
	cpu.gpr[RDI] = DEVICE;
	cpu.gpr[RCX] = 2;
	assert_int_equal(RUN(0xf3, 0xaa), EMULATE_AGAIN);
	assert_int_equal(cpu.gpr[RCX], 1);
	assert_int_equal(again(), EMULATE_DONE);
	assert_int_equal(cpu.gpr[RCX], 0);
}

static void a_fault_stands_after_the_last_whole_element(void **state)
{
	(void)state;
	mode_64();
	put64(entry_of(DEVICE + 0x1000), 0);
	cpu.gpr[RSI] = 0x3000;
	cpu.gpr[RDI] = DEVICE + 0xffa;
	cpu.gpr[RCX] = 5;
	assert_int_equal(RUN(0xf3, 0xa5), EMULATE_FAULT);
	assert_int_equal(fault.cr2, DEVICE + 0x1000);
	assert_int_equal(device.count, 1);
	assert_int_equal(cpu.gpr[RCX], 4);
	assert_int_equal(cpu.gpr[RDI], DEVICE + 0xffe);
	assert_int_equal(cpu.gpr[RSI], 0x3004);
	assert_int_equal(cpu.rip, CODE);
	/* a device is not read before its destination is sure */
	cpu.gpr[RSI] = DEVICE;
	cpu.gpr[RDI] = DEVICE + 0x1000;
	assert_int_equal(RUN(0xa5), EMULATE_FAULT);
	assert_int_equal(device.count, 0);
	/* nor anything if the source faults */
	cpu.gpr[RSI] = DEVICE + 0x1000;
	cpu.gpr[RDI] = DEVICE;
	assert_int_equal(RUN(0xa7), EMULATE_FAULT);
	assert_int_equal(fault.error_code, 0);
	assert_int_equal(device.count, 0);
}

static void comparisons_end_by_the_zero_flag(void **state)
{
	(void)state;
	put64(0x3000, 0x0102030405060708);
	set_device_64(0, 0x0102030499060708);
	cpu.gpr[RSI] = 0x3000;
	cpu.gpr[RDI] = DEVICE;
	cpu.gpr[RCX] = 8;
	DO(0xf3, 0xa6); /* repe cmpsb */
	assert_int_equal(cpu.gpr[RCX], 4);
	assert_int_equal(cpu.gpr[RSI], 0x3004);
	assert_int_equal(cpu.rflags & (RFLAGS_CF | RFLAGS_ZF), RFLAGS_CF); /* 5 < 99h */
	cpu.gpr[RDI] = DEVICE;
	cpu.gpr[RCX] = 100;
	cpu.gpr[RAX] = 0x03;
	DO(0xf2, 0xae); /* repne scasb */
	assert_int_equal(cpu.gpr[RDI], DEVICE + 6);
	assert_int_equal(cpu.gpr[RCX], 94);
	assert_true(cpu.rflags & RFLAGS_ZF);
	DO(0xae);
	assert_int_equal(cpu.gpr[RCX], 94);
}

static void registers_wrap_within_the_address_size(void **state)
{
	(void)state;
	mode_16();
	cpu.gpr[RDI] = 0xaaaa0000;
	cpu.gpr[RCX] = 0xbbbb0001;
	cpu.rflags |= RFLAGS_DF;
	DO(0xf3, 0xaa);
	assert_int_equal(cpu.gpr[RDI], 0xaaaaffff);
	assert_int_equal(cpu.gpr[RCX], 0xbbbb0000);
	mode_64();
	cpu.rflags = RFLAGS_ONE;
	cpu.gpr[RDI] = UINT64_C(0xcccccccc00000000) | DEVICE;
	cpu.gpr[RCX] = 0xdddddddd00000001;
	DO(0x67, 0xf3, 0xaa);
	assert_int_equal(cpu.gpr[RDI], DEVICE + 1);
	assert_int_equal(cpu.gpr[RCX], 0);
}

static void an_override_is_for_the_source_only(void **state)
{
	(void)state;
	cpu.segments[GUEST_FS].base = DEVICE;
	cpu.segments[GUEST_ES].base = 0x3000;
	set_device_64(0x10, 0x42);
	cpu.gpr[RSI] = 0x10;
	cpu.gpr[RDI] = 0x20;
	DO(0x64, 0xa4);
	assert_int_equal(get64(0x3020), 0x42);
	cpu.gpr[RAX] = 0x43;
	DO(0x64, 0xaa);
	assert_int_equal(get64(0x3021), 0x43);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, arena_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_single_element_leaves_the_count),
		TEST(rep_moves_between_ram_and_a_device),
		TEST(a_long_one_comes_in_chunks),
		TEST(single_stepping_stops_after_each_element),
		TEST(a_fault_stands_after_the_last_whole_element),
		TEST(comparisons_end_by_the_zero_flag),
		TEST(registers_wrap_within_the_address_size),
		TEST(an_override_is_for_the_source_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
