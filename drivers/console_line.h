/*
 * drivers/console_line.h - what drivers/console.c (the callers' side) and drivers/console_line.c
 * (the chip's side) share. Not for use elsewhere.
 */
#pragma once

#include "drivers/console.h"
#include "drivers/console_mux.h"
#include "drivers/uart16550.h"
#include "kernel/lock.h"

struct console {
	struct console_mux mux;
	struct uart16550 uart;
	bool uart_there, irq_works;
	bool input_paused;      /* atomic: received bytes stay in the chip */
	struct lock lock;       /* all of it, but for the atomic words */
	struct lock input_lock; /* readers of mux.input: the foreground may change */
	bool again;             /* atomic: somebody came while the lock was taken */
	bool work;              /* atomic: do not wait for the next look */
	uint64_t next_look;     /* atomic: TSC when everything is looked at, asked or not */
	void (*input_hook)(struct console_port *p);
	bool (*input_filter)(uint8_t byte);
	struct console_sharer *sharer;
	void (*mirror)(const uint8_t *bytes, size_t len_bytes);
};

extern struct console console;

static inline void console_ask_for_work(void)
{
	if (!__atomic_load_n(&console.work, __ATOMIC_RELAXED))
		__atomic_store_n(&console.work, true, __ATOMIC_RELAXED);
}

/* Does all there is to do, or leaves it to the core that is in here now. Interrupts may be on. */
void console_serve(void);
