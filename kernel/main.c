/* kernel/main.c - start-up, in the order of its lines. */
#include "boot/address_space.h"
#include "boot/core_setup.h"
#include "boot/features.h"
#include "boot/selftest.h"
#include "kernel/cpu.h"
#include "kernel/early_uart.h"
#include "kernel/gdt.h"
#include "kernel/log.h"
#include "kernel/options.h"
#include "kernel/panic.h"
#include "kernel/percpu.h"
#include "kernel/trap.h"
#include "mm/phys.h"

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys);

static struct multiboot2 boot_info;
static struct options options;

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

/* A wrong word is reported and does not keep us from starting. */
static void report_option(const char *key, enum status s, struct text what)
{
	if (s != OK && s != ERR_NOT_FOUND)
		log_error(LOG_BOOT, "option %s: \"%.*s\": %s", key, (int)what.len, what.at,
			  status_text(s));
}

static void read_options(void)
{
	static const char *const panic_words[] = {
		[PANIC_HALT] = "halt", [PANIC_RESET] = "reset", [PANIC_POWEROFF] = "poweroff"};
	struct text text, bad = text_from("");
	unsigned action = PANIC_HALT;
	enum status s = options_parse(&options, boot_info.command_line, &bad);

	report_option("line", s, bad);
	s = options_text(&options, "loglevel", &text);
	if (s == OK)
		s = log_set_level(text);
	report_option("loglevel", s, options_given(&options, "loglevel"));
	s = options_text(&options, "log", &text);
	if (s == OK)
		s = log_set_categories(text, &bad);
	report_option("log", s, bad);
	s = options_choice(&options, "panic", panic_words, ARRAY_SIZE(panic_words), &action);
	report_option("panic", s, options_given(&options, "panic"));
	panic_set_action((enum panic_action)action);
}

static void run_selftests(void)
{
	struct text text;

	if (options_text(&options, "selftest", &text) == OK && selftest_run(text) > 0)
		panic("a self test failed");
	log_drain();
	if (options_text(&options, "crash", &text) == OK)
		selftest_crash(text);
}

static void report_unknown_options(void)
{
	struct text word;

	for (unsigned i = 0; options_next_unknown(&options, &i, &word);)
		log_warn(LOG_BOOT, "option \"%.*s\" is not known", (int)word.len, word.at);
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
	read_options();
	features_detect();
	if (address_space_init(&boot_info, hpa(info_phys)) != OK)
		panic("no usable memory");
	core_enter(this_cpu());
	features_log();
	run_selftests();
	report_unknown_options();
	log_drain();
	panic("nothing more to do");
}
