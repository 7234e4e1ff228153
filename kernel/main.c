/*
 * kernel/main.c - start-up, in the order of its lines, and the end.
 *
 * The one file that sees every layer: it hands vmx/ its host_ops and starts nothing by itself that
 * is not written here.
 */
#include "boot/address_space.h"
#include "boot/core_setup.h"
#include "boot/features.h"
#include "boot/firmware.h"
#include "boot/selftest.h"
#include "debug/debug.h"
#include "debug/stats.h"
#include "debug/trace.h"
#include "drivers/clock.h"
#include "drivers/console.h"
#include "drivers/ioapic.h"
#include "drivers/lapic.h"
#include "drivers/pic8259.h"
#include "drivers/power.h"
#include "drivers/smp.h"
#include "kernel/cpu.h"
#include "kernel/early_uart.h"
#include "kernel/gdt.h"
#include "kernel/log.h"
#include "kernel/command_line.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "kernel/trap.h"
#include "kernel/version.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/launch.h"
#include "vmx/vm.h"

#define OPTION_TEXT       64u
#define FINAL_TEXT        160u
#define CORES_WAIT_NS     NS_PER_SECOND
#define CRASH_AFTER_MAX_S 3600u

enum end_action { END_POWEROFF, END_RESET, END_HALT };

/* How far the other cores may go; they wait for it in smp_start()'s entry. */
enum stage { STAGE_STARTED, STAGE_VMX, STAGE_GUESTS };

static const char *const end_words[] = {"poweroff", "reset", "halt"};
static const char *const vmxoff_words[] = {"end", "between"};
static const char *const panic_words[] = {"halt", "reset", "poweroff"};

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys);

static struct multiboot2 boot_info;
static struct acpi acpi;
static unsigned end_action, selftests_failed;
static uint64_t crash_after_s;          /* 0: crash=, if given, is at once */
static uint32_t stage;                  /* atomic, enum stage */
static uint32_t cores_ready, cores_off; /* atomic: how many have tried VMX, have left it */

static void read_options(void)
{
	struct text value, bad;

	command_line_read(boot_info.command_line);
	if (options_text(&command_line, "loglevel", &value) == OK && log_set_level(value) != OK)
		log_error(LOG_BOOT,
			  "option loglevel: \"%.*s\" is none of error, warn, info, debug, trace",
			  (int)value.len, value.at);
	if (options_text(&command_line, "log", &value) == OK &&
	    log_set_categories(value, &bad) != OK)
		log_error(LOG_BOOT, "option log: do not know \"%.*s\"", (int)bad.len, bad.at);
	command_line_complain("crashafter", options_u64(&command_line, "crashafter",
							CRASH_AFTER_MAX_S, &crash_after_s));
	end_action = command_line_choice("end", end_words, ARRAY_SIZE(end_words), END_POWEROFF);
	panic_set_action((enum panic_action)command_line_choice(
		"panic", panic_words, ARRAY_SIZE(panic_words), PANIC_HALT));
}

static void add_log_sink(const struct log_sink *sink)
{
	if (log_add_sink(sink) != OK)
		log_warn(LOG_BOOT, "no room for log sink %s", sink->name);
}

/* The interrupt has done its work by ending a halt or a run of the guest. */
static void on_wake_up(struct trap_frame *f)
{
	(void)f;
	lapic_eoi();
}

/* A console option that does not work must not leave the user without any. */
static void start_console(void)
{
	char text[OPTION_TEXT];
	const char *wanted = command_line_string("console", text, sizeof(text));
	enum status s = console_init(wanted);
	enum status otherwise = s != OK && wanted ? console_init(NULL) : s;

	log_remove_sink(&early_uart_sink);
	add_log_sink(&console_log_sink);
	if (s != OK)
		log_error(LOG_CONSOLE, "console=%s: %s%s", wanted ? wanted : "com1", status_text(s),
			  wanted && otherwise == OK ? "; this is com1" : "");
}

static void start_interrupts(void)
{
	char text[OPTION_TEXT];
	const char *mode = command_line_string("apic", text, sizeof(text));
	enum status s;

	pic8259_disable();
	s = lapic_init(&acpi, mode);
	if (s != OK && mode) {
		log_error(LOG_APIC, "apic=%s: %s; this is apic=auto", mode, status_text(s));
		s = lapic_init(&acpi, NULL);
	}
	if (s != OK)
		panic("no usable local APIC: %s", status_text(s));
	trap_set_handler(VECTOR_KICK, on_wake_up);
	trap_set_handler(VECTOR_TIMER, on_wake_up);
	if (ioapic_init(&acpi) == OK)
		console_enable_irq(lapic_id());
	else
		log_warn(LOG_APIC, "no I/O APIC: the console is polled");
}

/* crash=NAME@CORE: that core takes it for itself; at once, or while guests run. */
static void crash_if_asked(bool guests_run)
{
	struct text name;

	if (options_text(&command_line, "crash", &name) == OK && guests_run == (crash_after_s != 0))
		selftest_crash(name);
}

/* vmx/ calls it on each core, now and then. */
static void service(void)
{
	console_service();
	debug_service();
	if (UNLIKELY(crash_after_s) && now_ns() >= crash_after_s * NS_PER_SECOND)
		crash_if_asked(true);
}

static uint64_t service_patience_ns(void)
{
	return min_u64(console_patience_ns(), debug_patience_ns());
}

static void run_self_tests(void)
{
	struct text names;

	if (options_text(&command_line, "selftest", &names) == OK) {
		selftests_failed = selftest_run(names);
		log_at(selftests_failed ? LOG_ERROR : LOG_INFO, LOG_BOOT, "selftest: %u failed",
		       selftests_failed);
	}
	crash_if_asked(false);
}

NORETURN static void finish_machine(const char *line, bool well)
{
	console_flush(); /* the guests' last lines before the log's */
	log_drain();
	console_flush();
	log_print_now(LOG_INFO, line, strlen(line));
	console_flush();
	if (end_action == END_RESET)
		power_reset();
	if (end_action == END_POWEROFF)
		power_off(well);
	cpu_stop();
}

NORETURN static void refuse(const char *reason)
{
	char line[FINAL_TEXT * 3];

	log_error(LOG_VMX, "%s", reason);
	text_format(line, sizeof(line), "lintel: stopped: %s", reason);
	finish_machine(line, false);
}

/* Waits until every other core has counted itself. */
static void wait_for_cores(const uint32_t *count, const char *what)
{
	uint64_t give_up_ns = now_ns() + CORES_WAIT_NS;

	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < cpu_count - 1) {
		console_service();
		cpu_pause();
		if (now_ns() > give_up_ns) {
			log_error(LOG_SMP, "some core has not %s", what);
			return;
		}
	}
}

static void tell_vmx_is_off(void)
{
	unsigned off = 0;

	for (unsigned i = 0; i < cpu_count; i++)
		off += !__atomic_load_n(&cpus[i]->vmx, __ATOMIC_ACQUIRE);
	log_debug(LOG_VMX, "VMX operation is off on %u of %u cores; the kernel goes on", off,
		  cpu_count);
}

/* Free memory, the VMXON regions counted in, which go back at the end, and the trace. */
static uint64_t free_without_vmx(void)
{
	uint64_t free = frames_free_bytes(&host_frames) + trace_memory_bytes();

	for (unsigned i = 0; i < cpu_count; i++)
		free += cpus[i]->vmx ? PAGE_4K : 0;
	return free;
}

NORETURN static void finish(uint64_t free_before)
{
	unsigned failed = vms_refused + __atomic_load_n(&vms_failed, __ATOMIC_ACQUIRE);
	uint64_t free_now = frames_free_bytes(&host_frames) + trace_memory_bytes();
	char line[FINAL_TEXT];

	log_info(LOG_MM, "%llu KiB free, %llu KiB before the first guest",
		 (unsigned long long)(free_now / KIB), (unsigned long long)(free_before / KIB));
	if (free_now != free_before)
		refuse("memory of the guests has not come back");
	if (selftests_failed)
		refuse("a self test has failed");
	if (!vms_asked)
		refuse("no guest; give one as a module2 line in grub.cfg");
	if (failed)
		text_format(line, sizeof(line), "lintel: done: %u of %u guests failed", failed,
			    vms_asked);
	else
		text_format(line, sizeof(line), "lintel: done: all %u guests ended well",
			    vms_asked);
	finish_machine(line, !failed);
}

static void kick(unsigned cpu_index)
{
	struct cpu *c = cpus[cpu_index];

	__atomic_fetch_or(&c->pending, (uint32_t)CPU_PENDING_WORK, __ATOMIC_ACQ_REL);
	if (c != this_cpu())
		lapic_send_ipi(c->apic_id, VECTOR_KICK);
}

static const struct host_ops ops = {
	.line_open = console_open,
	.line_close = console_close,
	.line_put = console_put,
	.line_drained = console_drained,
	.line_get = console_get,
	.line_has_input = console_has_input,
	.line_in_front = console_in_front,
	.service = service,
	.debug_ask = debug_ask,
	.service_patience_ns = service_patience_ns,
	.vm_ended = stats_vm_ended,
	.wall_clock_s = clock_unix_s,
	.kick = kick,
	.timer_arm_ns = lapic_timer_arm_ns,
	.timer_stop = lapic_timer_stop,
};

static void on_input(struct console_port *line)
{
	for (unsigned i = 0; i < vm_count; i++) {
		if (vms[i]->line == line)
			kick(vms[i]->vcpu.core);
	}
}

static void wait_for_stage(enum stage wanted)
{
	while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) < wanted)
		cpu_halt_until_irq();
}

static void set_stage(enum stage next)
{
	__atomic_store_n(&stage, next, __ATOMIC_RELEASE);
	for (unsigned i = 1; i < cpu_count; i++)
		kick(i);
}

static void application_processor(struct cpu *c)
{
	crash_if_asked(false);
	wait_for_stage(STAGE_VMX);
	if (vmx_core_on() != OK)
		log_error(LOG_VMX, "core %u takes no guests", c->index);
	__atomic_fetch_add(&cores_ready, 1, __ATOMIC_RELEASE);
	wait_for_stage(STAGE_GUESTS);
	if (c->vmx) {
		vmx_core_loop();
		vmx_core_off();
	}
	__atomic_fetch_add(&cores_off, 1, __ATOMIC_RELEASE);
	cpu_stop();
}

NORETURN static void power_off_badly(void)
{
	power_off(false);
}

static void start_machine(uint32_t magic, uint32_t info_phys)
{
	static const struct panic_drivers at_panic = {
		.stop_others = lapic_send_nmi_others,
		.reset = power_reset,
		.poweroff = power_off_badly,
		.last_words = trace_panic,
	};

	percpu_init_bsp();
	early_uart_init();
	add_log_sink(&early_uart_sink);
	gdt_init(this_cpu());
	gdt_load(this_cpu());
	trap_init();
	trap_load();
	firmware_read_boot_info(magic, hpa(info_phys), &boot_info);
	read_options();
	log_info(LOG_BOOT, "Lintel %s, started by %s: %s", lintel_version, boot_info.loader_name,
		 boot_info.command_line);
	features_detect();
	if (address_space_init(&boot_info, hpa(info_phys)) != OK)
		panic("no usable memory");
	core_enter(this_cpu());
	features_log();
	firmware_read_acpi(&boot_info, &acpi);
	if (clock_init(&acpi) != OK)
		log_error(LOG_TIME, "no clock: times are guesses");
	log_set_clock(now_ns);
	start_console();
	power_init(&acpi);
	start_interrupts();
	panic_set_drivers(&at_panic);
	run_self_tests();
}

NORETURN void kernel_main(uint32_t magic, uint32_t info_phys)
{
	struct text without = {0};
	const char *reason;
	uint64_t cores = CPU_MAX, free_before;
	bool stats = false;

	start_machine(magic, info_phys);
	command_line_complain("cores", options_u64(&command_line, "cores", CPU_MAX, &cores));
	command_line_complain("without", options_text(&command_line, "without", &without));
	command_line_complain("stats", options_flag(&command_line, "stats", &stats));
	vmx_off_between = command_line_choice("vmxoff", vmxoff_words, ARRAY_SIZE(vmxoff_words), 0);
	stats_start(stats);
	(void)smp_start(&acpi, (unsigned)cores, application_processor);
	if (vmx_init(&host_frames, &ops, without, &reason) != OK)
		refuse(reason);
	if (vmx_core_on() != OK)
		refuse("the boot processor cannot enter VMX operation");
	set_stage(STAGE_VMX);
	wait_for_cores(&cores_ready, "entered VMX operation");
	console_set_input_hook(on_input);
	debug_start();
	command_line_report_unknown();
	vm_launch_modules(&boot_info);
	free_before = free_without_vmx();
	set_stage(STAGE_GUESTS);
	vmx_core_loop();
	vmx_core_off();
	wait_for_cores(&cores_off, "left VMX operation");
	tell_vmx_is_off();
	debug_finish();
	finish(free_before);
}
