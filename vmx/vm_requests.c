/* vmx/vm_requests.c - what a guest asks of its machine at its ports. */
#include "vmx/vm_requests.h"

#include "kernel/log.h"
#include "vmx/vm_machine.h"
#include "vmx/vm_report.h"

enum exit_action vm_reset_cpu(struct vcpu *v, const char *by)
{
	if (!vm_resume_by_firmware(v->vm))
		return vm_reset(v->vm, by);
	log_debug(LOG_GUEST, "%s: CPU reset by %s, its firmware resumes", v->vm->config.name, by);
	return EXIT_RETRY;
}

static enum exit_action follow_chipset(struct vcpu *v)
{
	struct vm *vm = v->vm;

	switch (chipset_take_request(&vm->platform.chipset)) {
	case CHIPSET_POWER_OFF:
		return vm_end(vm, true, "powered off by ACPI");
	case CHIPSET_DEBUG_EXIT:
		return vm_end(vm, true, "ended by the debug exit port, status %u",
			      chipset_exit_status(&vm->platform.chipset));
	case CHIPSET_RESET_HARD:
		return vm_reset(vm, "port CF9h");
	case CHIPSET_RESET_SOFT:
		return vm_reset_cpu(v, "port CF9h");
	case CHIPSET_NONE:
		break;
	}
	return EXIT_SKIP;
}

enum exit_action vm_follow_requests(struct vcpu *v)
{
	struct vm *vm = v->vm;
	struct platform *p = &vm->platform;
	enum exit_action action;

	vm_report_debug_output(vm);
	if (p->a20 == vm->a20_off)
		vm_follow_a20(vm);
	if (end_port_done(&p->end))
		return vm_end(vm, true, "ended by \"Shutdown\" at port 8900h");
	action = follow_chipset(v);
	if (action == EXIT_SKIP && port92_take_reset(&p->port92))
		action = vm_reset_cpu(v, "port 92h");
	if (action == EXIT_SKIP && vi8042_take_reset(&p->keyboard))
		action = vm_reset_cpu(v, "the keyboard controller");
	return vm->state == VM_ENDED ? EXIT_STOP : action;
}
