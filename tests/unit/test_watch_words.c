/* tests/unit/test_watch_words.c - the words of watch=. */
#include "tests/unit/word_fault.h"

#include "toolkit/watch_words.h"

#define R   WATCH_READ
#define W   WATCH_WRITE
#define X   WATCH_EXECUTE
#define ALL true

static struct watch w;
static struct text bad;
static const char *what;

static enum status read_word(const char *word)
{
	memset(&w, 0xa5, sizeof(w)); /* whatever was there before */
	bad = (struct text){0};
	what = NULL;
	return watch_read(text_from(word), &w, &bad, &what);
}

static const struct {
	const char *word;
	enum watch_kind kind;
	uint64_t low, high;
	unsigned rights;
	bool all;
	uint32_t mask, match;
} forms[] = {
	{"io:3f8", WATCH_IO, 0x3f8, 0x3f8, 0, false, 0, 0},
	{"io:0x3F8", WATCH_IO, 0x3f8, 0x3f8, 0, false, 0, 0},
	{"io:60-64", WATCH_IO, 0x60, 0x64, 0, false, 0, 0},
	{"io:0-ffff", WATCH_IO, 0, 0xffff, 0, false, 0, 0},
	{"io:0X60-0x60", WATCH_IO, 0x60, 0x60, 0, false, 0, 0},
	{"io:0000000000000080", WATCH_IO, 0x80, 0x80, 0, false, 0, 0},
	{"io:all", WATCH_IO, 0, 0xffff, 0, ALL, 0, 0},
	{"msr:174", WATCH_MSR, 0x174, 0x174, R | W, false, 0, 0},
	{"msr:c0000080-c0000082", WATCH_MSR, 0xc0000080, 0xc0000082, R | W, false, 0, 0},
	{"msr:10:r", WATCH_MSR, 0x10, 0x10, R, false, 0, 0},
	{"msr:0-ffffffff:w", WATCH_MSR, 0, UINT32_MAX, W, false, 0, 0},
	{"msr:10:wr", WATCH_MSR, 0x10, 0x10, R | W, false, 0, 0},
	{"cr0", WATCH_CR0, 0, 0, 0, false, 0, 0},
	{"cr3", WATCH_CR3, 0, 0, 0, false, 0, 0},
	{"cr4", WATCH_CR4, 0, 0, 0, false, 0, 0},
	{"cr8", WATCH_CR8, 0, 0, 0, false, 0, 0},
	{"dr", WATCH_DR, 0, 0, 0, false, 0, 0},
	{"exc:0", WATCH_EXC, 0, 0, 0, false, 0, 0},
	{"exc:31", WATCH_EXC, 31, 31, 0, false, 0, 0},
	{"exc:0xe", WATCH_EXC, 14, 14, 0, false, 0, 0},
	{"exc:14:1f:2", WATCH_EXC, 14, 14, 0, false, 0x1f, 2},
	{"exc:14:ffffffff:0x10", WATCH_EXC, 14, 14, 0, false, UINT32_MAX, 0x10},
	{"desc", WATCH_DESC, 0, 0, 0, false, 0, 0},
	{"tsc", WATCH_TSC, 0, 0, 0, false, 0, 0},
	{"invlpg", WATCH_INVLPG, 0, 0, 0, false, 0, 0},
	{"hlt", WATCH_HLT, 0, 0, 0, false, 0, 0},
	{"pause", WATCH_PAUSE, 0, 0, 0, false, 0, 0},
	{"xsetbv", WATCH_XSETBV, 0, 0, 0, false, 0, 0},
	{"cpuid", WATCH_CPUID, 0, UINT32_MAX, 0, ALL, 0, 0},
	{"cpuid:80000002", WATCH_CPUID, 0x80000002, 0x80000002, 0, false, 0, 0},
	{"preempt:1", WATCH_PREEMPT, 1, 1, 0, false, 0, 0},
	{"preempt:1000000", WATCH_PREEMPT, 1000000, 1000000, 0, false, 0, 0},
	{"step", WATCH_STEP, 0, UINT64_MAX, 0, ALL, 0, 0},
	{"step:7c00", WATCH_STEP, 0x7c00, 0x7c00, 0, false, 0, 0},
	{"step:ffffffffffffffff", WATCH_STEP, UINT64_MAX, UINT64_MAX, 0, false, 0, 0},
	{"ept:8000+10:w", WATCH_EPT, 0x8000, 0x800f, W, false, 0, 0},
	{"ept:0+1:r", WATCH_EPT, 0, 0, R, false, 0, 0},
	{"ept:0x8000+0x1000:xwr", WATCH_EPT, 0x8000, 0x8fff, R | W | X, false, 0, 0},
	{"ept:ffffffffffff+1:x", WATCH_EPT, BIT(48) - 1, BIT(48) - 1, X, false, 0, 0},
	{"ept:ffffff000000+1000000:rx", WATCH_EPT, BIT(48) - BIT(24), BIT(48) - 1, R | X, false, 0,
	 0},
	{"ept:1+1000000:rx", WATCH_EPT, 1, 16 * MIB, R | X, false, 0, 0},
	{"fresh", WATCH_FRESH, 0, 0, 0, false, 0, 0},
	{"dirty", WATCH_DIRTY, 0, 0, 0, false, 0, 0},
	{"syscall", WATCH_SYSCALL, 0, 0, 0, false, 0, 0},
};

static void each_form_is_read(void **state)
{
	bool seen[WATCH_KINDS] = {false};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (read_word(forms[i].word) != OK)
			fail_msg("%s: %s", forms[i].word, what);
		assert_int_equal(w.kind, forms[i].kind);
		assert_int_equal(w.low, forms[i].low);
		assert_int_equal(w.high, forms[i].high);
		assert_int_equal(w.rights, forms[i].rights);
		assert_int_equal(w.all, forms[i].all);
		assert_int_equal(w.mask, forms[i].mask);
		assert_int_equal(w.match, forms[i].match);
		assert_int_equal(w.hits | w.told, 0);
		assert_string_equal(w.text, forms[i].word);
		seen[w.kind] = true;
	}
	for (unsigned i = 0; i < WATCH_KINDS; i++)
		assert_true(seen[i]);
}

static void the_name_of_a_kind_begins_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *name = watch_kind_name(forms[i].kind);
		char after = forms[i].word[strlen(name)];

		assert_memory_equal(forms[i].word, name, strlen(name));
		assert_true(after == '\0' || after == ':');
	}
}

#define MISSING "a number is missing"
#define HOSTS   "NMI and #MC are the host's"
#define RANGE   "this number is out of range"
#define FOLLOW  "something must follow, with a colon"
#define ALONE   "this word stands alone"
#define MSR     "behind the index comes r, w or rw"
#define EPT     "ept takes ADDR+LEN:rwx, as in ept:8000+10:w"
#define RIGHTS  "behind the length come r, w, x or some of them"
#define LENGTH  "this length is out of range (1 to 1000000, 16 MiB)"
#define UNKNOWN "unknown word in watch="
#define ONLY_PF "only #PF, exc:14, has a mask and a match"
#define BOTH    "exc:14 has both, a mask and a match"

static const struct word_fault faults[] = {
	{"", NULL, UNKNOWN, ERR_INVALID},
	{":", NULL, UNKNOWN, ERR_INVALID},
	{":3f8", NULL, UNKNOWN, ERR_INVALID},
	{"oi:3f8", "oi", UNKNOWN, ERR_INVALID},
	{"IO:3f8", "IO", UNKNOWN, ERR_INVALID},
	{"cr", NULL, UNKNOWN, ERR_INVALID},
	{"cr33", NULL, UNKNOWN, ERR_INVALID},
	{"io:0000000000000000000000000000000000000000000080", NULL, "this word is too long",
	 ERR_INVALID},
	{"io", NULL, FOLLOW, ERR_INVALID},
	{"io:", NULL, MISSING, ERR_INVALID},
	{"io:-", NULL, MISSING, ERR_INVALID},
	{"io:60-", NULL, MISSING, ERR_INVALID},
	{"io:-60", NULL, MISSING, ERR_INVALID},
	{"io:0x", "0x", "not a number", ERR_INVALID},
	{"io:3g", "3g", "not a number", ERR_INVALID},
	{"io:ALL", "ALL", "not a number", ERR_INVALID},
	{"io:60-6g", "6g", "not a number", ERR_INVALID},
	{"io:60-64-66", "64-66", "not a number", ERR_INVALID},
	{"io:60:r", "60:r", "not a number", ERR_INVALID},
	{"io:10000", "10000", RANGE, ERR_RANGE},
	{"io:60-10000", "10000", RANGE, ERR_RANGE},
	{"io:10000000000000000", "10000000000000000", RANGE, ERR_RANGE},
	{"io:64-60", "64-60", "the range is upside down", ERR_RANGE},
	{"msr", NULL, FOLLOW, ERR_INVALID},
	{"msr:", NULL, MISSING, ERR_INVALID},
	{"msr::r", NULL, MISSING, ERR_INVALID},
	{"msr:100000000", "100000000", RANGE, ERR_RANGE},
	{"msr:11-10", "11-10", "the range is upside down", ERR_RANGE},
	{"msr:10:", NULL, MSR, ERR_INVALID},
	{"msr:10:x", "x", MSR, ERR_INVALID},
	{"msr:10:rr", "rr", MSR, ERR_INVALID},
	{"msr:10:r:", NULL, "this is too much", ERR_INVALID},
	{"msr:10:r:w", NULL, "this is too much", ERR_INVALID},
	{"cr0:1", NULL, ALONE, ERR_INVALID},
	{"dr:", NULL, ALONE, ERR_INVALID},
	{"syscall:60", NULL, ALONE, ERR_INVALID},
	{"exc", NULL, FOLLOW, ERR_INVALID},
	{"exc:", NULL, MISSING, ERR_INVALID},
	{"exc:32", "32", RANGE, ERR_RANGE},
	{"exc:2", "2", HOSTS, ERR_RANGE},
	{"exc:0x12", "0x12", HOSTS, ERR_RANGE},
	{"exc:e", "e", "not a number", ERR_INVALID},
	{"exc:13:1:1", "1:1", ONLY_PF, ERR_INVALID},
	{"exc:13:", NULL, ONLY_PF, ERR_INVALID},
	{"exc:14:", NULL, BOTH, ERR_INVALID},
	{"exc:14:1", NULL, BOTH, ERR_INVALID},
	{"exc:14::1", NULL, MISSING, ERR_INVALID},
	{"exc:14:1:", NULL, MISSING, ERR_INVALID},
	{"exc:14:1:2:3", "2:3", "not a number", ERR_INVALID},
	{"exc:14:100000000:0", "100000000", RANGE, ERR_RANGE},
	{"cpuid:", NULL, MISSING, ERR_INVALID},
	{"cpuid:100000000", "100000000", RANGE, ERR_RANGE},
	{"cpuid:1-2", "1-2", "not a number", ERR_INVALID},
	{"preempt", NULL, FOLLOW, ERR_INVALID},
	{"preempt:0", "0", RANGE, ERR_RANGE},
	{"preempt:1000001", "1000001", RANGE, ERR_RANGE},
	{"preempt:a", "a", "not a number", ERR_INVALID},
	{"step:", NULL, MISSING, ERR_INVALID},
	{"step:10000000000000000", "10000000000000000", RANGE, ERR_RANGE},
	{"ept", NULL, FOLLOW, ERR_INVALID},
	{"ept:", NULL, EPT, ERR_INVALID},
	{"ept:8000", NULL, EPT, ERR_INVALID},
	{"ept:8000+10", NULL, EPT, ERR_INVALID},
	{"ept:8000:w", NULL, EPT, ERR_INVALID},
	{"ept:+10:w", NULL, MISSING, ERR_INVALID},
	{"ept:8000+:w", NULL, MISSING, ERR_INVALID},
	{"ept:8000+10:", NULL, RIGHTS, ERR_INVALID},
	{"ept:8000+10:ww", "ww", RIGHTS, ERR_INVALID},
	{"ept:8000+10:rwa", "rwa", RIGHTS, ERR_INVALID},
	{"ept:8000+10:w:w", "w:w", RIGHTS, ERR_INVALID},
	{"ept:1000000000000+1:w", "1000000000000", RANGE, ERR_RANGE},
	{"ept:0+1000000000000:w", "1000000000000", RANGE, ERR_RANGE},
	{"ept:ffffffffffff+2:w", "2", LENGTH, ERR_RANGE},
	{"ept:8000+0:w", "0", LENGTH, ERR_RANGE},
	{"ept:8000+1000001:w", "1000001", LENGTH, ERR_RANGE},
};

static void each_fault_names_the_part_and_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		enum status s = read_word(faults[i].word);

		assert_word_fault(&faults[i], s, bad, what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_read),
		cmocka_unit_test(the_name_of_a_kind_begins_its_words),
		cmocka_unit_test(each_fault_names_the_part_and_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
