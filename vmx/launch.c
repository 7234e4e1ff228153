/* vmx/launch.c - from boot modules to VMs. */
#include "vmx/launch.h"

#include "kernel/log.h"
#include "kernel/percpu.h"
#include "kernel/string.h"
#include "vmx/tools.h"
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

/* ---- lines with role= ---- */

/* The further modules of all VMs, read before any VM is made. */
struct role_line {
	struct vm_module_line line;
	bool broken; /* it could not be read: its VM, if it names one, does not start */
	bool taken;
};

static struct role_line role_lines[MULTIBOOT2_MODULES_MAX]; /* by module; used if it has a role */

static void read_role_line(const struct multiboot2_module *module, struct role_line *role)
{
	char message[VM_LINE_MESSAGE_SIZE];

	*role = (struct role_line){0};
	if (vm_line_parse_module(text_from(module->command_line), &role->line, message,
				 sizeof(message)) == OK)
		return;
	log_lines(message);
	role->broken = true;
}

/* The VM's other modules. False: one of them is wrong, and the log says what. */
static bool find_modules(const struct multiboot2 *boot_info, const struct vm_config *config,
			 struct vm_module *modules, unsigned *count)
{
	bool well = true;

	*count = 0;
	for (unsigned i = 0; i < boot_info->module_count; i++) {
		const struct multiboot2_module *module = &boot_info->modules[i];
		struct role_line *role = &role_lines[i];

		if (!vm_line_has_role(text_from(module->command_line)) ||
		    strcmp(role->line.name, config->name) != 0)
			continue;
		role->taken = true;
		if (role->broken) {
			well = false;
		} else if (!vm_role_fits(role->line.role, config->kind)) {
			log_error(LOG_GUEST, "%s: role=%s is not for kind=%s", config->name,
				  vm_role_name(role->line.role), vm_kind_name(config->kind));
			well = false;
		} else if (*count == VM_MODULES_MAX) {
			log_error(LOG_GUEST, "%s: more than %u modules", config->name,
				  VM_MODULES_MAX);
			return false;
		} else {
			modules[(*count)++] = (struct vm_module){
				.role = role->line.role,
				.at = hpa(module->start),
				.len_bytes = module->end - module->start,
				.read_only = role->line.read_only,
				.file = role->line.file,
				.args = role->line.args,
			};
		}
	}
	return well;
}

/* The modules of a VM that is refused: one complaint is enough. */
static void claim_modules(const struct multiboot2 *boot_info, const char *name)
{
	for (unsigned i = 0; i < boot_info->module_count; i++)
		role_lines[i].taken |= strcmp(role_lines[i].line.name, name) == 0;
}

/* Lines with role= that belong to no VM. */
static void report_strays(const struct multiboot2 *boot_info)
{
	for (unsigned i = 0; i < boot_info->module_count; i++) {
		const char *line = boot_info->modules[i].command_line;

		if (!vm_line_has_role(text_from(line)) || role_lines[i].taken)
			continue;
		if (!role_lines[i].broken) {
			log_error(LOG_GUEST, "there is no VM of this name, or it has an error:");
			log_error(LOG_GUEST, "  %s", line);
		}
		vms_asked++;
		vms_refused++;
	}
}

/* ---- VMs ---- */

/* What the line asks of the toolkit. False: it cannot be had, and the log says why. */
static bool make_tools(const struct vm_config *config, struct vm_tools **tools)
{
	char message[VM_LINE_MESSAGE_SIZE];

	*tools = NULL;
	if (vmx_tools) {
		if (vmx_tools->create(config, tools, message, sizeof(message)) == OK)
			return true;
		log_lines(message);
		return false;
	}
	for (unsigned i = 0; i < VM_TOOL_WORDS; i++) {
		if (!config->tools[i].len)
			continue;
		vm_line_quote(config->line, config->tools[i], "this build has no toolkit", message,
			      sizeof(message));
		log_lines(message);
		return false;
	}
	return true;
}

/* Checks what only this machine can tell, and registers the VM. False: the error is logged. */
static bool accept(const struct multiboot2 *boot_info, const struct vm_config *config,
		   const struct multiboot2_module *module, struct vm_tools *tools,
		   unsigned *next_core)
{
	struct vm_module modules[VM_MODULES_MAX];
	unsigned module_count;
	struct vm *vm;
	enum vmcs_field field;
	bool harmless;
	unsigned core;
	enum status s;

	if (config->poke_field.len &&
	    vmcs_field_for_poke(config->poke_field, &field, &harmless) != OK) {
		log_error(LOG_GUEST, "%s: poke=%.*s: no VMCS field that may be written here",
			  config->name, (int)config->poke_field.len, config->poke_field.at);
		return false;
	}
	if (!find_modules(boot_info, config, modules, &module_count))
		return false;
	core = config->core == VM_CORE_ANY ? choose_core(next_core) : (unsigned)config->core;
	if (core >= cpu_count || !cpus[core]->vmx) {
		log_error(LOG_GUEST, "%s: core=%u is not there, or has no VMX operation (%u cores)",
			  config->name, core, cpu_count);
		return false;
	}
	s = vm_create(config, hpa(module->start), module->end - module->start, core, &vm);
	for (unsigned i = 0; i < module_count && s == OK; i++)
		s = vm_add_module(vm, &modules[i]);
	if (s == OK)
		vm->tools = tools;
	else
		log_error(LOG_GUEST, "%s: not created: %s", config->name,
			  s == ERR_EXISTS ? "another VM has this name" : status_text(s));
	return s == OK;
}

static void create_guest(const struct multiboot2 *boot_info, const struct multiboot2_module *module,
			 unsigned *next_core)
{
	struct vm_config config;
	struct vm_tools *tools;
	char message[VM_LINE_MESSAGE_SIZE];

	vms_asked++;
	if (vm_line_parse(text_from(module->command_line), &config, message, sizeof(message)) !=
	    OK) {
		log_lines(message);
		vms_refused++;
	} else if (!make_tools(&config, &tools)) {
		claim_modules(boot_info, config.name);
		vms_refused++;
	} else if (!accept(boot_info, &config, module, tools, next_core)) {
		vm_log_line(&config);
		if (tools)
			vmx_tools->destroy(tools);
		vms_refused++;
	}
}

void vm_launch_modules(const struct multiboot2 *boot_info)
{
	unsigned next_core = 0;

	for (unsigned i = 0; i < boot_info->module_count; i++) {
		const struct multiboot2_module *module = &boot_info->modules[i];

		if (vm_line_has_role(text_from(module->command_line)))
			read_role_line(module, &role_lines[i]);
	}
	for (unsigned i = 0; i < boot_info->module_count; i++) {
		const struct multiboot2_module *module = &boot_info->modules[i];

		if (!vm_line_has_role(text_from(module->command_line)))
			create_guest(boot_info, module, &next_core);
	}
	report_strays(boot_info);
	if (boot_info->modules_left_out) {
		log_error(LOG_GUEST, "%u modules too many: there is room for %u",
			  boot_info->modules_left_out, MULTIBOOT2_MODULES_MAX);
		vms_asked += boot_info->modules_left_out;
		vms_refused += boot_info->modules_left_out;
	}
	if (!vms_asked)
		log_warn(LOG_GUEST, "no guest: give one as a module2 line in grub.cfg");
}
