/* guest/vkeyboard_keys.c - characters to keys; see guest/vkeyboard_keys.h. */
#include "guest/vkeyboard_keys.h"

#define SHIFTED 0x80u /* in the table: the same key with Shift */

enum {
	CODE_2 = 0x1e,
	CODE_6 = 0x36,
	CODE_MINUS = 0x4e,
	CODE_TAB = 0x0d,
	CODE_ENTER = 0x5a,
	CODE_ESC = 0x76,
	CODE_BACKSPACE = 0x66,
};

/* From the space on; no code of these is above 7Fh. */
static const uint8_t printable[] = {
	/* space ! " # $ % & ' */
	0x29, SHIFTED | 0x16, SHIFTED | 0x52, SHIFTED | 0x26, SHIFTED | 0x25, SHIFTED | 0x2e,
	SHIFTED | 0x3d, 0x52,
	/* ( ) * + , - . / */
	SHIFTED | 0x46, SHIFTED | 0x45, SHIFTED | 0x3e, SHIFTED | 0x55, 0x41, CODE_MINUS, 0x49,
	0x4a,
	/* 0 to 9 */
	0x45, 0x16, CODE_2, 0x26, 0x25, 0x2e, CODE_6, 0x3d, 0x3e, 0x46,
	/* : ; < = > ? @ */
	SHIFTED | 0x4c, 0x4c, SHIFTED | 0x41, 0x55, SHIFTED | 0x49, SHIFTED | 0x4a,
	SHIFTED | CODE_2,
	/* A to Z: the letters below, with Shift */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* [ \ ] ^ _ ` */
	0x54, 0x5d, 0x5b, SHIFTED | CODE_6, SHIFTED | CODE_MINUS, 0x0e,
	/* a to z */
	0x1c, 0x32, 0x21, 0x23, 0x24, 0x2b, 0x34, 0x33, 0x43, 0x3b, 0x42, 0x4b, 0x3a, 0x31, 0x44,
	0x4d, 0x15, 0x2d, 0x1b, 0x2c, 0x3c, 0x2a, 0x1d, 0x22, 0x35, 0x1a,
	/* { | } ~ */
	SHIFTED | 0x54, SHIFTED | 0x5d, SHIFTED | 0x5b, SHIFTED | 0x0e};

static struct key plain(uint8_t code)
{
	return (struct key){.code = code};
}

static struct key extended(uint8_t code)
{
	return (struct key){.code = code, .extended = true};
}

static struct key with(struct key key, uint8_t modifiers)
{
	key.modifiers |= modifiers;
	return key;
}

static bool is_capital(uint8_t character)
{
	return character >= 'A' && character <= 'Z';
}

/* Below the space. The last five and 0 are where a PC's BIOS and Linux look for them. */
static struct key control_key(uint8_t character)
{
	switch (character) {
	case 0x00:
		return with(plain(CODE_2), KEY_CTRL);
	case '\b':
		return plain(CODE_BACKSPACE);
	case '\t':
		return plain(CODE_TAB);
	case '\n':
	case '\r':
		return plain(CODE_ENTER);
	case 0x1b:
		return plain(CODE_ESC);
	case 0x1e:
		return with(plain(CODE_6), KEY_CTRL);
	case 0x1f:
		return with(plain(CODE_MINUS), KEY_CTRL);
	default: /* a letter, \ or ] */
		character = (uint8_t)(character + '@');
		if (is_capital(character))
			character = (uint8_t)(character - 'A' + 'a');
		return with(plain(printable[character - ' ']), KEY_CTRL);
	}
}

struct key vkeyboard_key_of(uint8_t character)
{
	uint8_t code;

	if (character < ' ')
		return control_key(character);
	if (character >= 0x7f)
		return plain(CODE_BACKSPACE);
	if (is_capital(character))
		return with(plain(printable[character - 'A' + 'a' - ' ']), KEY_SHIFT);
	code = printable[character - ' '];
	return with(plain(code & (uint8_t)~SHIFTED), code & SHIFTED ? KEY_SHIFT : 0);
}

struct key vkeyboard_function_key(unsigned number)
{
	static const uint8_t codes[] = {0x05, 0x06, 0x04, 0x0c, 0x03, 0x0b,
					0x83, 0x0a, 0x01, 0x09, 0x78, 0x07};

	return plain(number >= 1 && number <= ARRAY_SIZE(codes) ? codes[number - 1] : 0);
}

struct key vkeyboard_key_of_letter(uint8_t letter)
{
	switch (letter) {
	case 'A':
		return extended(0x75); /* up */
	case 'B':
		return extended(0x72); /* down */
	case 'C':
		return extended(0x74); /* right */
	case 'D':
		return extended(0x6b); /* left */
	case 'F':
		return extended(0x69); /* End */
	case 'H':
		return extended(0x6c); /* Home */
	case 'Z':
		return with(plain(CODE_TAB), KEY_SHIFT);
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return vkeyboard_function_key(letter - 'P' + 1u);
	default:
		return plain(0);
	}
}

/* The numbers of the VT220 and of xterm: they leave out some. */
struct key vkeyboard_key_of_number(uint8_t number)
{
	static const uint8_t editing[] = {0, 0x6c, 0x70, 0x71, 0x69, 0x7d, 0x7a, 0x6c, 0x69};
	static const uint8_t function[] = {1, 2, 3, 4, 5, 0, 6, 7, 8, 9, 10, 0, 11, 12};

	if (number < ARRAY_SIZE(editing))
		return extended(editing[number]);
	if (number >= 11 && number < 11 + ARRAY_SIZE(function))
		return vkeyboard_function_key(function[number - 11]);
	return plain(0);
}
