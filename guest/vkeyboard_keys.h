/*
 * guest/vkeyboard_keys.h - from a terminal's characters and escape sequences to keys of a US
 * keyboard. For guest/vkeyboard.c.
 *
 * Pure.
 * Spec: IBM Personal System/2 Hardware Interface Technical Reference, "Scan Code Set 2"; ECMA-48
 * "Control Functions"; xterm "Control Sequences", PC-Style Function Keys.
 */
#pragma once

#include "kernel/types.h"

enum {
	KEY_SHIFT = 0x01,
	KEY_ALT = 0x02,
	KEY_CTRL = 0x04, /* the order of xterm's modifier number, less 1 */
};

struct key {
	uint8_t code;  /* of set 2; 0: no key */
	bool extended; /* behind E0h */
	uint8_t modifiers;
};

/* The key for an ASCII character, 0 to 7Fh; every one has one. */
struct key vkeyboard_key_of(uint8_t character);

/* The key for the end of ESC O x, or of ESC [ x without a number before it. Code 0: none. */
struct key vkeyboard_key_of_letter(uint8_t letter);

/* The key for ESC [ number ~. Code 0: none. */
struct key vkeyboard_key_of_number(uint8_t number);

/* Function key 1 to 12; code 0 for others. */
struct key vkeyboard_function_key(unsigned number);
