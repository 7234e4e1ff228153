/* vmx/launch.c - from boot modules to VMs. */
#include "vmx/launch.h"

#include "kernel/log.h"
#include "kernel/percpu.h"
#include "vmx/vm.h"
#include "vmx/vmcs.h"

unsigned vms_asked, vms_refused;

/* The message has several lines: what is wrong, the line, a caret. */
static void log_lines(const char *message)
{
	struct text rest = text_from(message), line;

	while (text_next_piece(&rest, '\n', &line))
		log_error(LOG_GUEST, "%.*s", (int)line.len, line.at);
}

/* The next core in turn that is in VMX operation; the boot processor always is. */
static unsigned choose_core(unsigned *next_core)
{
	unsigned core;

	do {
		core = (*next_core)++ % cpu_count;
	} while (!cpus[core]->vmx);
	return core;
}

/* Checks what only this machine can tell, and registers the VM. False: the error is logged. */
static bool accept(const struct vm_config *config, const struct multiboot2_module *module,
		   unsigned *next_core)
{
	enum vmcs_field field;
	unsigned core;
	enum status s;

	if (config->poke_field.len && vmcs_field_for_poke(config->poke_field, &field) != OK) {
		log_error(LOG_GUEST, "%s: poke=%.*s: no VMCS field that may be written here",
			  config->name, (int)config->poke_field.len, config->poke_field.at);
		return false;
	}
	core = config->core == VM_CORE_ANY ? choose_core(next_core) : (unsigned)config->core;
	if (core >= cpu_count || !cpus[core]->vmx) {
		log_error(LOG_GUEST, "%s: core=%u is not there, or has no VMX operation (%u cores)",
			  config->name, core, cpu_count);
		return false;
	}
	s = vm_create(config, hpa(module->start), module->end - module->start, core);
	if (s != OK)
		log_error(LOG_GUEST, "%s: not created: %s", config->name,
			  s == ERR_EXISTS ? "another VM has this name" : status_text(s));
	return s == OK;
}

static void create_guest(const struct multiboot2_module *module, unsigned *next_core)
{
	struct vm_config config;
	char message[VM_LINE_MESSAGE_SIZE];

	vms_asked++;
	if (vm_line_parse(text_from(module->command_line), &config, message, sizeof(message)) !=
	    OK) {
		log_lines(message);
		vms_refused++;
	} else if (!accept(&config, module, next_core)) {
		vm_log_line(&config);
		vms_refused++;
	}
}

void vm_launch_modules(const struct multiboot2 *boot_info)
{
	unsigned next_core = 0;

	for (unsigned i = 0; i < boot_info->module_count; i++)
		create_guest(&boot_info->modules[i], &next_core);
	if (boot_info->modules_left_out) {
		log_error(LOG_GUEST, "%u modules too many: there is room for %u",
			  boot_info->modules_left_out, MULTIBOOT2_MODULES_MAX);
		vms_asked += boot_info->modules_left_out;
		vms_refused += boot_info->modules_left_out;
	}
	if (!vms_asked)
		log_warn(LOG_GUEST, "no guest: give one as a module2 line in grub.cfg");
}
