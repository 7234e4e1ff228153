/* kernel/main.c - start-up, in the order of its lines. */
#include "boot/address_space.h"
#include "boot/core_setup.h"
#include "boot/features.h"
#include "kernel/cpu.h"
#include "kernel/early_uart.h"
#include "kernel/gdt.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/trap.h"
#include "mm/phys.h"

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys);

static struct multiboot2 boot_info;

static void add_log_sink(const struct log_sink *sink)
{
	if (log_add_sink(sink) != OK)
		log_warn(LOG_BOOT, "no room for log sink %s", sink->name);
}

static void read_boot_information(uint32_t magic, uint32_t info_phys)
{
	enum status s;

	if (magic != MULTIBOOT2_MAGIC)
		panic("not started by a Multiboot2 boot loader (magic %#x)", magic);
	s = multiboot2_parse(&boot_info, phys_ptr(hpa(info_phys)), MULTIBOOT2_MOST_BYTES);
	for (unsigned i = 0; i < boot_info.problem_count; i++) {
		const struct multiboot2_problem *p = &boot_info.problems[i];

		log_error(LOG_BOOT, "Multiboot2 tag \"%s\" (type %u, at %#x): %s", p->tag, p->type,
			  p->offset, p->what);
	}
	if (s != OK)
		panic("the boot loader's information is unusable: %s", status_text(s));
	log_info(LOG_BOOT, "started by %s: %s", boot_info.loader_name, boot_info.command_line);
}

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys)
{
	percpu_init_bsp();
	early_uart_init();
	add_log_sink(&early_uart_sink);
	gdt_init(this_cpu());
	gdt_load(this_cpu());
	trap_init();
	trap_load();
	read_boot_information(magic, info_phys);
	features_detect();
	if (address_space_init(&boot_info, hpa(info_phys)) != OK)
		panic("no usable memory");
	core_enter(this_cpu());
	features_log();
	log_drain();
	panic("nothing more to do");
}
