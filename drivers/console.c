/* drivers/console.c - the serial line between the chip, the log and the guests' rings. */
#include "drivers/console.h"

#include "drivers/console_line.h"
#include "drivers/ioapic.h"
#include "drivers/lapic.h"
#include "kernel/cpu.h"
#include "kernel/lock.h"
#include "kernel/log.h"
#include "kernel/string.h"
#include "kernel/text.h"
#include "kernel/time.h"
#include "kernel/trap.h"

struct console console;
static uint8_t uart_irq; /* ISA number; 0: not known */

enum status console_init(const char *option)
{
	struct text t = text_from(option ? option : "com1");
	uint16_t port = 0;
	enum status s;

	console_mux_init(&console.mux);
	if (text_is(t, "none"))
		return OK;
	s = uart16550_parse_option(t, &port, &uart_irq);
	if (s == OK)
		s = uart16550_init(&console.uart, port);
	console.uart_there = s == OK;
	return s;
}

void console_service(void)
{
	if (__atomic_load_n(&console.work, __ATOMIC_RELAXED) ||
	    cpu_rdtsc() >= __atomic_load_n(&console.next_look, __ATOMIC_RELAXED))
		console_serve();
}

uint16_t console_port_number(void)
{
	return console.uart_there ? console.uart.port : 0;
}

uint8_t console_irq(void)
{
	return uart_irq;
}

uint64_t console_patience_ns(void)
{
	return console.uart_there && !console.irq_works ? NS_PER_MILLISECOND : NS_NEVER;
}

/* The line is an edge: the chip has to be content before we leave, or it never asks console.again.
 * The limit is for a chip that is never content; then the regular look goes on. */
static void on_irq(struct trap_frame *f)
{
	(void)f;
	for (unsigned i = 0; i < 256; i++) {
		console_serve();
		if (!uart16550_take_irq(&console.uart))
			break;
	}
	lapic_eoi();
}

void console_enable_irq(uint32_t apic_id)
{
	enum status s = ERR_NOT_FOUND;

	if (!console.uart_there)
		return;
	trap_set_handler(VECTOR_UART, on_irq);
	if (uart_irq != 0)
		s = ioapic_route(uart_irq, VECTOR_UART, apic_id);
	if (s != OK)
		log_warn(LOG_CONSOLE, "no interrupt for the serial port (%s): it is polled",
			 status_text(s));
	else
		log_info(LOG_CONSOLE, "16550 at %#x, IRQ %u", console.uart.port, uart_irq);
	console.irq_works = s == OK;
	console_serve();
}

struct console_port *console_open(const char *vm_name)
{
	bool irqs = cpu_irq_save();
	struct console_port *p;

	lock_acquire(&console.lock);
	p = console_mux_open(&console.mux, vm_name);
	lock_release(&console.lock);
	cpu_irq_restore(irqs);
	return p;
}

/* What was typed for the one before is for the new one now. */
static void tell_foreground(void)
{
	if (console.input_hook && console.mux.foreground && byte_ring_used(&console.mux.input) > 0)
		console.input_hook(console.mux.foreground);
}

void console_close(struct console_port *p)
{
	console_close_to(p, NULL);
}

void console_close_to(struct console_port *p, struct console_port *next)
{
	bool irqs = cpu_irq_save();

	lock_acquire(&console.lock);
	console_mux_close(&console.mux, p);
	if (next && next->state == CONSOLE_OPEN)
		__atomic_store_n(&console.mux.foreground, next, __ATOMIC_RELAXED);
	tell_foreground();
	lock_release(&console.lock);
	cpu_irq_restore(irqs);
	console_ask_for_work();
}

bool console_put(struct console_port *p, uint8_t byte)
{
	bool taken = console_mux_put(p, byte);

	console_ask_for_work();
	return taken;
}

bool console_drained(const struct console_port *p)
{
	return byte_ring_used(&p->out) == 0;
}

bool console_get(struct console_port *p, uint8_t *byte)
{
	bool got;

	if (!console_has_input(p) || !lock_try(&console.input_lock))
		return false;
	got = console_mux_get(&console.mux, p, byte);
	lock_release(&console.input_lock);
	if (got && __atomic_load_n(&console.input_paused, __ATOMIC_RELAXED))
		console_ask_for_work();
	return got;
}

bool console_has_input(const struct console_port *p)
{
	return console_foreground() == p && byte_ring_used(&console.mux.input) > 0;
}

struct console_port *console_foreground(void)
{
	return __atomic_load_n(&console.mux.foreground, __ATOMIC_RELAXED);
}

bool console_in_front(const struct console_port *p)
{
	return console_foreground() == p;
}

void console_set_foreground(struct console_port *p)
{
	bool irqs = cpu_irq_save();

	lock_acquire(&console.lock);
	if (p->state == CONSOLE_OPEN)
		__atomic_store_n(&console.mux.foreground, p, __ATOMIC_RELAXED);
	tell_foreground();
	lock_release(&console.lock);
	cpu_irq_restore(irqs);
}

void console_set_input_hook(void (*fn)(struct console_port *p))
{
	console.input_hook = fn;
}

void console_set_input_filter(bool (*take)(uint8_t byte))
{
	console.input_filter = take;
}

void console_type(struct byte_ring *from, bool *taking)
{
	bool irqs = cpu_irq_save(), typed = false;

	lock_acquire(&console.lock);
	*taking = false;
	for (uint32_t left = byte_ring_used(from); left > 0; left--) {
		uint8_t byte = byte_ring_peek(from, 0);

		byte_ring_skip(from, 1);
		typed |= (!console.input_filter || !console.input_filter(byte)) &&
			 byte_ring_put(&console.mux.input, byte);
	}
	if (typed)
		tell_foreground();
	lock_release(&console.lock);
	cpu_irq_restore(irqs);
}

void console_set_erase(struct console_port *p, bool erase)
{
	__atomic_store_n(&p->erase, erase, __ATOMIC_RELAXED);
}

uint32_t console_breaks(const struct console_port *p)
{
	return __atomic_load_n(&p->breaks, __ATOMIC_RELAXED);
}

void console_share(struct console_sharer *s)
{
	console.sharer = s;
}

bool console_chip_receive(uint8_t *byte)
{
	return uart16550_receive(&console.uart, byte);
}

void console_set_mirror(void (*fn)(const uint8_t *bytes, size_t len_bytes))
{
	console.mirror = fn;
}

uint64_t console_overruns(void)
{
	return console.uart.overruns;
}
