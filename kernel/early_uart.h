/*
 * kernel/early_uart.h - COM1, polled, from the first line of C on, and for a panic.
 *
 * drivers/uart16550 takes over once it runs. Not here: detection, interrupts, input.
 * Spec: PC16550D data sheet, "Registers".
 */
#pragma once

#include "kernel/log.h"

/* 115200 8N1, FIFOs on. */
void early_uart_init(void);

/* Waits for each byte, but not for ever: a port that is not there costs little time. */
void early_uart_write(const char *text, size_t len);

/* The log's first sink, and the last one that a panic can count on. */
extern const struct log_sink early_uart_sink;
