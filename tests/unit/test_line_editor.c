/*
 * tests/unit/test_line_editor.c - debug/line_editor.h: what is typed, and what a terminal shows.
 */
#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>

#include "debug/line_editor.h"
#include "kernel/text.h"

#define PROMPT  "> "
#define COLUMNS 200u

/* A terminal of few words: it fails on a byte that it does not know. */
struct screen {
	char row[COLUMNS + 1]; /* the row of the cursor */
	unsigned column, bells, clears;
	char above[4096]; /* the rows that have gone by, each with "\n" */
	char number[8];
	unsigned escape; /* characters of a sequence that have come */
};

static struct screen screen;
static struct line_editor editor;
static enum line_event last;

static void end_escape(char c)
{
	unsigned long n = strtoul(screen.number, NULL, 10);

	screen.escape = 0;
	if (c == 'K') {
		memset(screen.row + screen.column, 0, COLUMNS - screen.column);
	} else if (c == 'D') {
		assert_in_range(n, 1, screen.column);
		screen.column -= (unsigned)n;
	} else if (c == 'H') {
		screen.column = 0;
	} else {
		assert_int_equal(c, 'J');
		memset(screen.row, 0, sizeof(screen.row));
		screen.clears++;
	}
}

static void show(char c)
{
	if (screen.escape == 1) {
		assert_int_equal(c, '[');
		screen.escape = 2;
		screen.number[0] = '\0';
	} else if (screen.escape && c >= '0' && c <= '9') {
		strncat(screen.number, &c, 1);
	} else if (screen.escape) {
		end_escape(c);
	} else if (c == 0x1b) {
		screen.escape = 1;
	} else if (c == '\r') {
		screen.column = 0;
	} else if (c == '\n') {
		strcat(strcat(screen.above, screen.row), "\n");
		memset(screen.row, 0, sizeof(screen.row));
	} else if (c == '\a') {
		screen.bells++;
	} else {
		assert_in_range(c, ' ', '~');
		assert_true(screen.column < LINE_EDITOR_COLUMNS);
		screen.row[screen.column++] = c;
	}
}

static void take_text(void *state, const char *text, size_t len)
{
	assert_ptr_equal(state, &screen);
	for (size_t i = 0; i < len; i++)
		show(text[i]);
}

/* The words "vm", "vmcs", "version", "log"; behind "vm ": "list" only. */
static const char *word(struct text before, unsigned index)
{
	static const char *const first[] = {"vm", "vmcs", "version", "log", NULL};
	static const char *const second[] = {"list", NULL};

	return (before.len == 0 ? first : second)[index];
}

/* More than fits into two rows. */
static const char *many_words(struct text before, unsigned index)
{
	static char names[20][16];

	(void)before;
	if (index == ARRAY_SIZE(names))
		return NULL;
	text_format(names[index], sizeof(names[index]), "word%02u", index);
	return names[index];
}

static void begin(const char *(*candidate)(struct text, unsigned))
{
	static const struct debug_output out = {.write = take_text, .state = &screen};

	memset(&screen, 0, sizeof(screen));
	line_editor_init(&editor, PROMPT, &out, candidate);
	line_editor_start(&editor);
}

static int setup(void **state)
{
	(void)state;
	begin(word);
	return 0;
}

/* Types it; Enter begins the next line. */
static void type(const char *keys)
{
	for (; *keys; keys++) {
		last = line_editor_feed(&editor, (uint8_t)*keys);
		if (last == LINE_DONE)
			line_editor_start(&editor);
	}
}

/* The line, the row with the prompt, and the cursor, as "te|xt". */
static void assert_shows(const char *with_cursor)
{
	const char *cursor = strchr(with_cursor, '|');
	char line[COLUMNS];

	text_format(line, sizeof(line), "%.*s%s", (int)(cursor - with_cursor), with_cursor,
		    cursor + 1);
	assert_string_equal(editor.line, line);
	assert_int_equal(editor.len, strlen(line));
	assert_int_equal(editor.at, cursor - with_cursor);
	assert_memory_equal(screen.row, PROMPT, strlen(PROMPT));
	assert_string_equal(screen.row + strlen(PROMPT), line);
	assert_int_equal(screen.column, strlen(PROMPT) + editor.at);
}

static void what_is_typed_is_shown_and_is_the_line(void **state)
{
	(void)state;
	assert_shows("|");
	type("log show");
	assert_shows("log show|");
	assert_int_equal(line_editor_feed(&editor, '\r'), LINE_DONE);
	assert_string_equal(editor.line, "log show");
	assert_string_equal(screen.above, "> log show\n");
}

static void a_line_feed_behind_a_carriage_return_is_no_second_line(void **state)
{
	(void)state;
	type("a\r\n");
	assert_int_equal(last, LINE_NOTHING);
	type("b\n");
	assert_int_equal(last, LINE_DONE);
	type("\n");
	assert_int_equal(last, LINE_DONE);
	assert_string_equal(screen.above, "> a\n> b\n> \n");
}

static void characters_go_in_where_the_cursor_is(void **state)
{
	(void)state;
	type("ac\x02"
	     "b");
	assert_shows("ab|c");
	type("\x01"
	     "x");
	assert_shows("x|abc");
	type("\x06\x06");
	assert_shows("xab|c");
	type("\x05!");
	assert_shows("xabc!|");
}

static void the_cursor_stays_in_the_line(void **state)
{
	(void)state;
	type("\x02");
	assert_shows("|");
	type("a\x06");
	assert_shows("a|");
	type("\x02\x02");
	assert_shows("|a");
}

static void backspace_and_delete_take_one_character(void **state)
{
	(void)state;
	type("abcd\x7f");
	assert_shows("abc|");
	type("\x02\b");
	assert_shows("a|c");
	type("\x04");
	assert_shows("a|");
	type("\x04");
	assert_shows("a|");
	type("\b\b\b");
	assert_shows("|");
}

static void kill_keys_cut_to_the_end_the_start_and_the_word(void **state)
{
	(void)state;
	type("mem dump  demo\x02\x02\x0b");
	assert_shows("mem dump  de|");
	type("\x17");
	assert_shows("mem dump  |");
	type("\x17");
	assert_shows("mem |");
	type("w\x01\x06\x06\x15");
	assert_shows("|m w");
	type("\x17");
	assert_shows("|m w");
}

static void escape_sequences_are_keys(void **state)
{
	(void)state;
	type("abc\x1b[D\x1b[D");
	assert_shows("a|bc");
	type("\x1b[C");
	assert_shows("ab|c");
	type("\x1b[H");
	assert_shows("|abc");
	type("\x1b[F");
	assert_shows("abc|");
	type("\x1bOH");
	assert_shows("|abc");
	type("\x1b[4~");
	assert_shows("abc|");
	type("\x1b[1~");
	assert_shows("|abc");
	type("\x1b[8~\x1b[7~\x1b[3~");
	assert_shows("|bc");
	type("\x1b[1;5C");
	assert_shows("b|c");
}

static void unknown_keys_and_sequences_do_nothing(void **state)
{
	(void)state;
	type("a\x1b[15~\x1b[5~\x1b[200;3~\x1b[?25h\x1bx\x1bOZ\x1c\x80\xff");
	assert_shows("a|");
	type("\x1b[\x1b[D"); /* broken off by the next one */
	assert_shows("|a");
	type("\x1b[1\r");
	assert_int_equal(last, LINE_DONE);
	assert_int_equal(screen.bells, 0);
}

static void ctrl_l_clears_the_screen_and_shows_the_line_again(void **state)
{
	(void)state;
	type("abc\x02\x0c");
	assert_int_equal(screen.clears, 1);
	assert_shows("ab|c");
}

static void ctrl_c_drops_the_line_and_begins_a_new_one(void **state)
{
	(void)state;
	type("abc\x03");
	assert_int_equal(last, LINE_CANCELLED);
	assert_string_equal(screen.above, "> abc^C\n");
	assert_shows("|");
	type("\x10");
	assert_shows("|");
}

static void ctrl_d_closes_on_an_empty_line_only(void **state)
{
	(void)state;
	type("a\x01\x04");
	assert_int_equal(last, LINE_NOTHING);
	type("\x04");
	assert_int_equal(last, LINE_CLOSED);
	assert_string_equal(screen.above, "> \n");
}

static void a_full_line_rings_and_takes_no_more(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LINE_EDITOR_BYTES; i++)
		type("x");
	assert_int_equal(screen.bells, 0);
	type("y");
	assert_int_equal(screen.bells, 1);
	assert_int_equal(editor.len, LINE_EDITOR_BYTES);
	assert_null(strchr(editor.line, 'y'));
}

/* The terminal itself fails when a character goes past its last column. */
static void a_long_line_is_shown_around_the_cursor(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++)
		type("0123456789");
	assert_int_equal(editor.len, 100);
	assert_int_equal(screen.column, LINE_EDITOR_COLUMNS - 1);
	assert_string_equal(screen.row + screen.column - 3, "789");
	type("\x01");
	assert_int_equal(screen.column, strlen(PROMPT));
	assert_memory_equal(screen.row, "> 0123", 6);
	assert_int_equal(strlen(screen.row), LINE_EDITOR_COLUMNS - 1);
}

static void history_brings_lines_back(void **state)
{
	(void)state;
	type("one\rtwo\r\rtwo\rdraft\x1b[A");
	assert_shows("two|");
	type("\x10");
	assert_shows("one|");
	type("\x10");
	assert_int_equal(screen.bells, 1);
	assert_shows("one|");
	type("\x1b[B");
	assert_shows("two|");
	type("\x0e");
	assert_shows("draft|");
	type("\x0e");
	assert_int_equal(screen.bells, 2);
	assert_shows("draft|");
}

static void a_line_out_of_history_can_be_changed_and_entered(void **state)
{
	(void)state;
	type("one\r\x10"
	     "2\r\x10\x10");
	assert_shows("one|");
	type("\x0e");
	assert_shows("one2|");
}

static void history_keeps_the_last_sixteen_lines(void **state)
{
	char line[8], shown[8];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		text_format(line, sizeof(line), "l%u\r", i);
		type(line);
	}
	for (unsigned i = 20; i-- > 4;) {
		type("\x10");
		text_format(shown, sizeof(shown), "l%u|", i);
		assert_shows(shown);
	}
	type("\x10");
	assert_shows("l4|");
	assert_int_equal(screen.bells, 1);
}

static void tab_completes_what_is_clear(void **state)
{
	(void)state;
	type("l\t");
	assert_shows("log |");
	type("\x15ve\t");
	assert_shows("version |");
	type("\x15vm \t");
	assert_shows("vm list |");
	assert_int_equal(screen.bells, 0);
}

static void tab_goes_as_far_as_all_agree_and_then_lists_them(void **state)
{
	(void)state;
	type("v\t");
	assert_shows("v|");
	assert_string_equal(screen.above, "> v\nvm  vmcs  version  \n");
	type("m\t");
	assert_string_equal(strstr(screen.above, "> vm"), "> vm\nvm  vmcs  \n");
	assert_shows("vm|");
	begin(many_words);
	type("w\t");
	assert_shows("word|");
}

static void tab_rings_where_nothing_fits(void **state)
{
	(void)state;
	type("x\t");
	assert_shows("x|");
	assert_int_equal(screen.bells, 1);
	begin(NULL);
	type("x\t");
	assert_shows("x|");
}

static void tab_in_the_middle_keeps_what_stands_behind(void **state)
{
	(void)state;
	type("l show\x01\x06\t");
	assert_shows("log | show");
}

static void a_long_list_is_shown_in_rows(void **state)
{
	(void)state;
	begin(many_words);
	type("word\t");
	assert_non_null(strstr(screen.above, "word09  \nword10  "));
	assert_shows("word|");
}

static void no_completion_goes_past_a_full_line(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LINE_EDITOR_BYTES - 2; i++)
		type(" ");
	type("\x01l\t");
	assert_int_equal(screen.bells, 1);
	assert_int_equal(editor.len, LINE_EDITOR_BYTES - 1);
}

static void a_redraw_shows_the_line_where_something_else_was(void **state)
{
	(void)state;
	type("ab\x02");
	take_text(&screen, "\r\nelse\r\n", 8);
	line_editor_redraw(&editor);
	assert_shows("a|b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EDITOR_TEST(name) cmocka_unit_test_setup(name, setup)
		EDITOR_TEST(what_is_typed_is_shown_and_is_the_line),
		EDITOR_TEST(a_line_feed_behind_a_carriage_return_is_no_second_line),
		EDITOR_TEST(characters_go_in_where_the_cursor_is),
		EDITOR_TEST(the_cursor_stays_in_the_line),
		EDITOR_TEST(backspace_and_delete_take_one_character),
		EDITOR_TEST(kill_keys_cut_to_the_end_the_start_and_the_word),
		EDITOR_TEST(escape_sequences_are_keys),
		EDITOR_TEST(unknown_keys_and_sequences_do_nothing),
		EDITOR_TEST(ctrl_l_clears_the_screen_and_shows_the_line_again),
		EDITOR_TEST(ctrl_c_drops_the_line_and_begins_a_new_one),
		EDITOR_TEST(ctrl_d_closes_on_an_empty_line_only),
		EDITOR_TEST(a_full_line_rings_and_takes_no_more),
		EDITOR_TEST(a_long_line_is_shown_around_the_cursor),
		EDITOR_TEST(history_brings_lines_back),
		EDITOR_TEST(a_line_out_of_history_can_be_changed_and_entered),
		EDITOR_TEST(history_keeps_the_last_sixteen_lines),
		EDITOR_TEST(tab_completes_what_is_clear),
		EDITOR_TEST(tab_goes_as_far_as_all_agree_and_then_lists_them),
		EDITOR_TEST(tab_rings_where_nothing_fits),
		EDITOR_TEST(tab_in_the_middle_keeps_what_stands_behind),
		EDITOR_TEST(a_long_list_is_shown_in_rows),
		EDITOR_TEST(no_completion_goes_past_a_full_line),
		EDITOR_TEST(a_redraw_shows_the_line_where_something_else_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
