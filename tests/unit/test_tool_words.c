/* tests/unit/test_tool_words.c - the words tsc=, cpuid= and msrarea=. */
#include "tests/unit/support.h"

#include "toolkit/cpuid_words.h"
#include "toolkit/hex_words.h"
#include "toolkit/msr_area_words.h"
#include "toolkit/tsc_words.h"

static struct text bad;
static const char *what;

static void expect_bad(const char *piece)
{
	assert_true(text_is(bad, piece));
	assert_non_null(what);
}

static void a_hexadecimal_number_may_have_0x_before_it(void **state)
{
	static const struct {
		const char *text;
		enum status status;
		uint64_t number;
	} samples[] = {
		{"0", OK, 0},
		{"c0000082", OK, 0xc0000082},
		{"0xFfff", OK, 0xffff},
		{"0X10", OK, 0x10},
		{"ffffffffffffffff", ERR_RANGE, 0},
		{"10000000000000000", ERR_RANGE, 0},
		{"100000000", ERR_RANGE, 0},
		{"", ERR_INVALID, 0},
		{"0x", ERR_INVALID, 0},
		{"12g", ERR_INVALID, 0},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		uint64_t number = 0;

		assert_int_equal(hex_read(text_from(samples[i].text), UINT32_MAX, &number),
				 samples[i].status);
		if (samples[i].status == OK)
			assert_int_equal(number, samples[i].number);
	}
}

static void a_ratio_becomes_a_multiplier_with_48_bits_of_fraction(void **state)
{
	static const struct {
		const char *text;
		uint64_t multiplier;
	} samples[] = {
		{"scale:1", BIT(48)},
		{"scale:3/2", BIT(48) + BIT(47)},
		{"scale:1/2", BIT(47)},
		{"scale:1/3", UINT64_C(0x555555555555)},
		{"scale:4294967295/4294967294", UINT64_C(0x1000000010000)},
		{"scale:65535", UINT64_C(0xffff000000000000)},
		{"scale:4294967295/65537", UINT64_C(0xffff000000000000)},
		{"scale:1/4294967295", UINT64_C(0x10000)},
		{"scale:0x10/1", BIT(52)},
	};
	struct tsc_words w;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		assert_int_equal(tsc_words_read(text_from(samples[i].text), &w, &bad, &what), OK);
		assert_int_equal(w.multiplier, samples[i].multiplier);
		assert_int_equal(w.offset, 0);
	}
}

static void an_offset_may_be_negative(void **state)
{
	struct tsc_words w;

	(void)state;
	assert_int_equal(tsc_words_read(text_from("offset:-5,scale:2"), &w, &bad, &what), OK);
	assert_int_equal(w.offset, UINT64_MAX - 4);
	assert_int_equal(w.multiplier, 2 * BIT(48));
	assert_int_equal(tsc_words_read(text_from("offset:0xffffffffffffffff"), &w, &bad, &what),
			 OK);
	assert_int_equal(w.offset, UINT64_MAX);
}

static void a_wrong_word_for_the_tsc_is_named(void **state)
{
	static const struct {
		const char *text, *bad;
		enum status status;
	} samples[] = {
		{"offset", "offset", ERR_INVALID},
		{"scale:1,offset:x", "offset:x", ERR_INVALID},
		{"offset:1,offset:2", "offset:2", ERR_EXISTS},
		{"scale:1,scale:2", "scale:2", ERR_EXISTS},
		{"scale:", "scale:", ERR_INVALID},
		{"scale:1/", "scale:1/", ERR_INVALID},
		{"scale:0", "scale:0", ERR_RANGE},
		{"scale:1/0", "scale:1/0", ERR_RANGE},
		{"scale:65536", "scale:65536", ERR_RANGE},
		{"scale:4294967296/65536", "scale:4294967296/65536", ERR_RANGE},
		{"scale:1/4294967296", "scale:1/4294967296", ERR_RANGE},
		{"offset:0x10000000000000000", "offset:0x10000000000000000", ERR_RANGE},
		{"skew:1", "skew:1", ERR_INVALID},
		{",", "", ERR_INVALID},
	};
	struct tsc_words w;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		assert_int_equal(tsc_words_read(text_from(samples[i].text), &w, &bad, &what),
				 samples[i].status);
		expect_bad(samples[i].bad);
	}
}

static void cpuid_names_leaves_and_registers(void **state)
{
	struct cpuid_override list[CPUID_WORDS_MAX];
	unsigned count;

	(void)state;
	assert_int_equal(cpuid_words_read(text_from("1:ecx=0,d.1:eax=1:edx=0xffffffff,"
						    "80000002:ebx=41424344"),
					  list, &count, &bad, &what),
			 OK);
	assert_int_equal(count, 3);
	assert_int_equal(list[0].leaf, 1);
	assert_int_equal(list[0].subleaf, 0);
	assert_int_equal(list[0].named, 4);
	assert_int_equal(list[1].leaf, 0xd);
	assert_int_equal(list[1].subleaf, 1);
	assert_int_equal(list[1].named, 9);
	assert_int_equal(list[1].regs.eax, 1);
	assert_int_equal(list[1].regs.edx, UINT32_MAX);
	assert_int_equal(list[2].regs.ebx, 0x41424344);
}

static void a_wrong_word_for_cpuid_is_named(void **state)
{
	static const struct {
		const char *text, *bad;
		enum status status;
	} samples[] = {
		{"1", "1", ERR_INVALID},
		{"x:eax=1", "x:eax=1", ERR_INVALID},
		{"1.:eax=1", "1.:eax=1", ERR_INVALID},
		{"1:eax=1,100000000:eax=1", "100000000:eax=1", ERR_RANGE},
		{"1:eax=100000000", "eax=100000000", ERR_RANGE},
		{"1:eax=1:eax=2", "eax=2", ERR_EXISTS},
		{"1:esi=1", "esi=1", ERR_INVALID},
		{"1:eax", "eax", ERR_INVALID},
		{",", "", ERR_INVALID},
		{"0:eax=0,1:eax=0,2:eax=0,3:eax=0,4:eax=0,5:eax=0,6:eax=0,7:eax=0,8:eax=0,9:eax=0,"
		 "a:eax=0,b:eax=0,c:eax=0,d:eax=0,e:eax=0,f:eax=0,10:eax=0",
		 "10:eax=0", ERR_FULL},
	};
	struct cpuid_override list[CPUID_WORDS_MAX];
	unsigned count;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		assert_int_equal(
			cpuid_words_read(text_from(samples[i].text), list, &count, &bad, &what),
			samples[i].status);
		expect_bad(samples[i].bad);
	}
}

static const struct msr_features features = {
	.rdtscp = true,
	.pat_switched = true,
	.efer_switched = true,
};

static void an_msr_area_takes_indices_with_and_without_values(void **state)
{
	struct msr_area_entry list[MSR_AREA_MAX];
	unsigned count;

	(void)state;
	assert_int_equal(msr_area_words_read(text_from("c0000081,C0000082=ffff800000001000,"
						       "0xc0000102=0"),
					     &features, list, &count, &bad, &what),
			 OK);
	assert_int_equal(count, 3);
	assert_int_equal(list[0].index, MSR_STAR);
	assert_int_equal(list[0].value, 0);
	assert_int_equal(list[1].index, MSR_LSTAR);
	assert_int_equal(list[1].value, UINT64_C(0xffff800000001000));
	assert_int_equal(list[2].index, MSR_KERNEL_GS_BASE);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(list[i].reserved, 0);
}

/* What VM exit could not load again would be the end of the machine. */
static void an_msr_area_takes_nothing_else(void **state)
{
	static const struct {
		const char *text, *bad;
		enum status status;
	} samples[] = {
		{"c0000080", "c0000080", ERR_UNSUPPORTED},
		{"c0000100=0", "c0000100=0", ERR_UNSUPPORTED},
		{"c0000101=0", "c0000101=0", ERR_UNSUPPORTED},
		{"800", "800", ERR_UNSUPPORTED},
		{"79", "79", ERR_UNSUPPORTED},
		{"9b", "9b", ERR_UNSUPPORTED},
		{"174", "174", ERR_UNSUPPORTED},
		{"c0000081,c0000082=800000000000", "c0000082=800000000000", ERR_RANGE},
		{"c0000084=100000000", "c0000084=100000000", ERR_RANGE},
		{"c0000081=1,c0000081=2", "c0000081=2", ERR_EXISTS},
		{"c0000081=", "c0000081=", ERR_INVALID},
		{"lstar", "lstar", ERR_INVALID},
		{"100000000", "100000000", ERR_RANGE},
	};
	struct msr_area_entry list[MSR_AREA_MAX];
	const struct msr_features none = {0};
	unsigned count;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(samples); i++) {
		assert_int_equal(msr_area_words_read(text_from(samples[i].text), &features, list,
						     &count, &bad, &what),
				 samples[i].status);
		expect_bad(samples[i].bad);
	}
	assert_int_equal(
		msr_area_words_read(text_from("c0000103"), &none, list, &count, &bad, &what),
		ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hexadecimal_number_may_have_0x_before_it),
		cmocka_unit_test(a_ratio_becomes_a_multiplier_with_48_bits_of_fraction),
		cmocka_unit_test(an_offset_may_be_negative),
		cmocka_unit_test(a_wrong_word_for_the_tsc_is_named),
		cmocka_unit_test(cpuid_names_leaves_and_registers),
		cmocka_unit_test(a_wrong_word_for_cpuid_is_named),
		cmocka_unit_test(an_msr_area_takes_indices_with_and_without_values),
		cmocka_unit_test(an_msr_area_takes_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
