/* tests/unit/test_trace_filter.c - which records the words of a trace keep. */
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

#include "debug/trace_filter.h"

#define REASON_HLT   12u
#define REASON_IO    30u
#define REASON_RDMSR 31u
#define REASON_EPT   48u

static char message[TRACE_MESSAGE];
static struct trace_filter f;

static const char *reason_name(uint32_t n)
{
	static const char *const names[51] = {
		[1] = "external interrupt",
		[7] = "interrupt window",
		[10] = "CPUID",
		[REASON_HLT] = "HLT",
		[18] = "VMCALL",
		[19] = "VMCLEAR",
		[REASON_IO] = "I/O instruction",
		[REASON_RDMSR] = "RDMSR",
		[REASON_EPT] = "EPT violation",
		[49] = "EPT misconfiguration",
		[50] = "EPT",
	};

	if (n >= ARRAY_SIZE(names))
		return NULL;
	return names[n] ? names[n] : "nothing special";
}

static enum status parse_as(const char *words, bool condition)
{
	enum status s = trace_filter_parse(&f, text_from(words), condition, reason_name, message,
					   sizeof(message));

	f.vms = UINT64_MAX;
	return s;
}

static void parse(const char *words)
{
	assert_int_equal(parse_as(words, false), OK);
}

static void expect_error(const char *words, bool condition, const char *text)
{
	assert_int_equal(parse_as(words, condition), ERR_INVALID);
	assert_string_equal(message, text);
}

static bool keeps(enum trace_kind kind, uint32_t reason, uint64_t qualification)
{
	const struct trace_record r = {
		.kind = (uint8_t)kind, .reason = reason, .qualification = qualification};

	return trace_filter_match(&f, &r);
}

static bool keeps_port(uint64_t port, unsigned size)
{
	return keeps(TRACE_IO, REASON_IO, port << 16 | (size - 1));
}

static void no_words_keep_everything(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		parse(((const char *[]){"", "all", " : "})[i]);
		for (unsigned kind = 0; kind < TRACE_KINDS; kind++)
			assert_true(keeps((enum trace_kind)kind, 0, 0));
		assert_true(trace_filter_wants_vm(&f, "anyone"));
	}
}

static void exit_is_all_exits(void **state)
{
	(void)state;
	parse("exit,inject");
	for (unsigned kind = 0; kind < TRACE_KINDS; kind++)
		assert_int_equal(keeps((enum trace_kind)kind, 0, 0), kind <= TRACE_INJECT);
	parse("msr,host");
	for (unsigned kind = 0; kind < TRACE_KINDS; kind++)
		assert_int_equal(keeps((enum trace_kind)kind, 0, 0),
				 kind == TRACE_MSR || kind == TRACE_HOST);
}

static void ports_say_which_exits_and_leave_other_kinds(void **state)
{
	(void)state;
	parse("exit,inject vm=demo port=40-43");
	assert_true(keeps_port(0x40, 1));
	assert_true(keeps_port(0x43, 1));
	assert_true(keeps_port(0x3f, 2)); /* its second byte */
	assert_false(keeps_port(0x3f, 1));
	assert_false(keeps_port(0x44, 4));
	assert_false(keeps(TRACE_EXIT, REASON_HLT, 0));
	assert_false(keeps(TRACE_MSR, REASON_RDMSR, 0x40));
	assert_true(keeps(TRACE_INJECT, 0x80000020, 0));
	assert_false(keeps(TRACE_VM, 0, 0));
	assert_true(trace_filter_wants_vm(&f, "demo"));
	assert_false(trace_filter_wants_vm(&f, "dem"));
	assert_false(trace_filter_wants_vm(&f, "demo2"));
}

static void an_option_has_colons_for_blanks(void **state)
{
	(void)state;
	parse("exit:vm=a,b:port=0x60");
	assert_true(keeps_port(0x60, 1));
	assert_false(keeps_port(0x61, 1));
	assert_true(trace_filter_wants_vm(&f, "b"));
	assert_false(trace_filter_wants_vm(&f, "c"));
}

static void ranges_alone_mean_exits(void **state)
{
	(void)state;
	parse("msr=C0000080 addr=a0000-bffff reason=hlt");
	assert_true(keeps(TRACE_MSR, REASON_RDMSR, 0xc0000080));
	assert_false(keeps(TRACE_MSR, REASON_RDMSR, 0xc0000081));
	assert_true(keeps(TRACE_MMIO, REASON_EPT, 0xbffff));
	assert_false(keeps(TRACE_MMIO, REASON_EPT, 0xc0000));
	assert_false(keeps(TRACE_MMIO, REASON_EPT, 0x9ffff));
	assert_true(keeps(TRACE_EXIT, REASON_HLT, 0));
	assert_false(keeps(TRACE_CPUID, 10, 0));
	assert_false(keeps(TRACE_INJECT, 0, 0));
}

static void a_reason_has_a_number_or_a_name(void **state)
{
	(void)state;
	parse("reason=12,i/o-instruction,eptv,EPT,vmcall,0x7f");
	assert_true(keeps(TRACE_EXIT, REASON_HLT, 0));
	assert_true(keeps_port(1, 1));
	assert_true(keeps(TRACE_MMIO, REASON_EPT, 0));
	assert_true(keeps(TRACE_EXIT, 50, 0)); /* the whole name goes before a beginning */
	assert_false(keeps(TRACE_EXIT, 49, 0));
	assert_true(keeps(TRACE_EXIT, 18, 0));
	assert_false(keeps(TRACE_EXIT, 19, 0));
	assert_true(keeps(TRACE_EXIT, 127, 0));
	assert_true(keeps(TRACE_EXIT, 0x80000012, 0)); /* a failed entry has its reason below */
	assert_false(keeps(TRACE_EXIT, 128, 0));
}

static void only_wanted_vms_pass(void **state)
{
	struct trace_record r = {.kind = TRACE_VM, .vm = 5};

	(void)state;
	parse("all");
	f.vms = BIT(5);
	assert_true(trace_filter_match(&f, &r));
	r.vm = 4;
	assert_false(trace_filter_match(&f, &r));
	r.vm = 64; /* no VM has that number */
	assert_false(trace_filter_match(&f, &r));
}

static void a_condition_may_say_how_many_more(void **state)
{
	(void)state;
	assert_int_equal(parse_as("reason=hlt after=4", true), OK);
	assert_int_equal(f.after, 4);
	assert_int_equal(parse_as("reason=hlt", true), OK);
	assert_int_equal(f.after, TRACE_AFTER);
}

static void wrong_words_are_named_with_what_is_possible(void **state)
{
	static const char range[] =
		"\"port=%s\": a hexadecimal number, or two as in 40-43, the lower one first";
	static const char *const ranges[] = {
		"43-40", "x", "40-", "-40", "1-2-3", "0x", "11112222333344445", "4g"};
	char words[64], text[TRACE_MESSAGE];

	(void)state;
	expect_error("exit,interrupts", false,
		     "\"interrupts\": no such kind; there are all, or some of: exit io msr cpuid "
		     "mmio inject irq fail vm halt wake host");
	expect_error("exit prot=40", false,
		     "\"prot=40\": vm=, reason=, port=, msr= or addr= is possible");
	expect_error("exit inject", false,
		     "\"inject\": vm=, reason=, port=, msr= or addr= is possible");
	expect_error("exit after=4", false,
		     "\"after=4\": vm=, reason=, port=, msr= or addr= is possible");
	expect_error("exit x=4", true,
		     "\"x=4\": vm=, reason=, port=, msr=, addr= or after= is possible");
	expect_error("exit vm=", false, "\"vm=\": a value must follow");
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
		snprintf(words, sizeof(words), "port=%s", ranges[i]);
		snprintf(text, sizeof(text), range, ranges[i]);
		expect_error(words, false, text);
	}
	expect_error("reason=hlt,vmc", false,
		     "\"vmc\": not one exit reason: its number or name, see `trace reasons`");
	expect_error("reason=128", false,
		     "\"128\": not one exit reason: its number or name, see `trace reasons`");
	expect_error("reason=-", false,
		     "\"-\": not one exit reason: its number or name, see `trace reasons`");
	expect_error("vm=a,b,c,d,e", false, "\"e\": at most four VMs, by their names");
	expect_error("vm=a,,b", false, "\"\": at most four VMs, by their names");
	expect_error(
		"vm=a234567890123456789012345678901234567890123", false,
		"\"a234567890123456789012345678901234567890\": at most four VMs, by their names");
	expect_error("hlt after=0", true,
		     "\"hlt\": no such kind; there are all, or some of: exit "
		     "io msr cpuid mmio inject irq fail vm halt wake host");
	expect_error("after=0", true, "\"after=0\": a number of records, 1 or more");
	/* debug/trace.c counts them down, and has this number for "not yet". */
	expect_error("after=2147483647", true,
		     "\"after=2147483647\": a number of records, 1 or more");
}

static void a_message_that_finds_no_room_is_cut(void **state)
{
	char small[24];

	(void)state;
	assert_int_equal(
		trace_filter_parse(&f, text_from("foo"), false, reason_name, small, sizeof(small)),
		ERR_INVALID);
	assert_string_equal(small, "\"foo\": no such kind; th");
}

static void kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(trace_kind_name(TRACE_EXIT), "exit");
	assert_string_equal(trace_kind_name(TRACE_HOST), "host");
	assert_string_equal(trace_kind_name(TRACE_KINDS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_words_keep_everything),
		cmocka_unit_test(exit_is_all_exits),
		cmocka_unit_test(ports_say_which_exits_and_leave_other_kinds),
		cmocka_unit_test(an_option_has_colons_for_blanks),
		cmocka_unit_test(ranges_alone_mean_exits),
		cmocka_unit_test(a_reason_has_a_number_or_a_name),
		cmocka_unit_test(only_wanted_vms_pass),
		cmocka_unit_test(a_condition_may_say_how_many_more),
		cmocka_unit_test(wrong_words_are_named_with_what_is_possible),
		cmocka_unit_test(a_message_that_finds_no_room_is_cut),
		cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
