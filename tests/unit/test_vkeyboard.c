/*
 * tests/unit/test_vkeyboard.c - what the guest's keyboard promises: its commands, and the scan
 * codes of what is typed at a terminal.
 */
#include "tests/unit/vi8042_rig.h"

#include <string.h>

static void commands_are_answered(void **state)
{
	(void)state;
	data(0xee);
	EXPECT(0xee);
	data(0xed);
	EXPECT(0xfa);
	data(0x07);
	EXPECT(0xfa);
	data(0xf3);
	EXPECT(0xfa);
	data(0x20);
	EXPECT(0xfa);
	data(0xf2);
	EXPECT(0xfa, 0xab, 0x83);
	data(0xf6);
	EXPECT(0xfa);
	data(0xff);
	EXPECT(0xfa, 0xaa);
}

static void replies_come_the_time_of_a_byte_after_the_command(void **state)
{
	(void)state;
	data(0xee);
	assert_false(irq());
	assert_true(deadline() == now_ns + VI8042_BYTE_NS);
	now_ns = deadline();
	assert_true(irq());
	EXPECT(0xee);
}

static void unknown_commands_ask_to_send_again(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 0xed; byte++) {
		data((uint8_t)byte);
		EXPECT(0xfe);
	}
	for (unsigned byte = 0xf7; byte < 0xfe; byte++) { /* those of set 3 */
		data((uint8_t)byte);
		EXPECT(0xfe);
	}
}

static void a_command_in_place_of_an_argument_is_a_command(void **state)
{
	(void)state;
	data(0xed);
	EXPECT(0xfa);
	data(0xf2);
	EXPECT(0xfa, 0xab, 0x83);
	data(0x02); /* the argument is not waited for any more */
	EXPECT(0xfe);
}

static void a_new_command_drops_the_rest_of_a_reply(void **state)
{
	(void)state;
	data(0xf2);
	expect_byte(0xfa);
	data(0xee);
	EXPECT(0xee);
	for (unsigned i = 0; i < 20; i++)
		data(0xf2);
	EXPECT(0xfa, 0xab, 0x83);
}

static void resend_sends_the_last_byte_again(void **state)
{
	(void)state;
	data(0xf2);
	EXPECT(0xfa, 0xab, 0x83);
	data(0xfe);
	EXPECT(0x83);
	data(0xfe);
	EXPECT(0x83);
}

static void sets_1_and_2_can_be_chosen_and_asked_for(void **state)
{
	(void)state;
	data(0xf0);
	EXPECT(0xfa);
	data(0x00);
	EXPECT(0xfa, 0x02);
	data(0xf0);
	EXPECT(0xfa);
	data(0x01);
	EXPECT(0xfa);
	data(0xf0);
	EXPECT(0xfa);
	data(0x00);
	EXPECT(0xfa, 0x01);
	type("A");
	EXPECT(0x2a, 0x1e, 0x9e, 0xaa);
	type("\x1b[A");
	EXPECT(0xe0, 0x48, 0xe0, 0xc8);
	data(0xf0);
	EXPECT(0xfa);
	data(0x03); /* no set 3 */
	EXPECT(0xfe);
	data(0xf6);
	EXPECT(0xfa);
	type("a");
	EXPECT(0x1c, 0xf0, 0x1c);
}

static void translation_shows_replies_as_set_1(void **state)
{
	(void)state;
	data(0xf2);
	EXPECT(0xfa, 0xab, 0x41);
	data(0xf0);
	EXPECT(0xfa);
	data(0x00);
	EXPECT(0xfa, 0x41);
	data(0xff);
	EXPECT(0xfa, 0xaa);
}

static void f5_and_f4_switch_scanning(void **state)
{
	(void)state;
	data(0xf5);
	EXPECT(0xfa);
	type("abc\x1b[A");
	expect_nothing();
	data(0xf6); /* stays off */
	EXPECT(0xfa);
	type("a");
	expect_nothing();
	data(0xf4);
	EXPECT(0xfa);
	type("a");
	EXPECT(0x1c, 0xf0, 0x1c);
	type("a");
	data(0xf4); /* clears what was not sent yet; the first byte has left */
	EXPECT(0x1c, 0xfa);
}

/* Scan codes of set 1, as the table of a PC's keyboard has them: the key without and with Shift. */
static const char lower[] = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./ ";
static const char upper[] = "~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>? ";
static const uint8_t set_1[] = {0x29, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
				0x0b, 0x0c, 0x0d, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
				0x17, 0x18, 0x19, 0x1a, 0x1b, 0x2b, 0x1e, 0x1f, 0x20, 0x21,
				0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x2c, 0x2d, 0x2e,
				0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x39};

static void every_printable_character_has_its_key(void **state)
{
	(void)state;
	assert_int_equal(sizeof(lower) - 1, sizeof(set_1));
	assert_int_equal(sizeof(upper) - 1, sizeof(set_1));
	for (unsigned i = 0; i < sizeof(set_1); i++) {
		const uint8_t up = set_1[i] | 0x80;

		type((char[]){lower[i], 0});
		EXPECT(set_1[i], up);
		type((char[]){upper[i], 0});
		if (upper[i] == ' ')
			EXPECT(set_1[i], up);
		else
			EXPECT(0x2a, set_1[i], up, 0xaa);
	}
}

static void control_characters_are_ctrl_and_a_key(void **state)
{
	(void)state;
	for (uint8_t i = 1; i <= 26; i++) {
		const char *letter = strchr(lower, 'a' + i - 1);
		uint8_t code = set_1[letter - lower];

		if (i == '\b' || i == '\t' || i == '\n' || i == '\r')
			continue;
		type((char[]){(char)i, 0});
		EXPECT(0x1d, code, code | 0x80, 0x9d);
	}
	assert_true(vi8042_type(&chip, 0, now_ns));
	EXPECT(0x1d, 0x03, 0x83, 0x9d);
	type("\x1c");
	EXPECT(0x1d, 0x2b, 0xab, 0x9d);
	type("\x1d");
	EXPECT(0x1d, 0x1b, 0x9b, 0x9d);
	type("\x1e");
	EXPECT(0x1d, 0x07, 0x87, 0x9d);
	type("\x1f");
	EXPECT(0x1d, 0x0c, 0x8c, 0x9d);
}

static void enter_tab_and_backspace_are_keys(void **state)
{
	(void)state;
	type("\r");
	EXPECT(0x1c, 0x9c);
	type("\n");
	EXPECT(0x1c, 0x9c);
	type("\t");
	EXPECT(0x0f, 0x8f);
	type("\b");
	EXPECT(0x0e, 0x8e);
	type("\x7f");
	EXPECT(0x0e, 0x8e);
}

static void escape_sequences_are_keys(void **state)
{
	static const struct {
		const char *sequence;
		uint8_t code;
		bool extended;
	} keys[] = {
		{"[A", 0x48, true},    {"[B", 0x50, true},    {"[C", 0x4d, true},
		{"[D", 0x4b, true},    {"[H", 0x47, true},    {"[F", 0x4f, true},
		{"OA", 0x48, true},    {"OB", 0x50, true},    {"OC", 0x4d, true},
		{"OD", 0x4b, true},    {"OH", 0x47, true},    {"OF", 0x4f, true},
		{"[1~", 0x47, true},   {"[2~", 0x52, true},   {"[3~", 0x53, true},
		{"[4~", 0x4f, true},   {"[5~", 0x49, true},   {"[6~", 0x51, true},
		{"[7~", 0x47, true},   {"[8~", 0x4f, true},   {"OP", 0x3b, false},
		{"OQ", 0x3c, false},   {"OR", 0x3d, false},   {"OS", 0x3e, false},
		{"[11~", 0x3b, false}, {"[12~", 0x3c, false}, {"[13~", 0x3d, false},
		{"[14~", 0x3e, false}, {"[15~", 0x3f, false}, {"[17~", 0x40, false},
		{"[18~", 0x41, false}, {"[19~", 0x42, false}, {"[20~", 0x43, false},
		{"[21~", 0x44, false}, {"[23~", 0x57, false}, {"[24~", 0x58, false},
		{"[[A", 0x3b, false},  {"[[B", 0x3c, false},  {"[[C", 0x3d, false},
		{"[[D", 0x3e, false},  {"[[E", 0x3f, false},  {"[1;1A", 0x48, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		uint8_t up = keys[i].code | 0x80;

		type("\x1b");
		type(keys[i].sequence);
		if (keys[i].extended)
			EXPECT(0xe0, keys[i].code, 0xe0, up);
		else
			EXPECT(keys[i].code, up);
	}
}

static void modifiers_of_a_sequence_are_pressed(void **state)
{
	(void)state;
	type("\x1b[Z");
	EXPECT(0x2a, 0x0f, 0x8f, 0xaa);
	type("\x1b[1;2A");
	EXPECT(0x2a, 0xe0, 0x48, 0xe0, 0xc8, 0xaa);
	type("\x1b[3;5~");
	EXPECT(0x1d, 0xe0, 0x53, 0xe0, 0xd3, 0x9d);
	type("\x1b[15;3~");
	EXPECT(0x38, 0x3f, 0xbf, 0xb8);
	type("\x1b[1;8P");
	EXPECT(0x1d, 0x38, 0x2a, 0x3b, 0xbb, 0x9d, 0xb8, 0xaa);
	type("\x1b[1;99P");
	EXPECT(0x3b, 0xbb);
}

static void the_longest_key_fits_the_queue(void **state)
{
	(void)state;
	command(0x60);
	data(0x01);
	type("\x1b[1;8A");
	assert_false(vi8042_can_type(&chip));
	EXPECT(0x14, 0x11, 0x12, 0xe0, 0x75, 0xe0, 0xf0, 0x75, 0xf0, 0x14, 0xf0, 0x11, 0xf0, 0x12);
	assert_true(vi8042_can_type(&chip));
}

static void alt_is_an_escape_before_the_key(void **state)
{
	(void)state;
	type("\x1bx");
	EXPECT(0x38, 0x2d, 0xad, 0xb8);
	type("\x1bX");
	EXPECT(0x38, 0x2a, 0x2d, 0xad, 0xb8, 0xaa);
	type("\x1b\x03");
	EXPECT(0x1d, 0x38, 0x2e, 0xae, 0x9d, 0xb8);
}

static void an_unfinished_sequence_ends_after_20_ms(void **state)
{
	(void)state;
	type("\x1b");
	now_ns += 20 * MS;
	EXPECT(0x01, 0x81);
	type("\x1b[");
	now_ns += 20 * MS;
	EXPECT(0x38, 0x1a, 0x9a, 0xb8);
	type("\x1bO");
	now_ns += 20 * MS;
	EXPECT(0x38, 0x2a, 0x18, 0x98, 0xb8, 0xaa);
	type("\x1b[1;");
	now_ns += 20 * MS;
	expect_nothing();
	type("\x1b[[");
	now_ns += 20 * MS;
	expect_nothing();
	type("a");
	EXPECT(0x1e, 0x9e);
}

static void an_escape_ends_what_was_begun(void **state)
{
	(void)state;
	type("\x1b\x1b");
	EXPECT(0x01, 0x81);
	now_ns += 20 * MS;
	EXPECT(0x01, 0x81);
	type("\x1b[1\x1b[A");
	EXPECT(0xe0, 0x48, 0xe0, 0xc8);
}

static void what_no_key_sends_is_dropped(void **state)
{
	static const char *const sequences[] = {"\x1b[9~",   "\x1b[16~", "\x1b[99~",
						"\x1b[255~", "\x1b[2A",  "\x1b[I",
						"\x1bOz",    "\x1b[[Q",  "\x1b[?1;2c",
						"\x1b[25~",  "\x1b[ q",  "\xc3\xa4\xe2\x82\xac",
						"\x1b[\xffI"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
		type(sequences[i]);
		expect_nothing();
	}
	type("a");
	EXPECT(0x1e, 0x9e);
}

static void a_full_queue_refuses_and_loses_nothing(void **state)
{
	(void)state;
	type("A");
	assert_false(vi8042_can_type(&chip));
	assert_false(vi8042_type(&chip, 'b', now_ns));
	EXPECT(0x2a, 0x1e, 0x9e, 0xaa);
	type("b");
	EXPECT(0x30, 0xb0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VI8042_TEST(commands_are_answered),
		VI8042_TEST(replies_come_the_time_of_a_byte_after_the_command),
		VI8042_TEST(unknown_commands_ask_to_send_again),
		VI8042_TEST(a_command_in_place_of_an_argument_is_a_command),
		VI8042_TEST(a_new_command_drops_the_rest_of_a_reply),
		VI8042_TEST(resend_sends_the_last_byte_again),
		VI8042_TEST(sets_1_and_2_can_be_chosen_and_asked_for),
		VI8042_TEST_BIOS(translation_shows_replies_as_set_1),
		VI8042_TEST(f5_and_f4_switch_scanning),
		VI8042_TEST_BIOS(every_printable_character_has_its_key),
		VI8042_TEST_BIOS(control_characters_are_ctrl_and_a_key),
		VI8042_TEST_BIOS(enter_tab_and_backspace_are_keys),
		VI8042_TEST_BIOS(escape_sequences_are_keys),
		VI8042_TEST_BIOS(modifiers_of_a_sequence_are_pressed),
		VI8042_TEST(the_longest_key_fits_the_queue),
		VI8042_TEST_BIOS(alt_is_an_escape_before_the_key),
		VI8042_TEST_BIOS(an_unfinished_sequence_ends_after_20_ms),
		VI8042_TEST_BIOS(an_escape_ends_what_was_begun),
		VI8042_TEST_BIOS(what_no_key_sends_is_dropped),
		VI8042_TEST_BIOS(a_full_queue_refuses_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
