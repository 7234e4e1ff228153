/* kernel/early_uart.c - see kernel/early_uart.h. */
#include "kernel/early_uart.h"

#include "kernel/cpu.h"
#include "kernel/port.h"

#define COM1          0x3f8u

#define COM1_DATA     (COM1 + 0) /* with DLAB: divisor, low byte */
#define COM1_IER      (COM1 + 1) /* with DLAB: divisor, high byte */
#define COM1_FCR      (COM1 + 2)
#define COM1_LCR      (COM1 + 3)
#define COM1_MCR      (COM1 + 4)
#define COM1_LSR      (COM1 + 5)
#define LCR_8N1       0x03u
#define LCR_DLAB      0x80u
#define FCR_ON        0x07u /* enable, clear both */
#define MCR_DTR_RTS   0x03u
#define LSR_THRE      BIT(5)
#define LSR_NOT_THERE 0xffu

/* One character takes 87 us at 115200; a port read takes about 1 us on real hardware. */
#define WAIT_READS    20000u

void early_uart_init(void)
{
	port_write8(COM1_IER, 0);
	port_write8(COM1_LCR, LCR_DLAB);
	port_write8(COM1_DATA, 1);
	port_write8(COM1_IER, 0);
	port_write8(COM1_LCR, LCR_8N1);
	port_write8(COM1_FCR, FCR_ON);
	port_write8(COM1_MCR, MCR_DTR_RTS);
	early_uart_write("\r\n", 2); /* the boot loader left the cursor somewhere */
}

void early_uart_write(const char *text, size_t len)
{
	if (port_read8(COM1_LSR) == LSR_NOT_THERE)
		return;
	for (size_t i = 0; i < len; i++) {
		for (unsigned n = 0; n < WAIT_READS; n++) {
			if ((port_read8(COM1_LSR) & LSR_THRE) != 0)
				break;
			cpu_pause();
		}
		port_write8(COM1_DATA, (uint8_t)text[i]);
	}
}

static void write_line(enum log_level level, const char *line, size_t len)
{
	(void)level;
	early_uart_write(line, len);
	early_uart_write("\r\n", 2);
}

const struct log_sink early_uart_sink = {
	.name = "early COM1",
	.write = write_line,
	.write_now = write_line,
};
