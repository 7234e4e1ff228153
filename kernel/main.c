/* kernel/main.c - start-up, in the order of its lines. */
#include "kernel/cpu.h"
#include "kernel/early_uart.h"
#include "kernel/gdt.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/trap.h"

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys);

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys)
{
	percpu_init_bsp();
	early_uart_init();
	if (log_add_sink(&early_uart_sink) != OK)
		cpu_stop();
	gdt_init(this_cpu());
	gdt_load(this_cpu());
	trap_init();
	trap_load();
	log_info(LOG_BOOT, "Lintel: magic %x, info at %#x", magic, info_phys);
	log_drain();
	*(volatile int *)0xdead000000 = 1;
	panic("nothing more to do");
}
