/*
 * tests/unit/test_text_screen.c - what the drawing of a text screen promises: a small terminal
 * (ansi_terminal.h) reads the output, byte by byte, and must show what the VGA would.
 */
#include "tests/unit/support.h"

#include "tests/unit/ansi_terminal.h"

#define BIG 0x20000u

static struct terminal term;
static struct text_screen screen;
static struct vga_text vga;
static uint8_t *cells; /* the window */

static void expect_same_screen(void)
{
	assert_true(terminal_shows(&term, &vga, cells));
}

/* Draws into exactly size bytes (so that ASan sees one too many) and has the terminal read it. */
static size_t update(size_t size)
{
	uint8_t *out = malloc(size ? size : 1);
	size_t len = text_screen_update(&screen, &vga, cells, out, size);

	assert_true(len <= size);
	for (size_t i = 0; i < len; i++)
		assert_true(terminal_see(&term, out[i]));
	assert_true(terminal_is_idle(&term));
	free(out);
	return len;
}

static void put(unsigned cell, uint8_t character, uint8_t attribute)
{
	cells[cell * 2] = character;
	cells[cell * 2 + 1] = attribute;
}

static int setup(void **state)
{
	(void)state;
	memset(&term, 0, sizeof(term));
	memset(&screen, 0xa5, sizeof(screen));
	vga = (struct vga_text){
		.stride = 80, .columns = 80, .rows = 25, .cursor_visible = true, .blink = true};
	cells = malloc(VGA_WINDOW_BYTES);
	for (unsigned i = 0; i < VGA_WINDOW_CELLS; i++)
		put(i, ' ', 0x07);
	text_screen_reset(&screen);
	return 0;
}

static int setup_drawn(void **state)
{
	setup(state);
	update(BIG);
	term.drawn = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(cells);
	return 0;
}

static void the_first_update_clears_the_terminal(void **state)
{
	static const char expected[] = "\033[0;37;40m\033[2J\033[H\033[?25l\033[2;3H"
				       "\033[0;94;41mA\033[1;1H\033[?25h";
	uint8_t out[100];

	(void)state;
	put(80 + 2, 'A', 0x49);
	assert_int_equal(text_screen_update(&screen, &vga, cells, out, sizeof(out)),
			 sizeof(expected) - 1);
	assert_memory_equal(out, expected, sizeof(expected) - 1);
}

static void an_unchanged_screen_sends_nothing(void **state)
{
	(void)state;
	assert_int_equal(update(BIG), 0);
	put(7, 'x', 0x07);
	assert_int_not_equal(update(BIG), 0);
	assert_int_equal(update(BIG), 0);
	expect_same_screen();
}

static void changed_cells_only_are_sent(void **state)
{
	(void)state;
	put(0, 'a', 0x07);
	put(1, 'b', 0x07);
	put(79, 'c', 0x07);
	put(80, 'd', 0x07);
	put(24 * 80 + 79, 'e', 0x07);
	update(BIG);
	assert_int_equal(term.drawn, 5);
	expect_same_screen();
	term.drawn = 0;
	put(79, 'c', 0x08); /* the attribute alone */
	update(BIG);
	assert_int_equal(term.drawn, 1);
	expect_same_screen();
}

static void typing_costs_one_byte_a_character(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 79; i++) {
		put(i, 'x', 0x07);
		vga.cursor_column = (uint8_t)(i + 1);
		assert_int_equal(update(BIG), 1);
		expect_same_screen();
	}
}

static void every_character_and_every_attribute_is_shown(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < 4; mode++) {
		vga.blink = mode & 1;
		vga.mono = mode & 2;
		for (unsigned i = 0; i < 256; i++) {
			put(i, (uint8_t)i, (uint8_t)(i * 7 + mode));
			put(256 + i, 'x', (uint8_t)i);
		}
		update(BIG);
		expect_same_screen();
	}
}

static void code_page_437_is_unicode(void **state)
{
	static const struct {
		uint8_t code;
		const char *utf8;
	} some[] = {{0x00, " "},      {0x01, "\u263a"}, {0x1f, "\u25bc"}, {0x41, "A"},
		    {0x7e, "~"},      {0x7f, "\u2302"}, {0x80, "\u00c7"}, {0xb3, "\u2502"},
		    {0xc9, "\u2554"}, {0xdb, "\u2588"}, {0xe1, "\u00df"}, {0xff, "\u00a0"}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(some); i++) {
		char out[CP437_UTF8_MAX];
		unsigned len = cp437_to_utf8(some[i].code, out);

		assert_int_equal(len, strlen(some[i].utf8));
		assert_memory_equal(out, some[i].utf8, len);
	}
	for (unsigned a = 1; a < 256; a++)
		for (unsigned b = a + 1; b < 256; b++)
			if (a != 0x20 && b != 0x20)
				assert_int_not_equal(cp437_to_unicode((uint8_t)a),
						     cp437_to_unicode((uint8_t)b));
}

static void the_cursor_comes_and_goes(void **state)
{
	(void)state;
	expect_same_screen();
	vga.cursor_visible = false;
	assert_int_equal(update(BIG), 6);
	expect_same_screen();
	vga.cursor_row = 3; /* nobody sees it move */
	assert_int_equal(update(BIG), 0);
	vga.cursor_visible = true;
	update(BIG);
	expect_same_screen();
	assert_int_equal(term.drawn, 0);
}

static void a_new_size_or_mode_draws_anew(void **state)
{
	(void)state;
	put(0, 'a', 0x87);
	update(BIG);
	for (unsigned i = 0; i < 4; i++) {
		if (i == 0)
			vga.columns = 40;
		else if (i == 1)
			vga.rows = 50;
		else if (i == 2)
			vga.blink = false;
		else
			vga.mono = true;
		update(BIG);
		assert_int_equal(term.clears, i + 2);
		expect_same_screen();
		assert_int_equal(update(BIG), 0);
	}
}

static void reset_draws_anew(void **state)
{
	(void)state;
	put(5, 'a', 0x17);
	update(BIG);
	memset(&term, 0, sizeof(term)); /* somebody else has used the terminal */
	text_screen_reset(&screen);
	update(BIG);
	assert_int_equal(term.clears, 1);
	expect_same_screen();
}

static void the_window_wraps_within_a_row_and_between_rows(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (unsigned i = 0; i < VGA_WINDOW_CELLS; i++)
		put(i, (uint8_t)random_next(&seed), 0x07);
	for (unsigned back = 0; back < 200; back += 39) {
		vga.first = (uint16_t)(VGA_WINDOW_CELLS - 1 - back);
		update(BIG);
		expect_same_screen();
		assert_int_equal(update(BIG), 0);
	}
}

static void the_largest_screen_is_shown_in_full(void **state)
{
	uint64_t seed = 3;

	(void)state;
	vga.columns = VGA_MAX_COLUMNS;
	vga.rows = VGA_MAX_ROWS;
	vga.stride = 140;
	vga.cursor_row = VGA_MAX_ROWS - 1;
	vga.cursor_column = VGA_MAX_COLUMNS - 1;
	for (unsigned i = 0; i < VGA_WINDOW_CELLS; i++)
		put(i, (uint8_t)random_next(&seed), (uint8_t)random_next(&seed));
	update(4 * BIG);
	expect_same_screen();
}

static void too_little_room_is_no_step(void **state)
{
	(void)state;
	text_screen_reset(&screen);
	put(100, 0xdb, 0xcf);
	for (size_t size = 0; size < 23; size++)
		assert_int_equal(update(size), 0);
	assert_int_equal(update(23), 23);
	assert_int_equal(term.drawn, 0);
	for (unsigned i = 0; i < 50; i++)
		update(2); /* no room for moving, colours or the character */
	assert_int_equal(term.drawn, 0);
	while (update(TEXT_SCREEN_STEP_MAX))
		;
	assert_int_equal(term.drawn, 1);
	expect_same_screen();
}

static void a_busy_upper_row_does_not_starve_the_lower_ones(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 80u * 25; i++)
		put(i, 'z', 0x07);
	for (unsigned turn = 0; turn < 200; turn++) {
		for (unsigned i = 0; i < 80; i++)
			put(i, (uint8_t)('a' + turn % 26), (uint8_t)(turn + i));
		update(100);
	}
	assert_int_equal(term.cells[24][79].unicode, 'z');
}

static void what_changes_before_the_place_to_go_on_is_seen_in_the_same_call(void **state)
{
	(void)state;
	for (unsigned i = 40; i < 80; i++)
		put(5 * 80 + i, 'x', 0x07);
	update(10); /* room for moving there and two characters */
	for (unsigned i = 40; i < 80; i++)
		put(5 * 80 + i, i < 45 ? 'x' : ' ', 0x07);
	put(5 * 80 + 3, 'y', 0x07);
	update(BIG);
	expect_same_screen();
}

/* One change at random. */
static void change(uint64_t *seed)
{
	unsigned dice = (unsigned)random_below(seed, 100);

	if (dice < 60) {
		unsigned at = (unsigned)random_below(seed, VGA_WINDOW_CELLS);
		unsigned count = (unsigned)random_below(seed, 100);

		if (dice < 50)
			at = (vga.first + (unsigned)random_below(seed, 2000)) % VGA_WINDOW_CELLS;
		for (; count > 0; count--, at = (at + 1) % VGA_WINDOW_CELLS)
			put(at, (uint8_t)random_next(seed),
			    dice < 30 ? 0x07 : (uint8_t)random_next(seed));
	} else if (dice < 90) {
		vga.cursor_row = (uint8_t)random_below(seed, vga.rows);
		vga.cursor_column = (uint8_t)random_below(seed, vga.columns);
		vga.cursor_visible = random_below(seed, 4) != 0;
	} else if (dice < 95) {
		vga.first = (uint16_t)random_below(seed, VGA_WINDOW_CELLS);
	} else if (dice < 97) {
		vga.columns = (uint8_t)(1 + random_below(seed, VGA_MAX_COLUMNS));
		vga.rows = (uint8_t)(1 + random_below(seed, VGA_MAX_ROWS));
		vga.stride = (uint16_t)random_below(seed, 511);
		vga.cursor_row = vga.cursor_column = 0;
	} else if (dice < 98) {
		vga.blink = !vga.blink;
		vga.mono = random_below(seed, 8) == 0;
	} else if (dice < 99) {
		text_screen_reset(&screen);
	}
}

static void random_changes_with_random_room_are_shown_exactly(void **state)
{
	uint64_t seed = 437;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		for (uint64_t changes = random_below(&seed, 5); changes > 0; changes--)
			change(&seed);
		for (uint64_t turns = random_below(&seed, 4); turns > 0; turns--)
			update(random_below(&seed, 200));
		if (random_below(&seed, 4) == 0) {
			unsigned calls = 0;

			while (update(TEXT_SCREEN_STEP_MAX + random_below(&seed, 300)))
				assert_true(++calls < 20000);
			expect_same_screen();
		}
	}
}

#define SCREEN_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
#define DRAWN_TEST(function)  cmocka_unit_test_setup_teardown(function, setup_drawn, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCREEN_TEST(the_first_update_clears_the_terminal),
		DRAWN_TEST(an_unchanged_screen_sends_nothing),
		DRAWN_TEST(changed_cells_only_are_sent),
		DRAWN_TEST(typing_costs_one_byte_a_character),
		SCREEN_TEST(every_character_and_every_attribute_is_shown),
		cmocka_unit_test(code_page_437_is_unicode),
		DRAWN_TEST(the_cursor_comes_and_goes),
		DRAWN_TEST(a_new_size_or_mode_draws_anew),
		DRAWN_TEST(reset_draws_anew),
		DRAWN_TEST(the_window_wraps_within_a_row_and_between_rows),
		DRAWN_TEST(the_largest_screen_is_shown_in_full),
		DRAWN_TEST(too_little_room_is_no_step),
		DRAWN_TEST(a_busy_upper_row_does_not_starve_the_lower_ones),
		DRAWN_TEST(what_changes_before_the_place_to_go_on_is_seen_in_the_same_call),
		SCREEN_TEST(random_changes_with_random_room_are_shown_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
