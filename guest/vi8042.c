/*
 * guest/vi8042.c - the keyboard controller that the guest sees; see guest/vi8042.h.
 *
 * The output buffer is filled by catch_up(), which each access calls first. The questions work on a
 * copy, since they must not change what the guest sees.
 */
#include "guest/vi8042.h"

#include "guest/vi8042_translate.h"
#include "kernel/assert.h"

enum {
	STATUS_FULL = 0x01, /* the output buffer */
	STATUS_SYSTEM = 0x04,
	STATUS_COMMAND = 0x08, /* the last write was to 64h */
	STATUS_UNLOCKED = 0x10,
	STATUS_AUX = 0x20, /* of the byte in the output buffer, as is the time-out */
	STATUS_TIMEOUT = 0x40,
	STATUS_OF_BYTE = STATUS_FULL | STATUS_AUX | STATUS_TIMEOUT,

	MODE_INTERRUPT = 0x01, /* the command byte */
	MODE_AUX_INTERRUPT = 0x02,
	MODE_SYSTEM = 0x04,
	MODE_OFF = 0x10, /* the keyboard's clock is held low */
	MODE_AUX_OFF = 0x20,
	MODE_TRANSLATE = 0x40,

	PORT_RUN = 0x01, /* low: reset */
	PORT_A20 = 0x02,
	PORT_FULL = 0x10,
	PORT_AUX_FULL = 0x20,
	PORT_IDLE = 0xcc, /* the other lines: high */

	INPUT_PORT = 0xa0, /* not locked, no manufacturing jumper */
	TEST_CLOCK = 0x01,
	TEST_DATA = 0x02,

	CODE_BREAK = 0xf0,
};

enum {
	COMMAND_READ_RAM = 0x20,
	COMMAND_WRITE_RAM = 0x60,
	COMMAND_PASSWORD = 0xa4,
	COMMAND_AUX_DISABLE = 0xa7,
	COMMAND_AUX_ENABLE = 0xa8,
	COMMAND_AUX_TEST = 0xa9,
	COMMAND_SELF_TEST = 0xaa,
	COMMAND_KEYBOARD_TEST = 0xab,
	COMMAND_DISABLE = 0xad,
	COMMAND_ENABLE = 0xae,
	COMMAND_READ_INPUT = 0xc0,
	COMMAND_READ_PORT = 0xd0,
	COMMAND_WRITE_PORT = 0xd1,
	COMMAND_WRITE_OUTPUT = 0xd2,
	COMMAND_WRITE_AUX_OUTPUT = 0xd3,
	COMMAND_WRITE_AUX = 0xd4,
	COMMAND_A20_OFF = 0xdd,
	COMMAND_A20_ON = 0xdf,
	COMMAND_READ_TEST = 0xe0,
	COMMAND_PULSE = 0xf0,

	REPLY_NO_PASSWORD = 0xf1,
	REPLY_AUX_CLOCK_HIGH = 0x02,
	REPLY_SELF_TEST = 0x55,
	REPLY_LINES_GOOD = 0x00,
	REPLY_NO_ANSWER = 0xfe,
};

static bool is_full(const struct vi8042 *k)
{
	return k->status & STATUS_FULL;
}

static bool is_off(const struct vi8042 *k)
{
	return k->ram[0] & MODE_OFF;
}

static void put(struct vi8042 *k, uint8_t byte, uint8_t status)
{
	k->data = byte;
	k->status = (uint8_t)((k->status & ~STATUS_OF_BYTE) | STATUS_FULL | status);
}

/* A byte of the keyboard on its way. False: it was the F0h of a translated code. */
static bool take_code(struct vi8042 *k)
{
	uint8_t code = vkeyboard_take(&k->keyboard);

	if (k->ram[0] & MODE_TRANSLATE) {
		if (code == CODE_BREAK) {
			k->broke = true;
			return false;
		}
		code = vi8042_translate(code);
		if (k->broke)
			code |= 0x80;
	}
	k->broke = false;
	put(k, code, 0);
	return true;
}

static bool has_more(const struct vi8042 *k)
{
	return k->has_reply || (!is_off(k) && vkeyboard_has_byte(&k->keyboard));
}

/* Brings the keyboard and the output buffer up to now_ns. */
static void catch_up(struct vi8042 *k, uint64_t now_ns)
{
	uint64_t escape_ns = vkeyboard_deadline_ns(&k->keyboard);

	if (UNLIKELY(now_ns >= escape_ns)) {
		if (!vkeyboard_has_byte(&k->keyboard))
			k->ready_ns = max_u64(k->ready_ns, escape_ns);
		vkeyboard_tick(&k->keyboard, now_ns);
	}
	if (is_full(k) || now_ns < k->ready_ns)
		return;
	if (k->has_reply) {
		k->has_reply = false;
		put(k, k->reply, k->reply_status);
		return;
	}
	while (has_more(k) && !take_code(k))
		;
}

/* Into the output buffer now, or when the guest has read what is there. A second one that waits
 * takes the place of the first. */
static void answer(struct vi8042 *k, uint8_t byte, uint8_t status)
{
	if (!is_full(k)) {
		put(k, byte, status);
		return;
	}
	k->has_reply = true;
	k->reply = byte;
	k->reply_status = status;
}

static uint8_t output_port(const struct vi8042 *k)
{
	uint8_t port = k->port;

	if (is_full(k))
		port |= k->status & STATUS_AUX ? PORT_AUX_FULL : PORT_FULL;
	return port;
}

static void write_output_port(struct vi8042 *k, uint8_t value)
{
	if (!(value & PORT_RUN))
		k->reset_pending = true;
	k->port = (value & (uint8_t) ~(PORT_FULL | PORT_AUX_FULL)) | PORT_RUN;
}

static void write_ram(struct vi8042 *k, uint8_t index, uint8_t value)
{
	k->ram[index] = value;
	if (index == 0)
		k->status = (uint8_t)((k->status & ~STATUS_SYSTEM) |
				      (value & MODE_SYSTEM ? STATUS_SYSTEM : 0));
}

static void set_mode(struct vi8042 *k, uint8_t bit, bool on)
{
	k->ram[0] = (uint8_t)(on ? k->ram[0] | bit : k->ram[0] & ~bit);
}

/* The commands that do something but answer nothing. */
static void command_without_answer(struct vi8042 *k, uint8_t command)
{
	switch (command) {
	case COMMAND_AUX_DISABLE:
	case COMMAND_AUX_ENABLE:
		set_mode(k, MODE_AUX_OFF, command == COMMAND_AUX_DISABLE);
		break;
	case COMMAND_DISABLE:
	case COMMAND_ENABLE:
		set_mode(k, MODE_OFF, command == COMMAND_DISABLE);
		break;
	case COMMAND_WRITE_PORT:
	case COMMAND_WRITE_OUTPUT:
	case COMMAND_WRITE_AUX_OUTPUT:
	case COMMAND_WRITE_AUX:
		k->waiting = command;
		break;
	case COMMAND_A20_OFF:
	case COMMAND_A20_ON:
		vi8042_set_a20(k, command == COMMAND_A20_ON);
		break;
	default: /* F0h to FFh: a bit that is 0 pulses its line low */
		if (command >= COMMAND_PULSE && !(command & PORT_RUN))
			k->reset_pending = true;
		break;
	}
}

static void write_command(struct vi8042 *k, uint8_t command)
{
	k->status |= STATUS_COMMAND;
	k->waiting = 0;
	switch (command) {
	case COMMAND_PASSWORD:
		answer(k, REPLY_NO_PASSWORD, 0);
		break;
	case COMMAND_AUX_TEST:
		answer(k, REPLY_AUX_CLOCK_HIGH, 0);
		break;
	case COMMAND_SELF_TEST:
		k->status |= STATUS_SYSTEM;
		answer(k, REPLY_SELF_TEST, 0);
		break;
	case COMMAND_KEYBOARD_TEST:
		answer(k, REPLY_LINES_GOOD, 0);
		break;
	case COMMAND_READ_INPUT:
		answer(k, INPUT_PORT, 0);
		break;
	case COMMAND_READ_PORT:
		answer(k, output_port(k), 0);
		break;
	case COMMAND_READ_TEST:
		answer(k, TEST_DATA | (is_off(k) ? 0 : TEST_CLOCK), 0);
		break;
	default:
		if ((command & ~(VI8042_RAM - 1)) == COMMAND_READ_RAM)
			answer(k, k->ram[command % VI8042_RAM], 0);
		else if ((command & ~(VI8042_RAM - 1)) == COMMAND_WRITE_RAM)
			k->waiting = command;
		else
			command_without_answer(k, command);
		break;
	}
}

/* A byte for the keyboard enables it. */
static void write_data(struct vi8042 *k, uint8_t value, uint64_t now_ns)
{
	uint8_t command = k->waiting;

	k->status &= (uint8_t)~STATUS_COMMAND;
	k->waiting = 0;
	switch (command) {
	case 0:
		set_mode(k, MODE_OFF, false);
		k->broke = false;
		vkeyboard_command(&k->keyboard, value);
		k->ready_ns = max_u64(k->ready_ns, now_ns + VI8042_BYTE_NS);
		break;
	case COMMAND_WRITE_PORT:
		write_output_port(k, value);
		break;
	case COMMAND_WRITE_OUTPUT:
		answer(k, value, 0);
		break;
	case COMMAND_WRITE_AUX_OUTPUT:
		answer(k, value, STATUS_AUX);
		break;
	case COMMAND_WRITE_AUX:
		answer(k, REPLY_NO_ANSWER, STATUS_AUX | STATUS_TIMEOUT);
		break;
	default:
		write_ram(k, command % VI8042_RAM, value);
		break;
	}
}

/* An empty buffer gives the last byte again. */
static uint8_t read_data(struct vi8042 *k, uint64_t now_ns)
{
	if (is_full(k)) {
		k->status &= (uint8_t)~STATUS_OF_BYTE;
		k->ready_ns = now_ns + VI8042_BYTE_NS;
	}
	return k->data;
}

void vi8042_access(void *state, struct io_access *io)
{
	struct vi8042 *k = state;

	ASSERT(io->port < VI8042_PORTS);
	catch_up(k, io->now_ns);
	if (!io->write)
		io->value = io->port ? k->status : read_data(k, io->now_ns);
	else if (io->port)
		write_command(k, (uint8_t)io->value);
	else
		write_data(k, (uint8_t)io->value, io->now_ns);
}

static bool line(const struct vi8042 *k)
{
	return (k->ram[0] & MODE_INTERRUPT) &&
	       (k->status & (STATUS_FULL | STATUS_AUX)) == STATUS_FULL;
}

bool vi8042_irq(const struct vi8042 *k, uint64_t now_ns)
{
	struct vi8042 then;

	if (is_full(k) || (!has_more(k) && k->keyboard.escape == ESCAPE_NONE))
		return line(k);
	then = *k;
	catch_up(&then, now_ns);
	return line(&then);
}

bool vi8042_irq12(const struct vi8042 *k)
{
	return (k->ram[0] & MODE_AUX_INTERRUPT) && (k->status & STATUS_AUX);
}

uint64_t vi8042_deadline_ns(const struct vi8042 *k, uint64_t now_ns)
{
	uint64_t escape_ns = vkeyboard_deadline_ns(&k->keyboard);
	bool more = has_more(k);

	if (is_full(k) || !(k->ram[0] & MODE_INTERRUPT))
		return NS_NEVER;
	if (more)
		return k->ready_ns > now_ns ? k->ready_ns : NS_NEVER;
	if (is_off(k) || escape_ns <= now_ns)
		return NS_NEVER;
	return max_u64(escape_ns, k->ready_ns);
}

bool vi8042_a20(const struct vi8042 *k)
{
	return k->port & PORT_A20;
}

void vi8042_set_a20(struct vi8042 *k, bool high)
{
	k->port = (uint8_t)((k->port & ~PORT_A20) | (high ? PORT_A20 : 0));
}

bool vi8042_take_reset(struct vi8042 *k)
{
	bool pending = k->reset_pending;

	k->reset_pending = false;
	return pending;
}

bool vi8042_can_type(const struct vi8042 *k)
{
	return vkeyboard_can_type(&k->keyboard);
}

bool vi8042_type(struct vi8042 *k, uint8_t byte, uint64_t now_ns)
{
	catch_up(k, now_ns);
	return vkeyboard_type(&k->keyboard, byte, now_ns);
}

void vi8042_power_on(struct vi8042 *k)
{
	*k = (struct vi8042){
		.status = STATUS_UNLOCKED,
		.port = PORT_RUN | PORT_A20 | PORT_IDLE,
		.ram = {MODE_INTERRUPT | MODE_AUX_INTERRUPT},
	};
	vkeyboard_power_on(&k->keyboard);
}

void vi8042_skip_firmware(struct vi8042 *k)
{
	write_ram(k, 0, MODE_INTERRUPT | MODE_SYSTEM | MODE_AUX_OFF | MODE_TRANSLATE);
}
