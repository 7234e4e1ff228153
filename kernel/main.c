/* kernel/main.c - start-up, in the order of its lines. */
#include "kernel/cpu.h"
#include "kernel/early_uart.h"
#include "kernel/text.h"

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys);

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys)
{
	char line[80];

	early_uart_init();
	early_uart_write(line, text_format(line, sizeof(line), "Lintel: magic %x, info at %#x\r\n",
					   magic, info_phys));
	cpu_stop();
}
