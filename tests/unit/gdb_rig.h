/*
 * tests/unit/gdb_rig.h - a gdb server over the toy machine, and a client that speaks to it.
 */
#pragma once

#include "tests/unit/support.h"

#include "debug/gdb_server.h"
#include "tests/gdb/toy_machine.h"

#define RIG_REPLY_BYTES 16384u
#define RIG_TURN_NS     NS_PER_MILLISECOND

static struct toy_machine machine;
static struct gdb_server server;
static uint64_t now_ns;
static unsigned rig_speed; /* instructions a turn */

/* What came from the server: packets one after the other, without their frames. */
static char rig_reply[RIG_REPLY_BYTES];
static char rig_console[65536]; /* what O packets said */
static char rig_text[256];      /* what the line gave back as text */
static unsigned rig_packets, rig_pluses, rig_minuses;

static inline void rig_take_text(void *state, uint8_t byte)
{
	size_t len = strlen(rig_text);

	(void)state;
	if (len + 1 < sizeof(rig_text)) {
		rig_text[len] = (char)byte;
		rig_text[len + 1] = '\0';
	}
}

static inline void rig_send(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		gdb_server_input(&server, (uint8_t)bytes[i], now_ns);
}

static inline void rig_send_text(const char *text)
{
	rig_send(text, strlen(text));
}

static inline void rig_send_packet(const char *payload, size_t len)
{
	char end[4];
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + (uint8_t)payload[i]);
	snprintf(end, sizeof(end), "#%02x", sum);
	rig_send_text("$");
	rig_send(payload, len);
	rig_send_text(end);
}

/* Runs and escapes are undone; what is in `from` is the inside of a frame. */
static inline size_t rig_decode(char *to, const char *from, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		if (from[i] == '*' && out > 0) {
			i++;
			for (int n = from[i] - 29; n > 0; n--, out++)
				to[out] = to[out - 1];
		} else if (from[i] == '}') {
			to[out++] = (char)(from[++i] ^ 0x20);
		} else {
			to[out++] = from[i];
		}
		assert_true(out < RIG_REPLY_BYTES);
	}
	to[out] = '\0';
	return out;
}

static inline void rig_console_packet(void)
{
	size_t len = strlen(rig_console);

	for (const char *c = rig_reply + 1; c[0] != '\0'; c += 2) {
		unsigned byte;

		assert_int_equal(sscanf(c, "%2x", &byte), 1);
		assert_true(len + 1 < sizeof(rig_console));
		rig_console[len++] = (char)byte;
	}
	rig_console[len] = '\0';
}

/* The server's bytes until it has none: the last packet is in rig_reply. Each is acknowledged. */
static inline void rig_drain(bool acknowledge)
{
	static char frame[GDB_PACKET_BYTES + 8];
	uint8_t byte;

	while (gdb_server_output(&server, &byte)) {
		size_t len = 0;
		bool notice = byte == '%';
		unsigned sum = 0, told = 0;

		rig_pluses += byte == '+';
		rig_minuses += byte == '-';
		if (byte == '+' || byte == '-')
			continue;
		assert_true(byte == '$' || notice);
		while (gdb_server_output(&server, &byte) && byte != '#') {
			frame[len++] = (char)byte;
			sum += byte;
			assert_true(len <= GDB_PACKET_BYTES);
		}
		for (unsigned i = 0; i < 2; i++) {
			assert_true(gdb_server_output(&server, &byte));
			told = told << 4 | (byte > '9' ? byte - 'a' + 10u : byte - 0x30u);
		}
		assert_int_equal(told, sum & 0xff);
		rig_decode(rig_reply, frame, len);
		rig_packets++;
		if (acknowledge && !notice)
			rig_send_text("+");
		if (rig_reply[0] == 'O' && strcmp(rig_reply, "OK") != 0)
			rig_console_packet();
	}
}

static inline void rig_turn(void)
{
	now_ns += RIG_TURN_NS;
	toy_run(&machine, rig_speed);
	gdb_server_poll(&server, now_ns);
}

/* Turns until a packet that is no O packet comes, or for a few seconds. False: none came. */
static inline bool rig_wait(void)
{
	for (unsigned i = 0; i < 4000; i++) {
		unsigned before = rig_packets;

		rig_drain(true);
		if (rig_packets != before && (rig_reply[0] != 'O' || strcmp(rig_reply, "OK") == 0))
			return true;
		rig_turn();
	}
	strcpy(rig_reply, "(nothing)");
	return false;
}

static inline const char *ask_bytes(const char *payload, size_t len)
{
	rig_send_packet(payload, len);
	rig_wait();
	return rig_reply;
}

static inline const char *ask(const char *payload)
{
	return ask_bytes(payload, strlen(payload));
}

/* A server that was never spoken to; all of the machine runs. */
static inline void rig_start(const struct gdb_config *config)
{
	toy_init(&machine);
	gdb_server_init(&server, &machine.target, config);
	now_ns = 1000 * NS_PER_SECOND;
	rig_speed = 10;
	rig_packets = rig_pluses = rig_minuses = 0;
	rig_console[0] = rig_text[0] = rig_reply[0] = '\0';
}

#define SUPPORTED "qSupported:multiprocess+;swbreak+;vContSupported+"

/* As gdb's `target remote`, or `target extended-remote`. wait: a VM that stands, or 0. */
static inline void rig_connect(bool extended, uint32_t wait)
{
	rig_start(&(struct gdb_config){.when_gone = GDB_GONE_RUN});
	if (wait != 0)
		toy_wait(&machine, wait);
	rig_send_text("+");
	assert_non_null(strstr(ask(SUPPORTED), "PacketSize=1000"));
	if (extended)
		assert_string_equal(ask("!"), "OK");
	assert_string_equal(ask("Hg0"), "OK");
	assert_memory_equal(ask("qXfer:features:read:target.xml:0,ffb"), "m<?xml", 6);
	assert_string_equal(ask("QNonStop:0"), "OK");
	assert_memory_equal(ask("?"), "T05thread:p", 11);
}

static inline void rig_connect_non_stop(void)
{
	rig_start(&(struct gdb_config){.when_gone = GDB_GONE_STAY});
	ask(SUPPORTED);
	assert_string_equal(ask("QNonStop:1"), "OK");
}
