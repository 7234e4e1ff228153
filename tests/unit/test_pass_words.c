/* tests/unit/test_pass_words.c - the words of pass=. */
#include "tests/unit/word_fault.h"

#include "mm/ept.h"
#include "toolkit/pass_words.h"

static struct pass_range range;
static struct text bad;
static const char *what;

static enum status read_word(const char *word)
{
	bad = (struct text){0};
	what = NULL;
	return pass_read(text_from(word), &range, &bad, &what);
}

static const struct {
	const char *word;
	uint64_t at, to, len_bytes;
	unsigned rights;
	const char *place;
} forms[] = {
	{"b8000:b8000+8000", 0xb8000, 0xb8000, 0x8000, EPT_RWX, "b8000+8000"},
	{"0x10000000:0XA0000+0x20000:r", 0x10000000, 0xa0000, 0x20000, EPT_READ, "0XA0000+0x20000"},
	{"0:f0000+10000:xr", 0, 0xf0000, 0x10000, EPT_READ | EPT_EXEC, "f0000+10000"},
	{"1000:1000+1000:wr", 0x1000, 0x1000, 0x1000, EPT_READ | EPT_WRITE, "1000+1000"},
	{"1000:1000+1000:x", 0x1000, 0x1000, 0x1000, EPT_EXEC, "1000+1000"},
	{"fffffffff000:ffffffffff000+1000:rwx", 0xfffffffff000, 0xffffffffff000, 0x1000, EPT_RWX,
	 "ffffffffff000+1000"},
	{"0:0+100000000", 0, 0, 4 * GIB, EPT_RWX, "0+100000000"},
};

static void each_form_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (read_word(forms[i].word) != OK)
			fail_msg("%s: %s", forms[i].word, what);
		assert_int_equal(range.at.raw, forms[i].at);
		assert_int_equal(range.to.raw, forms[i].to);
		assert_int_equal(range.len_bytes, forms[i].len_bytes);
		assert_int_equal(range.rights, forms[i].rights);
		assert_true(text_is(range.place, forms[i].place));
	}
}

#define FORM   "pass= takes GPA:HPA+LEN[:rwx], in hexadecimal"
#define RANGE  "this number is out of range"
#define WHOLE  "pages are whole: a multiple of 1000"
#define LENGTH "this length is out of range"
#define RIGHTS "rights are r, w, x or some of them"

static const struct word_fault faults[] = {
	{"", NULL, FORM, ERR_INVALID},
	{":", NULL, FORM, ERR_INVALID},
	{"b8000", NULL, FORM, ERR_INVALID},
	{"b8000:", NULL, FORM, ERR_INVALID},
	{"b8000:b8000", NULL, FORM, ERR_INVALID},
	{"b8000:b8000+", NULL, FORM, ERR_INVALID},
	{":b8000+8000", NULL, FORM, ERR_INVALID},
	{"b8000:+8000", NULL, FORM, ERR_INVALID},
	{"b80g0:b8000+8000", "b80g0", FORM, ERR_INVALID},
	{"b8000:text+8000", "text", FORM, ERR_INVALID},
	{"b8000:b8000+8k", "8k", FORM, ERR_INVALID},
	{"b8000:b8000+8000+1", "8000+1", FORM, ERR_INVALID},
	{"0x:b8000+8000", "0x", FORM, ERR_INVALID},
	{"00000000000001000:0+1000", "00000000000001000", RANGE, ERR_RANGE},
	{"1000000000000:0+1000", "1000000000000", RANGE, ERR_RANGE},
	{"0:10000000000000+1000", "10000000000000", RANGE, ERR_RANGE},
	{"0:0+100001000", "100001000", RANGE, ERR_RANGE},
	{"b8001:b8000+8000", "b8001", WHOLE, ERR_ALIGNMENT},
	{"b8000:b8800+8000", "b8800", WHOLE, ERR_ALIGNMENT},
	{"b8000:b8000+fa0", "fa0", WHOLE, ERR_ALIGNMENT},
	{"b8000:b8000+0", "0", LENGTH, ERR_RANGE},
	{"fffffffff000:0+2000", "2000", LENGTH, ERR_RANGE},
	{"0:ffffffffff000+2000", "2000", LENGTH, ERR_RANGE},
	{"b8000:b8000+8000:", NULL, RIGHTS, ERR_INVALID},
	{"b8000:b8000+8000:a", "a", RIGHTS, ERR_INVALID},
	{"b8000:b8000+8000:rr", "rr", RIGHTS, ERR_INVALID},
	{"b8000:b8000+8000:r:w", "r:w", RIGHTS, ERR_INVALID},
	{"b8000:b8000+8000:w", "w", "EPT has no w without r", ERR_INVALID},
	{"b8000:b8000+8000:xw", "xw", "EPT has no w without r", ERR_INVALID},
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
		cmocka_unit_test(each_fault_names_the_part_and_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
