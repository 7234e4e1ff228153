/* debug/gdb.c - see debug/gdb.h. */
#include "debug/gdb.h"

#include "debug/debug.h"
#include "debug/gdb_server.h"
#include "debug/host_stop.h"
#include "debug/machine_target.h"
#include "debug/monitor_command.h"
#include "drivers/console.h"
#include "drivers/ioapic.h"
#include "drivers/lapic.h"
#include "drivers/uart16550.h"
#include "kernel/command_line.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/time.h"
#include "kernel/trap.h"

#define OPTION_BYTES 64u
#define CTRL_BRACKET 0x1du
#define RING_BYTES   8192u
#define PIECE_BYTES  16u
#define PASSES_MOST  4u /* with bytes that come or go, before a guest has its turn */

enum line { LINE_NONE, LINE_OWN, LINE_CONSOLE };

static const char *const gone_words[] = {"run", "stay"};

static struct gdb_server server;
static enum gdb_when_gone when_gone;
static enum line line;
static struct uart16550 uart; /* LINE_OWN */
static uint16_t asked_port;   /* by gdb=; 0: none */
static bool irq_works;
static bool off;                   /* by the monitor */
static bool has_peer;              /* it showed itself */
static bool in_server;             /* the monitor's command may be gdb's */
static uint8_t piece[PIECE_BYTES]; /* to the chip, from piece_at on */
static unsigned piece_at, piece_len;

/* LINE_CONSOLE */
static uint8_t ring_bytes[4][RING_BYTES];
static struct byte_ring typed; /* it was no packet */
static struct console_sharer sharer = {.arrived = debug_ask};

static void give_back(void *state, uint8_t byte)
{
	(void)state;
	if (!byte_ring_put(&typed, byte))
		log_warn(LOG_CONSOLE, "gdb: typed text is lost");
}

static void share_console(void)
{
	struct byte_ring *const rings[] = {&sharer.input, &sharer.text, &sharer.output, &typed};

	for (size_t i = 0; i < ARRAY_SIZE(rings); i++)
		byte_ring_init(rings[i], ring_bytes[i], RING_BYTES);
	line = LINE_CONSOLE;
	sharer.on = true;
	console_share(&sharer);
}

/* The chip is read in gdb_service(). That empties it, so the next byte is a new edge. */
static void on_irq(struct trap_frame *f)
{
	(void)f;
	debug_ask();
	lapic_eoi();
}

static void enable_irq(uint8_t irq)
{
	enum status s = ERR_NOT_FOUND;

	trap_set_handler(VECTOR_GDB, on_irq);
	if (irq != 0 && irq != console_irq())
		s = ioapic_route(irq, VECTOR_GDB, lapic_id());
	irq_works = s == OK;
	uart16550_set_irq(&uart, irq_works, false);
}

static void start_server(void)
{
	const struct gdb_config config = {
		.text_line = line == LINE_CONSOLE,
		.sink.put = give_back,
		.when_gone = when_gone,
	};

	gdb_server_init(&server, &machine_target, &config);
	host_start();
}

static enum status open_line(const char *wanted)
{
	uint16_t port = 0;
	uint8_t irq = 0;
	enum status s = uart16550_parse_option(text_from(wanted), &port, &irq);

	asked_port = port;
	if (s == OK && port == console_port_number()) {
		share_console();
		return OK;
	}
	if (s == OK)
		s = uart16550_init(&uart, port);
	if (s != OK)
		return s;
	line = LINE_OWN;
	enable_irq(irq);
	return OK;
}

void gdb_start(void)
{
	char text[OPTION_BYTES];
	const char *wanted = command_line_string("gdb", text, sizeof(text));
	enum status s;

	when_gone = (enum gdb_when_gone)command_line_choice("gdb-gone", gone_words,
							    ARRAY_SIZE(gone_words), GDB_GONE_STAY);
	if (!wanted || text_is(text_from(wanted), "none"))
		return;
	s = open_line(wanted);
	if (s != OK) {
		log_error(LOG_CONSOLE, "gdb=%s: %s", wanted, status_text(s));
		return;
	}
	start_server();
	gdb_describe(text, sizeof(text));
	log_info(LOG_CONSOLE, "gdb: %s", text);
}

enum status gdb_switch(bool on)
{
	if (in_server)
		return ERR_INVALID;
	if (on && line == LINE_NONE && console_port_number() != 0) {
		share_console();
		start_server();
	}
	if (line == LINE_NONE)
		return ERR_NOT_FOUND;
	if (!on && gdb_server_attached(&server))
		gdb_server_gone(&server);
	off = !on;
	sharer.on = line == LINE_CONSOLE && on;
	sharer.text_on = false;
	return OK;
}

static uint16_t port_of_line(void)
{
	return line == LINE_OWN ? uart.port : console_port_number();
}

bool gdb_has_port(uint16_t port)
{
	return (asked_port && port == asked_port) || (line != LINE_NONE && port == port_of_line());
}

void gdb_describe(char *text, size_t size)
{
	static const char *const how[] = {"polled", "by interrupt", "the console's line"};

	if (line == LINE_NONE)
		text_format(text, size, "no line");
	else
		text_format(text, size, "port %#x, %s%s", port_of_line(),
			    how[line == LINE_CONSOLE ? 2 : irq_works],
			    off                            ? ", off"
			    : gdb_server_attached(&server) ? ", gdb is there"
							   : "");
}

static bool receive(uint8_t *byte)
{
	if (line == LINE_OWN)
		return uart16550_receive(&uart, byte);
	if (byte_ring_used(&sharer.input) == 0)
		return !host_runs() && console_chip_receive(byte);
	*byte = byte_ring_peek(&sharer.input, 0);
	byte_ring_skip(&sharer.input, 1);
	return true;
}

static bool take_input(uint64_t now)
{
	uint8_t byte;
	bool any = false;

	for (unsigned i = 0; i < PIECE_BYTES && receive(&byte); i++) {
		if (line == LINE_CONSOLE && byte == CTRL_BRACKET &&
		    server.packet.receiving == GDB_IN_IDLE)
			gdb_server_gone(&server);
		gdb_server_input(&server, byte, now);
		any = true;
	}
	return any;
}

static unsigned send(const uint8_t *bytes, unsigned len)
{
	unsigned done = 0;

	if (line == LINE_OWN)
		return (unsigned)uart16550_send(&uart, bytes, len);
	if (!host_runs()) /* who has the console's lock may be held, also in a step of another */
		return (unsigned)console_chip_send(bytes, len);
	while (done < len && byte_ring_put(&sharer.output, bytes[done]))
		done++;
	return done;
}

static bool give_output(void)
{
	unsigned sent;

	if (piece_at == piece_len) {
		piece_at = piece_len = 0;
		while (piece_len < PIECE_BYTES && gdb_server_output(&server, &piece[piece_len]))
			piece_len++;
	}
	if (piece_at == piece_len)
		return false;
	sent = send(piece + piece_at, piece_len - piece_at);
	piece_at += sent;
	return sent > 0;
}

/* Between the console and gdb: its text as gdb's, what is no packet as typed. */
static void follow_console(void)
{
	bool none = false;
	uint8_t text[PIECE_BYTES];
	size_t n = byte_ring_used(&sharer.text);

	__atomic_store_n(&sharer.text_on, gdb_server_attached(&server), __ATOMIC_RELAXED);
	if (n > sizeof(text))
		n = sizeof(text);
	for (size_t i = 0; i < n; i++)
		text[i] = byte_ring_peek(&sharer.text, (uint32_t)i);
	n = n ? gdb_server_console_output(&server, (const char *)text, n) : 0;
	byte_ring_skip(&sharer.text, (uint32_t)n);
	if (byte_ring_used(&typed) > 0 && host_runs())
		console_type(&typed, &none);
	if (byte_ring_used(&sharer.output) > 0 && host_runs())
		console_service();
}

static void look_for_peer(void)
{
	bool is_there = line == LINE_OWN && uart16550_peer(&uart);

	if (has_peer && !is_there && gdb_server_attached(&server))
		gdb_server_gone(&server);
	has_peer = is_there;
}

void gdb_service(void)
{
	unsigned passes = 0;
	uint64_t now;
	bool moved;

	if (line == LINE_NONE || off)
		return;
	look_for_peer();
	in_server = true;
	do {
		now = now_ns();
		moved = take_input(now);
		gdb_server_poll(&server, now);
		moved |= give_output();
		if (line == LINE_CONSOLE)
			follow_console();
	} while (moved && ++passes < PASSES_MOST);
	in_server = false;
	if (line == LINE_OWN)
		uart16550_set_irq(&uart, irq_works, irq_works && piece_at < piece_len);
	else if (piece_at < piece_len)
		debug_ask();
}

void gdb_flush(void)
{
	uint64_t start_ns = now_ns();

	while (now_ns() - start_ns < NS_PER_SECOND && line != LINE_NONE &&
	       (give_output() || piece_at < piece_len))
		cpu_pause();
}

uint64_t gdb_patience_ns(void)
{
	return line == LINE_OWN && !irq_works ? NS_PER_MILLISECOND : NS_NEVER;
}
