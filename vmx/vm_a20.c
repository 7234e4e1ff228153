/* vmx/vm_a20.c - the A20 line, followed in EPT: which tables are in force. */
#include "vmx/vm.h"

#include "kernel/text.h"
#include "vmx/core.h"
#include "vmx/tools.h"
#include "vmx/vm_break.h"
#include "vmx/vmcs.h"

/* The shadow of A20 off takes a table for each 2 MiB, made in one exit: for larger VMs that would
 * be memory and time that nobody granted them. */
#define A20_MEM_MAX (4 * GIB)

uint64_t vm_ept_max_leaf(const struct vm *vm)
{
	return vm->tools ? vmx_tools->ept_max_leaf(vm->tools) : vmx_caps.ept_max_leaf;
}

struct ept *vm_ept(struct vm *vm)
{
	return vm->a20_off ? &vm->ept_a20 : &vm->ept;
}

void vm_load_ept(struct vm *vm)
{
	vmcs_write(VMCS_EPT_POINTER, ept_pointer(vm_ept(vm), vm->ept_flags));
	vm->vcpu.flush_ept = true;
	vm->vcpu.flush_vpid = true;
	vm->vcpu.prepare |= PREPARE_EVENTS;
}

struct ept_cpu vm_ept_cpu(const struct vm *vm)
{
	return (struct ept_cpu){.maxphyaddr = vm->cpuid.maxphyaddr,
				.max_leaf = vmx_caps.ept_max_leaf,
				.exec_only = vmx_caps.ept_exec_only};
}

/* Only the EPT in force has pages of unclaimed memory. */
static void forget_voids(struct vm *vm)
{
	for (unsigned i = 0; i < VM_VOID_MAX; i++) {
		if (vm->voids[i].mapped && ept_unmap(vm_ept(vm), vm->voids[i].at, PAGE_4K) != OK)
			vm_end(vm, false, "unclaimed memory at %#llx cannot be unmapped",
			       (unsigned long long)vm->voids[i].at.raw);
		vm->voids[i] = (struct vm_void){0};
	}
}

static enum status make_a20_ept(struct vm *vm)
{
	enum status s =
		ept_init(&vm->ept_a20, vmx_frames, vm_ept_max_leaf(vm), vmx_caps.ept_exec_only);

	if (s != OK)
		return s;
	s = guest_memory_map_a20_off(&vm->memory, &vm->ept_a20);
	if (s != OK)
		ept_destroy(&vm->ept_a20);
	else
		vm->ept_a20_made = true;
	return s;
}

void vm_follow_a20(struct vm *vm)
{
	bool off = !vm->platform.a20;

	if (off && !vm->ept_a20_made) {
		enum status s =
			vm->config.mem_bytes > A20_MEM_MAX ? ERR_UNSUPPORTED : make_a20_ept(vm);

		if (s != OK) {
			vm_end(vm, false, "the A20 line cannot be switched off: %s",
			       status_text(s));
			return;
		}
	}
	forget_voids(vm);
	vm_break_free_pages(vm);
	vm->a20_off = off;
	guest_memory_set_a20(&vm->memory, !off);
	vm_load_ept(vm);
	if (vm->tools)
		vmx_tools->follow_a20(vm);
	vm_break_refresh(&vm->vcpu, !(vm->vcpu.stepping & STEP_OVER_POINT));
}
