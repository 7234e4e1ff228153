/* kernel/panic_report.h - the lines that a panic prints: cause, registers, backtrace. */
#pragma once

#include "kernel/trap.h"

/* One line, polled, to every sink. */
void panic_line(const char *format, ...) PRINTF_LIKE(1, 2);

/* The cause in words, all registers, and the backtrace of an exception. */
void panic_report_trap(const struct trap_frame *f);

/* Control registers, and the backtrace from a frame pointer on. */
void panic_report_here(uintptr_t frame);
