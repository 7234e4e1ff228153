/* debug/stream.c - see debug/stream.h. */
#include "debug/stream.h"

#include "debug/gdb.h"
#include "debug/trace.h"
#include "debug/trace_stream.h"
#include "drivers/console.h"
#include "drivers/uart16550.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "vmx/vm.h"

#define HEADER_LINES 256u /* the head comes again after so many, for who listens since then only */
#define PATIENCE_NS  (20 * NS_PER_MILLISECOND) /* a line waits so long to be filled */
#define LINES_MOST   32u                       /* at a time */

static struct {
	bool on, own_port;
	struct uart16550 uart;
	struct console_port *port; /* if not own_port: between the console's lines */
	uint16_t number;           /* of the next line */
	unsigned since_head;       /* lines */
	unsigned next_vm;          /* whose name comes next; vm_count: none */
	unsigned next_core;
	uint64_t last_ns; /* when the last line was made */
	uint64_t lost;
	size_t len, at; /* of text: how much there is, and how much of it is gone */
	char text[TRACE_LINE_TEXT];
} stream;

enum status stream_set_port(struct text name)
{
	uint16_t port = 0;
	uint8_t irq;
	enum status s = uart16550_parse_option(name, &port, &irq);

	if (s == OK && gdb_has_port(port)) /* its packets and our lines would spoil each other */
		return ERR_EXISTS;
	if (s == OK && port != console_port_number()) {
		s = uart16550_init(&stream.uart, port);
		stream.own_port = s == OK;
	}
	stream.on = s == OK;
	return s;
}

/* The console's place is taken when the VMs have theirs, so that it does not get what is typed. */
static bool open_port(void)
{
	if (!stream.own_port && !stream.port)
		stream.port = console_open("trace");
	return stream.own_port || stream.port;
}

enum status stream_switch(bool on)
{
	if (on && !stream.own_port && gdb_has_port(console_port_number()))
		return ERR_EXISTS;
	if (on && !open_port())
		return ERR_FULL;
	if (on && !stream.on) {
		stream.since_head = HEADER_LINES;
		stream.next_vm = vm_count; /* the head starts with the first */
	}
	stream.on = on;
	return OK;
}

/* ---- what comes next ---- */

static void head(struct trace_line *l)
{
	trace_line_begin(l, 'H');
	trace_line_number(l, TRACE_STREAM_VERSION);
	trace_line_number(l, time_tsc_hz());
	trace_line_number(l, time_base.start_tsc);
	trace_line_number(l, cpu_count);
	stream.since_head = 0;
	stream.next_vm = 0;
}

static void vm_name(struct trace_line *l)
{
	const char *name = vms[stream.next_vm]->config.name;

	trace_line_begin(l, 'V');
	trace_line_number(l, stream.next_vm++);
	trace_line_bytes(l, name, strlen(name));
}

/* Records of one core; false: none, or so few that they wait for more. */
static bool records(struct trace_line *l, unsigned core, bool patient)
{
	struct trace_ring *ring = trace_ring_of(core);
	uint64_t oldest = trace_oldest(ring), n;
	struct trace_record r;
	bool full = false;

	if (ring->sent < oldest) {
		trace_line_begin(l, 'L');
		trace_line_number(l, core);
		trace_line_number(l, oldest - ring->sent);
		stream.lost += oldest - ring->sent;
		ring->sent = oldest;
		return true;
	}
	for (n = ring->sent; !full && trace_read(ring, n, &r); n += !full) {
		if (n == ring->sent)
			trace_line_begin_records(l, core, r.tsc);
		full = !trace_line_record(l, &r);
	}
	if (n == ring->sent || (patient && !full))
		return false;
	ring->sent = n;
	return true;
}

static bool next_line(struct trace_line *l, bool finish)
{
	bool patient = !finish && now_ns() - stream.last_ns < PATIENCE_NS;

	if (!trace_ring_of(0))
		return false;
	if (stream.next_vm < vm_count && stream.since_head) {
		vm_name(l);
		return true;
	}
	for (unsigned i = 0; i < cpu_count; i++) {
		unsigned core = (stream.next_core + i) % cpu_count;

		if (stream.since_head >= HEADER_LINES || !stream.number) {
			if (trace_ring_of(core)->sent == trace_ring_of(core)->written)
				continue;
			head(l);
			return true;
		}
		if (records(l, core, patient)) {
			stream.next_core = core + 1;
			return true;
		}
	}
	return false;
}

/* ---- and goes ---- */

/* True: all of the text is gone. */
static bool send(void)
{
	if (stream.own_port)
		stream.at += uart16550_send(&stream.uart, (const uint8_t *)stream.text + stream.at,
					    stream.len - stream.at);
	else
		while (stream.at < stream.len &&
		       console_put(stream.port, (uint8_t)stream.text[stream.at]))
			stream.at++;
	return stream.at == stream.len;
}

bool stream_service(bool finish)
{
	struct trace_line l;

	if (LIKELY(!stream.on) || !open_port())
		return false;
	for (unsigned i = 0; i < LINES_MOST; i++) {
		if (!send())
			return true;
		if (!next_line(&l, finish))
			return stream.own_port ? !uart16550_idle(&stream.uart)
					       : !console_drained(stream.port);
		stream.last_ns = now_ns();
		stream.since_head++;
		stream.len = trace_line_text(&l, stream.number++, stream.text);
		stream.at = 0;
	}
	return true;
}

uint64_t stream_patience_ns(void)
{
	return stream.on && stream.own_port ? NS_PER_MILLISECOND : NS_NEVER;
}

bool stream_is_on(void)
{
	return stream.on;
}

uint64_t stream_lost(void)
{
	return stream.lost;
}
