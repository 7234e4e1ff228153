/* guest/vkeyboard.c - the keyboard's commands, its queue, and its user; see guest/vkeyboard.h. */
#include "guest/vkeyboard.h"

#include "guest/vi8042_translate.h"
#include "guest/vkeyboard_keys.h"
#include "kernel/assert.h"

enum {
	COMMAND_LEDS = 0xed,
	COMMAND_ECHO = 0xee,
	COMMAND_SET = 0xf0,
	COMMAND_IDENTIFY = 0xf2,
	COMMAND_TYPEMATIC = 0xf3,
	COMMAND_ENABLE = 0xf4,
	COMMAND_DISABLE = 0xf5,
	COMMAND_DEFAULTS = 0xf6,
	COMMAND_RESEND = 0xfe,
	COMMAND_RESET = 0xff,

	REPLY_ACK = 0xfa,
	REPLY_RESEND = 0xfe,
	REPLY_ECHO = 0xee,
	REPLY_TESTED = 0xaa,

	CODE_BREAK = 0xf0, /* of set 2 */
	CODE_BREAK_BIT = 0x80,
	CODE_EXTENDED = 0xe0,
	CODE_SHIFT = 0x12,
	CODE_ALT = 0x11,
	CODE_CTRL = 0x14,

	CHARACTER_ESC = 0x1b,
};

/* The keyboard's identity, "Read ID". */
#define ID_FIRST   0xabu
#define ID_SECOND  0x83u

/* Ctrl, Alt, Shift and an extended key, down and up in set 2. */
#define MOST_CODES 14u

_Static_assert(MOST_CODES <= VKEYBOARD_CODES, "every key fits the empty queue");

void vkeyboard_power_on(struct vkeyboard *k)
{
	*k = (struct vkeyboard){.set = 2, .scanning = true};
}

static void reply(struct vkeyboard *k, uint8_t byte)
{
	ASSERT(k->reply_count < VKEYBOARD_REPLIES);
	k->replies[(k->reply_head + k->reply_count) % VKEYBOARD_REPLIES] = byte;
	k->reply_count++;
}

uint8_t vkeyboard_take(struct vkeyboard *k)
{
	ASSERT(vkeyboard_has_byte(k));
	if (k->reply_count) {
		k->last = k->replies[k->reply_head];
		k->reply_head = (k->reply_head + 1) % VKEYBOARD_REPLIES;
		k->reply_count--;
	} else {
		k->last = k->codes[k->code_head];
		k->code_head = (k->code_head + 1) % VKEYBOARD_CODES;
		k->code_count--;
	}
	return k->last;
}

static void forget_keys(struct vkeyboard *k)
{
	k->code_count = 0;
	k->escape = ESCAPE_NONE;
}

static void set_defaults(struct vkeyboard *k, bool scanning)
{
	forget_keys(k);
	k->set = 2;
	k->scanning = scanning;
}

/* "Select Alternate Scan Codes": 0 asks for the set. */
static void select_set(struct vkeyboard *k, uint8_t set)
{
	if (set > 2) {
		reply(k, REPLY_RESEND);
		return;
	}
	reply(k, REPLY_ACK);
	if (set == 0)
		reply(k, k->set);
	else
		k->set = set;
}

static void begin_command(struct vkeyboard *k, uint8_t command)
{
	switch (command) {
	case COMMAND_ECHO:
		reply(k, REPLY_ECHO);
		return;
	case COMMAND_RESEND:
		reply(k, k->last);
		return;
	case COMMAND_LEDS:
	case COMMAND_SET:
	case COMMAND_TYPEMATIC:
		k->argument = command;
		break;
	case COMMAND_IDENTIFY:
		reply(k, REPLY_ACK);
		reply(k, ID_FIRST);
		reply(k, ID_SECOND);
		return;
	case COMMAND_ENABLE:
		forget_keys(k);
		k->scanning = true;
		break;
	case COMMAND_DISABLE:
		set_defaults(k, false);
		break;
	case COMMAND_DEFAULTS:
		set_defaults(k, k->scanning);
		break;
	case COMMAND_RESET:
		set_defaults(k, true);
		reply(k, REPLY_ACK);
		reply(k, REPLY_TESTED);
		return;
	default:
		reply(k, REPLY_RESEND);
		return;
	}
	reply(k, REPLY_ACK);
}

/* A command in place of an argument ends the one before ("Set/Reset Status Indicators"). */
void vkeyboard_command(struct vkeyboard *k, uint8_t byte)
{
	uint8_t argument_of = k->argument;

	k->reply_count = 0;
	k->argument = 0;
	if (argument_of == 0 || byte >= COMMAND_LEDS)
		begin_command(k, byte);
	else if (argument_of == COMMAND_SET)
		select_set(k, byte);
	else
		reply(k, REPLY_ACK);
}

static void send(struct vkeyboard *k, uint8_t byte)
{
	ASSERT(k->code_count < VKEYBOARD_CODES);
	k->codes[(k->code_head + k->code_count) % VKEYBOARD_CODES] = byte;
	k->code_count++;
}

static void send_code(struct vkeyboard *k, uint8_t code, bool extended, bool up)
{
	if (extended)
		send(k, CODE_EXTENDED);
	if (k->set == 1) {
		send(k, (uint8_t)(vi8042_translate(code) | (up ? CODE_BREAK_BIT : 0)));
		return;
	}
	if (up)
		send(k, CODE_BREAK);
	send(k, code);
}

static void send_modifiers(struct vkeyboard *k, uint8_t modifiers, bool up)
{
	if (modifiers & KEY_CTRL)
		send_code(k, CODE_CTRL, false, up);
	if (modifiers & KEY_ALT)
		send_code(k, CODE_ALT, false, up);
	if (modifiers & KEY_SHIFT)
		send_code(k, CODE_SHIFT, false, up);
}

/* Down and up. Only on an empty queue, or behind a lone ESC. */
static void press(struct vkeyboard *k, struct key key, uint8_t modifiers)
{
	modifiers |= key.modifiers;
	if (!k->scanning || key.code == 0)
		return;
	send_modifiers(k, modifiers, false);
	send_code(k, key.code, key.extended, false);
	send_code(k, key.code, key.extended, true);
	send_modifiers(k, modifiers, true);
}

static void press_character(struct vkeyboard *k, uint8_t character, uint8_t modifiers)
{
	press(k, vkeyboard_key_of(character), modifiers);
}

/* The sequence is not going on: what there is of it counts as keys by themselves. */
static void end_escape(struct vkeyboard *k)
{
	enum vkeyboard_escape escape = k->escape;

	k->escape = ESCAPE_NONE;
	if (escape == ESCAPE_BEGUN)
		press_character(k, CHARACTER_ESC, 0);
	else if (escape == ESCAPE_SS3)
		press_character(k, 'O', KEY_ALT);
	else if (escape == ESCAPE_CSI && !k->has_digits)
		press_character(k, '[', KEY_ALT);
}

void vkeyboard_tick(struct vkeyboard *k, uint64_t now_ns)
{
	if (k->escape != ESCAPE_NONE && now_ns >= vkeyboard_deadline_ns(k))
		end_escape(k);
}

uint64_t vkeyboard_deadline_ns(const struct vkeyboard *k)
{
	return k->escape == ESCAPE_NONE ? NS_NEVER : k->escape_ns + VKEYBOARD_ESCAPE_NS;
}

bool vkeyboard_can_type(const struct vkeyboard *k)
{
	return VKEYBOARD_CODES - k->code_count >= MOST_CODES;
}

/* xterm's number of the modifiers is 1 more than their bits; bit 3 would be Meta. */
static uint8_t sequence_modifiers(const struct vkeyboard *k)
{
	uint8_t number = k->numbers[1];

	if (number < 1 || number > 16)
		return 0;
	return (number - 1) & (KEY_SHIFT | KEY_ALT | KEY_CTRL);
}

static void type_csi(struct vkeyboard *k, uint8_t byte)
{
	uint8_t *number = &k->numbers[k->number_count];

	if (byte == '[' && !k->has_digits) {
		k->escape = ESCAPE_LINUX;
		return;
	}
	if (byte >= '0' && byte <= '?') {
		k->has_digits = true;
		if (byte == ';' && k->number_count + 1 < (int)VKEYBOARD_SEQUENCE)
			k->number_count++;
		else if (byte <= '9' && *number < 25)
			*number = (uint8_t)(*number * 10 + byte - '0');
		else
			*number = UINT8_MAX; /* no key has it */
		return;
	}
	if (byte < '@')
		return; /* an intermediate byte: no key's sequence has one, and its end is near */
	k->escape = ESCAPE_NONE;
	if (byte == '~')
		press(k, vkeyboard_key_of_number(k->numbers[0]), sequence_modifiers(k));
	else if (k->numbers[0] <= 1)
		press(k, vkeyboard_key_of_letter(byte), sequence_modifiers(k));
}

static void type_after_escape(struct vkeyboard *k, uint8_t byte)
{
	switch (byte) {
	case '[':
		k->escape = ESCAPE_CSI;
		k->has_digits = false;
		k->number_count = 0;
		for (unsigned i = 0; i < VKEYBOARD_SEQUENCE; i++)
			k->numbers[i] = 0;
		break;
	case 'O':
		k->escape = ESCAPE_SS3;
		break;
	default:
		k->escape = ESCAPE_NONE;
		press_character(k, byte, KEY_ALT);
		break;
	}
}

bool vkeyboard_type(struct vkeyboard *k, uint8_t byte, uint64_t now_ns)
{
	vkeyboard_tick(k, now_ns);
	if (!vkeyboard_can_type(k))
		return false;
	if (byte >= 0x80)
		return true;
	if (byte == CHARACTER_ESC) { /* whatever was begun is over */
		end_escape(k);
		k->escape = ESCAPE_BEGUN;
		k->escape_ns = now_ns;
		return true;
	}
	switch (k->escape) {
	case ESCAPE_BEGUN:
		type_after_escape(k, byte);
		break;
	case ESCAPE_CSI:
		type_csi(k, byte);
		break;
	case ESCAPE_SS3:
		k->escape = ESCAPE_NONE;
		press(k, vkeyboard_key_of_letter(byte), 0);
		break;
	case ESCAPE_LINUX:
		k->escape = ESCAPE_NONE;
		if (byte >= 'A' && byte <= 'E')
			press(k, vkeyboard_function_key(byte - 'A' + 1u), 0);
		break;
	default:
		press_character(k, byte, 0);
		break;
	}
	return true;
}
