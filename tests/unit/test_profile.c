/* tests/unit/test_profile.c - the table of a profile, and what is shown of it. */
#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>

#include "toolkit/profile.h"

static struct profile p;

static int setup(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	return 0;
}

static void add(uint64_t at, unsigned times)
{
	struct code_place place = {.mode = CODE_REAL, .linear = at};

	while (times-- > 0)
		profile_add(&p, &place);
}

/* All rows in their order, as "name=hits " or "address=hits ". */
static const char *rows(const char *symbols)
{
	static char out[400]; /* the first rows fit */
	struct profile_row row = {.hits = UINT64_MAX};
	struct text text = text_from(symbols);
	size_t len = 0;

	out[0] = '\0';
	profile_name(&p, text);
	while (len < sizeof(out) / 2 && profile_next(&p, text, &row)) {
		if (row.name.len)
			len += text_format(out + len, sizeof(out) - len, "%.*s", (int)row.name.len,
					   row.name.at);
		else
			len += text_format(out + len, sizeof(out) - len, "%llx",
					   (unsigned long long)row.at);
		len += text_format(out + len, sizeof(out) - len, "=%llu ",
				   (unsigned long long)row.hits);
	}
	return out;
}

static void places_come_by_hits_then_by_address(void **state)
{
	(void)state;
	assert_string_equal(rows(""), "");
	add(30, 2);
	add(20, 5);
	add(10, 2);
	add(20, 1);
	add(UINT64_MAX, 7);
	assert_string_equal(rows(""), "ffffffffffffffff=7 14=6 a=2 1e=2 ");
	assert_int_equal(p.hits, 17);
}

static void places_of_a_symbol_are_one_row(void **state)
{
	(void)state;
	add(0x100, 1);
	add(0x105, 2);
	add(0x10f, 3);
	add(0x110, 4);
	add(0xff, 1);
	add(0x500, 1);
	assert_string_equal(rows("110 T second\r\n100 t first\n"), "first=6 second=5 ff=1 ");
	assert_string_equal(rows("100 t first\n110 T second\n"), "first=6 second=5 ff=1 ");
	assert_string_equal(rows("0 T all\n"), "all=12 ");
	assert_string_equal(rows("501 T behind\n"), "110=4 10f=3 105=2 ff=1 100=1 500=1 ");
	assert_string_equal(rows("100 T one\n100 T two\n"), "one=11 ff=1 ");
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Against a search for each place, with symbols in any order. */
static void each_place_gets_the_last_symbol_before_it(void **state)
{
	enum { SYMBOLS = 60 };
	uint64_t at[SYMBOLS];
	char text[SYMBOLS * 16];
	size_t len = 0;

	(void)state;
	srand(1);
	for (unsigned i = 0; i < SYMBOLS; i++) {
		at[i] = 64 + (uint64_t)(i * 7919 % SYMBOLS) * 16;
		len += text_format(text + len, sizeof(text) - len, "%llx T s%llu\n",
				   (unsigned long long)at[i], (unsigned long long)at[i]);
	}
	for (unsigned i = 0; i < 500; i++)
		add((uint64_t)rand() % 1100, 1);
	profile_name(&p, text_from(text));
	qsort(at, SYMBOLS, sizeof(at[0]), by_address);
	for (unsigned i = 0; i < p.count; i++) {
		const struct profile_place *place = &p.places[i];
		uint64_t best = 0;

		assert_true(i == 0 || p.places[i - 1].at < place->at);
		for (unsigned n = 0; n < SYMBOLS && at[n] <= place->at; n++)
			best = at[n];
		assert_int_equal(place->name != 0, best != 0);
		assert_true(!best || place->symbol_at == best);
	}
}

static void a_full_table_keeps_what_is_hit_often(void **state)
{
	uint64_t sum = 0;

	(void)state;
	for (unsigned i = 0; i < PROFILE_PLACES; i++)
		add(i * 2, 1);
	add(1001, 1);
	assert_int_equal(p.count, PROFILE_PLACES);
	assert_int_equal(p.elsewhere, 1);
	add(1001, 9);
	for (unsigned i = 0; i < 3 * PROFILE_PLACES; i++) {
		add(0x100000 + i, 1);
		add(3001, i % 100 == 0 ? 2 : 0);
	}
	assert_int_equal(p.count, PROFILE_PLACES);
	for (unsigned i = 0; i < p.count; i++)
		sum += p.places[i].hits;
	assert_int_equal(sum + p.elsewhere, p.hits);
	assert_memory_equal(rows(""), "bb9=124 3e9=10 ", 15);
}

static void a_table_where_all_is_hit_often_gives_up_the_least(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PROFILE_PLACES; i++)
		add(i, i == 77 ? 2 : 3);
	add(100000, 1);
	assert_int_equal(p.elsewhere, 2);
	assert_int_equal(p.places[77].at, 78);
}

static void the_profile_begins_anew(void **state)
{
	(void)state;
	add(1, 3);
	profile_add_halted(&p);
	assert_int_equal(p.hits, 4);
	assert_int_equal(p.halted, 1);
	profile_reset(&p);
	assert_string_equal(rows(""), "");
	assert_int_equal(p.hits + p.halted + p.elsewhere, 0);
}

static void a_row_has_its_share_and_its_name(void **state)
{
	struct profile_row row = {.hits = UINT64_MAX};
	struct text none = {0}, name;
	char text[PROFILE_TEXT], many[100];

	(void)state;
	profile_sum_text(&p, 0, "nothing", text);
	assert_string_equal(text, "  0.0 %         0  nothing");
	add(0x7c20, 2);
	profile_add_halted(&p);
	profile_name(&p, none);
	assert_true(profile_next(&p, none, &row));
	profile_row_text(&p, &row, text);
	assert_string_equal(text, " 66.6 %         2  0x7c20 (real)");
	memset(many, 'x', sizeof(many));
	name = (struct text){.at = many, .len = sizeof(many)};
	row.name = name;
	profile_row_text(&p, &row, text);
	assert_int_equal(strlen(text), 19 + 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(places_come_by_hits_then_by_address, setup),
		cmocka_unit_test_setup(places_of_a_symbol_are_one_row, setup),
		cmocka_unit_test_setup(each_place_gets_the_last_symbol_before_it, setup),
		cmocka_unit_test_setup(a_full_table_keeps_what_is_hit_often, setup),
		cmocka_unit_test_setup(a_table_where_all_is_hit_often_gives_up_the_least, setup),
		cmocka_unit_test_setup(the_profile_begins_anew, setup),
		cmocka_unit_test_setup(a_row_has_its_share_and_its_name, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
