/*
 * debug/monitor_console.c - the monitor on the console: its line, Ctrl-], and who is in front.
 *
 * While it is open it has a port of the console of its own, in front, so guests' output comes in
 * whole lines behind "NAME| ", above the prompt, and log lines as always. What is typed is the
 * monitor's, from the Ctrl-] on that opened it to the one that closes it.
 */
#include "debug/debug.h"
#include "debug/line_editor.h"
#include "debug/monitor.h"
#include "debug/monitor_words.h"
#include "drivers/byte_ring.h"
#include "drivers/console.h"
#include "kernel/command_line.h"
#include "kernel/string.h"
#include "vmx/vm.h"

#define KEY       0x1du /* Ctrl-] */
#define IN_BYTES  4096u
#define OUT_BYTES 131072u /* a command's output at most: two full tables of `stats json` */
#define END_BYTES 64u     /* of it, kept for the word that there was more */
#define NO_VM     VM_MAX

static struct {
	struct console_port *port; /* NULL: closed */
	struct line_editor editor;
	struct byte_ring in, out;
	uint64_t cut;    /* bytes that found no room in out */
	unsigned front;  /* the VM whose console this was, and is again when the monitor is left */
	uint32_t breaks; /* of the port, as far as the prompt was shown again */
	bool leaving;
	bool taking; /* what is typed is the monitor's; with the console's lock */
	bool fresh;  /* and nothing was typed since Ctrl-] */
} m;

static uint8_t in_bytes[IN_BYTES], out_bytes[OUT_BYTES];

/* The keys that open and close stand in the ring like any other, so the order is kept. */
static bool take_byte(uint8_t byte)
{
	bool through = byte == KEY && m.taking && m.fresh; /* the second of two */

	if (!m.taking && byte != KEY)
		return false;
	if (byte_ring_put(&m.in, byte)) {
		m.fresh = !m.taking;
		m.taking ^= byte == KEY;
	}
	debug_ask();
	return !through;
}

/* ---- output ---- */

static void put_raw(const char *text, size_t len)
{
	while (len-- > 0) {
		if (byte_ring_room(&m.out) <= END_BYTES || !byte_ring_put(&m.out, (uint8_t)*text++))
			m.cut++;
	}
}

static void write_raw(void *state, const char *text, size_t len)
{
	(void)state;
	put_raw(text, len);
}

/* A command's lines: the terminal wants "\r\n". */
static void write_lines(void *state, const char *text, size_t len)
{
	(void)state;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			put_raw("\r", 1);
		put_raw(text + i, 1);
	}
}

static const struct debug_output raw_output = {.write = write_raw};
static const struct debug_output line_output = {.write = write_lines, .state = &m};

static void report_cut(void)
{
	char text[END_BYTES];
	size_t len;

	if (!m.cut)
		return;
	len = text_format(text, sizeof(text), "\r\n(%llu bytes more: no room)\r\n",
			  (unsigned long long)m.cut);
	m.cut = 0;
	for (size_t i = 0; i < len && byte_ring_put(&m.out, (uint8_t)text[i]); i++)
		;
}

/* True: all is on its way. */
static bool drain(void)
{
	while (byte_ring_used(&m.out) > 0) {
		if (!console_put(m.port, byte_ring_peek(&m.out, 0)))
			return false;
		byte_ring_skip(&m.out, 1);
	}
	return true;
}

/* ---- completion ---- */

static const char *vm_name(unsigned index)
{
	return index < vm_count ? vms[index]->config.name : NULL;
}

static const char *command_name(unsigned index)
{
	return monitor_commands[index] ? monitor_commands[index]->name : NULL;
}

static const char *candidate(struct text before, unsigned index)
{
	struct monitor_args a;
	const struct monitor_command *c;
	unsigned words = 0;
	bool vm_first;

	if (!monitor_split(before, &a))
		return NULL;
	if (a.count == 0)
		return command_name(index);
	c = monitor_find(monitor_commands, a.words[0]);
	if (!c)
		return NULL;
	if (c == monitor_commands[0]) /* help */
		return a.count == 1 ? command_name(index) : NULL;
	/* "WORD NAME", or "[NAME] [WORD]", or only one of both. */
	vm_first = c->words && strncmp(c->usage, "[NAME]", 6) == 0;
	if (c->words && (a.count == 1 || (a.count == 2 && vm_first))) {
		for (words = 0; words < index && c->words[words]; words++)
			;
		if (c->words[words])
			return c->words[index];
	}
	if (!c->vm_names || a.count != (c->words && !vm_first ? 2 : 1))
		return NULL;
	return vm_name(index - words);
}

/* ---- open and closed ---- */

/* The machine does not end while somebody looks at it. False: it is ending. */
static bool hold_machine(void)
{
	unsigned alive = __atomic_load_n(&vms_alive, __ATOMIC_ACQUIRE);

	while (alive > 0) {
		if (__atomic_compare_exchange_n(&vms_alive, &alive, alive + 1, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

static void let_machine_go(void)
{
	__atomic_fetch_sub(&vms_alive, 1, __ATOMIC_RELEASE);
}

/* False: the machine is ending, or the console has no port left. */
static bool open(void)
{
	static const char greeting[] =
		"Lintel's monitor: help lists its commands, Ctrl-] leaves it\r\n";
	struct console_port *front = console_foreground();

	if (!hold_machine())
		return false;
	m.port = console_open("monitor");
	if (!m.port) {
		let_machine_go();
		return false;
	}
	m.front = NO_VM;
	for (unsigned i = 0; i < vm_count; i++) {
		if (vms[i]->line && vms[i]->line == front)
			m.front = i;
	}
	m.breaks = console_breaks(m.port);
	console_set_foreground(m.port);
	put_raw(greeting, sizeof(greeting) - 1);
	line_editor_start(&m.editor);
	return true;
}

static void close(void)
{
	struct console_port *next = m.front < vm_count ? vms[m.front]->line : NULL;

	m.leaving = false;
	console_close_to(m.port, next);
	m.port = NULL;
	let_machine_go();
}

bool monitor_leave(const struct debug_output *out)
{
	if (out->state != &m)
		return false;
	m.leaving = true;
	return true;
}

bool monitor_set_front(unsigned index)
{
	struct console_port *line = vms[index]->line; /* its core may close it at any time */

	if (!line)
		return false;
	if (m.port)
		m.front = index;
	else
		console_set_foreground(line);
	return true;
}

bool monitor_is_front(unsigned index)
{
	if (m.port)
		return m.front == index;
	return vms[index]->line && vms[index]->line == console_foreground();
}

/* ---- keys ---- */

static void run_line(void)
{
	console_set_erase(m.port, false); /* what it prints stays */
	monitor_run_line((struct text){.at = m.editor.line, .len = m.editor.len}, &line_output);
	report_cut();
	if (!m.leaving)
		line_editor_start(&m.editor);
}

static void take_key(uint8_t key)
{
	enum line_event event;

	if (key == KEY) {
		put_raw("\r\n", 2);
		m.leaving = true;
		return;
	}
	event = line_editor_feed(&m.editor, key);
	if (event == LINE_DONE)
		run_line();
	m.leaving |= event == LINE_CLOSED;
	if (m.leaving) /* what was typed behind it is the guest's */
		console_type(&m.in, &m.taking);
}

static void open_or_skip(uint8_t key)
{
	if (key != KEY)
		return;
	if (byte_ring_used(&m.in) > 0 && byte_ring_peek(&m.in, 0) == KEY)
		byte_ring_skip(&m.in, 1); /* twice: the second one goes through */
	else if (!open())
		console_type(&m.in, &m.taking);
}

/* Somebody else has written where the prompt was: it goes on below. All of ours is on its way. */
static void keep_prompt(void)
{
	uint32_t breaks = console_breaks(m.port);

	if (breaks != m.breaks)
		line_editor_redraw(&m.editor);
	m.breaks = breaks;
}

static void take_keys(void)
{
	while (byte_ring_used(&m.in) > 0 && (!m.port || drain()) && !m.leaving) {
		uint8_t key = byte_ring_peek(&m.in, 0);

		byte_ring_skip(&m.in, 1);
		if (m.port) {
			keep_prompt();
			take_key(key);
		} else {
			open_or_skip(key);
		}
	}
}

void monitor_service(void)
{
	if (byte_ring_used(&m.in) > 0)
		take_keys();
	if (!m.port || !drain())
		return;
	if (m.leaving) {
		close();
	} else if (console_drained(m.port)) {
		console_set_erase(m.port, true);
		keep_prompt();
	}
}

void monitor_start(void)
{
	bool on = true;

	command_line_complain("monitor", options_flag(&command_line, "monitor", &on));
	byte_ring_init(&m.in, in_bytes, IN_BYTES);
	byte_ring_init(&m.out, out_bytes, OUT_BYTES);
	line_editor_init(&m.editor, "lintel> ", &raw_output, candidate);
	if (on)
		console_set_input_filter(take_byte);
}
