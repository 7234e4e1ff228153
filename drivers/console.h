/*
 * drivers/console.h - the one serial line that carries the log and every guest's first serial port.
 *
 * One VM is in the foreground: what is typed goes to it. As long as only one VM was ever opened,
 * its output passes exactly as it is. With several, the foreground's passes as it is and the
 * others' come in whole lines, each behind "NAME| ". A log line, or another VM's, never lands in a
 * guest's line unless that line has waited unfinished for 100 ms or has gone on for a second,
 * or the log has no more room; then "\r\n" comes first.
 *
 * All calls are for any core, with interrupts off, and never wait (but console_flush()). For one
 * port, put and get each have one caller at a time. Not from NMI handlers (but console_flush() in a
 * panic).
 */
#pragma once

#include "drivers/byte_ring.h"
#include "kernel/log.h"

struct byte_ring;
struct console_port; /* one guest's serial line */

/* option: "com1" to "com4", a port number ("0x3f8"), "none"; NULL is "com1". ERR_INVALID: not such
 * a thing; ERR_NOT_FOUND: no 16550 answers there. After an error the console works, and shows
 * nothing. */
MUST_CHECK enum status console_init(const char *option);

/* For log_add_sink(), after console_init(); kernel/early_uart's sink goes then. The console takes
 * lines out of the log's rings by itself, when it has room. */
extern const struct log_sink console_log_sink;

/* Receive and transmit by interrupt instead of polling by console_service(). After ioapic_init()
 * and lapic_init(), boot processor; the interrupt comes to the core with this APIC id. */
void console_enable_irq(uint32_t apic_id);

/* The chip's first port and its ISA interrupt; 0: there is none, or not known. */
uint16_t console_port_number(void);
uint8_t console_irq(void);

/* vm_name is copied, and cut at 31 characters. NULL: no room (66 ports). */
struct console_port *console_open(const char *vm_name);

/* What it still holds will be written out; the port is gone for the caller at once. The VM opened
 * longest ago of those that are left gets the focus, if this one had it. */
void console_close(struct console_port *p);

/* The same, and next (if not NULL, and not closed meanwhile) gets the focus instead. */
void console_close_to(struct console_port *p, struct console_port *next);

/* False: the ring (4 KiB) is full, keep the byte. */
MUST_CHECK bool console_put(struct console_port *p, uint8_t byte);

/* Has all of it left the ring for the line? */
bool console_drained(const struct console_port *p);

/* What was typed; only the foreground VM gets it. False: nothing now. */
MUST_CHECK bool console_get(struct console_port *p, uint8_t *byte);
bool console_has_input(const struct console_port *p);

/* Who is in the foreground; NULL: nobody. */
struct console_port *console_foreground(void);
bool console_in_front(const struct console_port *p);
void console_set_foreground(struct console_port *p); /* nothing if it was closed meanwhile */

/* fn(port) is called, with the console's lock held, when input has come for the foreground VM: it
 * sets a flag and kicks a core, and calls nothing of this file. */
void console_set_input_hook(void (*fn)(struct console_port *p));

/* take(byte) is called, with the console's lock held, for each byte from the chip. True: it is not
 * for the VMs. As with the hook above, it calls nothing of this file. */
void console_set_input_filter(bool (*take)(uint8_t byte));

/* All of from, which a filter took, is as if it was typed now; *taking becomes false first. The
 * filter sees it again, and may put it back into from. */
void console_type(struct byte_ring *from, bool *taking);

/* Who shares the line with the console (gdb). The rings are the sharer's, the console takes from
 * and puts into them with its lock held; one struct, which lives on. */
struct console_sharer {
	bool on;      /* atomic: every byte from the chip goes into input */
	bool text_on; /* atomic: all that the console shows goes into text, not to the chip */
	struct byte_ring input, text;
	struct byte_ring output; /* goes to the chip as it is, before all else */
	void (*arrived)(void);   /* a byte was put into input, or room waits in vain in text */
};

void console_share(struct console_sharer *s);

/* For the sharer, while all other cores are held: the chip itself, whoever has the console's lock.
 * What output still holds goes first. */
bool console_chip_receive(uint8_t *byte);
size_t console_chip_send(const uint8_t *bytes, size_t len);

/* For who edits a line: whether p's unfinished line is erased, instead of broken, when somebody
 * else writes; and how often either has happened. */
void console_set_erase(struct console_port *p, bool erase);
uint32_t console_breaks(const struct console_port *p);

/* Everything that is shown is handed to fn as well: the place for a VGA or framebuffer screen. */
void console_set_mirror(void (*fn)(const uint8_t *bytes, size_t len_bytes));

/* Moves log lines and guests' output on to the line, and takes in what is typed. Every run loop
 * calls it; cheap if there is nothing to do, and returns at once if another core is in it. */
void console_service(void);

/* The longest time that may go by without a console_service(): a port without an interrupt takes 16
 * bytes, and then loses what is typed. NS_NEVER: it wakes a core by itself. */
uint64_t console_patience_ns(void);

/* Until all of it has left the chip. For the end and for panics: waits, at most some seconds, and
 * takes no heed of who else holds the console. */
void console_flush(void);

/* Bytes that were lost on the line because the other side took no heed of RTS. */
uint64_t console_overruns(void);
