/* vmx/vm_machine.c - the machine of a VM: built for a run, and taken down. */
#include "vmx/vm_machine.h"

#include "guest/loader.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "kernel/version.h"
#include "mm/phys.h"
#include "vmx/core.h"
#include "vmx/entry_check.h"
#include "vmx/exit.h"
#include "vmx/firmware.h"
#include "vmx/inject.h"
#include "vmx/tools.h"
#include "vmx/vm_board.h"
#include "vmx/vm_break.h"
#include "vmx/vm_screen.h"
#include "vmx/vmcs.h"

/* CMOS: what the firmware shall do after a reset of the CPU ("shutdown status"). */
#define SHUTDOWN_JUMP_EOI 0x05u
#define SHUTDOWN_RETURN   0x09u
#define SHUTDOWN_JUMP     0x0au

static void release_drives_and_tables(struct vm *vm)
{
	struct fw_linux *kernel = vm->tables.kernel;

	while (vm->disk_count)
		disk_free(&vm->disks[--vm->disk_count]);
	if (kernel &&
	    frames_free(vmx_frames, phys_of(kernel), frames_order_for(sizeof(*kernel))) != OK)
		panic("the setup of a kernel cannot be given back");
	vm->tables.kernel = NULL;
}

/* Memory, EPT and the page of ones. */
static enum status make_memory(struct vm *vm)
{
	enum status s = guest_memory_init(&vm->memory, vmx_frames, vm->config.mem_bytes);

	if (s != OK)
		return s;
	s = ept_init(&vm->ept, vmx_frames, vm_ept_max_leaf(vm), vmx_caps.ept_exec_only);
	if (s != OK)
		goto undo_memory;
	s = frames_alloc(vmx_frames, 0, &vm->void_page);
	if (s != OK)
		goto undo_ept;
	memset(phys_ptr(vm->void_page), 0xff, PAGE_4K);
	return OK;

undo_ept:
	ept_destroy(&vm->ept);
undo_memory:
	guest_memory_free(&vm->memory);
	return s;
}

static void release_memory(struct vm *vm)
{
	release_drives_and_tables(vm);
	vm_screen_free(vm);
	if (frames_free(vmx_frames, vm->void_page, 0) != OK)
		panic("a page of unclaimed memory cannot be given back");
	if (vm->ept_a20_made)
		ept_destroy(&vm->ept_a20);
	vm->ept_a20_made = false;
	vm->a20_off = false;
	ept_destroy(&vm->ept);
	guest_memory_free(&vm->memory);
}

/* The last word on the VMCS is the user's, for experiments with entries that fail. What could harm
 * the host is written only where the entry will fail. */
static void poke(struct vm *vm)
{
	const char *name = vm->config.name, *field_name;
	enum vmcs_field field;
	uint64_t before;
	bool harmless;

	if (!vm->config.poke_field.len ||
	    vmcs_field_for_poke(vm->config.poke_field, &field, &harmless) != OK)
		return;
	field_name = vmcs_field_name(field);
	if (vmcs_try_read(field, &before) != OK) {
		log_error(LOG_VMX, "%s: poke=%s: this CPU has no such field", name, field_name);
		return;
	}
	vmcs_write(field, vm->config.poke_value);
	if (!harmless && !entry_is_barred()) {
		log_error(LOG_VMX, "%s: poke=%s: not written, since the CPU would enter", name,
			  field_name);
		vmcs_write(field, before);
		return;
	}
	log_warn(LOG_VMX, "%s: %s is %#llx by poke=", name, field_name,
		 (unsigned long long)vm->config.poke_value);
	if (field == VMCS_PROC_CONTROLS)
		vm->vcpu.proc_controls = (uint32_t)vm->config.poke_value;
	if (field == VMCS_GUEST_INTERRUPTIBILITY)
		vm->vcpu.nmi_came = vm->config.poke_value & INTERRUPTIBILITY_NMI;
}

/* ---- what runs ---- */

/* All modules as the loaders want them. */
static void fill_loader_input(const struct vm *vm, struct loader_input *in,
			      struct loader_module modules[VM_MODULES_MAX])
{
	for (unsigned i = 0; i < vm->module_count; i++) {
		const struct vm_module *m = &vm->modules[i];

		modules[i] = (struct loader_module){.role = m->role,
						    .at = phys_ptr(m->at),
						    .len_bytes = m->len_bytes,
						    .args = m->args,
						    .read_only = m->read_only,
						    .file = m->file};
	}
	*in = (struct loader_input){
		.config = &vm->config,
		.image = phys_ptr(vm->image),
		.len_bytes = vm->image_len_bytes,
		.modules = modules,
		.module_count = vm->module_count,
		.firmware = firmware_image,
		.firmware_len_bytes = sizeof(firmware_image),
	};
}

/* role=kernel: for the option ROM that loads it. */
static enum status add_kernel(struct vm_build_job *b, const struct loader_input *in)
{
	struct vm *vm = b->vm;
	enum status s;
	hpa_t at;

	if (!vm_has_role(vm, VM_ROLE_KERNEL) || loader_own_firmware(in))
		return OK;
	s = frames_alloc_zeroed(vmx_frames, frames_order_for(sizeof(*vm->tables.kernel)), &at);
	if (s != OK) {
		text_format(b->message, b->size, "its kernel's setup: %s", status_text(s));
		return s;
	}
	vm->tables.kernel = phys_ptr(at);
	return loader_fw_cfg(&vm->platform.fw_cfg, vm->tables.kernel, in,
			     min_u64(vm->config.mem_bytes, GUEST_MEMORY_LOW_END), b->message,
			     b->size);
}

/* Modules that nobody will look at. Lintel's own BIOS reads disks and no files of fw_cfg; another
 * one finds an initrd only beside a kernel. */
static void warn_of_unused(const struct vm *vm, const struct loader_input *in)
{
	bool own = loader_own_firmware(in), kernel = vm->config.kind == VM_KIND_LINUX;

	for (unsigned i = 0; i < vm->module_count; i++) {
		enum vm_role role = vm->modules[i].role;
		bool unused = own && (role == VM_ROLE_FLOPPY || role == VM_ROLE_KERNEL);

		if (role == VM_ROLE_INITRD && !kernel)
			unused = own || !vm_has_role(vm, VM_ROLE_KERNEL);
		if (unused)
			log_warn(LOG_GUEST, "%s: role=%s: its firmware will not use it",
				 vm->config.name, vm_role_name(role));
	}
}

static enum status load(struct vm_build_job *b, struct guest_cpu_state *start)
{
	struct vm *vm = b->vm;
	struct loader_module modules[VM_MODULES_MAX];
	struct loader_input in;
	enum status s;

	fill_loader_input(vm, &in, modules);
	s = add_kernel(b, &in);
	if (s != OK)
		return s;
	s = loader_load(&vm->memory, &in, start, b->message, b->size);
	vm->has_firmware = vm->config.kind == VM_KIND_BIOS || vm->config.kind == VM_KIND_DISK ||
			   loader_own_firmware(&in);
	if (!vm->runs_done && !vm->resets)
		warn_of_unused(vm, &in);
	if (s == OK && !vm->has_firmware)
		platform_set_bios_state(&vm->platform, vm_now_ns(vm));
	return s;
}

static enum status make_cpu(struct vm_build_job *b, const struct guest_cpu_state *start)
{
	struct vm *vm = b->vm;
	enum status s = guest_memory_map(&vm->memory, &vm->ept); /* with the ROM */

	if (s == OK)
		s = vcpu_create(&vm->vcpu, vm, vm->vcpu.core, (uint16_t)(vm->index + 1), start);
	if (s != OK)
		text_format(b->message, b->size, "its CPU: %s", status_text(s));
	return s;
}

static void forget_last_run(struct vm *vm)
{
	for (unsigned i = 0; i < VM_VOID_MAX; i++)
		vm->voids[i] = (struct vm_void){0};
	vm->void_touches = 0;
	vm->tx_held = false;
}

static enum status make_machine(struct vm_build_job *b)
{
	const struct cpuid_options options = {.rdtscp = vmx_caps.rdtscp,
					      .version = LINTEL_VERSION_NUMBER,
					      .tsc_hz = time_tsc_hz()};
	const struct msr_features features = vmx_msr_features();
	struct vm *vm = b->vm;
	struct guest_cpu_state start;
	enum status s;

	cpuid_policy_build(&vm->cpuid, cpu_cpuid, &options);
	msr_reset(&vm->msrs, &features);
	forget_last_run(vm);
	s = vm_screen_make(vm);
	if (s != OK) {
		text_format(b->message, b->size, "its screen: %s", status_text(s));
		return s;
	}
	guest_cpu_reset_state(&start, cpuid_signature(&vm->cpuid), vm->cpuid.maxphyaddr);
	s = vm_make_board(b);
	if (s == OK)
		s = load(b, &start);
	if (s == OK)
		s = make_cpu(b, &start);
	if (s == OK && vmx_tools) {
		s = vmx_tools->begin(vm, b->message, b->size);
		if (s != OK)
			vcpu_destroy(&vm->vcpu);
	}
	if (s == OK) {
		poke(vm);
		if (vm->config.check_entry)
			entry_check(&vm->vcpu, false, ENTRY_AREAS);
	}
	return s;
}

enum status vm_build(struct vm *vm, char *message, size_t size)
{
	struct vm_build_job b = {.vm = vm, .message = message, .size = size};
	enum status s = make_memory(vm);

	if (s != OK) {
		text_format(message, size, "%s (%llu KiB asked for, %llu KiB free)", status_text(s),
			    (unsigned long long)(vm->config.mem_bytes / KIB),
			    (unsigned long long)(frames_free_bytes(vmx_frames) / KIB));
		return s;
	}
	s = make_machine(&b);
	if (s != OK)
		release_memory(vm);
	return s;
}

void vm_release(struct vm *vm)
{
	if (vmx_tools)
		vmx_tools->end(vm);
	vm_break_forget_machine(vm);
	vcpu_destroy(&vm->vcpu);
	release_memory(vm);
}

bool vm_resume_by_firmware(struct vm *vm)
{
	uint8_t shutdown = vrtc_cmos(&vm->platform.rtc, VRTC_CMOS_SHUTDOWN);
	struct guest_cpu_state s;

	if (!vm->has_firmware || (shutdown != SHUTDOWN_JUMP_EOI && shutdown != SHUTDOWN_RETURN &&
				  shutdown != SHUTDOWN_JUMP))
		return false;
	guest_cpu_reset_state(&s, cpuid_signature(&vm->cpuid), vm->cpuid.maxphyaddr);
	vcpu_reset(&vm->vcpu, &s);
	return true;
}
