/* tests/unit/test_trace_text.c - a record of the trace in words. */
#include "tests/unit/support.h"

#include <string.h>

#include "debug/trace_text.h"

static const char *reason_name(uint32_t n)
{
	return n == 0 ? "exception or NMI" : n == 12 ? "HLT" : n == 18 ? "VMCALL" : NULL;
}

static void expect(const struct trace_record *r, const char *text)
{
	char line[TRACE_TEXT_BYTES];

	trace_text(line, sizeof(line), r, reason_name);
	assert_string_equal(line, text);
	/* Whatever the room, the text stays in it. */
	for (size_t size = 1; size <= strlen(text); size++) {
		trace_text(line, size, r, reason_name);
		assert_int_equal(strlen(line), size - 1);
		assert_memory_equal(line, text, size - 1);
	}
}

#define EXPECT(text, ...) expect(&(const struct trace_record){__VA_ARGS__}, text)

static void exits_say_what_they_were_and_what_came_of_it(void **state)
{
	(void)state;
	EXPECT("HLT at 0x7c10, 812 ticks, block", .kind = TRACE_EXIT, .reason = 12, .rip = 0x7c10,
	       .duration_ticks = 812, .action = 2);
	EXPECT("exit 99, qualification 12h, unhandled", .kind = TRACE_EXIT, .reason = 99,
	       .qualification = 0x12, .action = 5);
	EXPECT("VMCALL, 4c4e0000h -> 1h, skip", .kind = TRACE_EXIT, .reason = 18,
	       .detail = 0x4c4e0000, .value = 1);
	EXPECT("exception or NMI, qualification 4000h: exception, vector 1h, retry",
	       .kind = TRACE_EXIT, .qualification = 0x4000, .detail = 0x80000301, .action = 1);
	EXPECT("HLT, ?", .kind = TRACE_EXIT, .reason = 0x8000000c, .action = 6);
}

static void accesses_have_direction_and_value(void **state)
{
	(void)state;
	EXPECT("in 3fdh -> 60h, skip", .kind = TRACE_IO, .qualification = 0x03fd0008,
	       .value = 0x60);
	EXPECT("out 40h <- 1234h, skip", .kind = TRACE_IO, .qualification = 0x00400001,
	       .value = 0x1234);
	EXPECT("ins 1f0h, 2 bytes each, skip", .kind = TRACE_IO, .qualification = 0x01f00039);
	EXPECT("outs 8900h, 1 bytes each, stop", .kind = TRACE_IO, .qualification = 0x89000030,
	       .action = 4);
	EXPECT("rdmsr c0000080h -> 500h, skip", .kind = TRACE_MSR, .reason = 31,
	       .qualification = 0xc0000080, .value = 0x500);
	EXPECT("wrmsr 10h <- 0h, retry", .kind = TRACE_MSR, .reason = 32, .qualification = 0x10,
	       .action = 1);
	EXPECT("cpuid 7h, ecx 1h -> eax 2h, ebx 3h, skip", .kind = TRACE_CPUID, .reason = 10,
	       .qualification = 0x100000007, .value = 0x300000002);
	EXPECT("read a0000h -> ffh, retry", .kind = TRACE_MMIO, .reason = 48,
	       .qualification = 0xa0000, .value = 0xff, .detail = 0x181, .action = 1);
	EXPECT("write a0000h <- ffh, retry", .kind = TRACE_MMIO, .reason = 48,
	       .qualification = 0xa0000, .value = 0xff, .detail = 0x182, .action = 1);
	EXPECT("fetch a0000h -> 0h, retry", .kind = TRACE_MMIO, .reason = 48,
	       .qualification = 0xa0000, .detail = 0x184, .action = 1);
}

static void events_have_type_and_vector(void **state)
{
	(void)state;
	EXPECT("interrupt, vector 20h at 0x10", .kind = TRACE_INJECT, .reason = 0x80000020,
	       .rip = 0x10);
	EXPECT("NMI, vector 2h", .kind = TRACE_INJECT, .reason = 0x80000202);
	EXPECT("exception, vector dh, error code 18h", .kind = TRACE_INJECT, .reason = 0x80000b0d,
	       .detail = 0x18);
	EXPECT("exception, vector eh, error code 2h, CR2 1000h", .kind = TRACE_INJECT,
	       .reason = 0x80000b0e, .detail = 2, .qualification = 0x1000);
	EXPECT("INT, vector eh", .kind = TRACE_INJECT, .reason = 0x8000040e);
}

static void the_rest_is_said_in_a_few_words(void **state)
{
	(void)state;
	EXPECT("inputs 01 02, in service 03 04, masked 05 06, INT 1", .kind = TRACE_IRQ,
	       .value = 0x1060402050301);
	EXPECT("exit 33, qualification 3h", .kind = TRACE_FAIL, .reason = 0x80000021,
	       .qualification = 3);
	EXPECT("VM-instruction error 0", .kind = TRACE_FAIL, .reason = 0xffff0001);
	EXPECT("VM-instruction error 7", .kind = TRACE_FAIL, .reason = 0xffff0002, .value = 7);
	EXPECT("start", .kind = TRACE_VM, .reason = TRACE_VM_START);
	EXPECT("reset", .kind = TRACE_VM, .reason = TRACE_VM_RESET);
	EXPECT("?", .kind = TRACE_VM, .reason = TRACE_VM_EVENTS);
	EXPECT("sleeps", .kind = TRACE_HALT);
	EXPECT("wakes, 100 ticks", .kind = TRACE_WAKE, .duration_ticks = 100);
	EXPECT("2 interrupts, pending 1h", .kind = TRACE_HOST, .reason = 2, .value = 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exits_say_what_they_were_and_what_came_of_it),
		cmocka_unit_test(accesses_have_direction_and_value),
		cmocka_unit_test(events_have_type_and_vector),
		cmocka_unit_test(the_rest_is_said_in_a_few_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
