/*
 * guest/vuart_registers.h - registers and bits of the 16550A serial port that the guest sees.
 * Spec: PC16550D data sheet, "Registers".
 */
#pragma once

enum {
	UART_RBR = 0, /* read */
	UART_THR = 0, /* written */
	UART_DLL = 0, /* with DLAB */
	UART_IER = 1,
	UART_DLM = 1, /* with DLAB */
	UART_IIR = 2, /* read */
	UART_FCR = 2, /* written */
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_MSR = 6,
	UART_SCR = 7,
};

enum {
	UART_IER_RX = 0x01,
	UART_IER_THRE = 0x02,
	UART_IER_LINE = 0x04,
	UART_IER_MODEM = 0x08,
	UART_IER_STORED = 0x0f,

	UART_IIR_NONE = 0x01,
	UART_IIR_MODEM = 0x00,
	UART_IIR_THRE = 0x02,
	UART_IIR_RX = 0x04,
	UART_IIR_LINE = 0x06,
	UART_IIR_TIMEOUT = 0x0c,
	UART_IIR_FIFOS = 0xc0,

	UART_FCR_ENABLE = 0x01,
	UART_FCR_CLEAR_RX = 0x02,
	UART_FCR_CLEAR_TX = 0x04,
	UART_FCR_STORED = 0xc9,

	UART_LCR_LENGTH = 0x03,
	UART_LCR_DLAB = 0x80,

	UART_MCR_DTR = 0x01,
	UART_MCR_RTS = 0x02,
	UART_MCR_OUT1 = 0x04,
	UART_MCR_OUT2 = 0x08,
	UART_MCR_LOOP = 0x10,
	UART_MCR_STORED = 0x1f,

	UART_LSR_DATA = 0x01,
	UART_LSR_OVERRUN = 0x02,
	UART_LSR_PARITY = 0x04,
	UART_LSR_FRAMING = 0x08,
	UART_LSR_BREAK = 0x10,
	UART_LSR_CHARACTER = 0x1c, /* the three that belong to a character */
	UART_LSR_ERRORS = 0x1e,
	UART_LSR_THRE = 0x20,
	UART_LSR_TEMT = 0x40,
	UART_LSR_FIFO_ERROR = 0x80,

	UART_MSR_DELTAS = 0x0f,
	UART_MSR_RI_WENT = 0x04, /* TERI */
	UART_MSR_CTS = 0x10,
	UART_MSR_DSR = 0x20,
	UART_MSR_RI = 0x40,
	UART_MSR_DCD = 0x80,
	UART_MSR_LEVELS = 0xf0,
};
