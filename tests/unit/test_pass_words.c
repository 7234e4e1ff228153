/* tests/unit/test_pass_words.c - the words of pass=. */
#include "tests/unit/support.h"

#include <string.h>

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

/* The part at fault stands where it is found last; NULL: all of the word. */
static const struct {
	const char *word;
	enum status status;
	const char *bad, *what;
} faults[] = {
	{"", ERR_INVALID, NULL, FORM},
	{":", ERR_INVALID, NULL, FORM},
	{"b8000", ERR_INVALID, NULL, FORM},
	{"b8000:", ERR_INVALID, NULL, FORM},
	{"b8000:b8000", ERR_INVALID, NULL, FORM},
	{"b8000:b8000+", ERR_INVALID, NULL, FORM},
	{":b8000+8000", ERR_INVALID, NULL, FORM},
	{"b8000:+8000", ERR_INVALID, NULL, FORM},
	{"b80g0:b8000+8000", ERR_INVALID, "b80g0", FORM},
	{"b8000:text+8000", ERR_INVALID, "text", FORM},
	{"b8000:b8000+8k", ERR_INVALID, "8k", FORM},
	{"b8000:b8000+8000+1", ERR_INVALID, "8000+1", FORM},
	{"0x:b8000+8000", ERR_INVALID, "0x", FORM},
	{"00000000000001000:0+1000", ERR_RANGE, "00000000000001000", RANGE},
	{"1000000000000:0+1000", ERR_RANGE, "1000000000000", RANGE},
	{"0:10000000000000+1000", ERR_RANGE, "10000000000000", RANGE},
	{"0:0+100001000", ERR_RANGE, "100001000", RANGE},
	{"b8001:b8000+8000", ERR_ALIGNMENT, "b8001", WHOLE},
	{"b8000:b8800+8000", ERR_ALIGNMENT, "b8800", WHOLE},
	{"b8000:b8000+fa0", ERR_ALIGNMENT, "fa0", WHOLE},
	{"b8000:b8000+0", ERR_RANGE, "0", LENGTH},
	{"fffffffff000:0+2000", ERR_RANGE, "2000", LENGTH},
	{"0:ffffffffff000+2000", ERR_RANGE, "2000", LENGTH},
	{"b8000:b8000+8000:", ERR_INVALID, NULL, RIGHTS},
	{"b8000:b8000+8000:a", ERR_INVALID, "a", RIGHTS},
	{"b8000:b8000+8000:rr", ERR_INVALID, "rr", RIGHTS},
	{"b8000:b8000+8000:r:w", ERR_INVALID, "r:w", RIGHTS},
	{"b8000:b8000+8000:w", ERR_INVALID, "w", "EPT has no w without r"},
	{"b8000:b8000+8000:xw", ERR_INVALID, "xw", "EPT has no w without r"},
};

static void each_fault_names_the_part_and_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		const char *part = faults[i].bad ? faults[i].bad : faults[i].word;
		enum status s = read_word(faults[i].word);

		if (s != faults[i].status || strcmp(what, faults[i].what) != 0)
			fail_msg("%s: %s, %s", faults[i].word, status_text(s), what ? what : "");
		if (!text_is(bad, part))
			fail_msg("%s: at fault is %.*s", faults[i].word, (int)bad.len, bad.at);
		assert_true(bad.at >= faults[i].word &&
			    bad.at + bad.len <= faults[i].word + strlen(faults[i].word));
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
