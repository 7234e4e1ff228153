/* debug/gdb.c - see debug/gdb.h. */
#include "debug/gdb.h"

#include "debug/debug.h"
#include "drivers/console.h"
#include "drivers/ioapic.h"
#include "drivers/lapic.h"
#include "drivers/uart16550.h"
#include "kernel/command_line.h"
#include "kernel/log.h"
#include "kernel/time.h"
#include "kernel/trap.h"

#define OPTION_BYTES 32u

static struct uart16550 uart;
static bool uart_there, irq_works;

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
	log_info(LOG_CONSOLE, "gdb: 16550 at %#x, %s", uart.port,
		 irq_works ? "by interrupt" : "polled");
}

void gdb_start(void)
{
	char text[OPTION_BYTES];
	const char *wanted = command_line_string("gdb", text, sizeof(text));
	uint16_t port = 0;
	uint8_t irq = 0;
	enum status s;

	if (!wanted || text_is(text_from(wanted), "none"))
		return;
	s = uart16550_parse_option(text_from(wanted), &port, &irq);
	if (s == OK && port != console_port_number())
		s = uart16550_init(&uart, port);
	if (s != OK) {
		log_error(LOG_CONSOLE, "gdb=%s: %s", wanted, status_text(s));
		return;
	}
	if (port != console_port_number()) {
		uart_there = true;
		enable_irq(irq);
	}
}

void gdb_service(void)
{
}

uint64_t gdb_patience_ns(void)
{
	return uart_there && !irq_works ? NS_PER_MILLISECOND : NS_NEVER;
}
