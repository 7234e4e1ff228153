/*
 * guest/vkeyboard.h - the PC keyboard that the guest sees, with a terminal's user at its keys.
 *
 * Pure model: no port, clock, lock or log. It hangs on guest/vi8042.c, which owns it. Bytes go to
 * the keyboard by vkeyboard_command() and come from it by vkeyboard_take(); replies come before
 * scan codes. What a terminal sends becomes keys of a US layout, pressed and released at once,
 * with Shift, Ctrl and Alt around them as needed (guest/vkeyboard_keys.c).
 *
 * Not modelled: set 3 (its commands get FEh, resend); key repeat and LEDs (the settings are taken);
 * the overrun code (the terminal has to wait instead); lock keys.
 * Spec: IBM Personal System/2 Hardware Interface Technical Reference, "Keyboard", "Commands from
 * the System", "Scan Code Sets".
 */
#pragma once

#include "kernel/types.h"

#define VKEYBOARD_CODES     16u
#define VKEYBOARD_REPLIES   4u
#define VKEYBOARD_SEQUENCE  2u /* numbers in an escape sequence */

/* An ESC that nothing follows within this time is the key itself. */
#define VKEYBOARD_ESCAPE_NS (20 * NS_PER_MILLISECOND)

/* Where a terminal's escape sequence stands. */
enum vkeyboard_escape {
	ESCAPE_NONE,
	ESCAPE_BEGUN, /* ESC */
	ESCAPE_CSI,   /* ESC [ and numbers */
	ESCAPE_SS3,   /* ESC O */
	ESCAPE_LINUX, /* ESC [ [ */
};

struct vkeyboard {
	uint8_t set;      /* 1 or 2 */
	bool scanning;    /* off: what is typed is lost */
	uint8_t argument; /* the command that waits for its second byte, or 0 */
	uint8_t last;     /* the byte that FEh asks for again */
	uint8_t codes[VKEYBOARD_CODES], code_head, code_count;
	uint8_t replies[VKEYBOARD_REPLIES], reply_head, reply_count;
	enum vkeyboard_escape escape;
	uint8_t numbers[VKEYBOARD_SEQUENCE], number_count;
	bool has_digits;    /* the sequence is more than ESC and one character */
	uint64_t escape_ns; /* when the ESC came */
};

/* After its self test: set 2, scanning, nothing to send. */
void vkeyboard_power_on(struct vkeyboard *k);

/* A byte from the controller. What it had not sent of an earlier reply is dropped. */
void vkeyboard_command(struct vkeyboard *k, uint8_t byte);

/* Does it have a byte to send? */
static inline bool vkeyboard_has_byte(const struct vkeyboard *k)
{
	return k->reply_count || k->code_count;
}

/* Takes the next byte to send; there is one. */
uint8_t vkeyboard_take(struct vkeyboard *k);

/* Is there room for any key now? */
bool vkeyboard_can_type(const struct vkeyboard *k);

/* A byte of a terminal at now_ns: ASCII, control characters, escape sequences of the cursor,
 * editing and function keys with xterm's modifiers; Alt-x as ESC x. Bytes from 80h on and
 * sequences that are not known are dropped. False: no room, the byte was not taken (a key before
 * it came out of a lone ESC just now, or vkeyboard_can_type() says no). */
MUST_CHECK bool vkeyboard_type(struct vkeyboard *k, uint8_t byte, uint64_t now_ns);

/* Lets an ESC that has waited until now_ns become a key. */
void vkeyboard_tick(struct vkeyboard *k, uint64_t now_ns);

/* When vkeyboard_tick() has to do something; NS_NEVER. */
uint64_t vkeyboard_deadline_ns(const struct vkeyboard *k);
