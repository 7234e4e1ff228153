/*
 * tests/fuzz/fuzz_gdb_server.c - the gdb server (debug/gdb_server.h) fed with random bytes
 * (libFuzzer), over the toy machine and over a target that answers out of the input too.
 *
 * The first byte chooses the configuration. Then FDh and a byte is a stop that the target reports,
 * FEh lets time pass, and FFh starts a packet whose checksum will be right. Everything else goes in
 * as it is. What the server sends must be well-formed whatever came in.
 */
#include "tests/fuzz/fuzzer.h"

#include "debug/gdb_server.h"
#include "tests/gdb/toy_machine.h"

static struct toy_machine machine;
static struct debug_target target; /* the toy's, but for what is wild */
static struct gdb_server server;
static uint64_t now_ns;
static uint8_t wild; /* the last byte of the input that was used */

static unsigned wild_list(void *state, struct debug_thread *out, unsigned max)
{
	for (unsigned i = 0; i < max; i++)
		out[i] = (struct debug_thread){.pid = 1 + i / 8, .tid = 1 + i % 8};
	(void)state;
	return wild > 200 ? max + 1000 : wild;
}

static bool wild_is_stopped(void *state, struct debug_thread t)
{
	(void)state;
	return ((wild ^ t.pid ^ t.tid) & 1) != 0;
}

static enum status wild_read_registers(void *state, struct debug_thread t,
				       struct debug_registers *r)
{
	(void)state;
	memset(r, wild + (int)t.pid, sizeof(*r));
	r->mode = (enum debug_mode)(wild % 3);
	r->has_fpu = (wild & 4) != 0;
	return (wild & 8) != 0 ? OK : (enum status)(wild % STATUS_COUNT);
}

static enum status wild_read_memory(void *state, struct debug_thread t, uint64_t at, void *to,
				    size_t len, size_t *done)
{
	(void)state;
	(void)t;
	(void)at;
	*done = len * wild / 255;
	memset(to, wild, *done);
	return (enum status)(wild % STATUS_COUNT);
}

static unsigned wild_map(void *state, uint32_t pid, struct debug_region *out, unsigned max)
{
	(void)state;
	for (unsigned i = 0; i < max; i++)
		out[i] = (struct debug_region){.start = (uint64_t)i * wild * pid,
					       .len_bytes = wild,
					       .kind = (enum debug_memory_kind)(i & 1)};
	return wild;
}

static enum status wild_attach(void *state, uint32_t pid)
{
	(void)state;
	(void)pid;
	return wild > 250 ? ERR_BUSY : OK;
}

static void wild_text(void *state, struct debug_thread t, char *text, size_t size)
{
	(void)state;
	(void)t;
	memset(text, wild | 1, size - 1);
	text[size - 1] = '\0';
}

static void wild_name(void *state, uint32_t pid, char *text, size_t size)
{
	wild_text(state, (struct debug_thread){.pid = pid}, text, size);
}

static void nothing(void *state, uint32_t pid)
{
	(void)state;
	(void)pid;
}

static enum status wild_kill(void *state, uint32_t pid)
{
	(void)state;
	return (enum status)((wild + pid) % STATUS_COUNT);
}

static void set_wild_target(void)
{
	target.threads = wild_list;
	target.is_stopped = wild_is_stopped;
	target.read_registers = wild_read_registers;
	target.read_memory = wild_read_memory;
	target.memory_map = wild_map;
	target.attach = wild_attach;
	target.detach = nothing;
	target.kill = wild_kill;
	target.describe = wild_text;
	target.process_name = wild_name;
}

/* Frames, checksums and lengths of all that goes out. */
static void check_output(void)
{
	uint8_t byte;

	while (gdb_server_output(&server, &byte)) {
		unsigned sum = 0, len = 0, told = 0;

		if (byte == '+' || byte == '-')
			continue;
		ASSERT(byte == '$' || byte == '%');
		while (gdb_server_output(&server, &byte) && byte != '#') {
			ASSERT(byte != '$');
			sum += byte;
			ASSERT(++len <= GDB_PACKET_BYTES);
		}
		for (unsigned i = 0; i < 2; i++) {
			ASSERT(gdb_server_output(&server, &byte));
			told = told << 4 | (byte > '9' ? byte - 'a' + 10u : byte - 0x30u);
		}
		ASSERT(told == (sum & 0xff));
	}
}

static void turn(void)
{
	now_ns += (uint64_t)wild * 8 * NS_PER_MILLISECOND;
	toy_run(&machine, wild % 16);
	gdb_server_poll(&server, now_ns);
	check_output();
}

static void stop_something(uint8_t how)
{
	struct toy_thread *t = &machine.threads[how % TOY_THREADS];

	if (!t->stopped)
		toy_report(t, (enum debug_stop_reason)(how / TOY_THREADS % 13), how, how);
}

static void feed(uint8_t byte)
{
	wild = byte;
	gdb_server_input(&server, byte, now_ns);
}

/* The packet behind the FFh, up to a zero; returns how much of the input it took. */
static size_t feed_packet(const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum = 0;
	size_t i;

	feed('$');
	for (i = 0; i < size && data[i] != 0; i++) {
		if (data[i] == '#' || data[i] == '$')
			continue;
		feed(data[i]);
		sum = (uint8_t)(sum + data[i]);
	}
	wild = size > i ? data[i] : sum;
	gdb_server_input(&server, '#', now_ns);
	gdb_server_input(&server, (uint8_t)digits[sum >> 4], now_ns);
	gdb_server_input(&server, (uint8_t)digits[sum & 15], now_ns);
	check_output();
	return i;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gdb_config config = {0};

	if (size == 0)
		return 0;
	toy_init(&machine);
	target = machine.target;
	if ((data[0] & 1) != 0)
		set_wild_target();
	config.text_line = (data[0] & 2) != 0;
	config.offer_no_ack = (data[0] & 4) != 0;
	config.when_gone = (data[0] & 8) != 0 ? GDB_GONE_STAY : GDB_GONE_RUN;
	wild = data[0];
	now_ns = NS_PER_SECOND;
	gdb_server_init(&server, &target, &config);
	for (size_t i = 1; i < size; i++) {
		if (data[i] == 0xff)
			i += feed_packet(data + i + 1, size - i - 1);
		else if (data[i] == 0xfe)
			turn();
		else if (data[i] == 0xfd && i + 1 < size)
			stop_something(data[++i]);
		else
			feed(data[i]);
		(void)gdb_server_console_output(&server, "text", data[i] % 5);
	}
	wild = 0;
	for (unsigned i = 0; i < 3; i++)
		turn();
	gdb_server_gone(&server);
	check_output();
	return 0;
}
