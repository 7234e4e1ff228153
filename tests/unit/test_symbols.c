/* tests/unit/test_symbols.c - the text of symbols, and where code is. */
#include "tests/unit/support.h"

#include <string.h>

#include "guest/segment.h"
#include "toolkit/code_place.h"
#include "toolkit/symbols.h"

/* All symbols of a text, as "name=address " each. */
static const char *all(const char *text)
{
	static char out[400];
	struct text rest = text_from(text);
	struct symbol s;
	size_t len = 0;

	out[0] = '\0';
	while (symbols_next(&rest, &s))
		len += text_format(out + len, sizeof(out) - len, "%.*s=%llx ", (int)s.name.len,
				   s.name.at, (unsigned long long)s.at);
	assert_int_equal(rest.len, 0);
	return out;
}

static void lines_of_nm_are_symbols(void **state)
{
	(void)state;
	assert_string_equal(all("0000000000007c05 T lib_start\n7C21 t putc_16\n"),
			    "lib_start=7c05 putc_16=7c21 ");
	assert_string_equal(all("0x10 W a\r\n  20\tB\tb \n30 T c"), "a=10 b=20 c=30 ");
	assert_string_equal(all("ffffffff81000000 T _text [module]\n"), "_text=ffffffff81000000 ");
}

static void other_lines_are_passed_over(void **state)
{
	static const char *const others[] = {
		"",
		"\n\n\r\n",
		"                 U puts\n",
		"10 A constant\n",
		"10 a x\n",
		"10 T\n",
		"10 TT x\n",
		"10 U x\n",
		"xyz T x\n",
		"0x T x\n",
		"12345678901234567 T x\n",
		"main.c:\n",
		"-1 T x\n",
		"10 T x\x7f\n",
		"10 T \xc3\xa4\n",
		"1 0 T x\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		char text[64];

		assert_string_equal(all(others[i]), "");
		text_format(text, sizeof(text), "1 T a\n%s\n2 T b", others[i]);
		assert_string_equal(all(text), "a=1 b=2 ");
	}
}

static void a_text_may_have_any_bytes(void **state)
{
	struct text rest = {.at = "1 T a\0b\n2 T c\n\0", .len = 15};
	struct symbol s;

	(void)state;
	assert_true(symbols_next(&rest, &s)); /* the first has a NUL in its name */
	assert_int_equal(s.at, 2);
	assert_false(symbols_next(&rest, &s));
}

static void code_has_a_mode_and_a_linear_address(void **state)
{
	static const struct {
		uint64_t cr0, efer, rflags, base, rip, linear;
		uint32_t access;
		enum code_mode mode;
		const char *text;
	} rows[] = {
		{0, 0, 0, 0xf0000, 0xfff0, 0xffff0, 0x93, CODE_REAL, "real f000:fff0"},
		{CR0_PE, 0, RFLAGS_VM, 0xf0000, 5, 0xf0005, 0xf3, CODE_V86, "v86 f000:0005"},
		{CR0_PE, 0, 0, 0x10000, 5, 0x10005, 0x9b, CODE_16, "16-bit 0x10005"},
		{CR0_PE, 0, 0, 0xffff0000, 0x10010, 0x10, 0x409b, CODE_32, "32-bit 0x10"},
		{CR0_PE | CR0_PG, EFER_LMA, 0, 0, 0x7c00, 0x7c00, 0xc09b, CODE_32, "32-bit 0x7c00"},
		{CR0_PE | CR0_PG, EFER_LMA, 0, 5, 0xffffffff81000000, 0xffffffff81000000, 0xa09b,
		 CODE_64, "64-bit 0xffffffff81000000"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest_cpu_state s = {.cr0 = rows[i].cr0,
					    .efer = rows[i].efer,
					    .rflags = rows[i].rflags,
					    .rip = rows[i].rip};
		struct code_place p;
		char text[CODE_PLACE_TEXT];

		s.segments[GUEST_CS] = (struct guest_segment){
			.base = rows[i].base, .access = rows[i].access, .selector = 0xf000};
		p = code_place_of(&s);
		assert_int_equal(p.mode, rows[i].mode);
		assert_int_equal(p.linear, rows[i].linear);
		code_place_text(&p, text);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_nm_are_symbols),
		cmocka_unit_test(other_lines_are_passed_over),
		cmocka_unit_test(a_text_may_have_any_bytes),
		cmocka_unit_test(code_has_a_mode_and_a_linear_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
