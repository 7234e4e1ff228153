/* kernel/panic_report.h - the lines that a panic prints: cause, registers, backtrace. */
#pragma once

#include "kernel/trap.h"

/* One line, polled, to every sink. */
void panic_line(const char *format, ...) PRINTF_LIKE(1, 2);

/* The cause in words, all registers, and the backtrace of an exception. */
void panic_report_trap(const struct trap_frame *f);

/* The same without a cause, for a panic by our own decision. */
void panic_report_here(const struct trap_frame *f);
