/*
 * kernel/panic.h - the end of the hypervisor, with a report that helps.
 *
 * The first core that panics stops the others, prints what waits in the log, the cause, its
 * registers and a backtrace by the sinks' polled way, and then halts, resets or powers off.
 */
#pragma once

#include "kernel/trap.h"

enum panic_action { PANIC_HALT, PANIC_RESET, PANIC_POWEROFF };

/* From any core, in any context. The format is that of kernel/text.h. */
NORETURN void panic(const char *format, ...) PRINTF_LIKE(1, 2);

/* A fault that nobody expected. For kernel/trap.c. */
NORETURN void panic_trap(struct trap_frame *f);

/* What happens after the report; the option panic=halt|reset|poweroff. */
void panic_set_action(enum panic_action wanted);

/* What the layers above give: an NMI to every core but this one; reset and power off, which may
 * return if they could not. May be called with anything locked, so they take no lock. */
struct panic_drivers {
	void (*stop_others)(void);
	void (*reset)(void);
	void (*poweroff)(void);
	void (*last_words)(void); /* more lines of the report, by panic_line() */
};

void panic_set_drivers(const struct panic_drivers *wanted);

/* before() is called while the other cores still run. show() has the registers, after the report,
 * with the vector EXC_UD for what is no trap. When it returns, the machine resets or powers off; or
 * it comes again, until it says false: nobody is there. */
void panic_set_debugger(void (*before)(void), bool (*show)(struct trap_frame *f));

/* Never returns if another core has panicked. For NMI handlers, and for loops that run with NMIs
 * blocked or for long. */
void panic_hold_if_asked(void);

bool panic_is_on(void);
