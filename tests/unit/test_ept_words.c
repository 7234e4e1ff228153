/* tests/unit/test_ept_words.c - toolkit/ept_words.h: the values of redirect= and hook=. */
#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

#include "toolkit/ept_words.h"

static void refuses_redirect(const char *word, enum status wanted, const char *part,
			     const char *reason)
{
	struct redirect r;
	struct text bad;
	const char *what;

	assert_int_equal(redirect_read(text_from(word), &r, &bad, &what), wanted);
	assert_true(text_is(bad, part));
	assert_string_equal(what, reason);
}

static void refuses_hook(const char *word, enum status wanted, const char *part, const char *reason)
{
	struct hook h;
	struct text bad;
	const char *what;

	assert_int_equal(hook_read(text_from(word), &h, &bad, &what), wanted);
	assert_true(text_is(bad, part));
	assert_string_equal(what, reason);
}

static void a_redirect_has_a_page_and_another(void **state)
{
	struct redirect r;
	struct text bad;
	const char *what;

	(void)state;
	assert_int_equal(redirect_read(text_from("20000:0xAbc000"), &r, &bad, &what), OK);
	assert_int_equal(r.page, 0x20000);
	assert_int_equal(r.kind, REDIRECT_PAGE);
	assert_int_equal(r.other, 0xabc000);
	assert_int_equal(redirect_read(text_from("0:zeros"), &r, &bad, &what), OK);
	assert_int_equal(r.page, 0);
	assert_int_equal(r.kind, REDIRECT_ZEROS);
	assert_int_equal(redirect_read(text_from("fffffffff000:ones"), &r, &bad, &what), OK);
	assert_int_equal(r.page, BIT(48) - PAGE_4K);
	assert_int_equal(r.kind, REDIRECT_ONES);
}

static void a_wrong_redirect_says_what_is_wrong(void **state)
{
	static const char form[] = "redirect= takes ADDR:OTHER; OTHER is a page, zeros or ones";
	static const char no_page[] = "not the hexadecimal address of a page";

	(void)state;
	refuses_redirect("", ERR_INVALID, "", form);
	refuses_redirect("20000", ERR_INVALID, "20000", form);
	refuses_redirect("20000:", ERR_INVALID, "20000:", form);
	refuses_redirect(":20000", ERR_INVALID, "", no_page);
	refuses_redirect("20001:ones", ERR_INVALID, "20001", no_page);
	refuses_redirect("20000:twos", ERR_INVALID, "twos", no_page);
	refuses_redirect("20000:21000:1", ERR_INVALID, "21000:1", no_page);
	refuses_redirect("0x:21000", ERR_INVALID, "0x", no_page);
	refuses_redirect("1000000000000:ones", ERR_RANGE, "1000000000000",
			 "this address is out of range");
}

static void redirects_are_a_list_without_a_page_twice(void **state)
{
	char many[REDIRECTS_MAX * 12 + 12] = "";
	struct redirect list[REDIRECTS_MAX];
	struct text bad;
	const char *what;
	unsigned count;

	(void)state;
	assert_int_equal(
		redirects_read(text_from("1000:2000,3000:ones"), list, &count, &bad, &what), OK);
	assert_int_equal(count, 2);
	assert_int_equal(list[1].page, 0x3000);
	assert_int_equal(
		redirects_read(text_from("1000:2000,0x1000:ones"), list, &count, &bad, &what),
		ERR_EXISTS);
	assert_true(text_is(bad, "0x1000:ones"));
	assert_string_equal(what, "this page is there twice");
	for (unsigned i = 0; i <= REDIRECTS_MAX; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%s%x000:ones",
			 i ? "," : "", i + 1);
	assert_int_equal(redirects_read(text_from(many), list, &count, &bad, &what), ERR_FULL);
	assert_true(text_is(bad, "11000:ones"));
	assert_int_equal(count, REDIRECTS_MAX);
}

static void a_hook_has_an_address_and_bytes(void **state)
{
	struct hook h;
	struct text bad;
	const char *what;

	(void)state;
	assert_int_equal(hook_read(text_from("8123:b80200"), &h, &bad, &what), OK);
	assert_int_equal(h.at, 0x8123);
	assert_int_equal(h.count, 3);
	assert_memory_equal(h.bytes, "\xb8\x02\0", 3);
	assert_int_equal(
		hook_read(text_from("0xff0:000102030405060708090A0B0C0D0E0F"), &h, &bad, &what),
		OK);
	assert_int_equal(h.count, HOOK_BYTES_MAX);
	assert_int_equal(h.bytes[15], 15);
}

static void a_wrong_hook_says_what_is_wrong(void **state)
{
	static const char form[] = "hook= takes ADDR:HEXBYTES, as in hook=8123:b001";
	static const char bytes[] = "1 to 16 bytes, of two hexadecimal digits each";

	(void)state;
	refuses_hook("8123", ERR_INVALID, "8123", form);
	refuses_hook("8123:", ERR_INVALID, "8123:", form);
	refuses_hook("g:90", ERR_INVALID, "g", "not a hexadecimal address");
	refuses_hook("8123:9", ERR_INVALID, "9", bytes);
	refuses_hook("8123:9x", ERR_INVALID, "9x", bytes);
	refuses_hook("8123:x9", ERR_INVALID, "x9", bytes);
	refuses_hook("8000:0001020304050607080900010203040506", ERR_INVALID,
		     "0001020304050607080900010203040506", bytes);
	refuses_hook("8fff:9090", ERR_RANGE, "9090", "these bytes do not lie in one page");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_redirect_has_a_page_and_another),
		cmocka_unit_test(a_wrong_redirect_says_what_is_wrong),
		cmocka_unit_test(redirects_are_a_list_without_a_page_twice),
		cmocka_unit_test(a_hook_has_an_address_and_bytes),
		cmocka_unit_test(a_wrong_hook_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
